"""Did a rate of events change? Counts of steps that vary more than those of chance: test and interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["RateChange", "rate_change"]


class RateChange(NamedTuple):
    """Two rates: `baseline` and `window` (events per unit of exposure), `ratio` with `low` and `high`, `p`.

    `dispersion` is by how much counts of steps vary more than those of a Poisson process, at least 1. `ratio` and
    `high` are infinite where the baseline had no event, `low` is not; all is NaN without exposure or any event.
    """

    baseline: float
    window: float
    ratio: float
    low: float
    high: float
    p: float
    dispersion: float


def rate_change(before: np.ndarray, after: np.ndarray, *, level: float = 0.95) -> RateChange:
    """Compare two rates of events.

    Parameters
    ----------
    before, after : ndarray, shapes (k, 2) and (m, 2)
        Events and exposure (seconds, or requests) of each step, as of ten seconds: events of a step are alike.
    level : float
        Of the interval of the ratio.

    Returns
    -------
    RateChange
        p is two-sided.

    Notes
    -----
    Given their sum, the events of one of two Poisson processes are binomial (Przyborowski and Wilenski 1940); the
    interval is that of Clopper and Pearson. Counts are divided by the dispersion first (quasi-Poisson): Pearson's
    chi-square of the steps over its freedom (McCullagh and Nelder 1989, 4.5).

    Examples
    --------
    >>> quiet, storm = np.array([[5.0, 10.0]] * 6), np.array([[50.0, 10.0]] * 6)
    >>> found = rate_change(quiet, storm)
    >>> found.ratio, found.low > 5, found.p < 1e-6
    (10.0, True, True)
    """
    from scipy.special import betainc, betaincinv  # imported late: half a CPU second that a notebook need not pay

    nan = float("nan")
    (n0, e0), (n1, e1) = (tuple(x.sum(axis=0).tolist()) if len(x) else (0.0, 0.0) for x in (before, after))
    rate0, rate1 = (n / e if e > 0 else nan for n, e in ((n0, e0), (n1, e1)))
    if not (e0 > 0 and e1 > 0 and n0 + n1 > 0):
        return RateChange(rate0, rate1, nan, nan, nan, nan, nan)
    scale = _dispersion((before, after))
    few, many = n0 / scale, n1 / scale
    tail, odds = (1 - level) / 2, e0 / e1
    low = betaincinv(many, few + 1, tail) if many > 0 else 0.0
    high = betaincinv(many + 1, few, 1 - tail) if few > 0 else 1.0
    chance = e1 / (e0 + e1)
    above = betainc(many, few + 1, chance) if many > 0 else 1.0
    below = 1 - betainc(many + 1, few, chance) if few > 0 else 1.0
    ratio = rate1 / rate0 if rate0 > 0 else float("inf")
    lowest, highest = (x / (1 - x) * odds if x < 1 else float("inf") for x in (float(low), float(high)))
    p = float(min(2 * min(above, below), 1.0))
    return RateChange(rate0, rate1, ratio, lowest, highest, p, scale)


def _dispersion(stretches: tuple[np.ndarray, ...]) -> float:
    chi, freedom = 0.0, 0
    for part in stretches:
        held = part[part[:, 1] > 0]
        if len(held) and held[:, 0].sum() > 0:
            expected = held[:, 1] * held[:, 0].sum() / held[:, 1].sum()
            chi += float(((held[:, 0] - expected) ** 2 / expected).sum())
            freedom += len(held) - 1
    return max(chi / freedom, 1.0) if freedom > 0 else 1.0
