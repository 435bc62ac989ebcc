"""Does a series grow? Theil-Sen slope and Mann-Kendall test on block means that are nearly independent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.longrun import guarded, mean_shares, posterior, stretch_spread
from analysis.correlate.mean_contrast import Spread, half_width, p_value
from analysis.correlate.shift import mid_ranks

__all__ = ["Trend", "block_means", "trend"]

MIN_EFFECTIVE_SIZE = 10.0  # below it a drift of the noise and a trend look the same
HIDDEN_TOLERATED = 0.045  # see `longrun.guarded`; stricter, since a fitted line takes part of the wander away
MOST_BLOCKS = 120  # more would not sharpen a slope, only cost: pairs grow with the square


class Trend(NamedTuple):
    """`slope` per step with interval, Kendall's `tau` with time, two-sided p (NaN: refused), n_effective, `block`."""

    slope: float
    slope_low: float
    slope_high: float
    tau: float
    p_value: float
    n_effective: float
    block: int


def block_means(x: np.ndarray, block: int) -> np.ndarray:
    """Return the means of consecutive blocks; NaN where less than half of a block is known; the rest is left out.

    Parameters
    ----------
    x : ndarray, shape (n,)
        NaN is unknown.
    block : int
        Length, at least 1.

    Returns
    -------
    ndarray, shape (n // block,)
        In the unit of x.

    Examples
    --------
    >>> block_means(np.array([1.0, 3, np.nan, 5, 6]), 2).tolist()
    [2.0, 5.0]
    """
    count = len(x) // block
    cut = np.asarray(x[: count * block], "f8").reshape(count, block)
    known = np.isfinite(cut)
    size = known.sum(axis=1)
    return np.where(2 * size >= block, np.where(known, cut, 0.0).sum(axis=1) / np.maximum(size, 1), np.nan)


def trend(x: np.ndarray, *, level: float = 0.95) -> Trend:
    """Return the monotone trend of one autocorrelated series, with an interval of its slope and a test of none.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Equally spaced; NaN and infinities are unknown.
    level : float
        Of the interval.

    Returns
    -------
    Trend
        Slope in the unit of x per step; p and interval are NaN below ten effective values, all NaN for a constant.

    Notes
    -----
    Blocks are as long as n / n_effective of the ranks of the series about its line, and at most 120. The variance of
    Mann-Kendall's S (with ties, Kendall 1975) is multiplied by what autocorrelation the block means keep under each
    spectrum of `longrun`: the variance of the mean of all over that of independent blocks. p is averaged over the
    spectra, t with two degrees of freedom fewer than blocks. The interval is Sen's (1968), from ordered pairwise
    slopes, with the half width of S that has this p.

    Examples
    --------
    >>> found = trend(0.1 * np.arange(100) + np.random.default_rng(0).normal(size=100))
    >>> found.slope_low < 0.1 < found.slope_high
    True
    """
    values = np.where(np.isfinite(x), x, np.nan)
    n, known = len(values), np.flatnonzero(np.isfinite(values))
    nan = float("nan")
    nothing = Trend(nan, nan, nan, nan, nan, nan, 0)
    if len(known) < 4 or np.ptp(values[known]) == 0:
        return nothing
    weight, sizes = _spectra_about_line(values, known)
    size = float(np.exp(weight @ np.log(sizes)))
    if not np.isfinite(size):
        return nothing
    block = int(np.clip(np.ceil(n / min(size, MOST_BLOCKS)), 1, max(n // 4, 1)))
    means = block_means(values, block)
    at = np.flatnonzero(np.isfinite(means))
    if len(at) < 4:
        return nothing._replace(n_effective=size, block=block)
    i, j = np.triu_indices(len(at), 1)
    rise = means[at][j] - means[at][i]
    slopes = rise / ((at[j] - at[i]) * block)
    score = float(np.sign(rise).sum())
    found = Trend(float(np.median(slopes)), nan, nan, score / len(rise), nan, size, block)
    if size < MIN_EFFECTIVE_SIZE:
        return found
    weight = guarded(weight[None], sizes[None], np.array([float(len(known))]), tolerated=HIDDEN_TOLERATED)
    factor = n * mean_shares(n) / (block * mean_shares(block))  # what autocorrelation the block means keep
    variance = _score_variance(means[at]) * factor[None]
    if not variance.any():
        return found
    spread = Spread(weight, variance, np.full(variance.shape, len(at) - 2.0), np.array([size]))
    p = p_value(np.array([max(abs(score) - 1, 0.0)]), spread)[0]
    reach = half_width(spread, level=level)[0] / (2 * len(rise))
    low, high = np.quantile(slopes, np.clip([0.5 - reach, 0.5 + reach], 0, 1))
    return found._replace(slope_low=float(low), slope_high=float(high), p_value=float(p))


def _spectra_about_line(x: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights of the spectra, and the effective size under each, of ranks of x about its line, shape (g,)."""
    time = known - known.mean()
    rest = x[known] - x[known].mean()
    rest = rest - time * (time @ rest) / (time @ time)
    ranks = np.full(len(x), np.nan)  # of outliers a few would set the spectrum
    ranks[known] = mid_ranks(np.round(rest / np.ptp(x[known]), 12))
    logs, variance = stretch_spread(ranks[None], skip=2)
    return posterior(logs)[0], np.var(ranks[known], ddof=2) / variance[0]


def _score_variance(x: np.ndarray) -> float:
    """Return the variance of Mann-Kendall's S of independent values, with the correction for ties."""
    n, (_, ties) = len(x), np.unique(x, return_counts=True)
    return float(n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
