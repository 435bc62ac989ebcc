"""Holes of a GC log: stretches inside a life of which lines are missing, by the numbers that skip them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Told", "holes_in"]

APART_US = 1_000_000  # stamps are those of the write, a second later at most; less is no hole
SHORTEST_US = 100_000  # a collection may take a number and log nothing; in less no stop that matters is lost
TAIL_US = 30_000_000  # last lines, as of the heap at exit, have no number: so long after the others they vouch for none
QUIET = 3  # but where collections were as far apart, or a third as far, there was nothing to collect


class Told(NamedTuple):
    """What the lines of one JVM tell, in order of line; all times in us.

    `gcid`, `gcid_start`, `gcid_end` (n,): numbers of collections, and when what the line tells of began and ended;
    `stop_start`, `stop_end` (m,): pauses and safepoints; `safe_start`, `safe_end`, `since_us` (k,): safepoints, and how
    long before each the one before it ended (-1 unknown); `begun` (j,): when pauses began that do not end; `first`,
    `last`: the first and the last stamp of all lines; `numbered`: whether lines tell of collections at all; `vouched`:
    numbers of collections that only lines of details tell of.
    """

    gcid: np.ndarray
    gcid_start: np.ndarray
    gcid_end: np.ndarray
    stop_start: np.ndarray
    stop_end: np.ndarray
    safe_start: np.ndarray
    safe_end: np.ndarray
    since_us: np.ndarray
    begun: np.ndarray
    first: int
    last: int
    numbered: bool = True
    vouched: frozenset[int] = frozenset()


def holes_in(told: Told) -> list[tuple[int, int]]:
    """Return the holes (start, end) [us] of a life, in order.

    Numbers of collections jump and the missing ones never come; a safepoint says that another was before it that is not
    there; a pause begins and does not end; the last lines tell of no collection for half a minute, and for three times
    as long as any two before were apart. Of a life with collections and neither pauses nor safepoints, all of it: they
    were filtered away.

    Parameters
    ----------
    told : Told
        What the lines tell.

    Examples
    --------
    >>> at = lambda *us: np.array(us, dtype="i8")
    >>> none = at()
    >>> second = 1_000_000
    >>> starts, ends = at(0, 50) * second, at(2, 60) * second
    >>> holes_in(Told(at(4, 7), starts, ends, starts, ends, none, none, none, none, 0, 60 * second))
    [(2000000, 50000000)]
    """
    if told.numbered and not len(told.stop_start):
        return [(told.first, max(told.last, told.first + 1))]
    found = [*_skipped(told), *_unheard(told), *_cut(told)]
    if len(told.gcid):
        last = max(int(told.gcid_end.max()), int(told.stop_end.max()) if len(told.stop_end) else told.first)
        begun = np.sort(told.gcid_start)
        apart = int(np.diff(begun).max()) if len(begun) > 1 else 0
        found += [(last, told.last)] if told.last - last > max(TAIL_US, QUIET * apart) else []
    return _united(sorted((a, b) for a, b in found if b > a))


def _united(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in spans:
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((start, end))
    return out


def _skipped(told: Told) -> list[tuple[int, int]]:
    if len(told.gcid) < 2:
        return []
    latest = np.maximum.accumulate(told.gcid)
    jumps = np.flatnonzero(told.gcid[1:] > latest[:-1] + 1) + 1
    seen = {*told.gcid.tolist(), *told.vouched} if len(jumps) else set()
    out = []
    for i in jumps.tolist():
        missing = range(int(latest[i - 1]) + 1, int(told.gcid[i]))
        if len(missing) > len(seen) or any(n not in seen for n in missing):
            out.append((int(told.gcid_end[i - 1]), int(told.gcid_start[i])))
    return [(a, b) for a, b in out if b - a >= SHORTEST_US]


def _unheard(told: Told) -> list[tuple[int, int]]:
    if len(told.safe_start) < 2:
        return []
    before = told.safe_start - told.since_us
    ended = np.maximum.accumulate(told.safe_end)
    missing = np.flatnonzero((told.since_us[1:] >= 0) & (before[1:] - ended[:-1] > APART_US)) + 1
    return [(int(ended[i - 1]), int(before[i])) for i in missing.tolist()]


def _cut(told: Told) -> list[tuple[int, int]]:
    starts = np.sort(told.stop_start)
    out = []
    for began in told.begun.tolist():
        if ((told.safe_start <= began) & (began <= told.safe_end)).any():
            continue
        after = starts[np.searchsorted(starts, began, side="right") :]
        out.append((began, int(after[0]) if len(after) else told.last))
    return out
