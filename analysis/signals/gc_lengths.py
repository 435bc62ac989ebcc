"""How long single pauses, stops or stalls took: number, sum, percentiles and the longest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Lengths", "lengths_of"]


class Lengths(NamedTuple):
    """Number of some lengths, their sum, percentiles and the longest [s]; NaN without any, the sum 0."""

    n: int
    total_seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    max_seconds: float


def lengths_of(seconds: np.ndarray) -> Lengths:
    """Return number, sum, median, 95th and 99th percentile, and the longest of some lengths.

    Parameters
    ----------
    seconds : ndarray, shape (n,)
        [s]; NaN is left out.

    Notes
    -----
    Percentiles are numpy's, between two lengths where they fall between. With fewer than a hundred the 99th says little
    more than the longest: give `n` with it.

    Examples
    --------
    >>> lengths_of(np.array([1.0, 2.0, 3.0]))[:3]
    (3, 6.0, 2.0)
    """
    known = seconds[np.isfinite(seconds)]
    if not len(known):
        return Lengths(0, 0.0, *[float("nan")] * 4)
    p50, p95, p99, longest = np.quantile(known, [0.5, 0.95, 0.99, 1.0]).tolist()
    return Lengths(len(known), float(known.sum()), p50, p95, p99, longest)
