"""Progress of a capture: questions, samples and bytes so far, and how long the rest will take at this pace."""

from __future__ import annotations

import time
from collections.abc import Callable

from analysis.sources.prometheus.fetched import Step

__all__ = ["Telling"]

EVERY_SECONDS = 1.0


class Telling:
    """Says how far a capture is, at most once a second; its state is what came so far.

    Parameters
    ----------
    say : callable
        Gets a line.
    expected : dict of str to float
        Expected samples of each question; 0 where nobody knows.
    clock : callable
        Seconds; for tests.

    Examples
    --------
    >>> lines, now = [], iter([0.0, 0.0, 10.0])
    >>> telling = Telling(lines.append, {"a": 100.0, "b": 300.0}, clock=lambda: next(now))
    >>> telling.begin("a")
    >>> telling(Step(100, 5_000, 1.0))
    >>> lines
    ['a: 1 of 2 questions, 100 samples, 0.0 MB, about 30 s left']
    """

    def __init__(
        self, say: Callable[[str], object], expected: dict[str, float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say, self._expected, self._clock = say, expected, clock
        self._began = self._told = clock()
        self._name, self._number, self._done, self._inside = "", 0, 0.0, 0.0
        self.samples, self.bytes = 0, 0

    def begin(self, name: str) -> None:
        """Say that a question is put now; the one before it has ended."""
        self._done += self._expected.get(self._name, 0.0)
        self._name, self._inside = name, 0.0
        self._number += 1
        self._say_at_times()

    def __call__(self, step: Step) -> None:
        """Note what came."""
        self.samples += step.samples
        self.bytes += step.bytes
        self._inside = step.done_ratio
        self._say_at_times()

    def _say_at_times(self) -> None:
        now = self._clock()
        if now - self._told >= EVERY_SECONDS:
            self._told = now
            self._say(self.line(now))

    def line(self, now: float) -> str:
        """Return the line of this moment."""
        count = f"{self._number} of {len(self._expected)} questions, " if self._expected else ""
        told = f"{self._name}: {count}{self.samples:,} samples"
        total = sum(self._expected.values())
        done = self._done + self._expected.get(self._name, 0.0) * self._inside
        left = "" if not 0 < done <= total else f", about {(now - self._began) * (total / done - 1):.0f} s left"
        return f"{told}, {self.bytes / 1e6:.1f} MB{left}"
