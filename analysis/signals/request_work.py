"""What a request asks of the database: statements, rows and time per request, before and after, by route."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.block_bootstrap import block_sums, change_interval, ratio_interval
from analysis.window import Window

__all__ = ["QUANTITIES", "PerRequest", "load_per_request", "per_request", "request_work"]

QUANTITIES = ("statements", "rows", "database_seconds", "pool_wait_seconds")
ALL = ""  # the route of the row that holds all routes


class PerRequest(NamedTuple):
    """`mean` of a quantity per request with `low` and `high` (95 %), over `n` requests of which it is known."""

    mean: float
    low: float
    high: float
    n: int


def _starts(requests: pd.DataFrame) -> np.ndarray:
    """Return when each request began [us]; one of unknown length when it ended."""
    end = pd.DatetimeIndex(requests.index).as_unit("us").asi8
    lasted = np.nan_to_num(requests["duration_seconds"].to_numpy(dtype="f8"), nan=0.0)
    return np.asarray(end - np.round(lasted * 1e6).astype("i8"))


def _parts(requests: pd.DataFrame, quantity: str, window: Window) -> np.ndarray:
    """Return sum and count of a quantity in each block of a window, shape (k, 2)."""
    values = requests[quantity].to_numpy(dtype="f8")
    known = np.isfinite(values)
    cells = np.stack([np.where(known, values, 0.0), known.astype(float)], axis=1)
    return block_sums(_starts(requests), cells, window)


def per_request(requests: pd.DataFrame, quantity: str, window: Window) -> PerRequest:
    """Return the mean of a quantity per request that began in a window.

    Parameters
    ----------
    requests : DataFrame
        Index `end` (UTC us), columns duration_seconds and the quantity, NaN unknown.
    quantity : str
        One of `QUANTITIES`: statements, rows, or seconds in the database or in line for a connection.
    window : Window
        (start, end]. Requests belong to when they began: slow ones would else be missing from what made them slow.

    Returns
    -------
    PerRequest
        NaN where no request tells it; the interval is by bootstrap of blocks of ten seconds. A request that failed
        before it reached the database counts, with what it did.

    Examples
    --------
    >>> index = pd.to_datetime([1, 2], unit="s", utc=True)
    >>> rows = pd.DataFrame({"duration_seconds": 0.5, "statements": [2.0, 4.0]}, index=index)
    >>> per_request(rows, "statements", Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")).mean
    3.0
    """
    parts = _parts(requests, quantity, window)
    total, n = parts.sum(axis=0).tolist() if len(parts) else (0.0, 0.0)
    return PerRequest(total / n if n else float("nan"), *ratio_interval(parts), int(n))


def request_work(requests: pd.DataFrame, baseline: Window, window: Window) -> pd.DataFrame:
    """Return what requests asked of the database before and after, all together and by route.

    Parameters
    ----------
    requests : DataFrame
        Index `end` (UTC us), columns duration_seconds, route and those of `QUANTITIES` that are known.
    baseline, window : Window
        What to compare.

    Returns
    -------
    DataFrame
        Index `route` ("" is all of them) and `quantity`. Columns `baseline`, `window` (means per request), `ratio`
        (window / baseline, infinite from zero) with `low` and `high` (95 %, NaN with fewer than four blocks of ten
        seconds in either), `baseline_requests`, `requests` (of which it is known). Quantities that no request tells are
        left out.

    Notes
    -----
    The rate of statements mixes traffic with this: with fewer requests that do more each, it may stay as it was.

    Examples
    --------
    >>> index = pd.to_datetime([1, 6], unit="s", utc=True)
    >>> rows = {"duration_seconds": 0.5, "route": "/a", "statements": [2.0, 8.0]}
    >>> first = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")
    >>> second = Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z")
    >>> request_work(pd.DataFrame(rows, index=index), first, second).loc[("/a", "statements"), "ratio"]
    np.float64(4.0)
    """
    names = requests["route"].astype(object).to_numpy()
    routes = sorted({str(name) for name in names} - {ALL})
    told = [q for q in QUANTITIES if q in requests and requests[q].notna().any()]
    keys, rows = [], []
    for route in (ALL, *routes):
        chosen = requests if route == ALL else requests[names == route]
        for quantity in told:
            keys.append((route, quantity))
            rows.append(_compared(*(_parts(chosen, quantity, w) for w in (baseline, window))))
    index = pd.MultiIndex.from_tuples(keys, names=["route", "quantity"]) if keys else None
    columns = ["baseline", "window", "ratio", "low", "high", "baseline_requests", "requests"]
    return pd.DataFrame(rows, index=index, columns=columns, dtype="f8")


def _compared(before: np.ndarray, after: np.ndarray) -> tuple[float, ...]:
    (top0, n0), (top1, n1) = (part.sum(axis=0).tolist() for part in (before, after))
    mean0, mean1 = (top / n if n else float("nan") for top, n in ((top0, n0), (top1, n1)))
    ratio = mean1 / mean0 if mean0 > 0 else (float("inf") if mean1 > 0 else float("nan"))
    return mean0, mean1, ratio, *change_interval(before, after), n0, n1


def load_per_request(load_sessions: float, requests_per_second: float) -> float:
    """Return database time per request from a load, of whatever source, and a rate of requests [s].

    Parameters
    ----------
    load_sessions : float
        Average active sessions of the service.
    requests_per_second : float
        Its requests.

    Returns
    -------
    float
        AAS / RPS, Little's law; NaN without requests. It charges the load of all who share the database to the requests
        unless the load is the service's own.

    Examples
    --------
    >>> load_per_request(1.5, 50.0)
    0.03
    """
    return load_sessions / requests_per_second if requests_per_second > 0 else float("nan")
