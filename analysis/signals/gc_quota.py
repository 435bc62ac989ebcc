"""Garbage collection under a CPU quota: the CPU time that pauses took, and how the quota stretches them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window

__all__ = ["GcWork", "gc_work", "quota_real_seconds"]


class GcWork(NamedTuple):
    """Pauses with CPU times in a window: how many, their length and CPU time, and how much of the workers they used.

    `efficiency_ratio` = CPU seconds / (length x workers): 1 where all workers ran all the time.
    """

    n: int
    paused_seconds: float
    cpu_seconds: float
    efficiency_ratio: float


def gc_work(pauses: pd.DataFrame, window: Window, workers: float) -> GcWork:
    """Return length and CPU time of the pauses that ended in a window and have CPU times.

    Parameters
    ----------
    pauses : DataFrame
        Of `sources.gc_log.GcLog`.
    window : Window
        (start, end].
    workers : float
        Threads that collect; NaN unknown.

    Notes
    -----
    CPU times are logged in steps of 10 ms: read the sums, not single pauses.

    Examples
    --------
    >>> columns = ["duration_seconds", "user_seconds", "sys_seconds", "nested"]
    >>> row = pd.DataFrame([[0.5, 0.8, 0.0, False]], columns=columns, index=pd.to_datetime([5], unit="s", utc=True))
    >>> gc_work(row, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"), workers=2.0).efficiency_ratio
    0.8
    """
    inside = window.holds(pd.DatetimeIndex(pauses.index)) & ~pauses["nested"].to_numpy(dtype=bool)
    cpu = (pauses["user_seconds"] + pauses["sys_seconds"]).to_numpy(dtype=float)
    chosen = inside & np.isfinite(cpu)
    length, burnt = float(pauses["duration_seconds"].to_numpy()[chosen].sum()), float(cpu[chosen].sum())
    efficiency = burnt / (length * workers) if length > 0 else float("nan")
    return GcWork(int(chosen.sum()), length, burnt if chosen.any() else float("nan"), efficiency)


def quota_real_seconds(cpu_seconds: float, workers: float, limit_cores: float, period_seconds: float = 0.1) -> float:
    """Return how long a collection takes at least that begins with a full quota and has the container to itself.

    Parameters
    ----------
    cpu_seconds : float
        CPU time W that it needs [s].
    workers : float
        Threads g that share it evenly.
    limit_cores : float
        CPU limit [cores]; the quota is q = limit x period.
    period_seconds : float
        CFS period P [s].

    Returns
    -------
    float
        [s]; W / g where the workers cannot use up the quota within a period.

    Notes
    -----
    (ceil(W/q) - 1) P + (W - (ceil(W/q) - 1) q) / g, of CFS bandwidth control.

    Examples
    --------
    >>> cases = (0.4, 8, 2.0), (0.12, 4, 0.5), (0.6, 4, 1.0), (0.4, 2, 2.0)
    >>> [round(quota_real_seconds(*case), 3) for case in cases]
    [0.125, 0.205, 0.525, 0.2]
    """
    quota = limit_cores * period_seconds
    if not workers * period_seconds > quota:
        return cpu_seconds / workers
    waits = max(np.ceil(round(cpu_seconds / quota, 9)) - 1, 0)
    return float(waits * period_seconds + (cpu_seconds - waits * quota) / workers)
