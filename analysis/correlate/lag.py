"""Which of two series moves first, judged by their changes: the lag of highest correlation, p and interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.effective_pairs import MIN_EFFECTIVE_PAIRS, effective_pairs, lag_one

__all__ = ["Lag", "lag_of_changes"]


class Lag(NamedTuple):
    """`lag` of y behind x [steps] with its 95 % interval, the correlation there, p of it, pairs' worth and changes."""

    lag: float
    low: float
    high: float
    correlation: float
    p_value: float
    n_eff: float
    n: int


def lag_of_changes(x: np.ndarray, y: np.ndarray, *, max_lag: int, draws: int = 999, seed: int = 1) -> Lag:
    """Find the lag at which the changes of two series go together best, with an interval and a p that pays for it.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Levels, equally spaced; NaN unknown. Only their differences are used: two levels that both step once correlate
        at any lag near zero whatever their relation.
    max_lag : int
        Lags from -max_lag to max_lag are searched [steps].
    draws, seed : int
        Number of resamples for p and for the interval; seed of the generator.

    Returns
    -------
    Lag
        Positive where y follows x. All NaN where either does not change or max_lag is half of the series or more; p and
        interval are NaN where the changes are worth fewer than 10 independent pairs. The interval speaks of a lag that
        exists: where p is high it does not.

    Raises
    ------
    ValueError
        If max_lag is negative.

    Notes
    -----
    Statistic: the largest absolute correlation of differences (centred, unknown ones weigh nothing). p: its share among
    resamples in which x is shifted on its circle by a random amount, cut in blocks, and the blocks put in random order
    (circular block permutation); the largest over all lags is taken in every resample. Bare shifts would be too few:
    the search makes 2 max_lag + 1 neighbouring ones alike, so that their smallest p is (2 max_lag + 1) / n. Interval:
    percentiles of the best lag over circular block resamples of the products dx[i] dy[i + L], all lags together
    (Kuensch 1989). Blocks: twice the sum of correlations plus n^(1/3). Lags are whole steps: a sharp one has the
    interval [L, L], which holds it more often than 95 %.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=200).cumsum()
    >>> found = lag_of_changes(x[5:], x[2:-3], max_lag=10)
    >>> found.lag, found.low, found.high, found.p_value
    (3.0, 3.0, 3.0, 0.001)
    """
    if max_lag < 0:
        raise ValueError(f"max_lag is {max_lag} steps, expected 0 or more")
    nan = float("nan")
    dx, dy = (np.diff(np.asarray(v, dtype="f8")) for v in (x, y))
    both = int(np.count_nonzero(np.isfinite(dx) & np.isfinite(dy)))
    if len(dx) < 3 or 2 * max_lag >= len(dx) or both < 3:
        return Lag(nan, nan, nan, nan, nan, float(both), both)
    worth = effective_pairs(dx, dy)
    block = _block(dx, dy)
    dx, dy = _unit(dx), _unit(dy)
    if not dx.any() or not dy.any():
        return Lag(nan, nan, nan, nan, nan, worth, both)
    found = _cross(dx[None], dy, max_lag)[0]
    best = int(np.argmax(np.abs(found) - 1e-12 * np.abs(np.arange(-max_lag, max_lag + 1))))  # ties: the smaller lag
    lag, r = float(best - max_lag), float(np.clip(found[best], -1, 1))
    if worth < MIN_EFFECTIVE_PAIRS:
        return Lag(lag, nan, nan, r, nan, worth, both)
    rng = np.random.default_rng(seed)
    moved = _cross(dx[_permuted(rng, len(dx), block, draws)], dy, max_lag)
    p = (1 + np.count_nonzero(np.abs(moved).max(axis=1) >= abs(r) - 1e-12)) / (1 + draws)
    starts = rng.integers(0, len(dx), (draws, -(-len(dx) // block)))
    again = _resampled_lags(dx * np.sign(r), dy, max_lag, starts, block)
    low, high = np.quantile(again, [0.025, 0.975], method="inverted_cdf")
    return Lag(lag, float(min(low, lag)), float(max(high, lag)), r, float(p), worth, both)


def _unit(d: np.ndarray) -> np.ndarray:
    """Return differences centred, unknown ones 0, of length one; all 0 if they do not vary."""
    known = np.isfinite(d)
    if not known.any() or np.ptp(d[known]) <= 1e-12 * np.abs(d[known]).max():
        return np.zeros(len(d))
    c = np.where(known, d, 0.0) / np.abs(d[known]).max()
    c = np.where(known, c - c[known].mean(), 0.0)
    return np.asarray(c / np.sqrt(float(c @ c)))


def _block(dx: np.ndarray, dy: np.ndarray) -> int:
    """Return a block length well over the decorrelation of either series of changes, at most a sixth of them."""
    phi = max(lag_one(dx), lag_one(dy), 0.0)
    return int(np.clip(np.ceil(2 * (1 + phi) / (1 - phi) + len(dx) ** (1 / 3)), 1, max(len(dx) // 6, 1)))


def _cross(dx: np.ndarray, dy: np.ndarray, max_lag: int) -> np.ndarray:
    """Return sum_i dx[:, i] dy[i + L] for L from -max_lag to max_lag, without a circle; shape (rows, lags)."""
    size = len(dy) + max_lag
    product = np.fft.irfft(np.conj(np.fft.rfft(dx, size)) * np.fft.rfft(dy, size), size)
    return np.asarray(product[:, np.arange(-max_lag, max_lag + 1)])


def _permuted(rng: np.random.Generator, n: int, block: int, draws: int) -> np.ndarray:
    """Return places after a random shift on the circle and a random order of its blocks, shape (draws, n)."""
    order = np.argsort(rng.random((draws, -(-n // block))), axis=1)
    places = (order[:, :, None] * block + np.arange(block)).reshape(draws, -1)
    kept = places[places < n].reshape(draws, n)
    return np.asarray((kept + rng.integers(0, n, draws)[:, None]) % n)


def _resampled_lags(dx: np.ndarray, dy: np.ndarray, max_lag: int, starts: np.ndarray, block: int) -> np.ndarray:
    """Return the lag of the largest sum of products in every resample of blocks, shape (draws,)."""
    n = len(dx)
    padded = np.pad(dy, max_lag)
    products = np.stack([dx * padded[k : k + n] for k in range(2 * max_lag + 1)], axis=1)
    total = np.concatenate([np.zeros((1, 2 * max_lag + 1)), np.cumsum(np.r_[products, products[: block - 1]], axis=0)])
    sums = total[block:] - total[:-block]
    drawn = np.zeros((len(starts), 2 * max_lag + 1))
    for column in starts.T:  # one block of every resample
        drawn += sums[column]
    return np.asarray(drawn.argmax(axis=1) - max_lag)
