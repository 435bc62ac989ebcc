"""Logs of PostgreSQL for a pack: whatever form, one jsonlog of what our reader reads of it, without literals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from analysis.pack.files import CannotRedactError, differences, write_as_named
from analysis.pack.scrub import Scrubber
from analysis.pack.server_messages import error_message, route_of, spoken
from analysis.sources.pglog.frames import PostgresLog
from analysis.sources.pglog.open import Asked, records_of
from analysis.sources.pglog.prefix import Who
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.records import Counts, Record, Writers
from analysis.sources.pglog.words import DETAILS, FAILURES
from analysis.sql.redact import redacted

__all__ = ["LogFile", "check_logs", "pack_log"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_BLANK = 100  # lines before the first record: the form of a log shows in its first lines


class LogFile(NamedTuple):
    """A log of the original, and where its copy is written."""

    source: Path
    target: Path


def pack_log(file: LogFile, scrub: Scrubber, *, prefix: str | None, timezone: str | None) -> tuple[str, ...]:
    """Write one log as jsonlog, gzip; return what was left out.

    A record stands in the line in which it began in the original. Who wrote it stays: user, database and application
    are accounts of the database and part of the evidence, unless they hold an e-mail address and the like. Statements
    become their fingerprints with route and a pseudonym of the request id, messages what `sql.redact` leaves of them;
    messages that no analysis reads are a question mark.

    Parameters
    ----------
    file : LogFile
        Source and target.
    scrub : Scrubber
        Of the pack.
    prefix, timezone : str or None
        As of `read_postgres_log`.

    Raises
    ------
    EvidenceError
        As `read_postgres_log`.
    """
    writers, counts = Writers(), Counts(file.source.name)
    lines, at, first, silenced = list[bytes](), 1, True, 0
    for records in records_of(file.source, Asked(None, prefix, timezone), writers=writers, counts=counts):
        for record in records:
            made = _fields(record, writers.all[record[2][0]], scrub)
            silenced += made["message"] == "?"
            gap = record[0] - at
            lines += [b""] * (gap if not first or gap <= MOST_BLANK else 0)
            at, first = max(at, record[0]) + 1, False
            lines.append(msgspec.json.encode(made))
    write_as_named(file.target, b"\n".join([*lines, b""]))
    lost = counts.unrecognised + counts.foreign
    return (
        *((f"{lost} lines that were not understood or are of other programs",) if lost else ()),
        *((f"the text of {silenced} messages that no analysis reads",) if silenced else ()),
    )


def _fields(record: Record, who: Who, scrub: Scrubber) -> dict[str, object]:
    _, us, (_, pid, state, native, tag), severity, duration, kind, name, text, extra = record
    made: dict[str, object] = {
        "timestamp": f"{EPOCH + timedelta(microseconds=us):%Y-%m-%d %H:%M:%S.%f} UTC",
        "user": scrub.text(who.user), "dbname": scrub.text(who.database), "remote_host": scrub.client(who.client),
        "session_id": scrub.text(who.session), "application_name": scrub.text(who.application),
        "pid": pid if pid >= 0 else None, "error_severity": severity.decode("ascii", "replace"),
        "state_code": _code(state), "ps": _code(tag), "query_id": _code(native),
    }  # fmt: skip
    said: Mapping[str, str]
    if duration is not None:
        said = {"message": _timed(duration, kind, name, text, scrub)}
    elif severity in DETAILS or severity == b"LOG":
        said = spoken(severity, text, extra, scrub)
    elif severity in FAILURES:
        said = {"message": error_message(redacted_head(text), state, scrub)}
        if extra is not None and extra.statement:
            said = {**said, "statement": scrub.statement(_text(extra.statement)) or ";"}
    else:
        said = {"message": "?"}
    return {key: value for key, value in (made | dict(said)).items() if value not in ("", None)}


def redacted_head(text: bytes) -> str:
    """Return what our reader shows of a message.

    Examples
    --------
    >>> redacted_head(b"Key (email)=(kim) already exists.")
    'Key (email)=(?) already exists.'
    """
    return redacted(_text(text[:1000])).strip()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _code(data: bytes) -> str:
    text = data.decode("ascii", "replace")
    return text if len(text) <= 30 and text.replace(" ", "").replace("-", "").isalnum() else ""


def _timed(duration: bytes, kind: bytes | None, name: bytes, text: bytes, scrub: Scrubber) -> str:
    """Return the message of a duration in English, from which the reader takes the same."""
    took = f"duration: {duration.decode('ascii')} ms"
    if kind in (b"statement", b"execute", b"parse", b"bind"):
        named = "" if kind == b"statement" else " <unnamed>"
        return f"{took}  {kind.decode()}{named}: {scrub.statement(_text(text))}{route_of(text, scrub)}"
    if kind == b"plan":
        return f"{took}  plan: ?"
    if kind == b"prepare":
        return f"{took}  parse <unnamed>: {scrub.statement(_text((name + b' ' + text).partition(b' ')[2]))}"
    rest = name + b" " + text
    if kind == b"fastpath":
        return f"{took}  statement: {scrub.statement(_text(b'fastpath' + rest))}"
    if kind is not None or rest.strip():
        return f"{took}  statement: {scrub.statement(_text(rest.strip()))}"
    return took


def check_logs(files: Sequence[LogFile], scrub: Scrubber, *, prefix: str | None, timezone: str | None) -> None:
    """Read the logs and their copies, and compare all that an analysis gets.

    Raises
    ------
    CannotRedactError
        If anything but redacted texts differs.
    """
    before, _ = read_postgres_log([f.source for f in files], prefix=prefix, timezone=timezone)
    after, _ = read_postgres_log([f.target for f in files])
    if wrong := list(_differences(before, after, scrub)):
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")


def _differences(before: PostgresLog, after: PostgresLog, scrub: Scrubber) -> Iterator[str]:
    names = ("user", "database", "application", "session", "object")
    texts: dict[str, Callable[[str], str]] = dict.fromkeys(names, scrub.text)
    texts |= {
        "client": scrub.client, "route": scrub.route,
        "request_id": lambda t: scrub.personal(t, "request id"),
    }  # fmt: skip
    for field in fields(PostgresLog):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "errors" and len(old):  # a failed connection gives its message as `reason`, too
            pairs = list(zip(old["message"].astype(str), old["sqlstate"].astype(str), strict=True))
            said = {(m, s): redacted(error_message(m, s.encode(), scrub)).strip() for m, s in set(pairs)}
            old = old.assign(message=[said[pair] for pair in pairs])
        for wrong in differences(old, new, texts, passed_over=("line", "file", "reason")):
            yield f"{field.name}: {wrong}"
