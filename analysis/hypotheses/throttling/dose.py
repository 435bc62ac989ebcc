"""The dose of throttling: periods of several pods on one grid and inside requests, and the time that they cover."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known
from analysis.correlate.overlap import Within, counts_within
from analysis.correlate.shift import shift_p_value
from analysis.findings import Test, number, value
from analysis.hypotheses.explained import LOWER, MOST_REQUESTS, MOST_SHIFTS, Explained, judged
from analysis.incident import Window
from analysis.series import GAP_STEPS
from analysis.signals.cpu import ContainerCpu, stall_bound_seconds

__all__ = ["Stopped", "explained_share", "magnitude_test", "periods_on_grid", "ratio_on_grid"]


def periods_on_grid(cpu: ContainerCpu, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return elapsed and throttled periods of a container in each grid step; NaN inside gaps, shape (n,) each."""
    steps = cpu.periods
    if len(steps.end) < 2:
        unknown = np.full(len(edges) - 1, np.nan)
        return unknown, unknown
    lengths = steps.end - steps.start
    joints, elapsed, throttled = _contiguous(cpu, whole=lengths <= GAP_STEPS * np.median(lengths))
    starts, ends, widths = edges[:-1].astype(float), edges[1:].astype(float), np.diff(joints)
    found = counts_within(starts, ends, joints, throttled, elapsed)
    known = counts_within(starts, ends, joints, widths, np.where(np.isfinite(elapsed), widths, 0.0)).capacity
    blind = known < 0.5 * np.diff(edges)
    return np.where(blind, np.nan, found.capacity), np.where(blind, np.nan, found.mid)


