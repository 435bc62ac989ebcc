"""GC logs of JDK 8 and before (Serial, Parallel, CMS, G1, Shenandoah) to rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from analysis.sources.gclog.legacy.atoms import ATOM, Atom, cut_atoms, has_atoms, read_atom
from analysis.sources.gclog.legacy.cycles import Cycle, Cycles, Phase, start_of
from analysis.sources.gclog.legacy.details import is_detail, is_of_gc, says_nothing
from analysis.sources.gclog.legacy.facts import CREATED, HEADER, header_facts, heap_fact
from analysis.sources.gclog.legacy.g1 import g1_pause
from analysis.sources.gclog.legacy.lives import Starts
from analysis.sources.gclog.legacy.pause import MARKS, cut_pause, read_pauses
from analysis.sources.gclog.legacy.pause_row import Pause, add_detail, add_line, tells_more
from analysis.sources.gclog.legacy.prefixes import without_prefix
from analysis.sources.gclog.legacy.quick import Quick, quick_look, quick_stamp
from analysis.sources.gclog.legacy.records import Record, Records, parted
from analysis.sources.gclog.legacy.rows import begun_columns, columns_of, name_collectors, pause_columns
from analysis.sources.gclog.legacy.shenandoah import Concurrent, Shenandoah, is_shenandoah
from analysis.sources.gclog.legacy.stamps import NO_STAMP, STAMP, Stamp, later, read_stamp
from analysis.sources.gclog.legacy.stops import Stop, Stops
from analysis.sources.gclog.rows import Rows
from analysis.sources.lines import NOT_UNDERSTOOD

__all__ = ["read_legacy"]

SAMPLES = 5
CUT = "pauses without an end (%d) are as long as the part of them that was told"
LONGEST_LINE = 1 << 16
PLAIN = (b"      [", b"   [", b"- age ", b"Desired survivor size ")
PLAIN_KINDS = frozenset(("young", "mixed"))  # no cycle begins or ends with them
KEPT = (b"   [E", b"   [ ", b"   [P")  # details that are read
GOES_ON = re.compile(rb"\s*(?:[:,(\[]|[-0-9T:+.,# ]{0,80}\[|[0-9.]+[BKMG]?->)|.*secs\]")
ORPHANED = re.compile(rb"\s*\[Times: [^][]{1,80}\]$")  # of a concurrent phase, cut off from it
REST = re.compile(rb"(?!.*\[(?:Full )?GC).*secs\]$")  # of a pause that began in another file


@dataclass
class _Reader:
    """What was read so far of a file."""

    rows: Rows = field(default_factory=Rows)
    records: Records = field(default_factory=Records)
    starts: Starts = field(default_factory=Starts)
    cycles: Cycles = field(default_factory=Cycles)
    stops: Stops = field(default_factory=Stops)
    shenandoah: Shenandoah = field(default_factory=Shenandoah)
    pauses: list[Pause] = field(default_factory=list)
    last: Pause | None = None  # which the details that follow are of
    quick: dict[int, Quick] = field(default_factory=dict)  # pauses of the commonest form, by line
    plain: Record | None = None  # the last of those, while nothing else was read: details make it one as the others
    late: int = 0  # line of the last of those, until what follows from it is told
    hints: dict[str, tuple[int, Any]] = field(default_factory=dict)  # facts that no header told: line, value
    next_mark: str = "initial_mark"
    cut: int = 0  # pauses without an end
    begun: list[tuple[int, Stamp]] = field(default_factory=list)

    def try_line(self, number: int, text: bytes) -> None:
        """Read a line; one that cannot be read is counted."""
        if not text:
            self.rows.blank.append(number)
            return
        try:
            if len(text) > LONGEST_LINE:
                raise ValueError("too long")
            self.line(number, text)
        except NOT_UNDERSTOOD:
            self._miss(number, text)

    def line(self, number: int, text: bytes) -> None:
        """Read a line that is neither blank nor one of G1's plain details."""
        plain = text.endswith(b"secs]") and not self.records.parts and not self.starts.header
        if plain and (quick := quick_look(text)):
            self._quick(Record((number,), text), quick)
            return
        self._catch_up()
        stamped = STAMP.match(text)
        at = stamped.end() if stamped and stamped.lastindex else 0
        if not self.records.parts and stamped and text.startswith(b"[GC pause", at):
            stamp = read_stamp(stamped) if at else NO_STAMP
            if pause := g1_pause(number, text, at, stamp):
                self._pause(pause, stamp)
                return
        elif stamped and (atom := ATOM.match(text, at)) and not text[atom.end() :].strip():
            self._atom(number, read_atom(atom, read_stamp(stamped)))
            return
        if has_atoms(text):
            text, atoms = cut_atoms(text)
            for one in atoms:
                self._atom(number, one)
            if says_nothing(text):
                return
        elif not at and is_detail(text) and not text.startswith((b",", b"   [E")):
            self._remark(number, text)
            return
        self._text(number, text)

    def _quick(self, record: Record, quick: Quick) -> None:
        if quick[3]:  # a full one
            self.next_mark = "initial_mark"
        self.quick[record.lines[0]] = quick
        self.late, self.last, self.plain = record.lines[0], None, record
        if not self.starts.rows:
            self._catch_up()

    def _catch_up(self) -> None:
        """Tell where the last of the commonest pauses was, before something else is read."""
        if self.late:
            stamp, took = quick_stamp(self.quick[self.late])
            self.starts.see(self.late, stamp, took)
            self.stops.see_pause(later(stamp, took))
            self.late = 0

    def _text(self, number: int, text: bytes) -> None:
        records = self.records
        if records.parts and not GOES_ON.match(text):
            self._left(number, text)
            return
        for record in (found := records.feed(number, text)):
            self._record(record)
        for left in records.left:
            if not found or is_of_gc(left):  # else what a logger put around it
                self._left(number, left)
        records.left = []
        self._broken(number)

    def _broken(self, number: int) -> None:
        """Count the lines of a pause that has no end; others are missing before the line `number`."""
        broken, self.records.broken = self.records.broken, []
        if not broken:
            return
        if pause := cut_pause([line for line, _ in broken], [part for _, part in broken]):
            self.pauses.append(pause)
            self.cut += 1
        elif number:  # else the end of the file cut it off, which is said
            for line, part in broken:
                self._miss(line, part)
        stamped = STAMP.match(broken[0][1])
        with suppress(ValueError):  # a date that does not exist
            self.begun.append((broken[0][0], self.stops.placed(read_stamp(stamped) if stamped else NO_STAMP)))
        if number:
            self.rows.holes.append((broken[-1][0], number))

    def _record(self, record: Record) -> None:
        try:
            if is_shenandoah(record.text):
                what = self.shenandoah.read(record)
                if isinstance(what, Pause):
                    self._pause(what)
                elif isinstance(what, Concurrent):
                    self.starts.see(what.line, what.end)
                    self.cycles.see_shenandoah(what)
                return
            if len(record.lines) > 1 and record.lines[0] not in self.quick and (quick := quick_look(record.text)):
                self._quick(record, quick)
                return
            pauses = read_pauses(record)
            for pause in pauses:
                self._pause(pause)
            self.last = pauses[0]  # not one inside it
        except NOT_UNDERSTOOD:
            for line in record.lines:
                self._miss(line, record.text)

    def _pause(self, pause: Pause, start: Stamp | None = None) -> None:
        if pause.kind == "bare_mark":
            pause.kind = next((kind for kind, cause in MARKS.items() if cause == pause.cause), self.next_mark)
            self.next_mark = "remark" if pause.kind == "initial_mark" else "initial_mark"
        elif pause.kind == "full":
            self.next_mark = "initial_mark"
        self.pauses.append(pause)
        self.last, self.plain = pause, None
        self.starts.see(pause.line, start or start_of(pause), pause.duration_seconds)
        if pause.kind not in PLAIN_KINDS:
            self.cycles.see_pause(pause)
        if not pause.nested:
            self.stops.see_pause(Stamp(pause.clock_us, pause.stamp_seconds))

    def _atom(self, number: int, atom: Atom) -> None:
        self.starts.see(number, atom.stamp)
        if atom.what in ("cms", "g1"):
            self.hints.setdefault("collector", (number, atom.what.upper()))
            stamp = self.stops.placed(atom.stamp)
            self.cycles.see_phase(number, atom.what, atom.name, atom.took, stamp)
        elif atom.what == "stopped":
            self.stops.see_stop(number, atom)
        elif atom.what == "running":
            self.stops.see_running(atom)

    def detail(self, text: bytes) -> None:
        """Read a detail of the last pause."""
        if last := self._detailed():
            add_detail(last, text)

    def _detailed(self) -> Pause | None:
        """Return the last pause, for its details; one of the commonest form is no more one of those then."""
        if self.last is None and self.plain is not None:
            self._catch_up()
            del self.quick[self.plain.lines[0]]
            (self.last,) = read_pauses(self.plain)
            self.pauses.append(self.last)
        self.plain = None
        return self.last

    def _remark(self, number: int, text: bytes) -> None:
        if CREATED.match(text):
            self.starts.see_rotation()
        elif HEADER.match(text):
            self.starts.see_header(number)
        elif len(self.hints) < 2 and (fact := heap_fact(text)):
            self.hints.setdefault(fact[0], (number, fact[1]))
        self.rows.facts += [(number, name, value) for name, value in header_facts(text)]

    def _left(self, number: int, text: bytes) -> None:
        """Take what is no record: it belongs to the last pause, or to nobody."""
        if says_nothing(text):
            return
        if tells_more(text) and (last := self._detailed()) and add_line(last, text):
            return
        if ORPHANED.match(text) or is_detail(text):
            self._remark(number, text)
        elif REST.match(text) and not (self.pauses or self.quick or self.starts.last[0] or self.rows.notes):
            self.rows.notes.append("the file begins inside a pause")
        elif is_of_gc(text):
            self._miss(number, text)
        else:
            self.rows.foreign.append(number)

    def _miss(self, number: int, text: bytes) -> None:
        self.rows.unrecognised.append(number)
        if len(self.rows.samples) < SAMPLES:
            self.rows.samples.append((number, text[:512]))

    def end(self) -> Rows:
        """Return the rows of the whole file."""
        if self.records.parts:
            self.rows.notes.append("the file ends inside a pause")
            self.records.abandon()
            self._broken(0)
        self._catch_up()
        rows = self.rows
        rows.pauses = pause_columns(self.pauses, self.quick)
        rows.facts += [(line, name, told) for name, (line, told) in self.hints.items() if name != "collector"]
        name_collectors(rows.pauses, rows.facts, self.hints.get("collector"))
        if self.starts.rows:
            self.stops.place_first(self.starts.rows[0][1])
        rows.safepoints = columns_of(self.stops.done, Stop)
        rows.cycles = columns_of(self.cycles.finished(), Cycle, without=("first",))
        rows.phases = columns_of(self.cycles.phases, Phase)
        rows.stamps = self.starts.columns()
        rows.begun = begun_columns(self.begun)
        rows.notes += self.stops.notes()
        rows.notes += [CUT % self.cut] if self.cut else []
        rows.foreign = sorted(set(rows.foreign).difference(rows.unrecognised))
        rows.unrecognised = sorted(set(rows.unrecognised))
        return rows


