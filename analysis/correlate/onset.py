"""When did a series leave its level? First lasting crossing of half the step, or the likeliest departure of many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Onsets", "chance_of_near", "chance_of_near_time", "onsets", "rises", "sustained"]

OUTSIDE = 3.0  # spreads of the baseline beyond which a value is outside it


class Onsets(NamedTuple):
    """Per series: first step of the departure, known step before it, 95 % interval [steps], confidence, height.

    `start` and `before` are -1 where nothing departs (`before` also where no earlier step is known); `low`, `high` and
    `confidence` are NaN there. `height` is the level outside [spreads of the baseline], negative for a fall.
    """

    start: np.ndarray
    before: np.ndarray
    low: np.ndarray
    high: np.ndarray
    confidence: np.ndarray
    height: np.ndarray


def sustained(above: np.ndarray, steps: int) -> np.ndarray:
    """Return where a condition begins and holds for most of the next `steps` steps.

    Parameters
    ----------
    above : ndarray of bool, shape (n,)
        The condition.
    steps : int
        Length to look ahead; at the end of the series the rest counts.

    Returns
    -------
    ndarray of bool, shape (n,)
        True at the first step of each such stretch.

    Examples
    --------
    >>> sustained(np.array([0, 1, 0, 0, 1, 1, 1, 0], bool), 3).nonzero()[0].tolist()
    [4]
    """
    n = len(above)
    begins = above & ~np.r_[False, above[:-1]]
    total = np.r_[0, np.cumsum(above)]
    ahead = np.minimum(np.arange(n) + steps, n)
    return np.asarray(begins & ((total[ahead] - total[:n]) * 2 > (ahead - np.arange(n))))


def rises(values: np.ndarray, low: float, high: float, *, steps: int = 3) -> np.ndarray:
    """Return the indices at which a series rises above the middle of two levels and stays, once until it has left.

    It has left where it lies below the middle for most of as many steps: a short dip makes no second rise.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Equally spaced; NaN never counts as above.
    low, high : float
        The level before and the level after.
    steps : int
        How long it must stay, in steps, for the most part.

    Examples
    --------
    >>> rises(np.array([0, 0, 0.4, 0, 0, 0.9, 1, 1, 1, 0]), 0, 1).tolist()
    [5]
    >>> rises(np.array([0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1]), 0, 1).tolist()
    [1, 9]
    """
    with np.errstate(invalid="ignore"):
        above, below = values >= (low + high) / 2, values < (low + high) / 2
    begins, left = np.flatnonzero(sustained(above, steps)), np.flatnonzero(sustained(below, steps))
    stretch = np.searchsorted(left, begins)  # how often it had left before: one rise for each
    return np.asarray(begins[np.r_[True, np.diff(stretch) > 0][: len(begins)]])


def chance_of_near(count: int, distance: int, n: int) -> float:
    """Return the chance that one of `count` rises lies within `distance` steps of a given time, placed at random.

    This is the share of circular shifts of the series that bring a rise as near, min(1, k (2 d + 1) / n): exact where
    rises lie more than 2 d apart, else an upper bound.

    Parameters
    ----------
    count : int
        Number of rises k.
    distance : int
        Distance d [steps].
    n : int
        Length of the series [steps].

    Examples
    --------
    >>> chance_of_near(1, 1, 100)
    0.03
    """
    return float(min(1.0, count * (2 * distance + 1) / n)) if n > 0 else float("nan")


def chance_of_near_time(count: int, width: float, span: float) -> float:
    """Return the chance that one of `count` changes lies in a window of time around a given time, placed at random.

    The continuous form of `chance_of_near`: min(1, k d / T), an upper bound that is exact for windows that do not meet.

    Parameters
    ----------
    count : int
        Number of changes k.
    width : float
        Whole length d of the two-sided window, twice the distance that was seen, in the unit of the span.
    span : float
        Time T in which a change could have lain.

    Returns
    -------
    float
        NaN if the span is not positive.

    Examples
    --------
    >>> chance_of_near_time(2, 60.0, 3600.0)
    0.03333333333333333
    """
    return float(min(1.0, count * width / span)) if span > 0 else float("nan")


def onsets(values: np.ndarray, first: int, *, steps: int = 3, spread: np.ndarray | None = None) -> Onsets:
    """Find in each series the step at which it leaves its baseline and stays out, for many series at once.

    Parameters
    ----------
    values : ndarray, shape (n_time, n_series)
        In order of time; NaN unknown, infinities are taken as unknown.
    first : int
        Steps before it are the baseline; the departure is sought from it on.
    steps : int
        Steps outside that make a departure; fewer where the search is shorter.
    spread : ndarray, shape (n_series,), optional
        Standard deviation of each baseline; by default max(IQR / 1.349, std / 4). 0: every other value is outside.

    Returns
    -------
    Onsets
        Arrays of shape (n_series,). A series without a known baseline value departs nowhere.

    Raises
    ------
    ValueError
        If `first` lies outside the series.

    Notes
    -----
    z = (value - median of the baseline) / spread; height h = median of the z beyond 3 on the side with more of them.
    The departure is the stretch with the largest sum of h (z - h / 2), the log likelihood ratio of level h against
    level 0 (Page 1954), hence a lasting one rather than a first spike; its height is taken again inside the stretch and
    the search repeated. The weights exp(log likelihood) of all starts of that stretch give the equal-tailed interval
    and the confidence: the weight within one step of the best. They are tempered by (1 - phi) / (1 + phi), phi the
    lag-1 autocorrelation of the baseline: a series that wanders by itself locates nothing sharply. Linear in time and
    series, but for sorting.

    Examples
    --------
    >>> x = np.r_[np.tile([0.0, 1.0], 20), np.full(10, 9.0)]
    >>> found = onsets(x[:, None], 30)
    >>> int(found.start[0]), int(found.before[0]), float(found.low[0]), float(found.high[0])
    (40, 39, 40.0, 40.0)
    """
    if not 0 < first < len(values):
        raise ValueError(f"first is {first}, expected 1 to {len(values) - 1}: a baseline and something to search")
    known = np.isfinite(values)
    z, phi = _standardised(np.where(known, values, np.nan), first, spread)
    later, seen = z[first:], known[first:] & np.isfinite(z[first:])
    up, down = ((s * later > OUTSIDE) & seen for s in (1, -1))
    sign = np.where(down.sum(axis=0) > up.sum(axis=0), -1.0, 1.0)
    later = np.where(seen, sign * later, 0.0)
    outside = later > OUTSIDE
    start, stop, height = _likeliest(later, seen, _median_where(later, outside))
    inside = (np.arange(len(later))[:, None] >= start) & (np.arange(len(later))[:, None] <= stop) & seen
    level = np.where(inside.any(axis=0), np.maximum(_median_where(later, inside), OUTSIDE), height)
    start, stop, height = _likeliest(later, seen, level)
    at = np.arange(len(later))[:, None]
    held = (outside & (at >= start) & (at <= stop)).sum(axis=0)
    departs = (held >= min(steps, len(later))) & np.isfinite(height)
    low, high, confidence = _located(later, seen, (start, stop), height, (1 - phi) / (1 + phi))
    index = np.where(departs, start + first, -1)
    last_known = np.maximum.accumulate(np.where(known, np.arange(len(values))[:, None], -1), axis=0)
    before = np.where(index > 0, last_known[np.maximum(index - 1, 0), np.arange(values.shape[1])], -1)
    return Onsets(
        index, before, *(np.where(departs, v, np.nan) for v in (low + first, high + first, confidence, sign * height))
    )


def _standardised(values: np.ndarray, first: int, spread: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return z of every value (NaN unknown) and the baseline's lag-1 autocorrelation, held in [0, 0.95]."""
    base = values[:first]
    seen = np.isfinite(base)
    count = seen.sum(axis=0)
    low, centre, high = _quartiles(base, count)
    e = np.where(seen, base - centre, 0.0)
    deviation = np.sqrt(np.maximum((e * e).sum(axis=0) - e.sum(axis=0) ** 2 / np.maximum(count, 1), 0.0))
    deviation /= np.sqrt(np.maximum(count, 1))
    scale = np.maximum((high - low) / 1.349, deviation / 4) if spread is None else spread
    d = values - centre
    flat = ~(scale > 1e-12 * np.abs(centre))
    moved = np.where(np.abs(d) > 1e-12 * np.abs(centre), np.sign(d) * 1e6, np.where(np.isnan(d), np.nan, 0.0))
    z = np.where(flat, moved, d / np.where(flat, 1.0, scale))
    e = np.where(seen, np.clip(z[:first], -5, 5), 0.0)
    e = np.where(seen, e - e.sum(axis=0) / np.maximum(count, 1), 0.0)
    total = (e * e).sum(axis=0)
    phi = (e[1:] * e[:-1]).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.clip(z, -1e6, 1e6), np.clip(phi + (1 + 3 * phi) / max(first, 4), 0.0, 0.95)


