"""The body of an answer, piece by piece: counted on the wire, decompressed, an early end noticed."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any, Protocol

from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from analysis.sources.prometheus.failures import Failure, RequestError

__all__ = ["PIECE_BYTES", "Raw", "pieces"]

PIECE_BYTES = 262_144
SLOWEST_BYTES_PER_SECOND = 1_000
GZIP = 16 + zlib.MAX_WBITS


class Raw(Protocol):
    """What is read of an answer: `read1` of urllib3, which gives what has come, at most so many bytes."""

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:  # noqa: FBT001
        """Return bytes, none at the end."""
        ...


def pieces(
    raw: Raw,
    *,
    status: int,
    encoding: str,
    patience_seconds: float,
    count: Callable[[int], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Yield the body of an answer, decompressed, as it comes.

    Parameters
    ----------
    raw : Raw
        The answer, its headers read.
    status : int
        Of HTTP, for the failure.
    encoding : str
        Content-Encoding: "", identity or gzip; a server may compress though it was asked not to.
    patience_seconds : float
        From then on a body that came slower than 1,000 bytes/s while it was waited for is given up.
    count : callable
        Called with the length of each piece on the wire.
    clock : callable
        Seconds since whenever.

    Raises
    ------
    RequestError
        truncated: it ended early (of its length, its chunks, or its gzip stream), or is no gzip. timed_out: silence, or
        a trickle. not_understood: another encoding.
    """
    name = encoding.strip().lower()
    if name not in ("", "identity", "gzip", "x-gzip"):
        raise RequestError(Failure("not_understood", "none", status, "", f"the answer is encoded as {name[:40]}"))
    packed = name in ("gzip", "x-gzip")
    inflate = zlib.decompressobj(GZIP)
    waited, came = 0.0, 0
    while True:
        begun = clock()
        piece = _read(raw, status)
        waited += clock() - begun
        if not piece:
            break
        came += len(piece)
        count(len(piece))
        if packed:
            yield from _inflated(inflate, piece, status)
            while inflate.eof and (rest := inflate.unused_data):  # gzip streams may follow each other
                inflate = zlib.decompressobj(GZIP)
                yield from _inflated(inflate, rest, status)
        else:
            yield piece
        if waited > patience_seconds and came < waited * SLOWEST_BYTES_PER_SECOND:
            text = f"{came:,} bytes of the answer came in {waited:.0f} s"
            raise RequestError(Failure("timed_out", "split", status, "", text))
    if packed and came and not inflate.eof:
        raise RequestError(Failure("truncated", "retry", status, "", "the compressed answer ended early"))


def _read(raw: Raw, status: int) -> bytes:
    """Return what has come, b"" at the end; the error is raised outside, as the library's holds the request."""
    try:
        return raw.read1(PIECE_BYTES, decode_content=False) or b""
    except ReadTimeoutError:
        failure = Failure("timed_out", "split", status, "", "the answer stopped coming")
    except SSLError:
        failure = Failure("truncated", "retry", status, "", "the encrypted connection broke within the answer")
    except (HTTPError, HTTPException, OSError):
        failure = Failure("truncated", "retry", status, "", "the connection broke within the answer")
    raise RequestError(failure)


def _inflated(inflate: Any, piece: bytes, status: int) -> Iterator[bytes]:
    """Yield what a piece of gzip holds, in parts of a bounded size."""
    while piece:
        failed = False
        try:
            part = inflate.decompress(piece, 4 * PIECE_BYTES)
        except zlib.error:
            failed = True
        if failed:
            raise RequestError(Failure("truncated", "retry", status, "", "the answer says gzip and is none"))
        if part:
            yield part
        piece = inflate.unconsumed_tail
