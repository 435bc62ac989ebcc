"""The control plane: configuration pushes that were under way, from Istio's own counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.counters import increments
from analysis.signals.stretches import union

__all__ = ["PushSteps", "UnderWay", "changes_seen", "push_seconds", "push_steps", "pushes_under_way", "under_way"]

HISTOGRAMS = ("pilot_proxy_convergence_time", "pilot_xds_push_time")  # the second knows nothing of the queue before it
TARGET = ("job", "instance", "namespace", "pod")

Named = Callable[..., Iterable[Any]]


class PushSteps(NamedTuple):
    """Scrape steps of one process of a control plane: what reached its proxies in each, and how long that took.

    `labels` of the process; `start`, `end` [us], `arrived` (count), `seconds` (sum over the arrived) and
    `longest_seconds` (no push of the step took longer; at most their sum), shape (n,) each.
    """

    labels: Mapping[str, str]
    start: np.ndarray
    end: np.ndarray
    arrived: np.ndarray
    seconds: np.ndarray
    longest_seconds: np.ndarray

    @property
    def mean_seconds(self) -> np.ndarray:
        """Mean time from a change until a proxy held it [s]; NaN where none arrived, shape (n,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.arrived > 0, self.seconds / self.arrived, np.nan)


class UnderWay(NamedTuple):
    """Stretches [us] in which a push was under way: certainly, as expected, at most; and those that are known at all.

    Disjoint and in order, shape (k, 2) each.
    """

    low: np.ndarray
    mid: np.ndarray
    high: np.ndarray
    known: np.ndarray


def push_steps(named: Named) -> tuple[PushSteps, ...]:
    """Return the scrape steps of every process that counts configuration pushes, in order of its labels.

    Parameters
    ----------
    named : callable
        named(metric, **labels) -> series with labels, times [us] and values (`SampleTable.named`).

    Returns
    -------
    tuple of PushSteps
        From the convergence time; from the push time where a process records no convergence time.

    Notes
    -----
    A step reaches from one sample to the next, however far: a gap is one long step. A drop of either counter is a
    restart. A counter of events that is absent while its target is up counts as 0: it is born with its first value.

    Examples
    --------
    >>> push_steps(lambda name, **labels: [])
    ()
    """
    found: dict[tuple[tuple[str, str], ...], PushSteps] = {}
    for metric in HISTOGRAMS:
        sums = {_who(s): s for s in named(f"{metric}_sum")}
        buckets: dict[tuple[tuple[str, str], ...], list[Any]] = {}
        for series in named(f"{metric}_bucket") if sums else ():
            buckets.setdefault(_who(series), []).append(series)
        for counts in named(f"{metric}_count"):
            who = _who(counts)
            if who in sums and who not in found:
                steps = _steps(counts, sums[who], _born(counts, named))
                found[who] = steps._replace(longest_seconds=_longest(steps, buckets.get(who, [])))
    return tuple(found[who] for who in sorted(found))


def under_way(
    processes: Sequence[PushSteps], *, longer_than_seconds: float = 0.0, within: tuple[int, int] | None = None
) -> UnderWay:
    """Return the stretches in which at least one push of any process was under way.

    Parameters
    ----------
    processes : sequence of PushSteps
        Of one control plane.
    longer_than_seconds : float
        Pushes that took no longer are left out.
    within : (int, int), optional
        Only pushes that arrived in this span (start, end] [us].

    Notes
    -----
    In a step (a, b] pushes arrive that took m seconds in the mean and at most l. Expected: (b - m, b]. Certain:
    one of them took m or longer, so it was under way from b - m to a. Possible: from a - l to b.

    Examples
    --------
    >>> step = [np.array([float(v)]) for v in (1, 12, 12)]
    >>> pushes = PushSteps({}, np.array([20_000_000]), np.array([25_000_000]), *step)
    >>> [(v / 1e6).tolist() for v in under_way([pushes])[:3]]
    [[[13.0, 20.0]], [[13.0, 25.0]], [[8.0, 25.0]]]
    """
    low, mid, high, known = ([np.zeros((0, 2), "i8")] for _ in range(4))
    for p in processes:
        mean, longest = p.mean_seconds, p.longest_seconds
        here = p.arrived > 0
        if within is not None:
            here &= (p.end > within[0]) & (p.end <= within[1])
        slow = here & (np.nan_to_num(mean) > longer_than_seconds)
        maybe = here & (np.nan_to_num(longest) > longer_than_seconds)
        begin = p.end[slow] - np.round(mean[slow] * 1e6).astype("i8")
        low.append(np.stack([begin, p.start[slow]], axis=1))
        mid.append(np.stack([begin, p.end[slow]], axis=1))
        high.append(np.stack([p.start[maybe] - np.round(longest[maybe] * 1e6).astype("i8"), p.end[maybe]], axis=1))
        if len(p.end):
            known.append(np.array([[p.start[0], p.end[-1]]], "i8"))
    return UnderWay(*(union(np.concatenate(part)) for part in (low, mid, high, known)))


