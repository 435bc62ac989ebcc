"""Access logs of Envoy, Istio and nginx, and requests as JSON lines or CSV, to the frame of requests.

One rule for all: a request failed with status 0 (no response), 499 (the client gave up) or 500 and more. A 4xx is an
answer, not a failure; a mapping may name a column `failed` that says otherwise. Flags of Envoy do not count by
themselves: a response that was cut after its status 200 was sent is not seen as failed. Routes are paths without query.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from analysis.errors import EvidenceError, SpecError
from analysis.sources.lines import Lines, ReadReport, RequestRows, Tally, epoch_us, open_lines, scan
from analysis.sources.lines import to_seconds as seconds

__all__ = ["KINDS", "MAPPING_KEYS", "read_access_log", "sniff"]

KINDS = ("envoy", "nginx", "jsonl", "csv")
MAPPING_KEYS = ("time", "time_is", "duration", "duration_unit", "status", "failed", "route", "pod")
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
SUFFIXES = {"_seconds": "s", "_ms": "ms", "_us": "us"}
LONGEST_LINE = 1 << 18  # longer is no line of an access log; bounds the work of the patterns
SNIFF_BYTES, SNIFF_LINES = 1 << 18, 20
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {m: f"{i:02}" for i, m in enumerate(MONTH_NAMES, 1)}

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
NGINX_TIME = re.compile(r"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9:]{8}) ([+-][0-9]{4})")
NAMED_SECONDS = re.compile(r'(?:^|[\s"])(?:rt|request_time|req_time)[=:]"?([0-9]{1,9}\.[0-9]{3})(?![0-9.])')
BARE_SECONDS = re.compile(r'(?:^|\s)"?([0-9]{1,9}\.[0-9]{3})"?(?=\s|$)')


@dataclass(frozen=True)
class _Plan:
    """Which field of a record means what; the empty text is none."""

    time: str
    duration: str = ""
    unit: str = "s"
    status: str = ""
    failed: str = ""
    route: str = ""
    pod: str = ""
    starts: bool = False
    envoy: bool = False


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
        not needed if the column ends with _seconds, _ms or _us), `status`, `failed`, `route`, `pod`. Each names a
        column; in JSON a dot reaches into an object. What is not given is taken from the fields that are known.

    Returns
    -------
    frame : DataFrame
        Requests by completion: `duration_seconds` [s], `failed`, `status`, `route`, `pod`.
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
    _check_mapping(mapping, kind)
    source, tally, rows = open_lines(path), Tally(path.name), RequestRows()
    if not any(line.strip() for line in source.lines):
        return rows.frame(), tally.report(truncated=source.truncated)
    if kind == "envoy":
        reading = _envoy(source, tally, rows)
    elif kind == "nginx":
        reading = _nginx(source, tally, rows)
    else:
        reading = (_jsonl if kind == "jsonl" else _csv)(source, tally, rows, mapping)
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


@dataclass
class _Reading:
    """How a reading went: the column of the time, whether it is the start, connections left out, whether it is cut."""

    time: str
    starts: bool = False
    connections: int = 0
    truncated: bool = False


def _text(line: bytes) -> str:
    if len(line) > LONGEST_LINE:
        raise ValueError("too long for a line of an access log")
    return line.decode("utf-8", "replace")


def _failed(status: str) -> bool:
    code = int(status[:9])
    return code in (0, 499) or code >= 500


def _route(path: str) -> str:
    return path.partition("?")[0]


def _end(start: int, duration: float) -> int:
    return start if duration != duration else start + round(duration * 1e6)


def _envoy(source: Lines, tally: Tally, rows: RequestRows) -> _Reading:
    reading = _Reading("START_TIME", starts=True)

    def understand(line: bytes) -> None:
        found = ENVOY.match(_text(line))
        if not found:
            raise ValueError("no line of Envoy")
        pod, start, method, path, protocol, status, _flags, duration = found.groups()
        us = epoch_us(start)
        if method == path == protocol == "-":
            reading.connections += 1
            return
        took = seconds(duration, 1e-3)
        rows.add(_end(us, took), took, status, _route(path), pod or "", failed=_failed(status))

    reading.truncated = scan(source, tally, understand)
    return reading


@lru_cache(maxsize=1024)
def _local_us(text: str) -> int:
    """Return $time_local of nginx, such as 22/Nov/2026:18:04:30 +0000, as microseconds since the epoch."""
    found = NGINX_TIME.fullmatch(text)
    if not found or found[2] not in MONTHS:
        raise ValueError("no time of nginx")
    return epoch_us(f"{found[3]}-{MONTHS[found[2]]}-{found[1]}T{found[4]}{found[5]}")


def _nginx(source: Lines, tally: Tally, rows: RequestRows) -> _Reading:
    reading = _Reading("time_local")

    def understand(line: bytes) -> None:
        found = NGINX.match(_text(line).rstrip())
        if not found:
            raise ValueError("no line of nginx")
        time, request, status, rest = found.groups()
        took = NAMED_SECONDS.search(rest) or BARE_SECONDS.search(rest)
        rows.add(
            _local_us(time), seconds(took[1]) if took else float("nan"), status, _request_route(request), "",
            failed=_failed(status),
        )  # fmt: skip

    reading.truncated = scan(source, tally, understand)
    return reading


def _request_route(request: str) -> str:
    """Return the path of a request line such as GET /pay?x=1 HTTP/1.1.

    >>> _request_route("GET /pay?x=1 HTTP/1.1")
    '/pay'
    """
    parts = request.split(" ")
    return _route(parts[1]) if len(parts) > 1 else ""


def _pick(record: Mapping[str, Any], name: str) -> object:
    """Return a field; a name with dots reaches into objects unless the whole name is a field."""
    if not name or name in record:
        return record.get(name)
    found: object = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _words(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    if isinstance(value, float):
        return f"{value:.0f}"
    return "" if value == "-" else str(value).strip()


def _truth(value: object) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "1", "yes"):
        return True
    if text in ("false", "0", "no"):
        return False
    raise ValueError("neither true nor false")


def _time_us(value: object) -> int:
    local = isinstance(value, str) and value[2:3] == "/"
    return _local_us(str(value)) if local else epoch_us(value)


def _add(record: Mapping[str, Any], plan: _Plan, rows: RequestRows, reading: _Reading) -> None:
    us = _time_us(_pick(record, plan.time))
    status, route = _words(_pick(record, plan.status)), _words(_pick(record, plan.route))
    if (
        plan.envoy
        and status in ("", "0")
        and {"method", "protocol"} <= record.keys()
        and not (_words(record["method"]) or _words(record["protocol"]))
    ):
        reading.connections += 1
        return
    if not plan.failed and not status.isdecimal():
        raise ValueError("neither status nor failed")
    failed = _truth(_pick(record, plan.failed)) if plan.failed else _failed(status)
    took = seconds(_pick(record, plan.duration), UNITS[plan.unit])
    if plan.route == "request":
        route = _request_route(route)
    end = _end(us, took) if plan.starts else us
    rows.add(end, took, status, _route(route), _words(_pick(record, plan.pod)), failed=failed)


def _known(names: Mapping[str, Any]) -> _Plan | None:
    """Return what the fields of a record mean, if they are those of Envoy, of nginx, or our own names."""

    def first(*candidates: str) -> str:
        return next((name for name in candidates if _has(names, name)), "")

    pod = first("pod", "pod_name", "kubernetes.pod_name", "kubernetes.pod.name")
    if "start_time" in names and "response_code" in names:
        duration, route = first("duration"), first("path")
        return _Plan("start_time", duration, "ms", "response_code", "", route, pod, starts=True, envoy=True)
    time = first("time_iso8601", "msec", "time_local")
    if time and "status" in names:
        route = first("request_uri", "uri", "request")
        return _Plan(time, first("request_time"), "s", "status", "", route, pod)
    time, failed = first("end", "start"), first("failed")
    if time and (failed or "status" in names):
        duration = first("duration_seconds")
        return _Plan(time, duration, "s", first("status"), failed, first("route"), pod, starts=time == "start")
    return None


def _check_mapping(mapping: Mapping[str, str], kind: str) -> None:
    where = "sources.requests.mapping"
    problems = [f"unknown key {k!r}: known are {', '.join(MAPPING_KEYS)}" for k in mapping if k not in MAPPING_KEYS]
    if mapping and kind not in ("jsonl", "csv"):
        problems.append(f"kind {kind} has a fixed format: a mapping is for jsonl and csv")
    if mapping.get("time_is", "end") not in ("start", "end"):
        problems.append(f"time_is is {mapping['time_is']!r}: write start or end")
    if mapping.get("duration_unit", "s") not in UNITS:
        problems.append(f"duration_unit is {mapping['duration_unit']!r}: write s, ms or us")
    duration = mapping.get("duration", "")
    if duration and "duration_unit" not in mapping and not _unit(duration):
        problems.append(f"the unit of {duration!r} is not evident: add duration_unit (s, ms or us)")
    if problems:
        raise SpecError("the mapping is wrong", where=where, problems=tuple(problems))


def _unit(column: str) -> str:
    return next((unit for suffix, unit in SUFFIXES.items() if column.endswith(suffix)), "")


def _plan(records: list[dict[str, Any]], mapping: Mapping[str, str], file: str) -> _Plan:
    """Return what the fields of the first records mean: the known ones, replaced by those of the mapping."""
    names: dict[str, None] = dict.fromkeys(name for record in records for name in record)
    plan = next((plan for record in records if (plan := _known(record))), _Plan(""))
    mapped = [(k, v) for k, v in mapping.items() if k not in ("time_is", "duration_unit")]
    absent = [f"{k}: {v}" for k, v in mapped if not any(_has(record, v) for record in records)]
    if absent:
        raise SpecError(
            f"columns of the mapping are not in the file: {', '.join(absent)}",
            where=f"sources.requests.mapping, {file}",
            expected="columns that are in the file",
            next=f"found: {_listed(names)}",
        )
    if "time" in mapping:
        plan = replace(plan, time=mapping["time"], starts=False, envoy=False)
    if "time_is" in mapping:
        plan = replace(plan, starts=mapping["time_is"] == "start")
    if "duration" in mapping:
        plan = replace(plan, duration=mapping["duration"], unit=_unit(mapping["duration"]))
    if "duration_unit" in mapping:
        plan = replace(plan, unit=mapping["duration_unit"])
    plan = replace(
        plan,
        status=mapping.get("status", plan.status),
        failed=mapping.get("failed", plan.failed),
        route=mapping.get("route", plan.route),
        pod=mapping.get("pod", plan.pod),
    )
    if not plan.time or not (plan.status or plan.failed):
        raise SpecError(
            f"the fields are not understood: {_listed(names)}",
            where=file,
            expected="fields of Envoy, Istio or nginx; end or start, duration_seconds, status or failed, route, pod; "
            "or a mapping",
            next="name them under sources.requests.mapping, such as {time: ts, time_is: end, duration: took, "
            "duration_unit: ms, status: code, route: path}",
        )
    return plan


def _has(record: Mapping[str, Any], name: str) -> bool:
    return name in record or _pick(record, name) is not None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))[:300] or "no fields"


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except UnicodeDecodeError:
        found = msgspec.json.decode(line.decode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _quiet_object(line: bytes) -> dict[str, Any]:
    try:
        return _object(line)
    except (ValueError, RecursionError):
        return {}


def _jsonl(source: Lines, tally: Tally, rows: RequestRows, mapping: Mapping[str, str]) -> _Reading:
    records = [record for line in source.lines[:SNIFF_LINES] if (record := _quiet_object(line))]
    if not records:
        raise EvidenceError(
            "no JSON objects in the first lines",
            where=tally.file,
            expected="one JSON object per line",
            next="correct the kind of the source, or write the log as JSON lines",
        )
    plan = _plan(records, mapping, tally.file)
    reading = _Reading(plan.time, plan.starts)
    reading.truncated = scan(source, tally, lambda line: _add(_object(line), plan, rows, reading))
    return reading


def _header(source: Lines) -> tuple[list[str], str, int]:
    """Return the names in the first line that is not blank, what separates them, and the number of that line."""
    number, line = next((i, line) for i, line in enumerate(source.lines) if line.strip())
    text = line[:LONGEST_LINE].decode("utf-8", "replace")
    separator = max(",;\t", key=text.count)
    return [name.strip().strip('"') for name in text.split(separator)], separator, number


def _csv(source: Lines, tally: Tally, rows: RequestRows, mapping: Mapping[str, str]) -> _Reading:
    names, separator, number = _header(source)
    plan = _plan([dict.fromkeys(names, "")], mapping, tally.file)
    reading = _Reading(plan.time, plan.starts)

    def understand(line: bytes) -> None:
        cells = next(csv.reader([_text(line)], delimiter=separator, strict=True))
        if len(cells) != len(names):
            raise ValueError("another number of cells than the header")
        _add(dict(zip(names, cells, strict=True)), plan, rows, reading)

    reading.truncated = scan(source, tally, understand, first=number + 1)
    return reading


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
    lines = [line for line in source.lines if line.strip()][:SNIFF_LINES]
    if not lines:
        return None
    head = lines[0]
    if head.startswith(b"metric_name,timestamp,metric_value"):
        return "k6-csv"
    votes = Counter(kind for line in lines if (kind := _kind(line)))
    if votes:
        return votes.most_common(1)[0][0]
    names = _header(source)[0]
    return "csv" if len(names) > 1 and _known(dict.fromkeys(names, "")) else None


def _kind(line: bytes) -> str:
    if record := _quiet_object(line):
        if record.get("type") in ("Point", "Metric") and isinstance(record.get("metric"), str):
            return "k6-json"
        return "jsonl" if _known(record) else ""
    text = line[:LONGEST_LINE].decode("utf-8", "replace").rstrip()
    if ENVOY.match(text):
        return "envoy"
    return "nginx" if NGINX.match(text) else ""
