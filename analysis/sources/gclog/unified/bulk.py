"""The lines of a chunk of unified logging that are written as HotSpot does, read many at once; the others named.

A line is read here if it tells of one collection or safepoint in exactly the form that is known, and its decorations
can be read; what is read is what a search for its pattern finds. All other lines are left to be searched, or read one
by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.stamps import Stamps, read_stamps
from analysis.sources.gclog.unified import shapes
from analysis.sources.gclog.unified.areas import Areas
from analysis.sources.gclog.unified.bulk_areas import areas_at
from analysis.sources.gclog.unified.bulk_pause import cpu_times, ended_pauses
from analysis.sources.gclog.unified.bulk_phase import ended_phases
from analysis.sources.gclog.unified.bulk_safepoint import SAFEPOINT_MARK, safepoints_at
from analysis.sources.gclog.words import Text, has, number_at

__all__ = ["Bulk", "Table", "bulk_in"]

MARK, RAREST = b"] GC(", 2  # the G is rarer than what stands around it
LONGEST_GCID = 9  # digits


class Table(NamedTuple):
    """Rows of a chunk: their lines (n,) in it, stamps and columns."""

    line: np.ndarray
    stamps: Stamps
    columns: Columns


class Bulk(NamedTuple):
    """What was read of a chunk, by line of the chunk, in order of line.

    `tables`: pauses, safepoints, phases; `cpu`: CPU times, columns line, gcid, user, sys, real; `areas`: their places
    are lines; `begun`: pauses that begin, columns line, gcid; `letters`: of generations were seen; `marked` (n,): the
    line tells of a collection; `left` (n,): it was not read.
    """

    tables: dict[str, Table]
    cpu: dict[str, np.ndarray]
    areas: Areas
    begun: dict[str, np.ndarray]
    letters: bool
    marked: np.ndarray
    left: np.ndarray


class _Marks(NamedTuple):
    """Lines (n,) that alone tell of one collection: its number, the letter of a generation (0 none), text, shape."""

    line: np.ndarray
    gcid: np.ndarray
    letter: np.ndarray
    at: np.ndarray
    shape: np.ndarray

    def of(self, chosen: np.ndarray) -> _Marks:
        return _Marks(*(cells[chosen] for cells in self))


def bulk_in(text: Text, starts: np.ndarray, ends: np.ndarray, *, areas: bool = True) -> Bulk:
    """Return what can be read at once of a chunk.

    Parameters
    ----------
    text : Text
        The chunk.
    starts, ends : ndarray of int64, shape (n,)
        Where its lines begin, and where their line ends are.
    areas : bool
        Whether to read generations, regions, metaspace and workers as well.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> line = b"[0.201s][info][gc,cpu      ] GC(3) User=0.02s Sys=0.00s Real=0.01s"
    >>> found = bulk_in(text_of(line), np.array([0]), np.array([len(line)]))
    >>> found.cpu["gcid"].tolist(), found.left.tolist()
    ([3], [False])
    """
    marks, line = _marks(text, starts)
    spots, safe, columns = _safepoints(text, starts, ends)
    several = np.bincount(np.concatenate([line, spots]), minlength=len(starts)) > 1
    marked, left = np.zeros(len(starts), dtype=bool), np.ones(len(starts), dtype=bool)
    marked[line] = True
    told = _told(text, marks[~several[line]], line[~several[line]])
    left[told.line[told.shape == shapes.SKIPPED]] = False

    alone = ~several[spots[safe]]
    safepoints = spots[safe][alone], {name: cells[alone] for name, cells in columns.items()}
    mine = told.of(told.shape == shapes.PAUSE)
    paused = ended_pauses(text, mine.at, ends[mine.line], mine.letter)
    began, ended = mine.of(paused.began), mine.of(paused.ended)
    mine = told.of(told.shape == shapes.PHASE)
    phased = ended_phases(text, mine.at, ends[mine.line])
    phases = mine.of(phased.ended)
    left[began.line] = left[mine.line[phased.plain]] = False
    tables = {
        "pauses": (ended.line, {"gcid": ended.gcid, **paused.columns}), "safepoints": safepoints,
        "phases": (phases.line, {"gcid": phases.gcid, **phased.columns}),
    }  # fmt: skip
    stamped = _stamped(text, (starts, ends), tables)
    for table in stamped.values():
        left[table.line] = False

    mine = told.of(told.shape == shapes.CPU)
    ok, times = cpu_times(text, mine.at, ends[mine.line])
    cpu = {name: cells[ok] for name, cells in {"line": mine.line, "gcid": mine.gcid, **times}.items()}
    left[cpu["line"]] = False

    mine = told.of(told.shape >= 0)
    if not areas:
        left[mine.line], mine = False, mine.of(np.zeros(len(mine.line), dtype=bool))
    ok, found = areas_at(text, mine.at, mine.shape, mine.gcid)
    left[mine.line[ok]] = False
    found = found._replace(place=mine.line[found.place])
    begun = {"line": began.line, "gcid": began.gcid}
    return Bulk(stamped, cpu, found, begun, bool(ended.letter.any()), marked, left)


def _marks(text: Text, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where lines tell of a collection, and which lines."""
    places = np.flatnonzero(text.letters == MARK[RAREST]) - RAREST
    places = places[has(text, places, MARK)]
    return places, np.searchsorted(starts, places, side="right") - 1


