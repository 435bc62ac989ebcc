"""The same statement many times in one request (N+1): told by request ids, where the log has them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.window import Window

__all__ = ["MANY", "Score", "repeat_change", "repeats", "score"]

MANY = 10  # so often in one request is many


class Score(NamedTuple):
    """Of numbers: `median` with `low` and `high` (95 % or a little more), `most`, `many_ratio` (share >= 10), `n`."""

    median: float
    low: float
    high: float
    most: float
    many_ratio: float
    n: int


def score(times: np.ndarray) -> Score:
    """Return the score of repetition from how often each request ran a statement.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Calls in each request that ran it at all, >= 1.

    Returns
    -------
    Score
        NaN without a request; the interval, from order statistics, is NaN for fewer than six.

    Notes
    -----
    The j-th smallest and the j-th largest of n values hold the median with probability 1 - 2 P(Binomial(n, 1/2) < j)
    (David and Nagaraja 2003, 7.1).

    Examples
    --------
    >>> score(np.array([1.0] * 5 + [20.0] * 5)).median
    10.5
    """
    from scipy.special import bdtrik  # imported late: half a CPU second that a notebook need not pay

    n, nan = len(times), float("nan")
    if not n:
        return Score(nan, nan, nan, nan, nan, 0)
    ordered = np.sort(times.astype(float))
    j = 0 if n < 6 else int(np.floor(bdtrik(0.025, n, 0.5)))  # the largest j with P(X <= j - 1) <= 0.025
    while j > 0 and _below(j, n) > 0.025:
        j -= 1
    while _below(j + 1, n) <= 0.025 and j + 1 <= n // 2:
        j += 1
    low, high = (float(ordered[j - 1]), float(ordered[n - j])) if j else (nan, nan)
    return Score(float(np.median(ordered)), low, high, float(ordered[-1]), float(np.mean(ordered >= MANY)), n)


def _below(j: int, n: int) -> float:
    """Return P(Binomial(n, 1/2) < j)."""
    from scipy.special import bdtr

    return float(bdtr(j - 1, n, 0.5)) if j > 0 else 0.0


def repeats(statements: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return how often requests of a route ran the same statement.

    Parameters
    ----------
    statements : DataFrame
        Of the log: index `end` (UTC us), columns route, request_id, fingerprint; without a request id none counts.
    window : Window
        Requests count whose first statement ended in (start, end]; all their statements do.

    Returns
    -------
    DataFrame
        Index `route`, `fingerprint`, most repeated first. Columns of `Score`: `median` (the score: p50 of calls over
        the requests that ran it), `low`, `high`, `most`, `many_ratio`, `n` (requests).

    Examples
    --------
    >>> rows = {"route": "/a", "request_id": ["r1", "r1", "r2"], "fingerprint": "f"}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([1, 2, 3], unit="s", utc=True))
    >>> found = repeats(table, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z"))
    >>> found.loc[("/a", "f"), ["median", "most"]].tolist()
    [1.5, 2.0]
    """
    rows = _known(statements)
    if len(rows):
        first = rows.groupby("request_id", sort=False)["end"].transform("min")
        rows = rows[(first > window.start_us) & (first <= window.end_us)]
    times = rows.groupby(["route", "fingerprint", "request_id"], sort=True).size()
    found: dict[Any, Score] = {
        key: score(part.to_numpy()) for key, part in times.groupby(level=["route", "fingerprint"], sort=True)
    }
    index = pd.MultiIndex.from_tuples(list(found), names=["route", "fingerprint"]) if found else None
    frame = pd.DataFrame(list(found.values()), index=index, columns=list(Score._fields))
    return frame.sort_values(["median", "most"], ascending=False, kind="stable")


def _known(statements: pd.DataFrame) -> pd.DataFrame:
    """Return route, fingerprint, request id and end [us] of the statements whose request is known."""
    ids = statements["request_id"].astype(object).to_numpy()
    known = ids != ""
    columns = {name: statements[name].astype(object).to_numpy()[known] for name in ("route", "fingerprint")}
    end = pd.DatetimeIndex(statements.index).as_unit("us").asi8[known]
    return pd.DataFrame(columns | {"request_id": ids[known], "end": end})


def repeat_change(statements: pd.DataFrame, baseline: Window, window: Window) -> pd.DataFrame:
    """Return which routes repeat a statement more often than before.

    Parameters
    ----------
    statements : DataFrame
        As for `repeats`.
    baseline, window : Window
        What to compare.

    Returns
    -------
    DataFrame
        As `repeats` of the window, with `baseline_median`, `baseline_n` (0 and NaN where no request ran it then) and
        `amplified`: the score is at least 10, all its interval above the baseline's score, where there is one. Its cost
        is (n - 1) round trips of a request: time on the network, which the server's durations do not hold.

    Examples
    --------
    >>> rows = {"route": "/a", "request_id": ["r1"] + ["r2"] * 12, "fingerprint": "f"}
    >>> table = pd.DataFrame(rows, index=pd.to_datetime([1] + [6] * 12, unit="s", utc=True))
    >>> first = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")
    >>> found = repeat_change(table, first, Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z"))
    >>> found[["baseline_median", "median"]].iloc[0].tolist(), bool(found["amplified"].iloc[0])
    ([1.0, 12.0], False)
    """
    found, before = repeats(statements, window), repeats(statements, baseline)
    matched = before.reindex(found.index) if len(found) and len(before) else pd.DataFrame(index=found.index)
    usual = matched["median"] if "median" in matched else pd.Series(np.nan, index=found.index, dtype="f8")
    seen = matched["n"].fillna(0) if "n" in matched else pd.Series(0, index=found.index, dtype="f8")
    above = (found["low"] > usual) | (usual.isna() & found["low"].notna())
    return found.assign(baseline_median=usual, baseline_n=seen, amplified=(found["median"] >= MANY) & above)
