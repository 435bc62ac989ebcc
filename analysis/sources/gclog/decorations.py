"""The decorations of a line of unified logging: when it was written, and whether it is of the garbage collector."""

from __future__ import annotations

import re
from typing import NamedTuple

from analysis.sources.times import epoch_us

__all__ = ["Decorations", "decorations"]

# the order of decorations is fixed: time, utctime, uptime, timemillis, uptimemillis, timenanos, uptimenanos, hostname,
# pid, tid, level, tags; any of them may be missing, and the last two are padded with blanks
DECORATED = re.compile(
    rb"(?:\[(\d{4}-\d\d-\d\dT[0-9:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)?)\])?(?:\[\d{4}-[^\[\]]{1,40}\])?"
    rb"(?:\[(\d{1,10}[.,]\d{1,9})s *\])?(?:\[(\d{12,14})ms *\])?(?:\[(\d{1,11})ms *\])?(?:\[(\d{1,19})ns *\]){0,2}"
    rb"(?:\[[^\[\]]{1,255}\])*?(?:\[([a-z0-9]+(?:,[a-z0-9]+)*) *\])? ?(?!\[)"
)
# where the decorations begin behind the prefix of a log collector, which may have brackets of its own
STAMP_OR_TAG = re.compile(
    rb"\[(?:\d{4}-\d\d-\d\dT|\d{1,10}[.,]\d{1,9}s *\]|\d{1,14}ms *\]|\d{1,19}ns *\]|(?:gc|safepoint)[a-z,]* *\])"
)
LONGEST_PREFIX = 512
COLLECTED = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))[ \t]")
GC_TAG = re.compile(rb"(?:^|,)(?:gc|safepoint)(?:,|$)")
GC_TEXT = re.compile(
    rb"GC\(\d{1,9}\) |Using (?:G1|Serial|Parallel|Concurrent Mark|The Z|Shenandoah|Epsilon)|Safepoint \"|"
    rb"Total time for which app|Application time: |(?:Entering|Leaving) safepoint region|"
    rb"(?:Allocation|Relocation) Stall \(|Trigger: |CPUs: \d+ total|Heap (?:Region Size|Min|Initial|Max)|"
    rb"(?:Parallel|Concurrent|GC) Workers[: ]|Memory: \d+[KMG]|Version: [^ ]+ \("
)
GC_EVENT = re.compile(
    rb"GC\(\d{1,9}\) |Safepoint \"|Total time for which app"
    rb"|Using (?:G1|Serial|Parallel|Concurrent Mark Sweep|The Z Garbage Collector|Shenandoah|Epsilon)$"
)  # whatever stands before them
LEVELS = (b"error", b"warning", b"info", b"debug", b"trace", b"develop")


class Decorations(NamedTuple):
    """When a line was written: `clock` is the text of its wall-clock time (empty: none), uptime in seconds.

    `collected` says that the clock is that of who collected the line, not of the JVM; `is_gc` that the line is one of
    the garbage collector or of safepoints; `tags` are empty where none are logged; `text` follows the decorations.
    """

    clock: bytes
    uptime_seconds: float
    collected: bool
    is_gc: bool
    tags: bytes
    text: bytes

    @property
    def clock_us(self) -> int:
        """Return the time [us since the epoch]; raise ValueError if it is none."""
        return epoch_us(self.clock.decode("ascii").replace(",", "."))


def decorations(line: bytes) -> Decorations:
    """Return the decorations of a line, whichever subset was configured, behind any prefix of a log collector.

    Parameters
    ----------
    line : bytes
        Without its line end.

    Examples
    --------
    >>> found = decorations(b"[2026-11-22T18:04:30.123+0900][1.5s][info][gc,start    ] GC(0) Pause Young (Normal)")
    >>> found.is_gc, found.uptime_seconds, found.tags, found.text
    (True, 1.5, b'gc,start', b'GC(0) Pause Young (Normal)')
    >>> decorations(b"[0.5s][gc] Using G1").clock
    b''
    """
    first = STAMP_OR_TAG.search(line, 0, LONGEST_PREFIX)
    at = first.start() if first else max(line.find(b"[", 0, LONGEST_PREFIX), 0)
    found = DECORATED.match(line, at)
    if found is None or found.end() == at:
        return _bare(line)
    time, uptime, epoch_millis, uptime_millis, nanos, tags = found.groups()
    tags = b"" if tags is None or tags in LEVELS else tags
    clock, collected = time or epoch_millis or b"", False
    if at and not clock and (prefix := COLLECTED.search(line, 0, at)):
        clock, collected = prefix[1], True
    text = line[found.end() :]
    if not tags and text[:1] == b" " and STAMP_OR_TAG.match(text, 1):  # it was a prefix: decorations have no gaps
        inner = decorations(text[1:])
        return inner if inner.clock or not clock else inner._replace(clock=clock, collected=True)
    is_gc = GC_TAG.search(tags) is not None or (GC_EVENT if tags else GC_TEXT).match(text) is not None
    if uptime:
        seconds = float(uptime.replace(b",", b"."))
    else:
        seconds = int(uptime_millis) / 1e3 if uptime_millis else int(nanos) / 1e9 if nanos else float("nan")
    return Decorations(clock, seconds, collected, is_gc, tags, text)


def _bare(line: bytes) -> Decorations:
    """Return a line without decorations; the time of a log collector's prefix is its clock."""
    prefix = COLLECTED.match(line)
    text = line[prefix.end() :] if prefix else line
    is_gc = GC_TEXT.match(text) is not None
    return Decorations(prefix[1] if prefix else b"", float("nan"), prefix is not None, is_gc, b"", text)
