"""What a GC log becomes: frames of pauses, safepoints, cycles, phases, stalls, and of the lives of the JVM."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from analysis.sources.times import TIME, timed_frame

__all__ = [
    "COLLECTORS", "CYCLE_COLUMNS", "HOLE_COLUMNS", "KINDS", "LIFE_COLUMNS", "PAUSE_COLUMNS", "PHASE_COLUMNS",
    "SAFEPOINT_COLUMNS", "STALL_COLUMNS", "GcLog", "empty_frame", "no_gc_log",
]  # fmt: skip

COLLECTORS = ("Serial", "Parallel", "CMS", "G1", "ZGC", "GenZGC", "Shenandoah", "GenShenandoah", "Epsilon")
KINDS = (
    "young", "young_concurrent_start", "young_prepare_mixed", "mixed", "full", "initial_mark", "remark", "cleanup",
    "z_mark_start", "z_mark_end", "z_relocate_start", "shen_init_mark", "shen_final_mark", "shen_init_update",
    "shen_final_update", "shen_final_roots", "degenerated", "other",
)  # fmt: skip
AREAS = ("young", "old", "metaspace")

SOURCE = {"life": "int64", "file": "str", "line": "int64"}  # whose JVM it is (row of lives), and where it stands
PAUSE_COLUMNS = {
    "start": TIME, "duration_seconds": "float64", "uptime_seconds": "float64", "gcid": "int64", "collector": "str",
    "kind": "str", "generation": "str", "cause": "str", "nested": "bool", "evacuation_failure": "str",
} | dict.fromkeys(("heap_before_bytes", "heap_after_bytes", "heap_committed_bytes"), "float64") | {
    f"{area}_{what}_bytes": "float64" for area in AREAS for what in ("before", "after", "committed")
} | dict.fromkeys(
    ("humongous_before_bytes", "humongous_after_bytes", "promoted_bytes", "user_seconds", "sys_seconds",
     "real_seconds", "workers"), "float64",
) | SOURCE  # fmt: skip
SAFEPOINT_COLUMNS = {"start": TIME, "operation": "str"} | dict.fromkeys(
    ("since_last_seconds", "reaching_seconds", "cleanup_seconds", "at_seconds", "leaving_seconds", "total_seconds"),
    "float64",
) | SOURCE  # fmt: skip
CYCLE_COLUMNS = {
    "start": TIME, "duration_seconds": "float64", "gcid": "int64", "collector": "str", "kind": "str", "cause": "str",
    "aborted": "bool", "heap_before_bytes": "float64", "heap_after_bytes": "float64",
} | SOURCE  # fmt: skip
PHASE_COLUMNS = {"start": TIME, "duration_seconds": "float64", "gcid": "int64", "name": "str"} | SOURCE
STALL_COLUMNS = {"start": TIME, "duration_seconds": "float64", "gcid": "int64", "kind": "str", "thread": "str"} | SOURCE
LIFE_COLUMNS = {
    "start": TIME, "end": TIME, "time_quality": "str", "uptime_seconds": "float64", "collector": "str",
    "version": "str", "cpus": "float64", "workers": "float64", "memory_bytes": "float64", "heap_max_bytes": "float64",
    "region_bytes": "float64", "flags": "str", "lines": "int64", "recognised": "int64", "unrecognised": "int64",
    "file": "str", "line": "int64",
}  # fmt: skip
HOLE_COLUMNS = {"start": TIME, "end": TIME}


def empty_frame(columns: dict[str, Any], *, indexed: bool = True) -> pd.DataFrame:
    """Return a table without rows; `indexed` by end, as all but lives and holes are.

    Examples
    --------
    >>> len(empty_frame(HOLE_COLUMNS, indexed=False)), empty_frame(STALL_COLUMNS).index.name
    (0, 'end')
    """
    frame = timed_frame([], [], columns)
    return frame.rename_axis("end") if indexed else frame.reset_index(drop=True)


@dataclass(frozen=True)
class GcLog:
    """What GC logs say of one JVM, or of several one after the other.

    Every table but `lives` and `holes` has the index `end` (UTC, us, sorted) and the columns `start`, `life` (row of
    `lives`), `file` and `line` (from 1). NaN is unknown, -1 a `gcid` that was not logged.

    Parameters
    ----------
    pauses : DataFrame
        One row per stop-the-world pause that was logged: `duration_seconds`, `uptime_seconds` (as logged), `gcid`,
        `collector`, `kind` (one of `KINDS`), `generation` ("young", "old" or "all"), `cause` (verbatim), `nested`:
        inside another pause, to be left out of sums; `evacuation_failure` ("" none, "allocation", "pinned", "both",
        "to_space_exhausted", "promotion_failed"); `heap_before_bytes`, `heap_after_bytes`, `heap_committed_bytes`, the
        same of `young`, `old` and `metaspace` (permanent generation of JDK 7), humongous before and after;
        `promoted_bytes`; `user_seconds`, `sys_seconds`, `real_seconds`; `workers`. Sizes are rounded as logged.
    safepoints : DataFrame
        `operation`, `since_last_seconds`, `reaching_seconds`, `cleanup_seconds`, `at_seconds`, `leaving_seconds`,
        `total_seconds` (from asking the threads to stop until they run again).
    cycles : DataFrame
        Concurrent collections from begin to end: `collector`, `kind` (concurrent_mark, undo, cms, zgc, minor, major,
        young, old, mixed, global ...), `cause`, `aborted`, heap before and after.
    phases : DataFrame
        Concurrent phases of cycles: `name` as logged, without "Concurrent".
    stalls : DataFrame
        One row per thread that waited for memory: `kind` (allocation, relocation, pacing), `thread`, `gcid` that it
        waited for.
    lives : DataFrame
        One row a JVM, in order of time: `start` and `end`, its first and last stamp; `time_quality`: "exact" (a wall
        clock in the log), "derived" (the clock of who collected the log, or a start that was given), "unknown" (only an
        uptime: times count from 1970, so that lengths are right and no time of day is) or "none" (no stamps: pauses are
        laid one after the other); `uptime_seconds` at its first line; `collector`, `version`, `cpus`, `workers`,
        `memory_bytes` (of the machine or the container), `heap_max_bytes`, `region_bytes`, `flags`; `lines` of the
        GC log and what was `recognised` and `unrecognised` of them; `file` and `line` where it begins.
    holes : DataFrame
        `start` and `end` of stretches inside a life of which lines are missing.
    """

    pauses: pd.DataFrame = field(default_factory=partial(empty_frame, PAUSE_COLUMNS))
    safepoints: pd.DataFrame = field(default_factory=partial(empty_frame, SAFEPOINT_COLUMNS))
    cycles: pd.DataFrame = field(default_factory=partial(empty_frame, CYCLE_COLUMNS))
    phases: pd.DataFrame = field(default_factory=partial(empty_frame, PHASE_COLUMNS))
    stalls: pd.DataFrame = field(default_factory=partial(empty_frame, STALL_COLUMNS))
    lives: pd.DataFrame = field(default_factory=partial(empty_frame, LIFE_COLUMNS, indexed=False))
    holes: pd.DataFrame = field(default_factory=partial(empty_frame, HOLE_COLUMNS, indexed=False))


def no_gc_log() -> GcLog:
    """Return a log without lines, for evidence that has none.

    Examples
    --------
    >>> empty = no_gc_log()
    >>> len(empty.pauses), list(empty.lives.columns)[:3]
    (0, ['start', 'end', 'time_quality'])
    """
    return GcLog()
