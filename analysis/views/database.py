"""Tables of the database's notebook: what made the load more, who blocked whom, statements by load."""

from __future__ import annotations

import numpy as np

from analysis.findings import number, value
from analysis.hypotheses.database.words import sessions_text
from analysis.investigation import Investigation
from analysis.signals.blockers import root_blockers
from analysis.signals.database import contributions, foreground, sampling, wait_classes
from analysis.signals.statement_load import statement_split
from analysis.sql.fingerprint import shortened
from analysis.views.view import View
from analysis.window import Window

__all__ = ["blocking_table", "contribution_table", "statement_table"]

MOST_ROWS = 12
SMALLEST = 0.001  # sessions, or calls per second: what is less is shown as less
NOT_LOAD = ("", "idle in transaction")


def contribution_table(result: Investigation, most: int = MOST_ROWS) -> View:
    """Return which statement of which application made the load of the incident window more than that of the baseline.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Rows to show.
    """
    sessions, incident = foreground(result.evidence.sessions), result.incident
    columns = ["application", "statement", "baseline", "incident", "share of the increase", ""]
    taken = sampling(result.evidence.sessions).instants
    if missing := _missing(taken, {"baseline": incident.baseline, "incident window": incident.window}):
        return _said(f"What raised the load is not known: {missing}")
    label = np.full(len(sessions), "", dtype=object)
    rows = np.flatnonzero(~np.isin(wait_classes(sessions), NOT_LOAD))
    part = sessions.iloc[rows]
    label[rows] = (part["application"] + "\n" + part["query"].map(shortened)).to_numpy(dtype=object)
    found = contributions(sessions, label, incident.baseline, incident.window, taken)
    if not np.isfinite(found.error_sessions):
        return _said("What raised the load is not known: the samples are too few to tell a rise from chance")
    if not found.rose:
        moved, error = load_text(found.difference_sessions), load_text(found.error_sessions)
        return _said(f"The load did not rise beyond its error (change {moved}, error {error}, in average sessions)")
    table = found.table[found.table["difference_sessions"] > 0]
    cells = [
        [
            *(str(name).split("\n", 1)), load_text(row["baseline_sessions"]), load_text(row["window_sessions"]),
            value(row["explanatory_ratio"], "ratio").text, "not seen in the baseline" if row["first_seen"] else "",
        ]
        for name, row in table.head(most).iterrows()
    ]  # fmt: skip
    total = sessions_text(found.difference_sessions)
    return _table(f"What raised the load, by {total} on average", columns, cells)


def blocking_table(result: Investigation, most: int = MOST_ROWS) -> View:
    """Return the sessions that others waited for, over the bad intervals, else over the incident window.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Rows to show.
    """
    sessions, window = foreground(result.evidence.sessions), result.incident.window
    episodes = result.case.symptom.episodes
    if episodes:
        window = Window(min(window.start, episodes[0].window.start), max(window.end, episodes[-1].window.end))
    columns = ["process", "application", "state", "transaction open", "sessions that waited", "time they waited",
               "longest chain", "from", "to (UTC)", "last statement"]  # fmt: skip
    if missing := _missing(sampling(result.evidence.sessions).instants, {"window": window}):
        return _said(f"Who held the locks was not recorded: {missing}")
    found = root_blockers(sessions, window)
    if not found.blocked_seconds:
        return _said("No session was seen to wait for another's lock")
    if not found.roots:
        waited = f"{number(found.blocked_seconds)} session-seconds of waiting for locks were seen"
        return _said(f"{waited}; who blocks whom was not recorded")
    cells = [
        [
            str(r.pid), r.application or r.user or "unknown", r.state, value(r.held_seconds, "seconds").text,
            number(r.victims), f"{number(r.blocked_seconds)} session-seconds", number(r.depth),
            f"{r.first:%H:%M:%S}", f"{r.last:%H:%M:%S}", r.statement,
        ]
        for r in found.roots[:most]
    ]  # fmt: skip
    untraced = f"; {number(found.untraced_seconds)} of them could not be traced" if found.untraced_seconds else ""
    return _table(
        f"Who held the locks: {number(found.blocked_seconds)} session-seconds of waiting{untraced}", columns, cells
    )


def statement_table(result: Investigation, most: int = MOST_ROWS) -> View:
    """Return the statements by the change of their load, split into more calls and dearer calls.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Rows to show.
    """
    columns = ["statement", "calls/s before", "calls/s", "per call before", "per call", "load [sessions]", "change",
               "by calls", "by cost"]  # fmt: skip
    incident = result.incident
    split = statement_split(result.evidence.statements, incident.baseline, incident.window)
    if not len(split):
        recorded = len(result.evidence.statements)
        why = "fewer than two snapshots in the windows" if recorded else "no snapshot of statements was recorded"
        return _said(f"Statements by load: {why}")
    shown = split.reindex(split["difference_sessions"].abs().sort_values(ascending=False, kind="stable").index)
    cells = [
        [
            shortened(str(name)), load_text(row["baseline_calls_per_second"]), load_text(row["calls_per_second"]),
            value(row["baseline_call_seconds"], "seconds").text, value(row["call_seconds"], "seconds").text,
            *(load_text(row[f"{c}_sessions"]) for c in ("window", "difference", "volume", "cost")),
        ]
        for name, row in shown.head(most).iterrows()
    ]  # fmt: skip
    return _table("Statements by the change of their load; the parts sum to it", columns, cells, folded=True)


def load_text(x: float) -> str:
    """Return a load or a rate to two digits; what is too small to matter is named by its bound.

    Examples
    --------
    >>> load_text(17.32), load_text(1.6e-9), load_text(-1.6e-9), load_text(0.0)
    ('17', 'under 0.001', 'above -0.001', '0')
    """
    if 0 < abs(x) < SMALLEST:
        return f"under {number(SMALLEST)}" if x > 0 else f"above {number(-SMALLEST)}"
    return number(x, 2)


def _missing(instants: np.ndarray, windows: dict[str, Window]) -> str:
    """Return why samples of sessions tell nothing of windows; empty where each holds one."""
    if not len(instants):
        return "no session was sampled"
    empty = [n for n, w in windows.items() if not ((instants > w.start_us) & (instants <= w.end_us)).any()]
    return f"no samples lie in the {' and in the '.join(empty)}" if empty else ""


def _said(text: str) -> View:
    """Return what there is to say instead of a table without rows."""
    return View("sentence", {"text": f"{text}."})


def _table(caption: str, columns: list[str], rows: list[list[str]], *, folded: bool = False) -> View:
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": folded})
