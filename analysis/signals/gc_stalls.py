"""Stalls: threads that waited for the collector to free memory, each for itself while the others ran."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import paused_ratio, spans_of, stopped_seconds
from analysis.signals.in_flight import occupancy
from analysis.signals.stretches import union

__all__ = [
    "StallStatistics", "stall_intervals", "stall_statistics", "stalled_by_thread", "stalled_ratio", "stalled_threads",
]  # fmt: skip


class StallStatistics(NamedTuple):
    """Stalls of a window, by overlap: `n` that touch it, of how many `threads`, added up, at least one at a time.

    `ratio` is the share of the window's known time in which at least one thread stalled; `mean_threads` how many
    stalled at a time in that time; NaN where nothing is known, and `max_seconds` (of whole stalls) without any.
    """

    n: int
    threads: int
    thread_seconds: float
    union_seconds: float
    max_seconds: float
    ratio: float
    mean_threads: float


def stall_intervals(stalls: pd.DataFrame) -> np.ndarray:
    """Return when at least one thread stalled [us], shape (k, 2), disjoint and in order.

    Parameters
    ----------
    stalls : DataFrame
        Of a `GcLog`: index end, column start.

    Examples
    --------
    >>> at = lambda *us: pd.to_datetime(list(us), unit="us", utc=True)
    >>> stall_intervals(pd.DataFrame({"start": at(10, 20, 70)}, index=at(30, 40, 80))).tolist()
    [[10, 40], [70, 80]]
    """
    return union(spans_of(stalls))


def stalled_ratio(stalls: pd.DataFrame, edges: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the share of each step in which at least one thread stalled, by overlap.

    Parameters
    ----------
    stalls : DataFrame
        Of a `GcLog`.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].
    known : ndarray of int64, shape (j, 2)
        From `gc.known_spans` [us].

    Returns
    -------
    ndarray, shape (n,)
        [ratio]; NaN where less than half of the step is known.

    Examples
    --------
    >>> at = lambda *us: pd.to_datetime(list(us), unit="us", utc=True)
    >>> stalls = pd.DataFrame({"start": at(0, 0)}, index=at(5, 5))
    >>> stalled_ratio(stalls, np.array([0, 10, 20]), np.array([[0, 20]])).tolist()
    [0.5, 0.0]
    """
    return paused_ratio(stall_intervals(stalls), edges, known)


def stalled_threads(stalls: pd.DataFrame, edges: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return how many threads stalled at a time in each step: thread-seconds over seconds, by overlap.

    Parameters
    ----------
    stalls : DataFrame
        Of a `GcLog`: one row a thread's wait.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].
    known : ndarray of int64, shape (j, 2)
        From `gc.known_spans` [us].

    Returns
    -------
    ndarray, shape (n,)
        Threads; NaN where less than half of the step is known.

    Examples
    --------
    >>> at = lambda *us: pd.to_datetime(list(us), unit="us", utc=True)
    >>> stalls = pd.DataFrame({"start": at(0, 0)}, index=at(5, 10))
    >>> stalled_threads(stalls, np.array([0, 10, 20]), np.array([[0, 20]])).tolist()
    [1.5, 0.0]
    """
    steps, seen = np.diff(edges) / 1e6, np.diff(stopped_seconds(known, edges))
    spans = spans_of(stalls)
    held = occupancy(spans[:, 0], spans[:, 1], np.ones(len(spans)), edges) * steps
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(seen >= 0.5 * steps - 1e-9, np.maximum(held, 0.0) / seen, np.nan)


def stall_statistics(stalls: pd.DataFrame, window: Window, known: np.ndarray) -> StallStatistics:
    """Return how long threads stalled in a window: added up over threads, and at least one at a time.

    Parameters
    ----------
    stalls : DataFrame
        Of a `GcLog`: index end, columns start, thread.
    window : Window
        (start, end].
    known : ndarray of int64, shape (j, 2)
        From `gc.known_spans` [us].

    Examples
    --------
    >>> at = lambda *s: pd.to_datetime(list(s), unit="s", utc=True)
    >>> stalls = pd.DataFrame({"start": at(1, 1, 7), "thread": ["a", "b", "a"]}, index=at(3, 4, 9))
    >>> window = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")
    >>> found = stall_statistics(stalls, window, np.array([[0, 10_000_000]]))
    >>> found.n, found.threads, found.thread_seconds, found.union_seconds, found.ratio, found.mean_threads
    (3, 2, 7.0, 5.0, 0.5, 0.7)
    """
    spans, edges = spans_of(stalls), np.array([window.start_us, window.end_us])
    touching = (spans[:, 1] > edges[0]) & (spans[:, 0] < edges[1])
    mine = spans[touching]
    inside = np.clip(mine, edges[0], edges[1])
    added = float((inside[:, 1] - inside[:, 0]).sum()) / 1e6
    held, seen = (float(np.diff(stopped_seconds(found, edges))[0]) for found in (union(inside), known))
    longest = float((mine[:, 1] - mine[:, 0]).max()) / 1e6 if len(mine) else float("nan")
    ratio, mean = (min(held / seen, 1.0), added / seen) if seen > 0 else (float("nan"),) * 2
    threads = int(stalls["thread"][touching].nunique())
    return StallStatistics(int(touching.sum()), threads, added, held, longest, ratio, mean)


def stalled_by_thread(stalls: pd.DataFrame, window: Window, known: np.ndarray) -> pd.DataFrame:
    """Return for each thread how long it stalled in a window, the longest sum first.

    Parameters
    ----------
    stalls : DataFrame
        Of a `GcLog`: index end, columns start, thread.
    window : Window
        (start, end].
    known : ndarray of int64, shape (j, 2)
        From `gc.known_spans` [us].

    Returns
    -------
    DataFrame
        Columns thread, n, seconds, max_seconds (by overlap), ratio (of the known time of the window; NaN unknown).

    Examples
    --------
    >>> at = lambda *s: pd.to_datetime(list(s), unit="s", utc=True)
    >>> stalls = pd.DataFrame({"start": at(1, 1, 7), "thread": ["a", "b", "a"]}, index=at(3, 4, 9))
    >>> window = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")
    >>> stalled_by_thread(stalls, window, np.array([[0, 10_000_000]]))[["thread", "ratio"]].values.tolist()
    [['a', 0.4], ['b', 0.3]]
    """
    edges = np.array([window.start_us, window.end_us])
    inside = np.clip(spans_of(stalls), edges[0], edges[1])
    table = pd.DataFrame({
        "thread": stalls["thread"].to_numpy(dtype=object), "seconds": (inside[:, 1] - inside[:, 0]) / 1e6
    })  # fmt: skip
    grouped = table[table["seconds"] > 0].groupby("thread", sort=True)["seconds"]
    found = pd.DataFrame({"n": grouped.size(), "seconds": grouped.sum(), "max_seconds": grouped.max()}).reset_index()
    seen = float(np.diff(stopped_seconds(known, edges))[0])
    found["ratio"] = found["seconds"] / seen if seen > 0 else np.nan
    return found.sort_values("seconds", ascending=False, kind="stable", ignore_index=True)
