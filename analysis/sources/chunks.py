"""Bytes of a file, packed or not, to chunks of whole lines: a log of any size is read in little memory."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from analysis.errors import EvidenceError
from analysis.sources.lines import FOREIGN, gunzip, unzstd

__all__ = ["Chunk", "chunks"]

BLOCK = 1 << 20  # larger blocks leave the processor's cache
LONGEST_LINE = 1 << 20  # a longer line is none of a log: its head stands for it
HEAD = 1 << 12
UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
WRAPPED = re.compile(rb'^\{"(?:log|message|msg|textPayload|line|stream|time|@?timestamp)":', re.MULTILINE)
TEXTS = ("log", "message", "msg", "textPayload", "line")  # of Docker, Fluentd and others
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


class Chunk(NamedTuple):
    """Whole lines, each with its line end but perhaps the last of the file; `cut`: a packed stream broke after them."""

    data: bytes
    cut: bool


def chunks(path: Path, *, block: int = BLOCK, unwrap: bool = True) -> Iterator[Chunk]:
    r"""Yield a plain, gzip or zstd file as chunks of whole lines in UTF-8.

    The compression is seen from the first bytes. Of a damaged stream all that could be unpacked is kept. Line ends
    become line feeds; a byte order mark goes, and bytes of zero, which a log cut while it was written begins with.
    Of a line longer than a mebibyte the first 4,096 bytes stand for it. Colours go, and lines that
    Docker, Fluentd and others wrapped into JSON are unwrapped, with the time of the wrapper in front, if asked.

    Parameters
    ----------
    path : Path
        The file.
    block : int
        About how large a chunk is [bytes].
    unwrap : bool
        Whether lines that are wrapped into JSON are unwrapped; a reader of logs that are JSON themselves does that.

    Raises
    ------
    EvidenceError
        If the file cannot be read, nothing can be unpacked, or it is packed otherwise.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "log")).write_bytes(b"one" + bytes([13, 10]) + b"two")
    ...     list(chunks(path))
    [Chunk(data=b'one\n', cut=False), Chunk(data=b'two', cut=False)]
    """
    rest, skipping, cut = b"", False, False
    for data, broken in _text(path, block):
        cut = cut or broken
        if skipping:  # the rest of a line that is too long
            end = data.find(b"\n")
            if end < 0:
                continue
            data, skipping = data[end:], False
        at = data.rfind(b"\n") + 1
        if not at:
            rest += data
            if len(rest) > LONGEST_LINE:
                rest, skipping = rest[:HEAD], True
            continue
        yield Chunk(_plain(rest + data[:at], unwrap=unwrap), cut=False)
        rest = data[at:]
    if rest or cut:
        yield Chunk(_plain(rest, unwrap=unwrap), cut)


def _text(path: Path, block: int) -> Iterator[tuple[bytes, bool]]:
    """Yield blocks of text in UTF-8, and whether a packed stream broke after it."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if kind := next((kind for magic, kind in FOREIGN.items() if head.startswith(magic)), ""):
                raise EvidenceError(
                    f"compressed as {kind}", where=path.name, expected="plain text, .gz or .zst", next="unpack the file"
                )
            yield from _decoded(_blocks(file, head, path.name, block))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise EvidenceError(
            f"cannot be read: {reason}", where=path.name, expected="a readable file", next="check the path"
        ) from None


def _blocks(file: BinaryIO, head: bytes, name: str, block: int) -> Iterator[tuple[bytes, bool]]:
    unpack = gunzip if head.startswith(b"\x1f\x8b") else unzstd if head.startswith(b"\x28\xb5\x2f\xfd") else None
    if unpack is None:
        while data := file.read(block):  # of a pipe too, so the head is not read again
            yield head + data, False
            head = b""
        if head:
            yield head, False
        return
    some = False
    try:
        for data in unpack(head + file.read()):
            some = some or bool(data)
            yield data, False
    except (zlib.error, pa.ArrowException, OSError):
        if not some:
            raise EvidenceError(
                "not decompressible", where=name, expected="a whole .gz or .zst file", next="copy the file again"
            ) from None
        yield b"", True


def _decoded(blocks: Iterator[tuple[bytes, bool]]) -> Iterator[tuple[bytes, bool]]:
    first, decode = True, None
    for data, cut in blocks:
        if first and data:
            first = False
            if kind := UTF16.get(data[:2]):
                decode = codecs.getincrementaldecoder(kind)("replace")
            data = data.removeprefix(b"\xef\xbb\xbf") if decode is None else data[2:]
        yield (data if decode is None else decode.decode(data).encode("utf-8", "replace")), cut


def _plain(data: bytes, *, unwrap: bool) -> bytes:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    if b"\x1b" in data:
        data = COLOUR.sub(b"", data)
    return _unwrapped(data) if unwrap and b"{" in data and WRAPPED.search(data) else data


def _unwrapped(data: bytes) -> bytes:
    return b"\n".join(_log_of(line) if line.startswith(b'{"') else line for line in data.split(b"\n"))


def _log_of(line: bytes) -> bytes:
    try:
        record = json.loads(line, strict=False)  # control characters and all
        text = next(str(record[name]) for name in TEXTS if name in record)
        time = str(record.get("time", record.get("timestamp", record.get("@timestamp", ""))))
    except (ValueError, RecursionError, StopIteration, AttributeError):
        return line
    return f"{time} {text}".strip().replace("\n", " ").encode("utf-8", "replace") if text.strip() else b""
