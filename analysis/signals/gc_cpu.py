"""CPU time that collections took: of the pauses whose CPU times are logged, as a share of what the JVM may use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import pauses_in, stopped_seconds

__all__ = ["GcCpu", "gc_cpu"]

LEAST_TOLD = 0.8  # of the paused time


class GcCpu(NamedTuple):
    """CPU of pauses in a window: n with CPU times, user and kernel seconds, share of the window's CPU.

    `ratio` = (user + sys) / (known seconds x cpus); `told_ratio`: of the paused time, how much has CPU times. NaN:
    unknown.
    """

    n: int
    user_seconds: float
    sys_seconds: float
    ratio: float
    told_ratio: float


def gc_cpu(pauses: pd.DataFrame, window: Window, known: np.ndarray, cpus: float) -> GcCpu:
    """Return the CPU time of the pauses that ended in a window, and its share of what the CPUs gave in that time.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: index end, columns duration_seconds, user_seconds, sys_seconds, nested.
    window : Window
        (start, end].
    known : ndarray of int64, shape (j, 2)
        From `gc.known_spans` [us].
    cpus : float
        CPUs of the machine or the container, or its limit [cores]; NaN unknown.

    Notes
    -----
    No share where pauses of less than four fifths of the paused time have CPU times: it would be too small.
    Logged for pauses only, in steps of 10 ms: what concurrent threads of the collector burn is not in it, so that for
    a concurrent collector it is the smaller part.

    Examples
    --------
    >>> columns = ["duration_seconds", "user_seconds", "sys_seconds", "nested"]
    >>> row = pd.DataFrame([[0.5, 0.8, 0.2, False]], columns=columns, index=pd.to_datetime([5], unit="s", utc=True))
    >>> gc_cpu(row, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"), np.array([[0, 10_000_000]]), 2.0).ratio
    0.05
    """
    inside = pauses_in(pauses, window)
    user, kernel, length = (
        inside[name].to_numpy(dtype="f8") for name in ("user_seconds", "sys_seconds", "duration_seconds")
    )
    told, nan = np.isfinite(user + kernel), float("nan")
    seen = float(np.diff(stopped_seconds(known, np.array([window.start_us, window.end_us])))[0])
    paused = float(length.sum())
    if len(inside) and not told.any():
        return GcCpu(0, nan, nan, nan, 0.0)
    burnt = float(user[told].sum()), float(kernel[told].sum())
    told_ratio = float(length[told].sum()) / paused if paused > 0 else nan
    sure = seen > 0 and cpus > 0 and not told_ratio < LEAST_TOLD
    return GcCpu(int(told.sum()), *burnt, sum(burnt) / (seen * cpus) if sure else nan, told_ratio)
