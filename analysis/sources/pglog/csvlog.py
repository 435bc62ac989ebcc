"""csvlog of PostgreSQL 8.4 and later to records: one pattern for a record, so that a torn one costs only itself."""

from __future__ import annotations

import re

import numpy as np

from analysis.errors import EvidenceError
from analysis.sources.pglog.durations import message_of
from analysis.sources.pglog.prefix import who_said
from analysis.sources.pglog.records import Counts, Extra, Meta, Record, Writers
from analysis.sources.pglog.stamps import STAMP, Clock
from analysis.sources.pglog.words import severity_of

__all__ = ["START", "CsvRecords"]

FIELD = rb'(?:"(?:[^"]|"")*+"|[^",\n]*+)'
KEPT = {
    1: "user", 2: "database", 3: "pid", 4: "client", 5: "session", 7: "tag", 11: "severity", 12: "state", 13: "message",
    14: "detail", 18: "context", 19: "statement", 22: "application",
}  # fmt: skip
COLUMNS = 22  # of PostgreSQL 8.4; 9.0 adds application_name, 13 backend_type, 14 leader_pid and query_id
START = re.compile(
    rb'^"?' + STAMP + rb'"?,(?:"(?:[^"]|"")*+"|[^",\n]*+),(?:"(?:[^"]|"")*+"|[^",\n]*+),\d*,', re.MULTILINE
)
RECORD = re.compile(
    rb'^"?(' + STAMP + rb')"?'
    + b"".join(b"," + (b"(" + FIELD + b")" if n in KEPT else FIELD) for n in range(1, COLUMNS))
    + rb"(?:,(" + FIELD + rb")(?:," + FIELD + rb"(?:," + FIELD + rb"(?:,\"?(-?\d*)\"?)?)?)?(?:," + FIELD + rb")*+)?$",
    re.MULTILINE,
)  # fmt: skip
LONGEST_RECORD = 4 << 20
MOST_KNOWN = 20_000


def _plain(field: bytes) -> bytes:
    if field[:1] != b'"':
        return field
    inner = field[1:-1]
    return inner.replace(b'""', b'"') if b'""' in inner else inner


class CsvRecords:
    """Chunks of whole lines of a csvlog to lists of records.

    Parameters
    ----------
    clock : Clock
        Of the stamps.
    writers : Writers
        Where who wrote a record is kept.
    counts : Counts
        Where lines are counted.
    """

    def __init__(self, *, clock: Clock, writers: Writers, counts: Counts) -> None:
        self._clock, self._writers, self._counts = clock, writers, counts
        self._rest, self._line = b"", 1
        self._known: dict[tuple[bytes, ...], tuple[int, int]] = {}

    def records(self, data: bytes, *, last: bool = False) -> list[Record]:
        """Return the records that are complete with these lines; a record may go on over several."""
        data = self._rest + data
        self._rest = b""
        found = list(RECORD.finditer(data))
        if not last:
            at = found[-1].end() + 1 if found else 0
            if len(data) - at <= LONGEST_RECORD:
                self._rest, data = data[at:], data[:at]
        ends = np.flatnonzero(np.frombuffer(data, dtype="u1") == 10)
        spans = np.array([m.span() for m in found], dtype="i8").reshape(-1, 2)
        first = np.searchsorted(ends, spans[:, 0])
        numbers = (first + self._line).tolist()
        heights = (np.searchsorted(ends, spans[:, 1]) - first + 1).tolist()
        rows: list[Record] = []
        before = 0
        for match, number, height in zip(found, numbers, heights, strict=True):
            if match.start() > before:
                self._missed(data[before : match.start()], number)
            before = match.end() + 1
            row = self._row(match, number)
            if row is None:
                self._counts.miss(number, match.group()[:400])
                self._counts.unrecognised += height - 1
                continue
            self._counts.recognised += height - _blank(match.group() if height > 1 else b"")
            rows.append(row)
        if before < len(data):
            self._missed(data[before:], None)
        lines = len(ends) + bool(data and not data.endswith(b"\n"))
        self._counts.lines += lines
        self._line += lines
        return rows

    def _missed(self, data: bytes, next_line: int | None) -> None:
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        first = (self._line if next_line is None else next_line - len(lines)) or 1
        for number, line in enumerate(lines, first):
            if line.strip():
                self._counts.miss(number, line)

    def _row(self, match: re.Match[bytes], number: int) -> Record | None:
        (
            stamp, user, database, pid, client, session, tag, word, state, message, detail, context, statement,
            application, native,
        ) = match.groups()  # fmt: skip
        severity = severity_of(_plain(word))
        if not severity:
            return None
        try:
            us = self._clock(stamp)
        except EvidenceError as error:
            error.where = f"{error.where}, line {number}"
            raise
        except (ValueError, OverflowError):
            return None
        key = (user, database, pid, client, session, application)
        known = self._known.get(key)
        if known is None:
            known = self._who(key)
        meta: Meta = (*known, _plain(state), b"" if native in (None, b"0") else native, _plain(tag))
        duration, kind, name, text = message_of(_plain(message))
        extra = Extra(_plain(detail), _plain(context), _plain(statement)) if detail or context or statement else None
        return number, us, meta, severity, duration, kind, name, text, extra

    def _who(self, key: tuple[bytes, ...]) -> tuple[int, int]:
        user, database, pid, client, session, application = (
            _plain(v or b"").decode("utf-8", "replace") for v in key
        )  # fmt: skip
        host, _, port = client.rpartition(":")
        said = {"u": user, "d": database, "p": pid, "c": session, "a": application}
        who = who_said(said | {"h": host if host and port.isdigit() else client})
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        found = self._known[key] = (self._writers.row(who), who.pid)
        return found


def _blank(text: bytes) -> int:
    return sum(not line.strip() for line in text.split(b"\n")) if text else 0
