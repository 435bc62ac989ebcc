"""Requests as JSON lines or CSV: each record by what its fields mean."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

import msgspec

from analysis.errors import EvidenceError
from analysis.sources.access_fields import UNITS, Plan, pick, plan_of
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
from analysis.sources.lines import Lines, Tally, scan
from analysis.sources.request_rows import RequestRows, Work
from analysis.sources.times import epoch_us, to_seconds

__all__ = ["FIRST_LINES", "header", "json_record", "scan_csv", "scan_jsonl"]

FIRST_LINES = 20  # the fields of a log are seen from so many


def json_record(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line, empty if it is none.

    Examples
    --------
    >>> json_record(b'{"status": 200}'), json_record(b"plain text")
    ({'status': 200}, {})
    """
    try:
        return _object(line)
    except (ValueError, RecursionError):
        return {}


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except UnicodeDecodeError:
        found = msgspec.json.decode(line.decode("utf-8", "replace"))
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def scan_jsonl(source: Lines, tally: Tally, rows: RequestRows, mapping: Mapping[str, str]) -> Reading:
    """Add the requests of JSON lines to `rows`, and return how it went.

    Parameters
    ----------
    source : Lines
        The lines.
    tally : Tally
        Where to count.
    rows : RequestRows
        Where to add.
    mapping : mapping
        As of `read_access_log`; it was checked.

    Raises
    ------
    SpecError
        If the fields are not understood, or those of the mapping are absent.
    EvidenceError
        If there are no JSON objects in the first lines.

    Examples
    --------
    >>> rows = RequestRows()
    >>> source = Lines([b'{"end": "2026-11-22T18:04:30Z", "status": 200}'], False, False)
    >>> scan_jsonl(source, Tally("log"), rows, {}).time, len(rows.frame())
    ('end', 1)
    """
    records = [record for line in source.lines[:FIRST_LINES] if (record := json_record(line))]
    if not records:
        raise EvidenceError(
            "no JSON objects in the first lines",
            where=tally.file,
            expected="one JSON object per line",
            next="correct the kind of the source, or write the log as JSON lines",
        )
    plan = plan_of(records, mapping, tally.file)
    reading = Reading(plan.time, plan.starts)
    reading.truncated = scan(source, tally, lambda line: _add(_object(line), plan, rows, reading))
    return reading


def header(source: Lines) -> tuple[list[str], str, int]:
    """Return the names in the first line that is not blank, what separates them, and the number of that line.

    Parameters
    ----------
    source : Lines
        The lines; at least one is not blank.

    Examples
    --------
    >>> header(Lines([b"", b"end;status"], False, False))
    (['end', 'status'], ';', 1)
    """
    number, line = next((i, line) for i, line in enumerate(source.lines) if line.strip())
    text = line[:LONGEST_LINE].decode("utf-8", "replace")
    separator = max(",;\t", key=text.count)
    return [name.strip().strip('"') for name in text.split(separator)], separator, number


def scan_csv(source: Lines, tally: Tally, rows: RequestRows, mapping: Mapping[str, str]) -> Reading:
    """Add the requests of a CSV to `rows`, and return how it went.

    Parameters
    ----------
    source : Lines
        The lines; at least one is not blank.
    tally : Tally
        Where to count.
    rows : RequestRows
        Where to add.
    mapping : mapping
        As of `read_access_log`; it was checked.

    Raises
    ------
    SpecError
        If the fields are not understood, or those of the mapping are absent.

    Examples
    --------
    >>> rows = RequestRows()
    >>> source = Lines([b"end,status", b"2026-11-22T18:04:30Z,200"], False, False)
    >>> scan_csv(source, Tally("log"), rows, {}).time, len(rows.frame())
    ('end', 1)
    """
    names, separator, number = header(source)
    plan = plan_of([dict.fromkeys(names, "")], mapping, tally.file)
    reading = Reading(plan.time, plan.starts)

    def understand(line: bytes) -> None:
        cells = next(csv.reader([line_text(line)], delimiter=separator, strict=True))
        if len(cells) != len(names):
            raise ValueError("another number of cells than the header")
        _add(dict(zip(names, cells, strict=True)), plan, rows, reading)

    reading.truncated = scan(source, tally, understand, first=number + 1)
    return reading


def _add(record: Mapping[str, Any], plan: Plan, rows: RequestRows, reading: Reading) -> None:
    us = _time_us(pick(record, plan.time))
    status, route = _words(pick(record, plan.status)), _words(pick(record, plan.route))
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
    failed = _truth(pick(record, plan.failed)) if plan.failed else has_failed(status)
    took = to_seconds(pick(record, plan.duration), UNITS[plan.unit])
    if plan.route == "request":
        route = request_route(route)
    end = end_of(us, took) if plan.starts else us
    rows.add(end, took, status, path_route(route), _words(pick(record, plan.pod)), failed=failed)
    if plan.work:
        rows.worked(_work(record, plan))


def _work(record: Mapping[str, Any], plan: Plan) -> Work:
    """Return what a request did in the database; what is missing or no number is unknown."""
    found: dict[str, Any] = {}
    for key, name, scale in plan.work:
        raw = pick(record, name)
        if key == "request_id":
            found[key] = _words(raw)
        else:
            timed = key in ("database", "pool_wait")
            found[f"{key}_seconds" if timed else key] = to_seconds(raw, scale) if timed else _count(raw)
    return Work(**found)


def _count(value: object) -> float:
    """Return a number of things; NaN if it is no number, or negative."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) else float("nan")
    except (ValueError, OverflowError):
        return float("nan")
    return found if 0 <= found < float("inf") else float("nan")


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
    return nginx_us(str(value)) if local else epoch_us(value)
