"""An answer: read piece by piece, or whole within a limit; its end checked; of a failed one its words."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import msgspec

from analysis.sources.prometheus.answers import classify
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.retries import retry_after

__all__ = ["Reply", "ended_early", "failed", "whole"]

LARGEST_ERROR_BYTES = 8_000_000  # VictoriaMetrics repeats a question in its error, each of its parts too


@dataclass(frozen=True)
class Reply:
    """An answer whose body is read piece by piece, once.

    Parameters
    ----------
    status : int
        Of HTTP.
    content_type : str
        As sent, "" without one.
    headers : mapping
        A few others, by lower-case name: date, server.
    chunks : callable
        Returns an iterator of the body's bytes, decompressed; RequestError if it ends early.
    """

    status: int
    content_type: str
    headers: Mapping[str, str]
    chunks: Callable[[], Iterator[bytes]] = field(repr=False)


def whole(chunks: Iterator[bytes], limit_bytes: int) -> bytes:
    """Return all bytes of a body; `io.BytesIO` hands them over without a copy.

    Raises
    ------
    RequestError
        too_many_samples, to be split: if they are more than the limit.

    Examples
    --------
    >>> whole(iter([b"a", b"b"]), 2)
    b'ab'
    """
    content = io.BytesIO()
    for piece in chunks:
        content.write(piece)
        if content.tell() > limit_bytes:
            text = f"the answer is larger than {limit_bytes:,} bytes"
            raise RequestError(Failure("too_many_samples", "split", 200, "", text))
    return content.getvalue()


def ended_early(headers: Mapping[str, str], content: bytes) -> Failure | None:
    """Return the failure of a JSON document that is not whole, None for a whole one.

    Parameters
    ----------
    headers : mapping
        Of the answer, names in any case. With a Content-Length or chunks its end was seen on the wire already.
    content : bytes
        The document. Without either, its syntax is checked (760 MB/s).

    Examples
    --------
    >>> ended_early({}, b'{"a":[{"b":{}').kind, ended_early({}, b"{}"), ended_early({"content-length": "1"}, b"{")
    ('truncated', None, None)
    """
    known = {name.lower(): value.lower() for name, value in headers.items()}
    if "content-length" in known or "chunked" in known.get("transfer-encoding", ""):
        return None
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except msgspec.DecodeError:
        text = f"the answer ends within the document, after {len(content):,} bytes"
        return Failure("truncated", "retry", 200, "", text)
    return None


def failed(status: int, headers: Mapping[str, str], chunks: Iterator[bytes], *, hide: Callable[[str], str]) -> Failure:
    """Return how an answer of another status than 200 failed; secrets are taken out before its text is cut.

    Parameters
    ----------
    status : int
        Of HTTP.
    headers : mapping
        Content-Type, Retry-After.
    chunks : iterator of bytes
        Its body, of which the beginning is read; one that breaks off is taken as far as it came.
    hide : callable
        Takes the secrets out of a text.

    Examples
    --------
    >>> failed(429, {"Retry-After": "7"}, iter([b"slow down"]), hide=str).wait_seconds
    7.0
    """
    content = b""
    with suppress(RequestError):  # the status says enough
        for piece in chunks:
            content += piece
            if len(content) > LARGEST_ERROR_BYTES:
                content = hide(content.decode("utf-8", "replace")).encode()[:LARGEST_ERROR_BYTES]
                break
    failure = classify(status, headers.get("Content-Type", ""), content, hide=hide)
    asked = retry_after(headers.get("Retry-After"), time.time())
    return replace(failure or Failure("not_understood", "none", status), wait_seconds=asked)
