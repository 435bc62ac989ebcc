"""jsonlog of PostgreSQL 15 and later, and the JSON of collectors that carry its fields, to records."""

from __future__ import annotations

from typing import Any

import msgspec

from analysis.errors import EvidenceError
from analysis.sources.pglog.durations import message_of
from analysis.sources.pglog.prefix import who_said
from analysis.sources.pglog.records import Counts, Extra, Meta, Record, Writers
from analysis.sources.pglog.stamps import Clock
from analysis.sources.pglog.words import severity_of

__all__ = ["Fields", "JsonRecords", "fields_of"]

Text = str | int | float | bool | None
MOST_KNOWN = 20_000


class Fields(msgspec.Struct, gc=False):
    """What a record may be called: the names of jsonlog, and those of CloudNativePG, which are the csvlog's."""

    timestamp: Text = None
    user: Text = None
    dbname: Text = None
    pid: Text = None
    remote_host: Text = None
    remote_port: Text = None
    session_id: Text = None
    ps: Text = None
    error_severity: Text = None
    state_code: Text = None
    message: Text = None
    detail: Text = None
    context: Text = None
    statement: Text = None
    application_name: Text = None
    query_id: msgspec.Raw = msgspec.Raw(b"")
    log_time: Text = None
    user_name: Text = None
    database_name: Text = None
    process_id: Text = None
    connection_from: Text = None
    command_tag: Text = None
    sql_state_code: Text = None
    query: Text = None


class Envelope(Fields, gc=False):
    """A record inside another, as CloudNativePG writes it."""

    record: msgspec.Raw = msgspec.Raw(b"")
    level: Text = None


ENVELOPE = msgspec.json.Decoder(Envelope)
FIELDS = msgspec.json.Decoder(Fields)


def fields_of(line: bytes) -> Fields | None:
    """Return the fields of a line of JSON; None if it is JSON of something else.

    Raises
    ------
    ValueError
        If it is no JSON object, or its fields are of other types.

    Examples
    --------
    >>> fields_of(b'{"error_severity":"LOG","message":"hi","pid":7}').message
    'hi'
    >>> fields_of(b'{"level":"info","msg":"hi"}') is None
    True
    """
    try:
        found: Fields = ENVELOPE.decode(line)
    except (UnicodeDecodeError, msgspec.DecodeError):
        clean = line.decode("utf-8", "replace").encode()
        if clean == line:
            raise
        found = ENVELOPE.decode(clean)
    if found.error_severity is None and isinstance(found, Envelope) and bytes(found.record)[:1] == b"{":
        found = FIELDS.decode(found.record)
    return None if found.error_severity is None or found.message is None else found


def _bytes(value: Text) -> bytes:
    return b"" if value is None else value.encode("utf-8", "replace") if isinstance(value, str) else str(value).encode()


def _text(value: Text) -> str:
    return "" if value is None else str(value)


class JsonRecords:
    """Chunks of whole lines of JSON to lists of records.

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
        self._line = 0
        self._known: dict[tuple[Any, ...], tuple[int, int]] = {}

    def records(self, data: bytes, *, last: bool = False) -> list[Record]:  # noqa: ARG002 - as the other forms
        """Return the records of these lines; `last` makes no difference, as each line is a record."""
        rows: list[Record] = []
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for number, line in enumerate(lines, self._line + 1):
            try:
                fields = fields_of(line)
                row = None if fields is None else self._row(fields, number)
            except EvidenceError as error:
                error.where = f"{error.where}, line {number}"
                raise
            except (ValueError, OverflowError, RecursionError):
                if line.strip():
                    self._counts.miss(number, line)
                continue
            if row is None:
                self._counts.foreign += 1
            else:
                self._counts.recognised += 1
                rows.append(row)
        self._line += len(lines)
        self._counts.lines += len(lines)
        return rows

    def _row(self, found: Fields, number: int) -> Record:
        severity = severity_of(_bytes(found.error_severity))
        if not severity:
            raise ValueError("no severity")
        us = self._clock(_bytes(found.timestamp if found.timestamp is not None else found.log_time))
        key = (
            found.user, found.user_name, found.dbname, found.database_name, found.pid, found.process_id,
            found.remote_host, found.connection_from, found.session_id, found.application_name,
        )  # fmt: skip
        known = self._known.get(key)
        if known is None:
            known = self._who(found, key)
        state, tag = _bytes(found.state_code or found.sql_state_code), _bytes(found.ps or found.command_tag)
        native = bytes(found.query_id).strip(b'"')
        meta: Meta = (*known, state, b"" if native in (b"0", b"null") else native, tag)
        duration, kind, name, text = message_of(_bytes(found.message))
        statement = found.statement or found.query
        extra = None
        if found.detail or found.context or statement:
            extra = Extra(_bytes(found.detail), _bytes(found.context), _bytes(statement))
        return number, us, meta, severity, duration, kind, name, text, extra

    def _who(self, found: Fields, key: tuple[Any, ...]) -> tuple[int, int]:
        client = _text(found.remote_host)
        if not client:
            host, _, port = _text(found.connection_from).rpartition(":")
            client = host if host and port.isdigit() else _text(found.connection_from)
        said = {
            "u": _text(found.user or found.user_name), "d": _text(found.dbname or found.database_name),
            "p": _text(found.pid if found.pid is not None else found.process_id), "c": _text(found.session_id),
            "a": _text(found.application_name), "h": client,
        }  # fmt: skip
        who = who_said(said)
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        made = self._known[key] = (self._writers.row(who), who.pid)
        return made
