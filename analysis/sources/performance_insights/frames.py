"""What saved answers of Performance Insights become: frames of load, keys, partitions, statistics and counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "COUNTER_COLUMNS", "KEY_COLUMNS", "LOAD_COLUMNS", "OTHER", "PARTITION_COLUMNS", "STATISTIC_COLUMNS",
    "PerformanceInsights", "timed",
]  # fmt: skip

OTHER = "(other)"
LOAD_COLUMNS = {
    "request": "int64", "metric": "str", "group": "str", "key": "str", "label": "str", "type": "str",
    "value": "float64", "period_seconds": "float64", "is_total": "bool", "is_residual": "bool",
}  # fmt: skip
KEY_COLUMNS = {
    "group": "str", "key": "str", "native_id": "str", "label": "str", "type": "str", "fingerprint": "str",
    "text": "str", "truncated": "bool",
}  # fmt: skip
PARTITION_COLUMNS = {
    "window_seconds": "float64", "group": "str", "key": "str", "fingerprint": "str", "partition_group": "str",
    "partition": "str", "type": "str", "aas_sessions": "float64", "is_total": "bool", "is_residual": "bool",
}  # fmt: skip
STATISTIC_COLUMNS = {"window_seconds": "float64", "group": "str", "key": "str", "name": "str", "value": "float64"}
COUNTER_COLUMNS = {"request": "int64", "name": "str", "value": "float64", "period_seconds": "float64"}


@dataclass(frozen=True)
class PerformanceInsights:
    """Frames of saved answers; the index `end` (UTC us, sorted) ends the time that a value describes.

    Parameters
    ----------
    load : DataFrame
        A row per stamp and key of get-resource-metrics: `request` (which answers were one), `metric` (db.load.avg and
        db.sampledload.avg are apart), `group`, `key`, `label` (without literals), `type` (of a wait), `value`
        [sessions] (NaN where the answer has none), `period_seconds`; `is_total`: all load, `key` is ""; `is_residual`:
        the total less all keys, "(other)".
    keys : DataFrame
        What the keys stand for: `native_id` (db_id), `fingerprint` and `text` of statements, `truncated`: its text was
        cut and is not known whole.
    partitions : DataFrame
        Of describe-dimension-keys: `aas_sessions` of a key by `partition` over `window_seconds`.
    statistics : DataFrame
        Additional metrics of its keys.
    counters : DataFrame
        Metrics without dimensions, as os.general.numVCPUs.avg, in their own units.
    """

    load: pd.DataFrame
    keys: pd.DataFrame
    partitions: pd.DataFrame
    statistics: pd.DataFrame
    counters: pd.DataFrame


def timed(ends: list[int], rows: list[tuple[Any, ...]], columns: dict[str, str]) -> pd.DataFrame:
    """Return rows as a frame in the order of their times; rows of equal times keep their order.

    Examples
    --------
    >>> timed([2_000_000, 1_000_000], [("b",), ("a",)], {"name": "str"})["name"].tolist()
    ['a', 'b']
    """
    order = np.argsort(np.array(ends, dtype="i8"), kind="stable")
    index = pd.DatetimeIndex(np.array(ends, dtype="i8")[order].astype("datetime64[us]"), name="end").tz_localize("UTC")
    cells = list(zip(*(rows[i] for i in order.tolist()), strict=True)) if rows else [()] * len(columns)
    series = {
        name: pd.Series(list(cell), index=index, dtype=dtype)
        for (name, dtype), cell in zip(columns.items(), cells, strict=True)
    }
    return pd.DataFrame(series, index=index)
