"""Which share of the time of calls a server's own clock accounts for, and where on the path the rest was spent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.correlate.effect import block_bootstrap_share
from analysis.correlate.known import mean_of_known
from analysis.incident import Window
from analysis.signals.calls import Calls
from analysis.signals.hosts import same_name
from analysis.signals.in_flight import finished
from analysis.signals.servers import PathSplit, ServerClock, busy, session_load

__all__ = [
    "above_usual", "connect_ratio", "gap_of", "gap_share", "inside_ratio", "most_inside", "own_load",
    "served_seconds", "steps_of",
]  # fmt: skip

MIN_COVERAGE = 0.8  # of the steps of baseline and episode that a server's own account must have
BUSY = 0.1  # of a step, or of the calls under way: below it nothing can have queued for the server
RISE_SECONDS = 1e-3  # smallest rise of a path's mean time that says anything


def steps_of(edges: np.ndarray, window: Window) -> np.ndarray:
    """Return which steps of a grid overlap a window, shape (n,), bool."""
    return np.asarray((edges[1:] > window.start_us) & (edges[:-1] < window.end_us))


def above_usual(edges: np.ndarray, series: np.ndarray, baseline: Window) -> np.ndarray:
    """Return a series less its median in the baseline, at least 0, shape (n,); NaN stays.

    Examples
    --------
    >>> window = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:02Z")
    >>> above_usual(np.arange(4) * 1_000_000, np.array([1.0, 1.0, 5.0]), window).tolist()
    [0.0, 0.0, 4.0]
    """
    before = series[steps_of(edges, baseline)]
    before = before[np.isfinite(before)]
    return np.asarray(np.maximum(series - (np.median(before) if len(before) else 0.0), 0.0))


def own_load(
    clock: ServerClock, sessions: pd.DataFrame, edges: np.ndarray, windows: tuple[Window, Window]
) -> tuple[str, np.ndarray]:
    """Return how many calls were inside a server by its own account, and where that comes from.

    Parameters
    ----------
    clock : ServerClock
        Its counters.
    sessions : DataFrame
        Samples of a PostgreSQL's sessions, possibly empty: an instant each, but they see a call before it has ended.
    edges : ndarray of int64, shape (n + 1,)
        Grid [us].
    windows : (Window, Window)
        Baseline and episode: both must be covered.

    Returns
    -------
    (str, ndarray of shape (n,))
        Source ("" and NaN if neither covers both windows: a server that is silent is not known to be well).
    """
    choices = (
        [("pg_stat_activity", session_load(sessions, edges))] if clock.product == "postgres" and len(sessions) else []
    )
    for source, load in [*choices, (clock.metric, busy(clock, edges))]:
        if all(np.isfinite(load[steps_of(edges, w)]).mean() >= MIN_COVERAGE for w in windows):
            return source, load
    return "", np.full(len(edges) - 1, np.nan)


def inside_ratio(inside: np.ndarray, under_way: np.ndarray, *, serial: bool) -> float:
    """Return the share of the time of calls that their server accounts for.

    Parameters
    ----------
    inside, under_way : ndarray, shape (n,)
        Calls inside the server and calls under way at the client, above the usual, in the steps of an episode.
    serial : bool
        Whether the server does one thing at a time: then every call under way waits while it is busy.

    Returns
    -------
    float
        In [0, 1]; NaN if nothing was under way. For others than serial ones the ratio of sums: an upper bound where
        the server has other callers too.

    Examples
    --------
    >>> inside_ratio(np.array([8.0, 8.0]), np.array([8.0, 12.0]), serial=False)
    0.8
    >>> inside_ratio(np.array([1.0, 0.0]), np.array([30.0, 10.0]), serial=True)
    0.75
    """
    known = np.isfinite(inside) & np.isfinite(under_way)
    total = float(under_way[known].sum())
    if total <= 0:
        return float("nan")
    ratio = float(inside[known].sum()) / total
    if serial:
        ratio = max(ratio, float(np.minimum(inside[known], 1.0) @ under_way[known]) / total)
    return min(ratio, 1.0)


def most_inside(inside: np.ndarray, under_way: np.ndarray, *, serial: bool) -> float:
    """Return the largest share of the time of calls that their server may have held by what its clock shows.

    Parameters
    ----------
    inside, under_way : ndarray, shape (n,)
        Calls inside the server and calls under way at the client, above the usual, in the steps of an episode.
    serial : bool
        Whether the server does one thing at a time.

    Returns
    -------
    float
        Calls under way in steps in which a serial server was busy for at least a tenth, another with a tenth of them,
        one step either way (a call counts when it ends, and others wait beside it), over all; NaN if none was.

    Examples
    --------
    >>> most_inside(np.array([0.0, 0.0, 0.3, 0.0]), np.array([2.0, 1.0, 1.0, 4.0]), serial=True)
    0.75
    >>> most_inside(np.array([1e-5, 1e-5]), np.array([2.0, 1.0]), serial=True)
    0.0
    """
    known = np.isfinite(inside) & np.isfinite(under_way)
    total = float(under_way[known].sum())
    if total <= 0:
        return float("nan")
    busy_there = np.nan_to_num(inside) >= BUSY * (1.0 if serial else np.maximum(np.nan_to_num(under_way), 1.0))
    wide = busy_there.copy()
    wide[1:] |= busy_there[:-1]
    wide[:-1] |= busy_there[1:]
    return min(float(under_way[known & wide].sum()) / total, 1.0)


def served_seconds(clock: ServerClock, window: Window) -> float:
    """Return the mean time inside a server per call in a window [s]; NaN if it counts no calls there."""
    end = clock.times[1:]
    chosen = (end > window.start_us) & (end <= window.end_us)
    both = np.isfinite(clock.calls) & np.isfinite(clock.seconds) & chosen
    calls = float(clock.calls[both].sum())
    return float(clock.seconds[both].sum()) / calls if calls > 0 else float("nan")


def gap_share(
    client_seconds: np.ndarray, client_calls: np.ndarray, server_seconds: np.ndarray, server_calls: np.ndarray
) -> tuple[float, float, float]:
    """Return which share of the mean time of a call is spent outside the server, with a 95 % interval.

    Parameters
    ----------
    client_seconds, client_calls, server_seconds, server_calls : ndarray, shape (n,)
        Sums and counts per step, as client and server count them; means come from sums and counts, never from
        quantiles, whose difference is the quantile of nothing.

    Returns
    -------
    (float, float, float)
        1 - mean_server / mean_client, low, high (circular block bootstrap over steps); NaN without calls.

    Examples
    --------
    >>> calls = np.full(40, 100.0)
    >>> [round(x, 4) for x in gap_share(calls * 1.480, calls, calls * 0.0011, calls)]
    [0.9993, 0.9993, 0.9993]
    """
    good = np.isfinite(client_seconds) & np.isfinite(client_calls) & np.isfinite(server_seconds)
    good &= np.isfinite(server_calls)
    cs, cc, ss, sc = (x[good] for x in (client_seconds, client_calls, server_seconds, server_calls))
    if not cc.sum() > 0 or not sc.sum() > 0 or not cs.sum() > 0:
        return (float("nan"),) * 3
    scale = cc.sum() / sc.sum()  # calls that either side alone counts change both sums alike
    share = 1 - ss.sum() * scale / cs.sum()
    low, high = block_bootstrap_share(ss * scale, cs, block=max(1, round(len(cs) / 20)))
    return float(share), 1 - high, 1 - low


def gap_of(rows: Sequence[Calls], clock: ServerClock, edges: np.ndarray, window: Window) -> tuple[float, float, float]:
    """Return `gap_share` of the calls to one destination in a window.

    Parameters
    ----------
    rows : sequence of Calls
        Of one destination; connecting is left out.
    clock : ServerClock
        Of its server; NaN if it counts no calls.
    edges : ndarray of int64, shape (n + 1,)
        Grid [us].
    window : Window
        Where to look.
    """
    rows, chosen = [r for r in rows if r.operation != "connect"], steps_of(edges, window)
    if not rows or not np.isfinite(clock.calls).any():
        return (float("nan"),) * 3
    client = [np.sum([finished(r.times, getattr(r, p), edges) for r in rows], axis=0) for p in ("seconds", "calls")]
    both = np.isfinite(clock.calls) & np.isfinite(clock.seconds)
    seen = both.any(axis=0)
    inside = [
        finished(clock.times, np.where(seen, np.where(both, part, 0.0).sum(axis=0), np.nan), edges)
        for part in (clock.seconds, clock.calls)
    ]
    return gap_share(*(part[chosen] for part in (*client, *inside)))


def connect_ratio(
    rows: Sequence[Calls], paths: Sequence[PathSplit], edges: np.ndarray, windows: tuple[Window, Window]
) -> float:
    """Return the rise of the time to connect over the rise of the time to answer, baseline to episode.

    Parameters
    ----------
    rows : sequence of Calls
        Of one destination; operation connect is the client's own view.
    paths : sequence of PathSplit
        What the proxies of its pods say.
    edges : ndarray of int64, shape (n + 1,)
        Grid [us].
    windows : (Window, Window)
        Baseline and episode.

    Returns
    -------
    float
        Near 0: the time is spent after the connection was made; NaN if the path does not tell.
    """
    pods, name = {(r.namespace, r.pod) for r in rows}, rows[0].destination
    known = [p for p in paths if (p.namespace, p.pod) in pods]
    rises = []
    for path in known:
        if same_name(path.destination, {name}) == name:
            means = [
                [mean_of_known(v[(path.times > w.start_us) & (path.times <= w.end_us)]) for w in windows]
                for v in (path.connect_seconds, path.response_seconds)
            ]
            rises.append((means[0][1] - means[0][0], means[1][1] - means[1][0]))
    connect = [r for r in rows if r.operation == "connect"]
    if connect and len(connect) < len(rows):
        parts = connect, [r for r in rows if r.operation != "connect"]
        pairs = [[_mean_seconds(part, edges, w) for w in windows] for part in parts]
        rises.append((pairs[0][1] - pairs[0][0], pairs[1][1] - pairs[1][0]))
    usable = [max(c, 0.0) / r for c, r in rises if np.isfinite(c) and np.isfinite(r) and r > RISE_SECONDS]
    return float(max(usable)) if usable else float("nan")


def _mean_seconds(rows: Sequence[Calls], edges: np.ndarray, window: Window) -> float:
    chosen = steps_of(edges, window)
    calls, seconds = (
        sum(float(np.nansum(finished(r.times, getattr(r, part), edges)[chosen])) for r in rows)
        for part in ("calls", "seconds")
    )
    return seconds / calls if calls > 0 else float("nan")
