"""Tables of what the collector did besides pausing: concurrent collections; what was allocated, promoted and left."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.findings import number, value
from analysis.gc.rates import rates_in
from analysis.hypotheses.gc.diagnoses.diagnosis import size
from analysis.hypotheses.gc.diagnoses.parts import inside
from analysis.hypotheses.gc.logs import named_logs
from analysis.investigation import Investigation
from analysis.signals.gc_heap import heap_series
from analysis.views.view import View

__all__ = ["cycles_view", "rates_view"]

MOST_ROWS = 40
NO_LOG = ": there is no log of use"


def rates_view(result: Investigation) -> View:
    """Return, for each JVM, what was allocated, promoted and left in baseline and incident window.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = []
    for name, _, log in named_logs(result.case):
        for title, window in (("incident", result.incident.window), ("baseline", result.incident.baseline)):
            rates, part = rates_in(log, window), inside(log, window)
            heap = heap_series(part.pauses, part.cycles)["used_bytes"]
            highest = float(heap.max()) if heap.notna().any() else None
            rows.append([
                name, title, _a_second(rates["allocation_bytes_per_second"]),
                _a_second(rates["promotion_bytes_per_second"]), _size(highest), _left(rates),
                _of("seconds", rates["gc_cpu_seconds"]), _of("ratio", rates["gc_cpu_ratio"]),
            ])  # fmt: skip
    columns = ["JVM", "window", "allocated", "promoted", "most in use", "left by old collections",
               "CPU time of pauses", "of all CPUs"]  # fmt: skip
    caption = "Allocation, promotion, heap" + ("" if rows else NO_LOG)
    return View("table", {"caption": caption, "columns": columns, "rows": rows[:MOST_ROWS], "folded": not rows})


def cycles_view(result: Investigation) -> View:
    """Return the concurrent collections of the incident window by kind and cause, beside those of the baseline.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows, keys = [], ["kind", "cause"]
    for name, _, log in named_logs(result.case):
        during, before = (inside(log, w).cycles for w in (result.incident.window, result.incident.baseline))
        usual = before.groupby(keys).size()
        for key, part in during.groupby(keys, sort=True):
            lengths = part["duration_seconds"].to_numpy(dtype="f8")
            total, longest = (f(lengths[np.isfinite(lengths)], initial=0.0) for f in (np.sum, np.max))
            told = bool(np.isfinite(lengths).any())
            rows.append([
                name, str(key[0]).replace("_", " "), str(key[1]) or "–", number(len(part)),
                number(int(usual.get(key, 0))), number(int(part["aborted"].sum())),
                *(_of("seconds", float(x) if told else None) for x in (total, longest)),
            ])  # fmt: skip
    columns = ["JVM", "kind", "cause", "incident", "baseline", "given up", "together", "longest"]
    none = "" if rows else ": none in any log" if named_logs(result.case) else NO_LOG
    caption = f"Concurrent collections of the incident window, beside the application{none}"
    return View("table", {"caption": caption, "columns": columns, "rows": rows[:MOST_ROWS], "folded": not rows})


def _of(unit: str, x: Any) -> str:
    return "unknown" if x is None else value(x, unit).text


def _size(x: float | None) -> str:
    return "unknown" if x is None else size(x).text


def _left(rates: dict[str, Any]) -> str:
    """Return the least and the most that was in use after collections of the old, and how many tell it."""
    least, most = (_size(rates[f"live_set_{name}_bytes"]) for name in ("least", "most"))
    n = rates["live_set_n"]
    return f"{least if least == most else f'{least} to {most}'} ({number(n)})" if n else "unknown"


def _a_second(x: float | None) -> str:
    return "unknown" if x is None else f"{size(x).text}/s"
