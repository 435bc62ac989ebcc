"""What GC logs tell twice: whole stretches in two files or in one, and single lines that were sent again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.sources.gclog.rows import NO_CLOCK
from analysis.sources.gclog.segments import Segment

__all__ = ["once", "without_copies"]

STOPS = {"pauses": "duration_seconds", "safepoints": "total_seconds"}  # one at a time; how long they are
STAMP_US = 1000  # how fine stamps are
ENOUGH = 5  # pauses of the same lengths are no chance
SAME = {  # what tells a row, beside its end, from every other of its life
    "pauses": ["life", "start", "gcid", "kind"], "safepoints": ["life", "start", "operation", "total_seconds"],
    "cycles": ["life", "start", "gcid", "kind"], "phases": ["life", "start", "gcid", "name"],
    "stalls": ["life", "start", "kind", "thread"],
}  # fmt: skip


def once(found: Sequence[Segment]) -> tuple[list[Segment], list[str]]:
    """Return stretches without those that are told a second time, stamp by stamp, and which were left out so.

    Parameters
    ----------
    found : sequence of Segment
        Of all files.

    Examples
    --------
    >>> once([])
    ([], [])
    """
    once: list[Segment] = []
    alike: dict[bytes, Segment] = {}
    doubled: set[str] = set()
    for segment in found:
        told = _told(segment)
        same = alike.setdefault(told, segment) if told else segment
        if same is segment:
            once.append(segment)
        elif same.place.name == segment.place.name:
            doubled.add(f"{segment.place.name} holds the lines of one JVM twice: read once")
        else:
            doubled.add(f"{segment.place.name} holds what {same.place.name} holds: read once")
    return once, sorted(doubled)


def _told(segment: Segment) -> bytes:
    """Return stamps and lengths of the stops of a stretch; nothing where another might have the same by chance."""
    parts = [
        np.asarray(table[name], dtype="f8")
        for stops, length in STOPS.items()
        if (table := segment.table(stops))
        for name in ("clock_us", "stamp_seconds", length)
    ]
    stamped = bool((segment.clock_us != NO_CLOCK).any() or np.isfinite(segment.uptime_seconds).any())
    enough = len(parts) and (stamped or len(parts[0]) >= ENOUGH)
    return b"|".join(part.tobytes() for part in parts) if enough else b""


def without_copies(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return a table without rows that come again: snapshots of one log overlap, and collectors send lines twice.

    Stops of one kind and number that begin and end together are the same; anything else, if it is in another file.

    Parameters
    ----------
    frame : DataFrame
        Pauses, safepoints, cycles, phases or stalls, in order of their ends.
    table : str
        Which of them it is.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import no_gc_log
    >>> len(without_copies(no_gc_log().pauses, "pauses"))
    0
    """
    start, end = pd.DatetimeIndex(frame["start"]).asi8, pd.DatetimeIndex(frame.index).asi8
    close = np.zeros(len(frame) + 1, dtype=bool)
    close[1:-1] = end[1:] == end[:-1]
    near = np.flatnonzero(close[1:] | close[:-1])  # the table is in order of its ends
    if not len(near):
        return frame
    keys = frame.iloc[near][SAME[table]].assign(end=end[near])
    in_file = keys.assign(file=frame["file"].to_numpy()[near]).duplicated().to_numpy()
    long = (end - start >= STAMP_US) & (table in STOPS)  # two such cannot end in one millisecond
    mostly = 2 * int(keys[long[near]].duplicated().sum()) >= max(int(long.sum()) // 2, 1)  # so were shorter ones
    stops = long[near] | (mostly & (start != end)[near] & (table in STOPS))
    again = keys.duplicated().to_numpy() & (stops | ~in_file)
    keep = np.ones(len(frame), dtype=bool)
    keep[near[again]] = False
    return frame[keep] if again.any() else frame
