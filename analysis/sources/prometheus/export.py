"""Raw samples by VictoriaMetrics' /api/v1/export: JSON lines with bare +Inf and NaN, which no JSON parser takes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from analysis.sources.prometheus.answers import shortened
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.fetched import Fetched, Progress, Step
from analysis.sources.prometheus.frames import WORDS_BYTES, Ended
from analysis.sources.prometheus.protobuf import Malformed
from analysis.sources.prometheus.samples import SampleTable, table_of
from analysis.sources.prometheus.selector import Selector

if TYPE_CHECKING:
    from analysis.sources.prometheus.connection import Source

__all__ = ["PATH", "Line", "fetch_export", "lines_of", "read_line"]

PATH = "/api/v1/export"
ROWS_A_LINE = 50_000
LONGEST_LINE_BYTES = 100_000_000
STREAMED = ("application/stream+json", "application/json", "application/x-ndjson")
TRIES = 2
STEP_SAMPLES = 500_000
_ARRAY = re.compile(rb'"(values|timestamps)":\[([^\]]*)\]')
_BARE = re.compile(rb"[+-]?(?:Inf|inf)(?:inity)?|NaN|nan|null")


class _Head(msgspec.Struct):
    """A line without its numbers."""

    metric: dict[str, str]


class Line(NamedTuple):
    """Some samples of one series: labels, times [us since epoch, UTC], values."""

    labels: dict[str, str]
    times_us: np.ndarray
    values: np.ndarray


def fetch_export(
    source: Source, selector: Selector, start_us: int, end_us: int, *, progress: Progress | None = None
) -> Fetched:
    """Fetch the raw samples of a selector from VictoriaMetrics, with the times at which they were scraped.

    Parameters
    ----------
    source : Source
        A VictoriaMetrics.
    selector : Selector
        Which series.
    start_us, end_us : int
        Window [us since epoch, UTC], both ends in it.
    progress : callable, optional
        Called with a `Step` now and then.

    Returns
    -------
    Fetched
        Samples in the window, sorted; values have the 12 to 15 digits that VictoriaMetrics stores. Stale markers are
        not in it: there they are `null`, and become NaN without the marker's payload.

    Raises
    ------
    RequestError
        "not_offered" if the server has no export, "truncated" if the answer ends early (it is asked for once more
        before that), "not_understood" if it is something else; and as `source.stream`.

    Notes
    -----
    Protocol: VictoriaMetrics, "How to export data in JSON line format". `max_rows_per_line` bounds what a line takes.
    """
    begun, bytes_before, asked_before = time.monotonic(), source.received_bytes, source.requests
    for attempt in range(1, TRIES + 1):
        try:
            table = _table(_read(source, selector, (start_us, end_us), progress), (start_us, end_us))
            break
        except RequestError as error:
            if error.failure.kind != "truncated" or attempt == TRIES:
                raise
    if progress:
        progress(Step(0, 0, 1.0))
    return Fetched(
        table,
        bytes=source.received_bytes - bytes_before,
        requests=source.requests - asked_before,
        seconds=time.monotonic() - begun,
    )


def lines_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield the lines of an answer that is cut anywhere, without the line feed; empty ones are passed over.

    Raises
    ------
    Ended
        If the last line does not end.
    Malformed
        If one is longer than 100 MB.

    Examples
    --------
    >>> list(lines_of([b"ab", b"c\nd", b"\n\n"]))
    [b'abc', b'd']
    """
    rest: list[bytes] = []
    length = 0
    for piece in pieces:
        first, *others = piece.split(b"\n")
        rest.append(first)
        length += len(first)
        if length > LONGEST_LINE_BYTES:
            raise Malformed(f"a line is longer than {LONGEST_LINE_BYTES:,} bytes")
        for other in others:
            line = b"".join(rest)
            rest, length = [other], len(other)
            if line:
                yield line
    if length:
        raise Ended(f"the answer ends within a line, {length:,} bytes into it", b"".join(rest)[:WORDS_BYTES])


