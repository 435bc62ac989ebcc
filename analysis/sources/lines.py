"""Bytes of a file to lines, and what was understood of them."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.errors import EvidenceError
from analysis.sources.times import NaiveTimeError

__all__ = [
    "FOREIGN", "NOT_UNDERSTOOD", "Lines", "ReadReport", "Tally", "gunzip", "open_lines", "read_bytes", "scan", "unzstd",
]  # fmt: skip

MAX_BYTES = 4 << 30  # more than this after decompression is no log of one incident
SAMPLES = 5
SAMPLE_CHARACTERS = 120
FOREIGN = {
    b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"\x04\x22\x4d\x18": "lz4", b"7z\xbc\xaf\x27": "7z",
    b"Rar!": "rar", b"\x1f\x9d": "compress", b"LZIP": "lzip", b"\xff\x06\x00\x00sNaP": "snappy",
}  # fmt: skip
# what a single broken record may raise: it is counted and the reading goes on
NOT_UNDERSTOOD = (ValueError, OverflowError, RecursionError, csv.Error)


@dataclass(frozen=True)
class ReadReport:
    """What was understood of a file.

    Parameters
    ----------
    file : str
        Name of the file.
    records : int
        Lines or items that should mean something; recognised + unrecognised.
    recognised, unrecognised : int
        How many were understood, and how many not.
    samples : tuple of str
        Up to five of those that were not, cut to 120 characters.
    truncated : bool
        The file ends inside a compressed stream or in the middle of a record.
    notes : tuple of str
        What a reader of the numbers must know.
    lines : int
        Of the file, with blank ones and those of others, where the reader counts them.

    Examples
    --------
    >>> ReadReport("access.log", 2, 1, 1, ("line 2: ???",), False, ()).as_dict()["samples"]
    ['line 2: ???']
    """

    file: str
    records: int
    recognised: int
    unrecognised: int
    samples: tuple[str, ...]
    truncated: bool
    notes: tuple[str, ...]
    lines: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the report, ready for JSON."""
        return {**asdict(self), "samples": list(self.samples), "notes": list(self.notes)}


@dataclass
class Tally:
    """Counts while a file is read.

    Examples
    --------
    >>> tally = Tally("access.log")
    >>> tally.miss("line 7", b"what is this?")
    >>> tally.report().samples
    ('line 7: what is this?',)
    """

    file: str
    recognised: int = 0
    unrecognised: int = 0
    naive: int = 0
    samples: list[str] = field(default_factory=list)

    def miss(self, where: str, content: bytes | str) -> None:
        """Count a record that was not understood."""
        self.unrecognised += 1
        if len(self.samples) < SAMPLES:
            head = content[: 4 * SAMPLE_CHARACTERS]
            text = head.decode("utf-8", "replace") if isinstance(head, bytes) else head
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SAMPLE_CHARACTERS])
            self.samples.append(f"{where}: {shown}")

    def report(self, *notes: str, truncated: bool = False) -> ReadReport:
        """Return the counts; times without an offset and a file without records are noted."""
        records = self.recognised + self.unrecognised
        more = [f"{self.naive} records have a time without an offset and were not used"] if self.naive else []
        more += [] if records else ["there are no records in the file"]
        counts = (records, self.recognised, self.unrecognised)
        return ReadReport(self.file, *counts, tuple(self.samples), truncated, (*more, *(n for n in notes if n)))


@dataclass(frozen=True)
class Lines:
    """Lines of a file: `truncated` if a compressed stream was cut, `open_end` if the last line has no line end."""

    lines: list[bytes]
    truncated: bool
    open_end: bool


def gunzip(data: bytes) -> Iterator[bytes]:
    """Yield what can be decompressed of all members of a gzip file; raise zlib.error at the first damage.

    Examples
    --------
    >>> import gzip
    >>> b"".join(gunzip(gzip.compress(b"one") + gzip.compress(b"two")))
    b'onetwo'
    """
    step = 1 << 16
    while data:
        member = zlib.decompressobj(wbits=31)
        for at in range(0, len(data), step):
            chunk, before = data[at : at + step], member.copy()
            try:
                yield member.decompress(chunk)
            except zlib.error:
                yield from (before.decompress(chunk[i : i + 1]) for i in range(len(chunk)))
                raise
            if member.eof:
                data = (member.unused_data + data[at + step :]).lstrip(b"\0")  # padding with zeros is allowed
                break
        else:
            raise zlib.error("the stream is cut")


