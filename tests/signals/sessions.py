"""Samples of sessions written by hand: rows of (second, pid, state, wait type, blocked by, application, query)."""

import numpy as np
import pandas as pd

from analysis.sources.postgres import SESSION_COLUMNS
from tests.signals.samples import ZERO


def sampled(*rows):
    """Return a frame as `read_sessions` gives it; all backends and transactions began a minute before second 0."""
    full = [(*row, *("", "", "api", "select 1")[len(row) - 3 :])[:7] for row in rows]
    at = ZERO + pd.to_timedelta([r[0] for r in full], unit="s")
    cells = {name: [""] * len(full) for name in SESSION_COLUMNS}
    names = ("pid", "state", "wait_type", "blocked_by", "application", "query")
    cells |= {name: [r[i + 1] for r in full] for i, name in enumerate(names)}
    cells["backend"] = ["client backend"] * len(full)
    cells["user"] = ["u"] * len(full)
    began = ZERO - pd.Timedelta(seconds=60)
    cells |= {name: [began] * len(full) for name in SESSION_COLUMNS if name.endswith(("_start", "_change"))}
    index = pd.DatetimeIndex(at).as_unit("us").rename("time")
    frame = pd.DataFrame({n: pd.Series(v, index=index) for n, v in cells.items()}, index=index)
    frame = frame.astype({n: t for n, t in SESSION_COLUMNS.items() if "datetime" not in str(t)})
    for name in SESSION_COLUMNS:
        if name.endswith(("_start", "_change")):
            frame[name] = frame[name].dt.as_unit("us")
    return frame.iloc[np.argsort(index.asi8, kind="stable")]
