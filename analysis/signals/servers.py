"""Each server's own account of the time inside it, from its exporter, its proxy, its timers or its sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.signals.call_dialects import PATHS, SERVERS, PathDialect, ServerDialect
from analysis.signals.calls import rises_on, scrapes
from analysis.signals.hosts import host_of, same_name
from analysis.signals.in_flight import finished, in_flight

__all__ = ["PathSplit", "ServerClock", "busy", "clock_of", "path_splits", "server_clocks", "session_load"]


@dataclass(frozen=True, eq=False)
class ServerClock:
    """The time that a server counts inside itself.

    Parameters
    ----------
    namespace, name : str
        Where it runs, and its workload, pod or host as its metrics say it.
    product : str
        redis, postgres, mysql; "" for a workload of one's own.
    metric : str
        Where the seconds come from.
    serial : bool
        Whether it does one thing at a time.
    times : ndarray of int64, shape (n + 1,)
        Scrape times [us].
    calls, seconds : ndarray, shape (k, n)
        Served in each step, and the time inside, per kind of call; calls NaN where they are not counted.
    """

    namespace: str
    name: str
    product: str
    metric: str
    serial: bool
    times: np.ndarray
    calls: np.ndarray
    seconds: np.ndarray


@dataclass(frozen=True, eq=False)
class PathSplit:
    """How a proxy splits the time to one destination: mean seconds until connected, and until answered.

    Parameters
    ----------
    namespace, pod, destination, metric : str
        The proxy's pod, the host that it calls, and where the numbers come from.
    times : ndarray of int64, shape (n,)
        Sample times [us].
    connect_seconds, response_seconds : ndarray, shape (n,)
        NaN unknown. HAProxy averages over its last 1,024 requests: a change shows late and small, but shows.
    """

    namespace: str
    pod: str
    destination: str
    metric: str
    times: np.ndarray
    connect_seconds: np.ndarray
    response_seconds: np.ndarray


def server_clocks(
    named: Callable[..., Iterable[Any]], names: Collection[str], workload: Callable[[str, str], str]
) -> tuple[ServerClock, ...]:
    """Return the clock of every server that counts its own time; of several of one server the first dialect.

    Parameters
    ----------
    named : callable
        named(metric) -> series (`SampleTable.named`).
    names : collection of str
        Metric names that are there.
    workload : callable
        workload(namespace, pod) -> workload.

    Examples
    --------
    >>> server_clocks(lambda name: [], [], lambda namespace, pod: pod)
    ()
    """
    found: dict[tuple[str, str, str], ServerClock] = {}
    for dialect in SERVERS:
        if dialect.seconds not in names:
            continue
        groups: dict[tuple[str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for part, metric in (("seconds", dialect.seconds), ("calls", dialect.calls)):
            for row in named(metric) if metric else ():
                if all(row.labels.get(key) == wanted for key, wanted in dialect.only):
                    groups[_server_of(row.labels, dialect, workload)][part].append(row)
        for (namespace, name), rows in sorted(groups.items()):
            if name and rows["seconds"] and (namespace, name, dialect.product) not in found:
                found[(namespace, name, dialect.product)] = _clock(namespace, name, dialect, rows)
    return tuple(found[key] for key in sorted(found))


def _server_of(
    labels: Mapping[str, str], dialect: ServerDialect, workload: Callable[[str, str], str]
) -> tuple[str, str]:
    if dialect.only:
        where = labels.get("destination_workload_namespace") or labels.get("destination_service_namespace", "")
        return where, labels.get("destination_workload") or host_of(labels.get("destination_service", ""))
    namespace = labels.get("exported_namespace") or labels.get("namespace", "")
    pod = labels.get("exported_pod") or labels.get("pod", "")
    return namespace, workload(namespace, pod) if pod else host_of(labels.get("server") or labels.get("instance", ""))


def _clock(namespace: str, name: str, dialect: ServerDialect, rows: dict[str, list[Any]]) -> ServerClock:
    times = scrapes(rows["seconds"])
    seconds = np.stack([rises_on(r, times) for r in rows["seconds"]]) * dialect.scale
    counts = {_kind(r.labels): r for r in rows["calls"]}
    calls = [counts.get(_kind(r.labels)) for r in rows["seconds"]]
    nothing = np.full(len(times) - 1 if len(times) else 0, np.nan)
    counted = np.stack([nothing if c is None else rises_on(c, times) for c in calls])
    return ServerClock(
        namespace, name, dialect.product, dialect.seconds, dialect.serial, times, counted, seconds
    )  # fmt: skip


def _kind(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(item for item in labels.items() if item[0] != "__name__")


def busy(clock: ServerClock, edges: np.ndarray) -> np.ndarray:
    """Return how many calls were inside a server on average in each step of a grid.

    Parameters
    ----------
    clock : ServerClock
        Its counters.
    edges : ndarray of int64, shape (m + 1,)
        Grid [us].

    Returns
    -------
    ndarray, shape (m,)
        For a server that does one thing at a time the share of time in which it was busy; NaN unknown.
    """
    if len(clock.times) < 2:
        return np.full(len(edges) - 1, np.nan)
    parts = []
    for calls, seconds in zip(clock.calls, clock.seconds, strict=True):
        if np.isfinite(calls).any():
            parts.append(in_flight(clock.times, calls, seconds, edges))
        else:  # without a count the time is taken as spent in the step that counts it
            parts.append(finished(clock.times, seconds, edges) / (np.diff(edges) / 1e6))
    stack = np.stack(parts)
    known = np.isfinite(stack)
    total = np.where(known.any(axis=0), np.where(known, stack, 0.0).sum(axis=0), np.nan)
    return np.minimum(total, 1.0) if clock.serial else total


def session_load(sessions: pd.DataFrame, edges: np.ndarray) -> np.ndarray:
    """Return how many sessions were inside the database on average in each step: active, and not waiting for a client.

    Parameters
    ----------
    sessions : DataFrame
        One row per session and sample, index time (UTC), columns state, wait_type (`postgres.read_sessions`).
    edges : ndarray of int64, shape (m + 1,)
        Grid [us].

    Returns
    -------
    ndarray, shape (m,)
        Mean over the samples of the step; NaN without a sample.

    Examples
    --------
    >>> time = pd.DatetimeIndex(["1970-01-01T00:00:01Z"] * 2)
    >>> rows = pd.DataFrame({"state": ["active", "active"], "wait_type": ["Lock", "Client"]}, index=time)
    >>> session_load(rows, np.array([0, 5, 10]) * 1_000_000).tolist()
    [1.0, nan]
    """
    second = pd.DatetimeIndex(sessions.index).as_unit("us").asi8 // 1_000_000 * 1_000_000
    samples = np.unique(second)
    inside = (sessions["state"] == "active").to_numpy() & (sessions["wait_type"] != "Client").to_numpy()
    count = np.bincount(np.searchsorted(samples, second[inside]), minlength=len(samples)).astype(float)
    place = np.searchsorted(edges, samples, side="left") - 1
    good = (place >= 0) & (place < len(edges) - 1)
    number = np.bincount(place[good], minlength=len(edges) - 1)
    total = np.bincount(place[good], weights=count[good], minlength=len(edges) - 1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def clock_of(destination: str, clocks: Collection[ServerClock]) -> ServerClock | None:
    """Return the clock of the server that a destination's name means; None: unknown.

    Parameters
    ----------
    destination : str
        As the client names it.
    clocks : collection of ServerClock
        Of every server.

    Notes
    -----
    By name first (the same, or the only one that shares a telling part), then by product where one such server exists.
    """
    products = [c for c in clocks if c.product]
    for group in (products, [c for c in clocks if not c.product]):
        meant = same_name(destination, {c.name for c in group})
        found = [c for c in group if c.name == meant]
        if len(found) == 1:
            return found[0]
    meant = same_name(destination, {c.product for c in products})
    found = [c for c in products if c.product == meant]
    return found[0] if len(found) == 1 else None


def path_splits(named: Callable[..., Iterable[Any]], names: Collection[str]) -> tuple[PathSplit, ...]:
    """Return how proxies split the time to each destination into connecting and answering.

    Parameters
    ----------
    named, names
        As of `server_clocks`.

    Examples
    --------
    >>> path_splits(lambda name: [], [])
    ()
    """
    found = []
    for dialect in PATHS:
        ends = ("_sum", "_count") if dialect.counted else ("",)
        if not {dialect.connect + end for end in ends} | {dialect.response + end for end in ends} <= set(names):
            continue
        pairs: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
        for metric in (dialect.connect, dialect.response):
            for end in ends:
                for row in named(metric + end):
                    text = row.label("proxy", "cluster_name", "envoy_cluster_name", "backend")
                    pairs[(row.label("namespace"), row.label("pod", "instance"), host_of(text))][metric + end] = row
        for who, rows in sorted(pairs.items()):
            if len(rows) == 2 * len(ends):
                found.append(_split(who, dialect, rows))
    return tuple(found)


def _split(who: tuple[str, str, str], dialect: PathDialect, rows: dict[str, Any]) -> PathSplit:
    if not dialect.counted:
        times, i, j = np.intersect1d(rows[dialect.connect].times, rows[dialect.response].times, return_indices=True)
        parts = rows[dialect.connect].values[i], rows[dialect.response].values[j]
        return PathSplit(*who, dialect.response, times, *(p * dialect.scale for p in parts))
    times = scrapes(rows.values())
    means = []
    for metric in (dialect.connect, dialect.response):
        total, count = (rises_on(rows[metric + end], times) for end in ("_sum", "_count"))
        mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        means.append(mean * dialect.scale)
    return PathSplit(*who, dialect.response, times[1:], *means)
