"""PostgreSQL: samples of pg_stat_activity and snapshots of pg_stat_statements, to frames; no connection is made.

Texts of statements may hold personal data. They stay in the frame; what is shown is made by `sql.fingerprint`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.sources.lines import ReadReport, Tally
from analysis.sources.postgres_table import (
    NOT_A_TIME,
    instants,
    numbers,
    open_table,
    require_offsets,
    texts,
    times,
    under_names,
)
from analysis.sources.session_columns import in_our_names
from analysis.sources.times import TIME

__all__ = ["SESSION_COLUMNS", "STATEMENT_COLUMNS", "no_sessions", "no_statements", "read_sessions", "read_statements"]

TEXTS = {
    "user": "usename", "application": "application_name", "client": "client_addr", "state": "state",
    "wait_type": "wait_event_type", "wait_event": "wait_event", "query_id": "query_id", "query": "query",
    "blocked_by": "blocked_by", "backend": "backend_type",
}  # fmt: skip
TIMES = {
    "backend_start": "backend_start", "transaction_start": "xact_start", "query_start": "query_start",
    "state_change": "state_change",
}  # fmt: skip
COUNTERS = ("calls", "rows", "shared_blks_hit", "shared_blks_read", "temp_blks_written", "wal_bytes")
SESSION_COLUMNS = {"pid": "int64"} | dict.fromkeys(TEXTS, "str") | dict.fromkeys(TIMES, TIME)
STATEMENT_COLUMNS = (
    dict.fromkeys(("query_id", "user_id", "database_id"), "str")
    | {"toplevel": "bool", "execution_seconds": "float64"}
    | dict.fromkeys(COUNTERS, "float64")
    | {"query": "str"}
)
STAMPS = ("ts", "time", "sample_ts", "sampled_at", "timestamp")
CLIENT = "client backend"
MOST_PROCESSES = 2**31  # process ids are below
REQUIRED_OF_SESSIONS = {
    "time": STAMPS, "pid": ("pid",), "state": ("state",), "wait_event_type": ("wait_event_type",),
    "wait_event": ("wait_event",),
}  # fmt: skip
REQUIRED_OF_STATEMENTS = {
    "time": STAMPS, "queryid": ("queryid", "query_id"), "calls": ("calls",),
    "total_exec_time": ("total_exec_time", "total_time"),
}  # fmt: skip


def no_sessions() -> pd.DataFrame:
    """Return the frame of `read_sessions` without rows, for evidence that has none.

    Examples
    --------
    >>> len(no_sessions()), list(no_sessions().columns) == list(SESSION_COLUMNS)
    (0, True)
    """
    return _frame(np.zeros(0, "i8"), {name: [] for name in SESSION_COLUMNS}, SESSION_COLUMNS)


def no_statements() -> pd.DataFrame:
    """Return the frame of `read_statements` without rows, for evidence that has none.

    Examples
    --------
    >>> len(no_statements()), no_statements().index.name
    (0, 'time')
    """
    return _frame(np.zeros(0, "i8"), {name: [] for name in STATEMENT_COLUMNS}, STATEMENT_COLUMNS)


def _frame(at: np.ndarray, columns: dict[str, Any], dtypes: dict[str, Any]) -> pd.DataFrame:
    index = pd.DatetimeIndex(at.astype("datetime64[us]"), name="time").tz_localize("UTC")
    series = {name: pd.Series(columns[name], index=index).astype(dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame(series, index=index)


def _stamps(us: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(us.astype("datetime64[us]")).tz_localize("UTC")  # the least int64 is NaT


def read_sessions(path: Path, mapping: Mapping[str, str] | None = None) -> tuple[pd.DataFrame, ReadReport]:
    """Read samples of pg_stat_activity: one row per session and sample; Parquet, or CSV (plain, gzip, zstd).

    Parameters
    ----------
    path : Path
        The file, with the view's own names of columns, `ts` (when the row was read) and, if it was asked for,
        `blocked_by` (pg_blocking_pids, separated by spaces); or with those of another sampler, see
        `session_columns.ALIASES`.
    mapping : mapping of str to str, optional
        Name of a column below, or time -> the file's column, where its name is not known.

    Returns
    -------
    frame : DataFrame
        Index `time`: the sampling instant, the same for all rows of a sample (UTC us, sorted). Columns `pid`, `user`,
        `application`, `client`, `state`, `wait_type`, `wait_event`, `query_id` (text: a float would lose digits),
        `query`, `blocked_by` (process ids, separated by spaces), `backend` (its type), `backend_start`,
        `transaction_start`, `query_start`, `state_change`. Text is empty, and a time NaT, where it was null.
    report : ReadReport
        Rows without a time or a process id are counted; their content is not shown.

    Raises
    ------
    EvidenceError
        If the file cannot be read, columns are missing, or no time has an offset.
    SpecError
        If the mapping names a column that is not one of these.

    Examples
    --------
    >>> frame, report = read_sessions(Path("data/incidents/D-quiet-control/raw/db/pg_stat_activity.parquet"))
    >>> len(frame), frame.index.nunique(), report.unrecognised
    (2059, 206, 0)
    """
    table, cut = open_table(path, {})
    table, assumed = in_our_names(table, mapping, path.name)
    table = under_names(table, REQUIRED_OF_SESSIONS, path.name)
    tally = Tally(path.name)
    at, tally.naive = times(table, "time")
    require_offsets(at, tally.naive, path.name)
    pid = numbers(table, "pid")
    good = (at != NOT_A_TIME) & (pid > 0) & (pid < MOST_PROCESSES) & (pid == np.floor(pid))
    _count(tally, good, at, "a time and a process id")
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(at[rows], kind="stable")]
    columns: dict[str, Any] = {"pid": pid[rows].astype("i8")}
    columns |= {name: texts(table, source)[rows] for name, source in TEXTS.items()}
    columns |= {name: _stamps(times(table, source)[0][rows]) for name, source in TIMES.items()}
    columns["blocked_by"] = np.array([_pids(text) for text in columns["blocked_by"]], dtype=object)
    if "backend_type" not in table.column_names:
        columns["backend"] = np.full(len(rows), CLIENT, dtype=object)
    born = columns["backend_start"].asi8
    sampled = instants(at[rows], list(zip(columns["pid"].tolist(), born.tolist(), strict=True)))
    frame = _frame(sampled, columns, SESSION_COLUMNS)
    return frame, tally.report(*assumed, *_session_notes(frame, table), truncated=cut)


def _session_notes(frame: pd.DataFrame, table: pa.Table) -> tuple[str, ...]:
    clients = frame["backend"] == CLIENT
    silent = int((clients & (frame["state"] == "")).sum())
    busy_only = len(frame) > 0 and not (frame["state"] == "idle").any()
    return (
        "" if "blocked_by" in table.column_names else "who blocks whom was not recorded (column blocked_by)",
        f"{silent} sessions show no state: the sampling user may not see those of others" if silent else "",
        "no idle session was sampled: samples without any session are not to be seen, such times count as unknown"
        if busy_only
        else "",
    )


def _pids(text: str) -> str:
    """Return process ids separated by single spaces, of any of the ways to write a list."""
    found = text.strip("{}[] ").replace(",", " ").split()
    return " ".join(p.removesuffix(".0") for p in found if p.removesuffix(".0").isdecimal() and p != "0")


def _count(tally: Tally, good: np.ndarray, at: np.ndarray, needed: str) -> None:
    """Count rows; of those that lack something only their number and time are shown: their text may be personal."""
    tally.recognised += int(np.count_nonzero(good))
    for row in np.flatnonzero(~good).tolist():
        when = "without a time" if at[row] == NOT_A_TIME else f"at {at[row] / 1e6:.3f} s"
        tally.miss(f"row {row + 1}", f"{when}; needed: {needed}")


def read_statements(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    """Read snapshots of pg_stat_statements: one row per statement and snapshot; Parquet, or CSV (plain, gzip, zstd).

    Parameters
    ----------
    path : Path
        The file, with the view's own names of columns and `ts`; total_time of PostgreSQL before 13 is understood.

    Returns
    -------
    frame : DataFrame
        Index `time`: the instant of the snapshot (UTC us, sorted). Columns `query_id` (text), `user_id`,
        `database_id`, `toplevel` (True where not recorded), `execution_seconds` [s], `calls`, `rows`,
        `shared_blks_hit`, `shared_blks_read`, `temp_blks_written` [blocks], `wal_bytes`, `query`. All counters run
        since the statement was first seen; NaN where not recorded.
    report : ReadReport
        Rows without time, query id, calls or execution time are counted.

    Raises
    ------
    EvidenceError
        If the file cannot be read, columns are missing, or no time has an offset.

    Examples
    --------
    >>> frame, report = read_statements(Path("data/incidents/D-quiet-control/raw/db/pg_stat_statements.parquet"))
    >>> len(frame), frame.index.nunique(), report.unrecognised
    (769, 14, 0)
    """
    table, cut = open_table(path, REQUIRED_OF_STATEMENTS)
    tally = Tally(path.name)
    at, tally.naive = times(table, "time")
    require_offsets(at, tally.naive, path.name)
    query_id, calls, spent = texts(table, "queryid"), numbers(table, "calls"), numbers(table, "total_exec_time")
    good = (at != NOT_A_TIME) & (query_id != "") & (calls >= 0) & (spent >= 0)
    _count(tally, good, at, "a time, a query id, calls and execution time")
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(at[rows], kind="stable")]
    toplevel = np.array([t.lower() not in ("false", "f", "0") for t in texts(table, "toplevel")[rows]], dtype=bool)
    columns: dict[str, Any] = {name: numbers(table, name)[rows] for name in COUNTERS}
    columns |= {"query_id": query_id[rows], "query": texts(table, "query")[rows], "toplevel": toplevel}
    columns |= {"user_id": texts(table, "userid")[rows], "database_id": texts(table, "dbid")[rows]}
    columns["execution_seconds"] = spent[rows] / 1e3
    keys = columns["query_id"].tolist()  # with neither user nor database recorded, an id comes more than once
    frame = _frame(instants(at[rows], keys, once=False), columns, STATEMENT_COLUMNS)
    note = "fewer than two snapshots: nothing can be said of any stretch" if frame.index.nunique() < 2 else ""
    return frame, tally.report(note, truncated=cut)
