"""Lines that a log collector wrapped, to the lines that a program wrote, with the time of the wrapper in front."""

from __future__ import annotations

import csv
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from analysis.sources.times import EPOCH, epoch_us

__all__ = ["ISO", "unwrapped"]

HEAD = 1 << 12  # bytes of a chunk in which a wrapper must show
LONGEST_PREFIX = 300  # bytes before a record
ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
STAMP = re.compile(ISO)
TEXTS = ("log", "message", "msg", "MESSAGE", "textPayload", "line", "_raw", "@message", "text")
TIMES = ("time", "timestamp", "@timestamp", "_time", "__REALTIME_TIMESTAMP", "date", "ts", "receiveTimestamp")
OF_LOGGER = ("level", "log.level", "logger", "logger_name", "thread", "instant")  # an application made the record
PRETTY = re.compile(rb'^[ \t]*"(?:%s)": ("(?:[^"\\\n]|\\.)*"),?[ \t]*$' % "|".join(TEXTS).encode(), re.MULTILINE)
DECORATED = r"\[(?:\d|[a-z]+[\], ])|\d{4}-\d\d-\d\dT[^ ]{8,24}: |\d{1,9}[.,]\d{3}: "
LOGGED = re.compile(DECORATED)
LINE = re.compile(DECORATED + r"|GC\(\d+\) ")
NEXT = re.compile(r"\n(?=" + LINE.pattern + ")")
CLOCK = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
PREFIXES = (
    rb"(?:INFO|STATUS|ERROR|DEBUG) +\| [\w ]{3,12}\| \d{4}/\d\d/\d\d CLOCK \| ",  # the service wrapper of Tanuki
    rb"(?:\[pod/[^\]\s]+\] |[\w.-]{1,80} +\| )(?:(ISO)[ \t])?",  # kubectl --prefix, docker compose
    rb"[a-z0-9.-]{1,80}-[a-z0-9]{1,10} [a-z0-9-]{1,63} (?=[\[\d{ A-Z])(?:(ISO)[ \t])?",  # stern
    rb"(?:\d+ )?<\d{1,3}>1 (ISO) \S+ \S+ \S+ \S+ (?:-|\[[^\]\n]*\]) ?",  # syslog, RFC 5424
    rb"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d CLOCK|(ISO)) (?:[^\s\[\]]+ )?[^\s\[\]:]+\[[\w.]+\]: ?",  # or before it
    rb"(ISO) (?:stdout|stderr) [FP](?::\S+)?(?: |$)",  # containerd
    rb"(ISO) (?:\d\d[OE]\+?|\{[^}\n]*\}|[\w.-]+/[\w./$\[\]-]+)(?: |$)",  # GitLab, logcli, CloudWatch
    rb"\[(ISO)\] (?=\[|\d| +\[)",  # Jenkins
    rb"(?:\d{4}[-/]\d\d[-/]\d\d )?CLOCK (?=\[\d|\[(?:Full )?GC|\d{4}-\d\d-\d\dT|\d{1,9}[.,]\d{3}: | {3,8}\[[A-Z]|GC\()",
    rb"[\w./-]*\.(?:log|out|txt)[\w.-]*:(?:\d{1,9}:)?|\d{1,9}:(?!\d\d:)",  # grep
)
PREFIX = re.compile(b"^(?:" + b"|".join(PREFIXES).replace(b"ISO", ISO).replace(b"CLOCK", CLOCK) + b")", re.MULTILINE)
PARTIAL = re.compile(
    rb"^(ISO (std(?:out|err)) )P(?::\S+)? ([^\n]*)((?:\nISO \2 P(?::\S+)? [^\n]*)*)\nISO \2 F(?::\S+)? ".replace(
        b"ISO", ISO
    ),
    re.MULTILINE,
)
PART = re.compile(rb"\n\S+ \S+ \S+ ")


