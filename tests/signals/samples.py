"""Sample tables written by hand: rows of (metric, labels, times in seconds, values)."""

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.sources.prometheus import SampleTable

ZERO = pd.Timestamp("2026-11-22T18:00:00Z")
ZERO_US = ZERO.value // 1000
WHO = {"namespace": "shop", "pod": "api-7d9c6b5f4-x2k8p", "container": "istio-proxy"}


def at(seconds):
    return (ZERO_US + np.round(np.asarray(seconds, dtype=float) * 1e6)).astype("i8")


def window(start, end):
    return Window(ZERO + pd.Timedelta(seconds=start), ZERO + pd.Timedelta(seconds=end))


def table(*rows):
    """Return a SampleTable; every row is one series."""
    labels = tuple({**found, "__name__": name} for name, found, _, _ in rows)
    times = [at(t) for _, _, t, _ in rows]
    values = [np.broadcast_to(np.asarray(v, dtype=float), len(t)) for t, (*_, v) in zip(times, rows, strict=True)]
    ids = np.repeat(np.arange(len(rows)), [len(t) for t in times]).astype("i4")
    return SampleTable(labels, ids, np.concatenate([*times, np.zeros(0, "i8")]), np.concatenate([*values, np.zeros(0)]))


def counters(run, limit, who=WHO, shift=0.0, **labels):
    """Return the series that a scrape of a simulated container gives; without a quota there are no cfs series."""
    found, times = {**who, **labels}, run.times / 1e6 + shift
    rows = [("container_cpu_usage_seconds_total", {**found, "cpu": "total"}, times, run.usage)]
    if np.isfinite(limit):
        rows += [
            ("container_cpu_cfs_periods_total", found, times, run.periods),
            ("container_cpu_cfs_throttled_periods_total", found, times, run.throttled),
            ("container_cpu_cfs_throttled_seconds_total", found, times, run.throttled_seconds),
            ("container_spec_cpu_quota", found, times, limit * 1e5),
            ("container_spec_cpu_period", found, times, 1e5),
        ]
    return rows
