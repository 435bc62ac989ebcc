"""How many intervals overlap an event, and for how long, against the events shifted in time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["EventOverlap", "event_overlap"]


class EventOverlap(NamedTuple):
    """Intervals overlapping an event, their share and seconds of overlap; what shifts give; p of both; intervals.

    `excess_share` = (share - expected) / (1 - expected): the share of intervals that would not overlap by chance.
    """

    overlapping: int
    share: float
    expected_share: float
    excess_share: float
    p_value: float
    overlap: float
    expected_overlap: float
    overlap_p_value: float
    n: int


def event_overlap(
    intervals: np.ndarray, events: np.ndarray, window: tuple[float, float], *, draws: int = 999, seed: int = 1
) -> EventOverlap:
    """Count the intervals that overlap an event and test the count and the time against shifts of all events together.

    Parameters
    ----------
    intervals, events : ndarray, shapes (m, 2) and (k, 2)
        Starts and ends, in one unit of time; any order. They are clipped to the window; those outside it, or with an
        unknown end, are left out. Events may overlap each other and may have no length.
    window : (float, float)
        Start and end of the study, in that unit: the events' circle.
    draws, seed : int
        Number of random shifts, and the seed of their generator.

    Returns
    -------
    EventOverlap
        Overlap in the unit of time, each moment of an interval counted once. Without intervals shares are NaN; without
        intervals or events p and what is expected are NaN.

    Raises
    ------
    ValueError
        If the window is empty, or an interval or event ends before it starts.

    Notes
    -----
    The shifted events keep their lengths, gaps and number, and the intervals theirs, so the null holds that a long
    interval meets more events than a short one (length bias). p: share of the shifts, the observed one included, that
    reach the observed count (or time). Cost: draws x (k log m + m).

    Examples
    --------
    >>> events = np.array([[t, t + 1.0] for t in range(5, 100, 10)])
    >>> found = event_overlap(events[:4] + 0.5, events, (0.0, 100.0))
    >>> found.overlapping, found.overlap, round(found.expected_share, 1)
    (4, 2.0, 0.2)
    """
    start, end = float(window[0]), float(window[1])
    if not end > start:
        raise ValueError(f"the window ({start}, {end}) is empty")
    span = end - start
    asked, cover = _clipped(intervals, start, end), _merged(_clipped(events, start, end))
    m = len(asked)
    asked = asked[np.argsort(asked[:, 0], kind="stable")]
    knots, active = _running_total(asked)
    count, time = _count(asked, cover), _time(knots, active, cover)
    nan = float("nan")
    if not m or not len(cover):
        return EventOverlap(count, count / m if m else nan, nan, nan, nan, time, nan, nan, m)
    shifted = np.empty((draws, 2))
    for i, offset in enumerate(np.random.default_rng(seed).uniform(0, span, draws)):
        moved = _rotated(cover, offset, span)
        shifted[i] = _count(asked, moved), _time(knots, active, moved)
    reached = shifted >= np.array([count, time]) - np.array([0.0, 1e-9 * span])
    p_count, p_time = (1 + reached.sum(axis=0)) / (1 + draws)
    share, (expected_count, expected_time) = count / m, shifted.mean(axis=0) if draws else (nan, nan)
    expected = float(expected_count) / m
    excess = (share - expected) / (1 - expected) if expected < 1 else nan
    return EventOverlap(count, share, expected, excess, float(p_count), time, float(expected_time), float(p_time), m)


def _clipped(pairs: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return the known pairs that touch the window, cut to it and counted from its start, shape (k, 2)."""
    pairs = np.asarray(pairs, dtype="f8").reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    if np.any(pairs[:, 1] < pairs[:, 0]):
        raise ValueError("an interval or event ends before it starts")
    touching = (pairs[:, 1] >= start) & (pairs[:, 0] <= end)
    return np.asarray(np.clip(pairs[touching], start, end) - start)


def _merged(pairs: np.ndarray) -> np.ndarray:
    """Return the union of intervals as disjoint ones in order."""
    pairs = np.asarray(pairs[np.argsort(pairs[:, 0], kind="stable")])
    if not len(pairs):
        return pairs
    reach = np.maximum.accumulate(pairs[:, 1])
    first = np.r_[True, pairs[1:, 0] > reach[:-1]]
    return np.stack([pairs[first, 0], reach[np.r_[first[1:], True]]], axis=1)


def _rotated(cover: np.ndarray, offset: float, span: float) -> np.ndarray:
    """Return disjoint intervals moved on a circle, in order; one that crosses the end is cut in two."""
    moved = cover + offset
    inside, beyond = moved[moved[:, 0] < span], moved[moved[:, 0] >= span] - span
    if len(inside) and inside[-1, 1] > span:
        beyond = np.concatenate([[[0.0, inside[-1, 1] - span]], beyond])
        inside = np.minimum(inside, span)
    return np.asarray(np.concatenate([beyond, inside]))


def _count(asked: np.ndarray, cover: np.ndarray) -> int:
    """Return how many intervals, sorted by start, overlap one of disjoint sorted events."""
    if not len(cover):
        return 0
    later = np.searchsorted(asked[:, 0], cover[:, 1], side="left")  # an event is over for whatever starts at its end
    next_start = np.repeat(np.r_[cover[:, 0], np.inf], np.diff(np.r_[0, later, len(asked)]))
    return int(np.count_nonzero(next_start < asked[:, 1]))


def _running_total(asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times, and the time spent in all intervals together until then: linear between them."""
    times = asked.ravel()
    order = np.argsort(times, kind="stable")
    knots, change = times[order], np.tile([1.0, -1.0], len(asked))[order]
    if not len(knots):
        return np.zeros(1), np.zeros(1)
    return knots, np.r_[0.0, np.cumsum(np.cumsum(change)[:-1] * np.diff(knots))]


def _time(knots: np.ndarray, active: np.ndarray, cover: np.ndarray) -> float:
    """Return the time that all intervals together spend in disjoint events."""
    return float((np.interp(cover[:, 1], knots, active) - np.interp(cover[:, 0], knots, active)).sum())
