"""Stamps of many lines of unified logging at once: wall clock and uptime where the lines begin as most do."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from analysis.sources.gclog.decorations import decorations
from analysis.sources.gclog.rows import NO_CLOCK
from analysis.sources.times import epoch_us

__all__ = ["Stamps", "read_stamps"]

CLOCK = b"[dddd-dd-ddTdd:dd:dd.ddd+dddd]"  # how most lines begin; d is a digit, + either sign
MARKS = [(i, c) for i, c in enumerate(CLOCK) if c not in b"d+."]
DIGITS = [i for i, c in enumerate(CLOCK) if c == ord("d")]
PLACES = {
    "hour": (12, 13), "minute": (15, 16), "second": (18, 19), "milli": (21, 22, 23), "offset": (25, 26, 27, 28),
}  # fmt: skip
MINUTE_US = 60_000_000
LONGEST_UPTIME = 16  # bytes of an uptime in milliseconds with its brackets


class Stamps(NamedTuple):
    """Wall clocks [us, `NO_CLOCK` for none] and uptimes [s, NaN for none] of lines; who stamped, and which are no GC's.

    `collected`: some clock is that of who collected the log; `foreign` (n,): the line is not one of the GC log;
    `broken` (n,): its time is none.
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


def read_stamps(data: bytes, starts: np.ndarray, ends: np.ndarray) -> Stamps:
    """Return the stamps of lines.

    Lines that begin with a time in milliseconds are read together; every other line on its own.

    Parameters
    ----------
    data : bytes
        A chunk of the log.
    starts, ends : ndarray of int64, shape (n,)
        Where the lines begin, and where their line ends are.

    Examples
    --------
    >>> line = b"[2026-11-22T18:04:30.123+0900][1.5s][info][gc] GC(0) Pause Full 9M->5M(64M) 11.3ms"
    >>> found = read_stamps(line, np.array([0]), np.array([len(line)]))
    >>> found.clock_us[0] == epoch_us("2026-11-22T09:04:30.123Z"), found.uptime_seconds.tolist()
    (np.True_, [1.5])
    """
    n = len(starts)
    clock, uptime = np.full(n, NO_CLOCK, dtype="i8"), np.full(n, np.nan)
    foreign, broken, collected = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), False
    together = _together(data, starts, clock)
    together &= _uptimes(data, starts + len(CLOCK), uptime)
    for i in np.flatnonzero(~together).tolist():
        found = decorations(data[starts[i] : ends[i]])
        foreign[i], collected = not found.is_gc, collected or (found.collected and found.is_gc)
        uptime[i] = found.uptime_seconds
        try:
            clock[i] = found.clock_us if found.clock else NO_CLOCK
        except ValueError:
            clock[i], broken[i] = NO_CLOCK, True
    return Stamps(clock, uptime, collected, foreign, broken)


def _together(data: bytes, starts: np.ndarray, clock: np.ndarray) -> np.ndarray:
    """Set the clocks of the lines that begin as `CLOCK` does, and return which they are."""
    text = np.frombuffer(data, dtype="u1")
    fits = starts + len(CLOCK) <= len(text)
    if not fits.any():
        return fits
    cells = text[np.where(fits, starts, 0)[:, None] + np.arange(len(CLOCK))]
    for i, mark in MARKS:
        fits &= cells[:, i] == mark
    sign = cells[:, 24]
    fits &= (cells[:, 20] == ord(".")) | (cells[:, 20] == ord(","))
    fits &= (sign == ord("+")) | (sign == ord("-"))
    numbers = cells.astype("i8") - ord("0")
    fits &= ((numbers[:, DIGITS] >= 0) & (numbers[:, DIGITS] <= 9)).all(axis=1)
    value = {name: numbers[:, list(at)] @ (10 ** np.arange(len(at))[::-1]) for name, at in PLACES.items()}
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


def _uptimes(data: bytes, at: np.ndarray, uptime: np.ndarray) -> np.ndarray:
    """Set the uptimes of the lines that have one after the clock, and return which have one or no more decorations."""
    text = np.frombuffer(data, dtype="u1")
    fits = at + LONGEST_UPTIME < len(text)
    if not fits.any():
        return fits
    cells = text[np.where(fits, at, 0)[:, None] + np.arange(LONGEST_UPTIME)]
    end = (cells == ord("s")).argmax(axis=1)  # of [12.345s]
    rows = np.arange(len(at))
    fits &= (cells[:, 0] == ord("[")) & (end > 5)
    fits &= (cells[rows, end - 4] == ord(".")) & (cells[rows, np.minimum(end + 1, LONGEST_UPTIME - 1)] == ord("]"))
    millis = np.zeros(len(at), dtype="i8")
    for place in range(1, LONGEST_UPTIME - 1):
        digit = cells[:, place].astype("i8") - ord("0")
        inside = (place < end) & (place != end - 4)
        fits &= ~inside | ((digit >= 0) & (digit <= 9))
        millis = np.where(inside, millis * 10 + digit, millis)
    uptime[fits] = millis[fits] / 1e3
    return fits


@lru_cache(maxsize=512)
def _midnight_us(date: bytes) -> int:
    try:
        return epoch_us(f"{date.decode()}T00:00:00Z")
    except ValueError:
        return NO_CLOCK
