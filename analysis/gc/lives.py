"""One JVM's life in numbers: pauses, stop-the-world time, safepoints, stalls, rates; what is unknown is null."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.gc.coverage import MOST_UNREAD_RATIO, unread_ratio
from analysis.gc.events import NO_CLOCK
from analysis.gc.plain import known, time_text
from analysis.gc.rates import heap_rates, mmu_points
from analysis.gc.silence import logs_pauses, silences
from analysis.gc.worst import longest_pause, worst_stretch
from analysis.hypotheses.gc.diagnoses.named import diagnose
from analysis.hypotheses.gc.diagnoses.parts import of_life, span_seconds
from analysis.signals.gc import known_spans, stop_intervals
from analysis.signals.gc_lengths import lengths_of
from analysis.signals.gc_stalls import stall_intervals
from analysis.signals.stretches import union
from analysis.sources.gclog.frames import GcLog

__all__ = ["life_document", "life_names"]


def life_names(lives: pd.DataFrame) -> tuple[str, ...]:
    """Return a name for each life: the file where it begins, and which of the lives that begin there it is.

    Parameters
    ----------
    lives : DataFrame
        Of a `GcLog`.

    Examples
    --------
    >>> life_names(pd.DataFrame({"file": ["gc.log.0", "gc.log", "gc.log"]}))
    ('gc.log.0#1', 'gc.log#1', 'gc.log#2')
    """
    which = lives.groupby("file", sort=False).cumcount() + 1
    return tuple(f"{name}#{i}" for name, i in zip(lives["file"], which, strict=True))


def life_document(log: GcLog, life: int, name: str) -> dict[str, Any]:
    """Return one life of a log in numbers, as JSON holds them.

    Parameters
    ----------
    log : GcLog
        Of any number of lives.
    life : int
        Row of `log.lives`.
    name : str
        What to call it.

    Returns
    -------
    dict
        As in the architecture's JSON of `postmortem gc`, and more. Lengths in seconds, sizes in bytes, shares from 0 to
        1. Sums leave out pauses inside others; `full_gc` and `evacuation_failures` count them too. Percentiles are
        those of numpy (linear between two pauses).

    Examples
    --------
    >>> from analysis.sources.gclog.frames import LIFE_COLUMNS, empty_frame
    >>> lives = empty_frame(LIFE_COLUMNS, indexed=False).reindex([0]).assign(
    ...     collector="G1", version="17.0.15+6", time_quality="unknown", recognised=5, unrecognised=0)
    >>> found = life_document(GcLog(lives=lives), 0, "gc.log#1")
    >>> found["collector"], found["jdk"], found["start"], found["pauses"]["n"]
    ('G1', '17.0.15', None, 0)
    """
    mine = of_life(log, life)
    row = mine.lives.iloc[0]
    dated = row["time_quality"] not in NO_CLOCK
    stops = stop_intervals(mine.pauses, mine.safepoints)
    unread = unread_ratio(int(row["recognised"]), int(row["unrecognised"]))
    rates = heap_rates(mine)
    return {
        "jvm": name,
        "collector": row["collector"] or None,
        "jdk": str(row["version"]).partition("+")[0].split(" ")[0].split("-")[0] or None,
        "version": row["version"] or None,
        "start": time_text(row["start"]) if dated else None,
        "end": time_text(row["end"]) if dated else None,
        "time_quality": row["time_quality"],
        "uptime_seconds": known(row["uptime_seconds"]),
        **{c: known(row[c], whole=True) for c in ("cpus", "workers", "memory_bytes", "heap_max_bytes", "region_bytes")},
        "flags": row["flags"] or None,
        "pauses": _pauses(mine),
        **_stopped(mine, stops),
        "longest_pause": longest_pause(mine),
        "worst_stretch": worst_stretch(mine, stops),
        "safepoints": _safepoints(mine.safepoints),
        "stalls": _stalls(mine),
        "full_gc": _count(mine, mine.pauses["kind"] == "full"),
        "degenerated_gc": _count(mine, mine.pauses["kind"] == "degenerated"),
        "evacuation_failures": _count(mine, mine.pauses["evacuation_failure"] != ""),
        "cycles": {"n": len(mine.cycles), "aborted": int(mine.cycles["aborted"].sum())},
        "mmu": mmu_points(mine, stops) if logs_pauses(mine) or len(mine.safepoints) else [],
        **rates,
        "causes": _causes(mine.pauses),
        "findings": [] if unread > MOST_UNREAD_RATIO else _findings(mine),
        "findings_withheld": f"{100 * unread:.3g} % of its lines were not understood"
        if unread > MOST_UNREAD_RATIO
        else None,
        "not_logged": list(silences(mine, rates)),
        "recognised": int(row["recognised"]),
        "unrecognised": int(row["unrecognised"]),
    }


def _outer(pauses: pd.DataFrame) -> pd.DataFrame:
    return pauses[~pauses["nested"].to_numpy(dtype=bool)]


def _pauses(log: GcLog) -> dict[str, Any]:
    """Return number, sum, percentiles, kinds and causes of the pauses; null where the log would not show them."""
    if not logs_pauses(log):
        unknown = dict.fromkeys(("n", "total_seconds", "p50", "p95", "p99", "max", "nested"))
        return {**unknown, "by_kind": {}, "by_cause": {}}
    outer = _outer(log.pauses)
    lengths = lengths_of(outer["duration_seconds"].to_numpy(dtype="f8"))
    causes = outer["cause"][outer["cause"] != ""]
    return {
        "n": len(outer),
        "total_seconds": known(lengths.total_seconds),
        **{name: known(x) for name, x in zip(("p50", "p95", "p99", "max"), lengths[2:], strict=True)},
        "nested": len(log.pauses) - len(outer),
        "by_kind": {str(k): int(n) for k, n in outer["kind"].value_counts(sort=False).sort_index().items()},
        "by_cause": {str(c): int(n) for c, n in causes.value_counts(sort=False).sort_index().items()},
    }


def _stopped(log: GcLog, stops: np.ndarray) -> dict[str, float | None]:
    """Return for how long all threads stood still, and the share of time in which they did not."""
    if not logs_pauses(log) and not len(log.safepoints):
        return {"duration_seconds": known(_lasted(log)), "stw_seconds": None, "throughput_ratio": None}
    seconds, span = float((stops[:, 1] - stops[:, 0]).sum() / 1e6), _span(log, stops)
    ratio = 1 - seconds / span if span > 0 and log.lives["time_quality"].iloc[0] != "none" else float("nan")
    return {"duration_seconds": known(span), "stw_seconds": known(seconds), "throughput_ratio": known(ratio)}


def _lasted(log: GcLog) -> float:
    return float((log.lives["end"] - log.lives["start"]).dt.total_seconds().sum())


def _span(log: GcLog, stops: np.ndarray) -> float:
    """Return how long the log tells of the life: from its first to its last stamp, or to where stops reach beyond."""
    spans = union(np.concatenate([known_spans(log.lives, log.holes), stops]))
    return float((spans[:, 1] - spans[:, 0]).sum() / 1e6)


def _safepoints(safepoints: pd.DataFrame) -> dict[str, Any]:
    if not len(safepoints):
        return dict.fromkeys(("n", "total_seconds", "ttsp_max_seconds", "ttsp_total_seconds"))
    reaching = safepoints["reaching_seconds"]
    return {
        "n": len(safepoints),
        "total_seconds": known(safepoints["total_seconds"].sum()),
        "ttsp_max_seconds": known(reaching.max()),
        "ttsp_total_seconds": known(reaching.sum(min_count=1)),
    }


def _stalls(log: GcLog) -> dict[str, Any]:
    """Return the waits of threads for memory: added up over threads, and how long at least one waited."""
    stalls = log.stalls
    if not len(stalls) and not (log.lives["collector"].iloc[0] or logs_pauses(log)):
        names = ("n", "thread_seconds", "union_seconds", "union_ratio", "threads", "max_seconds")
        return {**dict.fromkeys(names), "by_kind": {}}
    held = stall_intervals(stalls)
    seconds, span = float((held[:, 1] - held[:, 0]).sum() / 1e6), span_seconds(log)
    kinds = stalls.groupby("kind", sort=True)["duration_seconds"].agg(["size", "sum"])
    return {
        "n": len(stalls),
        "thread_seconds": known(stalls["duration_seconds"].sum()),
        "union_seconds": known(seconds),
        "union_ratio": known(seconds / span if span > 0 else float("nan")),
        "threads": int(stalls["thread"].nunique()),
        "max_seconds": known(stalls["duration_seconds"].max()),
        "by_kind": {
            str(kind): {"n": int(n), "thread_seconds": known(total)}
            for kind, n, total in zip(kinds.index, kinds["size"], kinds["sum"], strict=True)
        },
    }


def _count(log: GcLog, chosen: pd.Series) -> int | None:
    return int(chosen.sum()) if logs_pauses(log) else None


def _causes(pauses: pd.DataFrame) -> list[dict[str, Any]]:
    """Return number, sum and longest of the pauses by kind and cause, most seconds first."""
    grouped = _outer(pauses).groupby(["kind", "cause"], sort=True)["duration_seconds"]
    table = grouped.agg(["size", "sum", "max"]).reset_index().sort_values("sum", ascending=False, kind="stable")
    return [
        {"kind": r["kind"], "cause": r["cause"] or None, "n": int(r["size"]), "total_seconds": known(r["sum"]),
         "max_seconds": known(r["max"])}
        for r in table.to_dict("records")
    ]  # fmt: skip


def _findings(log: GcLog) -> list[dict[str, Any]]:
    return [
        {
            "name": d.name,
            "statement": d.statement,
            "values": {name: v.as_dict() for name, v in sorted(d.values.items())},
            "file": d.file or None,
            "line": d.line if d.line > 0 else None,
        }
        for d in diagnose(log)
    ]
