"""Load from logged statements: exact, since each line tells when its statement ended and how long it took."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.signals.in_flight import occupancy
from analysis.signals.statement_load import lmdi
from analysis.window import Window

__all__ = ["aas_logged", "inside_seconds", "logged_load", "logged_split", "logged_summary"]


def inside_seconds(statements: pd.DataFrame, window: Window) -> np.ndarray:
    """Return how much of each statement lies in a window, shape (n,) [s].

    Parameters
    ----------
    statements : DataFrame
        Index `end` (UTC us): a line is stamped when the statement has ended; column duration_seconds.
    window : Window
        (start, end].

    Returns
    -------
    ndarray
        Zero for those outside and for those of unknown length.

    Examples
    --------
    >>> rows = pd.DataFrame({"duration_seconds": [4.0]}, index=pd.to_datetime([6], unit="s", utc=True))
    >>> inside_seconds(rows, Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z")).tolist()
    [1.0]
    """
    start, end = _spans(statements)
    return np.asarray(np.maximum(np.minimum(end, window.end_us) - np.maximum(start, window.start_us), 0) / 1e6)


def _spans(statements: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return start and end of each statement [us]; of unknown length is of none."""
    end = pd.DatetimeIndex(statements.index).as_unit("us").asi8
    lasted = np.nan_to_num(statements["duration_seconds"].to_numpy(dtype="f8"), nan=0.0)
    return end - np.round(lasted * 1e6).astype("i8"), end


def logged_load(statements: pd.DataFrame, window: Window) -> float:
    """Return average active sessions in a window: the time of all statements that lies in it / its length.

    Parameters
    ----------
    statements, window
        As for `inside_seconds`. All statements must have been logged: with a threshold it is a lower bound.

    Examples
    --------
    >>> rows = pd.DataFrame({"duration_seconds": [4.0, 1.0]}, index=pd.to_datetime([6, 9], unit="s", utc=True))
    >>> logged_load(rows, Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z"))
    0.4
    """
    return float(inside_seconds(statements, window).sum() / window.duration_seconds)


def aas_logged(statements: pd.DataFrame, edges: np.ndarray, by: np.ndarray | None = None) -> pd.DataFrame:
    """Return average active sessions per grid step by label, from the overlap of statements with the steps.

    Parameters
    ----------
    statements : DataFrame
        Index `end` (UTC us), column duration_seconds.
    edges : ndarray of int64, shape (m + 1,)
        Ascending [us].
    by : ndarray of text, shape (n,), optional
        Label of each statement, as its fingerprint; "" is not counted. Without it all are one, "all".

    Returns
    -------
    DataFrame, shape (m, number of labels)
        Index: right edges (UTC us); columns: labels, the largest first [sessions]. 0 where none ran: whether the log
        covers a step is for the caller to know.

    Notes
    -----
    A statement counts in every step in which it ran, not only where its line stands: AAS = sum(overlap) / length.

    Examples
    --------
    >>> rows = pd.DataFrame({"duration_seconds": [3.0]}, index=pd.to_datetime([4], unit="s", utc=True))
    >>> aas_logged(rows, np.array([0, 2, 4]) * 1_000_000)["all"].tolist()
    [0.5, 1.0]
    """
    start, end = _spans(statements)
    labels = np.full(len(end), "all", dtype=object) if by is None else np.asarray(by, dtype=object)
    code, names = pd.factorize(labels, sort=True)
    order = np.argsort(code, kind="stable")
    parts = np.split(order, np.searchsorted(code[order], np.arange(1, len(names))))
    found = {name: np.maximum(occupancy(start[rows], end[rows], np.ones(len(rows)), edges), 0.0)
             for name, rows in zip(names, parts, strict=False) if name != ""}  # fmt: skip
    index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us").rename("time")
    ordered = sorted(found, key=lambda name: (-float(found[name].sum()), str(name)))
    return pd.DataFrame({name: found[name] for name in ordered}, index=index, columns=pd.Index(ordered, dtype=object))


def logged_summary(statements: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return what each fingerprint did in a window.

    Parameters
    ----------
    statements : DataFrame
        Index `end` (UTC us), columns duration_seconds, fingerprint.
    window : Window
        (start, end].

    Returns
    -------
    DataFrame
        Index `fingerprint`, the largest load first. Columns `calls` (that ended in the window), `seconds` (of all that
        lie in it: also of those that ended later or began before), `load_sessions`, `p50_seconds`, `p95_seconds`,
        `max_seconds` (of the calls that ended in it; NaN without one).

    Examples
    --------
    >>> rows = pd.DataFrame({"duration_seconds": [1.0, 2.0], "fingerprint": ["a", "a"]},
    ...                     index=pd.to_datetime([6, 9], unit="s", utc=True))
    >>> logged_summary(rows, Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z")).loc["a"].tolist()
    [2.0, 3.0, 0.6, 1.5, 1.95, 2.0]
    """
    names = _names(statements)
    ended = window.holds(pd.DatetimeIndex(statements.index))
    seconds = pd.Series(inside_seconds(statements, window)).groupby(names, sort=True).sum()
    lasted = pd.Series(statements["duration_seconds"].to_numpy(dtype="f8")[ended]).groupby(names[ended], sort=True)
    frame = pd.DataFrame(
        {
            "calls": lasted.size().reindex(seconds.index, fill_value=0).astype("f8"),
            "seconds": seconds,
            "load_sessions": seconds / window.duration_seconds,
            "p50_seconds": lasted.quantile(0.5).reindex(seconds.index),
            "p95_seconds": lasted.quantile(0.95).reindex(seconds.index),
            "max_seconds": lasted.max().reindex(seconds.index),
        }
    )
    seen = frame[(frame["calls"] > 0) | (frame["seconds"] > 0)]
    return seen.rename_axis("fingerprint").sort_values("seconds", ascending=False, kind="stable")


def _names(statements: pd.DataFrame) -> np.ndarray:
    return np.asarray(statements["fingerprint"].astype(object).to_numpy())


def logged_split(statements: pd.DataFrame, baseline: Window, window: Window) -> pd.DataFrame:
    """Return how the load of each fingerprint changed, and how much of it comes from more calls or from longer ones.

    Parameters
    ----------
    statements : DataFrame
        Index `end` (UTC us), columns duration_seconds, fingerprint.
    baseline, window : Window
        What to compare.

    Returns
    -------
    DataFrame
        Index `fingerprint`, the largest change first: `baseline_calls_per_second`, `calls_per_second`,
        `baseline_sessions`, `window_sessions`, `difference_sessions` = `volume_sessions` + `cost_sessions`
        (`statement_load.lmdi`). A call that lies partly in a window counts for that part of it.

    Examples
    --------
    >>> rows = pd.DataFrame({"duration_seconds": [1.0, 1.0, 1.0], "fingerprint": ["a", "a", "a"]},
    ...                     index=pd.to_datetime([3, 6, 9], unit="s", utc=True))
    >>> first = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")
    >>> found = logged_split(rows, first, Window("1970-01-01T00:00:05Z", "1970-01-01T00:00:10Z")).loc["a"]
    >>> round(float(found["volume_sessions"]), 9), round(float(found["cost_sessions"]), 9)
    (0.2, 0.0)
    """
    names, lasted = _names(statements), statements["duration_seconds"].to_numpy(dtype="f8")
    columns: dict[str, pd.Series] = {}
    for w, n in ((baseline, 0), (window, 1)):
        spent = inside_seconds(statements, w)
        ended = w.holds(pd.DatetimeIndex(statements.index)).astype(float)
        share = np.where(lasted > 0, spent / np.where(lasted > 0, lasted, 1.0), ended)
        grouped = pd.DataFrame({f"c{n}": share, f"s{n}": spent}).groupby(names, sort=True).sum()
        columns |= {str(name): grouped[name] / w.duration_seconds for name in grouped}
    found = pd.DataFrame(columns)
    held = found[(found > 0).any(axis=1)]
    calls0, load0, calls1, load1 = (held[name].to_numpy(dtype="f8") for name in ("c0", "s0", "c1", "s1"))
    volume, cost = lmdi(calls0, load0, calls1, load1)
    frame = pd.DataFrame(
        {
            "baseline_calls_per_second": calls0, "calls_per_second": calls1, "baseline_sessions": load0,
            "window_sessions": load1, "difference_sessions": load1 - load0, "volume_sessions": volume,
            "cost_sessions": cost,
        },
        index=pd.Index(held.index, name="fingerprint", dtype=object),
    )  # fmt: skip
    return frame.sort_values("difference_sessions", ascending=False, kind="stable")
