"""Lines of HikariCP to the document: how often and how long a connection was waited for in vain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.db.document import Asked, as_document
from analysis.db.plain import known

__all__ = ["pools_document"]


def pools_document(timeouts: pd.DataFrame, coverage: dict[str, Any], asked: Asked = Asked()) -> dict[str, Any]:  # noqa: B008
    """Return the document of a pool's timeouts: of the database itself such a log tells nothing.

    Parameters
    ----------
    timeouts : DataFrame
        From `read_pool_timeouts`.
    coverage : dict
        From `coverage_of`.
    asked : Asked
        Its window (start, end] takes the lines inside.

    Examples
    --------
    >>> index = pd.to_datetime(["2026-11-22T18:04:31Z"]).as_unit("us")
    >>> row = {"pool": "a", "waited_seconds": 3.0, "total": 8.0, "active": 8.0, "idle": 0.0, "waiting": 5.0}
    >>> pools_document(pd.DataFrame([row], index=index), {})["pool_timeouts"][0]["waiting_max"]
    5
    """
    at = pd.DatetimeIndex(timeouts.index).as_unit("us").asi8
    if asked.window:
        first = -np.inf if asked.start_us is None else asked.start_us
        last = np.inf if asked.end_us is None else asked.end_us
        inside = (at > first) & (at <= last)
        timeouts, at = timeouts[inside], at[inside]
    pools = [_pool(str(name), rows) for name, rows in timeouts.groupby("pool", sort=True)]
    window = (int(at[0]), int(at[-1])) if len(at) else (None, None)
    return as_document("hikari", [], coverage, window=window, more={"pool_timeouts": pools})


def _pool(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    waited = rows["waited_seconds"].dropna()
    return {
        "pool": name,
        "n": len(waited) or len(rows),
        "waited_min_seconds": known(waited.min()),
        "waited_max_seconds": known(waited.max()),
        **{f"{gauge}_max": known(rows[gauge].max(), whole=True) for gauge in ("total", "active", "waiting")},
    }
