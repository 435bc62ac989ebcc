"""The control plane: configuration pushes that were under way, from Istio's own counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from analysis.signals.counters import increments

__all__ = ["pushes_under_way"]


def pushes_under_way(named: Callable[..., Iterable]) -> pd.DataFrame:  # type: ignore[type-arg]
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
    sums = list(named("pilot_proxy_convergence_time_sum"))
    for i, counts in enumerate(named("pilot_proxy_convergence_time_count")):
        if i >= len(sums):
            break
        common, a, b = np.intersect1d(counts.times, sums[i].times, return_indices=True)
        arrived, seconds = increments(counts.values[a]), increments(sums[i].values[b])
        for j in np.flatnonzero(arrived > 0):
            mean = float(seconds[j] / arrived[j])
            rows.append((int(common[j] - mean * 1e6), int(common[j]), mean))
    rows.sort()
    begin, end = (pd.DatetimeIndex(pd.to_datetime([r[k] for r in rows], unit="us", utc=True)) for k in (0, 1))
    frame = {"end": end.as_unit("us"), "xds_convergence_seconds": np.array([r[2] for r in rows], dtype="f8")}
    return pd.DataFrame(frame, index=begin.as_unit("us").rename("time"))
