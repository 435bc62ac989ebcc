"""Jifa's list of events, rebuilt from our tables: pauses that stand alone, and cycles with what belongs to them.

Its conventions: initial mark, remark, cleanup and the pauses of ZGC are phases of their cycle, not events; a cycle's
"pause" is the sum of them; times are milliseconds since the start of the JVM, at the begin of an event.
"""

import functools
from typing import NamedTuple

import pandas as pd

from tests.sources.gclog.score.reads import Read, uptimes

WITHIN = {"remark", "cleanup", "z_mark_start", "z_mark_end", "z_relocate_start"}
TYPES = {"full": "FULL_GC", "mixed": "G1_YOUNG_MIXED_GC"}
CYCLES = {"G1": "G1_CONCURRENT_CYCLE", "CMS": "CMS_CONCURRENT_MARK_SWEPT", "ZGC": "ZGC_GARBAGE_COLLECTION"}
PHASE_KINDS = {
    "CMS_INITIAL_MARK": "initial_mark", "CMS_FINAL_REMARK": "remark", "G1_REMARK": "remark", "G1_CLEANUP": "cleanup",
    "G1_PAUSE_CLEANUP": "cleanup", "ZGC_PAUSE_MARK_START": "z_mark_start", "ZGC_PAUSE_MARK_END": "z_mark_end",
    "ZGC_PAUSE_RELOCATE_START": "z_relocate_start",
}  # fmt: skip


class Event(NamedTuple):
    """An event of Jifa; `inner` are the pauses and concurrent phases of a cycle, in order of their begin."""

    type: str
    start: float  # [ms]
    duration: float  # [ms]
    pause: float  # [ms]
    row: pd.Series
    inner: pd.DataFrame


def part(read: Read, name: str) -> pd.DataFrame:
    """Return a table with its start and duration in milliseconds of the JVM's life."""
    frame = getattr(read.log, name).reset_index()
    frame["start_ms"] = uptimes(read.log, frame["start"], frame["life"]) * 1e3
    frame["end_ms"] = uptimes(read.log, frame["end"], frame["life"]) * 1e3
    column = "total_seconds" if name == "safepoints" else "duration_seconds"
    frame["took_ms"] = frame[column] * 1e3
    return frame


def alone(pauses: pd.DataFrame) -> pd.Series:
    """Return which pauses are events of their own; CMS' initial mark belongs to its cycle, G1's is a young pause."""
    return ~pauses["kind"].isin(WITHIN) & ~((pauses["kind"] == "initial_mark") & (pauses["collector"] == "CMS"))


@functools.lru_cache(maxsize=4)
def events(read: Read) -> list[Event]:
    pauses, phases, cycles = (part(read, name) for name in ("pauses", "phases", "cycles"))
    single = alone(pauses)
    inner = pd.concat([pauses.loc[~single], phases]).sort_values("line", kind="stable")
    nothing = inner.iloc[:0]
    found = [
        Event(TYPES.get(row["kind"], "YOUNG_GC"), row["start_ms"], row["took_ms"], row["took_ms"], row, nothing)
        for _, row in pauses.loc[single].iterrows()
    ]
    for _, row in cycles.iterrows():
        own = belonging(inner, row)
        stopped = own.loc[own["kind"].notna(), "took_ms"].sum() if "kind" in own else 0.0
        found.append(Event(CYCLES.get(row["collector"], ""), row["start_ms"], row["took_ms"], float(stopped), row, own))
    return sorted(found, key=lambda event: (event.start, event.row["line"]))


def belonging(inner: pd.DataFrame, cycle: pd.Series) -> pd.DataFrame:
    """Return the parts of a cycle: those of its gcid; of a log without gcids those in its time."""
    if cycle["gcid"] >= 0:
        return inner.loc[inner["gcid"] == cycle["gcid"]]
    return inner.loc[(inner["start_ms"] >= cycle["start_ms"] - 1) & (inner["end_ms"] <= cycle["end_ms"] + 1)]
