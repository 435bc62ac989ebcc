"""One regular grid for series that were sampled at times of their own: values are placed, never filled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.series import GAP_STEPS
from analysis.signals.counters import increments

__all__ = ["Grid", "common_grid", "cumulated", "placed", "rates"]

STEADY = 1 / 4  # of a step: samples that stay so near to one phase are scraped regularly


class Grid(NamedTuple):
    """Stamps `first` + i `step` [us since epoch], i < n; the value at a stamp describes the step that ends there."""

    first: int
    step: int
    n: int

    @property
    def stamps(self) -> pd.DatetimeIndex:
        """All stamps in UTC."""
        us = self.first + self.step * np.arange(self.n, dtype="i8")
        return pd.DatetimeIndex(pd.to_datetime(us, unit="us", utc=True)).as_unit("us").rename("time")

    def bins(self, times: np.ndarray) -> np.ndarray:
        """Return the step that each time [us] falls into, -1 for none, shape (k,)."""
        at = -((self.first - times) // self.step)
        return np.where((at >= 0) & (at < self.n), at, -1)


def common_grid(times: np.ndarray, ids: np.ndarray, start: int, end: int) -> Grid | None:
    """Return the grid with the usual step of all series.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Sample times [us since epoch], ascending within a series.
    ids : ndarray of int, shape (n,)
        Which series each sample belongs to, ascending.
    start, end : int
        What to cover [us].

    Returns
    -------
    Grid or None
        Stamps are multiples of the median step, to the millisecond; None without two samples of one series.

    Examples
    --------
    >>> common_grid(np.array([3, 8, 13]) * 1_000_000, np.zeros(3, int), 3_000_000, 13_000_000)
    Grid(first=5000000, step=5000000, n=3)
    """
    gaps = np.diff(times)[np.diff(ids) == 0]
    gaps = gaps[gaps > 0]
    if not len(gaps) or end <= start:
        return None
    step = max(round(float(np.median(gaps)) / 1e3) * 1000, 1000)
    first = -(-start // step) * step
    return Grid(first, step, -(-(end - first) // step) + 1)


def placed(times: np.ndarray, values: np.ndarray, grid: Grid) -> np.ndarray:
    """Return the values on the grid: each at the stamp that ends its step, the mean where several fall into one.

    Parameters
    ----------
    times : ndarray of int64, shape (k,)
        Ascending [us].
    values : ndarray, shape (k,)
        NaN is unknown.
    grid : Grid
        Where to.

    Returns
    -------
    ndarray, shape (grid.n,)
        NaN where nothing is known.

    Notes
    -----
    A scrape every step comes a few milliseconds early or late: binned as it is, one step would hold two samples and
    the next none. Samples that stay within a quarter of a step of one phase are therefore counted by steps.

    Examples
    --------
    >>> grid = Grid(5_000_000, 5_000_000, 4)
    >>> placed(np.array([4_999_000, 10_002_000, 14_999_500]), np.array([1.0, 2.0, 3.0]), grid).tolist()
    [1.0, 2.0, 3.0, nan]
    """
    out = np.full(grid.n, np.nan)
    known = np.isfinite(values)
    times, values = times[known], values[known]
    if not len(times):
        return out
    origin = grid.first - grid.step
    drift = (times - times[0] + grid.step // 2) % grid.step - grid.step // 2
    middle = int(np.median(drift))
    if np.abs(drift - middle).max() <= STEADY * grid.step:
        phase = int((times[0] + middle - origin) % grid.step) or grid.step
        at = np.rint((times - origin - phase) / grid.step).astype("i8")
        at = np.where((at >= 0) & (at < grid.n), at, -1)
    else:
        at = grid.bins(times)
    at, values = at[at >= 0], values[at >= 0]
    count = np.bincount(at, minlength=grid.n)
    total = np.bincount(at, weights=values, minlength=grid.n)
    there = count > 0
    out[there] = total[there] / count[there]
    return out


def rates(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the increase of a counter per second since the sample before; NaN for the first and after a gap.

    Parameters
    ----------
    times : ndarray of int64, shape (k,)
        Ascending [us].
    values : ndarray, shape (k,)
        Without NaN; a drop is a reset.

    Returns
    -------
    ndarray, shape (k,)
        [1/s]. What was counted across a gap is known, but not when: it is left out.

    Examples
    --------
    >>> rates(np.array([0, 5, 10, 15, 60]) * 1_000_000, np.array([0.0, 10, 15, 5, 6])).tolist()
    [nan, 2.0, 1.0, 1.0, nan]
    """
    if len(times) < 2:
        return np.full(len(times), np.nan)
    gaps = np.diff(times, prepend=times[0]).astype(float)
    usual = np.median(gaps[1:])
    gaps[(gaps <= 0) | (gaps > GAP_STEPS * usual)] = np.nan
    return np.asarray(increments(values) / (gaps / 1e6))


def cumulated(times: np.ndarray, grid: Grid) -> np.ndarray:
    """Return how many changes had happened at each stamp since the grid began, shape (grid.n,).

    Parameters
    ----------
    times : ndarray of int64, shape (k,)
        When something changed [us]; those outside the grid do not count.
    grid : Grid
        Where to.

    Examples
    --------
    >>> cumulated(np.array([7_000_000, 99_000_000]), Grid(5_000_000, 5_000_000, 4)).tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    at = grid.bins(times)
    return np.cumsum(np.bincount(at[at >= 0], minlength=grid.n).astype(float))
