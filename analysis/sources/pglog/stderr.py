"""Lines with a prefix to records: one pattern over whole chunks; what stands between two heads is of the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from analysis.errors import EvidenceError
from analysis.sources.pglog.durations import message_of
from analysis.sources.pglog.prefix import Prefix, head_pattern, who_said
from analysis.sources.pglog.records import Counts, Meta, Record, Straight, Writers
from analysis.sources.pglog.stamps import EPOCH_STAMP, STAMP, Clock
from analysis.sources.pglog.words import KNOWN

__all__ = ["Heads"]

MOST_KNOWN = 20_000
LONGEST_RECORD = 4 << 20  # of a longer one only the beginning is kept
STARTS_LIKE_A_RECORD = re.compile(rb"[^\w\n]{0,3}(?:" + STAMP + rb"|" + EPOCH_STAMP + rb"|[\x00-\x08])")
WRAPPED = re.compile(rb"^\x1e(\d+)\x1f[^\x1f\n]*\x1f\d*\x1f")
OTHERS = re.compile(rb'\{"|[^\n]{0,60} (?:LOG|WARNING|ERROR) (?:[CS]-0x|stats: |kernel|\S+: pgbouncer)')
CARRIERS = frozenset((b"STATEMENT", b"QUERY", b"CONTEXT", b"DETAIL"))


class Heads:
    """Chunks of whole lines to lists of records.

    Parameters
    ----------
    prefix : Prefix
        What the records begin with.
    wrapped : bool
        Whether lines were taken out of a wrapper (`prefix.HEAD_OF_WRAPPED`).
    clock : Clock
        Of the stamps.
    writers : Writers
        Where who wrote a record is kept.
    counts : Counts
        Where lines are counted.
    indented : bool
        Whether lines that go on begin with a tab or spaces, as a server writes them; else any line after a statement
        goes on with it.
    """

    def __init__(
        self, prefix: Prefix, *, wrapped: bool, clock: Clock, writers: Writers, counts: Counts, indented: bool
    ) -> None:
        self.straight: Callable[[], Straight | None] = lambda: None
        self._pattern = head_pattern(prefix, wrapped=wrapped)
        self._said: Callable[[bytes], dict[str, str] | None] = prefix.said
        self._wrapped, self._indented, self._timed = wrapped, indented, bool(prefix.stamp)
        self._clock, self._writers, self._counts = clock, writers, counts
        self._metas: dict[bytes, Meta] = {}
        self._rest = b""
        self._line = 1  # of the first line of what is held
        self._goes_on = False  # the end of a record that is too long is still to come

    def records(self, data: bytes, *, last: bool = False) -> Iterator[Record]:
        """Yield the records that are complete with these lines; the last one waits for what may go on with it."""
        if self._rest:
            data = self._rest + data
        self._rest = b""
        found = self._pattern.finditer(data)
        match = next(found, None)
        start = len(data) if match is None else match.start()
        if match is None and not last and len(data) <= LONGEST_RECORD:
            self._rest = data
            return
        if start:
            self._between(data[:start], self._line, goes_on=self._goes_on)
        self._goes_on = False
        metas, clock, known, wrapped_lines, counts = self._metas, self._clock, KNOWN, self._wrapped, self._counts
        size = len(data)
        straight = None if wrapped_lines else self.straight()
        if straight is not None:
            of, ends, durations, texts, prepared_ends, prepared_durations, prepared_kinds = straight
        heads, tails = clock.heads, clock.tails
        number, at, good, stop = self._line, 0, 0, len(data)
        while match is not None:
            following = next(found, None)
            end = match.end()
            if following is not None:
                stop = following.start()
            else:
                stop = len(data)
                if not last:
                    if stop - start <= LONGEST_RECORD:
                        self._rest, stop = data[start:], start
                        break
                    self._goes_on = True
            wrapped, lead, stamp, rest, word, state, milliseconds, kind, name = match.groups()
            good += 1
            text = data[end : stop - 1]
            if straight is not None and kind is not None and b"\n" not in text and stop != size:
                us, fraction = heads.get(stamp[:19]), tails.get(stamp[19:])
                if us is not None and fraction is not None:
                    if kind == b"statement" or kind == b"execute":
                        ends(us + fraction)
                        durations(milliseconds)
                        texts(of(text))
                        match, start = following, stop
                        continue
                    if kind == b"bind" or kind == b"parse":
                        prepared_ends(us + fraction)
                        prepared_durations(milliseconds)
                        prepared_kinds(kind)
                        match, start = following, stop
                        continue
            elif (
                word == b"DETAIL"
                and not wrapped_lines
                and text[:12] == b"parameters: "
                and b"\n" not in text
                and stop != size
            ):
                match, start = following, stop
                continue
            number += data.count(b"\n", at, start)
            at = start
            if wrapped_lines:
                if wrapped != b"0":
                    number = int(wrapped)
                else:  # a part of the line before
                    good -= 1
            if stop == size and data[-1:] != b"\n":
                text = data[end:stop]
            severity = known[word]
            if b"\n" in text:
                text = self._checked(text, number, carries=kind is not None or severity in CARRIERS)
            match, head_start, start = following, start, stop
            if severity == b"DETAIL" and text.startswith(b"parameters: "):
                continue
            key = lead + b"\x1f" + rest if lead else rest
            meta = metas.get(key)
            if meta is None:
                meta = self._meta(key, lead + b"\x1f" + rest if self._timed else rest.replace(b"\x1f", b"\x1f\x1f", 1))
            if state is not None:
                meta = (meta[0], meta[1], state, meta[3], meta[4])
            try:
                us = clock(stamp)
            except EvidenceError as error:
                error.where = f"{error.where}, line {number}".lstrip(", ")
                raise
            except (ValueError, OverflowError):
                good -= 1
                counts.miss(number, data[head_start : head_start + 400].partition(b"\n")[0])
                continue
            if milliseconds is None and severity == b"LOG":
                milliseconds, kind, name, text = message_of(text)
            yield number, us, meta, severity, milliseconds, kind, name or b"", text, None
        lines = data.count(b"\n", 0, stop) + (stop == len(data) and stop > 0 and data[-1:] != b"\n")
        if not wrapped_lines:
            counts.lines += lines
        counts.recognised += good
        self._line += lines

    def _meta(self, key: bytes, whole: bytes) -> Meta:
        if len(self._metas) > MOST_KNOWN:
            self._metas.clear()
        said = self._said(whole) or {}
        who = who_said(said)
        state, native, tag = (said.get(k, "").encode() for k in "eQi")
        meta = (self._writers.row(who), who.pid, state, b"" if native == b"0" else native, tag)
        self._metas[key] = meta
        return meta

    def _checked(self, text: bytes, number: int, *, carries: bool) -> bytes:
        """Return a text of several lines without those that do not belong to it; count every line after the first."""
        more = text.count(b"\n")
        if not self._wrapped and more == text.count(b"\n\t"):
            self._counts.recognised += more
            return text
        lines = text.split(b"\n")
        kept = [lines[0]]
        for offset, line in enumerate(lines[1:], 1):
            if self._belongs(line, number + offset, carries=carries):
                kept.append(WRAPPED.sub(b"", line) if self._wrapped else line)
        return b"\n".join(kept)

    def _between(self, data: bytes, number: int, *, goes_on: bool) -> None:
        for offset, line in enumerate(data.rstrip(b"\n").split(b"\n")):
            self._belongs(line, number + offset, carries=goes_on)

    def _belongs(self, line: bytes, number: int, *, carries: bool) -> bool:
        """Count a line that is the head of no record, and return whether it goes on with the record before."""
        if self._wrapped:
            match = WRAPPED.match(line)
            if match is None or match[1] == b"0":  # a part of the line before
                return True
            number, line = int(match[1]), line[match.end() :]
        if not line.strip():
            return False
        if line[:1] in b"\t ":
            self._counts.recognised += 1
            return True
        if OTHERS.match(line):
            self._counts.foreign += 1
            return False
        if carries and not self._indented and not STARTS_LIKE_A_RECORD.match(line):
            self._counts.recognised += 1
            return True
        self._counts.miss(number, line)
        return False
