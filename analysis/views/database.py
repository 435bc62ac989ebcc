"""Tables of the database's notebook: what made the load more, who blocked whom, statements by load."""

from __future__ import annotations

import numpy as np

from analysis.findings import number, value
from analysis.investigation import Investigation
from analysis.signals.blockers import root_blockers
from analysis.signals.database import contributions, foreground, wait_classes
from analysis.signals.statement_load import statement_split
from analysis.signals.statement_text import shortened
from analysis.views.view import View
from analysis.window import Window

__all__ = ["blocking_table", "contribution_table", "statement_table"]

MOST_ROWS = 12
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
    if not len(sessions):
        return _table("What made the load more: no session was sampled", columns, [])
    label = np.full(len(sessions), "", dtype=object)
    rows = np.flatnonzero(~np.isin(wait_classes(sessions), NOT_LOAD))
    part = sessions.iloc[rows]
    label[rows] = (part["application"] + "\n" + part["query"].map(shortened)).to_numpy(dtype=object)
    found = contributions(sessions, label, incident.baseline, incident.window)
    if not found.rose:
        moved, error = number(found.difference_sessions, 2), number(found.error_sessions, 2)
        return _table(f"The load did not rise beyond its error ({moved} sessions, error {error})", columns, [])
    table = found.table[found.table["difference_sessions"] > 0]
    cells = [
        [
            *(str(name).split("\n", 1)), number(row["baseline_sessions"], 2), number(row["window_sessions"], 2),
            value(row["explanatory_ratio"], "ratio").text, "not seen in the baseline" if row["first_seen"] else "",
        ]
        for name, row in table.head(most).iterrows()
    ]  # fmt: skip
    total = number(found.difference_sessions, 2)
    return _table(f"What made the load more by {total} sessions on average", columns, cells)


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
    found = root_blockers(sessions, window) if len(sessions) else None
    if found is None or not found.roots:
        return _table("No session was seen to wait for another's lock", columns, [])
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
        return _table("Statements by load: fewer than two snapshots in the windows", columns, [], folded=True)
    shown = split.reindex(split["difference_sessions"].abs().sort_values(ascending=False, kind="stable").index)
    cells = [
        [
            shortened(str(name)), number(row["baseline_calls_per_second"]), number(row["calls_per_second"]),
            value(row["baseline_call_seconds"], "seconds").text, value(row["call_seconds"], "seconds").text,
            *(number(row[f"{c}_sessions"], 2) for c in ("window", "difference", "volume", "cost")),
        ]
        for name, row in shown.head(most).iterrows()
    ]  # fmt: skip
    return _table("Statements by the change of their load; the parts sum to it", columns, cells, folded=True)


def _table(caption: str, columns: list[str], rows: list[list[str]], *, folded: bool = False) -> View:
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": folded})
