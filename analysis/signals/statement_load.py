"""Load by statement from its counters: increments that survive resets and evictions, and called more or costs more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.sql.fingerprint import Fingerprints
from analysis.window import Window

__all__ = ["lmdi", "row_split", "statement_increments", "statement_split"]

KEY = ["user_id", "database_id", "query_id"]
MONOTONE = [
    "calls", "execution_seconds", "rows", "shared_blks_hit", "shared_blks_read", "temp_blks_written", "wal_bytes",
]  # fmt: skip


def statement_increments(statements: pd.DataFrame) -> pd.DataFrame:
    """Return what each statement did between two snapshots.

    Parameters
    ----------
    statements : DataFrame
        From `read_statements`.

    Returns
    -------
    DataFrame
        Index `time`: the later snapshot; column `start`: the earlier one [us]; `query_id`, `query` (its shape), and the
        increases `calls`, `execution_seconds` [s], `rows`. Statements called by others (not top level) are left out:
        their time is in that of their callers already.

    Notes
    -----
    The view keeps the most used statements only. A statement that is new, or that the snapshot before does not hold,
    began at zero: its counters are the increase. Where any counter fell they were reset, and count likewise.

    Examples
    --------
    >>> from analysis.sources.postgres import no_statements
    >>> len(statement_increments(no_statements()))
    0
    """
    table = statements[statements["toplevel"]]
    at = pd.DatetimeIndex(table.index).as_unit("us").asi8
    snapshots = np.unique(pd.DatetimeIndex(statements.index).as_unit("us").asi8)
    number = np.searchsorted(snapshots, at)
    summed = table.assign(snapshot=number, **{m: table[m].fillna(0.0) for m in MONOTONE})
    grouped = summed.groupby([*KEY, "snapshot"], sort=True)
    counters = grouped[MONOTONE].sum().reset_index()
    counters["query"] = grouped["query"].first().to_numpy()
    values = counters[MONOTONE].to_numpy(dtype="f8").reshape(-1, len(MONOTONE))
    same = np.zeros(len(counters), dtype=bool)
    if len(counters) > 1:
        keys = counters[KEY].to_numpy()
        same[1:] = (keys[1:] == keys[:-1]).all(axis=1) & (np.diff(counters["snapshot"].to_numpy()) == 1)
    before = np.where(same[:, None], np.roll(values, 1, axis=0), 0.0)
    reset = np.asarray((values < before - 1e-12).any(axis=1))
    increase = np.where(reset[:, None], values, values - before)
    later = counters["snapshot"].to_numpy(dtype=int)
    keep, known = later > 0, Fingerprints()
    return pd.DataFrame(
        {
            "start": snapshots[later[keep] - 1] if len(snapshots) else np.zeros(0, "i8"),
            "query_id": counters["query_id"].to_numpy()[keep],
            "query": [known.of(q)[1] for q in counters["query"].to_numpy()[keep]],
            **{name: increase[keep, i] for i, name in enumerate(MONOTONE[:3])},
        },
        index=pd.to_datetime(snapshots[later[keep]], unit="us", utc=True).as_unit("us").rename("time"),
    ).sort_index(kind="stable")


def statement_split(statements: pd.DataFrame, baseline: Window, window: Window) -> pd.DataFrame:
    """Return how the load of each statement changed, and how much of it comes from more calls or from dearer ones.

    Parameters
    ----------
    statements : DataFrame
        From `read_statements`.
    baseline, window : Window
        What to compare; a stretch between snapshots that reaches beyond counts by the share that lies inside.

    Returns
    -------
    DataFrame
        One row per shape of statement, largest change first: `calls_per_second` and `call_seconds` in the window and
        `baseline_...` before, `baseline_sessions`, `window_sessions` (calls/s x s per call, Little's law),
        `difference_sessions` = `volume_sessions` + `cost_sessions` (see `lmdi`), `baseline_rows_per_call`,
        `rows_per_call`, and the cost as `rows_sessions` (more rows a call) + `row_cost_sessions` (dearer rows, see
        `row_split`). Empty without two snapshots in each.
    """
    steps = statement_increments(statements)
    parts = []
    for w in (baseline, window):
        share, seconds = _inside(steps, w)
        if not seconds > 0:
            return _split_of(pd.DataFrame(columns=["c0", "s0", "r0", "c1", "s1", "r1"], dtype="f8"))
        counted = steps[["calls", "execution_seconds", "rows"]]
        weighted = counted.mul(share, axis=0).assign(query=steps["query"].to_numpy())
        parts.append(weighted.groupby("query").sum() / seconds)
    joined = parts[0].add_suffix("_before").join(parts[1], how="outer").fillna(0.0)
    joined.columns = pd.Index(["c0", "s0", "r0", "c1", "s1", "r1"])
    return _split_of(joined[(joined[["c0", "c1", "s0", "s1"]] > 0).any(axis=1)])


def _inside(steps: pd.DataFrame, window: Window) -> tuple[np.ndarray, float]:
    """Return which share of each step lies in a window, and how many seconds of the window the steps cover."""
    start, end = steps["start"].to_numpy(dtype="f8"), pd.DatetimeIndex(steps.index).as_unit("us").asi8.astype(float)
    overlap = np.maximum(np.minimum(end, window.end_us) - np.maximum(start, window.start_us), 0.0)
    pairs = {(a, b): o for a, b, o in zip(start.tolist(), end.tolist(), overlap.tolist(), strict=True)}
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(end > start, overlap / (end - start), 0.0), sum(pairs.values()) / 1e6


def _split_of(joined: pd.DataFrame) -> pd.DataFrame:
    calls0, load0, calls1, load1 = (joined[name].to_numpy(dtype="f8") for name in ("c0", "s0", "c1", "s1"))
    rows0, rows1 = (joined[name].to_numpy(dtype="f8") for name in ("r0", "r1"))
    with np.errstate(invalid="ignore", divide="ignore"):
        each0, each1 = (np.where(c > 0, s / c, np.nan) for c, s in ((calls0, load0), (calls1, load1)))
        per0, per1 = (np.where(c > 0, r / c, np.nan) for c, r in ((calls0, rows0), (calls1, rows1)))
    volume, cost = lmdi(calls0, load0, calls1, load1)
    by_rows, by_row = row_split(cost, (calls0, rows0, load0), (calls1, rows1, load1))
    columns = {
        "baseline_calls_per_second": calls0, "calls_per_second": calls1, "baseline_call_seconds": each0,
        "call_seconds": each1, "baseline_sessions": load0, "window_sessions": load1,
        "difference_sessions": load1 - load0, "volume_sessions": volume, "cost_sessions": cost,
        "baseline_rows_per_call": per0, "rows_per_call": per1, "rows_sessions": by_rows, "row_cost_sessions": by_row,
    }  # fmt: skip
    frame = pd.DataFrame(columns, index=pd.Index(joined.index, name="statement", dtype=object))
    return frame.sort_values("difference_sessions", ascending=False, kind="stable")


def lmdi(calls0: np.ndarray, load0: np.ndarray, calls1: np.ndarray, load1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split a change of load = calls x cost into a part of calls and a part of cost that sum to it, without residual.

    Parameters
    ----------
    calls0, calls1 : ndarray, shape (n,)
        Calls per second before and after, >= 0.
    load0, load1 : ndarray, shape (n,)
        Seconds of work per second before and after, >= 0 [sessions].

    Returns
    -------
    (ndarray, ndarray)
        By volume and by cost, shape (n,) each.

    Notes
    -----
    Logarithmic mean Divisia index (Ang 2005): L ln(calls1 / calls0) + L ln(cost1 / cost0) with
    L = (load1 - load0) / ln(load1 / load0), load where both are equal. Where a statement is new or gone its cost
    before or after is not known, and all is volume (the limit); where it was called but cost nothing, all is cost.

    Examples
    --------
    >>> volume, cost = lmdi(*(np.array([x]) for x in (10.0, 1.0, 20.0, 4.0)))
    >>> round(float(volume[0]), 6), round(float(cost[0]), 6)
    (1.5, 1.5)
    """
    change = load1 - load0
    both = (calls0 > 0) & (calls1 > 0) & (load0 > 0) & (load1 > 0)
    by_volume = _logarithmic_mean(load0, load1, both) * _log_ratio(calls0, calls1, both)
    called = (calls0 > 0) & (calls1 > 0)
    volume = np.where(both, by_volume, np.where(called, 0.0, change))
    return volume, change - volume


def _logarithmic_mean(x: np.ndarray, y: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return (y - x) / ln(y / x) where known, the mean where both are equal."""
    a, b = (np.where(known, v, 1.0) for v in (x, y))
    ratio = np.log(b) - np.log(a)
    even = np.abs(ratio) < 1e-9
    return np.where(even, (a + b) / 2, (b - a) / np.where(even, 1.0, ratio))


def _log_ratio(x: np.ndarray, y: np.ndarray, known: np.ndarray) -> np.ndarray:
    a, b = (np.where(known, v, 1.0) for v in (x, y))
    return np.asarray(np.log(b) - np.log(a))


def row_split(
    cost: np.ndarray,
    before: tuple[np.ndarray, np.ndarray, np.ndarray],
    after: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Split the part of cost, as of `lmdi`, into more rows a call and more time a row; they sum to it.

    Parameters
    ----------
    cost : ndarray, shape (n,)
        From `lmdi` [sessions].
    before, after : three ndarray, shape (n,) each
        Calls, rows and seconds of work per second, >= 0; NaN unknown.

    Returns
    -------
    (ndarray, ndarray)
        By rows per call and by time per row, shape (n,) each.

    Notes
    -----
    Load = calls x rows per call x seconds per row, so that the logarithmic mean of `lmdi` weighs the third factor too,
    and its volume stays as it was. Rows are those that a statement returned or changed, not those it read on the way:
    a lost index shows as time per row. Where no rows are known on either side, all is time per row.

    Examples
    --------
    >>> ones = np.ones(1)
    >>> volume, cost = lmdi(ones, ones, ones, 4 * ones)
    >>> rows, each = row_split(cost, (ones, ones, ones), (ones, 2 * ones, 4 * ones))
    >>> round(float(rows[0]), 6), round(float(each[0]), 6)
    (1.5, 1.5)
    """
    known = np.logical_and.reduce([x > 0 for x in (*before, *after)])
    mean = _logarithmic_mean(before[2], after[2], known)
    by_rows = mean * (_log_ratio(before[1], after[1], known) - _log_ratio(before[0], after[0], known))
    rows = np.where(known, by_rows, 0.0)
    return rows, cost - rows