def read_line(line: bytes) -> Line:
    r"""Read one line of the export.

    Parameters
    ----------
    line : bytes
        An object with metric (labels), values and timestamps [ms]. Bare Inf, +Inf, -Inf, NaN and null are numbers here.

    Raises
    ------
    Malformed
        If it is something else, or values and timestamps are not equally many.

    Notes
    -----
    A quote within the text of a label is escaped, so ``"values":[`` can only be the array; it is taken out before the
    rest is parsed, and nothing else is replaced anywhere.

    Examples
    --------
    >>> found = read_line(b'{"metric":{"__name__":"up","le":"+Inf"},"values":[1,+Inf],"timestamps":[1000,2000]}')
    >>> found.labels["le"], found.values.tolist(), found.times_us.tolist()
    ('+Inf', [1.0, inf], [1000000, 2000000])
    """
    arrays = {found[1]: found[2] for found in _ARRAY.finditer(line)}
    if arrays.keys() != {b"values", b"timestamps"}:
        raise Malformed("a line without values or without timestamps")
    try:
        labels = msgspec.json.decode(_ARRAY.sub(rb'"\1":0', line), type=_Head).metric
        values = _VALUES.decode(b"[" + _BARE.sub(_quoted, arrays[b"values"]) + b"]")
        times = _TIMES.decode(b"[" + arrays[b"timestamps"] + b"]")
        times_us = np.fromiter(times, "i8", len(times)) * 1000
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError) as error:
        raise Malformed(f"a line is not what an export holds: {error}") from None
    if len(values) != len(times):
        raise Malformed(f"a line has {len(values)} values and {len(times)} timestamps")
    if times and max(abs(times[0]), abs(times[-1]), int(max(times)), -int(min(times))) > (1 << 63) // 1000 - 1:
        raise Malformed("a line holds a time that cannot be")
    return Line(labels, times_us, np.fromiter(values, "f8", len(values)))


_VALUES = msgspec.json.Decoder(list[float], strict=False)
_TIMES = msgspec.json.Decoder(list[int])


def _quoted(found: re.Match[bytes]) -> bytes:
    """Return a bare token as a text that the decoder takes for a number."""
    token = found[0].lower()
    if token in (b"nan", b"null"):
        return b'"NaN"'
    return b'"-Inf"' if token.startswith(b"-") else b'"Inf"'


def _read(source: Source, selector: Selector, window: tuple[int, int], progress: Progress | None) -> Iterator[Line]:
    form = {
        "match[]": str(selector),
        "start": _seconds(window[0] // 1000),
        "end": _seconds(-(-window[1] // 1000)),
        "max_rows_per_line": str(ROWS_A_LINE),
    }
    samples, seen_bytes = 0, source.received_bytes
    with source.stream(PATH, form=form) as reply:
        kind_of = reply.content_type.split(";")[0].strip().lower()
        if kind_of not in STREAMED:
            text = f"the export was answered with {kind_of or 'no content type'}, not with JSON lines"
            raise RequestError(Failure("not_offered", "none", 200, "", shortened(text)), where=source.name)
        try:
            for line in map(read_line, lines_of(reply.chunks())):
                yield line
                samples += len(line.values)
                if progress and samples >= STEP_SAMPLES:
                    progress(Step(samples, source.received_bytes - seen_bytes, 0.0))
                    samples, seen_bytes = 0, source.received_bytes
        except Malformed as error:
            ended = isinstance(error, Ended)
            text = shortened(f"export: {error}")
            failure = Failure("truncated" if ended else "not_understood", "none", 200, "", text)
            raise RequestError(failure, where=source.name) from None
    if progress:
        progress(Step(samples, source.received_bytes - seen_bytes, 0.0))


def _seconds(ms: int) -> str:
    """Return milliseconds as seconds with three decimals, exactly."""
    return f"{'-' if ms < 0 else ''}{abs(ms) // 1000}.{abs(ms) % 1000:03d}"


def _table(lines: Iterable[Line], window: tuple[int, int]) -> SampleTable:
    """Return the samples in the window as a table; series without one are left out."""
    rows: dict[tuple[tuple[str, str], ...], int] = {}
    labels: list[dict[str, str]] = []
    ids, times, values = [np.zeros(0, "i4")], [np.zeros(0, "i8")], [np.zeros(0)]
    for line in lines:
        inside = (line.times_us >= window[0]) & (line.times_us <= window[1])
        if not inside.any():
            continue
        key = tuple(line.labels.items())
        row = rows.setdefault(key, len(rows))
        if row == len(labels):
            labels.append(line.labels)
        ids.append(np.full(int(inside.sum()), row, "i4"))
        times.append(line.times_us[inside])
        values.append(line.values[inside])
    return table_of(labels, np.concatenate(ids), np.concatenate(times), np.concatenate(values))
