"""What a database did between two snapshots of its counters, and in a window; resets seen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.window import Window

__all__ = ["counter_increments", "counter_load", "counters_in", "per_second"]

NO_COUNTERS = ("database", "backends", "stats_reset")
NOT_DOUBT = ("conflicts",)  # a standby may count these down


def counter_increments(counters: pd.DataFrame) -> pd.DataFrame:
    """Return by how much the counters of each database rose between its snapshots.

    Parameters
    ----------
    counters : DataFrame
        From `read_database_counters`: index `time`, columns database, backends, stats_reset and counters.

    Returns
    -------
    DataFrame
        Index `time`: the later snapshot; columns `start` (the earlier one of the same database) [us], `database`,
        `backends` (at the later one), `reset` (bool) and the increase of each counter, NaN where either is unknown.
        The first snapshot of a database has no row: what it held was counted before.

    Notes
    -----
    Where any counter fell, or the time of the reset changed, all began again at zero: the later values are what rose
    since. That one counter grew past its old value meanwhile must not hide a reset of the others.

    Examples
    --------
    >>> rows = {"database": "shop", "backends": 1.0, "stats_reset": pd.NaT, "commits": [5.0, 9.0, 2.0]}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([0, 10, 20], unit="s", utc=True))
    >>> counter_increments(table)["commits"].tolist()
    [4.0, 2.0]
    """
    names = [name for name in counters.columns if name not in NO_COUNTERS]
    at = pd.DatetimeIndex(counters.index).as_unit("us").asi8
    code = pd.factorize(counters["database"].astype(object), sort=True)[0]
    order = np.lexsort((at, code))
    later = np.flatnonzero(np.diff(code[order]) == 0) + 1 if len(order) > 1 else np.zeros(0, "i8")
    now, was = order[later], order[later - 1]
    values = counters[names].to_numpy(dtype="f8")
    rise = values[now] - values[was]
    told = [i for i, name in enumerate(names) if name not in NOT_DOUBT]
    fell = (rise[:, told] < -1e-9 * np.abs(values[was][:, told])).any(axis=1)
    since = pd.DatetimeIndex(counters["stats_reset"]).asi8
    reset = np.asarray(fell | (since[now] != since[was]))
    rise = np.maximum(np.where(reset[:, None], values[now], rise), 0.0)
    frame = pd.DataFrame(
        {
            "start": at[was],
            "database": counters["database"].to_numpy()[now],
            "backends": counters["backends"].to_numpy(dtype="f8")[now],
            "reset": reset,
            **{name: rise[:, i] for i, name in enumerate(names)},
        },
        index=pd.DatetimeIndex(pd.to_datetime(at[now], unit="us", utc=True)).as_unit("us").rename("time"),
    )
    return frame.sort_index(kind="stable")


def counters_in(increments: pd.DataFrame, window: Window) -> pd.Series:
    """Return by how much each counter rose in a window, of all databases together.

    Parameters
    ----------
    increments : DataFrame
        From `counter_increments`; choose a database before.
    window : Window
        From the snapshot nearest to its start to that nearest to its end: a stretch of which half lies inside counts
        whole, another not at all. (Sharing it out by time would bring what happened beyond the edge inside.)

    Returns
    -------
    Series
        Index: names of counters, `seconds` (how long the stretches of one database last together, on average over the
        databases) and `n` (how many stretches count). NaN where a counter is unknown in any, and without a stretch.

    Examples
    --------
    >>> rows = {"database": "shop", "backends": 1.0, "stats_reset": pd.NaT, "commits": [0.0, 10.0, 30.0]}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([0, 10, 20], unit="s", utc=True))
    >>> held = Window("1970-01-01T00:00:09Z", "1970-01-01T00:00:20Z")
    >>> counters_in(counter_increments(table), held)[["commits", "seconds", "n"]].tolist()
    [20.0, 10.0, 1.0]
    """
    names = [name for name in increments.columns if name not in ("start", "reset", *NO_COUNTERS)]
    start = increments["start"].to_numpy(dtype="i8")
    end = pd.DatetimeIndex(increments.index).as_unit("us").asi8
    overlap = np.maximum(np.minimum(end, window.end_us) - np.maximum(start, window.start_us), 0)
    held = (2 * overlap >= end - start) & (overlap > 0)
    if not held.any():
        return _with(pd.Series(np.nan, index=names, dtype="f8"), 0.0, 0)
    rise = increments[names].to_numpy(dtype="f8")[held].sum(axis=0)
    databases = increments["database"].astype(object)[held].nunique()
    seconds = float((end - start)[held].sum()) / 1e6 / databases
    return _with(pd.Series(rise, index=names, dtype="f8"), seconds, int(held.sum()))


def _with(rise: pd.Series, seconds: float, n: int) -> pd.Series:
    found: pd.Series = pd.concat([rise, pd.Series({"seconds": seconds, "n": float(n)})])
    return found


def per_second(increments: pd.DataFrame, window: Window) -> pd.Series:
    """Return the rate of each counter in a window, of all databases together [1/s].

    Parameters
    ----------
    increments, window
        As for `counters_in`.

    Examples
    --------
    >>> rows = {"database": "shop", "backends": 1.0, "stats_reset": pd.NaT, "sessions": [0.0, 290.0]}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([0, 10], unit="s", utc=True))
    >>> found = per_second(counter_increments(table), Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"))
    >>> float(found["sessions"])
    29.0
    """
    found = counters_in(increments, window)
    seconds = float(found["seconds"])
    counted = found.drop(["seconds", "n"])
    return pd.Series(counted.to_numpy(dtype="f8") / (seconds if seconds > 0 else np.nan), index=counted.index)


def counter_load(increments: pd.DataFrame, window: Window) -> float:
    """Return average active sessions from the time that the server counted: rise of active_seconds / covered time.

    Parameters
    ----------
    increments, window
        As for `counters_in`.

    Returns
    -------
    float
        NaN where it is not recorded. An exact integral, but credited when statements end: near an edge it is late.

    Examples
    --------
    >>> rows = {"database": "shop", "backends": 1.0, "stats_reset": pd.NaT, "active_seconds": [0.0, 20.0]}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([0, 10], unit="s", utc=True))
    >>> counter_load(counter_increments(table), Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"))
    2.0
    """
    return float(per_second(increments, window).get("active_seconds", np.nan))
