"""Which of two onsets came first? Claimed only where they lie more than two resolutions apart."""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["order_of"]


def order_of(
    onset_a: float, onset_b: float, resolution: float
) -> Literal["before", "after", "simultaneous", "undecidable"]:
    """Say whether a came before b, after it, or too near to tell.

    Parameters
    ----------
    onset_a, onset_b : float
        Times, in one unit and on one clock.
    resolution : float
        The coarser of both resolutions, in the same unit: the time between two samples around an onset.

    Returns
    -------
    str
        "before" or "after" beyond two resolutions, "simultaneous" within them (the bound included), "undecidable" if
        any is NaN or both are the same infinity.

    Raises
    ------
    ValueError
        If the resolution is negative.

    Notes
    -----
    Each onset lies anywhere in the gap of one resolution before its sample, so one alone could turn the order; the
    second allows for clocks and for samples that describe a time of their own.

    Examples
    --------
    >>> order_of(0.0, 10.0, 30.0), order_of(0.0, 61.0, 30.0)
    ('simultaneous', 'before')
    """
    if resolution < 0:
        raise ValueError(f"resolution is {resolution}, expected 0 or more")
    apart = onset_b - onset_a
    if math.isnan(apart) or math.isnan(resolution):
        return "undecidable"
    if abs(apart) <= 2 * resolution:
        return "simultaneous"
    return "before" if apart > 0 else "after"
