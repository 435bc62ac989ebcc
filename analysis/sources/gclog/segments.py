"""Stretches of a GC log that one JVM wrote: where a file goes over from one JVM to the next, and what each says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from analysis.sources.gclog.files import Place
from analysis.sources.gclog.rows import NO_CLOCK, Columns, Rows

__all__ = ["RESTART_SECONDS", "TABLES", "Segment", "segments"]

TABLES = ("pauses", "safepoints", "cycles", "phases", "stalls")
STAMPED = (*TABLES, "stamps", "numbers", "begun")
SAME_START_US = 2e6  # a JVM starts once; stamps are rounded, and those of the write
RESTART_SECONDS = 1.0  # threads write out of order by milliseconds; an uptime that falls by more is another JVM's
NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Segment:
    """Lines `first` to `last` of a file, of one JVM; where several wrote it at once, those of them that are its.

    Parameters
    ----------
    place : Place
        The file that it stands in.
    rows : Rows
        All rows of the files that were read with it.
    first, last : int
        Numbers of lines among those of all these files, both included.
    clock_us, uptime_seconds : ndarray, shape (n,)
        Stamps of its rows, in order of line.
    gcids : (int, int)
        The first and the largest number of a collection; -1 for none.
    begin_seconds : float
        The uptime at which the first of its rows began [s]; NaN unknown.
    turns : (ndarray, ndarray, int), optional
        Where several JVMs wrote at once: the lines at which another goes on, which it is, and which is this one.
    """

    place: Place
    rows: Rows
    first: int
    last: int
    clock_us: np.ndarray
    uptime_seconds: np.ndarray
    gcids: tuple[int, int]
    begin_seconds: float = NAN
    turns: tuple[np.ndarray, np.ndarray, int] | None = None

    def holds(self, lines: np.ndarray) -> np.ndarray:
        """Return which of some lines are its, shape (n,)."""
        inside = np.asarray((lines >= self.first) & (lines <= self.last))
        if self.turns is not None:
            starts, whose, mine = self.turns
            inside &= whose[np.maximum(np.searchsorted(starts, lines, side="right") - 1, 0)] == mine
        return inside

    @property
    def lines(self) -> int:
        """How many lines are its."""
        if self.turns is None:
            return self.last - self.first + 1
        starts, whose, mine = self.turns
        return int((np.append(starts[1:], self.rows.lines + 1) - starts)[whose == mine].sum())

    @cached_property
    def offset_us(self) -> float:
        """Wall clock at uptime zero [us]: when the JVM started; NaN unknown."""
        both = (self.clock_us != NO_CLOCK) & np.isfinite(self.uptime_seconds)
        if not both.any():
            return NAN
        return float(np.median(self.clock_us[both] - self.uptime_seconds[both] * 1e6))

    @cached_property
    def uptimes(self) -> tuple[float, float]:
        """The least and the largest uptime [s]; NaN for none."""
        known = self.uptime_seconds[np.isfinite(self.uptime_seconds)]
        return (float(known.min()), float(known.max())) if len(known) else (NAN, NAN)

    @cached_property
    def begin(self) -> tuple[float, float]:
        """The first clock [us] and the first uptime [s]; NaN for none."""
        clock = self.clock_us[self.clock_us != NO_CLOCK]
        return (float(clock[0]) if len(clock) else NAN), self.begin_seconds

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What its lines say of the JVM, the first of each."""
        found: dict[str, Any] = {}
        inside = self.holds(np.array([line for line, _, _ in self.rows.facts], dtype="i8"))
        for (_, name, value), mine in zip(self.rows.facts, inside.tolist(), strict=True):
            if mine:
                found.setdefault(name, value)
        return found

    def table(self, name: str) -> Columns:
        """Return the columns of a table of `Rows`, as arrays, of its lines."""
        columns = getattr(self.rows, name)
        if not columns or not len(columns["line"]):
            return {}
        inside = self.holds(columns["line"])
        whole = inside.all()
        return {key: cells if whole else cells[inside] for key, cells in columns.items() if key != "begin_lines"}

    def count(self, lines: list[int]) -> int:
        """Return how many of some lines are its."""
        return int(self.holds(np.asarray(lines, dtype="i8")).sum())


