"""Requests: which are bad, when the symptom holds (episodes), and what it cost (impact)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.incident import Window

__all__ = ["Episode", "bad_requests", "bins", "find_episodes"]

SPARSE = 30  # requests a bin; with fewer, bins grow
NEAR_BINS = 2  # a stretch that begins or ends within so many bins of the window's edge is cut by it
CHANCE = 0.05  # a bin is bad when so many bad requests would come by chance at the objective in fewer cases than this


@dataclass(frozen=True)
class Episode:
    """A stretch of the window in which the objective was missed for long enough.

    Parameters
    ----------
    id : int
        From 1, in order of time.
    window : Window
        First bad completion to last bad completion (the start is exclusive: 1 us earlier).
    requests, bad, failed, slow : int
        Completed in it; failed or slow; failed; slow without failing.
    reach : Window, optional
        The same stretch followed beyond the window, where the window cuts it: timing and end are judged on it.
    """

    id: int
    window: Window
    requests: int
    bad: int
    failed: int
    slow: int
    reach: Window | None = None

    @property
    def extent(self) -> Window:
        """The whole stretch, also where the window cuts it."""
        return self.reach or self.window

    @property
    def begin_us(self) -> int:
        """When the symptom began, in or before the window [us]; exclusive."""
        return self.extent.start_us

    @property
    def finish_us(self) -> int:
        """When the symptom ended, in or after the window [us]."""
        return self.extent.end_us


def bad_requests(
    requests: pd.DataFrame, *, failed: bool, slower_than_seconds: float | None, more_statements_than: int | None = None
) -> pd.DataFrame:
    """Return the requests with columns slow and bad added.

    Parameters
    ----------
    requests : DataFrame
        Index end, columns duration_seconds and failed.
    failed : bool
        Whether a failed request is bad.
    slower_than_seconds : float or None
        A request that took longer is slow, and bad [s].
    more_statements_than : int, optional
        A request that made more statements is bad (column statements; unknown is not more).

    Examples
    --------
    >>> end = pd.DatetimeIndex(["2026-11-22T18:00Z", "2026-11-22T18:01Z"])
    >>> table = pd.DataFrame({"duration_seconds": [0.1, 2.0], "failed": [False, False]}, index=end)
    >>> bad_requests(table, failed=True, slower_than_seconds=1.5)["bad"].tolist()
    [False, True]
    """
    slow = np.zeros(len(requests), dtype=bool)
    if slower_than_seconds is not None:
        slow = (requests["duration_seconds"] > slower_than_seconds).to_numpy()
    bad = slow | (requests["failed"].to_numpy() & failed)
    if more_statements_than is not None:
        bad = bad | (requests["statements"] > more_statements_than).to_numpy()
    return requests.assign(slow=slow, bad=bad)


def bins(requests: pd.DataFrame, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count requests and bad requests that completed in each (edges[i], edges[i+1]].

    Parameters
    ----------
    requests : DataFrame
        With column bad, index end.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us since epoch].

    Returns
    -------
    (ndarray, ndarray)
        Totals and bad ones, shape (n,).

    Examples
    --------
    >>> table = pd.DataFrame({"bad": [True, False]}, index=pd.to_datetime([1, 2], unit="us", utc=True))
    >>> [v.tolist() for v in bins(table, np.array([0, 1, 2]))]
    [[1, 1], [1, 0]]
    """
    times = pd.DatetimeIndex(requests.index).as_unit("us").asi8
    where = np.searchsorted(edges, times, side="left") - 1
    inside = (where >= 0) & (where < len(edges) - 1)
    total = np.bincount(where[inside], minlength=len(edges) - 1)
    bad = np.bincount(where[inside], weights=requests["bad"].to_numpy()[inside], minlength=len(edges) - 1)
    return total, bad.astype(int)


