"""In how many steps do several conditions all hold at once? Against each of them shifted by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Simultaneity", "simultaneity"]

MIN_STEPS = 20  # with fewer, a shift hardly changes anything


class Simultaneity(NamedTuple):
    """Steps in which all hold, how many independent shifts give on average, p, and steps."""

    together: int
    expected: float
    p_value: float
    n: int


def simultaneity(
    holds: np.ndarray, known: np.ndarray | None = None, *, draws: int = 999, seed: int = 1
) -> Simultaneity:
    """Test whether several conditions hold together in more steps than when each is shifted by itself.

    Parameters
    ----------
    holds : ndarray of bool, shape (n, k)
        Step by condition, equally spaced.
    known : ndarray of bool, shape (n, k), optional
        Where a condition is unknown it does not hold; unknown steps move with their condition.
    draws, seed : int
        Number of draws, each with one random circular shift per condition; seed of the generator.

    Returns
    -------
    Simultaneity
        p: share of the draws, the observed one included, with at least as many steps; NaN for fewer than 20 steps,
        fewer than two conditions, or where one never or always holds: there is nothing to shift.

    Examples
    --------
    >>> bad = np.zeros((100, 6), bool)
    >>> bad[40:49] = True
    >>> found = simultaneity(bad)
    >>> found.together, found.p_value
    (9, 0.001)
    """
    marks = np.asarray(holds, dtype=bool)
    marks = marks if known is None else marks & np.asarray(known, dtype=bool)
    n, k = marks.shape
    all_hold, often = int(np.count_nonzero(marks.all(axis=1))) if k else 0, marks.sum(axis=0)
    if n < MIN_STEPS or k < 2 or np.any((often == 0) | (often == n)):
        return Simultaneity(all_hold, float("nan"), float("nan"), n)
    rarest = int(np.argmin(often))
    places, others = np.flatnonzero(marks[:, rarest]), np.delete(np.arange(k), rarest)
    shifts = np.random.default_rng(seed).integers(0, n, (draws, k - 1))  # only relative shifts matter: the rarest stays
    still = np.ones((draws, len(places)), bool)
    for i, other in enumerate(others):
        still &= marks[(places - shifts[:, i : i + 1]) % n, other]
    found = still.sum(axis=1)
    p = (1 + np.count_nonzero(found >= all_hold)) / (1 + draws)
    return Simultaneity(all_hold, float(found.mean()) if draws else float("nan"), float(p), n)
