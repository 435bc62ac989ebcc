"""Association of two series against circular shifts of one: the null keeps the autocorrelation of both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["ShiftTest", "contrast_shift_test", "mid_ranks", "rank_shift_test", "shift_p_value"]


class ShiftTest(NamedTuple):
    """`value` of the statistic, one-sided p over all circular shifts (the observed one included), and n."""

    value: float
    p_value: float
    n: int


def shift_p_value(observed: float, shifted: np.ndarray, *, tolerance: float = 1e-12) -> float:
    """Return the share of shifts whose statistic is at least the observed one; the observed one counts.

    Parameters
    ----------
    observed : float
        Statistic without a shift.
    shifted : ndarray, shape (k,)
        Statistic at each further shift.
    tolerance : float
        Differences up to this are rounding.

    Examples
    --------
    >>> shift_p_value(1.0, np.array([0.0, 0.5, 1.0]))
    0.5
    """
    return float((1 + np.count_nonzero(shifted >= observed - tolerance)) / (1 + len(shifted)))


def mid_ranks(x: np.ndarray) -> np.ndarray:
    """Return ranks from 1, ties sharing their mean.

    Examples
    --------
    >>> mid_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def _circular_products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return sum_i x[i - k] y[i] for every circular shift k, shape (n,)."""
    return np.fft.irfft(np.conj(np.fft.rfft(x)) * np.fft.rfft(y), n=len(x))


def rank_shift_test(x: np.ndarray, y: np.ndarray) -> ShiftTest:
    """Test for a positive rank correlation (Spearman) of two equally spaced series.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Without NaN. Either constant: value and p are NaN.

    Returns
    -------
    ShiftTest
        Spearman's rho with mid-ranks; p over all n circular shifts of x against y.

    Examples
    --------
    >>> x = np.r_[np.zeros(40), np.ones(10), np.zeros(50)]
    >>> test = rank_shift_test(x, x)
    >>> round(test.value, 6), test.p_value
    (1.0, 0.01)
    """
    n = len(x)
    rx, ry = (mid_ranks(v) - (n + 1) / 2 for v in (x, y))
    norm = float(np.sqrt((rx @ rx) * (ry @ ry))) if n else 0.0
    if n < 3 or norm <= 1e-12:
        return ShiftTest(float("nan"), float("nan"), n)
    rho = _circular_products(rx, ry) / norm
    return ShiftTest(float(np.clip(rho[0], -1, 1)), shift_p_value(float(rho[0]), rho[1:]), n)


def contrast_shift_test(values: np.ndarray, weights: np.ndarray) -> ShiftTest:
    """Test whether sum(weights * values) is higher than at other placements of the weights in time.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Equally spaced, without NaN.
    weights : ndarray, shape (n,)
        For a difference of means: 1/k inside a stretch of k steps, -1/m in another of m steps, 0 elsewhere.

    Returns
    -------
    ShiftTest
        The contrast; p over all n circular shifts.

    Examples
    --------
    >>> v = np.r_[np.zeros(45), np.ones(5)]
    >>> w = np.r_[np.full(45, -1 / 45), np.full(5, 1 / 5)]
    >>> contrast_shift_test(v, w)
    ShiftTest(value=1.0, p_value=0.02, n=50)
    """
    n = len(values)
    if n < 3 or not np.any(weights):
        return ShiftTest(float("nan"), float("nan"), n)
    centred = values - values.mean()  # the weights of a difference of means sum to 0: less rounding, same contrast
    all_shifts = _circular_products(weights, centred) + weights.sum() * values.mean()
    rounding = 1e-12 * max(float(np.abs(weights).sum() * np.abs(values).max()), 1e-300)
    p = shift_p_value(float(all_shifts[0]), all_shifts[1:], tolerance=rounding)
    contrast = float(weights @ centred) + float(weights.sum() * values.mean())
    return ShiftTest(0.0 if abs(contrast) <= rounding else round(contrast, 12), p, n)
