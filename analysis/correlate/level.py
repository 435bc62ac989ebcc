"""By how much did the level shift? Hodges-Lehmann and Cliff's delta with intervals that respect autocorrelation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.mean_contrast import contrast_spread, half_width, p_value

__all__ = ["LevelShift", "level_shift", "level_shifts", "pairwise"]

MIN_EFFECTIVE_SIZE = 10.0  # below it p and intervals are refused


class LevelShift(NamedTuple):
    """`shift` (Hodges-Lehmann, unit of the values), Cliff's `delta`, their intervals, p (NaN: refused), n_effective."""

    shift: float
    shift_low: float
    shift_high: float
    delta: float
    delta_low: float
    delta_high: float
    p_value: float
    n_effective: float


def pairwise(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, float]:
    """Return all differences after - before, in no order, and Cliff's delta: P(after > before) - P(after < before).

    Parameters
    ----------
    before, after : ndarray, shapes (n,) and (m,)
        Without NaN.

    Returns
    -------
    (ndarray, float)
        Shape (n m,); delta is NaN where there is no pair.

    Examples
    --------
    >>> pairwise(np.array([0.0, 1]), np.array([1.0, 2]))
    (array([1., 0., 2., 1.]), 0.75)
    """
    differences = np.subtract.outer(after, before).ravel()
    if not len(differences):
        return differences, float("nan")
    ordered = np.sort(before)
    places = np.searchsorted(ordered, after, "left") + np.searchsorted(ordered, after, "right")
    return differences, float(places.sum() / len(differences) - 1)


def _placements(x: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each value the share of the others that lie below it, ties half; NaN stays NaN."""
    ordered = np.sort(others[np.isfinite(others)])
    rank = (np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right")) / 2
    return np.where(np.isfinite(x), rank / max(len(ordered), 1), np.nan)


def level_shift(before: np.ndarray, after: np.ndarray, *, level: float = 0.95) -> LevelShift:
    """Return how far the level of `after` lies from that of `before`, with intervals and a test of no shift.

    Parameters
    ----------
    before, after : ndarray, shapes (n,) and (m,)
        Equally spaced stretches of one series; NaN is unknown.
    level : float
        Of both intervals.

    Returns
    -------
    LevelShift
        NaN p and intervals below ten effective values (`mean_contrast.contrast_spread`) or where no spread is left.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = level_shift(rng.normal(size=80), 3 + rng.normal(size=40))
    >>> found.shift_low < 3 < found.shift_high and found.p_value < 0.01
    True
    """
    rows = level_shifts(np.asarray(before, "f8")[None], np.asarray(after, "f8")[None], level=level)
    return LevelShift(*(float(v[0]) for v in rows))


def level_shifts(before: np.ndarray, after: np.ndarray, *, level: float = 0.95) -> tuple[np.ndarray, ...]:
    """Return the fields of `LevelShift` for many series at once.

    Parameters
    ----------
    before, after : ndarray, shapes (r, n) and (r, m)
        As for `level_shift`; infinite values count as unknown.
    level : float
        Of both intervals.

    Returns
    -------
    tuple of ndarray, shape (r,)
        In the order of `LevelShift`.

    Notes
    -----
    Mean placements differ by delta / 2 between the stretches (Brunner and Munzel 2000). Their error is taken from the
    autocorrelated placements: for p and the shift from those of the aligned stretches (after less the shift), which
    are what no shift would look like; the shift's interval is cut from the ordered pairwise differences at 1/2 -+ the
    half width (Lehmann 1963 with the variance for dependent values). Delta's interval is symmetric in the logit of
    (1 + delta) / 2, and its error at least one in two effective values' worth, so that it stays within [-1, 1] and
    never has zero width. Monotone transformations change neither delta nor, but for the alignment, p.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> [v.shape for v in level_shifts(rng.normal(size=(3, 50)), rng.normal(size=(3, 20)))][0]
    (3,)
    """
    rows = len(before)
    known = [np.where(np.isfinite(x), x, np.nan) for x in (before, after)]
    raw, aligned = ([np.full(x.shape, np.nan) for x in known] for _ in range(2))
    shift, delta = np.full(rows, np.nan), np.full(rows, np.nan)
    for i, (a, b) in enumerate(zip(*known, strict=True)):
        differences, delta[i] = pairwise(a[np.isfinite(a)], b[np.isfinite(b)])
        if len(differences):
            shift[i] = np.median(differences)
            raw[0][i], raw[1][i] = _placements(a, b), _placements(b, a)
            aligned[0][i], aligned[1][i] = _placements(a, b - shift[i]), _placements(b - shift[i], a)
    null, own = contrast_spread(*aligned), contrast_spread(*raw)
    size = null.n_effective
    with np.errstate(invalid="ignore"):
        decided = size >= MIN_EFFECTIVE_SIZE
    p = np.where(decided, p_value(delta / 2, null), np.nan)
    reach, own_reach = (np.where(decided, half_width(s, level=level), np.nan) for s in (null, own))
    low, high = np.full(rows, np.nan), np.full(rows, np.nan)
    for i in np.flatnonzero(decided).tolist():
        differences, _ = pairwise(*(x[i][np.isfinite(x[i])] for x in known))
        low[i], high[i] = np.quantile(differences, np.clip([0.5 - reach[i], 0.5 + reach[i]], 0, 1))
    return (shift, low, high, delta, *_logit_interval(delta, own_reach, size), p, size)


def _logit_interval(delta: np.ndarray, reach: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return delta's interval from the half width of (1 + delta) / 2, in the logit; NaN where size is unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        edge = np.where(size >= MIN_EFFECTIVE_SIZE, 1 / (2 * size), np.nan)
        middle = np.clip((1 + delta) / 2, edge, 1 - edge)
        width = np.fmax(reach, 2 * edge) / (middle * (1 - middle))
        centre = np.log(middle / (1 - middle))
        low, high = (2 / (1 + np.exp(-(centre + s * width))) - 1 for s in (-1, 1))
    return np.minimum(low, delta), np.maximum(high, delta)