def _contiguous(cpu: ContainerCpu, *, whole: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return joints and counts of steps that touch each other; what lies between steps, or is not whole, is NaN."""
    steps = cpu.periods
    start, end = steps.start.astype(float), steps.end.astype(float)
    elapsed, throttled = steps.value[:, 0], np.minimum(steps.value[:, 1], steps.value[:, 0])
    if whole is not None:
        elapsed, throttled = np.where(whole, elapsed, np.nan), np.where(whole, throttled, np.nan)
    apart = np.flatnonzero(start[1:] > end[:-1]) + 1
    joints = np.concatenate([start[:1], np.insert(end, apart, start[apart])])
    return joints, np.insert(elapsed, apart, np.nan), np.insert(throttled, apart, np.nan)


def ratio_on_grid(cpus: tuple[ContainerCpu, ...], edges: np.ndarray) -> np.ndarray:
    """Return throttled / elapsed periods of several pods together, per grid step; a ratio of sums, NaN for 0/0.

    Parameters
    ----------
    cpus : tuple of ContainerCpu
        Pods of one container.
    edges : ndarray of int64, shape (n + 1,)
        Grid [us].
    """
    return _ratio_on_grid(cpus, edges.tobytes())


@lru_cache(maxsize=4096)  # every suspect is a control of every other one
def _ratio_on_grid(cpus: tuple[ContainerCpu, ...], grid: bytes) -> np.ndarray:
    pairs = [periods_on_grid(cpu, np.frombuffer(grid, dtype="i8")) for cpu in cpus]
    elapsed = np.nansum([p[0] for p in pairs], axis=0)
    throttled = np.nansum([p[1] for p in pairs], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(elapsed > 0, np.minimum(throttled / elapsed, 1.0), np.nan)
    ratio.flags.writeable = False
    return ratio


@dataclass(frozen=True)
class Stopped(Explained):
    """Share of the bad requests' excess time that stops can cover.

    Parameters
    ----------
    share_p50, share_p99 : float
        min(1, throttled periods x P / duration) of requests at the median and the 99th percentile of duration.
    periods_p50 : float
        Throttled periods inside a request of median duration.
    """

    share_p50: float
    share_p99: float
    periods_p50: float


def explained_share(
    cpus: tuple[ContainerCpu, ...],
    requests: tuple[np.ndarray, np.ndarray],
    *,
    usual_ratio: float,
    typical_seconds: float,
) -> Stopped:
    """Compare, for each bad request, the time above the usual with the stops that fell into it.

    Parameters
    ----------
    cpus : tuple of ContainerCpu
        Pods; a request is held to have met their mean.
    requests : (ndarray, ndarray)
        Start and end of each bad request [us], in order of completion.
    usual_ratio : float
        Throttled ratio of the baseline: so many periods are throttled anyway, without harm.
    typical_seconds : float
        Usual duration of a request [s].

    Notes
    -----
    Expected: throttled periods x P. Certain: the fewest throttled periods that the scrape allows x the stop that n
    threads reach, P - q/n. Possible: the most that the scrape allows x P. (Blackout bounds of CFS bandwidth control.)
    """
    start, end = (r.astype(float) for r in requests)
    if not len(start):
        nothing, none = float("nan"), np.zeros(0)
        return Stopped(nothing, nothing, nothing, 0, none, none, nothing, nothing, nothing)
    duration = (end - start) / 1e6
    inside = [counts_within(start, end, *_swap(_contiguous(cpu))) for cpu in cpus]
    mean = Within(*(np.mean([getattr(w, field) for w in inside], axis=0) for field in Within._fields))
    period = float(np.mean([cpu.period_seconds for cpu in cpus]))
    window = Window(*(pd.Timestamp(int(t), unit="us", tz="UTC") for t in (start.min() - 1, end.max())))
    bounds = [stall_bound_seconds(cpu.limit_in(window), cpu.threads, cpu.period_seconds) for cpu in cpus]
    stop = float(np.nan_to_num(mean_of_known(bounds)))
    usual = usual_ratio * mean.capacity
    excess = np.maximum(duration - (typical_seconds if np.isfinite(typical_seconds) else 0.0), 0.0)
    stalled = [
        np.minimum(excess, np.maximum(count - usual, 0) * length)
        for count, length in ((mean.low, stop), (mean.mid, period), (mean.high, period))
    ]
    total = float(excess.sum())
    low, mid, high = (float(s.sum()) / total if total > 0 else float("nan") for s in stalled)
    budget = np.minimum(1.0, np.maximum(mean.mid - usual, 0) * period / np.maximum(duration, 1e-9))
    order = np.argsort(duration, kind="stable")
    p50, p99 = _band(order, 0.45, 0.55), _band(order, 0.985, 0.995)
    return Stopped(
        mid, low, high, len(duration), excess, stalled[1], mean_of_known(budget[p50]), mean_of_known(budget[p99]),
        mean_of_known(mean.mid[p50]),
    )  # fmt: skip


def _swap(joined: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    joints, elapsed, throttled = joined
    return joints, throttled, elapsed


def _band(order: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the requests whose rank lies in a band around a quantile; at least one, never the slowest of many."""
    n = len(order)
    first = min(int(low * n), max(n - 2, 0))
    return order[first : max(min(int(np.ceil(high * n)), n - 1), first + 1)]


def magnitude_test(
    explained: Stopped, *, on_path: bool, ratio: np.ndarray, edges: np.ndarray,
    requests: tuple[np.ndarray, np.ndarray], period_seconds: float,
) -> Test:  # fmt: skip
    """Test whether the stops are long enough for the bad requests.

    Parameters
    ----------
    explained : Stopped
        Shares with their bounds.
    on_path : bool
        Whether the bad requests are known to pass the container.
    ratio, edges : ndarray
        Throttled ratio per grid step and the grid [us], for the null.
    requests : (ndarray, ndarray)
        Start and end of the bad requests [us].
    period_seconds : float
        P [s].

    Returns
    -------
    Test
        See `explained.judged`.
    """
    known = np.isfinite(explained.share) and explained.share >= LOWER
    p = _shift_chance(explained, ratio, edges, requests, period_seconds) if known else None
    more = (
        f"; {number(explained.periods_p50)} throttled periods of {value(period_seconds, 'seconds').text} "
        "fell into a bad request of median length"
    )
    return judged(explained, what="the stops cover", p_value=p, on_path=on_path, more=more)


def _shift_chance(
    e: Stopped, ratio: np.ndarray, edges: np.ndarray, requests: tuple[np.ndarray, np.ndarray], period_seconds: float
) -> float:
    """Return how often the dose, shifted in time, covers as much of the excess."""
    pick = np.unique(np.linspace(0, e.n - 1, min(e.n, MOST_REQUESTS)).astype(int))
    start, end = requests[0][pick].astype(float), requests[1][pick].astype(float)
    excess, n = e.excess_seconds[pick], len(ratio)
    slots = np.diff(edges) / 1e6 / period_seconds
    hits = np.where(np.isfinite(ratio), ratio, 0.0) * slots
    grid = edges.astype(float)

    def cover(counts: np.ndarray) -> float:
        return float(np.minimum(excess, counts_within(start, end, grid, counts, slots).mid * period_seconds).sum())

    shifts = np.unique(np.linspace(1, n - 1, min(n - 1, MOST_SHIFTS)).astype(int))
    return shift_p_value(cover(hits), np.array([cover(np.roll(hits, k)) for k in shifts]))
