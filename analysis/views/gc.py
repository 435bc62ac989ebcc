"""Tables of the notebook of GC pauses: stops, causes, safepoints, waits of threads, what has a name, what was read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis.findings import number, value
from analysis.hypotheses.gc.diagnoses.named import diagnose
from analysis.hypotheses.gc.diagnoses.parts import inside
from analysis.hypotheses.gc.jvms import MOST_UNREAD
from analysis.hypotheses.gc.logs import NamedLog, named_logs
from analysis.investigation import Investigation
from analysis.signals.gc import cause_table, stop_statistics
from analysis.signals.gc_safepoints import operation_table
from analysis.signals.gc_stalls import stalled_by_thread
from analysis.views.view import View

__all__ = [
    "causes_view",
    "coverage_view",
    "diagnoses_view",
    "lives_view",
    "safepoints_view",
    "stalls_view",
    "stops_view",
]

MOST_ROWS = 40
MOST_SHOWN = 8  # longer tables of details are folded


def stops_view(result: Investigation) -> View:
    """Return, for each JVM, number and length of the stops in baseline and incident window.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = []
    for name, jvm, _ in named_logs(result.case):
        for title, window in (("incident", result.incident.window), ("baseline", result.incident.baseline)):
            s, covered = stop_statistics(jvm.stops, window, jvm.known), jvm.known_ratio(window)
            lengths = [value(x, "seconds").text for x in (s.total_seconds, s.p99_seconds, s.max_seconds)]
            cells = [value(s.ratio, "ratio").text, number(s.n), *lengths]
            unknown = jvm.silent or not covered
            cells = ["unknown"] * len(cells) if unknown else cells
            rows.append([name, title, *cells, "no stops" if jvm.silent else value(covered, "ratio").text])
    columns = ["JVM", "window", "time paused", "stops", "together", "p99", "longest", "log covers"]
    return _table("Stops: pauses, and safepoints with the time to reach them" + _no_log(result), columns, rows)


def causes_view(result: Investigation) -> View:
    """Return the pauses of the incident window by kind and cause, beside those of the baseline.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = []
    for name, jvm, _ in named_logs(result.case):
        tables = [cause_table(jvm.pauses, w) for w in (result.incident.window, result.incident.baseline)]
        before = {(r["kind"], r["cause"]): r["n"] for r in tables[1].to_dict("records")}
        for r in tables[0].to_dict("records"):
            cpu = value(r["user_seconds"] + r["sys_seconds"], "seconds").text
            rows.append([
                name, r["kind"].replace("_", " "), r["cause"] or "–", number(r["n"]),
                number(before.get((r["kind"], r["cause"]), 0)), value(r["total_seconds"], "seconds").text,
                value(r["max_seconds"], "seconds").text, cpu,
            ])  # fmt: skip
    columns = ["JVM", "kind", "cause", "incident", "baseline", "together", "longest", "CPU time"]
    silent = [named.name for named in named_logs(result.case) if named.jvm.silent]
    none = _no_log(result) or (f": not logged by {', '.join(silent)}" if silent else ": none was logged")
    return _table("Pauses of the incident window by cause" + ("" if rows else none), columns, rows, folded=not rows)


def safepoints_view(result: Investigation) -> View:
    """Return the safepoints of the incident window by operation, beside how many there were in the baseline.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """

    def rows_of(named: NamedLog) -> list[list[str]]:
        during, before = (inside(named.log, w).safepoints for w in (result.incident.window, result.incident.baseline))
        counts = before["operation"].value_counts()
        return [
            [
                r["operation"] or "not named", number(r["n"]), number(int(counts.get(r["operation"], 0))),
                *(value(r[c], "seconds").text for c in ("reaching_seconds", "max_reaching_seconds", "total_seconds",
                                                        "max_seconds")),
            ]
            for r in operation_table(during).to_dict("records")
        ]  # fmt: skip

    columns = ["JVM", "operation", "incident", "baseline", "to reach", "longest to reach", "together", "longest"]
    rows = _each(result, rows_of)
    logged = any(len(named.log.safepoints) for named in named_logs(result.case))
    none = ": none" if logged else ": not logged, so the time to reach one is unknown"
    none = "" if rows else _no_log(result) or none
    return _table(f"Safepoints of the incident window by operation{none}", columns, rows, folded=True)


def stalls_view(result: Investigation) -> View:
    """Return the threads that waited for memory in the incident window, those that waited longest first.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    window = result.incident.window

    def rows_of(named: NamedLog) -> list[list[str]]:
        table = stalled_by_thread(named.log.stalls, window, named.jvm.known)
        return [
            [r["thread"], number(r["n"]), value(r["seconds"], "seconds").text, value(r["max_seconds"], "seconds").text,
             value(r["ratio"], "ratio").text]
            for r in table.to_dict("records")
        ]  # fmt: skip

    columns = ["JVM", "thread", "waits", "together", "longest", "share of the time"]
    rows = _each(result, rows_of)
    none = "" if rows else _no_log(result) or ": none in any log"
    caption = f"Threads that waited for memory in the incident window{none}"
    return _table(caption, columns, rows, folded=True)


