"""Times and durations as foreign files write them, to UTC in microseconds and to seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["TIME", "NaiveTimeError", "epoch_us", "timed_frame", "to_seconds", "utc_index"]

TIME = "datetime64[us, UTC]"
YEARS = (2000, 2200)  # a time outside is no time of an incident: a zero or a broken unit
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EPOCH_RANGE = tuple((datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND for year in YEARS)
LONGEST_DURATION = 366 * 86_400.0
NUMBER = re.compile(r"([0-9]{9,19})(?:\.([0-9]{1,12}))?")


class NaiveTimeError(ValueError):
    """A time without an offset: it could mean any time zone, so it is not used."""


def epoch_us(value: object) -> int:
    """Return a time as microseconds since the epoch, floored; text is ISO-8601 with an offset or a number.

    A number is seconds, milli-, micro- or nanoseconds since the epoch by its size; years 2000 to 2199.

    Raises
    ------
    NaiveTimeError
        If the time has no offset.
    ValueError
        If it is no time.

    Examples
    --------
    >>> epoch_us("2026-11-22T18:04:30.123456789Z") - epoch_us(1795370670)
    123456
    """
    if isinstance(value, str):
        text = value.strip()
        if text[4:5] != "-" and (number := NUMBER.fullmatch(text)):
            whole, fraction = int(number[1]), number[2] or ""
            return _in_range(whole, int(fraction[:6].ljust(6, "0")) if fraction else 0)
        return _iso_us(text)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        whole = int(value // 1)
        return _in_range(whole, round((value - whole) * 1e6))
    raise ValueError("not a time")


def _in_range(whole: int, fraction: int) -> int:
    for times, over in ((1_000_000, 1), (1000, 1), (1, 1), (1, 1000)):
        us = whole * times // over
        if EPOCH_RANGE[0] <= us < EPOCH_RANGE[1]:
            return us + (fraction * times) // (1_000_000 * over)
    raise ValueError("not a time since the epoch")


def _iso_us(text: str) -> int:
    if text[-1:] == "z":
        text = text[:-1] + "Z"
    stamp = datetime.fromisoformat(text.removesuffix(" UTC") + "Z" if text.endswith(" UTC") else text)
    if stamp.tzinfo is None:
        raise NaiveTimeError("a time without an offset")
    us = (stamp - EPOCH) // MICROSECOND
    if not EPOCH_RANGE[0] <= us < EPOCH_RANGE[1]:
        raise ValueError("not a time of an incident")
    return us


def to_seconds(value: object, scale: float = 1.0) -> float:
    """Return a duration [s]; NaN if it is no number, negative, or longer than a year.

    Examples
    --------
    >>> to_seconds("250", 1e-3), to_seconds("-")
    (0.25, nan)
    """
    try:
        seconds = float(value) * scale if isinstance(value, (int, float, str)) else float("nan")
    except (ValueError, OverflowError):
        return float("nan")
    return seconds if 0 <= seconds <= LONGEST_DURATION else float("nan")


def utc_index(us: list[int], name: str) -> pd.DatetimeIndex:
    """Return microseconds since the epoch as a UTC index.

    Examples
    --------
    >>> str(utc_index([1795370670000000], "end")[0])
    '2026-11-22 18:04:30+00:00'
    """
    return pd.DatetimeIndex(np.array(us, dtype="i8").astype("datetime64[us]"), name=name).tz_localize("UTC")


def timed_frame(times: list[int], rows: list[tuple[Any, ...]], columns: dict[str, Any]) -> pd.DataFrame:
    """Return rows as a frame in the order of their times.

    Parameters
    ----------
    times : list of int
        Time of each row [us since the epoch].
    rows : list of tuple
        A cell for each column; in columns of dtype `TIME` microseconds since the epoch, or None (NaT).
    columns : dict
        Name -> dtype.

    Returns
    -------
    DataFrame
        Index `time` (UTC, us, sorted, times may repeat) and the columns.

    Examples
    --------
    >>> timed_frame([1795370672000000], [("api", None)], {"name": "str", "end": TIME})["end"].isna().tolist()
    [True]
    """
    order = np.argsort(np.array(times, dtype="i8"), kind="stable")
    cells = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(columns, ())
    data = {
        name: pd.Series(_stamps(values) if columns[name] == TIME else list(values)).astype(columns[name])
        for name, values in cells.items()
    }
    return pd.DataFrame(data).set_index(utc_index(times, "time")).iloc[order]


def _stamps(values: tuple[int | None, ...]) -> pd.DatetimeIndex:
    known = np.array([v is not None for v in values], dtype=bool)
    us = np.array([v or 0 for v in values], dtype="i8").astype("datetime64[us]")
    return pd.DatetimeIndex(np.where(known, us, np.datetime64("NaT", "us"))).tz_localize("UTC")
