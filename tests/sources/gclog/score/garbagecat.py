"""garbagecat's unit tests: which events a fragment holds, and sums over it; its diagnoses are not a reader's."""

import math
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.sources.gclog.frames import GcLog
from tests.sources.gclog.score.answers import Answer, NotCompared, Row
from tests.sources.gclog.score.reads import Read, uptimes
from tests.sources.gclog.score.values import number, words

KINDS = {  # end of the name of a type -> kinds of pauses, and collectors; an empty tuple of collectors is any
    "CMS_INITIAL_MARK": (("initial_mark",), ("CMS",)), "CMS_REMARK": (("remark",), ("CMS",)),
    "CMS_SERIAL_OLD": (("full",), ()), "G1_CLEANUP": (("cleanup",), ("G1",)), "G1_REMARK": (("remark",), ("G1",)),
    "G1_FULL_GC_SERIAL": (("full",), ("G1",)), "G1_FULL_GC_PARALLEL": (("full",), ("G1",)),
    "G1_MIXED_PAUSE": (("mixed",), ("G1",)), "G1_YOUNG_INITIAL_MARK": (("young_concurrent_start",), ("G1",)),
    "G1_YOUNG_PAUSE": (("young", "young_concurrent_start"), ("G1",)),
    "G1_YOUNG_PREPARE_MIXED": (("young_prepare_mixed",), ("G1",)), "PARALLEL_COMPACTING_OLD": (("full",), ()),
    "PARALLEL_SERIAL_OLD": (("full",), ()), "PARALLEL_SCAVENGE": (("young",), ()), "PAR_NEW": (("young",), ()),
    "SERIAL_NEW": (("young",), ()), "SERIAL_OLD": (("full",), ()), "VERBOSE_GC_OLD": (("full",), ("",)),
    "UNIFIED_REMARK": (("remark",), ()), "SHENANDOAH_FULL_GC": (("full",), ()),
    "SHENANDOAH_INIT_MARK": (("shen_init_mark",), ()), "SHENANDOAH_FINAL_MARK": (("shen_final_mark",), ()),
    "SHENANDOAH_FINAL_EVAC": (("shen_final_roots", "other"), ()),
    "SHENANDOAH_INIT_UPDATE_REFS": (("shen_init_update",), ()), "SHENANDOAH_INIT_UPDATE": (("shen_init_update",), ()),
    "SHENANDOAH_FINAL_UPDATE_REFS": (("shen_final_update",), ()),
    "SHENANDOAH_FINAL_UPDATE": (("shen_final_update",), ()),
    "SHENANDOAH_DEGENERATED_GC": (("degenerated",), ()), "Z_MARK_START": (("z_mark_start",), ()),
    "Z_MARK_START_YOUNG": (("z_mark_start",), ()), "Z_MARK_START_YOUNG_AND_OLD": (("z_mark_start",), ()),
    "Z_MARK_END": (("z_mark_end",), ()), "Z_MARK_END_YOUNG": (("z_mark_end",), ()),
    "Z_MARK_END_OLD": (("z_mark_end",), ()), "Z_RELOCATE_START": (("z_relocate_start",), ()),
    "Z_RELOCATE_START_YOUNG": (("z_relocate_start",), ()), "Z_RELOCATE_START_OLD": (("z_relocate_start",), ()),
    "SHENANDOAH_FULL_GC_": (("full",), ()),
}  # fmt: skip
TEXT = "lines that are recognised and leave no row (headers, heaps, threads)"
CONCURRENT = re.compile(r"(?:UNIFIED_|CMS_|G1_|SHENANDOAH_|Z_|UNIFIED_SHENANDOAH_)CONCURRENT")
GENERATIONS = {"_YOUNG_AND_OLD": "young", "_YOUNG": "young", "_OLD": "old"}


def answer(row: Row, read: Read, rows: list[Row]) -> Answer | NotCompared:
    """Answer one row of garbagecat's tests."""
    if row.quantity.startswith("has_event_type:"):
        return has(row.quantity[15:], row.value == "true", read)
    if row.quantity.startswith("analysis:"):
        return NotCompared("a diagnosis, which is not a reader's")
    if row.quantity == "getEventTypes().size()":
        return NotCompared("how many types garbagecat tells apart, blank lines and headers among them")
    figure = FIGURES.get(row.quantity)
    if figure is None:
        return NotCompared("a quantity of garbagecat's that our tables do not claim to hold")
    if row.quantity.endswith("getReleaseString()"):
        return Answer(figure(read.log), words(row.value))
    got = figure(read.log)
    if isinstance(got, float) and math.isnan(got):
        got = 0.0  # garbagecat shows 0 where there is none
    try:  # it cuts every duration to microseconds
        return Answer(got, number(row.value), max(1.0, len(read.log.pauses) + len(read.log.safepoints)))
    except ValueError:
        return NotCompared("a value that is a Java expression")


