"""Files of GC logs: their format, when they begin, and the order in which one follows another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from analysis.errors import EvidenceError
from analysis.sources.chunks import Chunk, chunks
from analysis.sources.gclog.decorations import decorations
from analysis.sources.gclog.formats import LEGACY, OTHERS, UNIFIED
from analysis.sources.gclog.legacy.stamps import STAMP, read_stamp
from analysis.sources.gclog.rows import NO_CLOCK
from analysis.sources.times import epoch_us
from analysis.sources.wrapped import ISO

__all__ = ["LogFile", "Place", "in_order", "no_line", "opened", "whole_lines"]

BLOCK = 1 << 21  # bytes of a chunk: fewer cost more calls, more leave the cache of the processor
HEAD = 1 << 15  # bytes of a chunk that mostly tell the format
PEEK = 64  # chunks in which the format must show
FIRST_LINES = 2000  # in which a stamp must show
SAME_START_US = 2e6  # files that say their JVM began at the same time may be of one rotated set
NAN = float("nan")
WRAPPED = re.compile(rb"^(" + ISO + rb")[ \t]", re.MULTILINE)  # JDK 8 ends a time with a colon

OTHER_KIND = {  # of a file that is read as one kind: a word that the other has, and its events
    "unified": (b" secs]", re.compile(rb"\[(?:Full )?GC[^\n]* secs\]")),
    "legacy": (b"] GC(", re.compile(rb"\] GC\(\d+\) Pause [^\n]*ms$", re.MULTILINE)),
}


@dataclass
class Place:
    """Where the lines of a file stand among those of all files that are read as one: `before` lines, then `lines`.

    `began_us`: when its first JVM began by the clock of who collected the lines [us]; NaN unknown. `other_kind`: events
    in the format that the file is not read as.
    """

    name: str
    before: int = 0
    lines: int = 0
    began_us: float = float("nan")
    other_kind: int = 0

    def holds(self, line: int) -> bool:
        """Return whether a line is the file's."""
        return self.before < line <= self.before + self.lines

    def count(self, lines: Sequence[int]) -> int:
        """Return how many of some lines are the file's."""
        found = np.asarray(lines, dtype="i8")
        return int(((found > self.before) & (found <= self.before + self.lines)).sum())


@dataclass
class LogFile:
    """A GC log that is open: `kind` "unified" or "legacy", its chunks, and its first stamps [us], [s] (NaN for none).

    While it is read: its place, the end of a last line without line end (`open_end`), whether it is `cut`.
    """

    path: Path
    kind: str
    clock_us: float
    uptime_seconds: float
    parts: Iterator[Chunk]
    place: Place
    open_end: bytes = b""
    cut: bool = field(default=False)

    @property
    def started_us(self) -> float:
        """When the JVM started by its first stamps [us]; NaN unknown."""
        return self.clock_us - self.uptime_seconds * 1e6


def opened(path: Path, name: str) -> LogFile:
    """Return a GC log, open, with its format and first stamps.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What to call it.

    Raises
    ------
    EvidenceError
        If it cannot be read, or no line of a GC log is among its first 64 MiB.
    """
    parts = chunks(path, block=BLOCK)
    head: list[Chunk] = []
    for part in parts:
        head.append(part)
        for data in (part.data[:HEAD], part.data[HEAD:]):
            unified, legacy = len(UNIFIED.findall(data)), len(LEGACY.findall(data))
            if unified or legacy:
                kind = "unified" if unified >= legacy else "legacy"
                clock, uptime = _first_stamps(data, kind)
                began = _began_us(data) if kind == "legacy" and np.isnan(clock) else NAN
                place = Place(name, began_us=began)
                every = _watched(chain(head, parts), place, *OTHER_KIND[kind])
                return LogFile(path, kind, clock, uptime, every if kind == "unified" else map(_bare, every), place)
        if len(head) == PEEK:
            break
    other = next((name for name, looks in OTHERS.items() for part in head[:1] if looks.search(part.data)), "")
    raise no_line(path, empty=not head, other=other)


