"""`Stored`: samples with what they answer, in which unit, and how they were asked for; captures of them added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.sources.prometheus.sample_files import read_rows, write_samples
from analysis.sources.prometheus.samples import EMPTY, SampleTable, grouped, settled

__all__ = ["EMPTY_STORED", "Stored", "merge_captures", "read_stored", "stored_of", "write_stored"]

LOOK_BACK_US = 300_000_000  # by default the longest that a server repeats a sample on a grid


@dataclass(frozen=True)
class Stored:
    """Samples as they lie in raw/.

    Parameters
    ----------
    table : SampleTable
        The series; one may stand twice, raw and on a grid. Those of an expression have no __name__.
    query_ids : tuple of str
        The question that each series answers.
    units : tuple of str or None
        Unit of each series, None if unknown.
    modes : tuple of {"raw", "range"}
        Whether the times of each series are those of its samples, or those of a grid.
    """

    table: SampleTable
    query_ids: tuple[str, ...] = ()
    units: tuple[str | None, ...] = ()
    modes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lengths = {len(self.table.labels), len(self.query_ids), len(self.units), len(self.modes)}
        if len(lengths) > 1:
            raise ValueError(f"one query, unit and mode for each series: {sorted(lengths)}")


EMPTY_STORED = Stored(EMPTY)


def stored_of(table: SampleTable, query_id: str, unit: str | None, mode: str) -> Stored:
    """Return the series of one question; without a query_id each answers for its own name.

    Examples
    --------
    >>> table = SampleTable(({"__name__": "up"},), np.zeros(1, "i4"), np.array([5]), np.ones(1))
    >>> found = stored_of(table, "", "", "raw")
    >>> found.query_ids, found.units, found.modes
    (('up',), (None,), ('raw',))
    """
    count = len(table.labels)
    ids = tuple(query_id or found.get("__name__", "") for found in table.labels)
    return Stored(table, ids, (unit or None,) * count, (mode,) * count)


def read_stored(series: Path, samples: Path) -> Stored:
    """Read what `write_stored` wrote; of older files the mode is raw.

    Raises
    ------
    EvidenceError
        As `sample_files.read_rows`.
    """
    frame, table = read_rows(series, samples)
    return Stored(table, tuple(frame["query_id"]), tuple(frame["unit"]), tuple(frame["mode"]))


def write_stored(stored: Stored, series: Path, samples: Path) -> None:
    """Write the two files of the store, in place (the caller makes it atomic)."""
    write_samples(stored.table, series, samples, query_ids=stored.query_ids, units=stored.units, modes=stored.modes)


def merge_captures(kept: Stored, *new: Stored) -> Stored:
    """Return the union of captures: what is kept stays as it is, what is new is added.

    Parameters
    ----------
    kept : Stored
        What was captured before. Where a later capture has another value at the same moment, this one holds.
    *new : Stored
        In the order of the captures.

    Returns
    -------
    Stored
        Sorted by labels; one row for each series and mode, no moment twice. Of a series that was captured raw and on a
        grid, samples on the grid are held copies of raw ones, and dropped, where a raw sample lies at most a look-back
        of 5 minutes before them and another one at or after them; where raw was not captured they stay. No raw sample
        is ever dropped. Of a series that two questions brought, the first question and the first known unit are kept.

    Examples
    --------
    >>> def at(mode, *seconds):
    ...     times = np.array(seconds) * 1_000_000
    ...     return stored_of(SampleTable(({"a": "1"},), np.zeros(len(times), "i4"), times, times / 1e6), "q", "", mode)
    >>> both = merge_captures(at("range", 10, 20, 30, 40), at("raw", 13, 28))
    >>> both.modes, both.table.times.tolist()
    (('range', 'raw'), [10000000, 30000000, 40000000, 13000000, 28000000])
    """
    parts = [kept, *new]
    found: dict[tuple[object, ...], tuple[str, str | None, str, dict[str, str]]] = {}
    keys = []
    for part in parts:
        of_part = []
        for labels, query, unit, mode in zip(part.table.labels, part.query_ids, part.units, part.modes, strict=True):
            key = (tuple(sorted(labels.items())), "" if "__name__" in labels else query, mode)
            before = found.get(key)
            if before is None or (before[1] is None and unit is not None):
                found[key] = (before[0] if before else query, unit, mode, labels)
            of_part.append(key)
        keys.append(of_part)
    order = sorted(found)
    number = {key: i for i, key in enumerate(order)}
    rows = [np.array([number[key] for key in of_part], dtype="i4") for of_part in keys]
    samples = settled(*grouped([part.table for part in parts], rows, len(order)), keep="first")
    table = SampleTable(tuple(found[key][3] for key in order), *samples)
    both = [(i, i + 1) for i in range(len(order) - 1) if order[i][:2] == order[i + 1][:2]]  # range, then raw
    return Stored(
        _without_copies(table, both),
        tuple(found[key][0] for key in order),
        tuple(found[key][1] for key in order),
        tuple(found[key][2] for key in order),
    )


def _without_copies(table: SampleTable, both: Sequence[tuple[int, int]]) -> SampleTable:
    """Drop what the grid repeats of raw samples; `both` are the rows (on the grid, raw) of one series."""
    joints = np.searchsorted(table.ids, np.arange(len(table.labels) + 1))
    kept = np.ones(len(table.times), dtype=bool)
    for grid, raw in both:
        times, known = table.times[joints[grid] : joints[grid + 1]], table.times[joints[raw] : joints[raw + 1]]
        if not len(known):
            continue
        before = np.searchsorted(known, times, side="right")  # how many raw samples are not later
        held = (before > 0) & (times <= known[-1]) & (times - known[before - 1] <= LOOK_BACK_US)
        kept[joints[grid] : joints[grid + 1]] = ~held
    if kept.all():
        return table
    return SampleTable(table.labels, table.ids[kept], table.times[kept], table.values[kept])
