"""`SampleTable`: series and their samples, sorted by series and time; what every source of metrics becomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd

__all__ = [
    "EMPTY",
    "STALE",
    "SampleTable",
    "Series",
    "grouped",
    "merge",
    "settled",
    "stale_markers",
    "table_of",
    "without_stale",
]

STALE = np.uint64(0x7FF0000000000002)  # the bits of the NaN that Prometheus writes when a series ends
Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Series:
    """One series: `labels` (with __name__), `times` [us since epoch, UTC], `values`, both shape (n,)."""

    labels: dict[str, str]
    times: np.ndarray
    values: np.ndarray

    def label(self, *names: str) -> str:
        """Return the first of the labels that is there and not empty, else the empty text."""
        return next((self.labels[n] for n in names if self.labels.get(n)), "")


@dataclass(frozen=True)
class SampleTable:
    """Series and their samples, sorted by series and time, without duplicates.

    Parameters
    ----------
    labels : tuple of dict
        Labels of each series, with __name__.
    ids : ndarray of int32, shape (n,)
        Row of `labels` that a sample belongs to; ascending.
    times : ndarray of int64, shape (n,)
        Sample times [us since epoch, UTC]; ascending within a series.
    values : ndarray of float64, shape (n,)
        Sample values.

    Examples
    --------
    >>> table = SampleTable(({"__name__": "up"},), np.zeros(2, "i4"), np.array([0, 5_000_000]), np.ones(2))
    >>> [s.values.sum() for s in table.named("up")]
    [np.float64(2.0)]
    """

    labels: tuple[dict[str, str], ...]
    ids: np.ndarray
    times: np.ndarray
    values: np.ndarray

    def named(self, name: str, **labels: str) -> Iterator[Series]:
        """Yield the series of a metric that have samples and whose labels match, in the order of the table.

        Parameters
        ----------
        name : str
            Metric name.
        **labels : str
            Label values that must be equal.
        """
        for row in self._rows.get(name, ()):
            found = self.labels[row]
            if all(found.get(k) == v for k, v in labels.items()):
                lo, hi = self._joints[row], self._joints[row + 1]
                if hi > lo:
                    yield Series(found, self.times[lo:hi], self.values[lo:hi])

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        """Rows of each metric, in order."""
        found: dict[str, list[int]] = {}
        for row, labels in enumerate(self.labels):
            found.setdefault(labels.get("__name__", ""), []).append(row)
        return found

    @cached_property
    def _joints(self) -> np.ndarray:
        """Where the samples of each series begin, and where the last ends."""
        return np.searchsorted(self.ids, np.arange(len(self.labels) + 1))

    @property
    def names(self) -> frozenset[str]:
        """Metric names that are there."""
        return frozenset(self._rows)

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """First and last sample time, None if there are no samples."""
        if not len(self.times):
            return None
        first, last = (pd.Timestamp(int(t), unit="us", tz="UTC") for t in (self.times.min(), self.times.max()))
        return first, last


EMPTY = SampleTable((), np.zeros(0, "i4"), np.zeros(0, "i8"), np.zeros(0))


def table_of(labels: Sequence[dict[str, str]], ids: np.ndarray, times: np.ndarray, values: np.ndarray) -> SampleTable:
    """Return a table numbered by labels, sorted, with one sample per series and time (the last written).

    Parameters
    ----------
    labels : sequence of dict
        Labels of each row; rows of equal labels become one.
    ids : ndarray of int, shape (n,)
        Row of each sample.
    times, values : ndarray, shape (n,)
        Sample times [us since epoch, UTC] and values; never altered. What is sorted already is not copied.

    Examples
    --------
    >>> table = table_of([{"a": "2"}, {"a": "1"}], np.array([0, 1, 1]), np.array([5, 7, 6]), np.array([0.5, 2.0, 1.0]))
    >>> table.labels, table.times.tolist(), table.values.tolist()
    (({'a': '1'}, {'a': '2'}), [6, 7, 5], [1.0, 2.0, 0.5])
    """
    unique, (rows,) = _numbered([labels])
    if len(rows) and not np.array_equal(rows, np.arange(len(rows))):
        ids = rows[ids]
    ids = ids.astype("i4", copy=False)
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, times, values = ids[order], times[order], values[order]
    return SampleTable(unique, *settled(ids, times, values, keep="last"))


def merge(first: SampleTable, second: SampleTable) -> SampleTable:
    """Return the union of two tables; where both have a sample, the second's is kept.

    Examples
    --------
    >>> one = SampleTable(({"a": "1"},), np.zeros(2, "i4"), np.array([0, 5]), np.array([1.0, 2.0]))
    >>> two = SampleTable(({"a": "1"},), np.zeros(2, "i4"), np.array([5, 9]), np.array([3.0, 4.0]))
    >>> merge(one, two).values.tolist()
    [1.0, 3.0, 4.0]
    """
    unique, rows = _numbered([first.labels, second.labels])
    return SampleTable(unique, *settled(*grouped([first, second], rows, len(unique)), keep="last"))


def _numbered(many: Sequence[Sequence[dict[str, str]]]) -> tuple[tuple[dict[str, str], ...], list[np.ndarray]]:
    """Return all labels once and sorted, and for each of the sequences the rows that its labels have there."""
    keys = [[tuple(sorted(found.items())) for found in labels] for labels in many]
    unique = sorted(set(chain.from_iterable(keys)))
    number = {key: i for i, key in enumerate(unique)}
    rows = [np.array([number[key] for key in found], dtype="i4") for found in keys]
    return tuple(dict(key) for key in unique), rows


def grouped(tables: Sequence[SampleTable], rows: Sequence[np.ndarray], count: int) -> Columns:
    """Return the samples of several tables row by row, those of one row in the order of the tables; nothing is sorted.

    Parameters
    ----------
    tables : sequence of SampleTable
        Their ids ascend.
    rows : sequence of ndarray of int, shape (series of the table,)
        The new row of each series of each table; several may have the same.
    count : int
        New rows in all.

    Returns
    -------
    tuple of ndarray
        ids (int32), times (int64), values (float64) of all samples.

    Notes
    -----
    One pass for each table: a series is a block, and blocks are put where they belong.
    """
    blocks = [np.diff(table._joints) for table in tables]
    row = np.concatenate([np.zeros(0, "i8"), *rows]).astype("i8")
    lengths = np.concatenate([np.zeros(0, "i8"), *blocks])
    order = np.argsort(row, kind="stable")
    begins = np.empty(len(row), "i8")
    begins[order] = np.cumsum(lengths[order]) - lengths[order]
    total = int(lengths.sum())
    times, values = np.empty(total, "i8"), np.empty(total, "f8")
    done = 0
    for table, sizes in zip(tables, blocks, strict=True):
        shift = begins[done : done + len(sizes)] - table._joints[:-1]
        place = np.repeat(shift, sizes)
        place += np.arange(len(place))
        times[place], values[place] = table.times, table.values
        done += len(sizes)
    sizes = np.bincount(row, weights=lengths, minlength=count).astype("i8")
    return np.repeat(np.arange(count, dtype="i4"), sizes), times, values


def settled(ids: np.ndarray, times: np.ndarray, values: np.ndarray, *, keep: Literal["first", "last"]) -> Columns:
    """Return samples whose ids ascend sorted by time within each series, and one of those that stand twice.

    Parameters
    ----------
    ids, times, values : ndarray, shape (n,)
        Samples; never altered. If they are sorted already they are returned as they are.
    keep : {"first", "last"}
        Which of several samples of one series and time.
    """
    wrong = (ids[1:] == ids[:-1]) & (times[1:] <= times[:-1])
    if not wrong.any():
        return ids, times, values
    touched = np.zeros(int(ids[-1]) + 1, dtype=bool)
    touched[ids[1:][wrong]] = True
    where = np.flatnonzero(touched[ids])
    order = where[np.lexsort((times[where], ids[where]))]  # stable: of equal times the order is as it was
    times, values = times.copy(), values.copy()
    times[where], values[where] = times[order], values[order]
    again = (ids[1:] == ids[:-1]) & (times[1:] == times[:-1])
    if not again.any():
        return ids, times, values
    kept = np.ones(len(ids), dtype=bool)
    kept[slice(None, -1) if keep == "last" else slice(1, None)] = ~again
    return ids[kept], times[kept], values[kept]


def without_stale(table: SampleTable) -> SampleTable:
    """Return the table without stale markers; they say that a series ended, and are no values.

    Examples
    --------
    >>> values = np.array([STALE, 0x7FF8000000000000], "u8").view("f8")
    >>> len(without_stale(SampleTable(({},), np.zeros(2, "i4"), np.array([0, 5]), values)).times)
    1
    """
    stale = table.values.view("u8") == STALE
    if not stale.any():
        return table
    return SampleTable(table.labels, table.ids[~stale], table.times[~stale], table.values[~stale])


def stale_markers(table: SampleTable) -> list[tuple[dict[str, str], int]]:
    """Return labels and time [us since epoch, UTC] of every stale marker, by series and time.

    Examples
    --------
    >>> values = np.array([0x3FF0000000000000, STALE], "u8").view("f8")
    >>> stale_markers(SampleTable(({"a": "1"},), np.zeros(2, "i4"), np.array([0, 5]), values))
    [({'a': '1'}, 5)]
    """
    where = np.flatnonzero(table.values.view("u8") == STALE)
    return [(table.labels[i], t) for i, t in zip(table.ids[where].tolist(), table.times[where].tolist(), strict=True)]
