"""A record of any form of log, and what reading a file counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from analysis.sources.lines import SAMPLE_CHARACTERS, SAMPLES, ReadReport
from analysis.sources.pglog.prefix import Who
from analysis.sql.redact import redacted

__all__ = ["Counts", "Extra", "Meta", "Record", "Straight", "Writers", "safe"]

# row of `Writers`, pid, SQLSTATE, query id, command tag
Meta: TypeAlias = tuple[int, int, bytes, bytes, bytes]


class Extra(NamedTuple):
    """What forms with fields say beside the message; the statement during which it was logged."""

    detail: bytes
    context: bytes
    statement: bytes


# line, time [us], who, severity, duration [ms], what took it, name that follows, text, fields beside the message
Record: TypeAlias = tuple[int, int, Meta, bytes, bytes | None, bytes | None, bytes, bytes, Extra | None]


class Straight(NamedTuple):
    """Where durations of statements, parse and bind go that nobody asks more of: no record is made of them.

    `of`: bytes of a text to its row; the others take time [us], milliseconds as written, row, and kind.
    """

    of: Callable[[bytes], int]
    ends: Callable[[int], Any]
    milliseconds: Callable[[bytes], Any]
    texts: Callable[[int], Any]
    prepared_ends: Callable[[int], Any]
    prepared_milliseconds: Callable[[bytes], Any]
    prepared_kinds: Callable[[bytes], Any]


LETTERS = re.compile(r"\w{3,}")
KEPT_WORDS = frozenset(
    [
        "log",
        "error",
        "fatal",
        "panic",
        "warning",
        "notice",
        "info",
        "debug",
        "detail",
        "hint",
        "context",
        "statement",
        "query",
        "location",
        "duration",
    ]
)


class Writers:
    """Who wrote records, each once, by number; with `keep` false only the first is kept, where nobody asks.

    Examples
    --------
    >>> writers = Writers()
    >>> kim = Who("kim", "shop", "", "", "7", 7)
    >>> writers.row(kim) == writers.row(kim), writers.all[0].user
    (True, 'kim')
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.all: list[Who] = []
        self._rows: dict[Who, int] = {}
        self._keep = keep

    def row(self, who: Who) -> int:
        """Return the number of who wrote something."""
        if not self._keep:
            return 0
        row = self._rows.get(who)
        if row is None:
            row = self._rows[who] = len(self.all)
            self.all.append(who)
        return row


def safe(line: bytes) -> str:
    """Return the look of a line that was not understood: its words as ◦, its digits as 0, so that nothing is told.

    Examples
    --------
    >>> safe(b"2026-11-22 kim LOG:  card 4111 of x@example.com")
    '0000-00-00 ◦ LOG:  ◦ 0000 of ◦'
    """
    text = redacted(line[: 4 * SAMPLE_CHARACTERS].decode("utf-8", "replace"))
    text = re.sub(r"\S*[@?]\S*", "◦", text)
    text = re.sub(r"\d", "0", text)
    text = LETTERS.sub(lambda m: m[0] if m[0].lower() in KEPT_WORDS or m[0].strip("0") == "" else "◦", text)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:SAMPLE_CHARACTERS]


@dataclass
class Counts:
    """Lines of a file: all, understood, not understood, of other programs.

    Every line that is not blank is one of `recognised`, `unrecognised` and `foreign`.
    """

    file: str
    form: str = ""
    prefix: str = ""
    lines: int = 0
    recognised: int = 0
    unrecognised: int = 0
    foreign: int = 0
    truncated: bool = False
    samples: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def miss(self, number: int, line: bytes) -> None:
        """Count a line that was not understood."""
        self.unrecognised += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(f"line {number}: {safe(line)}")

    def report(self, *notes: str) -> ReadReport:
        """Return the counts with what a reader must know."""
        told = [f"form: {self.form}" + (f", prefix: {self.prefix}" if self.prefix else "")] if self.form else []
        if self.foreign:
            verb = "line is" if self.foreign == 1 else "lines are"
            told.append(f"{self.foreign:,} {verb} mixed in of others")
        records = self.recognised + self.unrecognised
        if not records:
            told.append("there are no records in the file")
        return ReadReport(
            self.file, records, self.recognised, self.unrecognised, tuple(self.samples), self.truncated,
            (*told, *self.notes, *(n for n in notes if n)), self.lines,
        )  # fmt: skip
