"""Samples as Parquet: a recording's single file, and the two files of the store (series, samples)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import EvidenceError
from analysis.sources.prometheus.samples import SampleTable, table_of

__all__ = ["read_lab_samples", "read_samples", "write_samples"]

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


def write_samples(table: SampleTable, series: Path, samples: Path) -> None:
    """Write a table as two Parquet files: series (id, query, labels, unit) and samples (id, time, value).

    Parameters
    ----------
    table : SampleTable
        What to write.
    series, samples : Path
        The two files; written in place (the caller makes it atomic).
    """
    ids = pa.array(range(len(table.labels)), pa.int32())
    names = pa.array([found["__name__"] for found in table.labels], pa.string())
    labels = pa.array([sorted(found.items()) for found in table.labels], pa.map_(pa.string(), pa.string()))
    units = pa.array([None] * len(table.labels), pa.string())
    head = pa.table({"series_id": ids, "query_id": names, "labels": labels, "unit": units})
    pq.write_table(head, series, compression="zstd")
    times = pa.array(table.times, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    body = pa.table({"series_id": pa.array(table.ids, pa.int32()), "time": times, "value": pa.array(table.values)})
    pq.write_table(
        body,
        samples,
        compression="zstd",
        use_dictionary=False,
        column_encoding={
            "series_id": "DELTA_BINARY_PACKED",
            "time": "DELTA_BINARY_PACKED",
            "value": "BYTE_STREAM_SPLIT",
        },
    )


def read_samples(series: Path, samples: Path) -> SampleTable:
    """Read back what `write_samples` wrote.

    Raises
    ------
    EvidenceError
        If a file is half-written or a column is missing.
    """
    head, body = _open(series), _open(samples)
    _need(head, ("series_id", "query_id", "labels"), series)
    _need(body, ("series_id", "time", "value"), samples)
    labels = [
        {"__name__": q, **dict(found)}
        for q, found in zip(head["query_id"].to_pylist(), head["labels"].to_pylist(), strict=True)
    ]
    ids = np.asarray(body["series_id"].to_numpy(), dtype="i4")
    if len(ids) and (ids.min() < 0 or ids.max() >= len(labels)):
        raise EvidenceError(
            "samples name a series that is not there",
            where=samples.name,
            expected=f"series_id below {len(labels)}",
            next="capture again: the two files do not belong together",
        )
    return SampleTable(tuple(labels), ids, _times_us(body["time"], samples), np.asarray(body["value"].to_numpy()))
