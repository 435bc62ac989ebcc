"""Minimum mutator utilisation: in the worst stretch of a given length, which share the threads of a JVM could run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["MMU_WINDOWS_SECONDS", "mmu_curve"]

MMU_WINDOWS_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)


def mmu_curve(
    stops: np.ndarray, known: np.ndarray, windows_seconds: Sequence[float] = MMU_WINDOWS_SECONDS
) -> pd.DataFrame:
    """Return the minimum mutator utilisation for some lengths of a window, and where the worst window begins.

    Parameters
    ----------
    stops : ndarray of int64, shape (k, 2)
        When the JVM stood still, disjoint and in order [us]; from `gc.stop_intervals`.
    known : ndarray of int64, shape (j, 2)
        The stretches that the log tells of, disjoint and in order [us]; from `gc.known_spans`. A window lies in one.
    windows_seconds : sequence of float
        Lengths, above 0 [s]; rounded to microseconds.

    Returns
    -------
    DataFrame
        One row a length: window_seconds, utilisation_ratio (NaN where no stretch is as long), start (UTC, us; NaT):
        the first of the worst windows. Without a stop the ratio is 1.

    Notes
    -----
    MMU(w) = 1 - max over t of |stops in [t, t + w]| / w (Cheng and Blelloch 2001). What is stopped in a window changes
    with its place at a slope that falls only where the window begins to begin in a stop, or ceases to end in one. So
    the maximum lies where a window starts at the start of a stop or ends at the end of one, or touches an end of what
    is known: two places a stop, for each length, in whole microseconds.

    Examples
    --------
    >>> stops, known = np.array([[1_000_000, 1_100_000], [1_300_000, 1_400_000]]), np.array([[0, 9_000_000]])
    >>> curve = mmu_curve(stops, known, (0.1, 0.4, 1.0, 10.0))
    >>> curve["utilisation_ratio"].tolist()
    [0.0, 0.5, 0.8, nan]
    """
    worst = [_worst(stops.astype("i8"), known.astype("i8"), round(seconds * 1e6)) for seconds in windows_seconds]
    ratio = np.array([share for share, _ in worst], dtype="f8")
    start = pd.DatetimeIndex([pd.NaT if at is None else pd.Timestamp(at, unit="us", tz="UTC") for _, at in worst])
    start = (start if start.tz is not None else start.tz_localize("UTC")).as_unit("us")
    lengths = np.array(windows_seconds, dtype="f8")
    return pd.DataFrame({"window_seconds": lengths, "utilisation_ratio": ratio, "start": start})


def _worst(stops: np.ndarray, known: np.ndarray, width: int) -> tuple[float, int | None]:
    """Return utilisation and start [us] of the worst window of a width [us]; NaN and None where none fits."""
    long = known[known[:, 1] - known[:, 0] >= width]
    if not len(long) or width <= 0:
        return float("nan"), None
    spent = np.concatenate([[0], np.cumsum(stops[:, 1] - stops[:, 0])])
    best, at = -1, 0
    for begins in (stops[:, 0], stops[:, 1] - width, long[:, 0], long[:, 1] - width):
        place = np.clip(np.searchsorted(long[:, 0], begins, side="right") - 1, 0, None)
        fits = begins[(begins >= long[place, 0]) & (begins + width <= long[place, 1])]
        held = _stopped_until(stops, spent, fits + width) - _stopped_until(stops, spent, fits)
        first = int(np.argmax(held)) if len(held) else 0
        if len(held) and (int(held[first]), -int(fits[first])) > (best, -at):
            best, at = int(held[first]), int(fits[first])
    return 1.0 - best / width, at


def _stopped_until(stops: np.ndarray, spent: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the microseconds of stops until each time; `spent` until the start of each stop. Exact in integers."""
    if not len(stops):
        return np.zeros(len(times), dtype="i8")
    place = np.searchsorted(stops[:, 0], times, side="right") - 1
    inside = np.minimum(times, stops[place, 1]) - stops[place, 0]
    return np.where(place >= 0, spent[place] + inside, 0)
