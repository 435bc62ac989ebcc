"""Snapshots of pg_stat_statements to the document: increments that survive resets and evictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.db.document import Asked, Statement, as_document
from analysis.errors import NoDataError
from analysis.signals.statement_load import statement_increments
from analysis.sql.fingerprint import Fingerprints

__all__ = ["snapshots_document"]


def snapshots_document(statements: pd.DataFrame, coverage: dict[str, Any], asked: Asked = Asked()) -> dict[str, Any]:  # noqa: B008
    """Return the document of snapshots of pg_stat_statements.

    Parameters
    ----------
    statements : DataFrame
        From `read_statements`.
    coverage : dict
        From `coverage_of`.
    asked : Asked
        Its window (start, end] takes the steps between snapshots that lie inside.

    Returns
    -------
    dict
        Calls and seconds are increments between snapshots, of statements at top level: the least there was, since
        what was evicted between two snapshots is not seen. Neither percentiles nor the longest call are known.

    Raises
    ------
    NoDataError
        If there are fewer than two snapshots.

    Examples
    --------
    >>> from analysis.sources.postgres import no_statements
    >>> snapshots_document(no_statements(), {})
    Traceback (most recent call last):
    analysis.errors.NoDataError: there are 0 snapshots: counters tell of a stretch only by their increase
      where:    pg_stat_statements
      expected: two snapshots or more
      next:     take snapshots as time goes on, one each 10 s or so, with their time in a column ts
    """
    taken = np.unique(pd.DatetimeIndex(statements.index).as_unit("us").asi8)
    steps = statement_increments(statements) if len(taken) else statements
    ends = pd.DatetimeIndex(steps.index).as_unit("us").asi8
    if asked.window:
        first = -np.inf if asked.start_us is None else float(asked.start_us)
        last = np.inf if asked.end_us is None else float(asked.end_us)
        taken = taken[(taken >= first) & (taken <= last)]
        steps = steps[(ends <= last) & (steps["start"].to_numpy() >= first)] if len(steps) else steps
    if len(taken) < 2:
        raise NoDataError(
            f"there are {len(taken)} snapshots: counters tell of a stretch only by their increase",
            where="pg_stat_statements", expected="two snapshots or more",
            next="take snapshots as time goes on, one each 10 s or so, with their time in a column ts",
        )  # fmt: skip
    memo, texts = Fingerprints(), dict[str, str]()
    ids = []
    for query in steps["query"].astype(str):
        key, text = memo.of(query)
        texts[key] = text
        ids.append(key)
    sums = steps.assign(id=ids).groupby("id")[["calls", "execution_seconds", "rows"]].sum()
    rows = [Statement(str(key), texts[str(key)], c, s) for key, c, s, _ in sums.itertuples() if c > 0]
    more = {"statements": {"rows_sent": round(float(sums["rows"].sum())), "lower_bound": True}}
    window = (int(taken[0]), int(taken[-1]))
    return as_document("pgss", rows, coverage, window=window, n=float(sum(r.calls for r in rows)), more=more)
