"""One line of HotSpot's unified logging: its decorations, and what a pause, a safepoint or a CPU line says."""

from __future__ import annotations

import re
from typing import NamedTuple

from analysis.sources.times import epoch_us

__all__ = ["Decorations", "PauseLine", "SafepointLine", "decorations", "is_old_format", "pause_line", "safepoint_line"]

# the order of decorations is fixed: time, utctime, uptime, timemillis, uptimemillis, timenanos, uptimenanos, hostname,
# pid, tid, level, tags; any of them may be missing, and the last two are padded with blanks
DECORATED = re.compile(
    rb"(?:\[(\d{4}-\d\d-\d\dT[0-9:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)?)\])?(?:\[\d{4}-[^\[\]]{1,40}\])?"
    rb"(?:\[(\d{1,10}[.,]\d{1,9})s *\])?(?:\[(\d{12,14})ms *\])?(?:\[(\d{1,11})ms *\])?(?:\[(\d{1,19})ns *\]){0,2}"
    rb"(?:\[[^\[\]]{1,255}\])*?(?:\[([a-z0-9]+(?:,[a-z0-9]+)*) *\])? ?(?!\[)"
)
COLLECTED = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))[ \t]")
GC_TAG = re.compile(rb"(?:^|,)(?:gc|safepoint)(?:,|$)")
GC_TEXT = re.compile(
    rb"GC\(\d+\) |Using (?:G1|Serial|Parallel|Concurrent Mark|The Z|Shenandoah|Epsilon)|Safepoint \"|"
    rb"Total time for which app|Application time: |(?:Entering|Leaving) safepoint region"
)
OLD_FORMAT = re.compile(rb"\[(?:Full )?GC[ (\[-]|\[CMS-concurrent|\[(?:PSYoungGen|ParNew|DefNew|Times): ")
PAUSE = re.compile(
    rb"Pause (Young|Full|Remark|Cleanup|Initial Mark|Mixed)((?: \((?:[^()]|\([^()]*\))*\))*)"
    rb"(?: (\d+)([BKMGT])->(\d+)([BKMGT])\((\d+)([BKMGT])\))? (\d+(?:[.,]\d+)?)ms\s*"
)
GROUP = re.compile(rb"\(((?:[^()]|\([^()]*\))*)\)")
YOUNG_KINDS = {b"Normal": "young", b"Mixed": "mixed", b"Concurrent Start": "young_concurrent_start",
               b"Initial Mark": "young_concurrent_start", b"Prepare Mixed": "young_prepare_mixed"}  # fmt: skip
BYTES = {b"B": 1, b"K": 1 << 10, b"M": 1 << 20, b"G": 1 << 30, b"T": 1 << 40}
SAFEPOINT = re.compile(rb'Safepoint "([^"]*)", (.*)')
PAIR = re.compile(rb"([A-Z][A-Za-z ]*): (\d+) ns")
STOPPED = re.compile(
    rb"Total time for which application threads were stopped: (\d+[.,]\d+) seconds, "
    rb"Stopping threads took: (\d+[.,]\d+) seconds\s*"
)
LONGEST_SECONDS = 86_400.0  # a stop longer than a day is a broken number


class Decorations(NamedTuple):
    """Where and when a line was written: `clock` is the text of its wall-clock time (empty: none), uptime in seconds.

    `collected` says that the clock is that of who collected the line, not of the JVM; `is_gc` that the line is one of
    the garbage collector or of safepoints; `text` is what follows the decorations.
    """

    clock: bytes
    uptime_seconds: float
    collected: bool
    is_gc: bool
    text: bytes

    @property
    def end_us(self) -> int:
        """Return the time [us since the epoch]; raise ValueError if it is none."""
        return epoch_us(self.clock.decode("ascii").replace(",", "."))


class PauseLine(NamedTuple):
    """A pause as its last line tells it: kind, cause, sizes [bytes] before, after and committed (NaN unknown), [s]."""

    kind: str
    cause: str
    before_bytes: float
    after_bytes: float
    committed_bytes: float
    duration_seconds: float


class SafepointLine(NamedTuple):
    """A stop of all threads: operation ("" unknown), time to reach it [s], and from asking until all run again [s]."""

    operation: str
    reaching_seconds: float
    total_seconds: float


