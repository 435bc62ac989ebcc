"""How often would chance do as much: placements of the incident elsewhere in the same series."""

from __future__ import annotations

import numpy as np

from analysis.correlate.effect import autocorrelation, effective_size
from analysis.correlate.shift import mid_ranks

__all__ = ["head_chance", "placement_p_value", "placement_starts"]

LEAST_EFFECTIVE = 10.0  # independent values below which a test refuses
MOST_PLACEMENTS = 200
STRETCHES = 10  # at least so many stretches of the incident's length should fit into the baseline


def placement_starts(n_before: int, n_during: int) -> tuple[np.ndarray, int]:
    """Return where stretches of the baseline begin that are scored as if they were the incident, and their length.

    Parameters
    ----------
    n_before, n_during : int
        Samples of baseline and incident. Of a short baseline shorter stretches are taken.

    Returns
    -------
    (ndarray of int, int)
        Starts, each with one more stretch before it; length.

    Examples
    --------
    >>> starts, length = placement_starts(60, 5)
    >>> length, int(starts[0]), int(starts[-1]) <= 55
    (5, 5, True)
    """
    length = max(1, min(n_during, n_before // STRETCHES))
    step = length if n_before >= 2 * STRETCHES * length else max(1, length // 2)
    many = max(1, (n_before - 2 * length) // step + 1)
    step *= -(-many // MOST_PLACEMENTS)
    return np.arange(length, n_before - length + 1, step), length


def head_chance(head: float, placements: np.ndarray) -> float:
    """Return the share of placements, the incident included, whose largest size reaches the head's.

    Parameters
    ----------
    head : float
        Largest size in the incident.
    placements : ndarray, shape (p,)
        Largest size over all series at each placement.

    Examples
    --------
    >>> head_chance(12.0, np.array([3.0, 4.0, 15.0]))
    0.5
    """
    return float((1 + np.count_nonzero(placements >= head)) / (1 + len(placements)))


def placement_p_value(values: np.ndarray, inside: np.ndarray) -> float:
    """Return how often the same stretch, moved circularly along the series, differs as much from the rest.

    Parameters
    ----------
    values : ndarray, shape (n,)
        In order of time; NaN is unknown.
    inside : ndarray of bool, shape (n,)
        The incident.

    Returns
    -------
    float
        Two-sided p over all shifts; NaN where fewer than 10 independent values lie outside (the test refuses).

    Notes
    -----
    Statistic: difference of the mean ranks inside and outside. A shift keeps the autocorrelation of the series.

    Examples
    --------
    >>> x = np.r_[np.random.default_rng(0).normal(size=95), np.full(5, 9.0)]
    >>> placement_p_value(x, np.arange(100) >= 95)
    0.01
    """
    known = np.isfinite(values)
    outside = values[known & ~inside]
    if not (known & inside).any() or len(outside) < LEAST_EFFECTIVE:
        return float("nan")
    if effective_size(len(outside), autocorrelation(outside)) < LEAST_EFFECTIVE or np.ptp(values[known]) == 0:
        return float("nan")
    n = len(values)
    ranks = np.zeros(n)
    ranks[known] = mid_ranks(values[known]) - (known.sum() + 1) / 2
    window, there = np.fft.rfft(inside.astype(float)), np.fft.rfft(known.astype(float))
    total = np.fft.irfft(np.conj(window) * np.fft.rfft(ranks), n=n)
    count = np.round(np.fft.irfft(np.conj(window) * there, n=n))
    all_count = float(known.sum())
    usable = (count > 0) & (count < all_count)
    with np.errstate(divide="ignore", invalid="ignore"):  # the ranks sum to 0: what is not inside is outside
        contrast = np.abs(total / count + total / (all_count - count))
    return float(np.count_nonzero(contrast[usable] >= contrast[0] - 1e-9) / np.count_nonzero(usable))
