"""One load from every source that tells it: log, samples, counters, Performance Insights; and how far they differ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.block_bootstrap import block_sums, ratio_interval
from analysis.signals.database import IDLE_IN_TRANSACTION, counts, foreground, sampling, wait_classes
from analysis.signals.database_counters import counter_load, counters_in
from analysis.signals.statement_log import inside_seconds
from analysis.window import Window

__all__ = ["COUNTERS", "INSIGHTS", "LOG", "SAMPLES", "LoadEstimate", "load_estimates"]

LOG, SAMPLES, COUNTERS, INSIGHTS = "log", "samples", "counters", "insights"
LEAST_SAMPLES = 30
MOST_APART_SECONDS = 30.0
LEAST_COVERED = 0.8  # as of every other series
SCALED, RAW = "db.load.avg", "db.sampledload.avg"


class LoadEstimate(NamedTuple):
    """Average active sessions of a window from one `source`.

    `load_sessions` with `low` and `high` (samples only: the others are sums, without error of sampling); `n` what it
    rests on: statements, samples, stretches between snapshots, or points; `difference_ratio` to the log's; `reason`
    why it is NaN.
    """

    source: str
    load_sessions: float
    low: float
    high: float
    n: int
    difference_ratio: float
    reason: str


def load_estimates(
    window: Window,
    *,
    statements: pd.DataFrame | None = None,
    sessions: pd.DataFrame | None = None,
    counters: pd.DataFrame | None = None,
    insights: pd.DataFrame | None = None,
) -> tuple[LoadEstimate, ...]:
    """Return the load of a window from each source that is given, the log first.

    Parameters
    ----------
    window : Window
        (start, end].
    statements : DataFrame, optional
        Of the log: index `end`, column duration_seconds. All statements must have been logged.
    sessions : DataFrame, optional
        From `read_sessions`, idle and background sessions included: they tell when samples were taken.
    counters : DataFrame, optional
        From `counter_increments`.
    insights : DataFrame, optional
        Load of Performance Insights: index `end` (UTC us), columns metric, value, period_seconds, is_total.

    Returns
    -------
    tuple of LoadEstimate
        Those given, in this order. Refused, with the reason: fewer than 30 samples, samples further apart than 30 s
        (a lock of a minute is then one number or none), any source that covers less than 0.8 of the window.

    Notes
    -----
    Samples: mean of the active sessions of clients; 95 % interval by bootstrap of blocks of ten seconds. Sampling at
    whole seconds reads small loads too high, since other clocks wake at whole seconds too.

    Examples
    --------
    >>> rows = pd.DataFrame({"duration_seconds": [4.0]}, index=pd.to_datetime([8], unit="s", utc=True))
    >>> found = load_estimates(Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"), statements=rows)
    >>> found[0].source, found[0].load_sessions
    ('log', 0.4)
    """
    found = []
    if statements is not None:
        found.append(_of_log(statements, window))
    if sessions is not None:
        found.append(_of_samples(sessions, window))
    if counters is not None:
        found.append(_of_counters(counters, window))
    if insights is not None:
        found.append(_of_insights(insights, window))
    told = found[0].load_sessions if statements is not None else float("nan")
    return tuple(e._replace(difference_ratio=_difference(e.load_sessions, told)) for e in found)


def _difference(value: float, reference: float) -> float:
    return value / reference - 1 if reference > 0 else float("nan")


def _estimate(source: str, value: float, n: int, reason: str = "") -> LoadEstimate:
    nan = float("nan")
    return LoadEstimate(source, nan if reason else value, nan, nan, n, nan, reason)


def _of_log(statements: pd.DataFrame, window: Window) -> LoadEstimate:
    spent = inside_seconds(statements, window)
    ended = window.holds(pd.DatetimeIndex(statements.index))
    n = int(np.count_nonzero((spent > 0) | ended))
    ends = pd.DatetimeIndex(statements.index).as_unit("us").asi8
    held = len(ends) and min(ends[-1], window.end_us) - max(ends[0], window.start_us)
    known = n > 0 or held / 1e6 >= LEAST_COVERED * window.duration_seconds
    return _estimate(LOG, float(spent.sum() / window.duration_seconds), n, "" if known else "no statement was logged")


def _of_samples(sessions: pd.DataFrame, window: Window) -> LoadEstimate:
    taken = sampling(sessions)
    inside = (taken.instants > window.start_us) & (taken.instants <= window.end_us)
    n, apart = int(inside.sum()), taken.interval_seconds
    if n < 2 or apart > MOST_APART_SECONDS:
        return _estimate(SAMPLES, 0.0, n, f"samples are {apart:.0f} s apart" if n >= 2 else "there are no samples")
    if n < LEAST_SAMPLES:
        return _estimate(SAMPLES, 0.0, n, f"{n} samples are too few")
    if n * apart < LEAST_COVERED * window.duration_seconds:
        return _estimate(SAMPLES, 0.0, n, "samples are missing")
    clients = foreground(sessions)
    busy = ~np.isin(wait_classes(clients), ("", IDLE_IN_TRANSACTION))
    load = counts(clients, busy, taken.instants)
    parts = block_sums(taken.instants, np.stack([load, np.ones(len(load))], axis=1), window)
    low, high = ratio_interval(parts)
    return _estimate(SAMPLES, float(load[inside].mean()), n)._replace(low=low, high=high)


def _of_counters(increments: pd.DataFrame, window: Window) -> LoadEstimate:
    held = counters_in(increments, window)
    n, covered = int(held["n"]), held["seconds"] / window.duration_seconds
    if not n or covered < LEAST_COVERED:
        return _estimate(COUNTERS, 0.0, n, "snapshots are missing" if n else "there are no snapshots")
    value = counter_load(increments, window)
    return _estimate(COUNTERS, value, n, "" if np.isfinite(value) else "active time was not recorded")


def _of_insights(insights: pd.DataFrame, window: Window) -> LoadEstimate:
    total = insights[insights["is_total"].to_numpy(dtype=bool)]
    kinds = set(total["metric"].astype(str))
    metric = next((m for m in (RAW, SCALED) if m in kinds), "")
    end = pd.DatetimeIndex(total.index).as_unit("us").asi8
    period = total["period_seconds"].to_numpy(dtype="f8")
    value = total["value"].to_numpy(dtype="f8")
    chosen = (total["metric"].astype(str) == metric).to_numpy() & np.isfinite(value)
    finest = period == (period[chosen].min() if chosen.any() else np.nan)
    _, first = np.unique(np.where(chosen & finest, end, -1), return_index=True)  # each query group repeats the total
    first = first[(chosen & finest)[first]]
    start = end[first] - np.round(period[first] * 1e6).astype("i8")
    overlap = np.maximum(np.minimum(end[first], window.end_us) - np.maximum(start, window.start_us), 0) / 1e6
    n, covered = int(np.count_nonzero(overlap)), float(overlap.sum())
    if covered < LEAST_COVERED * window.duration_seconds:
        return _estimate(INSIGHTS, 0.0, n, "points are missing" if n else "there are no points")
    return _estimate(INSIGHTS, float((overlap * value[first]).sum() / covered), n)
