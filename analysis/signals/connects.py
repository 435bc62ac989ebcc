"""Attempts to connect: accepted, refused, by whom; a storm of them against the baseline; room below the limit."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.block_bootstrap import BLOCK_SECONDS, block_sums
from analysis.signals.database import FOREGROUND, counts, sampling
from analysis.signals.rate_change import RateChange, rate_change
from analysis.window import Window

__all__ = [
    "ACCEPTED", "FAILED", "OUTCOMES", "REFUSED", "Headroom", "Storm", "attempts", "connects_per_step", "headroom",
    "storm",
]  # fmt: skip

ACCEPTED, REFUSED, FAILED = "accepted", "refused", "failed"
OUTCOMES = (ACCEPTED, REFUSED, FAILED)
RANK = {"received": 0, "authorized": 1, "failed": 2, "refused": 3}
STORM_FACTOR = 5.0  # so many times the baseline's attempts are a storm


def attempts(connections: pd.DataFrame) -> pd.DataFrame:
    """Return the attempts to connect that a server logged, one row each, with what became of them.

    Parameters
    ----------
    connections : DataFrame
        Of the log: index `time` (UTC us, sorted), columns result (received, authorized, refused, failed,
        disconnected), user, application, client, pid.

    Returns
    -------
    DataFrame
        Index `time`: the first line of the attempt. Columns `result` ("accepted", "refused", "failed"), `user`,
        `application`, `client`: those of the last line that tells them, the application that of the session's end where
        only that names it. A connection received of which no more is known is "failed": its client went away, or the
        log ends.

    Notes
    -----
    Lines of one process belong together until its session ends, or a line comes again. An authorized connection is not
    accepted yet: the server looks for a free slot afterwards, and refuses then.

    Examples
    --------
    >>> rows = {"result": ["received", "authorized", "refused"], "user": ["", "u", "u"], "application": "",
    ...         "client": ["::1", "", ""], "pid": 7}
    >>> found = attempts(pd.DataFrame(rows, index=pd.to_datetime([1, 1, 1], unit="s", utc=True)))
    >>> found["result"].tolist(), found["user"].tolist(), found["client"].tolist()
    (['refused'], ['u'], ['::1'])
    """
    result = connections["result"].astype(object).to_numpy()
    pid = connections["pid"].to_numpy(dtype="i8")
    at = pd.DatetimeIndex(connections.index).as_unit("us").asi8
    who = {name: connections[name].astype(object).to_numpy() for name in ("user", "application", "client")}
    rows: list[dict[str, object]] = []
    open_row: dict[int, dict[str, object]] = {}
    for i, (process, what) in enumerate(zip(pid.tolist(), result.tolist(), strict=True)):
        row = open_row.get(process) if process >= 0 else None
        if what == "disconnected":
            _fill(row or {}, who, i)
            open_row.pop(process, None)
            continue
        rank = RANK.get(str(what))
        if rank is None:
            continue
        if row is None or rank <= int(str(row["rank"])):
            row = {"time": at[i], "user": "", "application": "", "client": ""}
            rows.append(row)
            open_row[process] = row
        row["rank"] = rank
        _fill(row, who, i)
    named = {0: FAILED, 1: ACCEPTED, 2: FAILED, 3: REFUSED}
    columns: dict[str, list[Any]] = {"result": [named[int(str(row["rank"]))] for row in rows]}
    columns |= {name: [row[name] for row in rows] for name in who}
    times = np.array([row["time"] for row in rows], dtype="i8")
    index = pd.DatetimeIndex(pd.to_datetime(times, unit="us", utc=True)).as_unit("us").rename("time")
    return pd.DataFrame({name: pd.Series(cells, index=index, dtype="str") for name, cells in columns.items()})


def _fill(row: dict[str, object], who: dict[str, np.ndarray], i: int) -> None:
    for name, cells in who.items():
        if str(cells[i]) not in ("", "[unknown]", "nan"):
            row[name] = str(cells[i])


def connects_per_step(tried: pd.DataFrame, edges: np.ndarray, by: str = "result") -> pd.DataFrame:
    """Return attempts per second in each step of a grid, by result, application, user or client.

    Parameters
    ----------
    tried : DataFrame
        From `attempts`, or a client's own record in that form: index `time` (UTC us), column `result` and the like.
    edges : ndarray of int64, shape (m + 1,)
        Ascending [us].
    by : str
        Column to tell apart.

    Returns
    -------
    DataFrame, shape (m, number of labels)
        Index: right edges; columns sorted by label; by result always accepted, refused, failed [1/s].

    Examples
    --------
    >>> tried = pd.DataFrame({"result": ["accepted", "refused"]}, index=pd.to_datetime([1, 2], unit="s", utc=True))
    >>> connects_per_step(tried, np.array([0, 2]) * 1_000_000).iloc[0].tolist()
    [0.5, 0.5, 0.0]
    """
    labels = tried[by].astype(object).to_numpy()
    names = OUTCOMES if by == "result" else tuple(sorted({str(name) for name in labels}))
    step = np.searchsorted(edges, pd.DatetimeIndex(tried.index).as_unit("us").asi8, side="left") - 1
    inside = (step >= 0) & (step < len(edges) - 1)
    length = np.diff(edges) / 1e6
    found = {name: np.bincount(step[inside & (labels == name)], minlength=len(length)) / length for name in names}
    index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us").rename("time")
    return pd.DataFrame(found, index=index, columns=pd.Index(names, dtype=object))


class Storm(NamedTuple):
    """Attempts to connect in a window against the baseline.

    `change` is of attempts per second; `attempts`, `accepted`, `refused`, `failed` are counts in the window;
    `refused_ratio` of the attempts; `storms`: more than five times the baseline's rate, and surely more than it
    (the interval's lower end above one).
    """

    change: RateChange
    attempts: int
    accepted: int
    refused: int
    failed: int
    refused_ratio: float
    storms: bool


def storm(tried: pd.DataFrame, baseline: Window, window: Window) -> Storm:
    """Compare the attempts to connect in a window with those of the baseline.

    Parameters
    ----------
    tried : DataFrame
        From `attempts`, as of one application; the log must have covered both windows and logged connections.
    baseline, window : Window
        What to compare.

    Examples
    --------
    >>> at = pd.to_datetime(np.r_[5, np.arange(60, 90, 0.5)], unit="s", utc=True)
    >>> held = [Window(f"1970-01-01T00:0{m}:00Z", f"1970-01-01T00:0{m + 1}:00Z") for m in (0, 1)]
    >>> found = storm(pd.DataFrame({"result": "accepted"}, index=at), *held)
    >>> found.attempts, found.storms
    (59, True)
    """
    at = pd.DatetimeIndex(tried.index).as_unit("us").asi8
    parts = []
    for held in (baseline, window):
        events = block_sums(at, np.ones((len(at), 1)), held)
        start = np.arange(len(events)) * BLOCK_SECONDS
        parts.append(np.column_stack([events, np.minimum(BLOCK_SECONDS, held.duration_seconds - start)]))
    change = rate_change(*parts)
    result = tried["result"].astype(object).to_numpy()[window.holds(pd.DatetimeIndex(tried.index))]
    accepted, refused, failed = (int(np.count_nonzero(result == name)) for name in OUTCOMES)
    share = refused / len(result) if len(result) else float("nan")
    storms = bool(change.ratio > STORM_FACTOR and change.low > 1)
    return Storm(change, len(result), accepted, refused, failed, share, storms)


class Headroom(NamedTuple):
    """Sessions that clients held: `mean` and `peak` of the samples, the `limit`, `free` = limit - peak, `n` samples."""

    mean: float
    peak: float
    limit: float
    free: float
    n: int


def headroom(sessions: pd.DataFrame, window: Window, limit: float) -> Headroom:
    """Return how many sessions clients held in a window, and how many more the server would have taken.

    Parameters
    ----------
    sessions : DataFrame
        From `read_sessions`, idle ones included.
    window : Window
        Samples in (start, end] are read.
    limit : float
        max_connections; slots reserved for administrators are in it. NaN unknown.

    Returns
    -------
    Headroom
        NaN without a sample. Between two samples more may have been held, and some slots are reserved: refusals begin
        before none is free.

    Examples
    --------
    >>> rows = pd.DataFrame({"backend": ["client backend"] * 3}, index=pd.to_datetime([1, 1, 2], unit="s", utc=True))
    >>> headroom(rows, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z"), 10.0)
    Headroom(mean=1.5, peak=2.0, limit=10.0, free=8.0, n=2)
    """
    taken = sampling(sessions).instants
    held = counts(sessions, sessions["backend"].isin(FOREGROUND[:1]).to_numpy(), taken)
    inside = held[(taken > window.start_us) & (taken <= window.end_us)]
    if not len(inside):
        return Headroom(float("nan"), float("nan"), limit, float("nan"), 0)
    peak = float(inside.max())
    return Headroom(float(inside.mean()), peak, limit, limit - peak, len(inside))
