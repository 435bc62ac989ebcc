"""Samples and snapshots of PostgreSQL's views for a pack: the same columns, statements as their fingerprints."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.pack.files import CannotRedactError, csv_bytes, differences, write_as_named
from analysis.pack.scrub import Scrubber
from analysis.sources.lines import ReadReport
from analysis.sources.postgres_table import open_table, texts
from analysis.sources.session_columns import ALIASES, OUR_NAMES

__all__ = ["pack_table"]

SESSION_NAMES = {alias: ours for ours, aliases in ALIASES.items() for alias in aliases}
TIMES = (
    "backend_start",
    "xact_start",
    "query_start",
    "state_change",
    "stats_reset",
    "stats_since",
    "minmax_stats_since",
)
KEPT = re.compile(
    r"time|ts|sample_ts|sampled_at|timestamp|pid|query_?id|userid|dbid|datid|usesysid|leader_pid|blocked_by|toplevel|"
    r"plans|calls|rows|numbackends|conflicts|deadlocks|sessions\w*|checksum_failures|parallel_workers\w*|"
    r"\w+_(?:time|seconds|ms|blks|blocks|bytes|fpi|records|count|files)|(?:xact|tup|blks|blk|temp|wal|jit|shared|local)_\w+"
)
WORDS = ("state", "wait_event_type", "wait_event", "backend_type", "datname", "usename", "application_name")
CELL = re.compile(r"[\d\s.,:+TZ{}\[\]eE-]{0,400}|[A-Za-z]{1,5}|NaN|UTC|\d[\d\s.:T-]+ UTC")


def pack_table(
    source: Path,
    target: Path,
    scrub: Scrubber,
    *,
    read: Callable[[Path], tuple[pd.DataFrame, ReadReport]],
    mapping: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Write a table with redacted texts, in the form of the original; return what was left out.

    Parameters
    ----------
    source, target : Path
        Parquet, or CSV, plain or compressed; both of one form.
    scrub : Scrubber
        Of the pack.
    read : callable
        Reads such a file to a frame.
    mapping : mapping of str to str, optional
        As of `read_sessions`.

    Raises
    ------
    CannotRedactError
        If it cannot be read, or the copy would not read the same.
    """
    table, _ = open_table(source, {})
    frame, _ = read(source)
    mapped = {theirs: OUR_NAMES[ours] for ours, theirs in (mapping or {}).items() if ours in OUR_NAMES}
    columns, dropped = dict[str, Any](), list[str]()
    for name in table.column_names:
        role = mapped.get(name) or SESSION_NAMES.get(name.lower(), name.lower())
        change = _change(role, scrub)
        if change is None:
            dropped.append(f"column {scrub.value(name)}: not one that is read")
        else:
            columns[name] = _changed(table, name, change)
    made = pa.table(columns).replace_schema_metadata(None)
    if source.suffix in (".parquet", ".pq") or source.read_bytes()[:4] == b"PAR1":
        pq.write_table(made, target, compression="zstd")
    else:
        rows = zip(*(column.to_pylist() for column in made.columns), strict=True)
        write_as_named(target, csv_bytes(made.column_names, rows))
    again, _ = read(target)
    words = dict.fromkeys(("user", "application", "state", "wait_type", "wait_event", "backend"), scrub.text)
    if wrong := differences(frame, again, words | {"query": scrub.statement, "client": scrub.client}):
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")
    return tuple(dropped)


def _change(role: str, scrub: Scrubber) -> Callable[[str], str] | None:
    """Return what becomes of the texts of a column; None if it is not kept."""
    if role == "query":
        return scrub.statement
    if role == "client_addr":
        return scrub.client
    if role in WORDS:
        return scrub.text
    if role in TIMES or KEPT.fullmatch(role):
        return lambda cell: cell if CELL.fullmatch(cell) else ""
    return None


def _changed(table: pa.Table, name: str, change: Callable[[str], str]) -> Any:
    column = table.column(name)
    if pa.types.is_nested(column.type):
        return pa.array([change(cell) for cell in texts(table, name)], pa.string())
    if not (
        pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_dictionary(column.type)
    ):
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            raise CannotRedactError(f"column {name} holds bytes")
        return column
    cells = column.to_pylist()
    known = {cell: change(str(cell)) for cell in set(cells) if cell is not None}
    return pa.array([known.get(cell) if cell is not None else None for cell in cells], pa.string())
