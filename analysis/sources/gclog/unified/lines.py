"""Unified logging of JDK 9 and later to rows: most lines of a chunk at once, a search in what is left, the rest.

What is written as HotSpot does is read many lines at once (`bulk.py`); the rest of what tells of collections is
searched for; what has no number (old safepoints, stalls, facts of a JVM, lines of others) is read line by line.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.sources.chunks import Chunk
from analysis.sources.gclog.decorations import decorations
from analysis.sources.gclog.formats import LEGACY
from analysis.sources.gclog.rows import Rows
from analysis.sources.gclog.stamps import read_stamps
from analysis.sources.gclog.unified.areas import areas_in, together
from analysis.sources.gclog.unified.bulk import Bulk, bulk_in
from analysis.sources.gclog.unified.concurrent import stall_of, told_by
from analysis.sources.gclog.unified.init import facts_of
from analysis.sources.gclog.unified.left import edges_of, lines_left, lines_of
from analysis.sources.gclog.unified.missing import TAIL, begun_in, cut_of, latest_of, numbered, numbers_in
from analysis.sources.gclog.unified.pause import PAUSE, WITHIN, loose_pause, pause_head
from analysis.sources.gclog.unified.rows import Gathered, joined
from analysis.sources.gclog.unified.safepoint import SAFEPOINT, one_safepoint
from analysis.sources.gclog.unified.shapes import DETAIL
from analysis.sources.gclog.words import Text, text_of
from analysis.sources.lines import NOT_UNDERSTOOD

__all__ = ["read_unified"]

TIMES = rb"User=(\d++\.\d++)s Sys=(\d++\.\d++)s Real=(\d++\.\d++)s"
BODY = (
    rb"GC\(([0-9]++)\) ([yYO]: )?+(?! )(?:"
    + PAUSE + rb"(?:\n(?:\[[^\]\n]*+\])*+ GC\(\1\) " + TIMES + rb")?+"  # mostly the next line
    rb"|Concurrent ((?:[A-Za-z-]++ )++)(?:\(\d[^)\n]*+\) )?+(\d++\.\d++)ms(?=\n)"
    rb"|" + TIMES + rb"(?: *(?=\n|\Z)|(?=\[))|" + DETAIL + rb"([^\n]*+))"  # or another line follows in it
)  # fmt: skip
FAST, SLOW = re.compile(rb"\] " + BODY), re.compile(BODY)
OF_PAUSE, OF_PAUSE_WITH_CPU, OF_PHASE, OF_CPU, OF_OTHER = 10, 13, 15, 18, 19  # the last group of each
CPU = re.compile(rb"User=(\d{1,9}[.,]\d{1,4})s Sys=(\d{1,9}[.,]\d{1,4})s Real=(\d{1,9}[.,]\d{1,4})s\s*")
NUMBERED = ("pauses", "phases", "others")
GC_LIKE = re.compile(
    rb"gc|safepoint|GC\(|Safepoint \"|Total time for which|Application time|Stall \(|Using |CPUs: "
    rb"|Heap |Workers|Memory: |Version: |Trigger: "
)
DEBUG = re.compile(rb"\[(?:debug|trace|develop) *\]\[")  # what such lines tell besides are details of events
MAIN_TAGS = frozenset({b"gc", b"gc,start"})
LONGEST_GCID = 9  # digits
SAMPLES = 5
LONGEST_PLAIN = 60  # bytes of a text that may come again


@dataclass
class _Search:
    """What was found so far; `first` is the number of lines before the chunk, `plain` texts that tell of no event."""

    rows: Rows = field(default_factory=Rows)
    gathered: Gathered = field(default_factory=Gathered)
    first: int = 0
    latest: int = -1  # number of a collection
    before: bytes = b""  # the end of the chunk before
    operation: bytes = b""
    letters: bool = False  # of the generations of ZGC were seen
    plain: set[bytes] = field(default_factory=set)

    def miss(self, line: int, text: bytes) -> None:
        self.rows.unrecognised.append(line)
        if len(self.rows.samples) < SAMPLES:
            self.rows.samples.append((line, bytes(text[:480])))


@dataclass
class _Found:
    """What was found in a chunk: line of the chunk, and a match or the cells of a row."""

    hits: list[tuple[int, re.Match[bytes]]]
    pauses: list[tuple[int, Any]] = field(default_factory=list)
    safepoints: list[tuple[int, Any]] = field(default_factory=list)
    stalls: list[tuple[int, Any]] = field(default_factory=list)
    phases: list[tuple[int, Any]] = field(default_factory=list)
    others: list[tuple[int, Any]] = field(default_factory=list)
    begun: list[tuple[int, Any]] = field(default_factory=list)
    cpu: list[tuple[int, Any]] = field(default_factory=list)
    stamps: list[tuple[int, Any]] = field(default_factory=list)
    edges: set[int] = field(default_factory=set)

    def tables(self) -> dict[str, list[tuple[int, Any]]]:
        return {
            "pauses": self.pauses, "safepoints": self.safepoints, "stalls": self.stalls, "phases": self.phases,
            "others": self.others, "begun": self.begun, "stamps": self.stamps,
        }  # fmt: skip


def read_unified(parts: Iterable[Chunk], *, areas: bool = True) -> Rows:
    """Return the rows of a log in unified logging.

    Parameters
    ----------
    parts : iterable of Chunk
        The file.
    areas : bool
        Whether to read generations, regions, metaspace and workers as well.

    Returns
    -------
    Rows
        Of pauses, safepoints, cycles, phases and stalls.

    Examples
    --------
    >>> line = b"[2026-11-22T18:04:30.123+0000][1.5s][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms"
    >>> rows = read_unified([Chunk(line, cut=False)])
    >>> rows.pauses["cause"].tolist(), rows.lines, rows.unrecognised
    (['System.gc()'], 1, [])
    """
    search = _Search()
    collecting = gc.isenabled()
    gc.disable()  # millions of matches come and go, none in a circle: looking for circles costs a sixth of the time
    try:
        for part in parts:
            if part.data:
                _take_chunk(search, part.data, areas=areas)
            if part.cut:
                search.rows.notes.append("the packed stream is broken")
    finally:
        if collecting:
            gc.enable()
    search.rows.lines = search.first
    if search.letters:
        search.rows.facts.append((1, "generational", True))
    return joined(search.rows, search.gathered)


def _take_chunk(search: _Search, data: bytes, *, areas: bool) -> None:
    text, (starts, ends) = text_of(data), edges_of(data)
    bulk = bulk_in(text, starts, ends, areas=areas)
    left = np.flatnonzero(bulk.left)
    some, begins = lines_left(data, starts, ends, left)
    hits, spots = list(FAST.finditer(some)), list(SAFEPOINT.finditer(some))
    found = _Found(list(zip(left[lines_of(hits, begins)].tolist(), hits, strict=True)))
    found.safepoints = list(zip(left[lines_of(spots, begins)].tolist(), (m.groups() for m in spots), strict=True))
    found.begun = [(int(left[i]), row) for i, row in begun_in(some, begins)]
    search.rows.numbered += int(np.count_nonzero(bulk.marked))
    alone = bulk.left & ~bulk.marked
    alone[[i for i, _ in found.safepoints]] = False
    for i in np.flatnonzero(alone).tolist():
        line = data[starts[i] : ends[i]]
        try:
            _take_line(search, i, line, found)
        except NOT_UNDERSTOOD:
            search.miss(search.first + i + 1, line)
    _keep(search, text, (starts, ends), found, bulk)
    if areas:
        more = areas_in(some)
        told = together(bulk.areas, more._replace(place=left[np.searchsorted(begins, more.place, side="right") - 1]))
        if len(told.gcid):
            search.gathered.areas.append((told, told.place + search.first + 1))
    search.first += len(starts)


def _take_line(search: _Search, i: int, line: bytes, found: _Found) -> None:
    """Take a line that the searches did not find; raise ValueError if it is of the GC log and not understood."""
    rows, number = search.rows, search.first + i + 1
    if not line.strip():
        rows.blank.append(number)
        return
    told = decorations(line) if GC_LIKE.search(line) else None
    if told is None or not told.is_gc:
        if LEGACY.search(line):
            raise ValueError("the format of JDK 8")
        rows.foreign.append(number)
        return
    text = told.text
    if event := SLOW.match(text):
        rows.numbered += 1
        found.hits.append((i, event))
    elif text.startswith((b'Safepoint "', b"Total time for which")):
        found.safepoints.append((i, one_safepoint(text, search.operation)))
    elif text.startswith(b"Entering safepoint region: "):
        search.operation = text[27:].strip()
    elif stall := stall_of(text):
        found.stalls.append((i, (-1, *stall)))
    elif text.startswith((b"Allocation Stall (", b"Relocation Stall (")):
        if not (text.endswith(b")") and told.tags in (b"gc,start", b"")):  # the begin of one, logged for details
            raise ValueError("no stall")
    else:
        facts = facts_of(text)
        rows.facts += [(number, name, value) for name, value in facts]
        if any(name == "collector" for name, _ in facts):
            search.gathered.begins.append((number, told.uptime_seconds))
            found.edges |= {max(i - 1, 0), i}  # the last line of one JVM, and the first of another


def _keep(search: _Search, text: Text, edges: tuple[np.ndarray, np.ndarray], found: _Found, bulk: Bulk) -> None:
    """Sort what was found in a chunk into tables, with stamps."""
    (starts, ends), first, data = edges, search.first + 1, text.data
    pauses: list[tuple[int, tuple[Any, ...]]] = []
    for i, m in found.hits:
        last = m.lastindex
        if last in (OF_PAUSE_WITH_CPU, OF_PAUSE):
            pauses.append((i, m.group(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)))
        elif last == OF_PHASE:
            found.phases.append((i, m.group(1, 14, 15)))
        elif last == OF_CPU and len(m[1]) <= LONGEST_GCID:
            found.cpu.append((i, m.group(1, 16, 17, 18)))
        elif (words := m[OF_OTHER] or b"") not in search.plain:
            line = data[starts[i] : ends[i]]
            try:
                if _other(search, (i, line), m, found) and len(words) < LONGEST_PLAIN:
                    search.plain.add(words)
            except NOT_UNDERSTOOD:
                search.miss(first + i, line)
    found.pauses += [
        p
        for p in pauses
        if pause_head(p[1][2]).kind != "other" or _is_pause(search, p[0], data[starts[p[0]] : ends[p[0]]])
    ]
    ended = bulk.tables["pauses"]
    found.begun = cut_of(
        numbered((bulk.begun["line"], bulk.begun["gcid"]), found.begun),
        numbered((ended.line, ended.columns["gcid"]), found.pauses),
    )
    found.stamps = [
        (i, ()) for i in sorted({0, len(starts) - 1} | found.edges) if decorations(data[starts[i] : ends[i]]).is_gc
    ]
    where = np.array([i for some in found.tables().values() for i, _ in some], dtype="i8")
    stamps = read_stamps(text, starts[where], ends[where])
    search.rows.collected |= stamps.collected
    search.letters = search.letters or bulk.letters or any(m[1] for _, m in found.pauses)
    told = []
    for name, table in bulk.tables.items():
        search.rows.collected |= table.stamps.collected
        search.gathered.keep(name, first + table.line, table.stamps, table.columns)
        told += [(first + table.line, table.columns["gcid"])] if len(table.line) and name in NUMBERED else []
    search.gathered.keep_cpu(first, bulk.cpu, found.cpu)
    at = 0
    for name, some in found.tables().items():
        part = slice(at, at + len(some))
        bad = search.gathered.add(name, first + where[part], stamps.part(part), [row for _, row in some])
        at = part.stop
        kept = search.gathered.tables.get(name, [])[-1:] if some and name in NUMBERED else []
        told += [(c["line"], np.asarray(c["gcid"], dtype="i8")) for c in kept if c["line"][0] >= first]
        for i in where[part][bad].tolist():
            search.miss(first + i, data[starts[i] : ends[i]])
    latest, jumped = latest_of(told, search.latest)
    if jumped:
        search.rows.vouched |= numbers_in(search.before) | numbers_in(data)
    search.latest, search.before = latest, data[-TAIL:]


def _is_pause(search: _Search, i: int, line: bytes) -> bool:
    """Return whether a line that tells of a pause of unknown kind tells of a stop: not one of others, and no detail."""
    if WITHIN.search(line):
        return False
    if not decorations(line).tags:
        search.rows.foreign.append(search.first + i + 1)
        return False
    return DEBUG.search(line) is None


def _other(search: _Search, line: tuple[int, bytes], m: re.Match[bytes], found: _Found) -> bool:
    """Take a numbered line that is not as usual; return whether the same text never tells more.

    Raises
    ------
    ValueError
        If it is not understood.
    """
    (i, whole), text = line, m[OF_OTHER] or b""
    if len(m[1]) > LONGEST_GCID:
        raise ValueError("the number of the collection is none")
    if text.startswith((b"Pause ", b"Incremental GC (", b"Full GC (")):
        if (parts := loose_pause(text)) is None and b"->" not in text and not text.rstrip().endswith(b"ms"):
            return False
        if parts is None:
            raise ValueError("no pause")
        known = pause_head(parts[0] or b"").kind != "other"
        if known or _is_pause(search, i, whole):
            found.pauses.append((i, (m[1], m[2], *parts, None, None, None)))
    elif text.startswith(b"User="):
        if (times := CPU.fullmatch(text)) is None:
            raise ValueError("no CPU times")
        cells = [x.replace(b",", b".") for x in times.groups()]
        found.cpu.append((i, (m[1], *cells)))
    elif stall := stall_of(text):
        found.stalls.append((i, (int(m[1]), *stall)))
    elif told := told_by(text):
        if told.kind == "plain":
            return True
        search.letters = search.letters or told.name in ("minor", "major")
        found.others.append((i, (int(m[1]), *told)))
    elif decorations(whole).tags in MAIN_TAGS and DEBUG.search(whole) is None:
        raise ValueError("not known")
    return False
