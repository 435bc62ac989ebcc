"""Files of a pack: the same content gives the same bytes, compressed as the name says."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["CannotRedactError", "csv_bytes", "differences", "write_as_named"]


class CannotRedactError(Exception):
    """A file that cannot be redacted so that it still says the same: it is left out, and this is said of it."""


def write_as_named(path: Path, data: bytes) -> None:
    r"""Write bytes, compressed if the name ends with .gz or .zst; without a time in it, so that it is reproducible.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_as_named(path := Path(folder, "a.gz"), b"one")
    ...     gzip.decompress(path.read_bytes()), path.read_bytes()[4:8]
    (b'one', b'\x00\x00\x00\x00')
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    elif path.suffix == ".zst":
        data = pa.compress(data, codec="zstd", asbytes=True)
    path.write_bytes(data)


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    r"""Return a CSV with line feeds, quoted where needed.

    Examples
    --------
    >>> csv_bytes(["a", "b"], [(1, "x,y")])
    b'a,b\n1,"x,y"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def differences(
    original: pd.DataFrame,
    packed: pd.DataFrame,
    texts: Mapping[str, Callable[[str], str]],
    *,
    passed_over: Sequence[str] = (),
) -> list[str]:
    """Return what differs between what a reader makes of the original and of the packed file.

    Parameters
    ----------
    original, packed : DataFrame
        From the same reader.
    texts : mapping
        Column -> what became of its texts; texts of other columns must be the same.
    passed_over : sequence of str
        Columns that are not compared.

    Returns
    -------
    list of str
        Empty if numbers, times and order are exactly the same, and texts are but for their redaction.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1.5, float("nan")], "name": ["kim", ""]})
    >>> differences(frame, frame.assign(name=["K", ""]), {"name": lambda t: t[:1].upper()})
    []
    >>> differences(frame, frame.assign(a=[1.5, 2.0]), {})
    ['a']
    """
    if list(original.columns) != list(packed.columns) or len(original) != len(packed):
        return [f"{len(packed)} rows of {len(original)}"]
    found = [] if original.index.equals(packed.index) else ["the times"]
    for name in original.columns:
        if name in passed_over:
            continue
        before, after = original[name], packed[name]
        kind = before.dtype
        if (
            isinstance(kind, pd.CategoricalDtype)
            or pd.api.types.is_object_dtype(kind)
            or pd.api.types.is_string_dtype(kind)
        ):
            change = texts.get(str(name), str)
            expected = {value: change(str(value)) for value in pd.unique(before.astype(object))}
            same = before.astype(object).map(expected).tolist() == after.astype(object).map(str).tolist()
        elif pd.api.types.is_float_dtype(kind):
            same = np.array_equal(before.to_numpy(), after.to_numpy(), equal_nan=True)
        else:
            same = before.reset_index(drop=True).equals(after.reset_index(drop=True))
        if not same:
            found.append(str(name))
    return found
