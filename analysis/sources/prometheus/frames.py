"""A streamed answer of remote_read -> its frames: length, CRC32C, content, one behind the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analysis.sources.prometheus.protobuf import MOST_VARINT_BYTES, Malformed, read_uvarint

__all__ = ["Ended", "frames", "words_in"]

LONGEST_FRAME_BYTES = 100_000_000  # Prometheus fills frames up to 1 MB; its own reader takes 50 MB
CRC_BYTES = 4
WORDS_BYTES = 2_000


class Ended(Malformed):
    """The answer ends within a frame; `rest` is what came of it."""

    def __init__(self, text: str, rest: bytes) -> None:
        super().__init__(text)
        self.rest = rest


def frames(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield the content of each frame (a ChunkedReadResponse).

    Parameters
    ----------
    pieces : iterable of bytes
        The answer, cut anywhere.

    Raises
    ------
    Ended
        If it ends within a frame.
    Malformed
        If a frame says that it is longer than 100 MB.

    Notes
    -----
    Format: prometheus, storage/remote/chunked.go: uvarint length, CRC32C (big-endian, not checked here), content.

    Examples
    --------
    >>> list(frames([b"\x02crc!", b"a", b"b\x01crc!c"]))
    [b'ab', b'c']
    """
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        at = 0
        while (found := _frame(waiting, at)) is not None:
            yield bytes(waiting[found[0] : found[1]])
            at = found[1]
        del waiting[:at]
    if waiting:
        raise Ended(f"the answer ends within a frame, {len(waiting):,} bytes into it", bytes(waiting[:WORDS_BYTES]))


def _frame(data: bytearray, at: int) -> tuple[int, int] | None:
    """Return where the content of a frame begins and ends, None if not all of it is there."""
    if at >= len(data) or (len(data) - at < MOST_VARINT_BYTES and min(data[at:]) > 0x7F):
        return None
    length, start = read_uvarint(data, at, len(data))
    if length > LONGEST_FRAME_BYTES:
        raise Malformed(f"a frame says that it has {length:,} bytes")
    end = start + CRC_BYTES + length
    return (start + CRC_BYTES, end) if end <= len(data) else None


def words_in(rest: bytes) -> str:
    r"""Return the text that bytes are, "" if they are not text: a server may write its error into the stream.

    Examples
    --------
    >>> words_in(b"query timed out\n"), words_in(b"\x05\x00")
    ('query timed out', '')
    """
    try:
        text = rest.decode().strip()
    except UnicodeDecodeError:
        return ""
    return text if text.replace("\n", " ").isprintable() and len(text) > CRC_BYTES else ""
