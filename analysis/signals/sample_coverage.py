"""Samples of each series in each window: expected, present, not a number, and where the gaps are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.series import GAP_STEPS
from analysis.signals.recorded_series import Recorded
from analysis.signals.scrape_clock import Clocks, clocks_of

__all__ = ["SampleCoverage", "sample_coverage"]

SLACK_RATIO = 0.2  # of an interval: so much earlier or later a scrape may come at the edge of what was recorded
WINDOW_COLUMNS = (
    "expected", "present", "unknown", "ratio", "longest_gap_seconds", "duplicates", "begins", "ends",
)  # fmt: skip


class SampleCoverage(NamedTuple):
    """How much of each series is there.

    Parameters
    ----------
    series : DataFrame
        A row for each window and series, in that order: window, series and target (their places), interval_seconds
        (NaN: unknown), regular, expected (samples; NaN where that cannot be told), present, unknown (of them NaN),
        ratio (present / expected; NaN where nothing is), longest_gap_seconds, duplicates, begins ("first seen" in the
        window, or ""), ends ("ended": by a stale marker, "last seen": its target went on without it, "silent": not
        heard of again, or ""), first and last (times of the recording's first and last sample [us], -1 without any).
    gaps : DataFrame
        A row for each gap, longer than 2.5 intervals: window, series, start, end [us], cut at the window, and seconds.
    clocks : Clocks
        The intervals found.
    """

    series: pd.DataFrame
    gaps: pd.DataFrame
    clocks: Clocks


class _Lives(NamedTuple):
    """Of each series: samples, first and last time, when samples are expected, interval at both ends, slack of it."""

    counts: np.ndarray
    first: np.ndarray
    last: np.ndarray
    since: np.ndarray
    until: np.ndarray
    early: np.ndarray
    late: np.ndarray
    slack: np.ndarray


class _Holes(NamedTuple):
    """Neighbouring samples that lie further apart than one interval: series, both times, steps between them."""

    series: np.ndarray
    start: np.ndarray
    end: np.ndarray
    steps: np.ndarray
    wide: np.ndarray


def sample_coverage(data: Recorded, windows: Mapping[str, tuple[int, int]]) -> SampleCoverage:
    """Count the samples of every series in windows (start, end], and what is missing between them.

    Parameters
    ----------
    data : Recorded
        From `recorded`.
    windows : mapping of str to (int, int)
        Start and end of each window [us since epoch].

    Returns
    -------
    SampleCoverage
        A sample is missing where neighbours are about k intervals apart (k - 1 are), so that jitter misses nothing.
        Nothing is expected of a series before its first sample, unless the recording of its mode begins with it; nor
        after its last one, if a stale marker ended it or its target went on without it. A series that falls silent
        with its whole target is missing to the end of the window.

    Examples
    --------
    >>> from analysis.signals.recorded_series import recorded
    >>> times = np.r_[0:60:5, 80:120:5] * 1_000_000
    >>> data = recorded([{"__name__": "up", "job": "api"}], np.zeros(20, "i4"), times, np.ones(20))
    >>> found = sample_coverage(data, {"incident": (40_000_000, 100_000_000)})
    >>> found.series[["expected", "present", "longest_gap_seconds"]].values.tolist()
    [[12.0, 8.0, 25.0]]
    >>> (found.gaps[["start", "end"]] // 1_000_000).values.tolist()
    [[55, 80]]
    """
    clocks = clocks_of(data)
    lives, holes = _lives(data, clocks), _holes(data, clocks)
    parts, gaps = [], []
    for name, (start, end) in windows.items():
        gap = _gaps(lives, holes, start, end)
        gap.insert(0, "window", name)
        row = _counted(data, lives, holes, (start, end))
        row["longest_gap_seconds"] = gap.groupby("series")["seconds"].max().reindex(row.index).fillna(0.0)
        known = clocks.regular[clocks.of_series]
        row["expected"] = row["expected"].where(known)
        row["ratio"] = (row["present"] / row["expected"]).where(row["expected"] > 0)
        middle = clocks.interval_at(clocks.of_series, np.full(len(row), (start + end) // 2)) / 1e6
        row = row[list(WINDOW_COLUMNS)]
        head = {"window": name, "series": row.index, "target": data.target_of, "interval_seconds": middle}
        row = pd.concat([pd.DataFrame({**head, "regular": known}, index=row.index), row], axis=1)
        parts.append(row.assign(first=lives.first, last=lives.last))
        gaps.append(gap)
    return SampleCoverage(pd.concat(parts, ignore_index=True), pd.concat(gaps, ignore_index=True), clocks)


def _lives(data: Recorded, clocks: Clocks) -> _Lives:
    number = len(data.target_of)
    joints = np.searchsorted(data.ids, np.arange(number + 1))
    counts = np.diff(joints)
    some = counts > 0
    first, last = np.full(number, -1, "i8"), np.full(number, -1, "i8")
    first[some], last[some] = data.times[joints[:-1][some]], data.times[joints[1:][some] - 1]
    early, late = (clocks.interval_at(clocks.of_series, t) for t in (first, last))
    slack = GAP_STEPS * np.where(np.isfinite(early), early, 0.0)
    mode = np.array([target.mode == "range" for target in data.targets], dtype=bool)[data.target_of]
    since = np.full(number, np.iinfo("i8").min)
    begun = np.array([first[some & (mode == m)].min(initial=np.iinfo("i8").max) for m in (False, True)])
    born = some & (first - slack > begun[mode.astype("i8")])
    since[born] = first[born]
    heard = np.full(len(data.targets), -1, "i8")
    np.maximum.at(heard, data.target_of, last)
    until = np.full(number, np.iinfo("i8").max)
    slack = GAP_STEPS * np.where(np.isfinite(late), late, 0.0)
    gone = some & ((data.ended >= last) | (heard[data.target_of] > last + slack))
    until[gone] = last[gone]
    return _Lives(counts, first, last, since, until, early, late, np.where(mode, 0.0, SLACK_RATIO))


def _holes(data: Recorded, clocks: Clocks) -> _Holes:
    every = np.array([min(b.interval_us) for b in clocks.beats], dtype="f8")[clocks.of_series]
    shortest = np.nanmin(every, initial=np.inf)
    at = np.flatnonzero(np.diff(data.times) > 1.5 * shortest)  # across two series too: told apart below
    at = at[data.ids[at] == data.ids[at + 1]]
    series, start, end = data.ids[at].astype("i8"), data.times[at], data.times[at + 1]
    of = clocks.of_series[series]
    interval = np.fmax(clocks.interval_at(of, start), clocks.interval_at(of, end - 1))
    steps = (end - start) / interval
    keep = steps >= 1.5
    wide = steps > GAP_STEPS
    return _Holes(series[keep], start[keep], end[keep], np.floor(steps[keep] + 0.5), wide[keep])


def _counted(data: Recorded, lives: _Lives, holes: _Holes, window: tuple[int, int]) -> pd.DataFrame:
    """Return counts of one window, a row a series."""
    start, end = window
    number = len(lives.counts)
    inside = (data.times > start) & (data.times <= end)
    again = np.zeros(len(inside), dtype=bool)
    again[1:] = (data.times[1:] == data.times[:-1]) & (data.ids[1:] == data.ids[:-1])
    twice = np.bincount(data.ids[inside & again], minlength=number)
    present = np.bincount(data.ids[inside], minlength=number) - twice
    unknown = np.bincount(data.ids[inside & np.isnan(data.values) & ~again], minlength=number)
    missing = np.bincount(holes.series, weights=_between(holes, start, end), minlength=number) + _at_the_edges(
        lives, start, end
    )
    there = (lives.counts > 0) & (lives.first <= end) & (lives.last > start)
    begins = np.where(there & (lives.since > start), "first seen", "")
    stopped = (lives.counts > 0) & (lives.last > start) & (lives.last <= end)
    silent = stopped & (lives.until > lives.last) & (_after(lives, end) >= 1)
    marked = stopped & (data.ended >= lives.last) & (data.ended <= end)
    unmarked = stopped & (data.ended < lives.last) & (lives.until == lives.last) & (end - lives.last > lives.late)
    ends = np.select([marked, unmarked, silent], ["ended", "last seen", "silent"], "")
    expected = (present + missing).astype("f8")
    return pd.DataFrame({
        "expected": expected, "present": present, "unknown": unknown, "duplicates": twice, "begins": begins,
        "ends": ends,
    })  # fmt: skip


def _between(holes: _Holes, start: int, end: int) -> np.ndarray:
    """Return how many samples of each hole are missing in (start, end]: its steps lie evenly."""
    length = np.maximum(holes.end - holes.start, 1).astype("f8")

    def passed(edge: int) -> np.ndarray:
        share = np.clip(edge - holes.start, 0, length) / length
        return np.asarray(np.minimum(np.floor(share * holes.steps + 1e-9), holes.steps - 1))

    return np.asarray(passed(end) - passed(start))


def _after(lives: _Lives, edge: int) -> np.ndarray:
    """Return how many samples are missing from the last one of each series until a time."""
    with np.errstate(invalid="ignore"):
        found = np.floor((edge - lives.last) / lives.late - lives.slack + 1e-9)
    return np.where((lives.counts > 0) & (found > 0), found, 0.0)


def _at_the_edges(lives: _Lives, start: int, end: int) -> np.ndarray:
    """Return how many samples are missing in (start, end] before the first and after the last one of each series."""

    def before(edge: int) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            found = np.floor((lives.first - edge) / lives.early - np.fmax(lives.slack, 1e-9))
        return np.where((lives.counts > 0) & (found > 0), found, 0.0)

    ahead = np.where(lives.since < lives.first, before(start) - before(end), 0.0)
    behind = np.where(lives.until > lives.last, _after(lives, end) - _after(lives, start), 0.0)
    return np.asarray(ahead + behind)


def _gaps(lives: _Lives, holes: _Holes, start: int, end: int) -> pd.DataFrame:
    """Return the gaps in one window, cut at its edges; those of less than an interval inside are left out."""
    some = lives.counts > 0
    ahead = some & (lives.since < lives.first) & (lives.first - start > GAP_STEPS * lives.early)
    behind = some & (lives.until > lives.last) & (end - lives.last > GAP_STEPS * lives.late)
    number = np.arange(len(lives.counts))
    where = np.concatenate([holes.series[holes.wide], number[ahead], number[behind]])
    begin = np.concatenate([holes.start[holes.wide], np.full(ahead.sum(), start), lives.last[behind]])
    finish = np.concatenate([holes.end[holes.wide], lives.first[ahead], np.full(behind.sum(), end)])
    begin, finish = np.clip(begin, start, end), np.clip(finish, start, end)
    step = np.fmin(lives.early, lives.late)[where]
    keep = finish - begin >= step
    found = {"series": where[keep], "start": begin[keep], "end": finish[keep]}
    frame = pd.DataFrame({**found, "seconds": (finish[keep] - begin[keep]) / 1e6})
    return frame.sort_values(["series", "start"], kind="stable").reset_index(drop=True)