def diagnoses_view(result: Investigation) -> View:
    """Return what has a name in the logs of the incident window; nothing of a log that was not understood.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    items, window = [], result.incident.window
    for name, jvm, log in named_logs(result.case):
        if np.nan_to_num(jvm.unread_ratio(window)) > MOST_UNREAD:
            items.append(f"{name}: too many lines of its log were not understood to say anything of it.")
            continue
        items += [f"{name}: {d.statement}" for d in diagnose(log, window)]
    nothing = "Nothing in the logs of the incident window has a name."
    empty = nothing if named_logs(result.case) else "There is no log of use."
    return View("notes", {"items": items[:MOST_ROWS], "empty": empty})


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
        for name, jvm, _ in named_logs(result.case)
        for row in jvm.lives.to_dict("records")
    ]  # fmt: skip
    columns = ["JVM", "collector", "version", "CPUs", "GC threads", "from", "to (UTC)", "lines not understood"]
    caption = "Lives of the JVM, and what of the log was understood" + _no_log(result)
    return _table(caption, columns, rows, folded=len(rows) > MOST_SHOWN)


def coverage_view(result: Investigation) -> View:
    """Return the stretches of the incident window and the baseline that the logs do not tell of.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    """
    rows = [
        [name, title, _clock(start), _clock(end), value((end - start) / 1e6, "seconds").text]
        for name, jvm, _ in named_logs(result.case)
        for title, window in (("incident", result.incident.window), ("baseline", result.incident.baseline))
        for start, end in jvm.gaps(window).tolist()
    ]
    none = "" if rows else _no_log(result) or ": none in incident window and baseline"
    caption = f"Stretches that the logs do not tell of{none}"
    return _table(caption, ["JVM", "window", "from", "to (UTC)", "length"], rows, folded=True)


def _no_log(result: Investigation) -> str:
    return "" if named_logs(result.case) else ": there is no log of use"


def _each(result: Investigation, rows_of: Callable[[NamedLog], list[list[str]]]) -> list[list[str]]:
    return [[named.name, *row] for named in named_logs(result.case) for row in rows_of(named)]


def _clock(us: int) -> str:
    return f"{pd.Timestamp(us, unit='us', tz='UTC'):%H:%M:%S}"


def _count(x: float) -> str:
    return number(x) if np.isfinite(x) else "unknown"


def _table(caption: str, columns: list[str], rows: list[list[str]], *, folded: bool = False) -> View:
    more = f" (first {MOST_ROWS} of {len(rows)} rows)" if len(rows) > MOST_ROWS else ""
    data: dict[str, Any] = {"caption": caption + more, "columns": columns, "rows": rows[:MOST_ROWS]}
    return View("table", data | {"folded": folded or not rows})
