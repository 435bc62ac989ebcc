"""Samples to a CSV file, each appended whole, so that an interrupted file reads."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from analysis.errors import SpecError

__all__ = ["RowsFile", "as_csv"]


def as_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    r"""Return rows as CSV: times in ISO 8601 with their offset, null as nothing.

    Examples
    --------
    >>> as_csv([(7, None, "a,b")])
    b'7,,"a,b"\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(["" if c is None else c.isoformat() if isinstance(c, datetime) else c for c in row])
    return text.getvalue().replace("\0", "").encode("utf-8", "replace")


class RowsFile:
    """A new CSV file, zstd if its name ends in .zst, readable by its owner only: it holds texts of statements as sent.

    Each call appends its rows by one write (of a compressed file one frame), so that what is there can be read.

    Parameters
    ----------
    path : Path
        It must not exist.
    header : sequence of str
        Names of columns.

    Raises
    ------
    SpecError
        If the file exists or cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with RowsFile(path := Path(folder, "ash.csv"), ["ts", "pid"]) as append:
    ...         append([("now", 7)])
    ...     path.read_text().splitlines()
    ['ts,pid', 'now,7']
    """

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._packed = path.suffix == ".zst"
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise SpecError(
                f"the output cannot be made: {error.strerror or type(error).__name__}", where=path.name,
                expected="a new file in a folder that exists", next="name another",
            ) from None  # fmt: skip
        self([header])

    def __call__(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows."""
        data = as_csv(rows)
        if self._packed and data:
            data = pa.compress(data, codec="zstd", asbytes=True)
        while data:
            data = data[os.write(self._file, data) :]

    def __enter__(self) -> RowsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)
