"""Stamps of many lines of unified logging at once: wall clock and uptime where the lines begin as most do."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analysis.sources.gclog.decorations import decorations
from analysis.sources.gclog.rows import NO_CLOCK
from analysis.sources.gclog.words import Text, has, number_at
from analysis.sources.times import epoch_us

__all__ = ["Stamps", "read_stamps"]

CLOCK = b"[dddd-dd-ddTdd:dd:dd.ddd+dddd]"  # how most lines begin; d is a digit, + either sign
MARKS = [i for i, c in enumerate(CLOCK) if c not in b"d+."]
MARK_LETTERS = np.frombuffer(CLOCK, dtype="u1")[MARKS]
DIGITS = [i for i, c in enumerate(CLOCK) if c == ord("d")]
PLACES = {
    "hour": (12, 13), "minute": (15, 16), "second": (18, 19), "milli": (21, 22, 23), "offset": (25, 26, 27, 28),
}  # fmt: skip
MINUTE_US = 60_000_000
MOST_DIGITS = 9  # of the seconds of an uptime


class Stamps(NamedTuple):
    """Wall clocks [us, `NO_CLOCK` for none] and uptimes [s, NaN for none] of lines; who stamped, and which are no GC's.

    `collected`: some clock is that of who collected the log; `foreign` (n,): the line is not one of the GC log;
    `broken` (n,): its time is none, and not that of a clock that was never set beside an uptime.
    """

    clock_us: np.ndarray
    uptime_seconds: np.ndarray
    collected: bool
    foreign: np.ndarray
    broken: np.ndarray

    def part(self, chosen: slice | np.ndarray) -> Stamps:
        """Return the stamps of some of the lines."""
        clock, uptime, collected, foreign, broken = self
        return Stamps(clock[chosen], uptime[chosen], collected, foreign[chosen], broken[chosen])


def read_stamps(text: Text, starts: np.ndarray, ends: np.ndarray) -> Stamps:
    """Return the stamps of lines.

    Lines that begin with a time in milliseconds are read together; every other line on its own.

    Parameters
    ----------
    text : Text
        A chunk of the log.
    starts, ends : ndarray of int64, shape (n,)
        Where the lines begin, and where their line ends are.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> line = b"[2026-11-22T18:04:30.123+0900][1.5s][info][gc] GC(0) Pause Full 9M->5M(64M) 11.3ms"
    >>> found = read_stamps(text_of(line), np.array([0]), np.array([len(line)]))
    >>> found.clock_us[0] == epoch_us("2026-11-22T09:04:30.123Z"), found.uptime_seconds.tolist()
    (np.True_, [1.5])
    """
    n = len(starts)
    clock, uptime = np.full(n, NO_CLOCK, dtype="i8"), np.full(n, np.nan)
    foreign, broken, collected = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), False
    together = _together(text, starts, clock)
    together &= _uptimes(text, starts + len(CLOCK), uptime)
    for i in np.flatnonzero(~together).tolist():
        found = decorations(text.data[starts[i] : ends[i]])
        foreign[i], collected = not found.is_gc, collected or (found.collected and found.is_gc)
        uptime[i] = found.uptime_seconds
        try:
            clock[i] = found.clock_us if found.clock else NO_CLOCK
        except ValueError:
            never_set = found.clock.startswith(b"1970-") and np.isfinite(found.uptime_seconds)
            clock[i], broken[i] = NO_CLOCK, not never_set
    return Stamps(clock, uptime, collected, foreign, broken)


def _together(text: Text, starts: np.ndarray, clock: np.ndarray) -> np.ndarray:
    """Set the clocks of the lines that begin as `CLOCK` does, and return which they are."""
    if not len(starts):
        return np.zeros(0, dtype=bool)
    cells = sliding_window_view(text.letters, len(CLOCK))[starts]
    fits: np.ndarray = (cells[:, MARKS] == MARK_LETTERS).all(axis=1)
    sign = cells[:, 24]
    fits &= (cells[:, 20] == ord(".")) | (cells[:, 20] == ord(","))
    fits &= (sign == ord("+")) | (sign == ord("-"))
    numbers = cells - np.uint8(ord("0"))
    fits &= (numbers[:, DIGITS] <= 9).all(axis=1)
    value = {name: numbers[:, list(at)].astype("i8") @ (10 ** np.arange(len(at))[::-1]) for name, at in PLACES.items()}
    fits &= (value["hour"] < 24) & (value["minute"] < 60) & (value["second"] < 60) & (value["offset"] % 100 < 60)
    dates = np.ascontiguousarray(cells[:, 1:11]).view("S10").ravel()
    days = np.zeros(len(starts), dtype="i8")
    for date in np.unique(dates[fits]).tolist():
        us = _midnight_us(date)
        same = dates == date
        days[same] = us
        fits &= ~same | (us != NO_CLOCK)
    minutes = value["offset"] // 100 * 60 + value["offset"] % 100
    local = (value["hour"] * 60 + value["minute"] - np.where(sign == ord("-"), -minutes, minutes)) * MINUTE_US
    clock[fits] = (days + local + value["second"] * 1_000_000 + value["milli"] * 1000)[fits]
    return fits


def _uptimes(text: Text, at: np.ndarray, uptime: np.ndarray) -> np.ndarray:
    """Set the uptimes, as ``[12.345s]``, of the lines that have one at places, and return which these are."""
    whole, point = number_at(text, at + 1)
    millis, end = number_at(text, point + 1)
    fits: np.ndarray = has(text, at, b"[") & has(text, point, b".") & has(text, end, b"s]")
    fits &= (point > at + 1) & (point - at - 1 <= MOST_DIGITS) & (end - point - 1 == 3)
    uptime[fits] = (whole * 1000 + millis)[fits] / 1e3
    return fits


@lru_cache(maxsize=512)
def _midnight_us(date: bytes) -> int:
    try:
        return epoch_us(f"{date.decode()}T00:00:00Z")
    except ValueError:
        return NO_CLOCK
