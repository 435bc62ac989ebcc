"""The same statement many times, told without request ids: by calls per request of a route, or by runs in a session."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.rate_change import RateChange, rate_change
from analysis.signals.repeats import MANY, Score, score
from analysis.window import Window

__all__ = ["GAP_SECONDS", "RouteCalls", "calls_by_route", "route_of_calls", "run_change", "runs"]

GAP_SECONDS = 0.05  # a client that waits longer between two statements has done something else
STEP_SECONDS = 1.0
CALL_STEP_SECONDS = 10.0  # of the test: events of a step are alike
LEAST_STEPS = 20


class RouteCalls(NamedTuple):
    """Calls of a statement per request of a route: `per_request` +- `error` by regression, all routes at once.

    `route` is the one whose requests explain most of the calls; `explained_ratio` is R^2 over the steps; `n` steps.
    """

    route: str
    per_request: float
    error: float
    explained_ratio: float
    n: int


def _counts(times_us: np.ndarray, window: Window, step_seconds: float) -> np.ndarray:
    steps = int(window.duration_seconds // step_seconds)
    place = (times_us - window.start_us - 1) // int(step_seconds * 1e6)
    inside = (times_us > window.start_us) & (place < steps)
    return np.bincount(place[inside], minlength=steps).astype(float)


def _times(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(pd.DatetimeIndex(frame.index).as_unit("us").asi8)


def calls_by_route(
    statements: pd.DataFrame, requests: pd.DataFrame, baseline: Window, window: Window
) -> dict[tuple[str, str], RateChange]:
    """Return the calls of each statement per request of its route, before and after, where the log knows routes.

    Parameters
    ----------
    statements : DataFrame
        Of the log: index `end` (UTC us), columns route, fingerprint; those without a route do not count.
    requests : DataFrame
        Index `end` (UTC us), column route; counters of requests serve as well, one row a request.
    baseline, window : Window
        What to compare.

    Returns
    -------
    dict
        (route, fingerprint) -> `RateChange` of calls per request; p by Poisson counts with their dispersion. A mean:
        few requests with very many calls and many with some look alike, unlike in `repeats.repeats`.

    Examples
    --------
    >>> index = pd.to_datetime(np.r_[np.arange(60), np.repeat(np.arange(60, 120), 12)], unit="s", utc=True)
    >>> table = pd.DataFrame({"route": "/a", "fingerprint": "f"}, index=index)
    >>> asked = pd.DataFrame({"route": "/a"}, index=pd.to_datetime(np.arange(120), unit="s", utc=True))
    >>> held = [Window(f"1970-01-01T00:0{m}:00Z", f"1970-01-01T00:0{m + 1}:00Z") for m in (0, 1)]
    >>> found = calls_by_route(table, asked, *held)[("/a", "f")]
    >>> round(found.baseline, 2), round(found.window, 2), found.p < 1e-6
    (1.18, 12.0, True)
    """
    route, name = (statements[c].astype(object).to_numpy() for c in ("route", "fingerprint"))
    asked = requests["route"].astype(object).to_numpy()
    ends, arrived = _times(statements), _times(requests)
    keys = pd.MultiIndex.from_arrays([route, name])
    found = {}
    for key, rows in pd.Series(np.arange(len(keys))).groupby([route, name], sort=True):
        pair = (str(key[0]), str(key[1]))
        if not pair[0]:
            continue
        own = asked == pair[0]
        parts = [
            np.column_stack([_counts(t, w, CALL_STEP_SECONDS) for t in (ends[rows.to_numpy()], arrived[own])])
            for w in (baseline, window)
        ]
        found[pair] = rate_change(*parts)
    return found


def route_of_calls(calls_us: np.ndarray, requests: pd.DataFrame, window: Window) -> RouteCalls:
    """Return which route's requests go with the calls of a statement, where neither ids nor routes are logged.

    Parameters
    ----------
    calls_us : ndarray of int64, shape (n,)
        When the statement was called [us].
    requests : DataFrame
        Index `end` (UTC us), column route.
    window : Window
        Cut into seconds.

    Returns
    -------
    RouteCalls
        Route "" and NaN with fewer than 20 seconds, without calls, or where no route's part is twice its error.

    Notes
    -----
    Calls per second = sum over routes of calls per request x requests per second, by least squares with
    coefficients >= 0 (Lawson and Hanson 1974); errors from the ordinary fit of the same steps. Routes whose rates move
    together cannot be told apart: their errors are large then.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> at = {name: rng.integers(1, 100_000_000, 800) for name in ("/a", "/b")}
    >>> index = pd.to_datetime(np.concatenate(list(at.values())), unit="us", utc=True)
    >>> asked = pd.DataFrame({"route": np.repeat(list(at), 800)}, index=index).sort_index()
    >>> held = Window("1970-01-01T00:00:00Z", "1970-01-01T00:01:40Z")
    >>> found = route_of_calls(np.repeat(at["/b"], 20), asked, held)
    >>> found.route, round(found.per_request, 6)
    ('/b', 20.0)
    """
    from scipy.optimize import nnls  # imported late: half a CPU second that a notebook need not pay

    nan = float("nan")
    calls = _counts(calls_us, window, STEP_SECONDS)
    names = requests["route"].astype(object).to_numpy()
    routes = sorted({str(n) for n in names})
    at = _times(requests)
    rates = np.column_stack([_counts(at[names == r], window, STEP_SECONDS) for r in routes] or [np.zeros(len(calls))])
    none = RouteCalls("", nan, nan, nan, len(calls))
    freedom = len(calls) - rates.shape[1]
    if len(calls) < LEAST_STEPS or freedom < 1 or not calls.any() or not rates.any():
        return none
    part, left = nnls(rates, calls)
    spread = np.linalg.pinv(rates.T @ rates) * left**2 / freedom
    error = np.sqrt(np.diag(spread))
    share = np.where(part > 2 * error, part * rates.sum(axis=0), 0.0)
    if not share.any():
        return none
    best = int(np.argmax(share))
    total = float(((calls - calls.mean()) ** 2).sum())
    fit = 1 - left**2 / total if total > 0 else nan
    return RouteCalls(routes[best], float(part[best]), float(error[best]), fit, len(calls))


def runs(statements: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the runs of one statement in one session: calls that follow each other within 50 ms.

    Parameters
    ----------
    statements : DataFrame
        Of the log: index `end` (UTC us), columns duration_seconds, fingerprint, session, in the order of the log.
    window : Window
        Statements that end in (start, end].

    Returns
    -------
    DataFrame
        One row per run: index `end` of its last call; columns `session`, `fingerprint`, `calls`, `start` [us].

    Notes
    -----
    Lines are stamped at the end, so the gap is from the end of one to the start (end - duration) of the next. Another
    statement between them ends a run, as it does where one connection serves request after request.

    Examples
    --------
    >>> rows = {"duration_seconds": 0.001, "fingerprint": ["f", "f", "f", "g"], "session": "s"}
    >>> at = pd.to_datetime([1_000, 1_020, 3_000, 3_010], unit="ms", utc=True)
    >>> held = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")
    >>> runs(pd.DataFrame(rows, index=at), held)["calls"].tolist()
    [2, 1, 1]
    """
    inside = statements[window.holds(pd.DatetimeIndex(statements.index))]
    end = _times(inside)
    start = end - np.round(np.nan_to_num(inside["duration_seconds"].to_numpy(dtype="f8"), nan=0.0) * 1e6).astype("i8")
    session, sessions = pd.factorize(inside["session"].astype(object))
    name, names = pd.factorize(inside["fingerprint"].astype(object))
    order = np.lexsort((np.arange(len(end)), end, session))
    session, name, start, end = session[order], name[order], start[order], end[order]
    joined = np.zeros(len(end), dtype=bool)
    joined[1:] = (session[1:] == session[:-1]) & (name[1:] == name[:-1])
    joined[1:] &= start[1:] - end[:-1] < int(GAP_SECONDS * 1e6)
    first = np.flatnonzero(~joined)
    last = np.append(first[1:], len(end)) - 1 if len(first) else first
    frame = pd.DataFrame(
        {
            "session": np.asarray(sessions, dtype=object)[session[first]] if len(first) else [],
            "fingerprint": np.asarray(names, dtype=object)[name[first]] if len(first) else [],
            "calls": last - first + 1,
            "start": start[first],
        },
        index=pd.DatetimeIndex(pd.to_datetime(end[last], unit="us", utc=True)).as_unit("us").rename("end"),
    )
    return frame.sort_index(kind="stable")