def read_legacy(lines: Iterable[bytes]) -> Rows:
    """Read the lines of a GC log of JDK 5 to 8, without or with their line ends.

    Stamps in such logs are those of the start of a pause; those of the rows are at its end. What was put before every
    line is taken off. A line counts as foreign if it is not of the collector, as unrecognised if it is and could not be
    read; all others are understood. Text of other threads is taken out of a pause; one inside another is `nested`.

    Parameters
    ----------
    lines : iterable of bytes
        One file, or several of one JVM one after the other.

    Examples
    --------
    >>> rows = read_legacy([b"1.500: [GC 2048K->1024K(8192K), 0.2500000 secs]"])
    >>> rows.pauses["kind"], rows.pauses["stamp_seconds"].tolist(), rows.pauses["heap_after_bytes"].tolist()
    (['young'], [1.75], [1048576.0])
    """
    reader = _Reader()
    number = 0
    for line in without_prefix(lines):
        if (
            line.startswith(PLAIN)
            and b"concurrent-" not in line
            and b"pplication t" not in line
            and b"\r" not in line[:-2]
        ):
            number += 1
            if line.startswith(KEPT):
                reader.detail(line)
            continue
        text = line.rstrip()
        for part in parted(text) if b"\r" in text else [text]:
            number += 1
            reader.try_line(number, part.rstrip())
    reader.rows.lines = number
    return reader.end()
