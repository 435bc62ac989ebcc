"""Did the mean change? Welch's t with the error of autocorrelated data; block bootstrap of a share; FDR."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.longrun import guarded, mean_shares, posterior, stretch_spread
from analysis.correlate.mean_contrast import Spread, p_value

__all__ = ["Change", "adjust_fdr", "autocorrelation", "block_bootstrap_share", "change", "effective_size"]

LONG_ENOUGH = 20  # values from which a stretch knows its own spread and autocorrelation
MIN_EFFECTIVE_SIZE = 3.0  # below it a level is not known well enough to say that it changed
WELL_KNOWN_SIZE = 10.0  # from which a stretch `after` may tell of the spectrum too


class Change(NamedTuple):
    """`difference` of two means, its t statistic, two-sided p (NaN: not decidable) and effective sizes."""

    difference: float
    t: float
    p_value: float
    n_before: float
    n_after: float


def autocorrelation(x: np.ndarray) -> float:
    """Return the lag-1 autocorrelation, corrected for its small-sample bias and held in [0, 0.99].

    Parameters
    ----------
    x : ndarray, shape (n,)
        Equally spaced values without NaN.

    Returns
    -------
    float
        0 for constant input.

    Notes
    -----
    The estimate r1 is low by about (1 + 3 r1) / n (Kendall 1954; Marriott and Pope 1954); that is added.

    Examples
    --------
    >>> autocorrelation(np.array([1.0, 1, 1, 1]))
    0.0
    """
    n = len(x)
    d = x - x.mean() if n else x
    total = float(d @ d)
    if n < 3 or np.ptp(x) == 0 or total <= 1e-28 * float(x @ x):  # a constant, rounded
        return 0.0
    r1 = float(d[1:] @ d[:-1]) / total
    return float(np.clip(r1 + (1 + 3 * r1) / n, 0.0, 0.99))


def effective_size(n: int, phi: float) -> float:
    """Return n (1 - phi) / (1 + phi): how many independent values an AR(1) series of length n is worth.

    Examples
    --------
    >>> effective_size(120, 0.5)
    40.0
    """
    return n * (1 - phi) / (1 + phi)


def change(before: np.ndarray, after: np.ndarray, *, floor: float) -> Change:
    """Test whether the mean differs between two stretches of one autocorrelated series.

    Parameters
    ----------
    before, after : ndarray, shapes (n,) and (m,)
        Equally spaced values without NaN.
    floor : float
        Smallest standard deviation to believe, in the unit of the values: a flat baseline has no spread of its own.

    Returns
    -------
    Change
        p is NaN when the effective size before is below 3 or fewer than 3 values lie after.

    Notes
    -----
    Welch's t, its error averaged over the spectra that fit both stretches (`longrun.stretch_spread`), over the slow
    ones alone where noise may hide them (`longrun.guarded`). A stretch `after` of fewer than 20 values does not know
    its own spread: the shape is that of `before`, the spread the larger of both, the degrees of freedom those of the
    effective size before. So it is where `before` by itself is worth fewer than 10 values: its few degrees of freedom
    are the price of a short baseline. What it is worth never depends on `after`. Sizes are geometric means over all
    spectra; those of a constant are its length. How often it errs on null data is printed by the benchmarks.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bool(change(rng.normal(size=60), 5 + rng.normal(size=20), floor=0.1).p_value < 0.001)
    True
    """
    if len(before) == 0 or len(after) == 0:
        return Change(float("nan"), float("nan"), float("nan"), 0.0, 0.0)
    alone = _worth(before)
    short = len(after) < LONG_ENOUGH or alone < WELL_KNOWN_SIZE
    difference = float(after.mean() - before.mean())
    s0, s1 = (float(x.std(ddof=1)) if len(x) > 1 else 0.0 for x in (before, after))
    s0 = max(s0, floor)
    s1 = max(s1, floor, s0 if short else 0.0)
    weight, share0, share1 = _shares(before, after, short=short)  # variance of the mean, in variances of the values
    variance = s0**2 * share0 + s1**2 * share1
    n0, n1 = (float(np.exp(-(weight @ np.log(share)))) for share in (share0, share1))
    weight = guarded(weight[None], 1 / share0[None], np.array([float(len(before))]))[0]
    error = float(np.exp(weight @ np.log(variance) / 2)) if s0 + s1 > 0 else 0.0
    t = difference / error if error > 0 else float(np.copysign(np.inf, difference)) if difference else 0.0
    if alone < MIN_EFFECTIVE_SIZE or len(after) < 3:
        return Change(difference, t, float("nan"), alone, n1)
    if error == 0:
        return Change(difference, t, 0.0 if difference else 1.0, alone, n1)
    v0, v1 = s0**2 * share0, s1**2 * share1
    freedom = variance**2 / (v0**2 / (len(before) - 1) + v1**2 / (len(after) - 1))
    freedom = np.full(len(weight), max(n0 - 1, 1.0)) if short else freedom
    spread = Spread(weight[None], variance[None], freedom[None], np.array([n0]))
    return Change(difference, t, float(p_value(np.array([difference]), spread)[0]), alone, n1)


def _worth(x: np.ndarray) -> float:
    """Return how many independent values a stretch is worth by its own spectrum; its length for a constant."""
    log, v = stretch_spread(x[None])
    if not np.isfinite(v).all():
        return float(len(x))
    weight = posterior(log)[0]
    return float(np.exp(-(weight @ np.log(v[0] / float(x.var(ddof=1))))))


def _shares(before: np.ndarray, after: np.ndarray, *, short: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weights of the spectra, and the variance of each mean in variances of the values, all of shape (g,)."""
    (log0, v0), (log1, v1) = (stretch_spread(x[None]) for x in (before, after))
    weight = posterior(log0 if short else log0 + log1)[0]
    shares = []
    for x, v in ((before, v0[0]), (after, v1[0])):
        if np.isfinite(v).all() and not (short and x is after):
            shares.append(v / float(x.var(ddof=1)))
        elif short and x is after and np.isfinite(v0).all():
            shares.append(mean_shares(len(x)))
        else:
            shares.append(np.full(len(weight), 1 / len(x)))
    return weight, shares[0], shares[1]


