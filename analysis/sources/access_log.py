"""Access logs to the frame of requests: text of Envoy, Istio and nginx, JSON lines and CSV; and which of them it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.errors import EvidenceError, SpecError
from analysis.sources.access_fields import check_mapping, known_plan
from analysis.sources.access_rules import (
    LONGEST_LINE,
    Reading,
    end_of,
    has_failed,
    line_text,
    nginx_us,
    path_route,
    request_route,
)
from analysis.sources.access_table import FIRST_LINES, header, json_record, scan_csv, scan_jsonl
from analysis.sources.lines import Lines, ReadReport, Tally, open_lines, scan
from analysis.sources.request_rows import RequestRows
from analysis.sources.times import epoch_us, to_seconds

__all__ = ["KINDS", "read_access_log", "sniff"]

KINDS = ("envoy", "nginx", "jsonl", "csv")
SNIFF_BYTES = 1 << 18

ENVOY = re.compile(
    r"(?:\[pod/([^/\]\s]{1,253})/[^\]\s]{1,253}\] )?(?:[^\s\[]{1,60} ){0,3}"  # kubectl logs --prefix --timestamps
    r"\[([^\]\s]{10,40})\] "
    r'"(\S+) (\S+) ([^\s"]+)" ([0-9]{1,3}) (\S{1,200})'
    r'(?: .{1,4000}?)? (?:[0-9]{1,19}|-) (?:[0-9]{1,19}|-) ([0-9]{1,15}|-) (?:[0-9]{1,15}|-) "'
)
NGINX = re.compile(
    r'\S{1,200} \S{1,200} .{1,200}? \[([^\]]{20,30})\] "((?:[^"\\]|\\.)*)" ([0-9]{3}) (?:[0-9]{1,19}|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?((?:\s.*)?)$'
)
NAMED_SECONDS = re.compile(r'(?:^|[\s"])(?:rt|request_time|req_time)[=:]"?([0-9]{1,9}\.[0-9]{3})(?![0-9.])')
BARE_SECONDS = re.compile(r'(?:^|\s)"?([0-9]{1,9}\.[0-9]{3})"?(?=\s|$)')


def read_access_log(path: Path, kind: str, mapping: Mapping[str, str] | None = None) -> tuple[pd.DataFrame, ReadReport]:
    """Read an access log; plain, gzip or zstd.

    Parameters
    ----------
    path : Path
        The file.
    kind : {"envoy", "nginx", "jsonl", "csv"}
        Text of Envoy or Istio; nginx combined, with the request time (the first number with three decimals, or `rt=` or
        `request_time=`) at the end if it is logged; JSON lines of Envoy, Istio, nginx or with a mapping; CSV.
    mapping : mapping, optional
        For jsonl and csv: `time`, `time_is` (start or end; end by default), `duration`, `duration_unit` (s, ms or us;
        not needed if the column ends with _seconds, _ms or _us), `status`, `failed`, `route`, `pod`; and what the
        request did in the database: `statements`, `rows`, `database` and `pool_wait` (times, with units as above),
        `request_id`. Each names a column; in JSON a dot reaches into an object. What is not given is taken from the
        fields that are known.

    Returns
    -------
    frame : DataFrame
        Requests by completion: `duration_seconds` [s], `failed`, `status`, `route`, `pod`; `statements`, `rows`,
        `database_seconds`, `pool_wait_seconds`, `request_id`, unknown where not logged.
    report : ReadReport
        What was understood.

    Raises
    ------
    SpecError
        If the kind or the mapping is wrong or not sufficient, or no time has an offset.
    EvidenceError
        If the file cannot be read or decompressed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "requests.csv")
    ...     _ = path.write_text(chr(10).join(["end,duration_seconds,status", "2026-11-22T18:04:30Z,0.25,503"]))
    ...     frame, report = read_access_log(path, "csv")
    >>> frame["failed"].tolist(), report.recognised
    ([True], 1)
    """
    if kind not in KINDS:
        raise SpecError(f"unknown kind {kind!r}", where="sources.requests.kind", expected=", ".join(KINDS))
    mapping = dict(mapping or {})
    check_mapping(mapping, kind)
    source, tally, rows = open_lines(path), Tally(path.name), RequestRows()
    if not any(line.strip() for line in source.lines):
        return rows.frame(), tally.report(truncated=source.truncated)
    if kind == "envoy":
        reading = _envoy(source, tally, rows)
    elif kind == "nginx":
        reading = _nginx(source, tally, rows)
    else:
        reading = (scan_jsonl if kind == "jsonl" else scan_csv)(source, tally, rows, mapping)
    if tally.naive and not tally.recognised:
        raise SpecError(
            f"no time has an offset (column {reading.time!r})",
            where=path.name,
            expected="times such as 2026-11-22T18:04:30Z, or seconds since the epoch",
            next="write the log with an offset, or name another column under sources.requests.mapping.time",
        )
    frame = rows.frame()
    unknown = int(frame["duration_seconds"].isna().sum())
    blind = len(frame) > 0 and unknown == len(frame)
    notes = (
        "no request time in the log: slow requests cannot be seen" if blind else "",
        f"{unknown} requests have no usable duration" if unknown and not blind else "",
        f"{unknown} of them have only a start, which stands for the end" if unknown and reading.starts else "",
        "times are whole seconds" if rows.whole_seconds and not reading.starts else "",
        f"{reading.connections} TCP connections left out: they are no requests" if reading.connections else "",
    )
    return frame, tally.report(*notes, truncated=reading.truncated)


def sniff(path: Path) -> str | None:
    """Return the kind of a request log from its first lines.

    Parameters
    ----------
    path : Path
        The file; plain, gzip or zstd.

    Returns
    -------
    str or None
        One of k6-json, k6-csv, envoy, nginx, jsonl and csv; jsonl and csv only where no mapping is needed. None if it
        is nothing of these, or cannot be read: the reader then says why.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "unknown")
    ...     _ = path.write_text("metric_name,timestamp,metric_value")
    ...     sniff(path)
    'k6-csv'
    """
    try:
        source = open_lines(path, limit=SNIFF_BYTES)
    except EvidenceError:
        return None
    lines = [line for line in source.lines if line.strip()][:FIRST_LINES]
    if not lines:
        return None
    head = lines[0]
    if head.startswith(b"metric_name,timestamp,metric_value"):
        return "k6-csv"
    votes = Counter(kind for line in lines if (kind := _kind(line)))
    if votes:
        return votes.most_common(1)[0][0]
    names = header(source)[0]
    return "csv" if len(names) > 1 and known_plan(dict.fromkeys(names, "")) else None


def _kind(line: bytes) -> str:
    if record := json_record(line):
        if record.get("type") in ("Point", "Metric") and isinstance(record.get("metric"), str):
            return "k6-json"
        return "jsonl" if known_plan(record) else ""
    text = line[:LONGEST_LINE].decode("utf-8", "replace").rstrip()
    if ENVOY.match(text):
        return "envoy"
    return "nginx" if NGINX.match(text) else ""


def _envoy(source: Lines, tally: Tally, rows: RequestRows) -> Reading:
    reading = Reading("START_TIME", starts=True)

    def understand(line: bytes) -> None:
        found = ENVOY.match(line_text(line))
        if not found:
            raise ValueError("no line of Envoy")
        pod, start, method, path, protocol, status, _flags, duration = found.groups()
        us = epoch_us(start)
        if method == path == protocol == "-":
            reading.connections += 1
            return
        took = to_seconds(duration, 1e-3)
        rows.add(end_of(us, took), took, status, path_route(path), pod or "", failed=has_failed(status))

    reading.truncated = scan(source, tally, understand)
    return reading


def _nginx(source: Lines, tally: Tally, rows: RequestRows) -> Reading:
    reading = Reading("time_local")

    def understand(line: bytes) -> None:
        found = NGINX.match(line_text(line).rstrip())
        if not found:
            raise ValueError("no line of nginx")
        time, request, status, rest = found.groups()
        took = NAMED_SECONDS.search(rest) or BARE_SECONDS.search(rest)
        rows.add(
            nginx_us(time), to_seconds(took[1]) if took else float("nan"), status, request_route(request), "",
            failed=has_failed(status),
        )  # fmt: skip

    reading.truncated = scan(source, tally, understand)
    return reading
