"""Tables sampled from PostgreSQL's statistics views, Parquet or CSV, to columns of text, numbers and times."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.errors import EvidenceError
from analysis.sources.lines import read_bytes
from analysis.sources.times import EPOCH_RANGE, NaiveTimeError, epoch_us

__all__ = ["instants", "numbers", "open_table", "require_offsets", "texts", "times", "under_names"]

PARQUET = (".parquet", ".pq")
NOT_A_TIME = np.iinfo("i8").min
INTERVALS_APART = 0.5  # rows further apart than this share of the interval belong to two samples
SAME_SAMPLE_SECONDS = 0.02
UNKNOWN_INTERVAL_SECONDS = 0.2  # where no key comes twice: rows of one query lie closer than this


def open_table(path: Path, required: Mapping[str, Sequence[str]]) -> tuple[pa.Table, bool]:
    """Read a table and rename its columns to the names that are asked for.

    Parameters
    ----------
    path : Path
        Parquet, or CSV with a header; CSV plain, gzip or zstd.
    required : mapping of str to sequence of str
        Name -> the names under which samplers write it; those with no alternatives but themselves included.

    Returns
    -------
    table : pyarrow.Table
        Columns under the names asked for, and the rest as it was; cells of a CSV are text.
    cut : bool
        A compressed CSV ends early; what could be read is there.

    Raises
    ------
    EvidenceError
        If the file cannot be read, or a column is missing: it says which were expected and found.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "ash.csv")).write_text("ts,pid" + chr(10) + "2026-11-22T18:00:00Z,7")
    ...     table, cut = open_table(path, {"time": ("time", "ts"), "pid": ("pid",)})
    >>> table.column_names, cut
    (['time', 'pid'], False)
    """
    table, cut = _parquet(path) if _head(path) == b"PAR1" or path.suffix in PARQUET else _csv(path)
    return under_names(table, required, path.name), cut


def under_names(table: pa.Table, required: Mapping[str, Sequence[str]], file: str) -> pa.Table:
    """Return a table with the columns that are asked for under their names, see `open_table`.

    Raises
    ------
    EvidenceError
        If a column is missing: it says which were expected and found.

    Examples
    --------
    >>> under_names(pa.table({"ts": ["1"]}), {"time": ("time", "ts")}, "ash.csv").column_names
    ['time']
    """
    names = table.column_names
    found = {wanted: next((n for n in ways if n in names), None) for wanted, ways in required.items()}
    missing = [wanted for wanted, name in found.items() if name is None]
    if missing:
        expected = ", ".join(" or ".join(ways) for ways in required.values())
        raise EvidenceError(
            f"columns are missing: {', '.join(missing)}", where=file, expected=f"columns {expected}",
            next=f"found: {', '.join(names)[:300] or 'none'}",
        )  # fmt: skip
    rename = {name: wanted for wanted, name in found.items()}
    return table.rename_columns([rename.get(n, n) for n in names])


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise EvidenceError(
            f"cannot be read: {error.strerror or type(error).__name__}", where=path.name, expected="a readable file",
            next="check the path",
        ) from None  # fmt: skip


def _parquet(path: Path) -> tuple[pa.Table, bool]:
    try:
        return pq.read_table(path), False
    except (pa.ArrowException, OSError) as error:
        text = str(error).replace(f"{path.parent}/", "")
        raise EvidenceError(
            f"not readable as Parquet: {text.splitlines()[0][:200] if text else type(error).__name__}",
            where=path.name, expected="a whole Parquet file", next="capture the file again",
        ) from None  # fmt: skip


def _csv(path: Path) -> tuple[pa.Table, bool]:
    data, damaged = read_bytes(path)
    text = data.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise EvidenceError(
            f"not readable as CSV: {error}", where=path.name, expected="Parquet, or CSV with a header",
            next="export the samples again",
        ) from None  # fmt: skip
    header = rows[0] if rows else []
    if len(set(header)) < len(header):
        raise EvidenceError(
            "a column comes twice",
            where=path.name,
            expected="each column once",
            next=f"found: {', '.join(header)[:300]}",
        )
    whole = [row for row in rows[1:-1] + (rows[-1:] if len(rows) > 1 and not damaged else []) if row]
    width = len(header)
    cells = [row if len(row) == width else [""] * width for row in whole]  # of another length: nothing is believed
    columns = {name: [row[at] for row in cells] for at, name in enumerate(header)}
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()}), damaged


def texts(table: pa.Table, name: str) -> np.ndarray:
    """Return a column as text, shape (n,) of object; empty where it is null or the table has no such column.

    Integers keep all their digits: a query id is signed and of 64 bits, which a float does not hold.

    Examples
    --------
    >>> texts(pa.table({"id": [-7235693764237052108, None]}), "id").tolist()
    ['-7235693764237052108', '']
    """
    if name not in table.column_names:
        return np.full(len(table), "", dtype=object)
    column = table.column(name)
    if pa.types.is_floating(column.type):
        # a null made the integers floats; those that fit are whole again, the rest has lost digits and is unknown
        kept = [f"{v:.0f}" if v is not None and np.isfinite(v) and abs(v) < 2**53 else "" for v in column.to_pylist()]
        return np.array(kept, dtype=object)
    if pa.types.is_nested(column.type):
        joined = [" ".join(str(x) for x in v) if isinstance(v, list) else "" for v in column.to_pylist()]
        return np.array(joined, dtype=object)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    filled = pc.fill_null(column.cast(pa.string()), "")
    return np.array(filled.to_pylist(), dtype=object) if len(table) else np.zeros(0, dtype=object)


def numbers(table: pa.Table, name: str) -> np.ndarray:
    """Return a column as float64, shape (n,); NaN where it is null, no number, or there is no such column.

    Examples
    --------
    >>> numbers(pa.table({"calls": ["3", "x"]}), "calls").tolist()
    [3.0, nan]
    """
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    column = table.column(name)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return np.array(column.cast(pa.float64(), safe=False).to_pandas(), dtype="f8")
    return np.array(pd.to_numeric(pd.Series(texts(table, name)), errors="coerce"), dtype="f8")


def times(table: pa.Table, name: str) -> tuple[np.ndarray, int]:
    """Return a column as microseconds since the epoch, and how many of its times have no offset.

    Returns
    -------
    (ndarray of int64, int)
        The least int64 (NaT) where the cell is no time of an incident; naive times are not used.

    Examples
    --------
    >>> times(pa.table({"ts": ["2026-11-22 18:00:00+00", "2026-11-22 18:00:00"]}), "ts")[1]
    1
    """
    if name not in table.column_names:
        return np.full(len(table), NOT_A_TIME, dtype="i8"), 0
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            return np.full(len(table), NOT_A_TIME, dtype="i8"), len(table) - column.null_count
        us = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64())
        found = np.array(pc.fill_null(us, NOT_A_TIME), dtype="i8")
        return np.where((found >= EPOCH_RANGE[0]) & (found < EPOCH_RANGE[1]), found, NOT_A_TIME), 0
    bare, known, cells = set[Any](), dict[Any, int](), column.to_pylist()
    for cell in cells:
        if cell in known or cell is None or cell == "":
            continue
        try:
            known[cell] = epoch_us(cell)
        except NaiveTimeError:
            known[cell] = NOT_A_TIME
            bare.add(cell)
        except (ValueError, OverflowError):
            known[cell] = NOT_A_TIME
    naive = sum(cell in bare for cell in cells) if bare else 0
    return np.array([known.get(cell, NOT_A_TIME) for cell in cells], dtype="i8"), naive


def require_offsets(us: np.ndarray, naive: int, name: str) -> None:
    """Refuse a file none of whose times has an offset: when its rows were read is not known.

    Parameters
    ----------
    us : ndarray of int64, shape (n,)
        From `times` [us].
    naive : int
        From `times`.
    name : str
        Of the file.

    Raises
    ------
    EvidenceError
        If there are times without an offset, and none with one.

    Examples
    --------
    >>> require_offsets(np.array([1_795_370_670_000_000, NOT_A_TIME]), 1, "ash.csv")
    """
    if naive and not (us != NOT_A_TIME).any():
        raise EvidenceError(
            "its times have no offset", where=name, expected="times with their offset from UTC, as of a timestamptz",
            next="export the samples again, with the offset",
        )  # fmt: skip


def instants(us: np.ndarray, keys: Sequence[Any], *, once: bool = True) -> np.ndarray:
    """Return the sampling instant of each row: the time of the first row of its sample.

    Samplers stamp each row with the clock, so the rows of a sample differ and may straddle a second. A row begins
    another sample where it comes later than the row before by more than half the interval at which keys come again,
    or where its key was already seen in this one.

    Parameters
    ----------
    us : ndarray of int64, shape (n,)
        Ascending [us].
    keys : sequence, length n
        What comes again in the next sample, as the process id.
    once : bool
        Whether a sample holds each key once.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ascending [us].

    Examples
    --------
    >>> instants(np.array([990_000, 1_010_000, 1_990_000, 2_010_000]), [1, 2, 1, 2]).tolist()
    [990000, 990000, 1990000, 1990000]
    """
    apart = INTERVALS_APART * interval if (interval := _interval(us, keys)) else UNKNOWN_INTERVAL_SECONDS * 1e6
    seen, found, first, before = set[Any](), np.empty(len(us), dtype="i8"), 0, None
    for i, (at, key) in enumerate(zip(us.tolist(), keys, strict=True)):
        if before is None or at - before > apart or (once and key in seen):
            first = at
            seen.clear()
        seen.add(key)
        found[i] = first
        before = at
    return found


def _interval(us: np.ndarray, keys: Sequence[Any]) -> float:
    """Return the median time after which a key comes again [us]; 0 if none does."""
    last, apart = dict[Any, int](), list[int]()
    for at, key in zip(us.tolist(), keys, strict=True):
        if key in last:
            apart.append(at - last[key])
        last[key] = at
    beyond = [a for a in apart if a > SAME_SAMPLE_SECONDS * 1e6]  # the same key twice in a sample is no interval
    return float(np.median(beyond)) if beyond else 0.0