def _first_stamps(data: bytes, kind: str) -> tuple[float, float]:
    for line in data.split(b"\n", FIRST_LINES)[:FIRST_LINES]:
        try:
            if kind == "unified":
                found = decorations(line)
                if found.is_gc and (found.clock or not np.isnan(found.uptime_seconds)):
                    return (float(found.clock_us) if found.clock else NAN), found.uptime_seconds
            elif (match := STAMP.match(WRAPPED.sub(b"", line))) and match.end():
                stamp = read_stamp(match)
                if stamp.clock_us != NO_CLOCK or not np.isnan(stamp.uptime_seconds):
                    return (float(stamp.clock_us) if stamp.clock_us != NO_CLOCK else NAN), stamp.uptime_seconds
        except ValueError:
            continue
    return NAN, NAN


def _watched(parts: Iterable[Chunk], place: Place, word: bytes, event: re.Pattern[bytes]) -> Iterator[Chunk]:
    """Yield chunks, and count in the place what they tell in the other format: a file may go on after an upgrade."""
    for part in parts:
        if word in part.data[:HEAD] or word in part.data[-HEAD:]:  # rarely; a JVM that took over goes on to an end
            place.other_kind += sum(1 for _ in event.finditer(part.data))
        yield part


def _bare(part: Chunk) -> Chunk:
    """Return lines of JDK 8 without the time of who collected them: theirs begin with the first byte."""
    return part._replace(data=WRAPPED.sub(b"", part.data)) if WRAPPED.search(part.data, 0, HEAD) else part


def _began_us(data: bytes) -> float:
    """Return when the JVM began [us] by the first line that has an uptime and a time of who collected it."""
    for found in WRAPPED.finditer(data):
        stamped = STAMP.match(data, found.end())
        if stamped and stamped[2]:
            return epoch_us(found[1].decode().replace(",", ".")) - read_stamp(stamped).uptime_seconds * 1e6
    return NAN


def in_order(files: Sequence[LogFile]) -> list[list[LogFile]]:
    """Return files grouped to those that may be of one rotated set, in order of their first stamps.

    Files of one format whose JVM started at the same time are one group, and so are those that do not tell.

    Parameters
    ----------
    files : sequence of LogFile
        In any order.
    """
    groups: list[list[LogFile]] = []
    for file in sorted(files, key=lambda f: tuple(np.nan_to_num([f.clock_us, f.uptime_seconds]))):
        mine = next((g for g in groups if g[0].kind == file.kind and _together(g[-1], file)), None)
        if mine is None:
            groups.append([file])
        else:
            mine.append(file)
    return [sorted(g, key=lambda f: float(np.nan_to_num(f.uptime_seconds))) for g in groups]  # clocks may be set back


def _together(before: LogFile, after: LogFile) -> bool:
    stamps = [[bool(np.isnan(x)) for x in (f.clock_us, f.uptime_seconds)] for f in (before, after)]
    if np.isnan(before.started_us) or np.isnan(after.started_us):
        return stamps[0] == stamps[1]
    return abs(before.started_us - after.started_us) <= SAME_START_US


def whole_lines(files: Iterable[LogFile]) -> Iterator[Chunk]:
    """Yield the chunks of files one after the other, and set their places, open ends and whether they are cut.

    A chunk is of one file: its last line ends with it. Lines are counted where there are several files.
    """
    before = 0
    several = list(files)
    for file in several:
        lines, last, held = 0, b"\n", False
        for part in file.parts:
            lines += part.data.count(b"\n") if len(several) > 1 else 0
            held = held or bool(part.data)
            last = part.data or last
            file.cut = file.cut or part.cut
            yield part
        file.open_end = b"" if last.endswith(b"\n") else last[last.rfind(b"\n") + 1 :][-400:]
        lines += bool(file.open_end)
        file.place.before, file.place.lines = before, lines
        before += lines


def no_line(path: Path, *, empty: bool, other: str = "") -> EvidenceError:
    """Return the error of a file that is no GC log, or one of another virtual machine."""
    what = "the file is empty" if empty else f"no line of a GC log of HotSpot, but of one of {other}" if other else ""
    return EvidenceError(
        what or "no line of a GC log", where=path.name,
        expected="a log of HotSpot's collectors, such as -Xlog:gc*,safepoint:file=gc.log:time,uptime,level,tags",
        next="check the path, and that the JVM was told to log",
    )  # fmt: skip
