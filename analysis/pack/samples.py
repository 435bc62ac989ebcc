"""Samples of Prometheus for a pack: times and values stay, labels by `rules`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.pack.files import CannotRedactError
from analysis.pack.scrub import Scrubber

__all__ = ["pack_samples", "pack_series"]

KEPT = ("series_id", "query_id", "labels", "unit", "mode")
SAMPLE_COLUMNS = ("series_id", "time", "value")
UTC = "UTC"
FIELD_ID, ARROW_SCHEMA = b"PARQUET:field_id", b"ARROW:schema"
WRITER = re.compile(r"parquet-(?:cpp-arrow|cpp|mr|rs) version [\d.]{1,20}(?:-SNAPSHOT)?(?: \(build [0-9a-f]{0,40}\))?|")
SAME = "another series has the same labels now"


def _opened(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise CannotRedactError("not readable as Parquet") from None


def _without_remarks(table: pa.Table) -> pa.Table:
    """Return a table of the same values whose schema says nothing but names and types, times in UTC."""
    fields = [pa.field(field.name, _in_utc(field.type), field.nullable) for field in table.schema]
    return table.cast(pa.schema(fields))


def _in_utc(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp(kind.unit, UTC) if pa.types.is_timestamp(kind) and kind.tz else kind


def pack_series(source: Path, target: Path, scrub: Scrubber) -> tuple[str, ...]:
    """Write the table of series with redacted labels; return what was left out.

    Parameters
    ----------
    source : Path
        series.parquet.
    target : Path
        Where to write.
    scrub : Scrubber
        Of the pack.

    Raises
    ------
    CannotRedactError
        If it is no table of series.
    """
    table = _opened(source)
    if not {"series_id", "query_id", "labels"} <= set(table.column_names):
        raise CannotRedactError("no table of series")
    modes = table["mode"].to_pylist() if "mode" in table.column_names else [""] * len(table)
    seen, rows = dict[tuple[object, ...], str](), list[list[tuple[str, str]]]()
    for query, pairs, mode in zip(table["query_id"].to_pylist(), table["labels"].to_pylist(), modes, strict=True):
        labels = dict(pairs)
        metric = labels.get("__name__", query) or ""
        new = sorted((scrub.name(name), scrub.label(name, value, metric)) for name, value in labels.items())
        before = repr(sorted(labels.items()))
        if seen.setdefault((tuple(new), query, mode), before) != before:
            # two statements with one fingerprint: they must stay two series
            new = sorted([*new, ("postmortem_pack", scrub.names.of(before, SAME))])
        rows.append(new)
    if not pa.types.is_integer(table.schema.field("series_id").type):
        raise CannotRedactError("no table of series")
    labels_column = pa.array(rows, pa.map_(pa.string(), pa.string()))
    kept = [name for name in table.column_names if name in KEPT]
    made = table.select(kept).set_column(kept.index("labels"), "labels", labels_column)
    for name in ("query_id", "unit", "mode"):
        if name in kept:
            cells = [value if value is None else scrub.text(value) for value in table[name].to_pylist()]
            made = made.set_column(kept.index(name), name, pa.array(cells, pa.string()))
    pq.write_table(_without_remarks(made), target, compression="zstd")
    dropped = [name for name in table.column_names if name not in KEPT]
    return tuple(f"column {name}: not one that is read" for name in dropped)


def pack_samples(source: Path, target: Path) -> tuple[str, ...]:
    """Copy the table of samples, which holds nothing but numbers and times; return what was left out.

    One whose columns or writer carry remarks, or with other columns, is written anew without them: every bit of the
    values and every time stays.

    Parameters
    ----------
    source : Path
        samples.parquet.
    target : Path
        Where to write.

    Raises
    ------
    CannotRedactError
        If it holds texts, or remarks on the whole, or is no table of samples.
    """
    table = _opened(source)
    for field in table.schema:
        kind = field.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_timestamp(kind)):
            raise CannotRedactError("a table of samples holds more than numbers and times")
    if table.schema.metadata:
        raise CannotRedactError("a table of samples holds remarks")
    known = [name for name in table.column_names if name in SAMPLE_COLUMNS]
    if len(set(known)) != len(SAMPLE_COLUMNS) or len(known) != len(SAMPLE_COLUMNS):
        raise CannotRedactError("no table of samples")
    others = len(table.column_names) - len(known)
    if not others and not _has_remarks(source, table.schema):
        shutil.copyfile(source, target)
        return ()
    pq.write_table(_without_remarks(table.select(known)), target, compression="zstd")
    return (f"{others} other columns: not what is read",) if others else ()


def _has_remarks(source: Path, schema: pa.Schema) -> bool:
    footer = pq.read_metadata(source)
    fields = any(set(field.metadata or ()) - {FIELD_ID} for field in schema)
    whole = set(footer.metadata or ()) - {ARROW_SCHEMA}
    zones = {field.type.tz for field in schema if pa.types.is_timestamp(field.type)} - {None, UTC}
    return bool(fields or whole or zones) or WRITER.fullmatch(footer.created_by or "") is None
