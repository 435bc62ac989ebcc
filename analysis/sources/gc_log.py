"""GC logs of HotSpot (JDK 9 and later, unified logging) to pauses, safepoints and the lives of the JVM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import EvidenceError
from analysis.sources.gc_frames import GcLog, gc_frames, no_gc_log
from analysis.sources.gc_holes import number_of, since_last_us, unread_us
from analysis.sources.gc_life import INIT, READ, Life, collector_of, holes_of, take_init, time_of
from analysis.sources.gc_lines import Decorations, decorations, is_old_format, pause_line, safepoint_line
from analysis.sources.lines import NOT_UNDERSTOOD, ReadReport, Tally, open_lines

__all__ = ["GcLog", "no_gc_log", "read_gc_log"]

NAN = float("nan")
NUMBERED = re.compile(rb"GC\((\d{1,9})\) (?:([yYO]): )?")
CPU = re.compile(rb"User=(\d+[.,]\d+)s Sys=(\d+[.,]\d+)s Real=(\d+[.,]\d+)s\s*")
WORKERS = re.compile(rb"Using \d+ workers of (\d{1,6})\b")
FOREIGN_TEXT = re.compile(rb"(?:Garbage|Minor|Major) Collection \(|(?:Allocation|Relocation) Stall|Pause Degenerated")
WHOLE = re.compile(rb"(?:\dm?s| ns| seconds| total)\s*$")  # how the last line of a pause or safepoint ends
HEAD = 6  # bytes of a line's decorations that tell a wall clock from an uptime
RESTART_SECONDS = 1.0  # threads write out of order by milliseconds; an uptime that falls by more is another JVM's


@dataclass
class _Reading:
    """What was read so far."""

    pauses: list[list[Any]] = field(default_factory=list)
    safepoints: list[tuple[Any, ...]] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    number: int = 0
    operation: str = ""
    open_cpu: dict[int, int] = field(default_factory=dict)  # gcid -> its latest pause, while its CPU line may follow
    first_pause: int = 0  # of the current life
    foreign: int = 0
    without_clock: int = 0
    collected: bool = False

    def understand(self, line: bytes) -> bool:
        """Take one line, return False if it is none of the GC log; raise ValueError if it is, and is not understood."""
        if self.lives and self._is_detail(line):
            life = self.lives[-1]
            if (gcid := number_of(line)) != life.chain.latest and life.chain.skips(gcid):
                life.chain.skip(gcid, time_of(life.last, life), time_of(line, life))
            life.last = life.numbered = line
            life.recognised += 1
            return True
        found = decorations(line)
        if not found.is_gc:
            if is_old_format(line):
                raise ValueError("the format of JDK 8")
            self.foreign += 1
            return False
        if not found.clock:
            self.without_clock += 1
            raise ValueError("no wall clock")
        life = self._life_of(found, line)
        self.collected |= found.collected
        try:
            self._take(found, life)
        except NOT_UNDERSTOOD:
            life.unrecognised += 1
            raise
        life.recognised += 1
        return True

    def _is_detail(self, line: bytes) -> bool:
        """Return whether a line tells details of a collection that are not read: most lines do, and need no parsing."""
        life = self.lives[-1]
        return (
            b"] GC(" in line and b"[gc," in line and line[:HEAD] == life.last[:HEAD]
            and b" Pause " not in line and b"User=" not in line and b" workers of " not in line
            and not (self.open_cpu and b" Concurrent " in line) and bool(life.collector) and life.collector in READ
        )  # fmt: skip

    def _life_of(self, found: Decorations, line: bytes) -> Life:
        """Return the life that a line belongs to: a new one where the uptime falls, or a JVM names its collector."""
        begins = found.text.startswith(b"Using ") and collector_of(found.text) is not None
        if self.lives:
            life = self.lives[-1]
            fell = found.uptime_seconds < life.uptime_seconds - RESTART_SECONDS
            if not fell and not (begins and life.collector):
                life.previous, life.last, life.uptime_seconds = life.last, line, found.uptime_seconds
                return life
        _ = found.end_us  # a life begins with a time
        self.lives.append(Life(found, line, found.uptime_seconds))
        self.open_cpu.clear()
        self.first_pause = len(self.pauses)
        return self.lives[-1]

    def _take(self, found: Decorations, life: Life) -> None:
        text = found.text
        if numbered := NUMBERED.match(text):
            self._numbered(found, life, int(numbered[1]), text[numbered.end() :])
            if numbered[2] or life.collector not in READ:
                raise ValueError("a collector that is not read")
        elif text.startswith((b'Safepoint "', b"Total time for which")):
            stop = safepoint_line(text, self.operation)
            end = found.end_us
            start = end - round(stop.total_seconds * 1e6)
            self.safepoints.append((end, start, *stop, self.number))
            life.chain.safepoint(start, end, since_last_us(text))
            life.numbered = life.last
        elif text.startswith(b"Entering safepoint region: "):
            self.operation = text[27:].decode("utf-8", "replace").strip()
        elif FOREIGN_TEXT.match(text):
            raise ValueError("a stall of a collector that is not read")
        elif text.startswith(b"Using ") and (name := collector_of(text)) is not None:
            life.collector = name
            life.workers = 1.0 if name == "Serial" else life.workers
        elif said := INIT.match(text):
            take_init(life, said[1], said[2])

    def _numbered(self, found: Decorations, life: Life, gcid: int, text: bytes) -> None:
        life.numbered = life.last
        of_pause = text.startswith(b"Pause ")
        ends = of_pause and text.rstrip()[-2:] == b"ms"
        pause, start, end = None, 0, 0
        if ends:
            end = found.end_us
            try:
                pause = pause_line(text)
            except NOT_UNDERSTOOD:
                life.chain.holes.append((end - unread_us(text), end))
                life.chain.begun.pop(gcid, None)
                raise
            start = end - round(pause.duration_seconds * 1e6)
            life.chain.pause(gcid, start)
        elif of_pause:
            life.chain.begun[gcid] = (found.end_us, -1)
        if gcid != life.chain.latest and life.chain.skips(gcid):
            life.chain.skip(gcid, time_of(life.previous, life), start if ends else time_of(life.last, life))
        if pause is not None:
            self.open_cpu[gcid] = len(self.pauses)
            sizes = (pause.before_bytes, pause.after_bytes, pause.committed_bytes)
            row = [end, start, pause.duration_seconds, pause.kind, pause.cause, gcid, *sizes, NAN, NAN, NAN, False]
            self.pauses.append([*row, self.number])
            self._nest(len(self.pauses) - 1)
        elif text.startswith(b"User="):
            times = CPU.fullmatch(text)
            if times is None:
                raise ValueError("no CPU times")
            if (place := self.open_cpu.pop(gcid, None)) is not None:
                self.pauses[place][9:12] = [float(t.replace(b",", b".")) for t in times.groups()]
        elif text.startswith(b"Concurrent "):
            self.open_cpu.pop(gcid, None)
        elif used := WORKERS.match(text):
            life.workers = float(np.fmax(life.workers, float(used[1])))
        elif FOREIGN_TEXT.match(text):
            raise ValueError("a collector that is not read")

    def _nest(self, outer: int) -> None:
        """Mark the pauses that began and ended inside this one: JDK 11 runs a full one inside a young one.

        They have a later number and were logged before it.
        """
        start, gcid = self.pauses[outer][1], self.pauses[outer][5]
        if self.pauses[outer][3] in ("remark", "cleanup"):
            return
        for inner in range(outer - 1, self.first_pause - 1, -1):
            row = self.pauses[inner]
            if row[5] <= gcid or (row[0] + row[1]) // 2 < start:
                return
            row[12] = True

    def log(self) -> GcLog:
        """Return the frames."""
        lives: list[tuple[Any, ...]] = [
            (
                x.first.end_us, time_of(x.last, x), x.collector, x.version, x.cpus, x.workers, x.recognised,
                x.unrecognised, x.first.uptime_seconds,
            )
            for x in self.lives
        ]  # fmt: skip
        holes = [hole for x in self.lives for hole in holes_of(x)]
        return gc_frames([tuple(row) for row in self.pauses], self.safepoints, lives, holes)


def read_gc_log(path: Path) -> tuple[GcLog, ReadReport]:
    """Read the GC log of a JVM: unified logging (``-Xlog:gc*,safepoint``) of Serial, Parallel, CMS and G1.

    Any subset of decorations will do that has a wall clock (``time``, ``utctime``, ``timemillis``), or a log
    collector's time in front. An uptime alone is not turned into a time. Lines of ZGC and Shenandoah, and of JDK 8,
    are counted as not recognised; lines of the application are counted apart.

    Parameters
    ----------
    path : Path
        The file; plain, gzip or zstd.

    Returns
    -------
    log : GcLog
        Pauses, safepoints, lives.
    report : ReadReport
        What was understood; a last line that was cut is accepted and said.

    Raises
    ------
    EvidenceError
        If the file cannot be read, has no line of a GC log, or none with a wall clock.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "gc.log")
    ...     _ = path.write_text("[2026-11-22T18:04:30.123+0000][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms")
    ...     log, report = read_gc_log(path)
    >>> log.pauses["duration_seconds"].tolist(), report.recognised
    ([0.0113], 1)
    """
    source, tally, reading = open_lines(path), Tally(path.name), _Reading()
    last = len(source.lines) - 1 if source.open_end else -1
    cut, old = source.truncated, 0
    for at, line in enumerate(source.lines):
        if not line.strip():
            continue
        reading.number = at + 1
        try:
            if at == last and source.truncated:
                raise ValueError("the line was cut with the stream")
            tally.recognised += reading.understand(line)
        except NOT_UNDERSTOOD as error:
            old += str(error) == "the format of JDK 8"
            tally.miss(f"line {at + 1}", line)
            cut = cut or at == last
    _refuse(path, reading, tally)
    if source.open_end and not cut and reading.lives:
        cut = WHOLE.search(source.lines[-1]) is None
    return reading.log(), tally.report(*_notes(reading, old), truncated=cut)


def _refuse(path: Path, reading: _Reading, tally: Tally) -> None:
    if reading.without_clock and not reading.lives:
        raise EvidenceError(
            "the GC log needs a wall clock: its lines have an uptime or no time at all",
            where=path.name,
            expected="lines such as [2026-11-22T18:04:30.123+0000][gc] ...",
            next="log with -Xlog:gc*,safepoint:file=gc.log:time,uptime,level,tags",
        )
    if reading.foreign and not tally.recognised + tally.unrecognised:
        raise EvidenceError(
            "no line of a GC log",
            where=path.name,
            expected="unified logging of HotSpot, -Xlog:gc*,safepoint",
            next="check the path under sources.gc_logs",
        )


def _notes(reading: _Reading, old: int) -> Sequence[str]:
    """Return what a reader of the numbers must know."""
    lives = reading.lives
    unread = sorted({x.collector for x in lives} - READ)
    without_cpu = bool(reading.pauses) and all(np.isnan(row[9]) for row in reading.pauses)
    return (
        f"{_lines(reading.foreign, 'is', 'are')} mixed in of others" if reading.foreign else "",
        f"{_lines(reading.without_clock, 'has', 'have')} no wall clock: not used" if reading.without_clock else "",
        f"{_lines(old, 'is', 'are')} in the format of JDK 8, which is not read" if old else "",
        f"pauses and stalls of {', '.join(unread)} are not read" if unread else "",
        f"{len(lives)} JVMs one after the other" if len(lives) > 1 else "",
        "times are those of the log collector" if reading.collected else "",
        "no safepoints in the log: the time to reach one is not known" if lives and not reading.safepoints else "",
        "no CPU times in the log" if without_cpu else "",
        "lines are missing from it: what happened there is unknown" if any(holes_of(x) for x in lives) else "",
    )


def _lines(n: int, one: str, several: str) -> str:
    return f"{n} line {one}" if n == 1 else f"{n} lines {several}"
