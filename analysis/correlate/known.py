"""Mean and median of what is known: NaN is left out, and nothing known gives NaN without a warning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["mean_of_known", "median_of_known"]


def mean_of_known(values: np.ndarray | Sequence[float]) -> float:
    """Return the mean of the finite values, NaN if there are none.

    Examples
    --------
    >>> mean_of_known([1.0, float("nan"), 3.0]), mean_of_known([])
    (2.0, nan)
    """
    known = _known(values)
    return float(known.mean()) if len(known) else float("nan")


def median_of_known(values: np.ndarray | Sequence[float]) -> float:
    """Return the median of the finite values, NaN if there are none.

    Examples
    --------
    >>> median_of_known([1.0, 5.0, float("inf")])
    3.0
    """
    known = _known(values)
    return float(np.median(known)) if len(known) else float("nan")


def _known(values: np.ndarray | Sequence[float]) -> np.ndarray:
    array = np.asarray(values, dtype="f8")
    return np.asarray(array[np.isfinite(array)])
