"""How often a target was scraped, found in its sample times: one interval, or several one after another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.signals.recorded_series import Recorded

__all__ = ["Beats", "Clocks", "beats_of", "clocks_of", "typical_distances"]

LIKE_RATIO = 0.2  # distances within this share of an interval are that interval: scrapes jitter by less
MOST_STRAY_RATIO = 0.2  # a clock of which more distances fit no multiple of its interval has none
LEAST_RUN = 10  # distances of another length in a row that make another interval, not a fault
LOOKED_AT = 64  # distances of a series that its typical one is taken from


@dataclass(frozen=True)
class Beats:
    """The intervals of one clock, one after another.

    Parameters
    ----------
    since_us : tuple of int
        When each interval began to hold; the first holds before that too.
    interval_us : tuple of float
        Intervals, NaN where there are too few times to tell.
    regular : bool
        Whether the times keep to them; if not, the interval is a typical distance and nothing can be expected.
    """

    since_us: tuple[int, ...]
    interval_us: tuple[float, ...]
    regular: bool


@dataclass(frozen=True)
class Clocks:
    """Which clock each series follows.

    Parameters
    ----------
    beats : tuple of Beats
        First one for each target, in their order, then those of series that keep a time of their own.
    of_series : ndarray of int64, shape (s,)
        Place in `beats` of each series.
    """

    beats: tuple[Beats, ...]
    of_series: np.ndarray

    @property
    def regular(self) -> np.ndarray:
        """Whether each clock has an interval that its times keep to, shape (c,)."""
        return np.array([b.regular and np.isfinite(b.interval_us[0]) for b in self.beats], dtype=bool)

    def interval_at(self, clocks: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return the interval [us] that holds on a clock at a time, shape of both arrays."""
        most = max((len(b.since_us) for b in self.beats), default=1)
        since = np.array([[*b.since_us, *[np.iinfo("i8").max] * (most - len(b.since_us))] for b in self.beats])
        every = np.array([[*b.interval_us, *[b.interval_us[-1]] * (most - len(b.since_us))] for b in self.beats])
        found = every.reshape(-1, most)[clocks, 0]
        for k in range(1, most):
            found = np.where(times >= since[clocks, k], every[clocks, k], found)
        return np.asarray(found, dtype="f8")


def beats_of(times: np.ndarray) -> Beats:
    """Return the intervals that sample times keep to.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Sample times of one clock [us since epoch], ascending, without repetitions.

    Returns
    -------
    Beats
        One interval: the lower median of the distances, or a smaller one of which nearly all distances are multiples
        (samples are missing). Several: where at least ten distances in a row have another length, the interval was
        changed; a fault that leaves out every second sample for so long cannot be told from that, and is shown.

    Examples
    --------
    >>> beats_of(np.array([0, 5, 10, 20, 25, 30]) * 1_000_000).interval_us
    (5000000.0,)
    >>> changed = np.r_[0:300:15, 300:400:5] * 1_000_000
    >>> beats_of(changed)
    Beats(since_us=(0, 300000000), interval_us=(15000000.0, 5000000.0), regular=True)
    """
    if len(times) < 2:
        return Beats((int(times[0]) if len(times) else 0,), (float("nan"),), regular=True)
    distances = np.diff(times).astype("f8")
    usual, regular = _fitted(distances)
    first = int(times[0])
    stray = ~_like(distances, usual)
    if stray.sum() < LEAST_RUN:
        return Beats((first,), (usual,), regular)
    runs = _runs(distances)
    if not runs:
        return Beats((first,), (usual,), regular)
    since = [first, *(int(times[begin]) for begin, _ in runs[1:])]
    return Beats(tuple(since), tuple(every for _, every in runs), regular=True)


def _like(distances: np.ndarray, interval: float) -> np.ndarray:
    return np.asarray(np.abs(distances - interval) <= LIKE_RATIO * interval)


