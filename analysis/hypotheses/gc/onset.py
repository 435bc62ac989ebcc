"""How the symptom began and ended: were its first and its last bad requests held by stops, and not by chance.

Stops are events, exact to the millisecond. Seconds of nothing between them are no end, so no level is sought: what
counts is whether those requests met them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.effect import Change
from analysis.correlate.shift import shift_p_value
from analysis.findings import Measured, Test, failed, number, passed, undecided, value
from analysis.hypotheses.explained import AT_LEAST, LOWER, MOST_SHIFTS, Cover, Explained

__all__ = ["NOT_HELD", "ROSE_BEFORE", "ROSE_LATER", "Held", "Levels", "end_test", "held_by_stops", "onset_test"]

FDR = 0.01  # of the rise itself, among all JVMs that could explain the symptom
COINCIDENCE = 0.2  # stops that meet the first requests as well this often by chance say nothing
FIRST_RATIO, FEWEST, MOST = 0.1, 5, 100  # of the bad requests are the first ones, and as many the last ones
LEVEL = 0.75  # of the share stopped in the episode: as high long before it, the stops did not rise with it
ROSE_BEFORE, ROSE_LATER = "rose long before the symptom", "rose later than the symptom"
ENOUGH_SECONDS = 10.0  # of recording after the episode, to see how it ended


class Held(NamedTuple):
    """Some bad requests: how many, which share of their excess time stops cover, chance of as much under shifts.

    `apart_seconds`: from the start of the stop that the first of them met to its completion; for the last ones, from
    the end of the stop that the last of them met. NaN if it met none. `possible`: the share if the JVM stood still
    wherever its log tells nothing; NaN: the log tells of all of it.
    """

    n: int
    share: float
    p_value: float
    apart_seconds: float
    possible: float = float("nan")


NOT_HELD = Held(0, float("nan"), float("nan"), float("nan"))


class Levels(NamedTuple):
    """Share of time stopped in the baseline, just before the episode, in it, after it; NaN where not known [ratio].

    `after_seconds` is how much of the time after it is known.
    """

    baseline: float
    before: float
    inside: float
    after: float
    after_seconds: float


def held_by_stops(
    requests: tuple[np.ndarray, np.ndarray], edges: np.ndarray, cover: Cover, explained: Explained, *, last: bool
) -> Held:
    """Return how far stops cover the first, or the last, bad requests of an episode.

    Parameters
    ----------
    requests, edges, cover, explained
        As of `explained.explained_by`.
    last : bool
        Whether the last ones are asked for, by completion.

    Notes
    -----
    A tenth of them, five at least and a hundred at most. The null: the requests moved around the circle of the
    recording, which keeps the lengths and bursts of both.

    Examples
    --------
    >>> from analysis.hypotheses.explained import explained_by
    >>> start = np.arange(5) * 1_000 + 1_000_000
    >>> requests, edges = (start, start + 1_000_000), np.array([0, 1_000_000, 2_000_000, 60_000_000])
    >>> share = np.array([0.0, 1.0, 0.0])
    >>> found = explained_by(requests, edges, Cover(share, share, share), typical_seconds=0.0)
    >>> held = held_by_stops(requests, edges, Cover(share, share, share), found, last=False)
    >>> held.n, round(held.share, 3), held.apart_seconds, held.p_value
    (5, 0.998, 1.0, 0.005)
    """
    n = min(max(round(FIRST_RATIO * explained.n), FEWEST), MOST, explained.n)
    pick = slice(explained.n - n, None) if last else slice(0, n)
    excess = explained.excess_seconds[pick]
    total = float(excess.sum())
    if not n or total <= 0:
        return NOT_HELD
    start, end = (r[pick].astype(float) for r in requests)
    share = np.nan_to_num(cover.mid)
    first, span = float(edges[0]), float(edges[-1] - edges[0])
    joints = np.concatenate([edges[:-1].astype(float), edges.astype(float) + span])
    spent = np.concatenate([[0.0], np.cumsum(np.tile(share, 2) * np.diff(joints))]) / 1e6
    length = np.minimum(end - start, span)

    offsets = np.linspace(0.0, span, MOST_SHIFTS + 2)[:-1, None]  # the first is none
    moved = first + np.mod(start - first + offsets, span)
    held = np.interp(moved + length, joints, spent) - np.interp(moved, joints, spent)
    covered = np.minimum(excess, held).sum(axis=1)
    observed = float(explained.stalled_seconds[pick].sum())
    one = -1 if last else 0
    apart = float(end[one] - _met((start[one], end[one]), edges, share, last=last)) / 1e6
    possible = float("nan")
    if np.isnan(cover.mid).any():
        marks = edges.astype(float)
        most = np.concatenate([[0.0], np.cumsum(np.nan_to_num(cover.mid, nan=1.0) * np.diff(marks))]) / 1e6
        met = np.interp(end, marks, most) - np.interp(start, marks, most)
        possible = float(np.minimum(excess, met).sum()) / total
    return Held(n, observed / total, shift_p_value(float(covered[0]), covered[1:]), apart, possible)


def _met(span: tuple[float, float], edges: np.ndarray, share: np.ndarray, *, last: bool) -> float:
    """Return start (or end, for the last) of the stop that a request met most of [us]; NaN if none."""
    overlap = np.clip(np.minimum(edges[1:], span[1]) - np.maximum(edges[:-1], span[0]), 0, None) * share
    if not len(overlap) or overlap.max() <= 0:
        return float("nan")
    place = int(np.argmax(overlap))
    return float(edges[place + 1] if last else edges[place])


def onset_test(
    held: Held, change: Change, levels: Levels, *, q_value: float, floor: float, what: str = "stops"
) -> Test:
    """Test whether the stops rose first or together with the symptom.

    Parameters
    ----------
    held : Held
        Of the first bad requests.
    change : Change
        Of the share of time stopped, baseline to episode.
    levels : Levels
        Around the episode.
    q_value : float
        Of that change, among all JVMs; NaN: not decidable.
    floor : float
        Smallest rise that counts [ratio].
    what : str
        What covers them, in words.

    Returns
    -------
    Test
        Timing. value: from the first stop met to the first bad completion [s]; p: chance that the first bad requests
        are held as much, with the requests moved in time.
    """
    told = f"change {value(change.difference, 'ratio').text} of time"
    if change.difference < floor:
        words = f"it did not rise with the symptom ({told})"
        return Test("timing", passed=False, unit="s", n=held.n, reason="no rise", words=words)
    if not np.isfinite(q_value):
        need = "ten are needed to know its level, and three in the bad interval"
        return undecided("timing", f"the baseline is worth {number(change.n_before)} independent steps; {need}")
    if q_value > FDR:
        return undecided("timing", f"its rise is not beyond its own variation (q {number(q_value, 2)}; {told})")
    if levels.before >= LEVEL * levels.inside:
        words = f"it stood at its level already long before the symptom ({value(levels.before, 'ratio').text} of time)"
        return Test("timing", passed=False, unit="s", n=held.n, reason=ROSE_BEFORE, words=words)
    if not np.isfinite(held.share):
        return undecided("timing", "the first bad requests took no longer than usual")
    lead = held.apart_seconds
    measured = Measured(lead, "s", None, None, held.n, held.p_value)
    share = value(held.share, "ratio").text
    words = f"{what} cover {share} of the excess time of the first {number(held.n)} bad requests"
    chance = f"(p {number(held.p_value, 2)} with the requests moved in time)"
    if held.share < LOWER:
        if held.possible >= LOWER:
            return undecided("timing", _open(held, what, f"{words}, ", "first"), measured)
        return failed("timing", measured, f"{words}: they began without it", reason=ROSE_LATER)
    if held.share < AT_LEAST or held.p_value > COINCIDENCE:
        return undecided("timing", f"{words} {chance}: not beyond chance", measured)
    ahead = f", the first one {value(lead, 'seconds').text} before the first bad completion" if lead >= 0 else ""
    return passed("timing", measured, f"{words} {chance}{ahead}")


def _open(held: Held, what: str, words: str, which: str) -> str:
    """Return what leaves it open whether the first or last bad requests were held."""
    if "stall" not in what:
        return f"{words}and the GC log does not tell of all the time they took"
    most = (
        f"at most {value(held.possible, 'ratio').text} of the excess time of the {which} {number(held.n)} bad requests"
    )
    return f"which threads the stalls held is not known: they may cover {most}"


def end_test(held: Held, levels: Levels, *, what: str = "stops") -> Test:
    """Test whether the symptom ended with the stops.

    Parameters
    ----------
    held : Held
        Of the last bad requests.
    levels : Levels
        Around the episode.
    what : str
        What covers them, in words.

    Returns
    -------
    Test
        Reversal. value: from the end of the last stop met to the last bad completion [s].
    """
    if not np.isfinite(held.share):
        return undecided("reversal", "the last bad requests took no longer than usual")
    if not levels.after_seconds >= ENOUGH_SECONDS or not np.isfinite(levels.after):
        return undecided("reversal", "the recording does not show how it ended")
    measured = Measured(held.apart_seconds, "s", None, None, held.n, held.p_value)
    share = value(held.share, "ratio").text
    words = f"{what} cover {share} of the excess time of the last {number(held.n)} bad requests"
    after = f"then {value(levels.after, 'ratio').text} of time was stopped" + (" or stalled" if "stall" in what else "")
    if levels.after > (levels.baseline + levels.inside) / 2:
        return undecided("reversal", f"{what} went on after the last bad request: {after}", measured)
    if held.share < LOWER and held.possible >= LOWER:
        return undecided("reversal", _open(held, what, f"{words}, ", "last"), measured)
    if held.share < LOWER:
        return failed("reversal", measured, f"{words}: they went on without it", reason="the symptom outlived it")
    if held.share < AT_LEAST or held.p_value > COINCIDENCE:
        return undecided("reversal", f"{words} (p {number(held.p_value, 2)}): not beyond chance", measured)
    return passed("reversal", measured, f"the symptom ended with it: {words}, {after}")
