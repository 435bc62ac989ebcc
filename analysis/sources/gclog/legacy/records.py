"""Lines of a GC log of JDK 8 and before to records: the text of one stop, which may be spread over many lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.sources.gclog.legacy.stamps import BEFORE

__all__ = ["HEAD", "TIMES", "Record", "Records", "close", "parted", "stamped_from"]

# what opens a record; phases inside pauses and G1's detail lines begin alike
HEAD = re.compile(rb"\[(?:(?:Full )?GC(?! ref-proc| concurrent| Worker|[a-z])|(?:Pause|Concurrent) [A-Za-z])")
LINE_HEAD = re.compile(rb"[-0-9T:+.,# ]{0,80}\[(?:Full )?(?:GC|Pause|Concurrent)(?! ref-proc)")
TIMES = re.compile(rb"\s*\[Times: user=([0-9.,]{1,15}) sys=([0-9.,]{1,15}), real=([0-9.,]{1,15}) secs\]")
BRACKET = re.compile(rb"[\[\]]")
MOST_BYTES = 1 << 18  # of a record: more is no pause
DEEPEST = 32
NESTED = 8  # pauses inside one
STAMPS = 96  # as long as the stamps before a head can be [bytes]


class Record(NamedTuple):
    """A stop: the numbers of its lines, and its text from its stamps to its last bracket and times."""

    lines: tuple[int, ...]
    text: bytes


def close(text: bytes, at: int, depth: int) -> tuple[int, int]:
    """Return where the brackets that are open at `at` are closed, -1 if they are not, and how many are open then.

    Examples
    --------
    >>> close(b"1.0: [GC [ParNew] 3K, 1 secs] rest", 0, 0)
    (29, 0)
    >>> close(b"[GC [ParNew] 3K", 0, 0)
    (-1, 1)
    """
    for found in BRACKET.finditer(text, at):
        if found[0] == b"[":
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                return found.end(), 0
    return -1, depth


def stamped_from(text: bytes, first: int, at: int) -> int:
    """Return where the stamps begin that stand right before `at`, not before `first`.

    Examples
    --------
    >>> stamped_from(b"[ParNew7.250: [GC", 0, 14)
    7
    """
    stamps = BEFORE.search(text, max(first, at - STAMPS), at)
    return stamps.start() if stamps else at


def parted(text: bytes) -> list[bytes]:
    """Return the lines of a text that has carriage returns: they end lines where several begin with a record.

    Examples
    --------
    >>> parted(b"1.000: [GC 9K->5K(9K), 0.1 secs]" + bytes([13]) + b"2.000: [GC 9K->5K(9K), 0.1 secs]")[1][:9]
    b'2.000: [G'
    >>> parted(b"10 %" + bytes([13]) + b"20 %")
    [b'10 % 20 %']
    """
    parts = text.split(b"\r")
    heads = sum(LINE_HEAD.match(part) is not None for part in parts)
    return parts if heads > 1 else [b" ".join(parts)]


@dataclass
class Records:
    """Puts records together. `numbers` are the lines of the one that is open, `left` what belonged to none.

    `inside` counts the pauses in a remark that is open, -1 where none may be.

    Examples
    --------
    >>> records = Records()
    >>> records.feed(1, b"1.000: [GC 1.000: [ParNew")
    []
    >>> records.feed(2, b": 9K->1K(9K), 0.1 secs] 9K->1K(20K), 0.1 secs]")[0].text
    b'1.000: [GC 1.000: [ParNew : 9K->1K(9K), 0.1 secs] 9K->1K(20K), 0.1 secs]'
    """

    numbers: list[int] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    depth: int = 0
    size: int = 0
    inside: int = -1
    left: list[bytes] = field(default_factory=list)
    broken: list[tuple[int, bytes]] = field(default_factory=list)

    def feed(self, number: int, text: bytes) -> list[Record]:
        """Return the records that a line completes; fill `left` and `broken` (lines of a record without an end)."""
        if not self.parts:
            head = LINE_HEAD.match(text)
            # most lines are a whole record, which needs no look at each bracket
            if head and text.count(b"[") == text.count(b"]") and not HEAD.search(text, head.end()):
                return [Record((number,), text)]
        elif not self._goes_on(text):
            self.abandon()
        return self._take_apart(number, text)

    def abandon(self) -> None:
        """Give up the record that is open: its lines are `broken`."""
        self.broken += zip(self.numbers, self.parts, strict=True)
        self._reset()

    def _reset(self) -> None:
        self.numbers, self.parts, self.depth, self.size, self.inside = [], [], 0, 0, -1

    def _goes_on(self, text: bytes) -> bool:
        if self.depth > DEEPEST or self.size > MOST_BYTES:
            return False
        if not LINE_HEAD.match(text):
            return True
        # the young collection before a remark is the only pause that is printed inside another on a line of its own
        if self.inside < 0:
            return False
        self.inside += 1
        return self.inside < NESTED

    def _keep(self, text: bytes) -> None:
        self.parts.append(text)
        self.size += len(text)
        if self.inside < 0 and (b"YG occupancy" in text or b"(CMS Final Remark)" in text):
            self.inside = 0
        if b"-remark:" in text:
            self.inside = -1

    def _take_apart(self, number: int, text: bytes) -> list[Record]:
        records: list[Record] = []
        at = 0
        while at < len(text):
            if not self.parts:
                head = HEAD.search(text, at)
                if head is None:
                    self.left.append(text[at:])
                    break
                start = stamped_from(text, at, head.start())
                self.left.append(text[at:start])
                at = start
            end, self.depth = close(text, at, self.depth)
            self.numbers.append(number)
            if end < 0:
                self._keep(text[at:])
                break
            times = TIMES.match(text, end)
            end = times.end() if times else end
            records.append(Record(tuple(self.numbers), b" ".join([*self.parts, text[at:end]])))
            self._reset()
            at = end
        return records
