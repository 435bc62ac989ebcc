"""The frame of requests that every request log becomes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.sources.times import utc_index

__all__ = ["REQUEST_COLUMNS", "RequestRows", "Work", "requests_frame"]

REQUEST_COLUMNS = {
    "duration_seconds": "float64", "failed": "bool", "status": "str", "route": "str", "pod": "str",
    "statements": "float64", "rows": "float64", "database_seconds": "float64", "pool_wait_seconds": "float64",
    "request_id": "str",
}  # fmt: skip
WORK = ("statements", "rows", "database_seconds", "pool_wait_seconds")


class Work(NamedTuple):
    """What a request did in the database: statements, rows read, time in it and in line for a connection [s].

    NaN is unknown, as is the empty `request_id`.
    """

    statements: float = float("nan")
    rows: float = float("nan")
    database_seconds: float = float("nan")
    pool_wait_seconds: float = float("nan")
    request_id: str = ""


UNKNOWN = Work()


def requests_frame(
    end_us: list[int], duration_seconds: list[float], failed: list[bool], status: list[str], route: list[str],
    pod: list[str],
) -> pd.DataFrame:  # fmt: skip
    """Return the frame of requests, one row each, sorted by completion; what they did in the database is unknown.

    Parameters
    ----------
    end_us : list of int
        Completion [us since the epoch].
    duration_seconds : list of float
        How long each took [s]; NaN is unknown.
    failed : list of bool
        Whether each failed.
    status, route, pod : list of str
        As logged; the empty text is unknown.

    Returns
    -------
    DataFrame
        Index `end` (UTC, us, sorted, times may repeat) and the columns of `REQUEST_COLUMNS`.

    Examples
    --------
    >>> requests_frame([1795370670000000], [0.5], [False], ["200"], ["/pay"], [""])["duration_seconds"].tolist()
    [0.5]
    """
    names = tuple(REQUEST_COLUMNS)[:5]
    columns = dict(zip(names, (duration_seconds, failed, status, route, pod), strict=True))
    unknown = dict.fromkeys(WORK, float("nan")) | {"request_id": ""}
    frame = pd.DataFrame(columns, index=utc_index(end_us, "end")).assign(**unknown).astype(REQUEST_COLUMNS)
    return frame.iloc[np.argsort(np.array(end_us, dtype="i8"), kind="stable")]


class RequestRows:
    """Requests while a log is read: `add` them one by one, then take the `frame`.

    Examples
    --------
    >>> rows = RequestRows()
    >>> rows.add(1795370670000000, 0.5, "200", "/pay", "", failed=False)
    >>> len(rows.frame()), rows.whole_seconds
    (1, True)
    """

    def __init__(self) -> None:
        self.end_us: list[int] = []
        self._columns: tuple[list[float], list[bool], list[str], list[str], list[str]] = ([], [], [], [], [])
        self._work: dict[int, Work] = {}

    def add(self, end_us: int, duration_seconds: float, status: str, route: str, pod: str, *, failed: bool) -> None:
        """Add one request; `end_us` [us since the epoch], `duration_seconds` [s]."""
        self.end_us.append(end_us)
        durations, fails, statuses, routes, pods = self._columns
        durations.append(duration_seconds)
        fails.append(failed)
        statuses.append(status)
        routes.append(route)
        pods.append(pod)

    def worked(self, work: Work) -> None:
        """Say what the request that was added last did in the database."""
        self._work[len(self.end_us) - 1] = work

    @property
    def whole_seconds(self) -> bool:
        """Whether there are times, and all of them are whole seconds."""
        return bool(self.end_us) and all(us % 1_000_000 == 0 for us in self.end_us)

    def frame(self) -> pd.DataFrame:
        """Return the frame of requests."""
        found = requests_frame(self.end_us, *self._columns)
        if not self._work:
            return found
        order = np.argsort(np.array(self.end_us, dtype="i8"), kind="stable").tolist()
        done = [self._work.get(i, UNKNOWN) for i in order]
        columns = {name: np.array([getattr(w, name) for w in done], dtype="f8") for name in WORK}
        return found.assign(**columns, request_id=[w.request_id for w in done]).astype(REQUEST_COLUMNS)
