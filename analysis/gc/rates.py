"""Shares and rates over a life: least utilisation, CPU of pauses, allocation and promotion, what collections leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.gc.plain import known
from analysis.hypotheses.gc.diagnoses.parts import inside
from analysis.signals.gc import known_spans, stopped_seconds
from analysis.signals.gc_allocation import allocated, allocation_rate
from analysis.signals.gc_cpu import gc_cpu
from analysis.signals.gc_heap import live_set
from analysis.signals.gc_mmu import mmu_curve
from analysis.signals.gc_promotion import promotion_rate
from analysis.sources.gclog.frames import GcLog
from analysis.window import Window

__all__ = ["heap_rates", "mmu_points", "rates_in", "whole_life"]

LEAST_KNOWN = 0.8  # of the time; the rest may have had another rate
RATES = (
    "allocation_bytes_per_second", "promotion_bytes_per_second", "live_set_bytes", "gc_cpu_seconds", "gc_cpu_ratio",
)  # fmt: skip
MMU_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)


def whole_life(log: GcLog) -> Window | None:
    """Return the window that holds all that ended in the only life of a log; None for a life without length.

    Parameters
    ----------
    log : GcLog
        Of one life.

    Examples
    --------
    >>> whole_life(GcLog()) is None
    True
    """
    if not len(log.lives):
        return None
    tables = [t for t in (log.pauses, log.safepoints, log.stalls) if len(t)]
    first = min([log.lives["start"].min(), *(t["start"].min() for t in tables)])
    last = max([log.lives["end"].max(), *(t.index.max() for t in tables)])
    if pd.isna(first) or pd.isna(last) or not first < last:
        return None
    return Window(first - pd.Timedelta(1, "us"), last)


def mmu_points(log: GcLog, stops: np.ndarray) -> list[dict[str, float | None]]:
    """Return the minimum mutator utilisation for windows of 50 ms to 1 min; none where stamps are missing.

    Parameters
    ----------
    log : GcLog
        Of one life.
    stops : ndarray of int64, shape (k, 2)
        When it stood still [us].

    Examples
    --------
    >>> mmu_points(GcLog(), np.zeros((0, 2), "i8"))
    []
    """
    if not len(log.lives) or log.lives["time_quality"].iloc[0] == "none":
        return []
    curve = mmu_curve(stops, known_spans(log.lives, log.holes), MMU_SECONDS)
    points = zip(curve["window_seconds"].tolist(), curve["utilisation_ratio"].tolist(), strict=True)
    return [{"window_seconds": w, "utilisation_ratio": known(u)} for w, u in points if np.isfinite(u)]


def heap_rates(log: GcLog) -> dict[str, Any]:
    """Return what was allocated and promoted a second, what the last collections left, and the CPU share of pauses.

    Parameters
    ----------
    log : GcLog
        Of one life.

    Returns
    -------
    dict
        allocation_bytes_per_second, promotion_bytes_per_second, live_set_bytes, gc_cpu_seconds, gc_cpu_ratio; null is
        unknown: what is allocated during a concurrent collection is not logged, so a rate of little time is none.

    Examples
    --------
    >>> set(heap_rates(GcLog()).values())
    {None}
    """
    window = whole_life(log)
    return dict.fromkeys(RATES) if window is None else rates_in(log, window)


def rates_in(log: GcLog, window: Window) -> dict[str, Any]:
    """Return the same of a window, of a JVM of any number of lives.

    Parameters
    ----------
    log : GcLog
        Of one JVM.
    window : Window
        (start, end].

    Examples
    --------
    >>> window = Window("2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z")
    >>> set(rates_in(GcLog(), window).values())
    {None}
    """
    if not len(log.lives) or (log.lives["time_quality"] == "none").any():
        return dict.fromkeys(RATES)
    nan, mine = float("nan"), inside(log, window)
    told, left = known_spans(log.lives, log.holes), live_set(mine.pauses, mine.cycles)
    whole = left[left["kind"] != "mixed"]  # a mixed pause leaves more than what is alive
    left = whole if len(whole) else left
    cpus = log.lives["cpus"].dropna()
    cpu = gc_cpu(log.pauses, window, told, float(cpus.iloc[-1]) if len(cpus) else nan)
    made = allocation_rate(allocated(log.pauses, log.cycles, log.holes), window)
    moved = promotion_rate(log.pauses, window, told)
    lasted = float(np.diff(stopped_seconds(told, np.array([window.start_us, window.end_us])))[0])
    rate = made.bytes_per_second if made.known_seconds >= LEAST_KNOWN * lasted > 0 else nan
    return {
        "allocation_bytes_per_second": known(rate, whole=True),
        "promotion_bytes_per_second": known(moved.bytes_per_second, whole=True),
        "live_set_bytes": known(left["heap_after_bytes"].iloc[-1] if len(left) else nan, whole=True),
        "gc_cpu_seconds": known(cpu.user_seconds + cpu.sys_seconds if cpu.n else nan),
        "gc_cpu_ratio": known(cpu.ratio),
    }
