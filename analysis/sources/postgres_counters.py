"""PostgreSQL: snapshots of pg_stat_database, to a frame of counters in base units; no connection is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.sources.lines import ReadReport, Tally
from analysis.sources.postgres_table import NOT_A_TIME, instants, numbers, open_table, require_offsets, texts, times
from analysis.sources.times import TIME

__all__ = ["DATABASE_COLUMNS", "no_database_counters", "read_database_counters"]

COUNTS = {
    "commits": "xact_commit", "rollbacks": "xact_rollback", "blocks_read": "blks_read", "blocks_hit": "blks_hit",
    "rows_returned": "tup_returned", "rows_fetched": "tup_fetched", "rows_inserted": "tup_inserted",
    "rows_updated": "tup_updated", "rows_deleted": "tup_deleted", "conflicts": "conflicts", "temp_files": "temp_files",
    "temp_bytes": "temp_bytes", "deadlocks": "deadlocks", "sessions": "sessions",
    "sessions_abandoned": "sessions_abandoned", "sessions_fatal": "sessions_fatal",
    "sessions_killed": "sessions_killed",
}  # fmt: skip
MILLISECONDS = {
    "active_seconds": "active_time", "session_seconds": "session_time",
    "idle_in_transaction_seconds": "idle_in_transaction_time", "block_read_seconds": "blk_read_time",
    "block_write_seconds": "blk_write_time",
}  # fmt: skip
DATABASE_COLUMNS = (
    {"database": "str", "backends": "float64"}
    | dict.fromkeys((*MILLISECONDS, *COUNTS), "float64")
    | {"stats_reset": TIME}
)
REQUIRED = {
    "time": ("ts", "time", "sample_ts", "sampled_at", "timestamp"), "datname": ("datname",),
    "xact_commit": ("xact_commit",),
}  # fmt: skip


def no_database_counters() -> pd.DataFrame:
    """Return the frame of `read_database_counters` without rows, for evidence that has none.

    Examples
    --------
    >>> len(no_database_counters()), list(no_database_counters().columns) == list(DATABASE_COLUMNS)
    (0, True)
    """
    return _frame(np.zeros(0, "i8"), {name: [] for name in DATABASE_COLUMNS})


def _frame(at: np.ndarray, columns: dict[str, Any]) -> pd.DataFrame:
    dtypes: dict[str, Any] = DATABASE_COLUMNS
    index = pd.DatetimeIndex(at.astype("datetime64[us]"), name="time").tz_localize("UTC")
    series = {name: pd.Series(columns[name], index=index).astype(dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame(series, index=index)


def read_database_counters(path: Path) -> tuple[pd.DataFrame, ReadReport]:
    """Read snapshots of pg_stat_database: one row per database and snapshot; Parquet, or CSV (plain, gzip, zstd).

    Parameters
    ----------
    path : Path
        The file, with the view's own names of columns and `ts` (when the row was read).

    Returns
    -------
    frame : DataFrame
        Index `time`: the instant of the snapshot (UTC us, sorted). Columns `database` ("" is what all share),
        `backends` (now), and counters that run since `stats_reset` (NaT: never): `active_seconds`, `session_seconds`,
        `idle_in_transaction_seconds` (PostgreSQL 14 and later), `block_read_seconds`, `block_write_seconds` [s],
        `commits`, `rollbacks`, `blocks_read`, `blocks_hit`, `rows_returned`, `rows_fetched`, `rows_inserted`,
        `rows_updated`, `rows_deleted`, `conflicts`, `temp_files`, `temp_bytes`, `deadlocks`, `sessions`,
        `sessions_abandoned`, `sessions_fatal`, `sessions_killed`. NaN where not recorded.
    report : ReadReport
        Rows without a time or a count of commits are counted; their content is not shown.

    Raises
    ------
    EvidenceError
        If the file cannot be read, columns are missing, or no time has an offset.

    Notes
    -----
    The server credits time when a statement or a session's report ends: a long one appears late and at once.

    Examples
    --------
    >>> import tempfile
    >>> rows = ["ts,datname,xact_commit,active_time", "2026-11-22T18:00:00Z,shop,7,1500"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "database.csv")).write_text(chr(10).join(rows))
    ...     frame, report = read_database_counters(path)
    >>> frame["active_seconds"].tolist(), frame["sessions"].isna().tolist(), report.recognised
    ([1.5], [True], 1)
    """
    table, cut = open_table(path, REQUIRED)
    tally = Tally(path.name)
    at, tally.naive = times(table, "time")
    require_offsets(at, tally.naive, path.name)
    cells = {name: numbers(table, column) for name, column in COUNTS.items()}
    cells |= {name: numbers(table, column) / 1e3 for name, column in MILLISECONDS.items()}
    cells["backends"] = numbers(table, "numbackends")
    cells = {name: np.where(np.isfinite(x) & (x >= 0), x, np.nan) for name, x in cells.items()}
    good = (at != NOT_A_TIME) & np.isfinite(cells["commits"])
    tally.recognised += int(np.count_nonzero(good))
    for row in np.flatnonzero(~good).tolist():
        tally.miss(f"row {row + 1}", "needed: a time and a count of commits")
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(at[rows], kind="stable")]
    reset = pd.DatetimeIndex(times(table, "stats_reset")[0][rows].astype("datetime64[us]")).tz_localize("UTC")
    columns: dict[str, Any] = {name: x[rows] for name, x in cells.items()}
    columns |= {"database": texts(table, "datname")[rows], "stats_reset": reset}
    frame = _frame(instants(at[rows], columns["database"].tolist()), columns)
    return frame, tally.report(*_notes(frame), truncated=cut)


def _notes(frame: pd.DataFrame) -> tuple[str, ...]:
    return (
        "fewer than two snapshots: nothing can be said of any stretch" if frame.index.nunique() < 2 else "",
        "the time of sessions was not recorded (PostgreSQL before 14): no load from these counters"
        if len(frame) and frame["active_seconds"].isna().all()
        else "",
    )