def push_seconds(processes: Sequence[PushSteps], edges: np.ndarray) -> np.ndarray:
    """Return how long the longest push took that was under way in each step, by the share of the step that it filled.

    Parameters
    ----------
    processes : sequence of PushSteps
        Of one control plane.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].

    Returns
    -------
    ndarray, shape (n,)
        Seconds; 0 where none was under way, unlike the stretches with no threshold: this is what varies by itself.

    Examples
    --------
    >>> step = [np.array([float(v)]) for v in (1, 12, 12)]
    >>> pushes = PushSteps({}, np.array([20_000_000]), np.array([25_000_000]), *step)
    >>> push_seconds([pushes], np.arange(0, 40, 10) * 1_000_000).round(6).tolist()
    [0.0, 8.4, 6.0]
    """
    longest = np.zeros(max(len(edges) - 1, 0))
    for p in processes:
        means = p.mean_seconds
        for j in np.flatnonzero(p.arrived > 0).tolist():
            mean = float(means[j])
            begin, end = int(p.end[j]) - round(mean * 1e6), int(p.end[j])
            first, last = max(int(np.searchsorted(edges, begin, "right")) - 1, 0), int(np.searchsorted(edges, end))
            part = edges[first : last + 1]
            if len(part) > 1:
                share = np.diff(np.clip(part, begin, end)) / np.diff(part)
                longest[first : first + len(share)] = np.maximum(longest[first : first + len(share)], share * mean)
    return longest


def changes_seen(named: Named, span: tuple[int, int]) -> float:
    """Return how many changes reached the control plane in a span (start, end] [us]: NaN if no trigger is recorded.

    Many changes may leave in one push: the fewer pushes, the worse it may be.

    Examples
    --------
    >>> changes_seen(lambda name, **labels: [], (0, 1))
    nan
    """
    total = float("nan")
    for series in named("pilot_push_triggers"):
        good = np.isfinite(series.values)
        times, rise = series.times[good], increments(series.values[good])
        inside = (times > span[0]) & (times <= span[1]) & np.isfinite(rise)
        total = float(np.nan_to_num(total) + rise[inside].sum())
    return total


def pushes_under_way(named: Named) -> pd.DataFrame:
    """Return the stretches in which proxies worked on a configuration change.

    Parameters
    ----------
    named : callable
        named(metric) -> series with times [us] and values (`SampleTable.named`).

    Returns
    -------
    DataFrame
        Index time (begin, UTC us), columns end, xds_convergence_seconds (mean of the step) and arrived. A step in which
        pilot_proxy_convergence_time counted an arrival gives one row: it ended in the step and began the mean
        convergence time before. The push *count* is no measure: merged pushes make it smaller when it is worst.

    Examples
    --------
    >>> len(pushes_under_way(lambda name, **labels: []))
    0
    """
    rows = sorted(
        (int(end - mean * 1e6), int(end), float(mean), float(arrived))
        for p in push_steps(named)
        for end, mean, arrived in zip(p.end, p.mean_seconds, p.arrived, strict=True)
        if arrived > 0
    )
    begin, end = (pd.DatetimeIndex(pd.to_datetime([r[k] for r in rows], unit="us", utc=True)) for k in (0, 1))
    seconds, arrived = (np.array([r[k] for r in rows], dtype="f8") for k in (2, 3))
    frame = {"end": end.as_unit("us"), "xds_convergence_seconds": seconds, "arrived": arrived}
    return pd.DataFrame(frame, index=begin.as_unit("us").rename("time"))


def _who(series: Any) -> tuple[tuple[str, str], ...]:
    """Return the labels of a series without its name and its bucket."""
    return tuple(sorted(item for item in series.labels.items() if item[0] not in ("__name__", "le")))


def _born(counts: Any, named: Named) -> np.ndarray:
    """Return when the target of a counter was seen up before the counter's first sample [us]."""
    mine = {key: counts.labels[key] for key in TARGET if key in counts.labels}
    if not {"job", "instance"} <= mine.keys() or not len(counts.times):
        return np.zeros(0, "i8")
    earlier = [
        up.times[(up.times < counts.times[0]) & (up.values > 0)]
        for up in named("up")
        if all(up.labels.get(key, value) == value for key, value in mine.items())
    ]
    return np.unique(np.concatenate([np.zeros(0, "i8"), *earlier]))


def _steps(counts: Any, sums: Any, born: np.ndarray) -> PushSteps:
    """Join the two counters of a histogram on the times that both have; 0 while the target was up without them."""
    good, good_sum = np.isfinite(counts.values), np.isfinite(sums.values)
    common, a, b = np.intersect1d(counts.times[good], sums.times[good_sum], return_indices=True)
    none = np.zeros(len(born) if len(common) else 0)
    common = np.r_[born[: len(none)], common]
    count, total = np.r_[none, counts.values[good][a]], np.r_[none, sums.values[good_sum][b]]
    arrived, seconds = np.diff(count), np.diff(total)
    restarted = (arrived < 0) | (seconds < 0)
    arrived, seconds = np.where(restarted, count[1:], arrived), np.where(restarted, total[1:], seconds)
    labels = {key: value for key, value in counts.labels.items() if key != "__name__"}
    return PushSteps(labels, common[:-1], common[1:], arrived, seconds, seconds)


def _longest(steps: PushSteps, buckets: list[Any]) -> np.ndarray:
    """Return the upper bound of each step's longest push: its bucket, and never more than the sum [s]."""
    longest = steps.seconds.copy()
    for series in buckets:
        try:
            bound = float(series.labels.get("le", "inf"))
        except ValueError:
            continue
        good = np.isfinite(series.values)
        times, below = series.times[good], increments(series.values[good])
        place = np.searchsorted(times, steps.end)
        there = (place > 0) & (place < len(times))
        there[there] = (times[place[there]] == steps.end[there]) & (times[place[there] - 1] == steps.start[there])
        whole = there.copy()
        whole[there] = below[place[there]] >= steps.arrived[there]
        longest = np.where(whole & (steps.arrived > 0), np.minimum(longest, bound), longest)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.fmax(longest, np.nan_to_num(steps.mean_seconds)))
