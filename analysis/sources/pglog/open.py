"""A file to batches of what its records tell, whatever its form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Protocol

from analysis.errors import EvidenceError
from analysis.sources.chunks import Chunk, chunks
from analysis.sources.pglog.csvlog import CsvRecords
from analysis.sources.pglog.forms import Form, form_of
from analysis.sources.pglog.infer import checked_prefix, looks_like_a_head, prefix_of
from analysis.sources.pglog.jsonlog import JsonRecords
from analysis.sources.pglog.prefix import Prefix, head_pattern
from analysis.sources.pglog.records import Counts, Record, Straight, Writers
from analysis.sources.pglog.stamps import Clock
from analysis.sources.pglog.stderr import Heads
from analysis.sources.pglog.unwrap import Unwrapped, rendered
from analysis.sources.pglog.wrappers import pieces_of

__all__ = ["Asked", "in_order", "records_of"]

SAMPLE_LINES, SAMPLE_BYTES = 600, 1 << 19
BLOCK = 1 << 19  # zstd unpacks in small pieces: they are put together to chunks of this size
RDS = ("%t:%r:%u@%d:[%p]:", "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:")


class Asked(NamedTuple):
    """What the caller knows of the files; None where it is to be found out."""

    kind: str | None = None
    prefix: str | None = None
    timezone: str | None = None


class Reader(Protocol):
    """Takes whole lines, gives the records that are complete."""

    def records(self, data: bytes, *, last: bool = False) -> Iterable[Record]:
        """Return the records that are complete with these lines."""


class _InWrapper:
    """A reader of lines that are wrapped."""

    def __init__(self, unwrapped: Unwrapped, inner: Reader) -> None:
        self._unwrapped, self._inner = unwrapped, inner

    def records(self, data: bytes, *, last: bool = False) -> Iterable[Record]:
        lines = self._unwrapped.lines(data, last=last)
        return self._inner.records(lines, last=last)


def _sample(path: Path) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    for chunk in chunks(path, unwrap=False):
        lines += chunk.data.split(b"\n")
        size += len(chunk.data)
        if size > SAMPLE_BYTES or len(lines) > 4 * SAMPLE_LINES:
            break
    return lines


def _larger(pieces: Iterator[Chunk]) -> Iterator[Chunk]:
    held, size = [], 0
    for chunk in pieces:
        held.append(chunk.data)
        size += len(chunk.data)
        if size >= BLOCK or chunk.cut:
            yield Chunk(b"".join(held), chunk.cut)
            held, size = [], 0
    if held:
        yield Chunk(b"".join(held), cut=False)


def _stderr(form: Form, lines: Sequence[bytes], asked: Asked, file: str) -> tuple[Prefix, bool]:
    """Return the prefix of the server's own lines, and whether they go on indented."""
    if form.wrapper:
        some = [rendered(n, piece) for n, piece in enumerate(pieces_of(form.wrapper, lines), 1)]
    else:
        some = list(lines)
    wrapped = bool(form.wrapper)
    if asked.prefix is not None:
        prefix = checked_prefix(asked.prefix, some, wrapped=wrapped, file=file)
    else:
        found = prefix_of(some, wrapped=wrapped)
        if found is None:
            raise EvidenceError(
                "no record of a PostgreSQL log is found in it", where=file, expected="lines with a time and LOG:",
                next="check the file; if log_line_prefix is unusual, give it",
            )  # fmt: skip
        prefix = found
    after = [b for a, b in pairwise(lines) if looks_like_a_head(a, timed=wrapped)]
    return prefix, any(line[:1] == b"\t" for line in after) or not any(line[:1].isalpha() for line in after)


def _csv_or_json(inner: str, clock: Clock, writers: Writers, counts: Counts) -> Reader:
    kind = CsvRecords if inner == "csvlog" else JsonRecords
    return kind(clock=clock, writers=writers, counts=counts)


