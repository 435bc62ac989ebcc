"""Allocation: what a collection found in the heap more than the one before had left, and how fast that was."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import spans_of, stopped_seconds
from analysis.signals.gc_heap import collections_of, rounding_bytes
from analysis.signals.stretches import union

__all__ = ["ERRORS", "Rate", "allocated", "allocation_rate", "allocation_series"]

ERRORS = 2.0  # standard errors of a sum of rounded sizes
SWEEPS = "CMS"  # frees old objects beside the threads and logs no heap when it has


class Rate(NamedTuple):
    """Bytes a second, what the rounding of the sizes leaves open, seconds that are known, and n that were added up.

    NaN where nothing is known, or where the sum is below what rounding leaves open.
    """

    bytes_per_second: float
    error_bytes_per_second: float
    known_seconds: float
    n: int


def allocated(pauses: pd.DataFrame, cycles: pd.DataFrame, holes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what was allocated between neighbouring collections: what one found more than the one before had left.

    Parameters
    ----------
    pauses, cycles : DataFrame
        Of a `GcLog`. Of collectors that work beside the threads the cycles tell of the heap.
    holes : DataFrame, optional
        Stretches of which lines are missing: what lies over one is not told.

    Returns
    -------
    DataFrame
        Index end (UTC, us, sorted), columns start, bytes, error_bytes (standard error from rounding). One row for each
        stretch between collections, and for each pause, in which nothing is allocated. What is not known is not in it:
        the time of concurrent cycles, between two lives, before the first collection, and stretches at whose end less
        is used than at its start, since a concurrent sweep freed; of those the young generation tells if it is logged.

    Notes
    -----
    Sizes are rounded as logged, each by up to half a unit: standard error unit / sqrt(12). A difference may be below 0
    by as much: it is kept, so that sums are not too large.

    CMS frees while threads run, so that the heap grows by less than what is allocated: between pauses that tell of its
    young generation the larger of the two differences counts, which no sweep makes too large; other pauses of CMS tell
    nothing. What is counted is heap taken: whole buffers of threads and whole regions of humongous objects. In real
    JVMs that was 0 to 4 % more than their threads' own counters said (`getThreadAllocatedBytes`), humongous objects of
    one and a half regions apart, which take two.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import no_gc_log
    >>> list(allocated(no_gc_log().pauses, no_gc_log().cycles).columns)
    ['start', 'bytes', 'error_bytes']
    """
    told = collections_of(pauses, cycles)
    told = told[((told["collector"] != SWEEPS) | told["young_before"].notna()).to_numpy(dtype=bool)]
    start, end, life = (told[name].to_numpy() for name in ("start", "end", "life"))
    before, after = told["before"].to_numpy(dtype="f8"), told["after"].to_numpy(dtype="f8")
    unit = rounding_bytes(np.concatenate([before, after]))
    grain = [unit[: len(told)], unit[len(told) :]]
    error = np.sqrt((grain[0][1:] ** 2 + grain[1][:-1] ** 2) / 12)
    found = before[1:] - after[:-1]
    young = told["young_before"].to_numpy(dtype="f8")[1:] - told["young_after"].to_numpy(dtype="f8")[:-1]
    slack = (grain[0][1:] + grain[1][:-1]) / 2
    found = np.where((told["collector"] == SWEEPS)[1:], np.fmax(found, young), found)
    found = np.where(found >= -slack, found, np.where(young >= 0, young, np.nan))
    chain = (life[1:] == life[:-1]) & np.isfinite(found) & (start[1:] > end[:-1])
    between = np.stack([end[:-1], start[1:]], axis=1)
    if holes is not None and len(holes):
        gone = union(spans_of(holes))
        chain &= ~(stopped_seconds(gone, between[:, 1]) > stopped_seconds(gone, between[:, 0])) if len(chain) else True
    stops = np.stack([start, end], axis=1)[told["stopped"].to_numpy(dtype=bool) & (end > start)]
    spans = np.concatenate([between[chain], stops])
    at = [pd.DatetimeIndex(pd.to_datetime(spans[:, i], unit="us", utc=True)).as_unit("us") for i in (0, 1)]
    sums, errors = (np.concatenate([x[chain], np.zeros(len(stops))]) for x in (found, error))
    frame = pd.DataFrame({"start": at[0], "bytes": sums, "error_bytes": errors}, index=at[1].rename("end"))
    return frame.sort_values("start", kind="stable").sort_index(kind="stable")


