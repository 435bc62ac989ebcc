"""Bytes of a file, packed or not, to chunks of whole lines: a log of any size is read in little memory."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from analysis.errors import EvidenceError
from analysis.sources.lines import FOREIGN, gunzip, unzstd
from analysis.sources.wrapped import unwrapped

__all__ = ["Chunk", "chunks"]

BLOCK = 1 << 20  # larger blocks leave the processor's cache
LONGEST_LINE = 1 << 20  # a longer line is none of a log: its head stands for it
HEAD = 1 << 12
UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
COLOUR = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\))")  # and what else a terminal is told
RETURNS = re.compile(rb"\r+(?=\n)")  # of Windows
TABS = re.compile(rb"[\t\r]+(?=\n)")  # of what was pasted from a table


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
    rest, skipping, cut, some = b"", False, False, False
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
                if unwrap and not some and rest.startswith((b"[{", b'{"')):
                    raise EvidenceError(
                        "records of JSON in one line", where=path.name, expected="a record a line, or lines of a log",
                        next="write one record a line, as jq -c '.[]' does",
                    )  # fmt: skip
                rest, skipping = rest[:HEAD], True
            continue
        some = True
        yield Chunk(_plain(rest + data[:at], unwrap=unwrap), cut=False)
        rest = data[at:]
    if rest or cut:
        yield Chunk(_plain(rest, unwrap=unwrap), cut)


def _text(path: Path, block: int) -> Iterator[tuple[bytes, bool]]:
    """Yield blocks of text in UTF-8, and whether a packed stream broke after it."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
            if kind := next((kind for magic, kind in FOREIGN.items() if head.startswith(magic)), ""):
                raise EvidenceError(
                    f"compressed as {kind}", where=path.name, expected="plain text, .gz or .zst", next="unpack the file"
                )
            yield from _decoded(_blocks(file, head, path.name, block), path.name)
    except OSError as error:
        reason, folder = error.strerror or type(error).__name__, isinstance(error, IsADirectoryError)
        raise EvidenceError(
            f"cannot be read: {reason}", where=path.name, expected="a readable file",
            next=f"name the files in it, such as {path.name}/*" if folder else "check the path",
        ) from None  # fmt: skip


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


def _decoded(blocks: Iterator[tuple[bytes, bool]], name: str) -> Iterator[tuple[bytes, bool]]:
    first, decode, returns = True, None, False
    for data, cut in blocks:
        if first and data:
            if data[257:262] == b"ustar":
                raise EvidenceError("a tar archive", where=name, expected="one log a file", next="unpack the archive")
            if kind := UTF16.get(data[:2]):
                decode = codecs.getincrementaldecoder(kind)("replace")
            data = data.removeprefix(b"\xef\xbb\xbf") if decode is None else data[2:]
        text = data if decode is None else decode.decode(data).encode("utf-8", "replace")
        if first and data:
            first, returns = False, b"\r" in text and b"\n" not in text  # as an old Mac ended lines
        text = text.replace(b"\0", b"") if b"\0" in text else text  # before lines are told apart: there may be much
        yield (text.replace(b"\r", b"\n") if returns else text), cut


def _plain(data: bytes, *, unwrap: bool) -> bytes:
    if b"\x1b" in data:
        data = COLOUR.sub(b"", data)
    if b"\r" in data:
        data = RETURNS.sub(b"", data)
    if not unwrap:
        return data
    data = unwrapped(data)
    return TABS.sub(b"", data) if b"\t" in data else data