def reader_of(lines: Sequence[bytes], asked: Asked, *, writers: Writers, counts: Counts) -> tuple[Reader, Clock] | None:
    """Return a reader for a file that begins with these lines, and its clock; None if they are blank.

    Raises
    ------
    EvidenceError
        If the form, the prefix or the zone is wrong or cannot be told.
    """
    form = form_of(lines[:SAMPLE_LINES], kind=asked.kind, file=counts.file)
    if form is None:
        return None
    counts.form = form.name
    clock = Clock(asked.timezone, file=counts.file)
    starts: Callable[[bytes], object] | None = None
    if form.inner == "stderr":
        prefix, indented = _stderr(form, lines[: 4 * SAMPLE_LINES], asked, counts.file)
        counts.prefix = prefix.text.strip() or "(none)"
        if prefix.text in RDS and not form.wrapper and asked.kind in (None, "rds"):
            counts.form = "rds"
        wrapped = bool(form.wrapper)
        starts = head_pattern(prefix, wrapped=wrapped).match
        inner: Reader = Heads(
            prefix, wrapped=wrapped, clock=clock, writers=writers, counts=counts, indented=indented
        )  # fmt: skip
    else:
        hidden = Counts(counts.file) if form.wrapper else counts
        inner = _csv_or_json(form.inner, clock, writers, hidden)
        if form.wrapper:
            return _Recounted(Unwrapped(form.wrapper, counts, None), inner, counts, hidden), clock
    if form.wrapper:
        return _InWrapper(Unwrapped(form.wrapper, counts, starts), inner), clock
    return inner, clock


class _Recounted(_InWrapper):
    """A reader of wrapped csvlog or jsonlog: what the inner one counts goes to the file, lines of the file stay."""

    def __init__(self, unwrapped: Unwrapped, inner: Reader, counts: Counts, hidden: Counts) -> None:
        super().__init__(unwrapped, inner)
        self._counts, self._hidden = counts, hidden

    def records(self, data: bytes, *, last: bool = False) -> Iterable[Record]:
        rows = list(super().records(data, last=last))
        for name in ("recognised", "unrecognised", "foreign"):
            setattr(self._counts, name, getattr(self._counts, name) + getattr(self._hidden, name))
            setattr(self._hidden, name, 0)
        self._counts.samples = self._hidden.samples
        return rows


def records_of(
    path: Path,
    asked: Asked,
    *,
    writers: Writers,
    counts: Counts,
    straight: Callable[[], Straight | None] = lambda: None,
) -> Iterator[Iterable[Record]]:
    """Yield the records of a file, some at a time.

    Parameters
    ----------
    path : Path
        Plain, gzip or zstd; also a pipe, if its first lines fit into memory.
    asked : Asked
        What is known of it.
    writers : Writers
        Where who wrote a record is kept.
    counts : Counts
        Where its lines are counted.
    straight : callable
        Returns where durations go of which no record is wanted, or None.

    Raises
    ------
    EvidenceError
        If it cannot be read or is no log of PostgreSQL, or its times cannot be placed.
    """
    pieces = _larger(chunks(path, unwrap=False))
    first: list[Chunk] = []
    lines: list[bytes] = []
    for chunk in pieces:
        first.append(chunk)
        lines += chunk.data.split(b"\n")
        if sum(len(c.data) for c in first) >= SAMPLE_BYTES:
            break
    opened = reader_of(lines, asked, writers=writers, counts=counts)
    if opened is None:
        data = b"".join(c.data for c in first)
        counts.lines += data.count(b"\n") + bool(data and not data.endswith(b"\n"))
        counts.truncated = any(c.cut for c in first)
        return
    reader, clock = opened
    if isinstance(reader, Heads):
        reader.straight = straight
    del lines
    for chunk in _then(first, pieces):
        counts.truncated = counts.truncated or chunk.cut
        yield reader.records(chunk.data)
    yield reader.records(b"", last=True)
    if clock.ambiguous:
        counts.notes.append(
            f"{clock.ambiguous:,} lines are of the hour that comes twice when summer time ends; the first was taken"
        )


def _then(first: list[Chunk], others: Iterator[Chunk]) -> Iterator[Chunk]:
    while first:
        yield first.pop(0)
    yield from others


def in_order(paths: Sequence[Path], asked: Asked) -> list[Path]:
    """Return files in the order of their first stamps; those without any come first, in the order given.

    Raises
    ------
    EvidenceError
        As `records_of`.
    """
    if len(paths) < 2:
        return list(paths)
    firsts: list[int] = []
    for path in paths:
        lines = _sample(path)
        opened = reader_of(lines, asked, writers=Writers(keep=False), counts=Counts(path.name))
        rows: list[Record] = []
        if opened is not None:
            reader, _ = opened
            rows = [*reader.records(b"\n".join(lines[:SAMPLE_LINES]) + b"\n"), *reader.records(b"", last=True)]
        firsts.append(min((row[1] for row in rows), default=0))
    return [path for _, path in sorted(zip(firsts, paths, strict=True), key=lambda pair: pair[0])]
