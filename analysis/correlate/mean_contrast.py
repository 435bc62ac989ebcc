"""How sure is a difference of two means of one autocorrelated series? p and interval, averaged over the spectra."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.longrun import guarded, posterior, stretch_spread

__all__ = ["Spread", "contrast_spread", "half_width", "p_value"]

NEGLIGIBLE = 1e-9  # weight of a candidate that no quantile notices


class Spread(NamedTuple):
    """Per series (r rows) and candidate (g): `weight`, `variance` of the contrast, `freedom`; `n_effective` (r,)."""

    weight: np.ndarray
    variance: np.ndarray
    freedom: np.ndarray
    n_effective: np.ndarray


def contrast_spread(before: np.ndarray, after: np.ndarray) -> Spread:
    """Return how sure the difference of two means is, for rows of two stretches of one autocorrelated series.

    Parameters
    ----------
    before, after : ndarray, shapes (r, n) and (r, m)
        Equally spaced; NaN is unknown.

    Returns
    -------
    Spread
        Both stretches share the shape of the spectrum; each has its own scale (Welch). `n_effective` is
        4 / (1/a + 1/b) with a, b the effective sizes of the stretches: how many independent values, split in half,
        know the difference as well. NaN where a stretch has fewer than three known values or no spread.

    Notes
    -----
    The weights are posterior: prior times Whittle likelihood. Averaging over the spectra instead of picking one
    keeps the error honest where phi is known badly (Geweke 2005, ch. 2, on model averaging).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> bool(90 < contrast_spread(rng.normal(size=(1, 60)), rng.normal(size=(1, 60))).n_effective[0] < 130)
    True
    """
    parts = [(x, *stretch_spread(x)) for x in (before, after)]
    weight = posterior(parts[0][1] + parts[1][1])
    (va, na), (vb, nb) = ((v, np.isfinite(x).sum(axis=1)[:, None]) for x, _, v in parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (va + vb) ** 2 / (va**2 / np.maximum(na - 1, 1) + vb**2 / np.maximum(nb - 1, 1))
    size = [_variance(x)[:, None] / v for x, _, v in parts]
    both = 4 / (1 / size[0] + 1 / size[1])
    whole = 4 / (1 / np.maximum(na, 1) + 1 / np.maximum(nb, 1))[:, 0]
    return Spread(guarded(weight, both, whole), va + vb, freedom, np.exp((weight * np.log(both)).sum(axis=1)))


def _variance(x: np.ndarray) -> np.ndarray:
    """Return the sample variance of the known values of each row, NaN for fewer than two."""
    known = np.isfinite(x)
    count = known.sum(axis=1)
    filled = np.where(known, x, 0.0)
    d = np.where(known, x - (filled.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)
    return np.where(count >= 2, (d * d).sum(axis=1) / np.maximum(count - 1, 1), np.nan)


def p_value(difference: np.ndarray, spread: Spread) -> np.ndarray:
    """Return the two-sided p of differences, averaged over the candidates; NaN stays NaN.

    Parameters
    ----------
    difference : ndarray, shape (r,)
        In the unit whose square is that of the variances.
    spread : Spread
        Of these differences.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> round(float(p_value(np.array([1.96]), Spread(one, one, 1e6 * one, np.array([99.0])))[0]), 3)
    0.05
    """
    from scipy.special import stdtr  # imported late: half a CPU second that a notebook need not pay

    t = np.abs(difference)[:, None] / np.sqrt(spread.variance)
    p = (spread.weight * 2 * stdtr(spread.freedom, -t)).sum(axis=1)
    return np.asarray(np.minimum(p, 1.0))  # the weights sum to 1 but for rounding


def half_width(spread: Spread, *, level: float = 0.95) -> np.ndarray:
    """Return the half width of the interval of a difference, shape (r,): where its p falls to 1 - level.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> round(float(half_width(Spread(one, one, 1e6 * one, np.array([99.0])))[0]), 2)
    1.96
    """
    from scipy.special import gammaln, stdtr

    row, column = np.nonzero(spread.weight > NEGLIGIBLE)
    weight, v, error = (x[row, column] for x in (spread.weight, spread.freedom, np.sqrt(spread.variance)))
    height = weight * np.exp(gammaln((v + 1) / 2) - gammaln(v / 2)) / (np.sqrt(v * np.pi) * error)
    rows = len(spread.weight)
    reach = 2 * np.sqrt((spread.weight * spread.variance).sum(axis=1))
    for _ in range(30):  # p falls ever less steeply: Newton may jump to the left once, and rises from there
        t = reach[row] / error
        p = np.bincount(row, 2 * weight * stdtr(v, -t), rows)
        density = np.bincount(row, height * (1 + t**2 / v) ** (-(v + 1) / 2), rows)
        step = (p - 1 + level) / (2 * density)
        reach = np.maximum(reach + step, reach / 4)
        if not np.any(np.abs(step) > 1e-5 * reach):  # the error left is the square of the step
            break
    return np.asarray(reach)
