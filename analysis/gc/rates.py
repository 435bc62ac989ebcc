"""Shares and rates over a life: least utilisation, CPU of pauses, allocation and promotion, what collections leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.gc.events import NO_CLOCK
from analysis.gc.plain import known, time_text
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
RATES = ("allocation_bytes_per_second", "promotion_bytes_per_second", "gc_cpu_seconds", "gc_cpu_ratio")
LEFT = ("live_set_bytes", "live_set_end", "live_set_least_bytes", "live_set_most_bytes")
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
    """Return what was allocated and promoted a second, what collections of the old left, and the CPU of pauses.

    Parameters
    ----------
    log : GcLog
        Of one life.

    Returns
    -------
    dict
        allocation_bytes_per_second, promotion_bytes_per_second, gc_cpu_seconds, gc_cpu_ratio; null is unknown: what is
        allocated during a concurrent collection is not logged, so a rate of little time is none. live_set_n: how many
        collections of the old (full ones and concurrent cycles; mixed ones where there are only such) tell what was
        then in use; live_set_least_bytes and live_set_most_bytes of them; live_set_bytes: after the last, which ended
        at live_set_end (null without a wall clock). Without stamps: what needs no clock.

    Examples
    --------
    >>> found = heap_rates(GcLog())
    >>> found.pop("live_set_n"), set(found.values())
    (0, {None})
    """
    window = whole_life(log)
    if window is not None and _stamped(log):
        return rates_in(log, window)
    outer = log.pauses[~log.pauses["nested"].to_numpy(dtype=bool)]
    cpu = (outer["user_seconds"] + outer["sys_seconds"]).sum(min_count=1)
    return dict.fromkeys(RATES) | {"gc_cpu_seconds": known(cpu)} | _left(log)


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
    >>> found = rates_in(GcLog(), window)
    >>> found.pop("live_set_n"), set(found.values())
    (0, {None})
    """
    if not _stamped(log):
        return dict.fromkeys((*RATES, *LEFT)) | {"live_set_n": 0}
    nan, mine = float("nan"), inside(log, window)
    told = known_spans(log.lives, log.holes)
    cpus = log.lives["cpus"].dropna()
    cpu = gc_cpu(log.pauses, window, told, float(cpus.iloc[-1]) if len(cpus) else nan)
    made = allocation_rate(allocated(log.pauses, log.cycles, log.holes), window)
    moved = promotion_rate(log.pauses, window, told)
    lasted = float(np.diff(stopped_seconds(told, np.array([window.start_us, window.end_us])))[0])
    rate = made.bytes_per_second if made.known_seconds >= LEAST_KNOWN * lasted > 0 else nan
    return {
        "allocation_bytes_per_second": known(rate, whole=True),
        "promotion_bytes_per_second": known(moved.bytes_per_second, whole=True),
        "gc_cpu_seconds": known(cpu.user_seconds + cpu.sys_seconds if cpu.n else nan),
        "gc_cpu_ratio": known(cpu.ratio),
        **_left(mine),
    }


def _stamped(log: GcLog) -> bool:
    return bool(len(log.lives)) and not (log.lives["time_quality"] == "none").any()


def _left(log: GcLog) -> dict[str, Any]:
    """Return what was in use after collections of the old: how many tell it, the least, the most, the last and when."""
    left = live_set(log.pauses, log.cycles)
    whole = left[left["kind"] != "mixed"]  # a mixed pause leaves more than what is alive
    left = whole if len(whole) else left
    if not len(left):
        return dict.fromkeys(LEFT) | {"live_set_n": 0}
    sizes, dated = left["heap_after_bytes"], not log.lives["time_quality"].isin(NO_CLOCK).any()
    return {
        "live_set_bytes": known(sizes.iloc[-1], whole=True),
        "live_set_end": time_text(left.index[-1]) if dated else None,
        "live_set_least_bytes": known(sizes.min(), whole=True),
        "live_set_most_bytes": known(sizes.max(), whole=True),
        "live_set_n": len(left),
    }
