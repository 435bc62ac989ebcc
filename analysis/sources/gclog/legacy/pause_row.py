"""A pause of JDK 8 and before as a row, and what lines after it add: CPU times, sizes, workers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.sources.gclog.legacy.records import TIMES
from analysis.sources.gclog.legacy.sizes import Sizes, g1_sizes, read_sizes
from analysis.sources.gclog.legacy.stamps import seconds

__all__ = ["Pause", "add_detail", "add_g1_sizes", "add_line", "add_metaspace", "add_times", "fill", "tells_more"]

NAN = float("nan")
PROMOTING = frozenset(("young", "young_concurrent_start"))  # mixed ones free old space besides
MORE = re.compile(rb"\A, \[|\[(?:Times|Eden): ")
WORKERS = re.compile(rb"GC Workers: (\d{1,6})\]")


@dataclass(slots=True)
class Pause:
    """A row of pauses; `line`, stamps at its end, and the columns of `frames.PAUSE_COLUMNS`."""

    line: int
    clock_us: int
    stamp_seconds: float
    uptime_seconds: float
    duration_seconds: float
    gcid: int
    collector: str = ""
    kind: str = "other"
    generation: str = "all"
    cause: str = ""
    nested: bool = False
    evacuation_failure: str = ""
    heap_before_bytes: float = NAN
    heap_after_bytes: float = NAN
    heap_committed_bytes: float = NAN
    young_before_bytes: float = NAN
    young_after_bytes: float = NAN
    young_committed_bytes: float = NAN
    old_before_bytes: float = NAN
    old_after_bytes: float = NAN
    old_committed_bytes: float = NAN
    metaspace_before_bytes: float = NAN
    metaspace_after_bytes: float = NAN
    metaspace_committed_bytes: float = NAN
    promoted_bytes: float = NAN
    user_seconds: float = NAN
    sys_seconds: float = NAN
    real_seconds: float = NAN
    workers: float = NAN
    note: str = ""  # not a column: what became of a concurrent collection


def add_times(pause: Pause, text: bytes) -> bool:
    """Fill in `[Times: user=... sys=..., real=... secs]`; return whether there is one."""
    at = text.find(b"[Times: ")
    found = TIMES.match(text, at) if at >= 0 else None
    if found is None:
        return False
    if pause.real_seconds == pause.real_seconds:  # they are those of another thread's line
        return True
    # a sum over threads may well be longer than a day
    user, sys, real = found.groups()
    pause.user_seconds, pause.sys_seconds = seconds(user, longest=1e9), seconds(sys, longest=1e9)
    pause.real_seconds = seconds(real)
    return True


def add_g1_sizes(pause: Pause, text: bytes) -> bool:
    """Fill in what G1's detail line says, which is finer than the head; return whether there is one."""
    sizes = g1_sizes(text)
    if sizes is None:
        return False
    pause.collector = "G1"
    pause.heap_before_bytes, pause.heap_after_bytes, pause.heap_committed_bytes = sizes.heap
    pause.young_before_bytes, pause.young_after_bytes, pause.young_committed_bytes = sizes.young
    pause.old_before_bytes, pause.old_after_bytes, pause.old_committed_bytes = sizes.old
    if pause.kind in PROMOTING:
        pause.promoted_bytes = pause.old_after_bytes - pause.old_before_bytes
    if b"], [" in text:
        add_metaspace(pause, text)
    return True


def add_detail(pause: Pause, text: bytes) -> None:
    """Fill in what a detail line of G1 tells: sizes of the areas, of the heap (JDK 6), the number of workers.

    Examples
    --------
    >>> pause = Pause(7, 0, 1.5, 1.0, 0.5, -1)
    >>> add_detail(pause, b"   [Parallel Time: 9.0 ms, GC Workers: 4]")
    >>> pause.workers
    4.0
    """
    if text.startswith(b"   [Eden:"):
        add_g1_sizes(pause, text)
    elif text.startswith(b"   [ "):
        if size := read_sizes(text).get("heap"):
            pause.heap_before_bytes, pause.heap_after_bytes, pause.heap_committed_bytes = size
    elif text.startswith(b"   [Parallel Time") and (found := WORKERS.search(text)):
        pause.workers = float(found[1])


def tells_more(text: bytes) -> bool:
    """Return whether a line may go on with what was said of the pause before it.

    Examples
    --------
    >>> tells_more(b" [Times: user=0.1 sys=0.0, real=0.1 secs]"), tells_more(b"INFO started")
    (True, False)
    """
    return MORE.search(text) is not None


def add_line(pause: Pause, text: bytes) -> bool:
    """Fill in CPU times, sizes of G1 or the metaspace from a line of their own; return whether it tells any.

    Examples
    --------
    >>> pause = Pause(7, 0, 1.5, 1.0, 0.5, -1)
    >>> add_line(pause, b" [Times: user=0.25 sys=0.00, real=0.50 secs]"), pause.user_seconds
    (True, 0.25)
    """
    told = add_times(pause, text) | add_g1_sizes(pause, text)
    return told or (text.startswith(b", [") and add_metaspace(pause, text))


def add_metaspace(pause: Pause, text: bytes) -> bool:
    """Fill in the metaspace or the permanent generation; return whether it is told."""
    size = read_sizes(text).get("metaspace")
    if size is not None:
        fill(pause, {"metaspace": size})
    return size is not None


def fill(pause: Pause, sizes: dict[str, Sizes]) -> None:
    """Fill in sizes [bytes] of "heap", "young", "old" and "metaspace"."""
    for area, (before, after, committed) in sizes.items():
        setattr(pause, f"{area}_before_bytes", before)
        setattr(pause, f"{area}_after_bytes", after)
        setattr(pause, f"{area}_committed_bytes", committed)
    if pause.kind in PROMOTING:
        pause.promoted_bytes = pause.old_after_bytes - pause.old_before_bytes
