"""Garbage collection: when a JVM stood still, in which share of time, for how long, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.stretches import union

__all__ = [
    "StopStatistics", "cause_table", "known_spans", "paused_ratio", "pauses_in", "spans_of", "stop_intervals",
    "stop_statistics", "stopped_seconds", "throughput_ratio", "without",
]  # fmt: skip


class StopStatistics(NamedTuple):
    """Stops that ended in a window: how many, seconds together, longest, and the 99th percentile (NaN without any).

    `ratio` is the share of the window's known time that was stopped, by overlap; NaN where nothing is known.
    """

    n: int
    total_seconds: float
    max_seconds: float
    p99_seconds: float
    ratio: float


def spans_of(frame: pd.DataFrame) -> np.ndarray:
    """Return starts and ends of the rows of a table [us], shape (n, 2), in its order.

    Parameters
    ----------
    frame : DataFrame
        Column start; a column end, or the index.

    Examples
    --------
    >>> at = pd.to_datetime([5], unit="us", utc=True)
    >>> spans_of(pd.DataFrame({"start": at}, index=at + pd.Timedelta(3, "us"))).tolist()
    [[5, 8]]
    """
    end = frame.get("end", frame.index)
    return np.stack([pd.DatetimeIndex(at).as_unit("us").asi8 for at in (frame["start"], end)], axis=1)


def stop_intervals(pauses: pd.DataFrame, safepoints: pd.DataFrame) -> np.ndarray:
    """Return when all threads of the JVM stood still: the union of safepoints, and of pauses that no safepoint holds.

    A safepoint begins when the threads are asked to stop and includes the time until they have; a pause is the work
    done in it. So where both are logged the safepoint counts.

    Parameters
    ----------
    pauses, safepoints : DataFrame
        Of a `GcLog`: index end, column start.

    Returns
    -------
    ndarray of int64, shape (k, 2)
        Starts and ends [us], disjoint and in order.

    Examples
    --------
    >>> at = lambda *us: pd.to_datetime(list(us), unit="us", utc=True)
    >>> pauses = pd.DataFrame({"start": at(20, 70)}, index=at(30, 80))
    >>> stop_intervals(pauses, pd.DataFrame({"start": at(10)}, index=at(31))).tolist()
    [[10, 31], [70, 80]]
    """
    stops = union(spans_of(safepoints))
    work = spans_of(pauses)
    if len(stops) and len(work):
        middle = work.mean(axis=1)
        place = np.searchsorted(stops[:, 0], middle, side="right") - 1
        work = work[(place < 0) | (middle > stops[place, 1])]
    return union(np.concatenate([stops, work]))


def without(spans: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Return what of some intervals lies in none of others, shape (k, 2).

    Parameters
    ----------
    spans, gone : ndarray of int64, shapes (m, 2) and (j, 2)
        Disjoint and in order each [us].

    Examples
    --------
    >>> without(np.array([[0, 9], [20, 30]]), np.array([[2, 4], [8, 22]])).tolist()
    [[0, 2], [4, 8], [22, 30]]
    """
    marks = np.unique(np.concatenate([spans.ravel(), gone.ravel()]))
    if len(marks) < 2:
        return np.zeros((0, 2), dtype="i8")
    inside, missing = (np.diff(stopped_seconds(part, marks)) > 0 for part in (spans, gone))
    return union(np.stack([marks[:-1], marks[1:]], axis=1)[inside & ~missing])


def known_spans(lives: pd.DataFrame, holes: pd.DataFrame | None = None) -> np.ndarray:
    """Return the stretches of time that the log tells of, shape (j, 2) [us]: first to last stamp of each JVM, joined.

    Stretches of which lines are missing are left out.

    Parameters
    ----------
    lives, holes : DataFrame
        Of a `GcLog`: columns start, end.

    Examples
    --------
    >>> at = lambda *us: pd.to_datetime(list(us), unit="us", utc=True)
    >>> known_spans(pd.DataFrame({"start": at(0, 50), "end": at(40, 90)})).tolist()
    [[0, 40], [50, 90]]
    """
    alive = union(spans_of(lives))
    return alive if holes is None or not len(holes) else without(alive, union(spans_of(holes)))