def _safepoints(text: Text, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, Columns]:
    """Return which lines (n,) have the mark of a safepoint, which of these are one, and the columns of these (m,)."""
    quotes = np.flatnonzero(text.letters == SAFEPOINT_MARK[-1])
    opening = np.flatnonzero(has(text, quotes - len(SAFEPOINT_MARK) + 1, SAFEPOINT_MARK))
    line = np.searchsorted(starts, quotes[opening], side="right") - 1
    closing = np.append(quotes, len(text.data))[opening + 1]
    whole = np.flatnonzero(closing < ends[line])
    ok, columns = safepoints_at(text, quotes[opening][whole] + 1, closing[whole])
    return line, whole[ok], columns


def _told(text: Text, marks: np.ndarray, line: np.ndarray) -> _Marks:
    gcid, end = number_at(text, marks + len(MARK))
    size = end - marks - len(MARK)
    ok = (size > 0) & (size <= LONGEST_GCID) & has(text, end, b") ")
    line, gcid, at = line[ok], gcid[ok], end[ok] + 2
    letter, shape = np.zeros(len(at), dtype="u1"), _shapes(text, at)
    lettered = np.flatnonzero(shape == shapes.LETTERED)
    if len(lettered):
        letter[lettered] = text.letters[at[lettered]]
        at[lettered] += len(b"y: ")
        again = _shapes(text, at[lettered])
        again[again == shapes.LETTERED] = shapes.SEARCHED
        shape[lettered] = np.where(again >= 0, shapes.SKIPPED, again)  # areas have no letter
    return _Marks(line, gcid, letter, at, shape)


def _shapes(text: Text, at: np.ndarray) -> np.ndarray:
    """Return how texts begin, each beginning looked at once."""
    keys, of = np.unique(text.words[at], return_inverse=True)
    known = [shapes.shape_of(key.to_bytes(shapes.KEY, "little")) for key in keys.tolist()]
    return np.array(known, dtype="i8")[of]


def _stamped(
    text: Text, edges: tuple[np.ndarray, np.ndarray], tables: dict[str, tuple[np.ndarray, Columns]]
) -> dict[str, Table]:
    """Return tables with stamps, without the rows of lines whose decorations are broken or of others."""
    starts, ends = edges
    line = np.concatenate([line for line, _ in tables.values()])
    stamps = read_stamps(text, starts[line], ends[line])
    ours = ~(stamps.foreign | stamps.broken)
    out, at = {}, 0
    for name, (line, columns) in tables.items():
        part = slice(at, at + len(line))
        keep, mine = ours[part], stamps.part(part)
        at = part.stop
        if not keep.all():
            line, mine, columns = line[keep], mine.part(keep), {key: cells[keep] for key, cells in columns.items()}
        out[name] = Table(line, mine, columns)
    return out