def unwrapped(data: bytes) -> bytes:
    r"""Return lines without what a log collector put around them; a time of the wrapper stands in front.

    Known are records of JSON, one a line behind any prefix or printed over several lines, with the text as one of
    `TEXTS` or one level below (Docker, Fluentd, Fluent Bit, journald, Loki, Elasticsearch, CloudWatch, Google, Splunk);
    rows of CSV with a line of a log as a cell; the prefixes of kubectl, containerd, docker compose, stern, syslog,
    journald, Heroku, GitLab and logcli. A record that an application's logger made is left as it is.
    Of a line that a container's runtime cut, the first parts become blank lines; records or lines of a log that share
    a line get one each: of all else there are as many lines as before.

    Parameters
    ----------
    data : bytes
        Whole lines.

    Examples
    --------
    >>> unwrapped(b'{"stream":"stdout","time":"2026-11-22T18:04:30.5Z","log":"[1.5s][gc] Using G1"}')
    b'2026-11-22T18:04:30.5Z [1.5s][gc] Using G1'
    >>> lines = [b"2026-11-22T18:04:30.5Z stdout P [1.5s][gc] Us", b"2026-11-22T18:04:30.5Z stdout F ing G1"]
    >>> unwrapped(bytes([10]).join(lines))
    b'\n2026-11-22T18:04:30.5Z [1.5s][gc] Using G1'
    """
    head = data[:HEAD]
    if b"{" in data and b'{"' in data:  # one byte is found much faster than two
        data = b"\n".join(_of_record(line) if b'{"' in line else line for line in data.split(b"\n"))
    if b'": "' in head:
        data = PRETTY.sub(lambda found: _text(json.loads(found[1].decode("utf-8", "replace"), strict=False)), data)
    if b',"' in head or b'\n"' in head or head.startswith(b'"'):
        data = b"\n".join(_of_rows(data.split(b"\n")))
    if b"&" in data and b"-&gt;" in data:
        data = html.unescape(data.decode("utf-8", "replace")).encode("utf-8", "replace")
    if PREFIX.search(data, 0, HEAD):
        if b" P" in data:
            data = PARTIAL.sub(_joined, data)
        data = PREFIX.sub(_stamp_of, data)
    return data


def _joined(found: re.Match[bytes]) -> bytes:
    parts = PART.split(found[4])
    return b"\n" * len(parts) + found[1] + b"F " + found[3] + b"".join(parts)


def _stamp_of(found: re.Match[bytes]) -> bytes:
    stamp = next((group for group in found.groups() if group), b"")
    return stamp + b" " if stamp else b""


def _of_record(line: bytes) -> bytes:
    """Return the text of a line that holds a record of JSON, or the line."""
    at = line.find(b'{"', 0, LONGEST_PREFIX)
    if at < 0:
        return line
    array = line.startswith(b"[{")
    try:
        text = line[0 if array else at :].decode("utf-8", "replace")
        record = json.JSONDecoder(strict=False).raw_decode(text.replace('"=>', '":'))[0]  # Ruby prints a record so
    except (ValueError, RecursionError):
        return line
    if array:
        return b"\n".join(_of_record(json.dumps(one).encode()) for one in record)
    for told in _levels(record):
        found = next((v for name in TEXTS if isinstance(v := told.get(name), (str, list))), None)
        if found is None:
            continue
        if any(name in told for name in OF_LOGGER) and not LOGGED.match(_text(found).decode("utf-8", "replace")):
            return line
        stamp = next((s for some in (record, told) for name in TIMES if (s := _stamp(some.get(name)))), "")
        before = STAMP.search(line, 0, at)
        stamp = stamp or (before[0].decode() if before else "")
        head = f"{stamp} ".encode("utf-8", "replace") if stamp else b""
        return b"\n".join(head + part for part in _parts(found)) if _text(found) else b""
    return line


def _levels(record: Any) -> Iterator[dict[str, Any]]:
    if isinstance(record, dict):
        yield record
        yield from (value for value in record.values() if isinstance(value, dict))


def _parts(value: Any) -> list[bytes]:
    """Return the lines of a log that a text holds, in one line each."""
    return [_text(part) for part in NEXT.split(value)] if isinstance(value, str) and "\n" in value else [_text(value)]


def _text(value: Any) -> bytes:
    """Return a text in one line; journald gives bytes where they are no plain text."""
    if isinstance(value, list):
        whole = bytes(v for v in value if isinstance(v, int) and 0 <= v < 256)
    else:
        whole = str(value).encode("utf-8", "replace")
    return whole.rstrip().replace(b"\r", b"").replace(b"\n", b" ")


def _stamp(value: Any) -> str:
    """Return a time in ISO-8601 with an offset; "" if it is none."""
    if isinstance(value, str) and STAMP.fullmatch(value.encode("utf-8", "replace")):
        return value
    try:
        return (EPOCH + timedelta(microseconds=epoch_us(value))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError):
        return ""


def _of_rows(lines: list[bytes]) -> list[bytes]:
    """Return of rows of CSV the cell that is a line of a log: that of most rows in which one looks like it."""
    rows = [_cells(line) if line.startswith(b'"') or b',"' in line else [] for line in lines]
    places = Counter((len(row), i) for row in rows for i, cell in enumerate(row) if LINE.match(cell))
    if not places:
        return lines
    (size, place), _ = places.most_common(1)[0]
    out = []
    for line, row in zip(lines, rows, strict=True):
        if len(row) != size:
            out.append(line)
            continue
        stamp = next((s for i, cell in enumerate(row) if i != place and (s := _stamp(cell))), "")
        told = f"{stamp} {row[place]}" if stamp else row[place]
        out.append(told.encode("utf-8", "replace"))
    return out


def _cells(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8", "replace")], strict=True), [])
    except csv.Error:
        return []
