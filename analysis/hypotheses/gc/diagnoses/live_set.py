"""What stays in the heap after a collection of all or of the old part of it, and how fast that grows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.correlate.trend import Trend, trend
from analysis.findings import value
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, size, word
from analysis.signals.gc_heap import CONCURRENT, OLD_CYCLES
from analysis.sources.gclog.frames import GcLog

__all__ = ["left_over", "live_set_growth", "live_set_trend"]

LEAST_POINTS = 12
MOST_STEPS = 120
LEAST_SECONDS = 60.0  # a JVM that starts fills its heap
TAIL_RATIO = 0.3  # of the slope, that of the second half
LEAST_GROWTH_RATIO = 0.05  # of the level where it began: less is not worth a sentence


def left_over(log: GcLog) -> pd.DataFrame:
    """Return the rows whose heap_after_bytes bounds the live set: full and mixed pauses, and cycles of the old part.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Returns
    -------
    DataFrame
        Index end, columns start, heap_after_bytes, life, file, line, in order of time. Of one JVM with full pauses only
        those count: a mixed one leaves garbage that the next frees.

    Examples
    --------
    >>> len(left_over(GcLog()))
    0
    """
    columns = ["start", "heap_after_bytes", "life", "file", "line"]
    full = log.pauses[log.pauses["kind"] == "full"]
    cycles = log.cycles[log.cycles["kind"].isin(OLD_CYCLES) & ~log.cycles["aborted"]]
    mixed = log.pauses[log.pauses["kind"] == "mixed"]
    kinds = [frame[frame["heap_after_bytes"].notna()][columns] for frame in (full, cycles, mixed)]
    return next((k for k in kinds if len(k) >= LEAST_POINTS), kinds[0])


def live_set_trend(left: pd.DataFrame) -> Trend | None:
    """Return the trend of what is left over, per second; None below twelve points or without a length of time.

    Parameters
    ----------
    left : DataFrame
        From `left_over`.

    Notes
    -----
    The lowest value of each of equal steps in time, at most 120, so that collections that leave garbage count less.

    Examples
    --------
    >>> live_set_trend(left_over(GcLog())) is None
    True
    """
    lowest, step = _lowest(left)
    if not len(lowest):
        return None
    found, by = trend(lowest), 1 / step
    return found._replace(slope=found.slope * by, slope_low=found.slope_low * by, slope_high=found.slope_high * by)


def _lowest(left: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Return the lowest value of each step (NaN: none), and the length of a step [s]; empty if there are too few."""
    times = pd.DatetimeIndex(left.index).as_unit("us").asi8
    if len(left) < LEAST_POINTS or times[-1] == times[0]:
        return np.zeros(0), float("nan")
    steps = int(min(MOST_STEPS, len(left)))
    place = np.minimum((times - times[0]) * steps // (times[-1] - times[0]), steps - 1)
    lowest = np.full(steps, np.inf)
    np.minimum.at(lowest, place, left["heap_after_bytes"].to_numpy(dtype="f8"))
    return np.where(np.isfinite(lowest), lowest, np.nan), float(times[-1] - times[0]) / 1e6 / steps


def _goes_on(left: pd.DataFrame, slope: float) -> bool:
    """Return whether the second half still grows at a good part of the slope [bytes/s]: a heap that filled does not."""
    lowest, step = _lowest(left)
    late = lowest[len(lowest) // 2 :]
    at = np.flatnonzero(np.isfinite(late))
    i, j = np.triu_indices(len(at), 1)
    if not len(i):
        return False
    return float(np.median((late[at][j] - late[at][i]) / (at[j] - at[i]))) / step >= TAIL_RATIO * slope


def live_set_growth(log: GcLog) -> Diagnosis | None:
    """Return how fast what collections leave grows, if its interval excludes none, over a minute, by a twentieth.

    Parameters
    ----------
    log : GcLog
        Of one JVM; of several lives the one with the most collections counts.

    Notes
    -----
    None too where the second half grows at less than 0.3 of the slope: a heap that filled and stayed. Of level live
    sets (white, autocorrelated, sawtooth of mixed pauses; at even times and in bursts) at most 3 % were named, of
    those that fill within a third and stay 3 %, a third without that rule (`correlate.trend`: an interval of 95 %).

    Examples
    --------
    >>> live_set_growth(GcLog()) is None
    True
    """
    left = left_over(log)
    if not len(left):
        return None
    left = left[left["life"] == left["life"].mode().iloc[0]]
    found = live_set_trend(left)
    if found is None or not found.slope_low > 0:
        return None
    span = (left.index[-1] - left.index[0]).total_seconds()
    first, last = (float(part.median()) for part in _ends(left["heap_after_bytes"]))
    if span < LEAST_SECONDS or found.slope * span < LEAST_GROWTH_RATIO * first or not _goes_on(left, found.slope):
        return None
    limit = float(log.lives["heap_max_bytes"].max()) if len(log.lives) else np.nan
    values = {
        "collections": counted(len(left), "collection"),
        "growth_bytes": size(found.slope * span),
        "growth_low_bytes": size(found.slope_low * span),
        "growth_high_bytes": size(found.slope_high * span),
        "span_seconds": value(span, "seconds"),
        "first_bytes": size(first),
        "last_bytes": size(last),
        "heap_max_bytes": size(limit),
        "heap": word(f"of at most {size(limit).text}" if np.isfinite(limit) else "whose limit was not logged"),
    }
    template = (
        "What {collections} of the whole or the old heap left grew by {growth_bytes} [{growth_low_bytes} to "
        "{growth_high_bytes}] over {span_seconds}: from {first_bytes} in the first quarter of them to {last_bytes} in "
        "the last, in a heap {heap}; first {first}. A cache that fills grows like a leak: class "
        "histograms of two times tell them apart."
    )
    if set(log.lives["collector"]) & set(CONCURRENT):
        template += " What threads allocate during such a cycle is in it: more of that with more traffic looks alike."
    return diagnosis("live_set_growth", template, values, log, left)


def _ends(sizes: pd.Series) -> tuple[pd.Series, pd.Series]:
    quarter = max(len(sizes) // 4, 1)
    return sizes.iloc[:quarter], sizes.iloc[-quarter:]