def has(name: str, wanted: bool, read: Read) -> Answer | NotCompared:
    """Answer whether events of a type are there; UNKNOWN asks whether a line was not understood."""
    log = read.log
    if name == "UNKNOWN" and read.refused:
        return NotCompared("the file is refused with an error: none of its lines tells of a collection")
    if name == "UNKNOWN":
        return Answer(read.report.unrecognised > 0, wanted)
    if name in ("UNIFIED_SAFEPOINT", "APPLICATION_STOPPED_TIME"):
        return Answer(len(log.safepoints) > 0, wanted)
    if name.startswith(("CMS_", "G1_", "SHENANDOAH_", "PAR", "SERIAL_", "VERBOSE_")) and not read.legacy:
        return Answer(False, wanted)  # types of JDK 8 and before
    if CONCURRENT.fullmatch(name):
        found = len(log.phases) + len(log.cycles) > 0
        if not found and read.begins:
            return NotCompared("only the begin of a concurrent phase: our tables keep phases by their end")
        return Answer(found, wanted)
    key = name if name in KINDS else name.removeprefix("UNIFIED_")
    if key not in KINDS:
        return NotCompared(TEXT)
    kinds, collectors = KINDS[key]
    rows = log.pauses.loc[log.pauses["kind"].isin(kinds)]
    if collectors:
        rows = rows.loc[rows["collector"].isin([*collectors, ""])]  # a fragment may not tell the collector
    if name.startswith("Z_"):
        ending = next((e for e in GENERATIONS if name.endswith(e)), "")
        rows = rows.loc[rows["generation"].isin([GENERATIONS[ending], "all"])] if ending else rows
    return Answer(len(rows) > 0, wanted)


def us(seconds: pd.Series) -> float:
    return float(seconds.sum() * 1e6)


def start_ms(log: GcLog, table: str, at: int) -> float | None:
    frame: pd.DataFrame = getattr(log, table)
    if frame.empty:
        return None
    one = frame.sort_values("line", kind="stable").iloc[[at]]
    at = uptimes(log, one["start"], one["life"]).iloc[0]
    return float(at * 1e3)


def largest(log: GcLog, *columns: str) -> float:
    return float(log.pauses[list(columns)].max().max())


def fact(column: str) -> Callable[[GcLog], Any]:
    return lambda log: log.lives[column].dropna().iloc[0] if log.lives[column].notna().any() else None


FIGURES: dict[str, Callable[[GcLog], Any]] = {
    "getDurationTotal()": lambda log: us(log.pauses["duration_seconds"]),
    "getDurationMax()": lambda log: float(log.pauses["duration_seconds"].max() * 1e6),
    "getBlockingEventCount()": lambda log: len(log.pauses),
    "getFirstBlockingEvent().getTimestamp()": lambda log: start_ms(log, "pauses", 0),
    "getLastBlockingEvent().getTimestamp()": lambda log: start_ms(log, "pauses", -1),
    "getLastBlockingEvent().getDurationMicros()": lambda log: us(log.pauses["duration_seconds"].iloc[-1:]),
    "getLastSafepointEvent().getDurationMicros()": lambda log: us(log.safepoints["total_seconds"].iloc[-1:]),
    "getStoppedTimeEventCount()": lambda log: len(log.safepoints),
    "getStoppedTimeTotal()": lambda log: us(log.safepoints["total_seconds"]),
    "getUnifiedSafepointEventCount()": lambda log: len(log.safepoints),
    "getUnifiedSafepointTimeTotal()": lambda log: us(log.safepoints["total_seconds"]) * 1e3,
    "getUnifiedSafepointTimeMax()": lambda log: float(log.safepoints["total_seconds"].max() * 1e9),
    "getMaxHeap()": lambda log: largest(log, "heap_committed_bytes"),
    "getMaxHeapAfterGc()": lambda log: largest(log, "heap_after_bytes"),
    "getMaxHeapOccupancy()": lambda log: largest(log, "heap_before_bytes"),
    "getMaxYoungSpace()": lambda log: largest(log, "young_committed_bytes"),
    "getMaxOldSpace()": lambda log: largest(log, "old_committed_bytes"),
    "getMaxClassSpace()": lambda log: largest(log, "metaspace_committed_bytes"),
    "getMaxClassSpaceOccupancy()": lambda log: largest(log, "metaspace_before_bytes"),
    "getMaxClassSpaceAfterGc()": lambda log: largest(log, "metaspace_after_bytes"),
    "getPhysicalMemory()": fact("memory_bytes"),
    "getMaxHeapBytes()": fact("heap_max_bytes"),
    "getJvmOptions().getHeapMaxSize()": fact("heap_max_bytes"),
    "getJvmContext().getReleaseString()": fact("version"),
}