def _arrays(columns: Columns) -> Columns:
    return {name: _array(cells) for name, cells in columns.items()}


def _array(cells: Any) -> np.ndarray:
    if isinstance(cells, np.ndarray):
        return cells
    return np.array(cells, dtype=object) if cells and isinstance(cells[0], str) else np.array(cells)


def _stamp_all(tables: dict[str, Columns]) -> None:
    """Give rows without a stamp that of the row before, where others have one: a line is written after the last."""
    some = [t for t in tables.values() if t and len(t["line"])]
    if not some:
        return
    line, clock, uptime = (np.concatenate([t[name] for t in some]) for name in ("line", "clock_us", "stamp_seconds"))
    known = (clock != NO_CLOCK) | np.isfinite(uptime)
    if known.all() or not known.any():
        return
    order = np.flatnonzero(known)[np.argsort(line[known], kind="stable")]
    for table in some:
        lacks = (table["clock_us"] == NO_CLOCK) & np.isnan(table["stamp_seconds"])
        before = order[np.maximum(np.searchsorted(line[order], table["line"], side="right") - 1, 0)]
        table["clock_us"] = np.where(lacks, clock[before], table["clock_us"])
        table["stamp_seconds"] = np.where(lacks, uptime[before], table["stamp_seconds"])


def segments(rows: Rows, places: Sequence[Place]) -> tuple[Segment, ...]:
    """Return the stretches of files that one JVM wrote each, in order; none goes beyond its file.

    A new JVM begins where the uptime falls by more than a second, where a line names the collector after there were
    collections, and, in a log without an uptime, where the numbers of collections begin at zero again.

    Parameters
    ----------
    rows : Rows
        What the files say.
    places : sequence of Place
        The files.

    Examples
    --------
    >>> table = {"line": [1, 2, 3], "clock_us": [NO_CLOCK] * 3, "stamp_seconds": [5.0, 9.0, 0.1]}
    >>> [(s.first, s.last) for s in segments(Rows(stamps=table, lines=3), [Place("gc.log", 0, 3)])]
    [(1, 2), (3, 3)]
    """
    tables: Any = {name: _arrays(getattr(rows, name)) for name in STAMPED}
    _stamp_all(tables)
    rows = replace(rows, **tables)
    line, clock, uptime, began, gcid, event = _stamps(rows)
    if turns := _turns(line, clock, uptime, places):
        return tuple(
            _segment(rows, places, (int(firsts[0]), rows.lines), (line, clock, uptime, began, gcid), (*turns, jvm))
            for jvm in range(int(turns[1].max()) + 1)
            if len(firsts := turns[0][turns[1] == jvm])
        )
    told = sorted(rows.stamps.get("begin_lines", []))
    starts = sorted(
        {*_starts((line, clock, uptime, began, gcid, event), told), *(p.before + 1 for p in places if p.lines)}
    )
    lasts = [*(s - 1 for s in starts[1:]), max(rows.lines, 1)]
    return tuple(
        _segment(rows, places, edges, (line, clock, uptime, began, gcid)) for edges in zip(starts, lasts, strict=True)
    )


def _segment(
    rows: Rows, places: Sequence[Place], edges: tuple[int, int], cells: tuple[np.ndarray, ...],
    turns: tuple[np.ndarray, np.ndarray, int] | None = None,
) -> Segment:  # fmt: skip
    line, clock, uptime, began, gcid = cells
    place = next((p for p in places if p.holds(edges[0])), places[0])
    none = np.zeros(0)
    mine = Segment(place, rows, *edges, none, none, (-1, -1), turns=turns).holds(line)
    numbers = gcid[mine & (gcid >= 0)]
    ends = (int(numbers[0]), int(numbers.max())) if len(numbers) else (-1, -1)
    known = began[mine][np.isfinite(began[mine])]
    earliest = float(known.min()) if len(known) else NAN
    return Segment(place, rows, *edges, clock[mine], uptime[mine], ends, earliest, turns)


