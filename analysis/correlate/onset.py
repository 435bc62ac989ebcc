"""When did a series rise? The first crossing of half the step between two levels that then stays."""

from __future__ import annotations

import numpy as np

__all__ = ["chance_of_near", "rises", "sustained"]


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
    """Return the indices at which a series rises above the middle of two levels and stays.

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
    """
    with np.errstate(invalid="ignore"):
        above = values >= (low + high) / 2
    return np.flatnonzero(sustained(above, steps))


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
