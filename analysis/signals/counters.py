"""Counters to increments: resets seen, the stamp at the right edge, gaps kept as one long step."""

from __future__ import annotations

import numpy as np

__all__ = ["increments"]


def increments(values: np.ndarray) -> np.ndarray:
    """Return the increase of a counter since the sample before; NaN for the first.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counter values in order of time, without NaN.

    Returns
    -------
    ndarray, shape (n,)
        A drop is a reset: the counter began again at 0, so the increase is its new value (as in PromQL).

    Examples
    --------
    >>> increments(np.array([10.0, 15.0, 3.0])).tolist()
    [nan, 5.0, 3.0]
    """
    if not len(values):
        return np.zeros(0)
    step = np.diff(values)
    return np.concatenate([[np.nan], np.where(step < 0, values[1:], step)])
