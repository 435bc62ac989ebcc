"""Which spectra fit an autocorrelated stretch, and how sure is its mean under each? AR(1), also under white noise."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np

__all__ = ["block_factor", "candidates", "guarded", "mean_shares", "posterior", "stretch_spread"]

NOISE_WEIGHT = 0.05  # prior weight of white noise on top: more makes short white series timid, less makes counters bold
NOISE_SHARES = np.arange(1, 10) / 10  # share of the variance that is autocorrelated, where noise is on top
PHI_LOW, PHI_NOISE_LOW, PHI_HIGH = -0.5, 0.3, 0.99  # jittered counters are negative; above .99 is a random walk
HIDDEN_SHARE, HIDDEN_SIZE, HIDDEN_TENTH, HIDDEN_WEIGHT = 0.7, 6.0, 0.1, 0.06  # slow wander under noise: `guarded`


@cache
def candidates() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return share A, phi and prior weight of the spectra whose autocorrelation at lag k > 0 is A phi^k.

    The prior is flat in phi: on a grid even in artanh(phi) the weight is 1 - phi^2. A = 1 is a pure AR(1).

    Returns
    -------
    (ndarray, ndarray, ndarray), each of shape (g,)
        Shares, coefficients and weights; the weights sum to 1.

    Examples
    --------
    >>> share, phi, weight = candidates()
    >>> bool(abs(weight.sum() - 1) < 1e-12), float(share.max())
    (True, 1.0)
    """
    pure = np.tanh(np.linspace(np.arctanh(PHI_LOW), np.arctanh(PHI_HIGH), 30))
    noisy = np.tanh(np.linspace(np.arctanh(PHI_NOISE_LOW), np.arctanh(PHI_HIGH), 14))
    share = np.r_[np.ones(len(pure)), np.repeat(NOISE_SHARES, len(noisy))]
    phi = np.r_[pure, np.tile(noisy, len(NOISE_SHARES))]
    weight, alone = 1 - phi**2, np.arange(len(phi)) < len(pure)
    weight[alone] *= (1 - NOISE_WEIGHT) / weight[alone].sum()
    weight[~alone] *= NOISE_WEIGHT / weight[~alone].sum()
    return share, phi, weight


@cache
def _distinct() -> tuple[np.ndarray, np.ndarray]:
    """Return the different phi of the candidates and the place of each: noise on top changes the share alone."""
    different, place = np.unique(candidates()[1], return_inverse=True)
    return different, place


def _expected_periodogram(n: int, frequencies: int) -> np.ndarray:
    """Return E I(2 pi j / n), j from 0, of each candidate with unit variance, shape (g, frequencies).

    1 + 2 A Re sum_k (1 - k / n) z^k with z = phi exp(-2 pi i j / n), summed in closed form; at j = 0 n times var(mean).
    """
    share, (different, place) = candidates()[0], _distinct()
    z = different[:, None] * np.exp(-2j * np.pi * np.arange(frequencies) / n)
    lags = (z / (1 - z) * (1 - (1 - different[:, None] ** n) / (n * (1 - z)))).real
    return np.asarray(np.maximum(1 + 2 * share[:, None] * lags[place], 1e-12))


def mean_shares(n: int) -> np.ndarray:
    """Return the variance of the mean of n values under each candidate, in variances of a value, shape (g,).

    Examples
    --------
    >>> round(float(mean_shares(1).max()), 6)
    1.0
    """
    return np.asarray(_expected_periodogram(n, 1)[:, 0] / n)


