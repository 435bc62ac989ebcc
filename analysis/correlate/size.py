"""How far each of many series moved: against its usual level and the level just before, in its own spreads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["FLOOR_RANGE", "FLOOR_STD", "Sizes", "change_sizes", "placement_sizes", "row_median"]

FLOOR_STD = 1 / 4  # of the baseline's standard deviation: a quartile range of 0 does not mean that nothing ever moves
FLOOR_RANGE = 1 / 40  # of all that the series covers: a flat baseline has no spread; caps every size at 40
IQR_OF_NORMAL = 1.349  # interquartile range of a normal distribution in its standard deviations


class Sizes(NamedTuple):
    """Per series, shape (k,): usual level, level in the incident, shift (unit of the series), scale, signed size.

    `least` is the scale without what single stretches of the baseline add to it.
    """

    usual: np.ndarray
    during: np.ndarray
    shift: np.ndarray
    scale: np.ndarray
    size: np.ndarray
    least: np.ndarray


def _quantile(ordered: np.ndarray, count: np.ndarray, q: float) -> np.ndarray:
    """Return the linear-interpolation quantile of the first `count` values of each row; NaN for none."""
    place = np.maximum(count - 1, 0) * q
    low = place.astype(int)
    rows = np.arange(len(ordered))
    a = ordered[rows, low]
    b = ordered[rows, np.minimum(low + 1, np.maximum(count - 1, 0))]
    return np.where(count > 0, a + (b - a) * (place - low), np.nan)


def row_median(values: np.ndarray) -> np.ndarray:
    """Return the median of each row, NaN left out.

    Parameters
    ----------
    values : ndarray, shape (k, n)
        NaN is unknown.

    Returns
    -------
    ndarray, shape (k,)
        NaN where a row knows nothing.

    Examples
    --------
    >>> row_median(np.array([[3.0, np.nan, 1.0], [np.nan, np.nan, np.nan]])).tolist()
    [2.0, nan]
    """
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=1)
    return _quantile(ordered, np.isfinite(ordered).sum(axis=1), 0.5)


def change_sizes(before: np.ndarray, during: np.ndarray, recent: int) -> Sizes:
    """Return how far the median moved from the baseline to the incident, in spreads of the baseline.

    Parameters
    ----------
    before : ndarray, shape (k, n)
        One series a row, in order of time; NaN is unknown.
    during : ndarray, shape (k, m)
        The incident.
    recent : int
        How many of the last samples of `before` are the level just before.

    Returns
    -------
    Sizes
        The shift is the smaller of the two shifts (against all of `before`, against its recent end); 0 where they
        disagree in sign: what was so just before, or is so usually, has not changed. NaN without values on one side.

    Notes
    -----
    scale = max(IQR / 1.349, std / 4, range / 40): all three scale with the unit and forget a constant, so neither
    does the size. BARO's RobustScorer, from which this descends, puts 1 in raw units where the IQR is 0.

    Examples
    --------
    >>> x = np.array([[1.0, 2, 1, 2, 1, 2, 1, 2]])
    >>> change_sizes(x, x[:, :4] + 10, recent=4).shift.tolist()
    [10.0]
    """
    ordered = np.sort(before, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    usual, low, high = (_quantile(ordered, count, q) for q in (0.5, 0.25, 0.75))
    level = row_median(during)
    span = _span(ordered, during)
    centred = (ordered - usual[:, None]) / np.where(span > 0, span, 1.0)[:, None]  # squares neither over- nor underflow
    known = np.maximum(count, 1)
    mean = np.nansum(centred, axis=1) / known
    spread = np.sqrt(np.maximum(np.nansum(centred * centred, axis=1) / known - mean**2, 0.0)) * span
    least = np.fmax((high - low) / IQR_OF_NORMAL, span * FLOOR_RANGE)
    scale = np.fmax(least, spread * FLOOR_STD)
    shift = _agreed(level - usual, level - row_median(before[:, -recent:]))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(scale > 0, shift / scale, 0.0)
    return Sizes(usual, level, shift, scale, np.where(np.isnan(shift), np.nan, size), least)


def _span(before: np.ndarray, during: np.ndarray) -> np.ndarray:
    """Return the range of everything that each row knows; 0 where it knows nothing."""
    low = np.fmin(np.fmin.reduce(before, axis=1, initial=np.inf), np.fmin.reduce(during, axis=1, initial=np.inf))
    high = np.fmax(np.fmax.reduce(before, axis=1, initial=-np.inf), np.fmax.reduce(during, axis=1, initial=-np.inf))
    return np.where(high >= low, high - low, 0.0)


def _agreed(usual: np.ndarray, recent: np.ndarray) -> np.ndarray:
    """Return the smaller of two shifts, 0 where their signs differ, the first where the second is unknown."""
    smaller = np.where(np.abs(usual) < np.abs(recent), usual, recent)
    return np.where(np.isnan(recent), usual, np.where(np.sign(usual) == np.sign(recent), smaller, 0.0))


def placement_sizes(before: np.ndarray, sizes: Sizes, starts: np.ndarray, lengths: tuple[int, int]) -> np.ndarray:
    """Return the size that each stretch of the baseline would have, were it the incident.

    Parameters
    ----------
    before : ndarray, shape (k, n)
        The baseline.
    sizes : Sizes
        Of these rows: their usual level and scale are used.
    starts : ndarray of int, shape (p,)
        First sample of each stretch, at least 1.
    lengths : (int, int)
        Samples of a stretch, and of the level just before it (fewer where the baseline begins).

    Returns
    -------
    ndarray, shape (k, p)
        Absolute sizes; 0 where nothing is known.

    Examples
    --------
    >>> x = np.array([[0.0, 1, 0, 1, 9, 9, 0, 1]])
    >>> placement_sizes(x, change_sizes(x, x[:, :2], 2), np.array([4]), (2, 4)).round(1).tolist()
    [[3.6]]
    """
    out, (length, recent) = np.zeros((len(before), len(starts))), lengths
    with np.errstate(divide="ignore", invalid="ignore"):
        for j, a in enumerate(starts):
            level, just_before = row_median(before[:, a : a + length]), row_median(before[:, max(0, a - recent) : a])
            shift = _agreed(level - sizes.usual, level - just_before)
            out[:, j] = np.where((sizes.least > 0) & np.isfinite(shift), np.abs(shift) / sizes.least, 0.0)
    return out
