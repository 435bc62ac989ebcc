"""`Gathered`: the answers to the windows of one question, put together into one table."""

from __future__ import annotations

import mmap
from typing import Literal, NamedTuple

import numpy as np

from analysis.sources.prometheus.decode import Matrix
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.samples import EMPTY, SampleTable

__all__ = ["Gathered"]

NOTHING = np.zeros(0)
LARGE_BYTES = 1_000_000


def _apart(column: np.ndarray) -> np.ndarray:
    """Return a copy in pages of its own: they go back when it goes, unlike the heap (20 to 50 of 550 MB, measured)."""
    if column.nbytes < LARGE_BYTES:
        return column
    copy = np.frombuffer(mmap.mmap(-1, column.nbytes), column.dtype)
    copy[:] = column
    return copy


class _Part(NamedTuple):
    """Rows (of `Gathered.labels`) of the series of one window, how many samples each has, and the samples."""

    rows: np.ndarray
    counts: np.ndarray
    times: np.ndarray
    values: np.ndarray


class Gathered:
    """What the windows of one question brought so far; a series that appears later gets a row when it appears.

    Memory is that of the samples that are there (16 bytes each), whatever the number of cells series x points: a top
    ten of pods that come and go is small. The table does not depend on the order in which windows came.
    """

    def __init__(self) -> None:
        self._rows: dict[frozenset[tuple[str, str]], int] = {}
        self._parts: dict[int, _Part] = {}
        self._histograms: set[frozenset[tuple[str, str]]] = set()
        self._partial: dict[str, None] = {}
        self._advice: dict[str, None] = {}

    def add(self, at: int, matrix: Matrix) -> None:
        """Take the answer to the window that is `at` this place in the order of time; windows share no sample.

        Raises
        ------
        RequestError
            "not_understood" if two of its series have the same labels.
        """
        keys = [frozenset(found.items()) for found in matrix.labels]
        rows = np.array([self._rows.setdefault(key, len(self._rows)) for key in keys], "i8")
        if len(set(keys)) < len(keys):
            twice = next(found for found, key in zip(matrix.labels, keys, strict=True) if keys.count(key) > 1)
            told = f"two series of one answer have the same labels: {sorted(twice.items())}"
            raise RequestError(Failure("not_understood", "none", 200, "", told[:500]))
        self._parts[at] = _Part(rows, matrix.counts, _apart(matrix.times), _apart(matrix.values))
        self._histograms.update(frozenset(found.items()) for found in matrix.histograms)
        self._partial.update(dict.fromkeys(matrix.partial))
        self._advice.update(dict.fromkeys(matrix.advice))

    @property
    def partial(self) -> tuple[str, ...]:
        """Warnings that mean missing data, each once."""
        return tuple(sorted(self._partial))

    @property
    def advice(self) -> tuple[str, ...]:
        """Warnings that do not, each once."""
        return tuple(sorted(self._advice))

    @property
    def left_out(self) -> tuple[str, ...]:
        """What was there and is not in the table, in words."""
        count = len(self._histograms)
        held = "series holds native histograms, which are" if count == 1 else "series hold native histograms, which are"
        return (f"{count:,} {held} left out; floats beside them are kept",) if count else ()

    def table(self) -> SampleTable:
        """Return all series, sorted by labels, with their samples in order of time, and forget the parts."""
        if not self._rows:
            return EMPTY
        labels, place = self._sorted()
        totals = np.zeros(len(labels), "i8")
        for part in self._parts.values():
            totals[place[part.rows]] += part.counts
        times = self._filled(place, totals, "times", np.empty(totals.sum(), "i8"))
        values = self._filled(place, totals, "values", np.empty(totals.sum()))
        self._parts.clear()
        return SampleTable(labels, np.repeat(np.arange(len(labels), dtype="i4"), totals), times, values)

    def _filled(
        self, place: np.ndarray, totals: np.ndarray, column: Literal["times", "values"], column_of_all: np.ndarray
    ) -> np.ndarray:
        """Return one column of all parts, series after series; it is taken out of the parts, to free their memory."""
        filled = np.cumsum(totals) - totals
        for at in sorted(self._parts):
            part = self._parts[at]
            rows = place[part.rows]
            to = np.repeat(filled[rows] - (np.cumsum(part.counts) - part.counts), part.counts)
            to += np.arange(len(to))
            column_of_all[to] = getattr(part, column)
            filled[rows] += part.counts
            self._parts[at] = part = part._replace(**{column: NOTHING})
        return column_of_all

    def _sorted(self) -> tuple[tuple[dict[str, str], ...], np.ndarray]:
        """Return labels in order, and the place of each row in that order."""
        keys = [tuple(sorted(key)) for key in self._rows]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        place = np.empty(len(keys), "i8")
        place[order] = np.arange(len(keys))
        return tuple(dict(keys[i]) for i in order), place