@lru_cache(maxsize=8)  # thousands of series of one length share it
def _likelihood_table(n: int, skip: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return E I(0) and sum log E I of the candidates, shape (g,), and counts / E I, shape (n // 2 + 1, g).

    A frequency counts twice, for j and n - j; the `skip` lowest do not count.
    """
    height = _expected_periodogram(n, n // 2 + 1)
    count = np.full(n // 2 + 1, 2.0)
    count[:skip] = 0.0
    if n % 2 == 0:
        count[-1] = 1.0
    return height[:, 0], np.log(height) @ count, np.ascontiguousarray((count / height).T)


def stretch_spread(x: np.ndarray, *, skip: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the Whittle log-likelihood of each candidate and the variance of the mean under it.

    Parameters
    ----------
    x : ndarray, shape (r, n)
        Equally spaced rows; NaN is unknown.
    skip : int
        Lowest frequencies left out, at least 1: 1 where the mean was taken away, 2 where a line was.

    Returns
    -------
    (ndarray, ndarray), each of shape (r, g)
        Rows of fewer than three known values or without spread: likelihood 0, variance NaN.

    Notes
    -----
    Debiased Whittle likelihood (Sykulski et al. 2019), its scale profiled out. Deviations from the mean are 0 where
    unknown: the mean's error is a sum over this masked series, whose own spectrum is what is estimated.

    Examples
    --------
    >>> logs, variance = stretch_spread(np.random.default_rng(0).normal(size=(1, 100)))
    >>> logs.shape == variance.shape == (1, 156)
    True
    """
    rows, n = x.shape
    known = np.isfinite(x)
    count = np.maximum(known.sum(axis=1), 1)
    filled = np.where(known, x, 0.0)
    mean = filled.sum(axis=1) / count
    d = np.where(known, x - mean[:, None], 0.0)
    size = np.abs(d).max(axis=1) if n else np.zeros(rows)
    noise = 1e-12 * np.abs(filled).max(axis=1) if n else size
    usable = (known.sum(axis=1) >= 3) & (size > noise)
    shape = (rows, len(candidates()[1]))
    if n <= 2 * skip or not usable.any():
        return np.zeros(shape), np.full(shape, np.nan)
    scale = np.where(usable, size, 1.0)
    power = np.abs(np.fft.rfft(d / scale[:, None], axis=1)) ** 2 / n
    origin, determinant, inverse = _likelihood_table(n, skip)
    total = n + 1 - 2 * skip  # frequencies that count: j = skip .. n - skip
    level = np.where(usable[:, None], np.maximum(power @ inverse / total, 1e-300), 1.0)
    logs = -0.5 * (determinant + total * np.log(level))
    variance = level * scale[:, None] ** 2 * origin * (n / count[:, None] ** 2)
    return np.where(usable[:, None], logs, 0.0), np.where(usable[:, None], variance, np.nan)


def posterior(logs: np.ndarray) -> np.ndarray:
    """Return the weights of the candidates, prior times likelihood, each row summing to 1.

    Parameters
    ----------
    logs : ndarray, shape (r, g)
        Log-likelihoods.

    Examples
    --------
    >>> weight = posterior(np.zeros((1, 156)))
    >>> bool(np.allclose(weight, candidates()[2]))
    True
    """
    logs = logs + np.log(candidates()[2])
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def guarded(weight: np.ndarray, size: np.ndarray, n: np.ndarray, *, tolerated: float = HIDDEN_WEIGHT) -> np.ndarray:
    """Return the weights of the candidates, all on slow wander under noise in rows that cannot exclude it.

    Parameters
    ----------
    weight, size : ndarray, shape (r, g)
        Weights of the candidates, and effective size under each; NaN excludes nothing.
    n : ndarray, shape (r,)
        Size that the values would have if they were independent.
    tolerated : float
        Weight up to which they are taken as excluded.

    Returns
    -------
    ndarray, shape (r, g)
        Rows sum to 1.

    Notes
    -----
    Short noisy stretches cannot tell white noise from noise on top of a slow wander, and the prior speaks for the
    former: counters of 60 values would err in 17 to 28 %. So the weights are taken once more with noise on top as
    likely beforehand as none. Where spectra whose autocorrelated share is at most .7, and that are worth fewer than 6
    values and less than a tenth of n, then hold more than `tolerated` together, they alone decide how sure a mean is.

    Examples
    --------
    >>> weight = candidates()[2][None]
    >>> bool(np.array_equal(guarded(weight, np.full(weight.shape, 40.0), np.array([60.0])), weight))
    True
    """
    share = candidates()[0]
    few = np.minimum(HIDDEN_SIZE, HIDDEN_TENTH * n)[:, None]
    odds = weight * np.where(share < 1, 1 / NOISE_WEIGHT, 1 / (1 - NOISE_WEIGHT))
    with np.errstate(invalid="ignore"):
        hidden = odds * ((share <= HIDDEN_SHARE + 1e-9) & (size < few))
    mass = hidden.sum(axis=1, keepdims=True)
    return np.where(mass > tolerated * odds.sum(axis=1, keepdims=True), hidden / np.maximum(mass, 1e-300), weight)


def block_factor(weight: np.ndarray, *, n: int, block: int) -> float:
    """Return the variance of the mean of n values over what independent blocks would give it.

    Parameters
    ----------
    weight : ndarray, shape (g,)
        Of the candidates.
    n, block : int
        Length of the series and of a block [steps].

    Returns
    -------
    float
        1 for white noise; above 1 where blocks cut what belongs together.

    Examples
    --------
    >>> weight = (candidates()[1] == candidates()[1].max()) * 1.0
    >>> block_factor(weight / weight.sum(), n=1000, block=1) > 50
    True
    """
    return float(weight @ (n * mean_shares(n) / (block * mean_shares(block))))
