"""The control plane: configuration pushes that were under way, from Istio's own counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from analysis.signals.counters import increments

__all__ = ["pushes_under_way"]


def pushes_under_way(named: Callable[..., Iterable[Any]]) -> pd.DataFrame:
    """Return the stretches in which proxies worked on a configuration change.

    Parameters
    ----------
    named : callable
        named(metric) -> series with times [us] and values (`SampleTable.named`).

    Returns
    -------
    DataFrame
        Index time (begin, UTC us), columns end and xds_convergence_seconds (mean of the step). A step in which
        pilot_proxy_convergence_time counted an arrival gives one row: it ended in the step and began the mean
        convergence time before. The push *count* is no measure: merged pushes make it smaller when it is worst.

    Examples
    --------
    >>> len(pushes_under_way(lambda name: []))
    0
    """
    rows: list[tuple[int, int, float]] = []
    sums = {_who(s): s for s in named("pilot_proxy_convergence_time_sum")}
    for counts in named("pilot_proxy_convergence_time_count"):
        total = sums.get(_who(counts))
        if total is None:
            continue
        good, good_total = np.isfinite(counts.values), np.isfinite(total.values)
        common, a, b = np.intersect1d(counts.times[good], total.times[good_total], return_indices=True)
        arrived, seconds = increments(counts.values[good][a]), increments(total.values[good_total][b])
        for j in np.flatnonzero(arrived > 0):
            mean = float(seconds[j] / arrived[j])
            rows.append((int(common[j] - mean * 1e6), int(common[j]), mean))
    rows.sort()
    begin, end = (pd.DatetimeIndex(pd.to_datetime([r[k] for r in rows], unit="us", utc=True)) for k in (0, 1))
    frame = {"end": end.as_unit("us"), "xds_convergence_seconds": np.array([r[2] for r in rows], dtype="f8")}
    return pd.DataFrame(frame, index=begin.as_unit("us").rename("time"))


def _who(series: Any) -> frozenset[tuple[str, str]]:
    """Return the labels of a series without its name."""
    return frozenset(item for item in series.labels.items() if item[0] != "__name__")