def _fitted(distances: np.ndarray) -> tuple[float, bool]:
    """Return the interval of which nearly all distances are multiples; the lower median if there is none."""
    n = len(distances)
    for place in ((n - 1) // 2, n // 4, n // 10):
        interval = _at_place(distances, place)
        near = distances[_like(distances, interval)]
        interval = interval if len(near) == n else _at_place(near, (len(near) - 1) // 2)
        if len(near) >= (1 - MOST_STRAY_RATIO) * n:
            return interval, True
        ticks = np.round(distances / interval)
        off = np.abs(distances - ticks * interval) > LIKE_RATIO * interval
        if np.count_nonzero(off | (ticks < 1)) <= MOST_STRAY_RATIO * n:
            return interval, True
    return _at_place(distances, (n - 1) // 2), False


def _at_place(values: np.ndarray, place: int) -> float:
    return float(np.partition(values, place)[place])


def _runs(distances: np.ndarray) -> list[tuple[int, float]]:
    """Return where (place of the distance) each interval begins that holds for at least ten distances nearly alike."""
    width = LEAST_RUN + 1
    if len(distances) < width:
        return []
    padded = np.pad(distances, LEAST_RUN // 2, mode="edge")
    local = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    low, high = np.minimum(local[1:], local[:-1]), np.maximum(local[1:], local[:-1])
    edges = [0, *(np.flatnonzero(high > low * (1 + LIKE_RATIO)) + 1).tolist(), len(distances)]
    found: list[tuple[int, float]] = []
    for begin, end in pairwise(edges):
        part = distances[begin:end]
        every = float(np.median(part))
        if len(part) < LEAST_RUN or _like(part, every).mean() < 1 - MOST_STRAY_RATIO:
            continue
        if not found or not _like(np.array([every]), found[-1][1])[0]:
            found.append((begin, every))
    return found


def typical_distances(ids: np.ndarray, times: np.ndarray, number: int) -> np.ndarray:
    """Return a typical distance of neighbouring samples of each series [us], NaN for fewer than two samples.

    The median of at most 64 distances, spread evenly over the series: cheap, and enough to choose a clock.

    Parameters
    ----------
    ids, times : ndarray, shape (n,)
        Samples sorted by series and time [us].
    number : int
        How many series there are.

    Returns
    -------
    ndarray, shape (number,)

    Examples
    --------
    >>> typical_distances(np.array([0, 0, 0, 2]), np.array([0, 5, 10, 7]), 3).tolist()
    [5.0, nan, nan]
    """
    joints = np.searchsorted(ids, np.arange(number + 1))
    pairs = np.diff(joints) - 1
    found = np.full(number, np.nan)
    some = np.flatnonzero(pairs > 0)
    if not len(some):
        return found
    spread = np.floor((np.arange(LOOKED_AT) + 0.5)[None, :] / LOOKED_AT * pairs[some, None]).astype("i8")
    few = np.minimum(np.arange(LOOKED_AT), pairs[some, None] - 1)
    at = joints[some, None] + np.where(pairs[some, None] < LOOKED_AT, few, spread)
    distances = (times[at + 1] - times[at]).astype("f8")
    distances[(pairs[some, None] < LOOKED_AT) & (np.arange(LOOKED_AT) >= pairs[some, None])] = np.nan
    found[some] = np.nanmedian(distances, axis=1)
    return found


def clocks_of(data: Recorded) -> Clocks:
    """Return the clock of each target and which clock each series follows.

    A target's clock is that of its `up`, which is written at every scrape, a failed one too; without `up` that of its
    series with most samples. A series follows its target, unless it keeps to another interval at times that are not
    the target's: then it has its own (a recording rule, an exporter that stamps its samples itself).

    Parameters
    ----------
    data : Recorded
        From `recorded`.

    Examples
    --------
    >>> from analysis.signals.recorded_series import recorded
    >>> labels, times = [{"__name__": "up", "job": "api"}], np.arange(9) * 15_000_000
    >>> clocks_of(recorded(labels, np.zeros(9, "i4"), times, np.ones(9))).beats[0].interval_us
    (15000000.0,)
    """
    number = len(data.target_of)
    joints = np.searchsorted(data.ids, np.arange(number + 1))
    counts = np.diff(joints)
    up = np.array([name == "up" for name in data.names], dtype=bool)
    order = np.lexsort((np.arange(number), -counts, ~(up & (counts > 1)), data.target_of))
    first = order[np.searchsorted(data.target_of[order], np.arange(len(data.targets)))]

    def moments(row: int) -> np.ndarray:
        times = data.times[joints[row] : joints[row + 1]]
        return np.asarray(times[np.diff(times, prepend=np.iinfo("i8").min) != 0])

    beats = [beats_of(moments(row)) for row in first.tolist()]
    of_series = data.target_of.copy()
    typical = typical_distances(data.ids, data.times, number)
    lead = [min(b.interval_us) for b in beats], [max(b.interval_us) for b in beats]
    low, high = (np.array(x, dtype="f8")[data.target_of] for x in lead)
    with np.errstate(invalid="ignore"):
        odd = (counts > LEAST_RUN) & ((typical < low * (1 - LIKE_RATIO)) | (typical > high * (1 + LIKE_RATIO)))
    for row in np.flatnonzero(odd).tolist():
        own, theirs = moments(row), moments(int(first[data.target_of[row]]))
        found = beats_of(own)
        if found.regular and np.isin(own, theirs, assume_unique=True).mean() < 0.5:
            of_series[row] = len(beats)
            beats.append(found)
    return Clocks(tuple(beats), of_series)
