"""Numbers and times as JSON holds them: unknown is null, never 0."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

__all__ = ["known", "time_text"]


def known(x: Any, *, whole: bool = False) -> float | int | None:
    """Return a number that JSON can hold, rounded to a nanosecond's place; None for unknown.

    Parameters
    ----------
    x : float or int
        NaN and infinities are unknown.
    whole : bool
        Whether it is a whole number by nature: bytes, counts.

    Examples
    --------
    >>> known(0.1 + 0.2), known(1024.0, whole=True), known(float("nan"))
    (0.3, 1024, None)
    """
    number = float(x)
    if not math.isfinite(number):
        return None
    return round(number) if whole else round(number, 9)


def time_text(time: Any) -> str | None:
    """Return a time as ISO-8601 UTC with microseconds; None for no time.

    Parameters
    ----------
    time : Timestamp or NaT
        With a time zone.

    Examples
    --------
    >>> time_text(pd.Timestamp("2026-11-22T17:39:24.867+09:00"))
    '2026-11-22T08:39:24.867000Z'
    """
    return None if pd.isna(time) else f"{time.tz_convert('UTC'):%Y-%m-%dT%H:%M:%S.%f}Z"
