"""Samples of Prometheus for a pack: times and values stay, labels by `rules`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.pack.files import CannotRedactError
from analysis.pack.scrub import Scrubber

__all__ = ["pack_samples", "pack_series"]

KEPT = ("series_id", "query_id", "labels", "unit", "mode")
SAME = "another series has the same labels now"


def _opened(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise CannotRedactError("not readable as Parquet") from None


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
        new = sorted((name, scrub.label(name, value, metric)) for name, value in labels.items())
        before = repr(sorted(labels.items()))
        if seen.setdefault((tuple(new), query, mode), before) != before:
            # two statements with one fingerprint: they must stay two series
            new = sorted([*new, ("postmortem_pack", scrub.names.of(before, SAME))])
        rows.append(new)
    labels_column = pa.array(rows, pa.map_(pa.string(), pa.string()))
    kept = [name for name in table.column_names if name in KEPT]
    made = table.select(kept).set_column(kept.index("labels"), "labels", labels_column).replace_schema_metadata(None)
    for name in ("query_id", "unit", "mode"):
        if name in kept:
            cells = [value if value is None else scrub.text(value) for value in table[name].to_pylist()]
            made = made.set_column(kept.index(name), name, pa.array(cells, pa.string()))
    pq.write_table(made, target, compression="zstd")
    dropped = [name for name in table.column_names if name not in KEPT]
    return tuple(f"column {name}: not one that is read" for name in dropped)


def pack_samples(source: Path, target: Path) -> tuple[str, ...]:
    """Copy the table of samples, which holds nothing but numbers and times; return what was left out.

    Raises
    ------
    CannotRedactError
        If it holds anything else.
    """
    table = _opened(source)
    for field in table.schema:
        kind = field.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_timestamp(kind)):
            raise CannotRedactError("a table of samples holds more than numbers and times")
    if table.schema.metadata:
        raise CannotRedactError("a table of samples holds remarks")
    shutil.copyfile(source, target)
    return ()
