"""Samples as Parquet: a recording's single file, and the two files of the store (series, samples)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import EvidenceError
from analysis.sources.prometheus.samples import SampleTable, settled, table_of

__all__ = ["RANGE", "RAW", "read_lab_samples", "read_rows", "read_samples", "read_series", "write_samples"]

RAW, RANGE = "raw", "range"

LAB_COLUMNS = ("timestamp", "metric", "labels", "value")


def _open(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        text = str(error).replace(f"{path.parent}/", "")
        reason = text.splitlines()[0][:200] if text else type(error).__name__
        raise EvidenceError(
            f"not readable as Parquet: {reason}",
            where=path.name,
            expected="a whole Parquet file",
            next="capture the file again; a half-written one cannot be used",
        ) from None


def _need(table: pa.Table, columns: tuple[str, ...], path: Path) -> None:
    missing = [c for c in columns if c not in table.column_names]
    if missing:
        raise EvidenceError(
            f"columns are missing: {', '.join(missing)}",
            where=path.name,
            expected=f"columns {', '.join(columns)}",
            next=f"found: {', '.join(table.column_names)}",
        )


def _times_us(column: pa.ChunkedArray, path: Path) -> np.ndarray:
    kind = column.type
    if not pa.types.is_timestamp(kind) or kind.tz is None:
        raise EvidenceError(
            f"sample times are {kind}",
            where=path.name,
            expected="timestamps with a time zone",
            next="write the times in UTC; a time without an offset is not accepted",
        )
    return np.asarray(column.cast(pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.int64()).to_numpy(), dtype="i8")


def read_lab_samples(path: Path) -> SampleTable:
    """Read one Parquet of raw samples with the columns timestamp, metric, labels (JSON) and value.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    SampleTable
        All series; a sample with an unknown time is refused, NaN values are kept.

    Raises
    ------
    EvidenceError
        If the file is half-written, columns are missing, times are naive, or labels are not a JSON object of text.
    """
    table = _open(path)
    _need(table, LAB_COLUMNS, path)
    names = table["metric"].cast(pa.string()).combine_chunks().dictionary_encode()
    texts = table["labels"].cast(pa.string()).combine_chunks().dictionary_encode()
    empty = [c for c in LAB_COLUMNS[:3] if table[c].null_count]
    if empty:
        raise EvidenceError(
            f"empty cells in {', '.join(empty)}",
            where=path.name,
            expected="a time, a metric and labels for every sample",
            next="write the samples again",
        )
    try:
        decoded = [msgspec.json.decode(t, type=dict[str, str]) for t in texts.dictionary.to_pylist()]
    except msgspec.MsgspecError as error:
        raise EvidenceError(
            f"labels are not a JSON object of text: {error}",
            where=f"{path.name}, column labels",
            expected='text such as {"pod": "api-0"}',
            next="write labels as a flat JSON object",
        ) from None
    name_list = names.dictionary.to_pylist()
    pair = names.indices.to_numpy().astype("i8") * max(len(decoded), 1) + texts.indices.to_numpy()
    pairs, ids = np.unique(pair, return_inverse=True)
    labels = [{**decoded[p % len(decoded)], "__name__": name_list[p // len(decoded)]} for p in pairs.tolist()]
    values = np.asarray(table["value"].cast(pa.float64()).fill_null(float("nan")).to_numpy(), dtype="f8")
    return table_of(labels, ids.astype("i4"), _times_us(table["timestamp"], path), values)


def write_samples(
    table: SampleTable,
    series: Path,
    samples: Path,
    *,
    query_ids: Sequence[str] | None = None,
    units: Sequence[str | None] | None = None,
    modes: Sequence[str] | None = None,
) -> None:
    """Write a table as two Parquet files: series (id, query, labels, unit, mode) and samples (id, time, value).

    Parameters
    ----------
    table : SampleTable
        What to write. Two rows may have the same labels if their modes differ.
    series, samples : Path
        The two files; written in place (the caller makes it atomic).
    query_ids : sequence of str
        The question that each series answers; by default its own name.
    units : sequence of str or None
        Unit of each series; None or "" is unknown, as is the default.
    modes : sequence of {"raw", "range"}
        Whether the times of a series are those of its samples or those of a grid; "raw" by default.

    Notes
    -----
    Times are deltas and values split by byte, then zstd: fewer bytes than plain columns, and faster. NaN keeps
    its payload. Statistics of id and time let a reader pass over row groups; values have none.
    """
    count = len(table.labels)
    names = [found.get("__name__", "") for found in table.labels] if query_ids is None else list(query_ids)
    head = pa.table({
        "series_id": pa.array(range(count), pa.int32()),
        "query_id": pa.array(names, pa.string()),
        "labels": pa.array([sorted(found.items()) for found in table.labels], pa.map_(pa.string(), pa.string())),
        "unit": pa.array([unit or None for unit in units or [None] * count], pa.string()),
        "mode": pa.array(modes or [RAW] * count, pa.string()),
    })  # fmt: skip
    pq.write_table(head, series, compression="zstd")
    times = pa.array(table.times, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    values = pa.array(table.values, pa.float64(), from_pandas=False)
    body = pa.table({"series_id": pa.array(table.ids, pa.int32()), "time": times, "value": values})
    pq.write_table(
        body,
        samples,
        compression="zstd",
        use_dictionary=False,
        write_statistics=["series_id", "time"],
        column_encoding={
            "series_id": "DELTA_BINARY_PACKED",
            "time": "DELTA_BINARY_PACKED",
            "value": "BYTE_STREAM_SPLIT",
        },
    )


def read_series(series: Path) -> pd.DataFrame:
    """Read the rows of the file of series: series_id, query_id, labels (dict), unit (None: unknown), mode.

    Raises
    ------
    EvidenceError
        If the file is half-written, a column is missing, its rows are not numbered 0, 1, 2 ..., or a mode is unknown.
    """
    head = _open(series)
    _need(head, ("series_id", "query_id", "labels"), series)
    count = head.num_rows
    frame = pd.DataFrame({"series_id": np.arange(count, dtype="i4")})
    given = {name: head[name].to_pylist() for name in head.column_names}
    wrong = ""
    if given["series_id"] != list(range(count)):
        wrong = "series are not numbered 0, 1, 2 ..."
    elif not set(given.get("mode", [])) <= {RAW, RANGE}:
        wrong = "a mode is neither raw nor range"
    elif not pa.types.is_map(head.schema.field("labels").type) or None in given["labels"] or None in given["query_id"]:
        wrong = "a series has no labels or no query"
    if wrong:
        raise EvidenceError(
            wrong, where=series.name, expected="a file that a capture wrote", next="capture again into a new folder"
        )
    frame["query_id"] = pd.Series(given["query_id"], dtype=object)
    frame["labels"] = pd.Series([dict(found) for found in given["labels"]], dtype=object)
    frame["unit"] = pd.Series(given.get("unit", [None] * count), dtype=object)
    frame["mode"] = pd.Series(given.get("mode", [RAW] * count), dtype=object)
    return frame


def read_rows(series: Path, samples: Path) -> tuple[pd.DataFrame, SampleTable]:
    """Read what `write_samples` wrote, row for row: the frame of `read_series`, and the table (labels as they stand).

    Raises
    ------
    EvidenceError
        If a file is half-written, a column is missing or has empty cells, or samples name a series that is not there.
    """
    frame, body = read_series(series), _open(samples)
    _need(body, ("series_id", "time", "value"), samples)
    empty = [c for c in ("series_id", "time") if body[c].null_count]
    if empty:
        raise EvidenceError(
            f"empty cells in {', '.join(empty)}",
            where=samples.name,
            expected="a series and a time for every sample",
            next="capture the samples again",
        )
    for name, fits in (("series_id", pa.types.is_integer), ("value", _is_number)):
        if not fits(kind := body.schema.field(name).type):
            raise EvidenceError(
                f"{name} is {kind}", where=samples.name, expected="numbers", next="capture the samples again"
            )
    ids = np.asarray(body["series_id"].to_numpy()).astype("i4", copy=False)
    if len(ids) and (ids.min() < 0 or ids.max() >= len(frame)):
        raise EvidenceError(
            "samples name a series that is not there",
            where=samples.name,
            expected=f"series_id below {len(frame)}",
            next="capture again: the two files do not belong together",
        )
    values = np.asarray(body["value"].to_numpy()).astype("f8", copy=False)
    times = _times_us(body["time"], samples)
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, times, values = ids[order], times[order], values[order]
    return frame, SampleTable(tuple(frame["labels"]), *settled(ids, times, values, keep="last"))


def read_samples(series: Path, samples: Path) -> SampleTable:
    """Read back what `write_samples` wrote, for analysis: rows of equal labels become one series.

    A series without a name (of an expression) is named by its query. Where a series was captured raw and on a grid, its
    raw samples hold.

    Raises
    ------
    EvidenceError
        As `read_rows`.
    """
    frame, table = read_rows(series, samples)
    labels = _named(frame)
    if len({tuple(sorted(found.items())) for found in labels}) == len(labels):
        return SampleTable(tuple(labels), table.ids, table.times, table.values)
    order = np.argsort((frame["mode"] == RAW).to_numpy(), kind="stable")  # raw last: of two samples the last holds
    rows = np.empty(len(order), "i4")
    rows[order] = np.arange(len(order))
    ids = rows[table.ids]
    place = np.argsort(ids, kind="stable")
    return table_of([labels[i] for i in order], ids[place], table.times[place], table.values[place])


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _named(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Return the labels of each row; a series without a name has that of its query."""
    return [
        {"__name__": query, **found} if query and "__name__" not in found else found
        for query, found in zip(frame["query_id"], frame["labels"], strict=True)
    ]
