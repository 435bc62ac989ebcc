"""Association of two series against circular shifts of one: the null keeps the autocorrelation of both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = [
    "ShiftTest",
    "contrast_shift_test",
    "mid_ranks",
    "rank_shift_test",
    "shift_p_value",
    "studentised_contrast_test",
]

MIN_SHIFTS = 20  # with fewer, no p could be 0.05 or less
MIN_EFFECTIVE_SIZE = 10.0  # independent values below which a level, and so a contrast of two, is not decidable


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


def studentised_contrast_test(values: np.ndarray, weights: np.ndarray) -> ShiftTest:
    """Test a contrast of either sign against other placements in time, each measured in its own standard error.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Equally spaced, without NaN.
    weights : ndarray, shape (n,)
        As for `contrast_shift_test`; made to sum to 0.

    Returns
    -------
    ShiftTest
        The contrast; two-sided p over all n circular shifts. p is NaN for fewer than 20 steps, constant values, and
        where the values are worth fewer than 10 independent ones.

    Notes
    -----
    The circle joins the end of a series to its beginning, which it does not do in time. Two long halves meet once as
    they are and twice when shifted, so under autocorrelation shifted contrasts spread less than the observed one, and
    bare shifts are too eager. Here each is divided by its standard deviation for an AR(1) series in time, without the
    circle: Var = sum_ij w_i w_j phi^|i - j|, phi from the residuals of the contrast's fit, corrected for the bias of
    two fitted levels. Linear time: only the pairs across the seam differ from shift to shift.

    Examples
    --------
    >>> v = np.r_[np.zeros(30), np.ones(30)] + 0.1 * np.cos(np.arange(60) ** 2)
    >>> test = studentised_contrast_test(v, np.r_[np.full(30, -1 / 30), np.full(30, 1 / 30)])
    >>> round(test.value, 1), round(test.p_value, 3), test.n
    (1.0, 0.033, 60)
    """
    n = len(values)
    w = weights - weights.mean() if n else weights
    if n < 3 or np.abs(w).max() <= 1e-12 * np.abs(weights).max():
        return ShiftTest(float("nan"), float("nan"), n)
    x = values - values.mean()
    value = float(w @ x)
    if n < MIN_SHIFTS or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return ShiftTest(value, float("nan"), n)
    residuals = x / np.abs(x).max()
    residuals = residuals - (float(residuals @ w) / float(w @ w)) * w
    square = float(residuals @ residuals)
    r = float(residuals[1:] @ residuals[:-1]) / square if square > 1e-20 * n else 0.0
    phi = float(np.clip(r + 2 * (1 + 3 * r) / n, 0.0, 0.98))
    if n * (1 - phi) / (1 + phi) < MIN_EFFECTIVE_SIZE:
        return ShiftTest(value, float("nan"), n)
    z = np.abs(_circular_products(w, x)) / np.sqrt(_contrast_variances(w, phi))
    return ShiftTest(value, shift_p_value(float(z[0]), z[1:], tolerance=1e-9 * float(z.max())), n)


def _contrast_variances(w: np.ndarray, phi: float) -> np.ndarray:
    """Return sum_ij w[i - k] w[j - k] phi^|i - j| (indices of w on the circle) for every shift k, shape (n,)."""
    n = len(w)
    decay = phi ** np.arange(n) / (1 - phi**n)
    ahead = _circular_products(decay, w)  # sum over m of phi^m w[j + m], round the circle without end
    back = _circular_products(decay[-np.arange(n)], w)  # the same, of phi^m w[j - m]
    start = -np.arange(n) % n  # the step of the weights that a shift of k brings to the front
    across = phi * (1 - phi**n) * back[start - 1] * ahead[start]
    variance = 2 * (float(w @ back) - across) - float(w @ w)
    return np.asarray(np.maximum(variance, 1e-9 * float(w @ w)))
