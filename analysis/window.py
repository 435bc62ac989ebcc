"""`Window` and `parse_time`: times with an offset, in UTC and microseconds; naive ones are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from analysis.errors import SpecError

__all__ = ["Window", "parse_time"]

ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


def parse_time(value: object, *, where: str = "time") -> pd.Timestamp:
    """Return a UTC timestamp in microseconds; a time without an offset is refused.

    Parameters
    ----------
    value : str, datetime or Timestamp
        ISO-8601 with an offset, such as 2026-11-22T18:04:30Z.
    where : str
        The field, for the error.

    Raises
    ------
    SpecError
        If the value is no time or has no offset.

    Examples
    --------
    >>> str(parse_time("2026-11-23T03:04:30+09:00"))
    '2026-11-22 18:04:30+00:00'
    """
    hint = "ISO-8601 with an offset, such as 2026-11-22T18:04:30Z"
    if not isinstance(value, (str, datetime, pd.Timestamp)):
        raise SpecError(f"not a time: {value!r}", where=where, expected=hint, next="write the time as text")
    try:
        if isinstance(value, str) and not ISO.match(value):
            raise ValueError(value)
        stamp = pd.Timestamp(value)
    except (ValueError, OverflowError):
        raise SpecError(f"not a time: {value!r}", where=where, expected=hint, next="correct the time") from None
    if pd.isna(stamp):
        raise SpecError(f"not a time: {value!r}", where=where, expected=hint, next="correct the time")
    if stamp.tzinfo is None:
        raise SpecError(f"time without an offset: {value}", where=where, expected=hint, next="add Z or +hh:mm")
    return stamp.tz_convert("UTC").as_unit("us")


@dataclass(frozen=True, init=False)
class Window:
    """A time window (start, end], tz-aware; both ends in UTC.

    Parameters
    ----------
    start, end : str, datetime or Timestamp
        With an offset.

    Raises
    ------
    SpecError
        If a time has no offset or the window is empty.

    Examples
    --------
    >>> Window("2026-11-22T18:04:30Z", "2026-11-22T18:07:00Z").duration_seconds
    150.0
    """

    start: pd.Timestamp
    end: pd.Timestamp

    def __init__(self, start: object, end: object) -> None:
        first, last = parse_time(start, where="window start"), parse_time(end, where="window end")
        if first >= last:
            raise SpecError(
                "the window is empty",
                where=f"{first} to {last}",
                expected="start before end",
                next="correct the window",
            )
        object.__setattr__(self, "start", first)
        object.__setattr__(self, "end", last)

    @property
    def duration_seconds(self) -> float:
        """Length [s]."""
        return float((self.end - self.start).total_seconds())

    @property
    def iso_start(self) -> str:
        """Start as ISO-8601 UTC."""
        return self.start.isoformat().replace("+00:00", "Z")

    @property
    def iso_end(self) -> str:
        """End as ISO-8601 UTC."""
        return self.end.isoformat().replace("+00:00", "Z")

    @property
    def start_us(self) -> int:
        """Start [us since epoch]."""
        return _us(self.start)

    @property
    def end_us(self) -> int:
        """End [us since epoch]."""
        return _us(self.end)

    def holds(self, index: pd.DatetimeIndex) -> np.ndarray:
        """Return which times lie in (start, end], shape (n,), bool."""
        return np.asarray((index > self.start) & (index <= self.end))

    def as_dict(self) -> dict[str, str]:
        """Return the window as it stands in report.json."""
        return {"start": self.iso_start, "end": self.iso_end}


def _us(time: pd.Timestamp) -> int:
    """Return a time [us since epoch]; unlike nanoseconds this holds any year that a timestamp can have."""
    return int(time.as_unit("us").asm8.astype("i8"))
