"""How many independent pairs are two autocorrelated series worth? From the product of both autocorrelations."""

from __future__ import annotations

import numpy as np

__all__ = ["MIN_EFFECTIVE_PAIRS", "effective_pairs", "lag_one"]

MIN_EFFECTIVE_PAIRS = 10.0  # below it an association of two series is not decidable


def lag_one(x: np.ndarray) -> float:
    """Return the lag-1 autocorrelation over neighbours that are both known, bias-corrected, held in [-0.99, 0.99].

    Parameters
    ----------
    x : ndarray, shape (n,)
        Equally spaced; NaN unknown.

    Returns
    -------
    float
        0 for constants and fewer than three known values.

    Notes
    -----
    Mean product of known neighbours over the mean square of all known values, plus (1 + 3 r) / n for n pairs
    (Kendall 1954; Marriott and Pope 1954). Unlike `effect.autocorrelation` it keeps the sign and accepts gaps.

    Examples
    --------
    >>> round(lag_one(np.array([0.0, 1, 2, 3, np.nan, 3, 2, 1, 0])), 3)
    0.667
    """
    known = np.isfinite(x)
    if np.count_nonzero(known) < 3 or np.ptp(x[known]) == 0:
        return 0.0
    d = np.where(known, x - x[known].mean(), 0.0)
    d = d / np.abs(d).max()
    pairs = int(np.count_nonzero(known[1:] & known[:-1]))
    if pairs == 0:
        return 0.0
    r = float(d[1:] @ d[:-1]) / pairs / (float(d @ d) / np.count_nonzero(known))
    return float(np.clip(r + (1 + 3 * r) / pairs, -0.99, 0.99))


def effective_pairs(x: np.ndarray, y: np.ndarray) -> float:
    """Return how many independent pairs the steps are worth at which both series are known.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Equally spaced; NaN unknown.

    Returns
    -------
    float
        At most the number of pairs m; without gaps and for long series m (1 - f) / (1 + f), f the product of both lag-1
        autocorrelations (a product below 0 is taken as 0).

    Notes
    -----
    m^2 / sum_L c(L) f^|L|, c(L) the number of pairs of steps at distance L that are both known: Bartlett's variance of
    a correlation for two AR(1) series (Bartlett 1935; Bayley and Hammersley 1946), whose sum over an endless grid gives
    the closed form; gaps leave fewer neighbours, so each remaining pair is worth more.

    Examples
    --------
    >>> slow = np.sin(np.arange(200) / 3)
    >>> round(effective_pairs(slow, slow)), round(effective_pairs(slow, np.arange(200.0) % 2))
    (7, 200)
    """
    both = np.isfinite(x) & np.isfinite(y)
    m = int(np.count_nonzero(both))
    f = max(lag_one(np.where(both, x, np.nan)) * lag_one(np.where(both, y, np.nan)), 0.0) if m > 2 else 0.0
    if f == 0.0:
        return float(m)
    n = len(x)
    spectrum = np.fft.rfft(both.astype(float), 2 * n)
    count = np.round(np.fft.irfft(np.abs(spectrum) ** 2, 2 * n)[:n])
    return float(m / ((count[0] + 2 * float(count[1:] @ f ** np.arange(1, n))) / m))
