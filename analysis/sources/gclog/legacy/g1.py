"""The head of a pause of G1 of JDK 8 and before, where it is one line: `[GC pause (cause) (young), 0.1 secs]`."""

from __future__ import annotations

import re

from analysis.sources.gclog.legacy.pause_row import Pause
from analysis.sources.gclog.legacy.stamps import Stamp, later, seconds

__all__ = ["g1_pause"]

G1 = re.compile(
    rb"\[GC pause(?: \(([A-Za-z][A-Za-z0-9 .-]{2,50}(?:\(\))?)\))? \((young|mixed)\)( \(initial-mark\))?"
    rb"( \(to-space (?:exhausted|overflow)\))?, ([0-9]{1,9}[.,][0-9]{1,9}) secs\]"
)


def g1_pause(line: int, text: bytes, at: int, stamp: Stamp) -> Pause | None:
    """Return the pause of a line that is such a head, None if it is another; its sizes follow in lines of their own.

    The general way (`legacy_pause.read_pauses`) reads the same from the same text, more slowly.

    Parameters
    ----------
    line : int
        Its number.
    text : bytes
        The line without blanks at its end.
    at : int
        Where its stamps end.
    stamp : Stamp
        What they say.

    Raises
    ------
    ValueError
        If a number is broken.

    Examples
    --------
    >>> pause = g1_pause(7, b"[GC pause (young) (initial-mark), 0.25 secs]", 0, Stamp(uptime_seconds=2.5))
    >>> pause.kind, pause.stamp_seconds
    ('young_concurrent_start', 2.75)
    """
    found = G1.fullmatch(text, at)
    if found is None:
        return None
    cause, kind, marks, fails, took = found.groups()
    duration = seconds(took)
    clock_us, end_seconds, gcid = later(stamp, duration)
    pause = Pause(line, clock_us, end_seconds, stamp.uptime_seconds, duration, gcid, "G1", kind.decode(), "young")
    if marks:
        pause.kind = "young_concurrent_start"
    if cause:
        pause.cause = cause.decode()
    if fails:
        pause.evacuation_failure = "to_space_exhausted"
    return pause
