"""Stamps and numbers of GC logs of JDK 8 and before, with a decimal point or a decimal comma."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from analysis.sources.gclog.rows import NO_CLOCK

__all__ = [
    "BEFORE", "LONGEST_SECONDS", "NO_STAMP", "NUMBER", "STAMP", "STAMPS", "Stamp", "clock_us_of", "later", "read_stamp",
    "read_stamp_groups", "seconds",
]  # fmt: skip

LONGEST_SECONDS = 86_400.0  # a pause or a phase that takes longer is a broken number
NUMBER = rb"[0-9]{1,12}(?:[.,][0-9]{1,12})?"
DATE = rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.,][0-9]{3}[+-][0-9]{4})"
UPTIME = rb"([0-9]{1,9}[.,][0-9]{3})"
GCID = rb"#([0-9]{1,9})"
# the stamps that a text begins with, and those that stand right before a place (searched with an end)
STAMPS = rb"\s*(?:%b: ?)?(?:\s*%b: ?)?(?:%b: ?)?" % (DATE, UPTIME, GCID)
STAMP = re.compile(STAMPS)
BEFORE = re.compile(rb"(?<![-+0-9.,])(?:%b:\s*)?(?:%b:\s*)?(?:%b:\s*)?:?\s*\Z" % (DATE, UPTIME, GCID))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAN = float("nan")


class Stamp(NamedTuple):
    """When something was printed: wall clock [us since 1970, `NO_CLOCK` for none], uptime [s, NaN], collection."""

    clock_us: int = NO_CLOCK
    uptime_seconds: float = NAN
    gcid: int = -1


NO_STAMP = Stamp()


def seconds(text: bytes, *, longest: float = LONGEST_SECONDS) -> float:
    """Return a duration [s] as the log writes it.

    Raises
    ------
    ValueError
        If it is no number, negative or longer than `longest`.

    Examples
    --------
    >>> seconds(b"0,0331820"), seconds(b"1.5")
    (0.033182, 1.5)
    """
    value = float(text.replace(b",", b".") if b"," in text else text)
    if not 0 <= value <= longest:
        raise ValueError("not a duration of a pause")
    return value


@lru_cache(maxsize=256)
def _minute_us(minute: bytes, offset: bytes) -> int:
    moment = datetime.strptime(f"{minute.decode()} {offset.decode()}", "%Y-%m-%dT%H:%M %z")
    return int((moment - EPOCH).total_seconds()) * 1_000_000


@lru_cache(maxsize=256)  # lines of one second follow each other
def _second_us(second: bytes, offset: bytes) -> int:
    return _minute_us(second[:16], offset) + int(second[17:19]) * 1_000_000


def clock_us_of(date: bytes) -> int:
    """Return a date as `STAMP` finds it as a time [us since 1970].

    Raises
    ------
    ValueError
        If the date does not exist.

    Examples
    --------
    >>> clock_us_of(b"1970-01-01T01:00:00.250+0100")
    250000
    """
    return _second_us(date[:19], date[23:]) + int(date[20:23]) * 1000


def read_stamp(found: re.Match[bytes]) -> Stamp:
    """Return what a match of `STAMP` or `BEFORE` says.

    Raises
    ------
    ValueError
        If the date does not exist.

    Examples
    --------
    >>> read_stamp(STAMP.match(b"2026-11-22T18:00:01,250+0100: 7,125: #3: [GC"))
    Stamp(clock_us=1795366801250000, uptime_seconds=7.125, gcid=3)
    >>> read_stamp(STAMP.match(b"[GC")).gcid
    -1
    """
    return read_stamp_groups(*found.groups())


def read_stamp_groups(date: bytes | None, uptime: bytes | None, gcid: bytes | None) -> Stamp:
    """Return a stamp from its parts, as `STAMP` finds them.

    Examples
    --------
    >>> read_stamp_groups(b"2026-11-22T17:00:01.250+0000", None, None).clock_us
    1795366801250000
    """
    return Stamp(
        NO_CLOCK if date is None else clock_us_of(date),
        NAN if uptime is None else float(uptime.replace(b",", b".") if b"," in uptime else uptime),
        -1 if gcid is None else int(gcid),
    )


def later(stamp: Stamp, duration_seconds: float) -> Stamp:
    """Return the stamp of what ends so many seconds after `stamp`; what is unknown stays unknown.

    Examples
    --------
    >>> later(Stamp(1_000_000, 7.5), 0.25)
    Stamp(clock_us=1250000, uptime_seconds=7.75, gcid=-1)
    """
    clock_us, uptime_seconds, gcid = stamp
    if clock_us != NO_CLOCK:
        clock_us += round(duration_seconds * 1e6)
    return Stamp(clock_us, uptime_seconds + duration_seconds, gcid)
