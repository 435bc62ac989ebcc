"""Quantiles of many durations in little memory: counts on a logarithmic scale, each class within one per cent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ERROR_RATIO", "Sketches"]

ERROR_RATIO = 0.01  # a quantile is at most this far from the duration of its rank
BASE = (1 + ERROR_RATIO) / (1 - ERROR_RATIO)
LEAST_SECONDS = 1e-7  # shorter ones are zero
CELLS = 2048  # of a class: 1e-7 s * BASE**2047 is beyond any duration


class Sketches:
    """Counts of durations by class and by length; after Masson, Rim, Lee, DDSketch (VLDB 2019).

    Examples
    --------
    >>> sketches = Sketches()
    >>> sketches.add(np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 9.0]))
    >>> [round(q, 1) for q in sketches.quantile(0.5)]
    [0.2, 9.0]
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._classes = 0

    def add(self, classes: NDArray[np.int64], seconds: NDArray[np.float64]) -> None:
        """Count durations [s], finite and not negative, each of the class at its place (from 0)."""
        if not len(classes):
            return
        self._classes = max(self._classes, int(classes.max()) + 1)
        with np.errstate(divide="ignore"):
            cells = np.ceil(np.log(seconds / LEAST_SECONDS) / np.log(BASE))
        cells = np.clip(cells, 0, CELLS - 1).astype("i8")
        keys, counts = np.unique(classes * CELLS + cells, return_counts=True)
        known = self._counts
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            known[key] = known.get(key, 0) + count

    def quantile(self, q: float) -> list[float]:
        """Return a quantile of each class [s], that of the rank ceil(q n), within `ERROR_RATIO`; NaN of none."""
        out = [float("nan")] * self._classes
        if not self._counts:
            return out
        keys = np.array(sorted(self._counts), dtype="i8")
        counts = np.array([self._counts[key] for key in keys.tolist()], dtype="i8")
        classes = keys // CELLS
        borders = np.flatnonzero(np.diff(classes, prepend=-1, append=self._classes))
        for first, last in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
            sums = np.cumsum(counts[first:last])
            rank = max(1, int(np.ceil(q * sums[-1] - 1e-9)))
            cell = int(keys[first + int(np.searchsorted(sums, rank))] % CELLS)
            out[int(classes[first])] = 0.0 if cell == 0 else LEAST_SECONDS * 2 * BASE**cell / (BASE + 1)
        return out
