"""Average active sessions from Performance Insights, on the grid and in the form of those from samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["best_request", "insights_aas_sessions"]


def best_request(load: pd.DataFrame, *, metric: str = "db.load.avg", group: str = "db.wait_event") -> int:
    """Return which of several requests of a metric by a group to use; -1 if there is none.

    The finest period; of those the one with the most load, since what a Filter left out is not said in an answer.

    Parameters
    ----------
    load : DataFrame
        `PerformanceInsights.load`.
    metric, group : str
        What to look for.

    Examples
    --------
    >>> rows = {"request": [0, 1], "metric": ["db.load.avg"] * 2, "group": ["db.wait_event"] * 2,
    ...         "period_seconds": [60.0, 1.0], "value": [5.0, 1.0], "is_total": [True, True]}
    >>> best_request(pd.DataFrame(rows))
    1
    """
    fitting = load[(load["metric"] == metric) & (load["group"] == group)]
    if not len(fitting):
        return -1
    weights = fitting["value"].where(fitting["is_total"], 0.0) * fitting["period_seconds"]
    totals = weights.groupby(fitting["request"]).sum()
    finest = fitting.groupby("request")["period_seconds"].min()
    order = pd.DataFrame({"period": finest, "less": -totals}).sort_values(["period", "less"], kind="stable")
    return int(order.index[0])


def insights_aas_sessions(load: pd.DataFrame, edges: np.ndarray, *, request: int, by: str = "type") -> pd.DataFrame:
    """Return average active sessions per grid step, by label: the mean of the values over the time they describe.

    Parameters
    ----------
    load : DataFrame
        `PerformanceInsights.load`.
    edges : ndarray of int64, shape (m + 1,)
        Ascending [us].
    request : int
        Which request, from `best_request`.
    by : str
        Column whose values are the labels: "type" (of the wait, as `database.wait_classes` names them), "label".

    Returns
    -------
    DataFrame, shape (m, number of labels)
        Index: right edges (UTC us); columns: labels, the largest first [sessions], "(other)" where the keys are not
        all. NaN where no value of the label describes a part of the step; a part that is described stands for all.

    Examples
    --------
    >>> index = pd.to_datetime([1, 2, 2], unit="s", utc=True)
    >>> rows = {"request": 0, "type": ["CPU", "CPU", ""], "value": [1.0, 2.0, 9.0], "period_seconds": 1.0,
    ...         "is_total": [False, False, True]}
    >>> found = insights_aas_sessions(pd.DataFrame(rows, index=index), np.array([0, 2, 4]) * 1_000_000, request=0)
    >>> found["CPU"].tolist()
    [1.5, nan]
    """
    chosen = load[(load["request"] == request) & ~load["is_total"].astype(bool)]
    index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us").rename("time")
    chosen = chosen.assign(unknown=chosen["value"].isna())
    summed = chosen.groupby([chosen.index, by], sort=True).agg(
        value=("value", "sum"), period_seconds=("period_seconds", "first"), unknown=("unknown", "any")
    )
    known = summed[~summed["unknown"]]
    found = {
        str(label): _per_step(rows.reset_index(level=by, drop=True), edges) for label, rows in known.groupby(level=by)
    }
    frame = pd.DataFrame(found, index=index, columns=pd.Index(list(found), dtype=object))
    return frame[frame.sum().sort_values(ascending=False, kind="stable").index]


def _per_step(rows: pd.DataFrame, edges: np.ndarray) -> np.ndarray:
    """Return the time-weighted mean of values per step; each describes its period until its stamp."""
    known = rows[rows["period_seconds"] > 0]
    if not len(known):
        return np.full(len(edges) - 1, np.nan)
    ends = pd.DatetimeIndex(known.index).as_unit("us").asi8
    starts = ends - np.round(known["period_seconds"].to_numpy() * 1e6).astype("i8")
    places = np.column_stack([np.maximum(starts, np.concatenate([starts[:1], ends[:-1]])), ends]).ravel()
    lasts = np.diff(places)[::2]
    covered = np.column_stack([np.concatenate([[0], np.cumsum(lasts)[:-1]]), np.cumsum(lasts)]).ravel()
    areas = lasts * known["value"].to_numpy()
    sums = np.column_stack([np.concatenate([[0.0], np.cumsum(areas)[:-1]]), np.cumsum(areas)]).ravel()
    time = np.diff(np.interp(edges, places, covered))
    load = np.diff(np.interp(edges, places, sums))
    found: np.ndarray = np.divide(load, time, out=np.full(len(time), np.nan), where=time > 0)
    return found
