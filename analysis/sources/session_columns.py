"""Session samples of other samplers: their names of columns, and of states and waits, to those of pg_stat_activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from analysis.errors import EvidenceError, SpecError
from analysis.sources.postgres_table import texts

__all__ = ["ALIASES", "OUR_NAMES", "Renamed", "in_our_names"]

# our name (a column of `read_sessions`) -> the column of pg_stat_activity
OUR_NAMES = {
    "time": "time", "pid": "pid", "state": "state", "wait_type": "wait_event_type", "wait_event": "wait_event",
    "user": "usename", "application": "application_name", "client": "client_addr", "query_id": "query_id",
    "query": "query", "blocked_by": "blocked_by", "backend": "backend_type", "backend_start": "backend_start",
    "transaction_start": "xact_start", "query_start": "query_start", "state_change": "state_change",
}  # fmt: skip
UTC_TIME = "sample_time_utc"  # of Oracle: said to be UTC by its name alone
# column of pg_stat_activity -> other samplers' names, the likelier first: pgsentinel (ash_time, queryid, blockerpid),
# pg_wait_sampling (event_type, event), Oracle (session_id, session_state, wait_class, blocking_session), and the plain
# words that exports of monitoring services use. Letters of either case are the same.
ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("ts", "time", "sample_ts", "sampled_at", "timestamp", "ash_time", UTC_TIME, "sample_time", "collected_at"),
    "pid": ("pid", "process_id", "backend_pid", "session_id"),
    "state": ("state", "session_state", "backend_state"),
    "wait_event_type": ("wait_event_type", "event_type", "wait_class", "wait_type"),
    "wait_event": ("wait_event", "event", "wait_event_name"),
    "usename": ("usename", "user", "username", "user_name", "rolname", "role"),
    "application_name": ("application_name", "application", "app", "program"),
    "client_addr": ("client_addr", "client", "client_ip", "client_hostname", "machine"),
    "query_id": ("query_id", "queryid", "sql_id"),
    "query": ("query", "top_level_query", "query_text", "sql_text", "statement"),
    "blocked_by": ("blocked_by", "blockerpid", "blocking_pids", "blocking_session"),
    "backend_type": ("backend_type", "session_type"),
    "backend_start": ("backend_start", "logon_time"),
    "xact_start": ("xact_start", "transaction_start"),
    "query_start": ("query_start", "sql_exec_start"),
    "state_change": ("state_change",),
}
BACKENDS = {"foreground": "client backend", "background": "background process"}
CLASSES = {"user i/o": "IO", "system i/o": "IO", "commit": "IO", "network": "Client", "idle": "Client"}


class Renamed(NamedTuple):
    """A table under the names of pg_stat_activity, and what had to be assumed."""

    table: pa.Table
    notes: tuple[str, ...]


def in_our_names(table: pa.Table, mapping: Mapping[str, str] | None, file: str) -> Renamed:
    """Return a table of session samples with the names of pg_stat_activity; other columns keep theirs.

    Parameters
    ----------
    table : pyarrow.Table
        As read.
    mapping : mapping of str to str, optional
        Our name (a column of `read_sessions`, or time) -> the file's column; the rest is found by `ALIASES`.
    file : str
        Name of the file.

    Returns
    -------
    Renamed
        Where sessions have no state, one that waits for its client's next command is idle, any other active. Oracle's
        ON CPU and WAITING are active; its wait classes get the server's names (User I/O: IO; Application with an
        enqueue: Lock).

    Raises
    ------
    SpecError
        If the mapping has a name that is not ours.
    EvidenceError
        If the file has no such column.

    Examples
    --------
    >>> names = ["ash_time", "pid", "state", "queryid"]
    >>> in_our_names(pa.table({n: ["1"] for n in names}), None, "ash.csv").table.column_names
    ['time', 'pid', 'state', 'query_id']
    >>> in_our_names(pa.table({"when": ["1"]}), {"time": "when"}, "ash.csv").table.column_names
    ['time']
    """
    names, taken = list(table.column_names), dict[str, str]()
    for ours, theirs in (mapping or {}).items():
        if ours not in OUR_NAMES:
            raise SpecError(
                f"no column of ours: {ours}", where="mapping", expected=", ".join(OUR_NAMES), next="use one of these",
            )  # fmt: skip
        if theirs not in names:
            raise EvidenceError(
                f"there is no column {theirs} for {ours}", where=file, expected="the columns of the mapping",
                next=f"found: {', '.join(names)[:300] or 'none'}",
            )  # fmt: skip
        taken[OUR_NAMES[ours]] = theirs
    folded = {name.lower(): name for name in reversed(names)}
    for target, ways in ALIASES.items():
        found = next((way for way in ways if way in names), None) or next(
            (folded[way] for way in ways if way in folded), None
        )
        if target not in taken and found is not None and found not in taken.values():
            taken[target] = found
    back = {theirs: target for target, theirs in taken.items()}
    renamed = [back.get(name, f"{name} of the file" if name in taken else name) for name in names]
    found_table = table.rename_columns(renamed)
    if taken.get("time", "").lower() == UTC_TIME:
        found_table = _with(found_table, "time", [f"{t}+00:00" if t else "" for t in texts(found_table, "time")])
    return _in_our_words(found_table)


def _in_our_words(table: pa.Table) -> Renamed:
    """Return the table with states, waits and kinds of sessions in the words of pg_stat_activity."""
    notes = list[str]()
    if "wait_event_type" not in table.column_names or "wait_event" not in table.column_names:
        return Renamed(table, ())
    kind, event = texts(table, "wait_event_type"), texts(table, "wait_event")
    if "state" not in table.column_names:
        waiting = (kind == "Client") & (event == "ClientRead")
        table = table.append_column("state", pa.array(np.where(waiting, "idle", "active").tolist(), pa.string()))
        notes.append("no state was recorded: sessions that wait for their client's next command are taken for idle")
    state = texts(table, "state")
    oracle = np.isin(state, ["ON CPU", "WAITING"])
    if oracle.any():
        lock = (kind == "Application") & np.array([e.lower().startswith("enq:") for e in event])
        named = np.array([CLASSES.get(k.lower(), k) for k in kind], dtype=object)
        kind = np.where(lock, "Lock", np.where(state == "ON CPU", "", np.where(oracle, named, kind)))
        event = np.where(state == "ON CPU", "", event)
        table = _with(table, "wait_event_type", kind.tolist())
        table = _with(table, "wait_event", event.tolist())
        table = _with(table, "state", np.where(oracle, "active", state).tolist())
        notes.append("states and wait classes of another server were translated")
    backend = texts(table, "backend_type")
    if np.isin([b.lower() for b in backend], list(BACKENDS)).any():
        table = _with(table, "backend_type", [BACKENDS.get(b.lower(), b) for b in backend])
    return Renamed(table, tuple(notes))


def _with(table: pa.Table, name: str, cells: Sequence[str]) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(cells, pa.string()))
