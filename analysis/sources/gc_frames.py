"""What a GC log becomes: frames of pauses, of safepoints and of the lives of the JVM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.sources.times import TIME, timed_frame

__all__ = [
    "HOLE_COLUMNS", "LIFE_COLUMNS", "PAUSE_COLUMNS", "SAFEPOINT_COLUMNS", "GcLog", "gc_frames", "no_gc_log",
]  # fmt: skip

PAUSE_COLUMNS = {"start": TIME, "duration_seconds": "float64", "kind": "str", "cause": "str", "gcid": "int64"} | {
    **dict.fromkeys(("heap_before_bytes", "heap_after_bytes", "heap_committed_bytes"), "float64"),
    **dict.fromkeys(("user_seconds", "sys_seconds", "real_seconds"), "float64"), "nested": "bool", "line": "int64",
}  # fmt: skip
SAFEPOINT_COLUMNS = {
    "start": TIME, "operation": "str", "reaching_seconds": "float64", "total_seconds": "float64", "line": "int64",
}  # fmt: skip
LIFE_COLUMNS = {
    "start": TIME, "end": TIME, "collector": "str", "version": "str", "cpus": "float64", "workers": "float64",
    "recognised": "int64", "unrecognised": "int64", "uptime_seconds": "float64",
}  # fmt: skip
HOLE_COLUMNS = {"start": TIME, "end": TIME}


def _no_holes() -> pd.DataFrame:
    return timed_frame([], [], HOLE_COLUMNS).reset_index(drop=True)


@dataclass(frozen=True)
class GcLog:
    """What a GC log says of one JVM, or of several one after the other.

    Parameters
    ----------
    pauses : DataFrame
        Index `end` (UTC, us, sorted): a line of unified logging is stamped when the pause is over; `start`,
        `duration_seconds`, `kind` (young, young_concurrent_start, young_prepare_mixed, mixed, full, initial_mark,
        remark, cleanup), `cause`, `gcid`, `heap_before_bytes`, `heap_after_bytes`, `heap_committed_bytes` (rounded as
        logged), `user_seconds`, `sys_seconds`, `real_seconds`; `nested`: inside another pause, to be left out of sums;
        `line`. NaN is unknown.
    safepoints : DataFrame
        Index `end` (UTC, us, sorted); `start`, `operation`, `reaching_seconds`, `total_seconds` (from asking the
        threads to stop until they run again), `line`.
    lives : DataFrame
        One row a JVM, in order of the file: `start` and `end`, its first and last stamp; `collector`, `version`,
        `cpus`, `workers` ("" and NaN where not logged), `recognised` and `unrecognised` lines, `uptime_seconds` at its
        start (NaN where not logged): files of the same life began at the same time.
    holes : DataFrame
        `start` and `end` of stretches inside a life of which lines are missing: numbers of collections jump, or a
        safepoint says that another was before it that is not there, or a pause begins and does not end; and pauses
        whose line was not understood. Of a life with collections and neither pauses nor
        safepoints, all of it: they were filtered away.
    """

    pauses: pd.DataFrame
    safepoints: pd.DataFrame
    lives: pd.DataFrame
    holes: pd.DataFrame = field(default_factory=_no_holes)


def gc_frames(
    pauses: list[tuple[Any, ...]], safepoints: list[tuple[Any, ...]], lives: list[tuple[Any, ...]],
    holes: list[tuple[int, int]] | None = None,
) -> GcLog:  # fmt: skip
    """Return rows as the frames of a log; pauses and safepoints sorted by their end.

    Parameters
    ----------
    pauses, safepoints : list of tuple
        The end [us since the epoch], then a cell for each column of `PAUSE_COLUMNS` and `SAFEPOINT_COLUMNS`.
    lives : list of tuple
        A cell for each column of `LIFE_COLUMNS`, in order of the file.
    holes : list of (int, int), optional
        Start and end [us since the epoch].

    Examples
    --------
    >>> gc_frames([], [(2_000_000, 1_500_000, "Halt", 0.1, 0.5, 7)], []).safepoints["total_seconds"].tolist()
    [0.5]
    """
    alive = timed_frame(list(range(len(lives))), lives, LIFE_COLUMNS).reset_index(drop=True)
    missing = timed_frame(list(range(len(holes or []))), holes or [], HOLE_COLUMNS).reset_index(drop=True)
    return GcLog(_stamped(pauses, PAUSE_COLUMNS), _stamped(safepoints, SAFEPOINT_COLUMNS), alive, missing)


def _stamped(rows: list[tuple[Any, ...]], columns: dict[str, Any]) -> pd.DataFrame:
    return timed_frame([row[0] for row in rows], [row[1:] for row in rows], columns).rename_axis("end")


def no_gc_log() -> GcLog:
    """Return a log without lines, for evidence that has none.

    Examples
    --------
    >>> empty = no_gc_log()
    >>> len(empty.pauses), list(empty.lives.columns)[:3]
    (0, ['start', 'end', 'collector'])
    """
    return gc_frames([], [], [])