def allocation_rate(allocations: pd.DataFrame, window: Window) -> Rate:
    """Return how much was allocated a second in a window, with what the rounding of sizes leaves open.

    Parameters
    ----------
    allocations : DataFrame
        From `allocated`.
    window : Window
        (start, end]. Of a stretch that it cuts, the part inside counts in proportion.

    Returns
    -------
    Rate
        Over the known seconds of the window; n stretches. The error is two standard errors.

    Examples
    --------
    >>> at = lambda *s: pd.to_datetime(list(s), unit="s", utc=True)
    >>> rows = pd.DataFrame({"start": at(0, 4), "bytes": [4e6, 8e6], "error_bytes": [1e3, 1e3]}, index=at(4, 8))
    >>> allocation_rate(rows, Window("1970-01-01T00:00:02Z", "1970-01-01T00:00:10Z")).bytes_per_second
    1666666.6666666667
    """
    spans = spans_of(allocations)
    inside = np.clip(spans, window.start_us, window.end_us)
    length, whole = inside[:, 1] - inside[:, 0], np.maximum(spans[:, 1] - spans[:, 0], 1)
    part = length / whole
    touched = length > 0
    total = float((allocations["bytes"].to_numpy(dtype="f8") * part).sum())
    error = ERRORS * float(np.sqrt(((allocations["error_bytes"].to_numpy(dtype="f8") * part)[touched] ** 2).sum()))
    seconds = float(length.sum()) / 1e6
    n = int((touched & (allocations["error_bytes"].to_numpy(dtype="f8") > 0)).sum())
    if not seconds > 0 or not n:
        return Rate(float("nan"), float("nan"), seconds, n)
    rate = total / seconds if total > error else float("nan")
    return Rate(rate, error / seconds, seconds, n)


def allocation_series(allocations: pd.DataFrame, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes allocated a second in each step, and what the rounding of sizes leaves open of them.

    Parameters
    ----------
    allocations : DataFrame
        From `allocated`: what lies between two collections is held to be spread evenly over that time.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].

    Returns
    -------
    (ndarray, ndarray), shape (n,) each
        Rate and two standard errors [bytes/s]; NaN where less than half of a step is known, the rate NaN too where it
        is below its error.

    Examples
    --------
    >>> at = lambda *s: pd.to_datetime(list(s), unit="s", utc=True)
    >>> rows = pd.DataFrame({"start": at(0), "bytes": [4e6], "error_bytes": [1e3]}, index=at(4))
    >>> allocation_series(rows, np.array([0, 2, 4, 6]) * 1_000_000)[0].tolist()
    [1000000.0, 1000000.0, nan]
    """
    spans = spans_of(allocations).astype("f8")
    kept = spans[:, 1] > spans[:, 0]
    spans, table = spans[kept], allocations[kept]
    steps = np.diff(edges) / 1e6
    if not len(spans):
        return np.full(len(steps), np.nan), np.full(len(steps), np.nan)
    length = (spans[:, 1] - spans[:, 0]) / 1e6
    seen = _spread(spans, length, edges)
    total = _spread(spans, table["bytes"].to_numpy(dtype="f8"), edges)
    density = table["error_bytes"].to_numpy(dtype="f8") ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        error = ERRORS * np.sqrt(np.maximum(_spread(spans, density, edges), 0.0)) / seen
        rate = np.where(total / seen > error, total / seen, np.nan)
    known = seen >= 0.5 * steps - 1e-9
    return np.where(known, rate, np.nan), np.where(known, error, np.nan)


def _spread(spans: np.ndarray, amounts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return what of some amounts falls into each step, each spread evenly over its span; spans are disjoint."""
    joints = spans.ravel()
    passed = np.cumsum(amounts)
    spent = np.stack([np.r_[0.0, passed[:-1]], passed], axis=1).ravel()
    return np.asarray(np.diff(np.interp(edges.astype("f8"), joints, spent)))
