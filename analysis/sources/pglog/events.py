"""Records to what they tell: statements with their durations, and rarer events with the lines that follow them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from analysis.sources.pglog.durations import without_duration
from analysis.sources.pglog.messages import (
    checkpoint_done,
    connection_of,
    fatal_result,
    holders_of,
    lock_wait_of,
    requested_of,
    session_seconds_of,
    temp_file_bytes,
)  # fmt: skip
from analysis.sources.pglog.records import Extra, Meta, Record, Straight
from analysis.sources.pglog.texts import Texts
from analysis.sources.pglog.words import DETAILS, FAILURES
from analysis.sql.redact import redacted

__all__ = ["Batch", "Event", "Events", "Timed"]

MOST_WAITING = 20_000  # processes of which the next line is awaited
MOST_MESSAGES = 5_000
LONGEST_MESSAGE = 1_000
NONE = -1  # no fingerprint


@dataclass
class Timed:
    """Durations, one item a line: time [us], milliseconds as written, kind, row of the text (-1: none), its source."""

    end: list[int] = field(default_factory=list)
    milliseconds: list[bytes] = field(default_factory=list)
    kind: list[bytes] = field(default_factory=list)
    text: list[int] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    comment: list[bytes] = field(default_factory=list)
    line: list[int] = field(default_factory=list)

    def add(self, us: int, milliseconds: bytes, kind: bytes, text: int, meta: Meta, said: tuple[int, bytes]) -> None:
        """Append a line; `said`: its number, and the comment of its statement."""
        self.end.append(us)
        self.milliseconds.append(milliseconds)
        self.kind.append(kind)
        self.text.append(text)
        self.meta.append(meta)
        self.line.append(said[0])
        self.comment.append(said[1])


@dataclass
class Event:
    """A rarer event: the frame it belongs to, its time [us], who wrote it, its line, and the cells of its row."""

    table: str
    us: int
    meta: Meta
    file: int
    line: int
    cells: dict[str, Any]


@dataclass
class Batch:
    """What some lines told."""

    statements: Timed = field(default_factory=Timed)
    preparations: Timed = field(default_factory=Timed)
    bare: Timed = field(default_factory=Timed)  # durations of which no line says what took them
    events: list[Event] = field(default_factory=list)


class Events:
    """Takes records in the order of the log and keeps what one line leaves for the next of the same process.

    Parameters
    ----------
    texts : Texts
        Where statements get their fingerprints.
    details : bool
        Whether preparations get fingerprints and statements their comments; sums need neither.
    """

    def __init__(self, texts: Texts, *, details: bool = True) -> None:
        self.plans = 0
        self.untimed: Counter[int] = Counter()  # row of the text -> statements that are logged without a duration
        self.plan_milliseconds = 0.0
        self.file = 0
        self.batch = Batch()
        self._texts, self._details = texts, details
        self._waiting: dict[int, Event] = {}
        self._spoken: dict[int, tuple[bytes, bytes]] = {}
        self._connecting: set[int] = set()
        self._messages: dict[bytes, str] = {}
        self._requested = False

    def straight(self) -> Straight | None:
        """Return where durations may go past `take` until the next `drain`; None if their details are wanted."""
        if self._details:
            return None
        timed, prepared = self.batch.statements, self.batch.preparations
        return Straight(
            self._texts.of, timed.end.append, timed.milliseconds.append, timed.text.append,
            prepared.end.append, prepared.milliseconds.append, prepared.kind.append,
        )  # fmt: skip

    def drain(self) -> Batch:
        """Return what was told since the last call."""
        batch, self.batch = self.batch, Batch()
        return batch

    def finish(self) -> None:
        """Settle what still waits for a line, at the end of the log."""
        self.batch.events.extend(self._waiting.values())
        self._waiting.clear()
        self._unspoken()

    def take(self, records: Iterable[Record]) -> None:
        """Take records; what they tell is in `batch`, except what may go on."""
        of, details = self._texts.of, self._details
        add, prepare = self.batch.statements.add, self.batch.preparations.add
        for line, us, meta, severity, milliseconds, kind, name, text, extra in records:
            if milliseconds is not None:
                if kind == b"statement" or kind == b"execute":
                    comment = text[text.rfind(b"/*") :] if details and text.endswith(b"*/") else b""
                    add(us, milliseconds, kind, of(text), meta, (line, comment))
                elif kind == b"bind" or kind == b"parse":
                    prepare(us, milliseconds, kind, of(text) if details else NONE, meta, (line, b""))
                else:
                    self._other_duration(line, us, meta, milliseconds, kind, name + b" " + text)
            elif severity in DETAILS:
                self._amend(meta[1], severity, text)
            elif severity in FAILURES:
                self._failed(line, us, meta, severity, text)
                self._more(meta[1], extra)
            elif severity == b"LOG":
                self._logged(line, us, meta, text)
                self._more(meta[1], extra)

    def _other_duration(
        self, line: int, us: int, meta: Meta, milliseconds: bytes, kind: bytes | None, rest: bytes
    ) -> None:
        if kind == b"prepare":
            text = self._texts.of(rest.partition(b" ")[2]) if self._details else NONE
            self.batch.preparations.add(us, milliseconds, b"parse", text, meta, (line, b""))
        elif kind == b"plan":
            self.plans += 1
            self.plan_milliseconds += float(milliseconds)
        elif kind == b"fastpath":
            self.batch.statements.add(
                us, milliseconds, b"statement", self._texts.of(b"fastpath" + rest), meta, (line, b"")
            )
        elif kind is not None or rest.strip():
            self.batch.statements.add(us, milliseconds, b"statement", self._texts.of(rest.strip()), meta, (line, b""))
        elif (spoken := self._spoken.pop(meta[1], None)) is not None:
            what, text_ = spoken
            comment = text_[text_.rfind(b"/*") :] if text_.endswith(b"*/") else b""
            self.batch.statements.add(us, milliseconds, what, self._texts.of(text_), meta, (line, comment))
        elif meta[4] in (b"PARSE", b"BIND"):
            self.batch.preparations.add(us, milliseconds, meta[4].lower(), NONE, meta, (line, b""))
        elif meta[4]:
            self.batch.statements.add(us, milliseconds, b"statement", NONE, meta, (line, b""))
        else:
            self.batch.bare.add(us, milliseconds, b"statement", NONE, meta, (line, b""))

    def _event(self, table: str, at: tuple[int, int, Meta], cells: dict[str, Any], *, waits: bool = False) -> None:
        line, us, meta = at
        event = Event(table, us, meta, self.file, line, cells)
        if not waits:
            self.batch.events.append(event)
            return
        before = self._waiting.pop(meta[1], None)
        if before is not None:
            self.batch.events.append(before)
        elif len(self._waiting) > MOST_WAITING:
            self.batch.events.extend(self._waiting.values())
            self._waiting.clear()
        self._waiting[meta[1]] = event

    def _more(self, pid: int, extra: Extra | None) -> None:
        if extra is not None:
            self._amend(pid, b"DETAIL", extra.detail)
            self._amend(pid, b"STATEMENT", extra.statement)

    def _amend(self, pid: int, severity: bytes, text: bytes) -> None:
        event = self._waiting.get(pid)
        if event is None or not text:
            return
        if severity == b"STATEMENT":
            event.cells["text"] = self._texts.of(text)
        elif severity == b"DETAIL" and event.table == "lock_waits":
            event.cells["holders"] = holders_of(text) or event.cells["holders"]

    def _failed(self, line: int, us: int, meta: Meta, severity: bytes, text: bytes) -> None:
        message = self._message(text)
        pid, state = meta[1], meta[2]
        if severity == b"FATAL":
            result = fatal_result(text, state, connecting=pid in self._connecting)
            if result is not None:
                self._connecting.discard(pid)
                cells = {"result": result, "reason": message, "named": {}, "session_seconds": float("nan")}
                self._event("connections", (line, us, meta), cells)
        self._untimed(pid)
        cells = {"severity": severity.decode(), "sqlstate": state.decode("ascii", "replace"), "message": message}
        self._event("errors", (line, us, meta), cells | {"text": NONE}, waits=True)

    def _message(self, text: bytes) -> str:
        key = text[:LONGEST_MESSAGE]
        shown = self._messages.get(key)
        if shown is None:
            if len(self._messages) > MOST_MESSAGES:
                self._messages.clear()
            shown = self._messages[key] = redacted(key.decode("utf-8", "replace")).strip()
        return shown

    def _logged(self, line: int, us: int, meta: Meta, text: bytes) -> None:
        first = text[:1]
        at = (line, us, meta)
        if first == b"c" or first == b"d" or first == b"r":
            if (found := connection_of(text)) is not None:
                self._connected(at, *found, text)
                return
            if (requested := requested_of(text)) is not None:
                self._requested = requested
                return
            if (done := checkpoint_done(text)) is not None:
                self._event("checkpoints", at, done._asdict() | {"requested": self._requested})
                self._requested = False
                return
        if first == b"p" and (wait := lock_wait_of(text)) is not None:
            self._event("lock_waits", at, wait._asdict() | {"holders": "", "text": NONE}, waits=True)
        elif first == b"t" and (size := temp_file_bytes(text)) is not None:
            self._event("temp_files", at, {"size_bytes": float(size), "text": NONE}, waits=True)
        elif (spoken := without_duration(text)) is not None:
            kind, start = spoken
            pid = meta[1]
            self._untimed(pid)
            if len(self._spoken) > MOST_WAITING:
                self._unspoken()
            self._spoken[pid] = (kind, text[start:])

    def _untimed(self, pid: int) -> None:
        if (spoken := self._spoken.pop(pid, None)) is not None:
            self.untimed[self._texts.of(spoken[1])] += 1

    def _unspoken(self) -> None:
        for pid in list(self._spoken):
            self._untimed(pid)

    def _connected(self, at: tuple[int, int, Meta], result: str, named: dict[str, str], text: bytes) -> None:
        pid = at[2][1]
        if result == "received" and pid >= 0:
            if len(self._connecting) > MOST_WAITING:
                self._connecting.clear()
            self._connecting.add(pid)
        else:
            self._connecting.discard(pid)
        seconds = session_seconds_of(text) if result == "disconnected" else float("nan")
        self._event("connections", at, {"result": result, "reason": "", "named": named, "session_seconds": seconds})
