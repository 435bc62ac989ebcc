"""Holes of a GC log: stretches inside a life of which lines are missing, by the numbers that skip them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Chain", "number_of", "since_last_us", "unread_us"]

APART_US = 1_000_000  # stamps are those of the write, a second later at most; less is no hole
LONGEST_MILLIS = 86_400_000.0  # a longer pause is a broken number
MILLIS = re.compile(rb"(\d{1,12}(?:[.,]\d{1,9})?)ms\s*$")
SINCE = re.compile(rb"Time since last: (\d{1,19}) ns")


@dataclass
class Chain:
    """The numbers of collections and the ends of safepoints of one life, as far as they were read.

    `holes` are [start, end] in us; `skipped` those of them that numbers of collections tell of, with the first and the
    last number that is missing and those that came later after all: a concurrent cycle may be logged after its number.
    `begun` are pauses whose end was not read, by number: when they began, and when the next stop did (-1: none since).
    """

    latest: int = -1
    safepoint_us: int = -1
    stops: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)
    skipped: list[tuple[int, int, int, int, set[int]]] = field(default_factory=list)
    begun: dict[int, tuple[int, int]] = field(default_factory=dict)

    def skips(self, gcid: int) -> bool:
        """Return whether a collection's number says that others before it are missing; a late one is noted."""
        if gcid < self.latest:
            for first, last, _, _, late in reversed(self.skipped):
                if first <= gcid <= last:
                    late.add(gcid)
                    break
            return False
        jump = self.latest >= 0 and gcid > self.latest + 1
        self.latest = gcid if not jump else self.latest
        return jump

    def skip(self, gcid: int, start_us: int, end_us: int) -> None:
        """Note the hole between the last line before a skipped number and the line after it."""
        self.skipped.append((self.latest + 1, gcid - 1, start_us, end_us, set()))
        self.latest = gcid

    def pause(self, gcid: int, start_us: int) -> None:
        """Note a pause that ended; another that began before it and never ends was cut by a hole."""
        self.stops += 1
        self.begun.pop(gcid, None)
        self._next(start_us)

    def _next(self, start_us: int) -> None:
        for other, (began, following) in self.begun.items():
            if following < 0 and start_us > began:
                self.begun[other] = (began, start_us)

    def safepoint(self, start_us: int, end_us: int, since_us: int) -> None:
        """Note a safepoint: whether the one before it, which ended `since_us` earlier, was logged. -1: not known."""
        self.stops += 1
        if self.begun:
            self.begun = {n: x for n, x in self.begun.items() if not start_us <= x[0] <= end_us}
            self._next(start_us)
        before = start_us - since_us
        if since_us >= 0 and self.safepoint_us >= 0 and before - self.safepoint_us > APART_US:
            self.holes.append((self.safepoint_us, before))
        self.safepoint_us = max(self.safepoint_us, end_us)

    def found(self, last_us: int) -> list[tuple[int, int]]:
        """Return the holes (start, end) [us] of a life until its last stamp, in order; none without length."""
        cut = [(began, following if following >= 0 else last_us) for began, following in self.begun.values()]
        skipped = [(a, b) for first, last, a, b, late in self.skipped if len(late) <= last - first]
        return sorted((a, b) for a, b in (*self.holes, *skipped, *cut) if b > a)


def number_of(line: bytes) -> int:
    """Return the number of the collection that a line with ``] GC(n)`` tells of; -1 if it is none.

    Examples
    --------
    >>> number_of(b"[0.5s][gc,heap] GC(12) Tenured: 1K"), number_of(b"[0.5s][gc] GC() x")
    (12, -1)
    """
    at = line.find(b"] GC(") + 5
    text = line[at : line.find(b")", at)]
    return int(text) if text.isdigit() and len(text) < 10 else -1


def since_last_us(text: bytes) -> int:
    """Return how long before a safepoint the one before it ended [us]; -1 where the line does not say.

    Examples
    --------
    >>> since_last_us(b'Safepoint "Halt", Time since last: 5000 ns, Total: 9000 ns'), since_last_us(b"Total")
    (5, -1)
    """
    found = SINCE.search(text)
    return int(found[1]) // 1000 if found else -1


def unread_us(text: bytes) -> int:
    """Return how long a pause took whose line is not understood but ends with its length [us]; at most a day.

    Examples
    --------
    >>> unread_us(b"Pause Sideways (Whim) 13.5ms"), unread_us(b"Pause")
    (13500, 0)
    """
    found = MILLIS.search(text)
    return round(min(float(found[1].replace(b",", b".")), LONGEST_MILLIS) * 1e3) if found else 0
