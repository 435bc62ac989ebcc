"""A long question asked in windows: two requests in flight, window lengths learnt, halved where a server cannot."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

from analysis.sources.prometheus.failures import RequestError

__all__ = ["Extent", "in_windows"]

IN_FLIGHT = 2  # enough to keep the server and this process busy at once; more would harm a sick server
GROWTH = 4  # how much longer than any window before it the next one may be

Outcome = tuple[int, int, bytes | Exception]


class Extent(NamedTuple):
    """How much is to be asked, in units (points of a grid, milliseconds), and what one request may bring.

    Parameters
    ----------
    units : int
        The whole; windows are [lo, hi) in 0..units.
    first : int
        Length of the first window; it goes alone, as the lengths of the others follow from what it brings.
    most, least : int
        No window is longer; none is halved that is not longer than `least`.
    samples : int
        What one request may bring.
    """

    units: int
    first: int
    most: int
    least: int
    samples: int


def in_windows(ask: Callable[[int, int], bytes], take: Callable[[int, int, bytes], int], extent: Extent) -> int:
    """Ask for all windows and hand over their answers, each unit once; return how many windows were halved.

    Parameters
    ----------
    ask : function of (lo, hi) -> bytes
        The request; runs in threads, at most two at once. A `RequestError` whose remedy is "split" has the window asked
        again in halves (and no longer window is asked any more), unless it is not longer than `extent.least`.
    take : function of (lo, hi, body) -> int
        Takes an answer and returns its samples; runs in the calling thread, in any order of windows. If it finds a
        body "truncated" (or `ask` does, at its only try), that window is asked for once more.
    extent : Extent
        How much, and the limits.

    Raises
    ------
    RequestError
        The first that has no remedy left; what was in flight is waited for, so that nothing is under way afterwards.

    Examples
    --------
    >>> seen = []
    >>> in_windows(lambda lo, hi: bytes(hi - lo), lambda lo, hi, b: seen.append((lo, hi)) or 5 * len(b),
    ...            Extent(units=100, first=10, most=50, least=1, samples=200))
    0
    >>> sorted(seen)
    [(0, 10), (10, 40), (40, 70), (70, 100)]
    """
    waiting, answers, running = deque([(0, extent.units)]), SimpleQueue[Outcome](), 0
    longest, limit, density, splits = 0, extent.most, 0.0, 0
    again: set[tuple[int, int]] = set()
    while waiting or running:
        cap = min(limit, _length(extent, longest, density))
        while waiting and running < (IN_FLIGHT if longest else 1):
            _start(ask, *_cut(waiting, cap), answers)
            running += 1
        lo, hi, outcome = answers.get()
        running -= 1
        try:
            if isinstance(outcome, Exception):
                raise outcome
            density = max(density, take(lo, hi, outcome) / (hi - lo))
            longest = max(longest, hi - lo)
        except RequestError as error:
            if error.failure.remedy == "split" and hi - lo > extent.least:
                limit, splits = min(limit, (hi - lo + 1) // 2), splits + 1
            elif error.failure.kind != "truncated" or error.tries > 1 or (lo, hi) in again:
                _drain(answers, running)
                raise
            again.add((lo, hi))
            waiting.appendleft((lo, hi))
        except Exception:
            _drain(answers, running)
            raise
        del outcome
    return splits


def _length(extent: Extent, longest: int, density: float) -> int:
    """Return how long the next window may be: at most so many samples if it is as dense as the densest so far."""
    if not longest:
        return max(1, extent.first)
    fits = int(extent.samples / density) if density else extent.most
    return max(1, min(extent.most, fits, GROWTH * longest))


def _cut(waiting: deque[tuple[int, int]], cap: int) -> tuple[int, int]:
    """Take the next window off, or the first of the equal parts of it that are not longer than the cap."""
    lo, hi = waiting.popleft()
    parts = -(-(hi - lo) // cap)
    if parts > 1:
        middle = lo + -(-(hi - lo) // parts)
        waiting.appendleft((middle, hi))
        hi = middle
    return lo, hi


def _start(ask: Callable[[int, int], bytes], lo: int, hi: int, answers: SimpleQueue[Outcome]) -> None:
    """Ask in a thread that does not keep the process alive: an interrupted capture ends at once."""

    def run() -> None:
        try:
            answers.put((lo, hi, ask(lo, hi)))
        except Exception as error:  # noqa: BLE001  it is raised again in the calling thread
            answers.put((lo, hi, error))

    threading.Thread(target=run, name=f"window {lo}-{hi}", daemon=True).start()


def _drain(answers: SimpleQueue[Outcome], running: int) -> None:
    for _ in range(running):
        answers.get()
