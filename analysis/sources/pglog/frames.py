"""What PostgreSQL logs become: frames of statements, connections, lock waits, temporary files, checkpoints, errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "CHECKPOINT_COLUMNS", "CONNECTION_COLUMNS", "ERROR_COLUMNS", "LOCK_WAIT_COLUMNS", "PREPARATION_COLUMNS",
    "STATEMENT_COLUMNS", "TEMP_FILE_COLUMNS", "TEXT_COLUMNS", "PostgresLog", "empty", "frame_of",
]  # fmt: skip

SOURCE = {"file": "int64", "line": "int64"}  # which of the files, from 0, and where in it, from 1
WORD = "category"
STATEMENT_COLUMNS = {
    "duration_seconds": "float64", "kind": WORD, "fingerprint": WORD, "user": WORD, "database": WORD,
    "application": WORD, "client": WORD, "session": WORD, "pid": "int64", "route": WORD, "request_id": WORD,
    "native_id": WORD,
} | SOURCE  # fmt: skip
PREPARATION_COLUMNS = {"duration_seconds": "float64", "kind": WORD, "fingerprint": WORD, "pid": "int64"} | SOURCE
TEXT_COLUMNS = {"text": "str", "verb": WORD, "access": WORD, "truncated": "bool"}
CONNECTION_COLUMNS = {
    "result": WORD, "user": WORD, "database": WORD, "application": WORD, "client": WORD, "pid": "int64",
    "reason": WORD, "session_seconds": "float64",
} | SOURCE  # fmt: skip
LOCK_WAIT_COLUMNS = {
    "pid": "int64", "after_seconds": "float64", "mode": WORD, "object": WORD, "holders": WORD, "acquired": "bool",
    "fingerprint": WORD, "application": WORD,
} | SOURCE  # fmt: skip
TEMP_FILE_COLUMNS = {"size_bytes": "float64", "fingerprint": WORD, "pid": "int64"} | SOURCE
CHECKPOINT_COLUMNS = dict.fromkeys(
    ("total_seconds", "write_seconds", "sync_seconds", "longest_sync_seconds", "buffers"), "float64"
) | {"requested": "bool"} | SOURCE  # fmt: skip
ERROR_COLUMNS = {
    "severity": WORD, "sqlstate": WORD, "message": WORD, "user": WORD, "database": WORD, "application": WORD,
    "pid": "int64", "fingerprint": WORD,
} | SOURCE  # fmt: skip


def frame_of(at: np.ndarray, cells: dict[str, Any], columns: dict[str, str], *, index: str = "time") -> pd.DataFrame:
    """Return columns as a frame in the order of their times; rows of equal times keep their order.

    Parameters
    ----------
    at : ndarray of int64
        Time of each row [us since the epoch].
    cells : dict
        Name -> array, list or Categorical, one cell a row.
    columns : dict
        Name -> dtype; the columns of the frame, in order.
    index : str
        Name of the index.

    Returns
    -------
    DataFrame
        Index in UTC, us, sorted; times may repeat.

    Examples
    --------
    >>> rows = {"size_bytes": [8.0, 9.0], "fingerprint": ["", ""], "pid": [7, 7], "file": [0, 0], "line": [2, 1]}
    >>> frame_of(np.array([2, 1]), rows, TEMP_FILE_COLUMNS)["size_bytes"].tolist()
    [9.0, 8.0]
    """
    order = np.argsort(at, kind="stable")
    stamps = pd.DatetimeIndex(np.asarray(at, dtype="i8")[order].astype("datetime64[us]"), name=index)
    frame = pd.DataFrame({name: pd.Series(cells[name]).astype(dtype) for name, dtype in columns.items()})  # type: ignore[call-overload]
    return frame.iloc[order].set_index(stamps.tz_localize("UTC"))


def _none(columns: dict[str, str], index: str = "time") -> pd.DataFrame:
    cells = {name: pd.Categorical([], categories=pd.Index([], dtype="str")) for name in columns}
    return frame_of(np.zeros(0, "i8"), cells, columns, index=index)


def _no_texts() -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series([], dtype="str").astype(dtype) for name, dtype in TEXT_COLUMNS.items()})  # type: ignore[call-overload]
    return frame.set_index(pd.Index([], dtype="str", name="fingerprint"))


@dataclass(frozen=True)
class PostgresLog:
    """What the logs of a PostgreSQL server say.

    Every frame but `texts` has a sorted index of times (UTC, us) and the columns `file` (which of the paths, from 0)
    and `line` (where its record begins, from 1). Words are categories, "" is not known; NaN is not known; a `pid` of
    -1 is not known. `fingerprint` is the id of a row of `texts`, "" where the log gives no statement.

    Parameters
    ----------
    statements : DataFrame
        Index `end`: the server stamps a duration when the statement is over. `duration_seconds`, `kind` ("statement"
        or "execute"), `fingerprint`, `user`, `database`, `application`, `client`, `session` (id of the session, else
        the pid as text), `pid`, `route` and `request_id` (of the comment of the statement), `native_id` (the query id
        of the server, as text). Only statements of which the log gives a duration.
    preparations : DataFrame
        Index `end`: `duration_seconds`, `kind` ("parse" or "bind"), `fingerprint`, `pid`. Never part of `statements`.
    texts : DataFrame
        Index `fingerprint`: `text` (without literals), `verb`, `access` ("r", "w", "tcl", "ddl", "other"), `truncated`.
    connections : DataFrame
        `result`: "received", "authorized", "replication" (authorized, for a standby), "refused" (no connection was
        left), "failed" (anything else that ends an attempt) or "disconnected"; `user`, `database`, `application`,
        `client`, `pid`, `reason` (redacted), `session_seconds` (of disconnections, else NaN).
    lock_waits : DataFrame
        `pid` that waits, `after_seconds`, `mode`, `object` (redacted), `holders` (pids, spaces between), `acquired`
        (False: still waiting, True: got it after that time), `fingerprint`, `application`.
    temp_files : DataFrame
        `size_bytes`, `fingerprint`, `pid`.
    checkpoints : DataFrame
        Index `time`, when it was complete: `total_seconds`, `write_seconds`, `sync_seconds`, `longest_sync_seconds`,
        `buffers`, `requested` (by the amount of WAL or a request, not by the clock).
    errors : DataFrame
        `severity` (ERROR, FATAL, PANIC), `sqlstate`, `message` (redacted), `user`, `database`, `application`, `pid`,
        `fingerprint`.
    """

    statements: pd.DataFrame = field(default_factory=partial(_none, STATEMENT_COLUMNS, "end"))
    preparations: pd.DataFrame = field(default_factory=partial(_none, PREPARATION_COLUMNS, "end"))
    texts: pd.DataFrame = field(default_factory=_no_texts)
    connections: pd.DataFrame = field(default_factory=partial(_none, CONNECTION_COLUMNS))
    lock_waits: pd.DataFrame = field(default_factory=partial(_none, LOCK_WAIT_COLUMNS))
    temp_files: pd.DataFrame = field(default_factory=partial(_none, TEMP_FILE_COLUMNS))
    checkpoints: pd.DataFrame = field(default_factory=partial(_none, CHECKPOINT_COLUMNS))
    errors: pd.DataFrame = field(default_factory=partial(_none, ERROR_COLUMNS))


def empty() -> PostgresLog:
    """Return a log without lines, for evidence that has none.

    Examples
    --------
    >>> len(empty().statements), empty().statements.index.name, list(empty().temp_files)[:2]
    (0, 'end', ['size_bytes', 'fingerprint'])
    """
    return PostgresLog()
