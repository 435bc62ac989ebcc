"""What a GC log cannot tell, because its lines were not asked for: unknown is not none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.signals.gc_heap import CONCURRENT
from analysis.sources.gclog.frames import GcLog

__all__ = ["logs_pauses", "silences"]

ZGC = ("ZGC", "GenZGC")  # prints a collection, and its pauses only with more details
NO_CPU_TIMES = (*ZGC, "Shenandoah", "GenShenandoah")  # print none of their pauses, whatever is asked for


def logs_pauses(log: GcLog) -> bool:
    """Return whether the log of one life would show its pauses.

    Parameters
    ----------
    log : GcLog
        Of one life.

    Examples
    --------
    >>> logs_pauses(GcLog())
    False
    """
    if len(log.pauses):
        return True
    return _collector(log) not in ("", *ZGC) and not len(log.cycles) and not _all_missing(log)


def _all_missing(log: GcLog) -> bool:
    """Return whether the whole life is a hole: lines tell of collections, and none of a stop."""
    if not len(log.lives) or not len(log.holes):
        return False
    lives, holes = log.lives, log.holes
    return bool(holes["start"].min() <= lives["start"].min() and holes["end"].max() >= lives["end"].max())


def silences(log: GcLog, rates: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return what the log of one life does not tell, each with what to log to know it.

    Parameters
    ----------
    log : GcLog
        Of one life.
    rates : mapping, optional
        From `rates.heap_rates`: of those that are unknown though the log has sizes and stamps, the reason is said.

    Examples
    --------
    >>> silences(GcLog())[0]
    'pauses are not logged: log with -Xlog:gc*,safepoint'
    """
    quality = str(log.lives["time_quality"].iloc[0]) if len(log.lives) else "exact"
    pauses, cycles = log.pauses, log.cycles
    any_pause, no_cpu = bool(len(pauses)), _collector(log) in NO_CPU_TIMES
    sizes = pauses["heap_after_bytes"].notna().any() or cycles["heap_after_bytes"].notna().any()
    causes = (pauses["cause"] != "").any() or (cycles["cause"] != "").any()
    numbered = bool((pauses["gcid"] >= 0).any())
    found = [
        (not logs_pauses(log), "pauses are not logged: log with -Xlog:gc*,safepoint"),
        (
            not len(log.safepoints),
            "safepoints are not logged, so neither is the time to reach them: add safepoint to -Xlog (JDK 8: "
            "-XX:+PrintGCApplicationStoppedTime)",
        ),
        (
            any_pause and not no_cpu and not _has_cpu(log),
            "CPU times of pauses are not logged: log with -Xlog:gc* (JDK 8: -XX:+PrintGCDetails)",
        ),
        (any_pause and no_cpu and not _has_cpu(log), "this collector logs no CPU times of its pauses"),
        (any_pause and not sizes, "heap sizes are not logged: what was allocated and what was left is unknown"),
        (any_pause and not causes and not numbered, "causes are not logged (JDK 7: -XX:+PrintGCCause)"),
        (
            any_pause and not numbered,
            "collections have no numbers (JDK 8: -XX:+PrintGCID), so lines that are missing in the middle may not show",
        ),
        (bool(len(cycles)) and not len(log.phases), "concurrent phases are not logged: log with -Xlog:gc*"),
        (
            quality == "unknown",
            "times of day are not logged, only the uptime: give --jvm-start, or log with the decorator time",
        ),
        (quality == "none", "neither times of day nor uptimes are logged: lengths are known, rates are not"),
        (quality == "derived", "times of day are those of who collected the log, or from --jvm-start"),
    ]  # fmt: skip
    found += _rateless(log, rates or {}) if sizes and quality != "none" else []
    return tuple(text for said, text in found if said)


def _rateless(log: GcLog, rates: Mapping[str, Any]) -> list[tuple[bool, str]]:
    """Return why a rate is unknown of a log with sizes and stamps."""
    made, moved = (rates.get(f"{name}_bytes_per_second", 0.0) is None for name in ("allocation", "promotion"))
    beside = _collector(log) in CONCURRENT
    return [
        (
            made and beside,
            "what is allocated is unknown: during concurrent collections it is not logged, and they leave too little "
            "of the time for a rate",
        ),
        (
            made and not beside,
            "what is allocated is unknown: collections that tell of the heap enclose less than four fifths of the "
            "time, or it grows by less than its sizes are rounded to",
        ),
        (
            moved and not beside,
            "what is promoted is unknown: fewer than half of the young collections tell of the old generation (log "
            "with -Xlog:gc*, JDK 8: -XX:+PrintGCDetails), or it grows by less than its sizes are rounded to",
        ),
    ]


def _has_cpu(log: GcLog) -> bool:
    return bool(log.pauses["user_seconds"].notna().any())


def _collector(log: GcLog) -> str:
    return str(log.lives["collector"].iloc[0]) if len(log.lives) else ""
