"""Do two series move together, also where a third is held fixed? Rank correlation against shifts, two-sided."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.effective_pairs import MIN_EFFECTIVE_PAIRS, effective_pairs
from analysis.correlate.shift import mid_ranks

__all__ = ["MIN_SHIFTS", "Comovement", "comovement"]

MIN_SHIFTS = 20  # with fewer, no p could be 0.05 or less


class Comovement(NamedTuple):
    """Rank correlation `value` with its 95 % interval, two-sided p over circular shifts, pairs' worth and pairs."""

    value: float
    low: float
    high: float
    p_value: float
    n_eff: float
    n: int


def comovement(x: np.ndarray, y: np.ndarray, control: np.ndarray | None = None) -> Comovement:
    """Test for a rank correlation of either sign, plain or with a third series held fixed (partial).

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Equally spaced; NaN unknown.
    control : ndarray, shape (n,), optional
        Held fixed: a cubic of its ranks is regressed out of the ranks of both. Steps where it is unknown are left out.

    Returns
    -------
    Comovement
        `value` is NaN for a constant, or fewer than three pairs; p and interval are NaN also where the pairs are worth
        fewer than 10 independent ones, or fewer than 20 shifts keep half of the pairs.

    Notes
    -----
    Spearman's rho with mid-ranks over the known pairs. p: share of circular shifts of x, the observed one included,
    whose |rho| is at least the observed; gaps move with their series, and a shift counts if it keeps half of the pairs.
    With a control, ranks are residuals of a cubic of its ranks, since a straight line of them (Kendall 1942) leaves
    part of a curved link behind; each shift of x is fitted to the control anew. Interval: Fisher's z with variance
    (1 + rho^2 / 2) / (n_eff - 3), three less for a control (Bonett and Wright 2000).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> load = rng.normal(size=200)
    >>> x, y = load + 0.3 * rng.normal(size=200), load + 0.3 * rng.normal(size=200)
    >>> plain, partial = comovement(x, y), comovement(x, y, load)
    >>> plain.p_value < 0.01, partial.p_value > 0.05
    (True, True)
    """
    nan = float("nan")
    held = np.isfinite(control) if control is not None else np.ones(len(x), bool)
    known_x, known_y = np.isfinite(x) & held, np.isfinite(y) & held
    both = known_x & known_y
    n = int(np.count_nonzero(both))
    if n < 3:
        return Comovement(nan, nan, nan, nan, float(n), n)
    fixed = _powers(control, held) if control is not None else np.zeros((len(x), 0))
    rx, ry = (_held_fixed(_centred_ranks(v, k), fixed, k) for v, k in ((x, known_x), (y, known_y)))
    value = _correlation(_centred_ranks(x, both), _centred_ranks(y, both), _directions(fixed, both))
    worth = effective_pairs(np.where(known_x, rx, np.nan), np.where(known_y, ry, np.nan))
    rho, pairs = _all_shifts(rx, ry, known_x, known_y, fixed)
    usable = np.isfinite(rho) & (2 * pairs >= n)
    spare = fixed.shape[1]
    if not np.isfinite(value) or worth < MIN_EFFECTIVE_PAIRS or np.count_nonzero(usable) < MIN_SHIFTS:
        return Comovement(value, nan, nan, nan, worth, n)
    p = float(np.mean(np.abs(rho[usable]) >= abs(rho[0]) - 1e-9)) if usable[0] else nan
    centre = np.arctanh(np.clip(value, -0.999999, 0.999999))
    width = 1.959964 * np.sqrt((1 + value**2 / 2) / (worth - 3 - spare))
    return Comovement(value, float(np.tanh(centre - width)), float(np.tanh(centre + width)), p, worth, n)


def _centred_ranks(x: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return mid-ranks of the known values less their mean; 0 where unknown."""
    ranks = np.zeros(len(x))
    ranks[known] = mid_ranks(x[known]) - (np.count_nonzero(known) + 1) / 2
    return ranks


def _powers(control: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the first three powers of the control's ranks, scaled to [-1, 1], shape (n, 3); 0 where unknown."""
    ranks = _centred_ranks(control, known)
    return np.asarray((ranks / max(float(np.abs(ranks).max()), 1.0))[:, None] ** np.arange(1, 4))


def _directions(fixed: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return orthonormal columns that span the centred powers over the known steps; 0 elsewhere."""
    if not fixed.shape[1]:
        return fixed
    powers = np.where(known[:, None], fixed - fixed[known].mean(axis=0), 0.0) if known.any() else fixed
    left, size, _ = np.linalg.svd(powers, full_matrices=False)
    return np.asarray(left[:, size > 1e-9 * max(float(size.max(initial=0.0)), 1e-300)])


def _held_fixed(ranks: np.ndarray, fixed: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the residuals of ranks after a fit of the control over the known steps."""
    q = _directions(fixed, known)
    return np.asarray(ranks - q @ (q.T @ ranks))


def _correlation(rx: np.ndarray, ry: np.ndarray, q: np.ndarray) -> float:
    """Return the correlation of centred ranks, or the partial one; NaN if either has nothing left."""
    whole_x, whole_y = float(rx @ rx), float(ry @ ry)
    rx, ry = (v - q @ (q.T @ v) for v in (rx, ry))
    sx, sy = float(rx @ rx), float(ry @ ry)
    if sx <= 1e-9 * max(whole_x, 1e-300) or sy <= 1e-9 * max(whole_y, 1e-300):
        return float("nan")
    return float(np.clip(float(rx @ ry) / np.sqrt(sx * sy), -1, 1))


def _all_shifts(
    rx: np.ndarray, ry: np.ndarray, known_x: np.ndarray, known_y: np.ndarray, fixed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlation at every circular shift of x, and its number of pairs, each of shape (n,)."""
    n = len(rx)

    mx, my = known_x.astype(float), known_y.astype(float)
    moved, still = (np.fft.rfft(np.stack([m, r, r * r])) for m, r in ((mx, rx), (my, ry)))
    pick = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0], [0, 2]])
    sums = np.fft.irfft(np.conj(moved[pick[:, 0]]) * still[pick[:, 1]], n=n)
    pairs = np.maximum(np.round(sums[0]), 1.0)
    cross = sums[3] - sums[1] * sums[2] / pairs
    square_x, square_y = sums[4] - sums[1] ** 2 / pairs, sums[5] - sums[2] ** 2 / pairs
    for direction in _directions(fixed, known_y).T:  # fit the shifted x to the control anew; y is free of it
        square_x = square_x - np.fft.irfft(np.conj(moved[1]) * np.fft.rfft(direction), n=n) ** 2
    floor = 1e-9 * max(float(rx @ rx), float(ry @ ry), 1e-300)
    ok = (square_x > floor) & (square_y > floor)
    rho = np.full(n, np.nan)
    rho[ok] = cross[ok] / np.sqrt(square_x[ok] * square_y[ok])
    return rho, pairs