def run_change(statements: pd.DataFrame, baseline: Window, window: Window) -> pd.DataFrame:
    """Return which statements run in longer runs than before.

    Parameters
    ----------
    statements : DataFrame
        As for `runs`.
    baseline, window : Window
        What to compare.

    Returns
    -------
    DataFrame
        Index `fingerprint`, longest runs first. Columns of `repeats.Score` over the runs, `baseline_median` (NaN where
        it did not run) and `amplified`: the median run is at least 10 calls long, surely longer than before.

    Examples
    --------
    >>> rows = {"duration_seconds": 0.001, "fingerprint": "f", "session": "s"}
    >>> at = pd.to_datetime([1_000, 6_000, 6_002, 6_004], unit="ms", utc=True)
    >>> first = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")
    >>> second = Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z")
    >>> run_change(pd.DataFrame(rows, index=at), first, second)[["baseline_median", "median"]].iloc[0].tolist()
    [1.0, 3.0]
    """
    before, after = (runs(statements, w).groupby("fingerprint")["calls"] for w in (baseline, window))
    found = {str(name): score(part.to_numpy()) for name, part in after}
    index = pd.Index(list(found), name="fingerprint", dtype=object)
    frame = pd.DataFrame(list(found.values()), index=index, columns=list(Score._fields))
    frame["baseline_median"] = before.median().reindex(index).to_numpy(dtype="f8")
    usual = frame["baseline_median"].fillna(0.0)
    frame["amplified"] = (frame["median"] >= MANY) & (frame["low"] > usual)
    return frame.sort_values(["median", "most"], ascending=False, kind="stable")
