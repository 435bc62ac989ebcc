"""Attempts to connect to a database, one by one, from the connections that its log tells of."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["attempts"]

BEGIN, ACCEPTED, ENDED = "received", "authorized", ("refused", "failed")
LONGEST_SECONDS = 300.0  # from its begin to its outcome; what takes longer is another attempt of the same process id


def attempts(connections: pd.DataFrame) -> pd.DataFrame:
    """Return each attempt to connect with its outcome, in the form of a request log.

    Parameters
    ----------
    connections : DataFrame
        Index time (UTC us, sorted), columns `result`, `application`, `user`, `pid`. A server may log an attempt as
        authorized and refuse it then for want of a connection: it counts once, as refused.

    Returns
    -------
    DataFrame
        Index `end`: when the outcome was known. `duration_seconds` since the attempt was received (NaN where that was
        not logged), `failed`, `status` ("authorized", "refused" or "failed"), `route` (the application, else the user,
        that asked), `pod` ("").

    Examples
    --------
    >>> time = pd.to_datetime([1.0, 1.5, 1.6], unit="s", utc=True)
    >>> rows = {"result": ["received", "authorized", "refused"], "application": ["", "app", ""], "user": "u", "pid": 7}
    >>> found = attempts(pd.DataFrame(rows, index=time))
    >>> found[["duration_seconds", "status", "route"]].values.tolist()
    [[0.6, 'refused', 'app']]
    """
    words = connections[["result", "application", "user"]].astype("str")
    kept = words["result"].isin((BEGIN, ACCEPTED, *ENDED)).to_numpy()
    at = pd.DatetimeIndex(connections.index).as_unit("us").asi8[kept]
    result, pid = words["result"].to_numpy()[kept], connections["pid"].to_numpy()[kept]
    order = np.lexsort((np.arange(len(at)), pid))
    at, result, pid = at[order], result[order], pid[order]
    fresh = np.r_[True, pid[1:] != pid[:-1]] if len(at) else np.zeros(0, bool)
    fresh |= (result == BEGIN) | (pid < 0)
    fresh[1:] |= (np.diff(at) > LONGEST_SECONDS * 1e6) | np.isin(result[:-1], ENDED)
    fresh[1:] |= (result[:-1] == ACCEPTED) & (result[1:] == ACCEPTED)
    group = np.cumsum(fresh) - 1
    last = np.r_[np.flatnonzero(fresh)[1:] - 1, len(at) - 1] if len(at) else np.zeros(0, int)
    first = np.flatnonzero(fresh)
    known = result[last] != BEGIN  # one whose outcome the log does not hold is left out
    begun = result[first] == BEGIN
    application, user = (_last_known(words[name].to_numpy()[kept][order], group) for name in ("application", "user"))
    named = np.where(application != "", application, user)
    frame = pd.DataFrame(
        {
            "duration_seconds": np.where(begun, (at[last] - at[first]) / 1e6, np.nan)[known],
            "failed": (result[last] != ACCEPTED)[known],
            "status": result[last][known],
            "route": named[known],
            "pod": "",
        },
        index=pd.DatetimeIndex(pd.to_datetime(at[last][known], unit="us", utc=True)).as_unit("us").rename("end"),
    )
    return frame.sort_index(kind="stable")


def _last_known(texts: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the last text of each group that is not empty, "" where all are."""
    known = pd.Series(texts, dtype=object)
    return known.where(known != "").groupby(group).last().fillna("").to_numpy(dtype=object)