def stopped_seconds(intervals: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the seconds that fell into intervals until each time.

    Parameters
    ----------
    intervals : ndarray of int64, shape (k, 2)
        Disjoint and in order [us].
    times : ndarray, shape (n,)
        [us], any order.

    Returns
    -------
    ndarray, shape (n,)
        [s], from 0 before the first interval.

    Examples
    --------
    >>> stopped_seconds(np.array([[1_000_000, 3_000_000]]), np.array([0, 2_000_000, 9_000_000])).tolist()
    [0.0, 1.0, 2.0]
    """
    if not len(intervals):
        return np.zeros(len(times))
    lengths = np.cumsum(intervals[:, 1] - intervals[:, 0])
    spent = np.stack([np.r_[0, lengths[:-1]], lengths], axis=1).ravel()
    return np.asarray(np.interp(times, intervals.ravel(), spent) / 1e6)


def paused_ratio(intervals: np.ndarray, edges: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the share of each step in which the JVM stood still, by overlap.

    Parameters
    ----------
    intervals : ndarray of int64, shape (k, 2)
        From `stop_intervals` [us].
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].
    known : ndarray of int64, shape (j, 2)
        From `known_spans` [us].

    Returns
    -------
    ndarray, shape (n,)
        Of the known part of a step [ratio]; NaN where less than half of the step is known. Known and never stopped: 0.

    Examples
    --------
    >>> edges, second = np.arange(4) * 1_000_000, 1_000_000
    >>> stops, known = np.array([[second // 2, 2 * second]]), np.array([[0, 2 * second]])
    >>> paused_ratio(stops, edges, known).tolist()
    [0.5, 1.0, nan]
    """
    steps = np.diff(edges) / 1e6
    seen = np.diff(stopped_seconds(known, edges))
    held = np.diff(stopped_seconds(intervals, edges))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(seen >= 0.5 * steps - 1e-9, np.clip(held / seen, 0.0, 1.0), np.nan)


def throughput_ratio(intervals: np.ndarray, window: Window, known: np.ndarray) -> float:
    """Return the share of a window in which the JVM did not stand still: 1 - stopped / known time, by overlap.

    Parameters
    ----------
    intervals, known : ndarray of int64, shapes (k, 2) and (j, 2)
        From `stop_intervals` and `known_spans` [us].
    window : Window
        (start, end].

    Returns
    -------
    float
        Of the part that the log tells of [ratio], never below 0; NaN where it tells of nothing.

    Notes
    -----
    Of stops alone: a collector that works beside the threads takes CPU, and one that lets threads wait for memory
    holds them, without any. See `gc_cpu` and `gc_stalls`.

    Examples
    --------
    >>> window = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")
    >>> throughput_ratio(np.array([[1, 2], [5, 8]]) * 1_000_000, window, np.array([[0, 10_000_000]]))
    0.6
    """
    return 1.0 - stop_statistics(intervals, window, known).ratio


def stop_statistics(intervals: np.ndarray, window: Window, known: np.ndarray) -> StopStatistics:
    """Return number, seconds, longest and 99th percentile of the stops that ended in a window, and the share stopped.

    Parameters
    ----------
    intervals, known : ndarray of int64, shapes (k, 2) and (j, 2)
        From `stop_intervals` and `known_spans` [us].
    window : Window
        (start, end].

    Notes
    -----
    The percentile is the smallest length that at least 99 % of the stops do not exceed: with fewer than a hundred it
    is the longest. Lengths are whole; `ratio` counts what of them lies inside.

    Examples
    --------
    >>> window = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")
    >>> stops = np.array([[1, 2], [5, 8]]) * 1_000_000
    >>> stop_statistics(stops, window, np.array([[0, 10_000_000]]))
    StopStatistics(n=2, total_seconds=4.0, max_seconds=3.0, p99_seconds=3.0, ratio=0.4)
    """
    chosen = intervals[(intervals[:, 1] > window.start_us) & (intervals[:, 1] <= window.end_us)]
    lengths = np.sort((chosen[:, 1] - chosen[:, 0]) / 1e6)
    edges = np.array([window.start_us, window.end_us])
    seen, held = (float(np.diff(stopped_seconds(spans, edges))[0]) for spans in (known, intervals))
    ratio = min(held / seen, 1.0) if seen > 0 else float("nan")
    if not len(lengths):
        return StopStatistics(0, 0.0, float("nan"), float("nan"), ratio)
    p99 = float(lengths[int(np.ceil(0.99 * len(lengths))) - 1])
    return StopStatistics(len(lengths), float(lengths.sum()), float(lengths[-1]), p99, ratio)


def pauses_in(pauses: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the pauses that ended in a window; those inside another pause are left out.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: index end, column nested.
    window : Window
        (start, end].

    Examples
    --------
    >>> rows = pd.DataFrame({"nested": [False, True]}, index=pd.to_datetime([5, 5], unit="s", utc=True))
    >>> len(pauses_in(rows, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")))
    1
    """
    inside: pd.DataFrame = pauses[window.holds(pd.DatetimeIndex(pauses.index)) & ~pauses["nested"].to_numpy(dtype=bool)]
    return inside


def cause_table(pauses: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the pauses that ended in a window by kind and cause; those inside another pause are left out.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`.
    window : Window
        (start, end].

    Returns
    -------
    DataFrame
        Columns kind, cause, n, total_seconds, max_seconds, user_seconds, sys_seconds (NaN where not logged); most
        seconds first.

    Examples
    --------
    >>> columns = ["kind", "cause", "duration_seconds", "user_seconds", "sys_seconds", "nested"]
    >>> index = pd.to_datetime([5], unit="s", utc=True)
    >>> row = pd.DataFrame([["full", "System.gc()", 0.5, 0.4, 0.1, False]], columns=columns, index=index)
    >>> cause_table(row, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"))["n"].tolist()
    [1]
    """
    inside = pauses_in(pauses, window)
    grouped = inside.groupby(["kind", "cause"], sort=True)
    table = pd.DataFrame({
        "n": grouped.size(),
        "total_seconds": grouped["duration_seconds"].sum(),
        "max_seconds": grouped["duration_seconds"].max(),
        "user_seconds": grouped["user_seconds"].sum(min_count=1),
        "sys_seconds": grouped["sys_seconds"].sum(min_count=1),
    })  # fmt: skip
    return table.reset_index().sort_values("total_seconds", ascending=False, kind="stable", ignore_index=True)
