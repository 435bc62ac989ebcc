"""HikariCP: its lines of requests for a connection that timed out, found in any application's log, to a frame."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from analysis.errors import EvidenceError, SpecError
from analysis.sources.chunks import chunks
from analysis.sources.lines import ReadReport, Tally
from analysis.sources.times import NaiveTimeError, epoch_us, timed_frame

__all__ = ["POOL_TIMEOUT_COLUMNS", "TIMED_OUT", "read_pool_timeouts"]

GAUGES = ("total", "active", "idle", "waiting")
POOL_TIMEOUT_COLUMNS: dict[str, Any] = {"pool": "str", "waited_seconds": "float64"} | dict.fromkeys(GAUGES, "float64")
TIMED_OUT = re.compile(
    rb"([^\s\":]{1,200}) - (?:Connection is not available, request timed out after (\d{1,12}) ?ms\.?"
    rb"|Timeout failure (?:pool )?stats)"
    rb"(?: ?\((?:total=(\d{1,9}))?,? ?(?:(?:active|inUse)=(\d{1,9}))?,? ?(?:(?:idle|avail)=(\d{1,9}))?,? ?"
    rb"(?:waiting=(\d{1,9}))?\))?"
)
STAMP = re.compile(
    rb"[^\n]{0,80}?(?<!\d)(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z\b|[+-]\d\d:?\d\d(?!\d)))?)"
)
THREAD = re.compile(rb"\[ *([^\[\]\n]{1,120}?) *\]")
TIMES = ("@timestamp", "timestamp", "time", "ts", "timeMillis", "instant", "date", "datetime")
THREADS = ("thread_name", "thread", "threadName")
FARTHEST_LINES = 400  # of a stack trace back to the line that has its time
SAME_SECONDS = 1.0  # one failure that several loggers tell of within this
NO_ZONE = "its times have no offset"


class _Record(NamedTuple):
    """The line that has the time of what follows it: its place in the file and its bytes."""

    at: int
    line: bytes


class _Said(NamedTuple):
    """One line of the pool: where, of which record, and what it says."""

    number: int
    record: _Record | None
    groups: tuple[bytes | None, ...]
    line: bytes


def read_pool_timeouts(path: Path, *, timezone: str | None = None) -> tuple[pd.DataFrame, ReadReport]:
    """Read where threads waited for a connection in vain, as HikariCP writes it into an application's log.

    Parameters
    ----------
    path : Path
        The log, plain, gzip or zstd: text of any layout whose lines begin with date and time, or JSON lines.
    timezone : str, optional
        IANA name of the zone of times without an offset, such as Europe/Berlin.

    Returns
    -------
    frame : DataFrame
        Index `time` (UTC us, sorted). Columns `pool`, `waited_seconds` [s] (NaN in a line of statistics alone),
        `total`, `active`, `idle` and `waiting` [connections, threads]; NaN where not said. Failures are the rows that
        say how long was waited; the statistics that the pool may write just before are rows of their own. What the
        stack trace below repeats, and what another logger says of the same thread within a second, is left out.
    report : ReadReport
        Lines of others are passed over and counted in `lines`.

    Raises
    ------
    EvidenceError
        If the file cannot be read, or no time has an offset and no zone is given.
    SpecError
        If there is no such zone.

    Examples
    --------
    >>> import tempfile
    >>> text = "2026-11-22T18:04:31Z a-pool - Connection is not available, request timed out after 3001ms (total=8)"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "app.log")).write_text(text)
    ...     frame, report = read_pool_timeouts(path)
    >>> frame["waited_seconds"].tolist(), frame["total"].tolist(), report.recognised
    ([3.001], [8.0], 1)
    """
    zone = _zone(timezone)
    tally, times, rows = Tally(path.name), list[int](), list[tuple[Any, ...]]()
    lines, repeated, cut = 0, 0, False
    told: dict[tuple[bytes, bytes, bytes | None], int] = {}
    records: set[tuple[int, bytes]] = set()
    for said, lines, cut in _said(path):  # noqa: B007
        if said is None:
            continue
        try:
            us, thread = _time_of(said, zone)
        except (ValueError, OverflowError, RecursionError) as error:
            tally.naive += isinstance(error, NaiveTimeError)
            tally.miss(f"line {said.number}", "a line of the pool without a usable time")
            continue
        tally.recognised += 1
        pool, waited = said.groups[0] or b"", said.groups[1]
        record = (said.record.at if said.record else -said.number, pool)
        again = record in records or _again(told, (thread, pool, waited), us)
        records.add(record)
        if again:
            repeated += 1
            continue
        times.append(us)
        rows.append((pool.decode("utf-8", "replace"), *_numbers(said.groups[1:])))
    if tally.naive and not tally.recognised:
        raise EvidenceError(
            NO_ZONE, where=path.name, expected="times with their offset from UTC, or the zone in which they are",
            next="name the zone: timezone (--timezone), an IANA name such as Europe/Berlin",
        )  # fmt: skip
    bare = sum(row[1] != row[1] for row in rows)
    notes = (
        f"{repeated} lines tell again of a failure already told" if repeated else "",
        f"{bare} rows are statistics of a failure, without how long was waited" if bare else "",
    )
    frame = timed_frame(times, rows, POOL_TIMEOUT_COLUMNS)
    report = tally.report(*notes, truncated=cut)
    return frame, replace(report, lines=lines)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SpecError(
            f"no such time zone: {name}", where="timezone", expected="an IANA name, such as UTC or Europe/Berlin",
            next="correct the name",
        ) from None  # fmt: skip


def _said(path: Path) -> Iterator[tuple[_Said | None, int, bool]]:
    """Yield each line of the pool with the lines read so far; once a chunk without a line, for the count."""
    before, offset, lines, open_end, last = 0, 0, 0, False, None
    for part in chunks(path):
        data = part.data
        for found in TIMED_OUT.finditer(data):
            start = data.rfind(b"\n", 0, found.start()) + 1
            end = data.find(b"\n", found.end())
            number = before + data.count(b"\n", 0, start) + 1
            record = _record_of(data, start, offset) or last
            yield _Said(number, record, found.groups(), data[start : end if end >= 0 else None]), number, False
        last = _record_of(data, len(data), offset) or last
        before += data.count(b"\n")
        offset += len(data)
        open_end = data[-1:] != b"\n" if data else open_end
        lines = before + open_end
        yield None, lines, part.cut


def _record_of(data: bytes, start: int, offset: int) -> _Record | None:
    """Return the nearest line at or before `start` that has a time of its own; None if none is near."""
    at = start
    for _ in range(FARTHEST_LINES):
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else None]
        if line.startswith(b"{") or STAMP.match(line):
            return _Record(offset + at, line)
        if at == 0:
            return None
        at = data.rfind(b"\n", 0, at - 1) + 1
    return None


def _time_of(said: _Said, zone: ZoneInfo | None) -> tuple[int, bytes]:
    """Return when a line of the pool was written [us], and by which thread ("" if it does not say)."""
    if said.record is None:
        raise ValueError("no time")
    line = said.record.line
    if line.startswith(b"{"):
        fields = json.loads(line)
        thread = next((str(fields[name]) for name in THREADS if name in fields), "")
        value = next((fields[name] for name in TIMES if name in fields), None)
        if isinstance(value, dict):  # Log4j's instant
            value = f"{value.get('epochSecond')}.{int(value.get('nanoOfSecond', 0)):09d}"
        return _us(value, zone), thread.encode()
    stamp = STAMP.match(line)
    if stamp is None:
        raise ValueError("no time")
    threads = [t[1] for t in THREAD.finditer(line[stamp.end() : stamp.end() + 300]) if not t[1].isdigit()]
    return _us(stamp[1].decode().replace(",", "."), zone), threads[0] if threads else b""


def _us(value: Any, zone: ZoneInfo | None) -> int:
    try:
        return epoch_us(value)
    except NaiveTimeError:
        if zone is None:
            raise
    local = datetime.fromisoformat(str(value).strip()).replace(tzinfo=zone)
    return epoch_us(local.isoformat())


def _again(told: dict[tuple[bytes, bytes, bytes | None], int], key: tuple[bytes, bytes, bytes | None], us: int) -> bool:
    """Return whether a thread that says its name told of this just before, and remember it."""
    if not key[0]:
        return False
    before = told.get(key)
    told[key] = us
    waited = float(key[2]) / 1e3 if key[2] is not None else SAME_SECONDS
    return before is not None and abs(us - before) < min(SAME_SECONDS, 0.9 * waited) * 1e6


def _numbers(groups: tuple[bytes | None, ...]) -> tuple[float, ...]:
    waited, *gauges = (float(g) if g is not None else float("nan") for g in groups)
    return (waited / 1e3, *gauges)
