"""`SampleTable`: series and their samples, sorted by series and time; what every source of metrics becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

__all__ = ["EMPTY", "SampleTable", "Series", "merge", "table_of"]


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


def table_of(labels: list[dict[str, str]], ids: np.ndarray, times: np.ndarray, values: np.ndarray) -> SampleTable:
    """Return a table numbered by labels, sorted, with one sample per series and time (the last written)."""
    keys = [tuple(sorted(found.items())) for found in labels]
    unique = sorted(set(keys))
    number = {key: i for i, key in enumerate(unique)}
    ids = np.array([number[key] for key in keys], dtype="i4")[ids] if len(keys) else ids.astype("i4")
    order = np.lexsort((times, ids))
    ids, times, values = ids[order], times[order], values[order]
    keep = np.ones(len(ids), dtype=bool)
    keep[:-1] = (ids[1:] != ids[:-1]) | (times[1:] != times[:-1])
    return SampleTable(tuple(dict(key) for key in unique), ids[keep], times[keep], values[keep])


def merge(first: SampleTable, second: SampleTable) -> SampleTable:
    """Return the union of two tables; where both have a sample, the second's is kept."""
    return table_of(
        [*first.labels, *second.labels],
        np.concatenate([first.ids, second.ids + len(first.labels)]),
        np.concatenate([first.times, second.times]),
        np.concatenate([first.values, second.values]),
    )
