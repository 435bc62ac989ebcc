"""The worst of a JVM's life: its longest pause, and the stretch in which it stood still most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.gc.events import NO_CLOCK
from analysis.gc.plain import known, time_text
from analysis.signals.gc import stopped_seconds
from analysis.sources.gclog.frames import GcLog

__all__ = ["longest_pause", "worst_stretch"]

STRETCHES = (60, 10, 1)  # lengths to choose from [s]
LEAST_STRETCHES = 5  # of a life; a longer part of it than that is no stretch
MOST_STRETCHES = 200_000  # a life of months is cut into no more


def longest_pause(log: GcLog) -> dict[str, Any] | None:
    """Return the longest pause of one life; None where none has a length.

    Parameters
    ----------
    log : GcLog
        Of one life.

    Returns
    -------
    dict or None
        start (null without a wall clock), uptime_seconds (as logged: of JDK 9 and later where it ended),
        start_uptime_seconds, duration_seconds, kind, cause, file, line.

    Examples
    --------
    >>> longest_pause(GcLog()) is None
    True
    """
    lengths = log.pauses["duration_seconds"].to_numpy(dtype="f8")
    if not np.isfinite(lengths).any():
        return None
    row = log.pauses.iloc[int(np.nanargmax(lengths))]
    return {
        "start": time_text(row["start"]) if _dated(log) else None,
        "uptime_seconds": known(row["uptime_seconds"]),
        "start_uptime_seconds": _uptime(log, row["start"]),
        "duration_seconds": known(row["duration_seconds"]),
        "kind": row["kind"],
        "cause": row["cause"] or None,
        "file": row["file"],
        "line": int(row["line"]) if row["line"] > 0 else None,
    }


def worst_stretch(log: GcLog, stops: np.ndarray) -> dict[str, Any] | None:
    """Return the minute (of short lives the ten seconds, or the second) of one life with most time stood still.

    Parameters
    ----------
    log : GcLog
        Of one life.
    stops : ndarray of int64, shape (k, 2)
        When it stood still, disjoint and in order [us].

    Returns
    -------
    dict or None
        start (null without a wall clock), uptime_seconds at the start, length_seconds, stopped_seconds; stretches begin
        at whole minutes and seconds. None without stops or stamps, or for a life of less than five seconds.

    Examples
    --------
    >>> worst_stretch(GcLog(), np.zeros((0, 2), "i8")) is None
    True
    """
    if not len(stops) or not len(log.lives) or log.lives["time_quality"].iloc[0] == "none":
        return None
    life = log.lives.iloc[0]
    first = int(stops[0, 0])
    last = int(stops[-1, 1])
    lasted = (life["end"] - life["start"]).total_seconds()
    length = next((s for s in STRETCHES if s * LEAST_STRETCHES <= lasted), None)
    if length is None:
        return None
    step = length * max(1, -(-(last - first) // (length * 1_000_000 * MOST_STRETCHES))) * 1_000_000
    edges = np.arange(first // step * step, last + step, step, dtype="i8")
    held = np.diff(stopped_seconds(stops, edges))
    at = pd.Timestamp(int(edges[int(np.argmax(held))]), unit="us", tz="UTC")
    return {
        "start": time_text(at) if _dated(log) else None,
        "uptime_seconds": _uptime(log, at),
        "length_seconds": step // 1_000_000,
        "stopped_seconds": known(held.max()),
    }


def _uptime(log: GcLog, at: pd.Timestamp) -> float | None:
    """Return how long the JVM had run [s], from the stamps of its life."""
    if not len(log.lives):
        return None
    life = log.lives.iloc[0]
    return known(life["uptime_seconds"] + (at - life["start"]).total_seconds())


def _dated(log: GcLog) -> bool:
    return bool(len(log.lives)) and log.lives["time_quality"].iloc[0] not in NO_CLOCK
