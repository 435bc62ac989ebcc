"""Is it chance? Any statistic against permuted blocks of one series, or against its circular shifts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis.correlate.longrun import block_factor, guarded, posterior, stretch_spread

__all__ = ["Blocks", "block_permutation_p", "circular_shift_p", "decorrelation_block"]

Statistic = Callable[[np.ndarray], np.ndarray]  # rows of arranged series, shape (k, n), to one number each
MIN_BLOCKS = 10  # fewer, like fewer effective values, leave too few arrangements
ROUNDING = 1e-9  # of the largest statistic: differences up to this are ties


class Blocks(NamedTuple):
    """Length of a `block` [steps], and `widen`: how far independent blocks understate a statistic's spread."""

    block: int
    widen: float


def decorrelation_block(x: np.ndarray, *, times: float = 1.0) -> Blocks:
    """Return blocks of some decorrelation times, n / n_effective steps each, and the factor they fall short by.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Equally spaced; NaN is unknown. Take the levels of its stretches away first, or a change counts as slowness.
    times : float
        Length of a block in decorrelation times.

    Returns
    -------
    Blocks
        Block at least 1, at most n; widen at least 1. (0, NaN) for fewer than three known values or a constant.

    Examples
    --------
    >>> decorrelation_block(np.random.default_rng(0).normal(size=200)).block <= 2
    True
    """
    n, known = len(x), x[np.isfinite(x)]
    logs, variance = stretch_spread(np.where(np.isfinite(x), x, np.nan)[None])
    if not np.isfinite(variance).all():
        return Blocks(0, float("nan"))
    weight = posterior(logs)[0]
    sizes = np.var(known, ddof=1) / variance[0]
    steps = n * float(np.exp(-(weight @ np.log(sizes))))
    weight = guarded(weight[None], sizes[None], np.array([float(len(known))]))[0]
    block = int(np.clip(np.ceil(times * steps), 1, n))
    return Blocks(block, float(np.sqrt(max(block_factor(weight, n=n, block=block), 1.0))))


def block_permutation_p(
    x: np.ndarray, statistic: Statistic, *, block: int, widen: float = 1.0, permutations: int = 999, seed: int = 1
) -> float:
    """Return the share of block permutations of x whose statistic is at least as far from 0 as the observed one.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Equally spaced; NaN moves along with its block.
    statistic : callable
        Rows of arranged series, shape (k, n), to k numbers: two-sided about 0; a one-sided one returns no negatives.
    block : int
        Steps, at least the decorrelation time (`decorrelation_block`).
    widen : float
        Factor on the permuted statistics, for what blocks cut off: see `decorrelation_block`; 1 is the plain test.
    permutations, seed : int
        Number of arrangements besides the observed one, and seed of the generator.

    Returns
    -------
    float
        In [1 / (permutations + 1), 1]; NaN for fewer than ten blocks or a statistic that is NaN.

    Raises
    ------
    ValueError
        For a block shorter than one step.

    Notes
    -----
    Blocks begin at a random place of the circle; the observed arrangement counts (Phipson and Smyth 2010).

    Examples
    --------
    >>> x = np.r_[np.zeros(50), np.ones(50)] + np.random.default_rng(0).normal(size=100)
    >>> block_permutation_p(x, lambda rows: rows[:, 50:].mean(axis=1) - rows[:, :50].mean(axis=1), block=4) < 0.01
    True
    """
    if block < 1:
        raise ValueError(f"block is {block} steps; at least 1 is needed")
    n, count = len(x), -(-len(x) // block)
    if count < MIN_BLOCKS:
        return float("nan")
    rng = np.random.default_rng(seed)
    offset = rng.integers(0, n, size=(permutations, 1))
    order = rng.permuted(np.tile(np.arange(count), (permutations, 1)), axis=1)
    at = (order[:, :, None] * block + np.arange(block)).reshape(permutations, -1)
    at = at[at < n].reshape(permutations, n)  # the last block is short: each row keeps exactly n places
    return _share_as_far(statistic, x, (at + offset) % n, widen=widen)


def circular_shift_p(x: np.ndarray, statistic: Statistic, *, shifts: int = 999, seed: int = 1) -> float:
    """Return the share of circular shifts of x whose statistic is at least as far from 0 as the observed one.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Equally spaced; NaN moves along.
    statistic : callable
        As for `block_permutation_p`.
    shifts, seed : int
        All n - 1 shifts are taken where they are no more than this, else so many without repetition, and the seed.

    Returns
    -------
    float
        At least 1 / n; NaN for fewer than ten values or a statistic that is NaN.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> circular_shift_p(x, lambda rows: rows @ x)
    0.005
    """
    n = len(x)
    if n < MIN_BLOCKS:
        return float("nan")
    moved = np.arange(1, n)
    if len(moved) > shifts:
        moved = np.random.default_rng(seed).choice(moved, size=shifts, replace=False)
    return _share_as_far(statistic, x, (np.arange(n) - moved[:, None]) % n)


def _share_as_far(statistic: Statistic, x: np.ndarray, places: np.ndarray, *, widen: float = 1.0) -> float:
    """Return (1 + how many rows of x[places] are as far from 0 as x) / (1 + rows), rows widened."""
    observed = abs(float(statistic(x[None])[0]))
    others = widen * np.abs(statistic(x[places]))
    if not (np.isfinite(observed) and np.isfinite(others).all()):
        return float("nan")
    tolerance = ROUNDING * max(observed, float(others.max(initial=0.0)))
    return float((1 + np.count_nonzero(others >= observed - tolerance)) / (1 + len(others)))
