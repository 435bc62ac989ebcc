"""The database before and in the incident: what a request asked of it, its load, its pool, its connections."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.findings import number, value
from analysis.hypotheses.calls.book import book_of
from analysis.investigation import Investigation
from analysis.signals.access_mix import access_mix, read_ratio
from analysis.signals.attempts import attempts
from analysis.signals.cache import cache_use
from analysis.signals.database import IDLE_IN_TRANSACTION, LOCK, aas_in, foreground, sampling, wait_classes, working
from analysis.signals.database_counters import counter_increments
from analysis.signals.little import pool_steps, pool_use
from analysis.signals.statement_log import logged_load, logged_summary
from analysis.views.view import View
from analysis.window import Window

__all__ = ["windows_table"]

Row = tuple[str, str, float, float, str]  # what, of which source, before, during, unit
UNKNOWN = "not recorded"


def windows_table(result: Investigation) -> View:
    """Return what each view of the database shows of baseline and incident window: no single one sees every trouble.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    View
        A row a quantity, with its source; what was not recorded is said, never shown as zero.
    """
    windows = (result.incident.baseline, result.incident.window)
    rows = [*_of_requests(result, windows), *_of_sessions(result, windows), *_of_log(result, windows),
            *_of_counters(result, windows), *_of_pools(result, windows)]  # fmt: skip
    cells = [[what, _text(before, unit), _text(during, unit), _ratio(before, during), source]
             for what, source, before, during, unit in rows]  # fmt: skip
    columns = ["", "baseline", "incident", "ratio", "from"]
    caption = "Before and in the incident window, by every view that was recorded"
    return View("table", {"caption": caption, "columns": columns, "rows": cells, "folded": False})


def _text(x: float, unit: str) -> str:
    if not np.isfinite(x):
        return UNKNOWN
    return value(x, unit).text if unit in ("ratio", "seconds") else number(x)


def _ratio(before: float, during: float) -> str:
    return f"× {number(during / before, 2)}" if np.isfinite([before, during]).all() and before > 0 else ""


def _mean(frame: pd.DataFrame, name: str, window: Window) -> float:
    part = frame[name][window.holds(pd.DatetimeIndex(frame.index))] if name in frame else frame.iloc[:0, 0]
    return float(part.mean()) if len(part) and part.notna().any() else float("nan")


def _of_requests(result: Investigation, windows: tuple[Window, Window]) -> Iterator[Row]:
    table = result.evidence.requests
    if not len(table):
        return
    rates = [float(w.holds(pd.DatetimeIndex(table.index)).sum()) / w.duration_seconds for w in windows]
    yield "requests per second", "request log", rates[0], rates[1], "count"
    for name, what, unit in (
        ("statements", "statements a request", "count"), ("rows", "rows read a request", "count"),
        ("database_seconds", "time in the database a request", "seconds"),
        ("pool_wait_seconds", "wait for a connection a request", "seconds"),
    ):  # fmt: skip
        if name in table and table[name].notna().any():
            before, during = (_mean(table, name, w) for w in windows)
            yield what, "request log", before, during, unit


def _of_sessions(result: Investigation, windows: tuple[Window, Window]) -> Iterator[Row]:
    sessions = foreground(result.evidence.sessions)
    if not len(sessions):
        yield "average active sessions", "samples of sessions", float("nan"), float("nan"), "count"
        return
    at, classes = sampling(result.evidence.sessions).instants, wait_classes(sessions)
    for what, mask in (
        ("average active sessions", ~np.isin(classes, ("", IDLE_IN_TRANSACTION))),
        ("of them at work", working(classes)), ("of them waiting for a lock", classes == LOCK),
        ("sessions idle in a transaction", classes == IDLE_IN_TRANSACTION),
        ("sessions open", np.ones(len(sessions), dtype=bool)),
    ):  # fmt: skip
        before, during = (aas_in(sessions, np.asarray(mask), w, at) for w in windows)
        yield what, "samples of sessions", before, during, "count"


def _of_log(result: Investigation, windows: tuple[Window, Window]) -> Iterator[Row]:
    log = result.evidence.database_log
    if len(log.statements):
        rates = [float(w.holds(pd.DatetimeIndex(log.statements.index)).sum()) / w.duration_seconds for w in windows]
        yield "statements logged per second", "database log", rates[0], rates[1], "count"
        loads = [logged_load(log.statements, w) for w in windows]
        yield "average active sessions", "durations in the log", loads[0], loads[1], "count"
        log_mixes = [
            read_ratio(access_mix(logged_summary(log.statements, w), log.texts["access"])).get("calls", float("nan"))
            for w in windows
        ]
        yield "share of reading statements", "database log", log_mixes[0], log_mixes[1], "ratio"
    if len(log.connections):
        tried = attempts(log.connections)
        at = pd.DatetimeIndex(tried.index)
        refused = (tried["status"] == "refused").to_numpy()
        rates = [float(w.holds(at).sum()) / w.duration_seconds for w in windows]
        yield "attempts to connect per second", "database log", rates[0], rates[1], "count"
        counts = [float((w.holds(at) & refused).sum()) for w in windows]
        yield "connections refused", "database log", counts[0], counts[1], "count"
    for name, what in (("temp_files", "temporary files written"), ("checkpoints", "checkpoints")):
        frame = getattr(log, name)
        if len(frame):
            counts = [float(w.holds(pd.DatetimeIndex(frame.index)).sum()) for w in windows]
            yield what, "database log", counts[0], counts[1], "count"


def _of_counters(result: Investigation, windows: tuple[Window, Window]) -> Iterator[Row]:
    if not len(result.evidence.database_counters):
        return
    increments = counter_increments(result.evidence.database_counters)
    before, during = (cache_use(increments, w) for w in windows)
    for what, name, unit in (
        ("blocks found in memory", "hit_ratio", "ratio"),
        ("rows scanned for each row fetched by an index", "scanned_per_fetched_ratio", "count"),
        ("temporary files, bytes per second", "temp_bytes_per_second", "count"),
    ):
        yield what, "pg_stat_database", getattr(before, name), getattr(during, name), unit


def _of_pools(result: Investigation, windows: tuple[Window, Window]) -> Iterator[Row]:
    present = result.evidence.samples.names
    named = pool_steps(lambda name: result.evidence.samples.named(name) if name in present else ())
    for (_, _, name), steps in sorted(named.items()):
        usual, use = (pool_use(steps, w) for w in windows)
        if np.isfinite(use.in_use):
            yield f"connections held by Little's law, pool {name}", "usage time", usual.in_use, use.in_use, "count"
        if np.isfinite(use.waited_seconds):
            what = f"wait for a connection of pool {name}"
            yield what, "acquire time", usual.waited_seconds, use.waited_seconds, "seconds"
    for pool in book_of(result.case).pools:
        held = [(pool.times > w.start_us) & (pool.times <= w.end_us) for w in windows]
        active = pool.metric.replace("pending_threads", "active_connections").replace("pending", "active")
        for what, gauge, metric in (
            ("connections in use", pool.active, active), ("most threads waiting", pool.pending, pool.metric),
        ):  # fmt: skip
            known = [gauge[h & np.isfinite(gauge)] for h in held]
            if any(len(k) for k in known):
                take = np.mean if gauge is pool.active else np.max
                before, during = (float(take(k)) if len(k) else float("nan") for k in known)
                yield f"{what} of pool {pool.name}", metric, before, during, "count"
