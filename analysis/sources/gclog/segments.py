"""Stretches of a GC log that one JVM wrote: where a file goes over from one JVM to the next, and what each says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """Lines `first` to `last` of a file, of one JVM.

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
    """

    place: Place
    rows: Rows
    first: int
    last: int
    clock_us: np.ndarray
    uptime_seconds: np.ndarray
    gcids: tuple[int, int]
    begin_seconds: float = NAN

    @property
    def offset_us(self) -> float:
        """Wall clock at uptime zero [us]: when the JVM started; NaN unknown."""
        both = (self.clock_us != NO_CLOCK) & np.isfinite(self.uptime_seconds)
        if not both.any():
            return NAN
        return float(np.median(self.clock_us[both] - self.uptime_seconds[both] * 1e6))

    @property
    def begin(self) -> tuple[float, float]:
        """The first clock [us] and the first uptime [s]; NaN for none."""
        clock = self.clock_us[self.clock_us != NO_CLOCK]
        return (float(clock[0]) if len(clock) else NAN), self.begin_seconds

    @property
    def facts(self) -> dict[str, Any]:
        """What its lines say of the JVM, the first of each."""
        found: dict[str, Any] = {}
        for line, name, value in self.rows.facts:
            if self.first <= line <= self.last:
                found.setdefault(name, value)
        return found

    def table(self, name: str) -> Columns:
        """Return the columns of a table of `Rows`, as arrays, of its lines."""
        columns = getattr(self.rows, name)
        if not columns or not len(columns["line"]):
            return {}
        line = columns["line"]
        inside = (line >= self.first) & (line <= self.last)
        whole = inside.all()
        return {key: cells if whole else cells[inside] for key, cells in columns.items() if key != "begin_lines"}

    def count(self, lines: list[int]) -> int:
        """Return how many of some lines are its."""
        found = np.asarray(lines, dtype="i8")
        return int(((found >= self.first) & (found <= self.last)).sum())


def _arrays(columns: Columns) -> Columns:
    return {name: _array(cells) for name, cells in columns.items()}


def _array(cells: Any) -> np.ndarray:
    if isinstance(cells, np.ndarray):
        return cells
    return np.array(cells, dtype=object) if cells and isinstance(cells[0], str) else np.array(cells)


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
    rows = replace(rows, **tables)
    line, clock, uptime, began, gcid, event = _stamps(rows)
    told = sorted(rows.stamps.get("begin_lines", []))
    starts = sorted(
        {*_starts((line, clock, uptime, began, gcid, event), told), *(p.before + 1 for p in places if p.lines)}
    )
    out = []
    for first, last in zip(starts, [*(s - 1 for s in starts[1:]), max(rows.lines, 1)], strict=True):
        mine = (line >= first) & (line <= last)
        numbers = gcid[mine & (gcid >= 0)]
        ends = (int(numbers[0]), int(numbers.max())) if len(numbers) else (-1, -1)
        known = began[mine][np.isfinite(began[mine])]
        earliest = float(known.min()) if len(known) else NAN
        place = next((p for p in places if p.holds(first)), places[0])
        out.append(Segment(place, rows, first, last, clock[mine], uptime[mine], ends, earliest))
    return tuple(out)


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
    line, clock, uptime, began, gcid, event = cells
    starts = [1]
    for before, at in _mixed(line, clock, uptime) or _falls(line, uptime, began, gcid):
        starts.append(next((t for t in told if before < t <= at), at))
    for at in told:
        since = max((s for s in starts if s <= at), default=1)
        if since < at and ((line >= since) & (line < at) & event).any():
            starts.append(at)
    return sorted(set(starts))


def _mixed(line: np.ndarray, clock: np.ndarray, uptime: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of lines between which the JVM changes where those of several are mixed; none if they are not.

    Clock and uptime tell when a JVM started. A clock that is set changes that once and for all; mixed lines go back.
    """
    both = np.isfinite(uptime) & (clock != NO_CLOCK)
    started = clock[both] - uptime[both] * 1e6
    changes = np.abs(np.diff(started)) > SAME_START_US
    jvms = 1 + int((np.diff(np.sort(started)) > SAME_START_US).sum()) if len(started) else 0
    if int(changes.sum()) < max(2 * jvms, 4):
        return []
    lines = line[both]
    return list(zip(lines[:-1][changes].tolist(), lines[1:][changes].tolist(), strict=True))


def _falls(line: np.ndarray, uptime: np.ndarray, began: np.ndarray, gcid: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of lines between which one JVM ends and another begins, by their uptimes or numbers."""
    known = np.isfinite(uptime)
    if known.any():
        lines, again = line[known], uptime[known][1:] < began[known][:-1] - RESTART_SECONDS
    else:
        lines, numbers = line[gcid >= 0], gcid[gcid >= 0]
        again = (numbers[1:] == 0) & (numbers[:-1] >= 2)
    return list(zip(lines[:-1][again].tolist(), lines[1:][again].tolist(), strict=True))
