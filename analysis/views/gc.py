"""Tables of the notebook of GC pauses: pauses by cause, and the JVMs with what their logs tell of."""

from __future__ import annotations

import numpy as np

from analysis.findings import number, value
from analysis.hypotheses.gc.jvms import Jvm, jvms
from analysis.investigation import Investigation
from analysis.signals.gc import cause_table, stop_statistics
from analysis.views.view import View

__all__ = ["causes_view", "lives_view", "stops_view"]

MOST_ROWS = 40


def stops_view(result: Investigation) -> View:
    """Return, for each JVM, number and length of the stops in baseline and incident window.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = []
    for name, jvm in _named(result):
        for title, window in (("incident", result.incident.window), ("baseline", result.incident.baseline)):
            s = stop_statistics(jvm.stops, window, jvm.known)
            rows.append([
                name, title, value(s.ratio, "ratio").text, number(s.n), value(s.total_seconds, "seconds").text,
                value(s.p99_seconds, "seconds").text, value(s.max_seconds, "seconds").text,
                value(jvm.known_ratio(window), "ratio").text,
            ])  # fmt: skip
    columns = ["JVM", "window", "time paused", "stops", "together", "p99", "longest", "log covers"]
    return _table("Stops: pauses, and safepoints with the time to reach them", columns, rows)


def causes_view(result: Investigation) -> View:
    """Return the pauses of the incident window by kind and cause, beside those of the baseline.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = []
    for name, jvm in _named(result):
        tables = [cause_table(jvm.pauses, w) for w in (result.incident.window, result.incident.baseline)]
        before = {(r["kind"], r["cause"]): r["n"] for r in tables[1].to_dict("records")}
        for r in tables[0].to_dict("records"):
            cpu = value(r["user_seconds"] + r["sys_seconds"], "seconds").text
            rows.append([
                name, r["kind"].replace("_", " "), r["cause"], number(r["n"]),
                number(before.get((r["kind"], r["cause"]), 0)), value(r["total_seconds"], "seconds").text,
                value(r["max_seconds"], "seconds").text, cpu,
            ])  # fmt: skip
    columns = ["JVM", "kind", "cause", "incident", "baseline", "together", "longest", "CPU time"]
    return _table("Pauses of the incident window by cause", columns, rows)


def lives_view(result: Investigation) -> View:
    """Return the JVMs that the logs tell of: collector, version, CPUs, first and last stamp, lines not understood.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = [
        [
            name, row["collector"] or "unknown", row["version"] or "unknown", _count(row["cpus"]),
            _count(row["workers"]), f"{row['start']:%H:%M:%S}", f"{row['end']:%H:%M:%S}",
            f"{row['unrecognised']:,} of {row['recognised'] + row['unrecognised']:,}",
        ]
        for name, jvm in _named(result)
        for row in jvm.lives.to_dict("records")
    ]  # fmt: skip
    columns = ["JVM", "collector", "version", "CPUs", "GC threads", "from", "to (UTC)", "lines not understood"]
    return _table("Lives of the JVM, and what of the log was understood", columns, rows)


def _named(result: Investigation) -> list[tuple[str, Jvm]]:
    return [
        (f"{container or workload} of {workload}" + (f" ({jvm.pod})" if jvm.pod else ""), jvm)
        for (_, workload, container), pods in jvms(result.case).items()
        for jvm in pods
    ]


def _count(x: float) -> str:
    return number(x) if np.isfinite(x) else "unknown"


def _table(caption: str, columns: list[str], rows: list[list[str]]) -> View:
    more = f" (first {MOST_ROWS} of {len(rows)} rows)" if len(rows) > MOST_ROWS else ""
    data = {"caption": caption + more, "columns": columns, "rows": rows[:MOST_ROWS], "folded": False}
    return View("table", data)