def unzstd(data: bytes) -> Iterator[bytes]:
    """Yield what can be decompressed of a zstd file; raise pyarrow.ArrowException or OSError at the first damage.

    Examples
    --------
    >>> import pyarrow
    >>> b"".join(unzstd(pyarrow.compress(b"one", codec="zstd", asbytes=True)))
    b'one'
    """
    with pa.input_stream(pa.BufferReader(data), compression="zstd") as stream:
        while chunk := stream.read(4096):
            yield chunk


def _unpack(chunks: Iterator[bytes], name: str, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size, damaged = 0, False
    try:
        for part in chunks:
            parts.append(part)
            size += len(part)
            if size >= limit:
                break
    except (zlib.error, pa.ArrowException, OSError):
        damaged = True
    if damaged and not size:
        raise EvidenceError(
            "not decompressible", where=name, expected="a whole .gz or .zst file", next="copy the file again"
        )
    return b"".join(parts), damaged


def read_bytes(path: Path, *, limit: int = MAX_BYTES) -> tuple[bytes, bool]:
    """Return the content of a plain, gzip or zstd file as UTF-8, and whether a compressed stream is damaged.

    The compression is seen from the first bytes, not from the name. Of a damaged stream all that could be decompressed
    is kept. UTF-16 with a byte order mark becomes UTF-8.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        About how much to read at most [bytes]; the default is a guard, smaller values read the head.

    Raises
    ------
    EvidenceError
        If the file cannot be read, nothing can be decompressed, it is compressed otherwise, or it is too large.

    Examples
    --------
    >>> import gzip, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "log")).write_bytes(gzip.compress(b"one") + gzip.compress(b"two")[:-4])
    ...     read_bytes(path)
    (b'onetwo', True)
    """
    try:
        with path.open("rb") as file:
            raw = file.read(limit)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise EvidenceError(
            f"cannot be read: {reason}", where=path.name, expected="a readable file", next="check the path"
        ) from None
    damaged = False
    if raw.startswith(b"\x1f\x8b"):
        raw, damaged = _unpack(gunzip(raw), path.name, limit)
    elif raw.startswith(b"\x28\xb5\x2f\xfd"):
        raw, damaged = _unpack(unzstd(raw), path.name, limit)
    elif kind := next((kind for magic, kind in FOREIGN.items() if raw.startswith(magic)), ""):
        raise EvidenceError(
            f"compressed as {kind}", where=path.name, expected="plain text, .gz or .zst", next="unpack the file"
        )
    if limit == MAX_BYTES and len(raw) >= MAX_BYTES:
        raise EvidenceError(
            "too large", where=path.name, expected=f"less than {MAX_BYTES >> 30} GiB unpacked", next="cut it to the day"
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    return raw.removeprefix(b"\xef\xbb\xbf"), damaged


def open_lines(path: Path, *, limit: int = MAX_BYTES) -> Lines:
    """Return the lines of a plain, gzip or zstd file, and how it ends; errors are those of `read_bytes`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "log")).write_bytes(b"one" + bytes([10]) + b"two")
    ...     open_lines(path)
    Lines(lines=[b'one', b'two'], truncated=False, open_end=True)
    """
    data, damaged = read_bytes(path, limit=limit)
    lines = (data.replace(b"\r\n", b"\n") if b"\r\n" in data else data).split(b"\n")
    open_end = bool(lines[-1])
    return Lines(lines if open_end else lines[:-1], damaged, open_end)


def scan(source: Lines, tally: Tally, understand: Callable[[bytes], None], *, first: int = 0) -> bool:
    """Give each line that is not blank to `understand`, count those it refuses, and return whether the file is cut.

    Parameters
    ----------
    source : Lines
        The lines.
    tally : Tally
        Where to count.
    understand : callable
        Takes a line; raises ValueError for one that it does not understand.
    first : int
        How many lines to leave out at the start.

    Examples
    --------
    >>> tally = Tally("numbers")
    >>> scan(Lines([b"1", b"", b"x"], False, True), tally, lambda line: None if int(line) else None)
    True
    >>> (tally.recognised, tally.unrecognised)
    (1, 1)
    """
    last = len(source.lines) - 1 if source.open_end else -1
    cut = source.truncated
    for at, line in enumerate(source.lines):
        if at < first or not line.strip():
            continue
        try:
            if at == last and source.truncated:
                raise ValueError("the line was cut with the stream")
            understand(line)
            tally.recognised += 1
        except NOT_UNDERSTOOD as error:
            tally.naive += isinstance(error, NaiveTimeError)
            tally.miss(f"line {at + 1}", line)
            cut = cut or at == last
    return cut