def find_episodes(
    requests: pd.DataFrame, window: Window, *, objective_ratio: float, min_duration_seconds: float,
    around: Window | None = None,
) -> tuple[Episode, ...]:  # fmt: skip
    """Find the stretches in which the share of bad requests exceeded the objective for long enough.

    Parameters
    ----------
    requests : DataFrame
        With columns bad, failed, slow; index end.
    window : Window
        Where to look.
    objective_ratio : float
        Share of good requests that was promised [ratio].
    min_duration_seconds : float
        From first to last bad request; shorter stretches are no episode [s].
    around : Window, optional
        How far a stretch that the window cuts is followed: its `reach`.

    Returns
    -------
    tuple of Episode
        In order of time; empty: no incident.

    Notes
    -----
    The window is cut into bins of min_duration / 6. A bin is bad when its bad requests exceed what the objective
    allows by more than chance (one-sided binomial, 5 %). Bad bins closer than min_duration form one stretch; it
    counts when its first and last bad request lie at least min_duration apart and its share as a whole exceeds the
    objective. If nothing is found the bins are doubled, twice at most, and further while they hold fewer than 30
    requests on average: a slow burn, and sparse traffic, show only in longer bins.

    Examples
    --------
    >>> end = pd.date_range("2026-11-22T18:00:01Z", periods=300, freq="1s")
    >>> table = pd.DataFrame({"bad": [100 <= i < 160 for i in range(300)]}, index=end).assign(failed=False, slow=True)
    >>> window = Window("2026-11-22T18:00:00Z", "2026-11-22T18:05:00Z")
    >>> [e.bad for e in find_episodes(table, window, objective_ratio=0.99, min_duration_seconds=30)]
    [60]
    """
    inside = requests[window.holds(pd.DatetimeIndex(requests.index))]
    times = pd.DatetimeIndex(inside.index).as_unit("us").asi8
    bad_times = times[inside["bad"].to_numpy()]
    first_width = width = max(round(min_duration_seconds * 1e6 / 6), 1)
    first = max(window.start_us, int(times[0]) - 1) if len(times) else 0
    last = int(times[-1]) if len(times) else 0
    while len(bad_times) and (width <= 4 * first_width or len(times) * width < SPARSE * (last - first)):
        count = max(1, -(-(last - first) // width))
        edges = first + width * np.arange(count + 1)
        total, bad = bins(inside, edges)
        found = []
        beyond_chance = _beyond_chance(total, bad, objective_ratio)
        for begin, end in _stretches(edges, np.flatnonzero(beyond_chance), min_duration_seconds * 1e6):
            hits = bad_times[(bad_times > begin) & (bad_times <= end)]
            lo, hi = int(hits[0]) - 1, int(hits[-1])
            held = (times > lo) & (times <= hi)
            too_many = inside["bad"].to_numpy()[held].mean() > 1 - objective_ratio
            if hi - lo >= min_duration_seconds * 1e6 and too_many:
                found.append((lo, hi, inside[held]))
        if found:
            episodes = tuple(_episode(i, *stretch) for i, stretch in enumerate(found, start=1))
            if around is None:
                return episodes
            return _followed(episodes, requests, window, width, around, objective_ratio)
        if count == 1:
            break
        width *= 2
    return ()


def _beyond_chance(total: np.ndarray, bad: np.ndarray, objective_ratio: float) -> np.ndarray:
    """Return which bins hold more bad requests than the objective allows by chance."""
    from scipy.special import bdtrc  # imported late: half a CPU second that a notebook need not pay

    return np.asarray((bad > 0) & (bdtrc(np.maximum(bad - 1, 0), total, 1 - objective_ratio) <= CHANCE))


def _followed(
    episodes: tuple[Episode, ...], requests: pd.DataFrame, window: Window, width: int, around: Window,
    objective_ratio: float,
) -> tuple[Episode, ...]:  # fmt: skip
    """Return the episodes, the first and the last followed beyond the window where it cuts them.

    A stretch is cut where it lies within two bins of the window's edge. It is followed bin by bin while they are bad,
    one quiet bin allowed in between: an earlier stretch by itself does not belong to it.
    """
    times = pd.DatetimeIndex(requests.index).as_unit("us").asi8[requests["bad"].to_numpy()]
    lo, hi = episodes[0].window.start_us, episodes[-1].window.end_us
    if lo - window.start_us < NEAR_BINS * width:
        edges = np.arange(lo, around.start_us - 1, -width, dtype="i8")[::-1]
        steps = _while_bad(_beyond_chance(*bins(requests, edges), objective_ratio)[::-1])
        hits = times[(times > lo - steps * width) & (times <= lo)]
        lo = int(hits[0]) - 1 if steps and len(hits) else lo
    if window.end_us - hi < NEAR_BINS * width:
        edges = np.arange(hi, around.end_us + width, width, dtype="i8")
        steps = _while_bad(_beyond_chance(*bins(requests, edges), objective_ratio))
        hits = times[(times > hi) & (times <= hi + steps * width)]
        hi = int(hits[-1]) if steps and len(hits) else hi
    found = list(episodes)
    found[0] = replace(found[0], reach=_window(lo, found[0].window.end_us))
    found[-1] = replace(found[-1], reach=_window(found[-1].begin_us, hi))
    return tuple(found)


def _while_bad(bad: np.ndarray) -> int:
    """Return how many bins from the first on are bad, single quiet ones among them included."""
    quiet = np.flatnonzero(~bad[:-1] & ~bad[1:]) if len(bad) > 1 else np.zeros(0, "i8")
    length = int(quiet[0]) if len(quiet) else len(bad)
    held = np.flatnonzero(bad[:length])
    return int(held[-1]) + 1 if len(held) else 0


def _window(lo: int, hi: int) -> Window:
    return Window(*(pd.Timestamp(t, unit="us", tz="UTC") for t in (lo, hi)))


def _stretches(edges: np.ndarray, bad: np.ndarray, quiet_us: float) -> list[tuple[int, int]]:
    """Join bad bins whose distance is less than the quiet gap; return their outer edges."""
    if not len(bad):
        return []
    cuts = np.flatnonzero(edges[bad[1:]] - edges[bad[:-1] + 1] >= quiet_us)
    firsts, lasts = bad[np.r_[0, cuts + 1]], bad[np.r_[cuts, len(bad) - 1]]
    return [(int(edges[i]), int(edges[j + 1])) for i, j in zip(firsts, lasts, strict=True)]


def _episode(number: int, lo: int, hi: int, held: pd.DataFrame) -> Episode:
    start, end = (pd.Timestamp(t, unit="us", tz="UTC") for t in (lo, hi))
    failed = int(held["failed"].sum())
    slow = int((held["slow"] & ~held["failed"]).sum())
    return Episode(number, Window(start, end), len(held), int(held["bad"].sum()), failed, slow)
