"""Connection pools: threads that wait, connections in use and allowed, time to get one, and timeouts, per scrape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from analysis.signals.calls import rises_on, scrapes
from analysis.signals.in_flight import in_flight

__all__ = ["Pool", "pools_of", "waiting"]


class _Dialect(NamedTuple):
    pending: str
    active: str
    limit: str
    acquire: str
    timeouts: str
    scale: float = 1.0
    label: str = "pool"


DIALECTS: tuple[_Dialect, ...] = (
    _Dialect("hikaricp_connections_pending", "hikaricp_connections_active", "hikaricp_connections_max",
             "hikaricp_connections_acquire_seconds", "hikaricp_connections_timeout_total"),
    _Dialect("hikaricp_pending_threads", "hikaricp_active_connections", "hikaricp_max_connections",
             "hikaricp_connection_acquired_nanos", "hikaricp_connection_timeout_total", 1e-9),
    _Dialect("db_client_connection_pending_requests", "db_client_connection_count", "db_client_connection_max",
             "db_client_connection_wait_time_seconds", "db_client_connection_timeouts_total", 1.0,
             "db_client_connection_pool_name"),
    _Dialect("jdbc_connections_pending", "jdbc_connections_active", "jdbc_connections_max", "", "", 1.0, "name"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Pool:
    """One pool of one pod.

    Parameters
    ----------
    namespace, pod, name, metric : str
        Who it is, and the gauge of threads that wait.
    times : ndarray of int64, shape (n,)
        Scrape times [us].
    pending, active, limit : ndarray, shape (n,)
        Gauges at those times; NaN unknown.
    acquired, acquire_seconds, timeouts : ndarray, shape (n - 1,)
        Since the scrape before: connections that were asked for, time that it took [s], times that it took too long.
    """

    namespace: str
    pod: str
    name: str
    metric: str
    times: np.ndarray
    pending: np.ndarray
    active: np.ndarray
    limit: np.ndarray
    acquired: np.ndarray
    acquire_seconds: np.ndarray
    timeouts: np.ndarray


def pools_of(named: Callable[..., Iterable[Any]]) -> tuple[Pool, ...]:
    """Return every pool that the evidence names.

    Parameters
    ----------
    named : callable
        named(metric) -> series (`SampleTable.named`).

    Examples
    --------
    >>> pools_of(lambda name: [])
    ()
    """
    found = []
    for dialect in DIALECTS:
        groups: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
        metrics = [dialect.pending, dialect.active, dialect.limit, dialect.timeouts]
        metrics += [dialect.acquire + end for end in ("_sum", "_count")] if dialect.acquire else []
        for metric in filter(None, metrics):
            for row in named(metric):
                state = row.label("db_client_connection_state", "state")
                if metric == dialect.active and state not in ("", "used"):
                    continue
                who = (row.label("namespace"), row.label("pod", "instance"), row.label(dialect.label))
                groups[who].setdefault(metric, row)
        found += [_pool(who, dialect, rows) for who, rows in sorted(groups.items()) if dialect.pending in rows]
    return tuple(found)


def _pool(who: tuple[str, str, str], dialect: _Dialect, rows: dict[str, Any]) -> Pool:
    times = scrapes([rows[dialect.pending]])
    gauges = [_gauge(rows.get(metric), times) for metric in (dialect.pending, dialect.active, dialect.limit)]
    counters = (f"{dialect.acquire}_count", f"{dialect.acquire}_sum", dialect.timeouts)
    counted = [rises_on(rows[m], times) if m in rows else np.full(max(len(times) - 1, 0), np.nan) for m in counters]
    counted[1] = counted[1] * dialect.scale
    return Pool(*who, dialect.pending, times, *gauges, *counted)


def _gauge(row: Any | None, times: np.ndarray) -> np.ndarray:
    found = np.full(len(times), np.nan)
    if row is not None:
        _, i, j = np.intersect1d(times, row.times, return_indices=True)
        found[i] = row.values[j]
    return found


def waiting(pool: Pool, edges: np.ndarray) -> np.ndarray:
    """Return how many threads waited for a connection on average in each step of a grid.

    Parameters
    ----------
    pool : Pool
        Its gauges and counters.
    edges : ndarray of int64, shape (m + 1,)
        Grid [us].

    Returns
    -------
    ndarray, shape (m,)
        From the time that it took to get a connection where that is counted, else from the gauge, which sees an
        instant of each scrape only; NaN unknown.
    """
    if np.isfinite(pool.acquire_seconds).any():
        return in_flight(pool.times, pool.acquired, pool.acquire_seconds, edges)
    usual = np.median(np.diff(pool.times)) if len(pool.times) > 1 else np.inf
    place = np.searchsorted(pool.times, edges[1:], side="right") - 1
    fresh = (place >= 0) & (edges[1:] - pool.times[np.maximum(place, 0)] < 1.5 * usual)
    return np.where(fresh, pool.pending[np.maximum(place, 0)], np.nan)
