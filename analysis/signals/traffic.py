"""The load: requests that *arrived* per step. Completions burst where requests were held, arrivals do not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["Mix", "arrival_times", "arrivals_per_second", "route_mix"]


class Mix(NamedTuple):
    """Shares of each route in two spans, and the part of the requests that changed route: 0 none, 1 all."""

    before: dict[str, float]
    after: dict[str, float]
    moved_ratio: float


def arrival_times(requests: pd.DataFrame) -> np.ndarray:
    """Return when each request began [us], sorted: its end less its duration, its end where that is unknown.

    Parameters
    ----------
    requests : DataFrame
        Index end, column duration_seconds.

    Examples
    --------
    >>> end = pd.DatetimeIndex(["1970-01-01T00:00:10Z"]).as_unit("us")
    >>> arrival_times(pd.DataFrame({"duration_seconds": [4.0]}, index=end)).tolist()
    [6000000]
    """
    end = pd.DatetimeIndex(requests.index).as_unit("us").asi8
    lasted = np.nan_to_num(requests["duration_seconds"].to_numpy(dtype="f8"), nan=0.0, posinf=0.0, neginf=0.0)
    return np.sort(end - np.round(lasted * 1e6).astype("i8"))


def arrivals_per_second(requests: pd.DataFrame, edges: np.ndarray) -> np.ndarray:
    """Return the arrivals per second of each step.

    Parameters
    ----------
    requests : DataFrame
        Index end, column duration_seconds.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].

    Returns
    -------
    ndarray, shape (n,)
        Requests per second; NaN in steps that reach before the first arrival or, where requests still under way are
        not in the log yet, beyond the last one.

    Examples
    --------
    >>> end = pd.to_datetime([1, 2, 3, 9], unit="s", utc=True).as_unit("us")
    >>> table = pd.DataFrame({"duration_seconds": 0.5}, index=end)
    >>> arrivals_per_second(table, np.array([1, 5, 9]) * 1_000_000).tolist()
    [0.5, nan]
    """
    times = arrival_times(requests)
    if len(edges) < 2:
        return np.zeros(0)
    if not len(times):
        return np.full(len(edges) - 1, np.nan)
    count = np.diff(np.searchsorted(times, edges, side="right"))
    inside = (edges[1:] > times[0]) & (edges[1:] <= times[-1])
    inside[1:] &= edges[1:-1] >= times[0]
    return np.where(inside, count / (np.diff(edges) / 1e6), np.nan)


def route_mix(requests: pd.DataFrame, before: np.ndarray, after: np.ndarray) -> Mix:
    """Return which routes were asked for in two sets of requests.

    Parameters
    ----------
    requests : DataFrame
        Column route.
    before, after : ndarray of bool, shape (m,)
        The requests of each.

    Returns
    -------
    Mix
        `moved_ratio` is half the sum of absolute differences; NaN where a set is empty.

    Examples
    --------
    >>> table = pd.DataFrame({"route": ["/a", "/a", "/a", "/b"]})
    >>> route_mix(table, np.array([1, 1, 0, 0], bool), np.array([0, 0, 1, 1], bool)).moved_ratio
    0.5
    """
    shares = [requests["route"][held].value_counts(normalize=True) for held in (before, after)]
    routes = sorted({str(route) for share in shares for route in share.index})
    first, second = ({route: float(share.get(route, 0.0)) for route in routes} for share in shares)
    moved = sum(abs(first[r] - second[r]) for r in routes) / 2 if before.any() and after.any() else float("nan")
    return Mix(first, second, moved)
