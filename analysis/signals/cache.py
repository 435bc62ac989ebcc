"""Does the server find its blocks in memory, and how many rows does it read for those it returns? From counters."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from analysis.signals.database_counters import counters_in
from analysis.window import Window

__all__ = ["CacheChange", "CacheUse", "cache_change", "cache_use"]

HIT_DROP_RATIO = 0.05  # a drop of the hit ratio by more than this is told
SCAN_FACTOR = 10.0  # rows scanned per row fetched by an index: a rise by this factor,
MANY_SCANNED = 100.0  # to more than this


class CacheUse(NamedTuple):
    """Of a window: `hit_ratio`, `scanned_per_fetched_ratio`, `temp_bytes_per_second`, blocks counted, `seconds`.

    `hit_ratio` = hit / (hit + read): a block that the server reads may still come from the operating system's memory.
    `scanned_per_fetched_ratio` = tup_returned / tup_fetched: rows and index entries that scans walked through, for
    each row that was fetched by an index: near 1 where indexes serve, large where tables are read whole.
    """

    hit_ratio: float
    scanned_per_fetched_ratio: float
    temp_bytes_per_second: float
    blocks: float
    seconds: float


class CacheChange(NamedTuple):
    """`baseline` and `window`; `hit_drop_ratio`; `missed` (it fell by over 0.05); `scans` (tables are read whole)."""

    baseline: CacheUse
    window: CacheUse
    hit_drop_ratio: float
    missed: bool
    scans: bool


def cache_use(increments: pd.DataFrame, window: Window) -> CacheUse:
    """Return how a window used memory, indexes and temporary files.

    Parameters
    ----------
    increments : DataFrame
        From `database_counters.counter_increments`; choose a database before.
    window : Window
        (start, end].

    Returns
    -------
    CacheUse
        NaN where nothing was counted, or not recorded. Increments only: the counters themselves are an average since
        the last reset, which an incident hardly moves.

    Examples
    --------
    >>> from analysis.signals.database_counters import counter_increments
    >>> rows = {"database": "shop", "backends": 1.0, "stats_reset": pd.NaT, "blocks_hit": [0.0, 9.0],
    ...         "blocks_read": [0.0, 1.0]}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([0, 10], unit="s", utc=True))
    >>> cache_use(counter_increments(table), Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")).hit_ratio
    0.9
    """
    found = counters_in(increments, window)
    hit, read, returned, fetched, temp = (
        float(found.get(name, float("nan")))
        for name in ("blocks_hit", "blocks_read", "rows_returned", "rows_fetched", "temp_bytes")
    )
    seconds = float(found["seconds"])
    return CacheUse(_of(hit, hit + read), _of(returned, fetched), _of(temp, seconds), hit + read, seconds)


def _of(part: float, whole: float) -> float:
    return part / whole if whole > 0 else (float("inf") if part > 0 and whole == 0 else float("nan"))


def cache_change(increments: pd.DataFrame, baseline: Window, window: Window) -> CacheChange:
    """Return how the use of memory and indexes changed from baseline to window.

    Parameters
    ----------
    increments : DataFrame
        As for `cache_use`.
    baseline, window : Window
        What to compare.

    Examples
    --------
    >>> from analysis.signals.database_counters import counter_increments
    >>> rows = {"database": "shop", "backends": 1.0, "stats_reset": pd.NaT, "blocks_hit": [0.0, 9.0, 14.0],
    ...         "blocks_read": [0.0, 1.0, 6.0]}
    >>> table = counter_increments(pd.DataFrame(rows, index=pd.to_datetime([0, 10, 20], unit="s", utc=True)))
    >>> first = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")
    >>> found = cache_change(table, first, Window("1970-01-01T00:00:10Z", "1970-01-01T00:00:20Z"))
    >>> round(found.hit_drop_ratio, 6), found.missed, found.scans
    (0.4, True, False)
    """
    before, after = (cache_use(increments, w) for w in (baseline, window))
    drop = before.hit_ratio - after.hit_ratio
    scanned = after.scanned_per_fetched_ratio
    scans = scanned > MANY_SCANNED and scanned > SCAN_FACTOR * before.scanned_per_fetched_ratio
    return CacheChange(before, after, drop, bool(drop > HIT_DROP_RATIO), bool(scans))
