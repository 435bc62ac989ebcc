"""Tables of the database's log: the load by every source that tells it, and the statements that became slower."""

from __future__ import annotations

import numpy as np

from analysis.correlate.mean_contrast import contrast_spread, p_value
from analysis.findings import number, value
from analysis.investigation import Investigation
from analysis.signals.database_counters import counter_increments
from analysis.signals.load_estimates import LoadEstimate, load_estimates
from analysis.signals.statement_regression import statement_regression
from analysis.sql.fingerprint import shortened
from analysis.views.view import View
from analysis.window import Window

__all__ = ["estimates_table", "slower_table"]

MOST_ROWS = 12
WHOLE_LOG = 20  # statements: fewer are those that were slow or failed, and no measure of the load


def estimates_table(result: Investigation) -> View:
    """Return the load of baseline and incident window from each source that was recorded, and how far they differ.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    incident = result.incident
    before, during = (_estimates(result, w) for w in (incident.baseline, incident.window))
    if not during:
        return View("sentence", {"text": "The load of the database was not recorded by any source."})
    rows = [
        [b.source, _load(b), _load(d), value(d.difference_ratio, "ratio").text if d.source != "log" else "",
         "; ".join(dict.fromkeys(filter(None, (b.reason, d.reason))))]
        for b, d in zip(before, during, strict=True)
    ]  # fmt: skip
    columns = ["source", "baseline", "incident", "incident, against the log", ""]
    caption = "Average active sessions by every source that was recorded; intervals of 95 %"
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": False})


def _estimates(result: Investigation, window: Window) -> tuple[LoadEstimate, ...]:
    evidence = result.evidence
    statements, sessions, counters = evidence.database_log.statements, evidence.sessions, evidence.database_counters
    return load_estimates(
        window,
        statements=statements if len(statements) >= WHOLE_LOG else None,
        sessions=sessions if len(sessions) else None,
        counters=counter_increments(counters) if len(counters) else None,
        insights=evidence.insights,
    )


def _load(estimate: LoadEstimate) -> str:
    if not np.isfinite(estimate.load_sessions):
        return "unknown"
    interval = f" [{number(estimate.low, 2)} to {number(estimate.high, 2)}]" if np.isfinite(estimate.low) else ""
    return f"{number(estimate.load_sessions)}{interval}"


def slower_table(result: Investigation, most: int = MOST_ROWS) -> View:
    """Return the statements that became slower from baseline to window, as the database's log tells their durations.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Rows to show.

    Returns
    -------
    View
        Tested against a null that knows of autocorrelation, with a false discovery rate of 5 % over all statements.
    """
    log, incident = result.evidence.database_log, result.incident
    found = statement_regression(log.statements, incident.baseline, incident.window, contrast=_contrast)
    tested = int(found["p"].notna().sum())
    if not tested:
        why = "no statement was logged often enough in both windows" if len(found) else "no log of statements"
        return View("sentence", {"text": f"Which statements became slower is not known: {why}."})
    slow = found[found["regressed"].to_numpy(dtype=bool)]
    if not len(slow):
        return View("sentence", {"text": f"None of {number(tested)} statements became slower beyond chance."})
    rows = [
        [shortened(str(log.texts["text"].get(name, ""))), number(row["baseline_calls"]), number(row["calls"]),
         *(value(row[c], "seconds").text for c in ("baseline_p50_seconds", "p50_seconds", "baseline_p95_seconds",
                                                   "p95_seconds")), number(row["q"], 2)]
        for name, row in slow.head(most).iterrows()
    ]  # fmt: skip
    columns = ["statement", "calls before", "calls", "median before", "median", "95 % before", "95 %", "q"]
    caption = f"{number(len(slow))} of {number(tested)} statements became slower, at a false discovery rate of 5 %"
    return View("table", {"caption": caption, "columns": columns, "rows": rows, "folded": False})


def _contrast(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        difference = np.nanmean(after, axis=1) - np.nanmean(before, axis=1)
    return p_value(difference, contrast_spread(before, after))
