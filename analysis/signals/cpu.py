"""CPU of containers: throttled periods, usage and limit, as increments on the scrape's own grid.

Traps that are met here (cAdvisor): the cfs counters exist only while a quota is set, so their absence is *undefined*,
not 0; pod-level rows without a container would count twice; the same container scraped twice would count twice;
throttled seconds are summed over CPUs and may exceed wall time, so only the two period counters are used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.counters import increments

__all__ = ["ContainerCpu", "CpuClass", "Steps", "classify", "container_cpus", "stall_bound_seconds"]

PERIODS = "container_cpu_cfs_periods_total"
THROTTLED = "container_cpu_cfs_throttled_periods_total"
THROTTLED_SECONDS = "container_cpu_cfs_throttled_seconds_total"
USAGE = "container_cpu_usage_seconds_total"
QUOTA = "container_spec_cpu_quota"
PERIOD = "container_spec_cpu_period"
LIMITS = "kube_pod_container_resource_limits"
THREADS = "container_threads"
CONCURRENCY = "envoy_server_concurrency"
DEFAULT_PERIOD_SECONDS = 0.1

CpuClass = Literal["unlimited", "clean", "light", "bursty", "mixed", "saturated"]


class _Series(Protocol):
    @property
    def labels(self) -> dict[str, str]: ...

    @property
    def times(self) -> np.ndarray: ...

    @property
    def values(self) -> np.ndarray: ...

    def label(self, *names: str) -> str: ...


@dataclass(frozen=True)
class Steps:
    """Increments between neighbouring samples: step i is (start[i], end[i]], times in us since epoch.

    Parameters
    ----------
    start, end : ndarray of int64, shape (n,)
        Edges [us].
    value : ndarray, shape (n,) or (n, k)
        Increase in the step.
    """

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray

    def within(self, window: Window) -> np.ndarray:
        """Return which steps end inside (start, end] of a window, shape (n,), bool."""
        return (self.end > window.start_us) & (self.end <= window.end_us)


@dataclass(frozen=True, eq=False)
class ContainerCpu:
    """One container of one pod.

    Parameters
    ----------
    namespace, pod, container : str
        Who it is.
    periods : Steps
        value[:, 0] elapsed and value[:, 1] throttled CFS periods.
    usage : Steps
        CPU seconds.
    limit : Steps
        Limit in force [cores] at sample times (start == end).
    period_seconds : float
        CFS period P [s].
    threads : float
        Threads that can run at once, NaN where no metric tells.
    throttled_seconds : Steps
        Time throttled, summed over CPUs [s]; only to say so.
    duplicates : int
        Series left out since they repeat another of the same container.
    """

    namespace: str
    pod: str
    container: str
    periods: Steps
    usage: Steps
    limit: Steps
    period_seconds: float
    threads: float
    throttled_seconds: Steps
    duplicates: int

    @property
    def limit_cores(self) -> float:
        """Median limit over the recording [cores].

        Where no limit was recorded: the CPU used in steps with at least 90 % of periods throttled, since a container
        that is held all the time uses just its quota; NaN with fewer than three such steps.
        """
        if len(self.limit.value):
            return float(np.median(self.limit.value))
        _, i, j = np.intersect1d(self.periods.end, self.usage.end, return_indices=True)
        elapsed, throttled = self.periods.value[i].reshape(-1, 2).T
        held = throttled >= 0.9 * np.maximum(elapsed, 1)
        seconds = (self.usage.end[j] - self.usage.start[j]) / 1e6
        return float(np.median((self.usage.value[j] / seconds)[held])) if held.sum() >= 3 else float("nan")

    def limit_in(self, window: Window) -> float:
        """Return the limit in force in a window [cores]; that of the whole recording where none was recorded in it."""
        inside = self.limit.within(window)
        return float(np.median(self.limit.value[inside])) if inside.any() else self.limit_cores

    def ratio(self, window: Window) -> float:
        """Return throttled / elapsed periods in a window: a ratio of sums; NaN for 0/0."""
        elapsed, throttled = self.periods.value[self.periods.within(window)].reshape(-1, 2).sum(axis=0)
        return float(throttled / elapsed) if elapsed > 0 else float("nan")

    def usage_cores(self, window: Window) -> float:
        """Return the mean CPU used in a window [cores]; NaN without samples."""
        return _rate(self.usage, window)

    def active_share(self, window: Window) -> float:
        """Return the share of the window in which the CFS timer ran (the container wanted CPU)."""
        return (
            _rate(Steps(self.periods.start, self.periods.end, self.periods.value[:, 0]), window) * self.period_seconds
        )

    def throttled_ratio_series(self) -> pd.Series:
        """Return the ratio per step, stamped at its right edge; 0/0 is NaN."""
        elapsed, throttled = self.periods.value.reshape(-1, 2).T
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(elapsed > 0, np.minimum(throttled / elapsed, 1.0), np.nan)
        return pd.Series(ratio, index=_index(self.periods.end))

    def usage_series(self) -> pd.Series:
        """Return the CPU used per step [cores], stamped at its right edge."""
        seconds = (self.usage.end - self.usage.start) / 1e6
        return pd.Series(self.usage.value / seconds, index=_index(self.usage.end))

    def limit_series(self) -> pd.Series:
        """Return the limit in force [cores] at its samples."""
        return pd.Series(self.limit.value, index=_index(self.limit.end))


def _index(times: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(times, unit="us", utc=True)).as_unit("us")


def _rate(steps: Steps, window: Window) -> float:
    chosen = steps.within(window)
    seconds = float((steps.end[chosen] - steps.start[chosen]).sum()) / 1e6
    return float(steps.value[chosen].sum()) / seconds if seconds > 0 else float("nan")


def classify(ratio: float, usage_to_limit: float, *, limited: bool = True) -> CpuClass | None:
    """Return the class of a container in a window; every pair of numbers has one.

    Parameters
    ----------
    ratio : float
        Throttled / elapsed periods; NaN: no period elapsed, the container was idle.
    usage_to_limit : float
        Mean CPU used / limit; NaN: unknown.
    limited : bool
        Whether a quota was in force.

    Returns
    -------
    str or None
        unlimited; clean (at most 1 % of periods); saturated (throttled, use >= 0.9 of the limit);
        light (at most 10 %); bursty (more, though use < 0.6); mixed (more, use between).
        None only where the use is unknown and the ratio alone does not decide.

    Examples
    --------
    >>> classify(0.33, 0.18), classify(0.95, 0.99), classify(float("nan"), 0.1), classify(0.3, 0.7)
    ('bursty', 'saturated', 'clean', 'mixed')
    """
    if not limited:
        return "unlimited"
    if not ratio > 0.01:
        return "clean"
    if usage_to_limit >= 0.9:
        return "saturated"
    if ratio <= 0.1:
        return "light"
    if not np.isfinite(usage_to_limit):
        return None
    return "bursty" if usage_to_limit < 0.6 else "mixed"


def stall_bound_seconds(limit_cores: float, threads: float, period_seconds: float = DEFAULT_PERIOD_SECONDS) -> float:
    """Return the longest stop within one CFS period, P - q/n, for n threads that run at once.

    Parameters
    ----------
    limit_cores : float
        Quota / period [cores].
    threads : float
        n. NaN (unknown): the smallest n that can be throttled at all, floor(limit) + 1, which gives the bound's
        lowest value.
    period_seconds : float
        P [s].

    Returns
    -------
    float
        Seconds; 0 if n threads cannot use up the quota; NaN without a limit.

    Notes
    -----
    With n threads runnable the quota q = limit * P is spent at t = q/n and the group stands still until P
    (kernel Documentation/scheduler/sched-bwc.rst).

    Examples
    --------
    >>> [round(stall_bound_seconds(c, n), 4) for c, n in ((0.1, 2), (0.5, 4), (1, 3), (2, 3))]
    [0.095, 0.0875, 0.0667, 0.0333]
    """
    if not limit_cores > 0:
        return float("nan")
    n = threads if np.isfinite(threads) and threads > 0 else np.floor(limit_cores) + 1
    return float(max(0.0, round(period_seconds * (1 - limit_cores / n), 14)))


def container_cpus(named: Callable[..., list[_Series]]) -> tuple[ContainerCpu, ...]:
    """Return every container of the evidence with its counters, sorted by namespace, pod, container.

    Parameters
    ----------
    named : callable
        named(metric, **labels) -> series with labels, times [us] and values (`SampleTable.named`).

    Examples
    --------
    >>> container_cpus(lambda name, **labels: [])
    ()
    """
    found: dict[tuple[str, str, str], dict[str, list[_Series]]] = defaultdict(lambda: defaultdict(list))
    for metric in (PERIODS, THROTTLED, THROTTLED_SECONDS, USAGE, QUOTA, PERIOD, LIMITS, THREADS, CONCURRENCY):
        for series in named(metric):
            who = (
                series.label("exported_namespace", "namespace"),
                series.label("exported_pod", "pod", "pod_name"),
                series.label("exported_container", "container", "container_name"),
            )
            per_cpu = metric == USAGE and series.label("cpu") not in ("", "total")
            if who[2] in ("", "POD") or per_cpu or (metric == LIMITS and series.label("resource") != "cpu"):
                continue  # pod-level rows repeat their containers; per-CPU rows repeat the total
            found[who][metric].append(series)
    return tuple(_container(who, series) for who, series in sorted(found.items()))


def _container(who: tuple[str, str, str], series: dict[str, list[_Series]]) -> ContainerCpu:
    found = {metric: _distinct(rows) for metric, rows in series.items()}
    chosen = {metric: kept for metric, (kept, _) in found.items()}
    dropped = sum(left_out for _, left_out in found.values())
    period = np.concatenate([_known(s)[1] for s in chosen.get(PERIOD, [])] or [np.zeros(0)])
    period_seconds = float(np.median(period)) / 1e6 if len(period) and np.median(period) > 0 else DEFAULT_PERIOD_SECONDS
    quota = _level(list(chosen.get(QUOTA, [])), 1e-6 / period_seconds)
    limit = quota if len(quota.value) else _level(chosen.get(LIMITS, []), 1.0)
    counted = [_known(s)[1] for m in (CONCURRENCY, THREADS) for s in chosen.get(m, [])]
    threads = [float(np.median(values)) for values in counted if len(values)]
    return ContainerCpu(
        *who,
        periods=_paired(chosen.get(PERIODS, []), chosen.get(THROTTLED, [])),
        usage=_stepped(chosen.get(USAGE, [])),
        limit=limit,
        period_seconds=period_seconds,
        threads=threads[0] if threads else float("nan"),
        throttled_seconds=_stepped(chosen.get(THROTTLED_SECONDS, [])),
        duplicates=dropped,
    )


def _distinct(rows: list[_Series]) -> tuple[list[_Series], int]:
    """Return series that follow one another in time (restarts), and how many were left out.

    Of those that overlap, the one with most samples is kept: the container was scraped twice. Old and new may share
    up to two samples around a restart; those of the shorter one are cut.
    """
    kept: list[_Series] = []
    full = [row for row in rows if len(row.times)]
    for row in sorted(full, key=lambda s: (-len(s.values), sorted(s.labels.items()))):
        inside = np.zeros(len(row.times), dtype=bool)
        for other in kept:
            inside |= (row.times >= other.times[0]) & (row.times <= other.times[-1])
        if np.count_nonzero(inside) <= 2 < len(row.times) - np.count_nonzero(inside):
            kept.append(_Cut(row.labels, row.times[~inside], row.values[~inside]))
    return sorted(kept, key=lambda s: int(s.times[0])), len(full) - len(kept)


@dataclass(frozen=True)
class _Cut:
    """A series without the samples that another has already."""

    labels: dict[str, str]
    times: np.ndarray
    values: np.ndarray

    def label(self, *names: str) -> str:
        return next((self.labels[n] for n in names if self.labels.get(n)), "")


def _known(series: _Series) -> tuple[np.ndarray, np.ndarray]:
    good = np.isfinite(series.values)
    return series.times[good], series.values[good]


def _stepped(rows: list[_Series]) -> Steps:
    parts = []
    for row in rows:
        times, values = _known(row)
        parts.append((times[:-1], times[1:], increments(values)[1:]))
    return _joined(parts, np.zeros(0))


def _paired(elapsed: list[_Series], throttled: list[_Series]) -> Steps:
    """Return elapsed and throttled periods of the steps that both counters saw at the same times."""
    parts = []
    for row in elapsed:
        times, values = _known(row)
        for other in throttled:
            times_o, values_o = _known(other)
            common, i, j = np.intersect1d(times, times_o, return_indices=True)
            if len(common) > 1:
                both = np.stack([increments(values[i])[1:], increments(values_o[j])[1:]], axis=1)
                parts.append((common[:-1], common[1:], both))
    return _joined(parts, np.zeros((0, 2)))


def _level(rows: list[_Series], factor: float) -> Steps:
    parts = []
    for row in rows:
        times, values = _known(row)
        held = values > 0
        parts.append((times[held], times[held], values[held] * factor))
    return _joined(parts, np.zeros(0))


def _joined(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]], empty: np.ndarray) -> Steps:
    if not parts:
        return Steps(np.zeros(0, "i8"), np.zeros(0, "i8"), empty)
    start, end, value = (np.concatenate([p[k] for p in parts]) for k in range(3))
    order = np.argsort(end, kind="stable")
    return Steps(start[order], end[order], value[order])
