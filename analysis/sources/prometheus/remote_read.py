"""Raw samples by Prometheus' remote_read: real sample times and stale markers, as streamed XOR chunks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.sources.prometheus.answers import shortened
from analysis.sources.prometheus.chunked_series import ChunkedSeries
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.fetched import Fetched, Progress, Step
from analysis.sources.prometheus.frames import Ended, frames, words_in
from analysis.sources.prometheus.protobuf import Malformed, bytes_field, int_field
from analysis.sources.prometheus.selector import Selector

if TYPE_CHECKING:
    from analysis.sources.prometheus.connection import Source

__all__ = ["HEADERS", "PATH", "fetch_remote_read", "read_request"]

PATH = "/api/v1/read"
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}
OPS = {"=": 0, "!=": 1, "=~": 2, "!~": 3}
STREAMED_XOR_CHUNKS = 1
STREAMED = "application/x-streamed-protobuf"
TRIES = 2


def read_request(selector: Selector, start_us: int, end_us: int) -> bytes:
    """Return the body of a remote_read request: a ReadRequest of one query, compressed with snappy.

    Parameters
    ----------
    selector : Selector
        Which series.
    start_us, end_us : int
        Window [us since epoch, UTC], both ends in it; asked for in whole ms that cover it.

    Notes
    -----
    Protocol: prometheus, prompb/remote.proto. To be sent with `HEADERS` to `PATH`.

    Examples
    --------
    >>> body = read_request(Selector.parse("up"), 0, 1_000_000)
    >>> len(body) < 60
    True
    """
    matchers = b"".join(
        bytes_field(3, int_field(1, OPS[op]) + bytes_field(2, label.encode()) + bytes_field(3, value.encode()))
        for label, op, value in selector.matchers
    )
    query = int_field(1, start_us // 1000) + int_field(2, -(-end_us // 1000)) + matchers
    return bytes(pa.compress(bytes_field(1, query) + int_field(2, STREAMED_XOR_CHUNKS), codec="snappy", asbytes=True))


def fetch_remote_read(
    source: Source, selector: Selector, start_us: int, end_us: int, *, progress: Progress | None = None
) -> Fetched:
    """Fetch the raw samples of a selector, bit for bit, with stale markers, in one streamed answer.

    Parameters
    ----------
    source : Source
        A server that offers remote_read (Prometheus, Mimir, Cortex; not VictoriaMetrics).
    selector : Selector
        Which series.
    start_us, end_us : int
        Window [us since epoch, UTC], both ends in it.
    progress : callable, optional
        Called with a `Step` after every batch.

    Returns
    -------
    Fetched
        Samples in the window, sorted; chunks that overlap (two replicas, out-of-order blocks) are one series, and of
        two samples of one moment the last sent is kept. Native histograms are counted in `left_out`.

    Raises
    ------
    RequestError
        "not_offered" if the server answers in another form, "truncated" if the answer ends early (it is asked for once
        more before that), "not_understood" if it is not what the protocol says; and as `source.stream`.

    Notes
    -----
    Memory: the table and a batch of about a million samples: batches so small that the
    server goes on sending into the buffers of the connection meanwhile. The CRC32C of a frame is not checked: TCP and
    TLS have sums of their own, and what a server or proxy may do to a stream (end it, put the words of an error into
    it) shows in the lengths, the fields and the chunks, each of which is checked.
    """
    begun, bytes_before, asked_before = time.monotonic(), source.received_bytes, source.requests
    for attempt in range(1, TRIES + 1):
        try:
            series = _read(source, selector, (start_us, end_us), progress)
            break
        except RequestError as error:
            if error.failure.remedy != "retry" or error.failure.kind != "truncated" or attempt == TRIES:
                raise
    return Fetched(
        series.table(),
        left_out=series.left_out(),
        bytes=source.received_bytes - bytes_before,
        requests=source.requests - asked_before,
        seconds=time.monotonic() - begun,
    )


def _read(source: Source, selector: Selector, window: tuple[int, int], progress: Progress | None) -> ChunkedSeries:
    series = ChunkedSeries(*window)
    seen_bytes = source.received_bytes
    with source.stream(PATH, body=read_request(selector, *window), headers=HEADERS) as reply:
        if not reply.content_type.startswith(STREAMED):
            raise RequestError(_other_form(reply.content_type), where=source.name)
        frame = b""
        try:
            for frame in frames(reply.chunks()):
                samples = series.add(frame)
                if progress and samples:
                    progress(Step(samples, source.received_bytes - seen_bytes, 0.0))
                    seen_bytes = source.received_bytes
            frame = b""
            samples = series.flush()
        except Ended as error:
            raise RequestError(_ended(error), where=source.name) from None
        except Malformed as error:
            raise RequestError(_malformed(error, frame), where=source.name) from None
    if progress:
        progress(Step(samples, source.received_bytes - seen_bytes, 1.0))
    return series


def _ended(error: Ended) -> Failure:
    """Return the failure that an answer is which ends early, in the server's words if it ends in words."""
    words = words_in(error.rest)
    if words:
        return Failure("unavailable", "none", 200, "", shortened(f"the answer ends with the words: {words}"))
    return Failure("truncated", "retry", 200, "", str(error))


def _malformed(error: Malformed, frame: bytes) -> Failure:
    """Return the failure that an answer is which is not what the protocol says."""
    words = words_in(frame)
    text = f"the answer goes on with the words: {words}" if words else f"remote_read: {error}"
    return Failure("unavailable" if words else "not_understood", "none", 200, "", shortened(text))


def _other_form(content_type: str) -> Failure:
    """Return the failure of a server that does not stream XOR chunks."""
    kind_of = content_type.split(";")[0].strip() or "no content type"
    text = f"remote_read was answered with {kind_of}, not with streamed chunks ({STREAMED})"
    return Failure("not_offered", "none", 200, "", shortened(text))
