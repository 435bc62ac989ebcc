"""Intervals of a mean, a ratio and a change, from resampled blocks of time: neighbours in time are not independent."""

from __future__ import annotations

import numpy as np

from analysis.window import Window

__all__ = ["BLOCK_SECONDS", "block_sums", "change_interval", "ratio_interval"]

BLOCK_SECONDS = 10.0  # stretches of this length are taken as independent of each other
LEAST_BLOCKS = 4  # fewer say nothing of how much blocks differ
DRAWS = 2000
LEVEL = 0.95
SEED = 20


def block_sums(
    times_us: np.ndarray, values: np.ndarray, window: Window, *, block_seconds: float = BLOCK_SECONDS
) -> np.ndarray:
    """Return the sums of values in the blocks of a window.

    Parameters
    ----------
    times_us : ndarray of int64, shape (n,)
        When each value holds, in any order [us]; those in (start, end] count.
    values : ndarray, shape (n, c)
        In any unit; NaN counts for 0.
    window : Window
        Cut into blocks from its start; the last one may be shorter.
    block_seconds : float
        Length of a block [s].

    Returns
    -------
    ndarray, shape (k, c)
        A block without a value holds zeros.

    Examples
    --------
    >>> held = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:20Z")
    >>> block_sums(np.array([0, 10, 11]) * 1_000_000, np.array([[1.0], [2.0], [4.0]]), held).tolist()
    [[2.0], [4.0]]
    """
    size = round(block_seconds * 1e6)
    blocks = -(-(window.end_us - window.start_us) // size)
    inside = (times_us > window.start_us) & (times_us <= window.end_us)
    place = (times_us[inside] - window.start_us - 1) // size
    known = np.nan_to_num(values[inside].astype(float), nan=0.0)
    columns = [np.bincount(place, weights=known[:, i], minlength=blocks) for i in range(known.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros((blocks, 0))


def ratio_interval(parts: np.ndarray, *, level: float = LEVEL) -> tuple[float, float]:
    """Return an interval of sum(top) / sum(bottom), as of a mean, from blocks drawn with replacement.

    Parameters
    ----------
    parts : ndarray, shape (k, 2)
        Top and bottom of each block, >= 0.
    level : float
        Share of such intervals that hold the truth.

    Returns
    -------
    (float, float)
        (NaN, NaN) with fewer than four blocks, or where the bottom is zero in all.

    Notes
    -----
    Percentile bootstrap (Efron and Tibshirani 1993, ch. 13), its tails widened to the t distribution and by
    sqrt(k / (k - 1)): the plain one is too narrow for few blocks (Hesterberg 2015, "expanded percentile").

    Examples
    --------
    >>> ratio_interval(np.array([[2.0, 1.0]] * 6))
    (2.0, 2.0)
    >>> ratio_interval(np.ones((3, 2)))
    (nan, nan)
    """
    return _bounds(_draws(parts, 0), len(parts), level)


def change_interval(before: np.ndarray, after: np.ndarray, *, level: float = LEVEL) -> tuple[float, float]:
    """Return an interval of the ratio of two ratios, after / before; each stretch is resampled by itself.

    Parameters
    ----------
    before, after : ndarray, shapes (k, 2) and (m, 2)
        Top and bottom of each block, >= 0.
    level : float
        Share of such intervals that hold the truth.

    Returns
    -------
    (float, float)
        (NaN, NaN) where a stretch has fewer than four blocks; the upper end is infinite where the top before is zero.

    Examples
    --------
    >>> change_interval(np.array([[1.0, 2.0]] * 5), np.array([[2.0, 1.0]] * 5))
    (4.0, 4.0)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = _draws(after, 1) / _draws(before, 0)
    return _bounds(drawn, min(len(before), len(after)), level)


def _draws(parts: np.ndarray, stream: int) -> np.ndarray:
    """Return the ratio of each draw, shape (DRAWS,); NaN where a draw has no bottom."""
    if len(parts) < LEAST_BLOCKS:
        return np.full(DRAWS, np.nan)
    rng = np.random.default_rng((SEED, stream))
    times = rng.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), size=DRAWS)
    summed = times @ parts
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(summed[:, 0] / summed[:, 1])


def _bounds(drawn: np.ndarray, blocks: int, level: float) -> tuple[float, float]:
    from scipy.special import ndtr, stdtrit  # imported late: half a CPU second that a notebook need not pay

    known = drawn[~np.isnan(drawn)]
    if blocks < LEAST_BLOCKS or not len(known):
        return float("nan"), float("nan")
    tail = ndtr(stdtrit(blocks - 1, (1 - level) / 2) * np.sqrt(blocks / (blocks - 1)))
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)