def _quartiles(base: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the quartiles of the first `count` values of each sorted column (NaN sorts last); NaN for none."""
    ordered, column = np.sort(np.ascontiguousarray(base.T), axis=1), np.arange(base.shape[1])
    place = np.maximum(count - 1, 0) * np.array([[0.25], [0.5], [0.75]])
    below = np.floor(place).astype(int)
    above = np.ceil(place).astype(int)
    lower, upper = ordered[column, below], ordered[column, above]
    low, centre, high = lower + (upper - lower) * (place - below)
    return low, centre, high


def _median_where(z: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the median of the masked values of each column; NaN where there are none."""
    count, column = mask.sum(axis=0), np.arange(z.shape[1])
    ordered = np.sort(np.ascontiguousarray(np.where(mask, z, np.inf).T), axis=1)
    middle = ordered[column, np.maximum(count - 1, 0) // 2] + ordered[column, np.minimum(count // 2, len(z) - 1)]
    return np.where(count > 0, middle / 2, np.nan)


def _gain(z: np.ndarray, seen: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Return the running sum of the log likelihood ratio of level `height` against 0, a row of zeros in front."""
    h = np.where(np.isfinite(height), height, 0.0)
    score = np.where(seen, np.minimum(z, 2 * h) - h / 2, 0.0)  # one spike counts no more than twice the height
    return np.concatenate([np.zeros((1, z.shape[1])), np.cumsum(h * score, axis=0)])


def _likeliest(z: np.ndarray, seen: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first and last row of the stretch with the largest gain, and the height."""
    gain = _gain(z, seen, height)
    lowest = np.minimum.accumulate(gain[:-1], axis=0)
    stop = (gain[1:] - lowest).argmax(axis=0)
    rows = np.arange(len(z))[:, None]
    start = np.where(rows <= stop, gain[:-1], np.inf)
    start = len(z) - 1 - start[::-1].argmin(axis=0)  # ties, as in a gap: the latest
    return start, stop, height


def _located(
    z: np.ndarray, seen: np.ndarray, stretch: tuple[np.ndarray, np.ndarray], height: np.ndarray, temper: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the 2.5 % and 97.5 % rows of the start's weights, and the weight within one row of the best."""
    start, stop = stretch
    rows = np.arange(len(z))[:, None]
    gain = _gain(z, seen, height)[:-1]
    least = gain[start, np.arange(z.shape[1])]
    weight = np.where(rows <= stop, np.exp(-np.clip((gain - least) * temper, 0, 700)), 0.0)
    weight /= np.maximum(weight.sum(axis=0), 1e-300)
    total = np.cumsum(weight, axis=0)
    confidence = np.where(np.abs(rows - start) <= 1, weight, 0.0).sum(axis=0)
    low, high = ((total < level - 1e-12).sum(axis=0) for level in (0.025, 0.975))
    return np.minimum(low, start), np.maximum(np.minimum(high, len(z) - 1), start), np.minimum(confidence, 1.0)