def _stamps(rows: Rows) -> tuple[np.ndarray, ...]:
    """Return of all rows, in order of line: line, clock, uptime at end and begin, number (-1: none), is it an event."""
    parts: list[list[np.ndarray]] = [[], [], [], [], [], []]
    for name in STAMPED:
        columns = getattr(rows, name)
        n = len(columns["line"]) if columns else 0
        if not n:
            continue
        uptime = np.asarray(columns["stamp_seconds"], dtype="f8")
        length = columns.get("duration_seconds", columns.get("total_seconds"))
        began = uptime if length is None else uptime - np.nan_to_num(np.asarray(length, dtype="f8"))
        gcid = np.asarray(columns["gcid"], dtype="i8") if name != "stalls" and "gcid" in columns else np.full(n, -1)
        line, clock = (np.asarray(columns[key], dtype="i8") for key in ("line", "clock_us"))
        cells = line, clock, uptime, began, gcid, np.full(n, name in TABLES)
        for part, cell in zip(parts, cells, strict=True):
            part.append(cell)
    if not parts[0]:
        none = np.zeros(0, dtype="i8")
        return none, none, np.zeros(0), np.zeros(0), none, none.astype(bool)
    columns = [np.concatenate(part) for part in parts]
    order = np.argsort(columns[0], kind="stable")
    return tuple(column[order] for column in columns)


def _starts(cells: tuple[np.ndarray, ...], told: list[int]) -> list[int]:
    """Return the first line of each JVM; `told` are the lines that name a collector."""
    line, _, uptime, began, gcid, event = cells
    starts = [1]
    for before, at in _falls(line, uptime, began, gcid):
        starts.append(next((t for t in told if before < t <= at), at))
    for at in told:
        since = max((s for s in starts if s <= at), default=1)
        if since < at and ((line >= since) & (line < at) & event).any():
            starts.append(at)
        elif any(since <= t < at - 1 for t in told):  # a JVM may end before its first collection
            early = uptime[np.isin(line, (at - 1, at))]  # and the next may say something before it names its collector
            starts.append(at - 1 if len(early) > 1 and early[0] <= early[-1] else at)
    return sorted(set(starts))


def _turns(
    line: np.ndarray, clock: np.ndarray, uptime: np.ndarray, places: Sequence[Place]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the lines at which another JVM goes on, and which; None if lines of several are not mixed.

    Clock and uptime tell when a JVM started. A clock that is set changes that once and for all; mixed lines go back.
    """
    both = np.isfinite(uptime) & (clock != NO_CLOCK)
    if not both.any():
        return None
    started, lines = clock[both] - uptime[both] * 1e6, line[both]
    order = np.argsort(started, kind="stable")
    jvm = np.zeros(len(lines), dtype="i8")
    jvm[order] = np.cumsum(np.diff(started[order], prepend=started[order][:1]) > SAME_START_US)
    jvms = int(jvm.max()) + 1
    changes = int((np.abs(np.diff(started)) > SAME_START_US).sum())
    if jvms < 2 or changes < max(2 * jvms, 4):
        return None
    files = np.array([p.before + 1 for p in places if p.lines] or [1], dtype="i8")
    whose = jvm + jvms * (np.searchsorted(files, lines, side="right") - 1)  # a stretch is of one file
    change = np.concatenate([[0], np.flatnonzero(np.diff(whose)) + 1])
    starts = lines[change]
    first = np.concatenate([[True], np.diff((whose // jvms)[change]) > 0])
    starts = np.where(first, files[whose[change] // jvms], starts)  # what a file begins with is of its first JVM
    return starts, whose[change]


def _falls(line: np.ndarray, uptime: np.ndarray, began: np.ndarray, gcid: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of lines between which one JVM ends and another begins, by their uptimes or numbers."""
    known = np.isfinite(uptime)
    if known.any():
        lines, again = line[known], uptime[known][1:] < began[known][:-1] - RESTART_SECONDS
    else:
        lines, numbers = line[gcid >= 0], gcid[gcid >= 0]
        again = (numbers[1:] == 0) & (numbers[:-1] >= 2)
    return list(zip(lines[:-1][again].tolist(), lines[1:][again].tolist(), strict=True))
