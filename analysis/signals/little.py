"""A pool of connections by Little's law: how many were in use on average, against how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.calls import rises_on, scrapes
from analysis.window import Window

__all__ = ["POOL_STEP_COLUMNS", "PoolUse", "pool_steps", "pool_use"]

POOL_STEP_COLUMNS = (
    "max", "active", "idle", "pending", "acquired", "timeouts", "wait_seconds", "usage_seconds", "step_seconds",
)  # fmt: skip
RESERVE = 1.3  # connections for each one in use: arrivals come in bunches
FULL_RATIO = 0.8


class _Names(NamedTuple):
    active: str
    idle: str
    pending: str
    limit: str
    timeouts: str
    acquire: str
    usage: str
    acquire_scale: float
    usage_scale: float


NAMES = (
    _Names(
        "hikaricp_connections_active", "hikaricp_connections_idle", "hikaricp_connections_pending",
        "hikaricp_connections_max", "hikaricp_connections_timeout_total", "hikaricp_connections_acquire_seconds",
        "hikaricp_connections_usage_seconds", 1.0, 1.0,
    ),
    _Names(
        "hikaricp_active_connections", "hikaricp_idle_connections", "hikaricp_pending_threads",
        "hikaricp_max_connections", "hikaricp_connection_timeout_total", "hikaricp_connection_acquired_nanos",
        "hikaricp_connection_usage_millis", 1e-9, 1e-3,
    ),
)  # fmt: skip


class PoolUse(NamedTuple):
    """A pool in a window.

    `steps` known, `seconds` of them; `acquired_per_second` (lambda), `held_seconds` (W, mean time that one is held),
    `in_use` (L = lambda W = sum of usage / time), `active_mean` and `active_max` (gauge: as each step ended),
    `limit` (the size, its median), `rho_ratio` (L / limit), `needed` (L x 1.3), `pending_max`, `timeouts`,
    `waited_seconds` (mean of an acquisition), `saturated` (rho above 0.8, or any thread had to wait at a scrape). NaN
    unknown.
    """

    steps: int
    seconds: float
    acquired_per_second: float
    held_seconds: float
    in_use: float
    active_mean: float
    active_max: float
    limit: float
    rho_ratio: float
    needed: float
    pending_max: float
    timeouts: float
    waited_seconds: float
    saturated: bool


def pool_use(steps: pd.DataFrame, window: Window) -> PoolUse:
    """Return how much of a pool was in use in a window.

    Parameters
    ----------
    steps : DataFrame
        Index: right edges of the steps (UTC us, sorted). Columns: `max`, `active`, `idle`, `pending` (gauges there),
        `acquired`, `timeouts`, `wait_seconds`, `usage_seconds` (increases in the step); `step_seconds`, where it
        is not there the time since the row before. NaN unknown.
    window : Window
        Steps that end in (start, end] count.

    Returns
    -------
    PoolUse
        Usage is counted when a connection is given back: one held for longer than a step appears late.

    Notes
    -----
    Little (1961): L = lambda W. A pool whose limit is below L cannot serve: lines form in front of it, and `in_use`
    is then the limit itself, so that `needed` is a lower bound.

    Examples
    --------
    >>> index = pd.to_datetime([1, 2], unit="s", utc=True)
    >>> rows = {"max": 10.0, "active": [4.0, 6.0], "idle": [6.0, 4.0], "pending": 0.0, "acquired": 50.0}
    >>> table = pd.DataFrame(rows | {"timeouts": 0.0, "wait_seconds": 0.5, "usage_seconds": 5.0}, index=index)
    >>> found = pool_use(table, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:02Z"))
    >>> found.in_use, found.held_seconds, found.rho_ratio, found.needed
    (5.0, 0.1, 0.5, 6.5)
    """
    at = pd.DatetimeIndex(steps.index).as_unit("us").asi8
    apart = np.diff(at, prepend=at[:1]) / 1e6
    if len(apart) > 1:
        apart[0] = np.median(apart[1:])  # how long the first step was is not known
    length = steps["step_seconds"].to_numpy(dtype="f8") if "step_seconds" in steps else apart
    held = window.holds(pd.DatetimeIndex(steps.index))
    cell = {name: _cells(steps, name)[held] for name in POOL_STEP_COLUMNS[:-1]}
    length = length[held]
    used = np.isfinite(cell["usage_seconds"]) & (length > 0)
    seconds = float(length[used].sum())
    usage, acquired = float(cell["usage_seconds"][used].sum()), _sum(cell["acquired"][used])
    in_use = usage / seconds if seconds > 0 else float("nan")
    limit = _over(np.median, cell["max"])
    pending, rho = _over(np.max, cell["pending"]), in_use / limit if limit > 0 else float("nan")
    asked = _sum(cell["acquired"])
    return PoolUse(
        steps=int(used.sum()),
        seconds=seconds,
        acquired_per_second=acquired / seconds if seconds > 0 else float("nan"),
        held_seconds=usage / acquired if acquired > 0 else float("nan"),
        in_use=in_use,
        active_mean=_over(np.mean, cell["active"]),
        active_max=_over(np.max, cell["active"]),
        limit=limit,
        rho_ratio=rho,
        needed=RESERVE * in_use,
        pending_max=pending,
        timeouts=_sum(cell["timeouts"]),
        waited_seconds=_sum(cell["wait_seconds"]) / asked if asked > 0 else float("nan"),
        saturated=bool(rho > FULL_RATIO or pending > 0),
    )


def _cells(steps: pd.DataFrame, name: str) -> np.ndarray:
    return steps[name].to_numpy(dtype="f8") if name in steps else np.full(len(steps), np.nan)


def _over(what: Callable[[np.ndarray], Any], values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(what(known)) if len(known) else float("nan")


def _sum(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.sum()) if len(known) else float("nan")


def pool_steps(named: Callable[..., Iterable[Any]]) -> dict[tuple[str, str, str], pd.DataFrame]:
    """Return the steps of every HikariCP pool between scrapes, by (namespace, pod, pool).

    Parameters
    ----------
    named : callable
        named(metric) -> series (`SampleTable.named`).

    Returns
    -------
    dict
        Frames with `POOL_STEP_COLUMNS`, as for `pool_use`; without the counter of usage, `usage_seconds` is NaN.

    Examples
    --------
    >>> pool_steps(lambda name: [])
    {}
    """
    found: dict[tuple[str, str, str], pd.DataFrame] = {}
    for names in NAMES:
        groups: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
        counted = [f"{name}_{end}" for name in (names.acquire, names.usage) for end in ("sum", "count")]
        for metric in (names.active, names.idle, names.pending, names.limit, names.timeouts, *counted):
            for row in named(metric):
                who = (row.label("namespace"), row.label("pod", "instance"), row.label("pool"))
                groups[who][metric] = row
        found |= {who: _frame(rows, names) for who, rows in sorted(groups.items()) if names.active in rows}
    return found


def _frame(rows: dict[str, Any], names: _Names) -> pd.DataFrame:
    times = scrapes([rows[names.active]])
    nan = np.full(max(len(times) - 1, 0), np.nan)

    def gauge(metric: str) -> np.ndarray:
        cells = np.full(len(times), np.nan)
        if metric in rows:
            _, i, j = np.intersect1d(times, rows[metric].times, return_indices=True)
            cells[i] = rows[metric].values[j]
        return cells[1:]

    def rise(metric: str) -> np.ndarray:
        return rises_on(rows[metric], times) if metric in rows else nan

    columns = (
        gauge(names.limit), gauge(names.active), gauge(names.idle), gauge(names.pending),
        rise(f"{names.acquire}_count"), rise(names.timeouts), rise(f"{names.acquire}_sum") * names.acquire_scale,
        rise(f"{names.usage}_sum") * names.usage_scale, np.diff(times) / 1e6,
    )  # fmt: skip
    index = pd.DatetimeIndex(pd.to_datetime(times[1:], unit="us", utc=True)).as_unit("us").rename("time")
    return pd.DataFrame(dict(zip(POOL_STEP_COLUMNS, columns, strict=True)), index=index)