def decorations(line: bytes) -> Decorations:
    """Return the decorations of a line, whichever subset was configured, behind any prefix of a log collector.

    Parameters
    ----------
    line : bytes
        Without its line end.

    Examples
    --------
    >>> found = decorations(b"[2026-11-22T18:04:30.123+0900][1.5s][info][gc,start    ] GC(0) Pause Young (Normal)")
    >>> found.is_gc, found.uptime_seconds, found.text
    (True, 1.5, b'GC(0) Pause Young (Normal)')
    >>> decorations(b"[0.5s][gc] Using G1").clock
    b''
    """
    at = 0 if line[:1] == b"[" else max(line.find(b"[", 0, 512), 0)
    found = DECORATED.match(line, at)
    if found is None or found.end() == at:
        return _bare(line)
    time, uptime, epoch_millis, uptime_millis, nanos, tags = found.groups()
    clock, collected = time or epoch_millis or b"", False
    if at and not clock and (prefix := COLLECTED.search(line, 0, at)):
        clock, collected = prefix[1], True
    text = line[found.end() :]
    is_gc = (tags is not None and GC_TAG.search(tags) is not None) or GC_TEXT.match(text) is not None
    if uptime:
        seconds = float(uptime.replace(b",", b"."))
    else:
        seconds = int(uptime_millis) / 1e3 if uptime_millis else int(nanos) / 1e9 if nanos else float("nan")
    return Decorations(clock, seconds, collected, is_gc, text)


def _bare(line: bytes) -> Decorations:
    """Return a line without decorations; the time of a log collector's prefix is its clock."""
    prefix = COLLECTED.match(line)
    text = line[prefix.end() :] if prefix else line
    is_gc = GC_TEXT.match(text) is not None
    return Decorations(prefix[1] if prefix else b"", float("nan"), collected=True, is_gc=is_gc, text=text)


def is_old_format(line: bytes) -> bool:
    """Return whether a line is one of a GC log as JDK 8 and older wrote it.

    Examples
    --------
    >>> is_old_format(b"0.5: [GC (Allocation Failure) 512K->400K(1024K), 0.01 secs]"), is_old_format(b"[gc] Using G1")
    (True, False)
    """
    return OLD_FORMAT.search(line, 0, 4096) is not None


def pause_line(text: bytes) -> PauseLine:
    """Return what the last line of a pause says.

    Parameters
    ----------
    text : bytes
        After ``GC(n)``; from ``Pause`` on.

    Raises
    ------
    ValueError
        If it is no pause of Serial, Parallel, CMS or G1.

    Examples
    --------
    >>> pause_line(b"Pause Young (Mixed) (G1 Evacuation Pause) (Evacuation Failure) 94M->95M(96M) 1.250ms")[:2]
    ('mixed', 'G1 Evacuation Pause')
    >>> pause_line(b"Pause Full (System.gc()) 12M->10M(1598M) 13.036ms").cause
    'System.gc()'
    """
    found = PAUSE.fullmatch(text)
    if found is None:
        raise ValueError("no pause that is known")
    name, groups, *sizes, millis = found.groups()
    kind = name.decode().lower().replace(" ", "_")
    inside = [g for g in GROUP.findall(groups) if not g.startswith(b"Evacuation Failure")]
    if kind == "young" and inside and inside[0] in YOUNG_KINDS:
        kind = YOUNG_KINDS[inside.pop(0)]
    cause = inside[0].decode("utf-8", "replace") if inside else ""
    before, after, committed = (
        float(int(n) * BYTES[unit]) if n else float("nan") for n, unit in zip(sizes[::2], sizes[1::2], strict=True)
    )
    return PauseLine(kind, cause, before, after, committed, _seconds(millis, 1e-3))


def safepoint_line(text: bytes, operation: str = "") -> SafepointLine:
    """Return what a safepoint's last line says, as JDK 13 and later or as JDK 9 to 12 write it.

    Parameters
    ----------
    text : bytes
        What follows the decorations.
    operation : str
        Named by an earlier line, in JDK 9 to 12.

    Raises
    ------
    ValueError
        If it is no such line.

    Examples
    --------
    >>> safepoint_line(b'Safepoint "Halt", Time since last: 5 ns, Reaching safepoint: 2000 ns, Total: 9000 ns')
    SafepointLine(operation='Halt', reaching_seconds=2e-06, total_seconds=9e-06)
    """
    if found := SAFEPOINT.match(text):
        parts = dict(PAIR.findall(found[2]))
        if b"Total" not in parts:
            raise ValueError("a safepoint without a total")
        reaching = _seconds(parts.get(b"Reaching safepoint", b"0"), 1e-9)
        return SafepointLine(found[1].decode("utf-8", "replace"), reaching, _seconds(parts[b"Total"], 1e-9))
    if stopped := STOPPED.fullmatch(text):
        return SafepointLine(operation, _seconds(stopped[2]), _seconds(stopped[1]))
    raise ValueError("no safepoint")


def _seconds(text: bytes, unit: float = 1.0) -> float:
    seconds = float(text.replace(b",", b".")) * unit
    if not seconds <= LONGEST_SECONDS:
        raise ValueError("longer than a day")
    return round(seconds, 9)