def block_bootstrap_share(
    part: np.ndarray, whole: np.ndarray, *, block: int, draws: int = 999, seed: int = 1, level: float = 0.95
) -> tuple[float, float]:
    """Return a percentile interval of sum(part) / sum(whole) by the circular moving-block bootstrap.

    Parameters
    ----------
    part, whole : ndarray, shape (n,)
        In order of time.
    block : int
        Block length, at least the decorrelation length.
    draws, seed, level
        Number of resamples, seed of the generator, level of the interval.

    Returns
    -------
    (float, float)
        Low and high; NaN for fewer than two blocks.

    Examples
    --------
    >>> block_bootstrap_share(np.ones(40), np.full(40, 2.0), block=5)
    (0.5, 0.5)
    """
    n = len(part)
    block = max(1, min(block, n))
    if n < 2 * block or n < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, size=(draws, -(-n // block)))
    top, bottom = (_block_sums(v, block)[starts].sum(axis=1) for v in (part, whole))
    share = top[bottom > 0] / bottom[bottom > 0]
    if not len(share):
        return float("nan"), float("nan")
    low, high = np.quantile(share, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _block_sums(x: np.ndarray, block: int) -> np.ndarray:
    """Return the sum of each circular block x[i : i + block], shape (n,)."""
    total = np.concatenate([[0.0], np.cumsum(np.concatenate([x, x[: block - 1]]))])
    return np.asarray(total[block:] - total[:-block])


def adjust_fdr(p: np.ndarray) -> np.ndarray:
    """Return Benjamini-Hochberg q-values; NaN stays NaN and does not count.

    Parameters
    ----------
    p : ndarray, shape (n,)
        p-values.

    Examples
    --------
    >>> adjust_fdr(np.array([0.01, np.nan, 0.04])).tolist()
    [0.02, nan, 0.04]
    """
    q = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if len(known):
        order = known[np.argsort(p[known], kind="stable")]
        raw = p[order] * len(known) / np.arange(1, len(known) + 1)
        q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q
