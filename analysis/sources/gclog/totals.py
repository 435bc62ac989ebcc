"""Pauses of a GC log of any size, counted and summed in the memory of a chunk: no frames, no times of day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.sources.chunks import Chunk, chunks
from analysis.sources.gclog.files import opened
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.unified.pause import LONGEST_SECONDS, WORDS, loose_pause, pause_head

__all__ = ["GcTotals", "gc_totals"]

PAUSE = re.compile(
    rb"\] GC\(([0-9]++)\) (?:([yYO]): )?+(?:Pause " + WORDS + rb"(?:[0-9][^ \n]*+ )?+(\d++\.\d++)ms *(?=\n|\Z)"
    rb"|(Pause [^\n]*+(?:(?<=ms)|(?<=ms ))(?=\n|\Z)))"
)  # fmt: skip
NAN = float("nan")
DEBUG = re.compile(rb"\[(?:debug|trace|develop) *\]\[")
QUANTILES = (0.5, 0.95, 0.99)
DEEPEST = 3  # collections inside one; a number that falls by more is another JVM's
Key = tuple[bytes, bytes, bytes]  # words, letter of generational ZGC, length as logged [ms]


class GcTotals(NamedTuple):
    """What the pauses of a log come to; those inside another pause are left out.

    `n`; `total_seconds`, `p50_seconds`, `p95_seconds`, `p99_seconds`, `max_seconds` (NaN without a pause); `by_kind`
    and `by_cause`: how many; `nested`: how many were left out; `unrecognised`: lines of pauses without a length that
    can be; `lines` of the file.
    """

    n: int
    total_seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    max_seconds: float
    by_kind: dict[str, int]
    by_cause: dict[str, int]
    nested: int
    unrecognised: int
    lines: int


def gc_totals(path: Path) -> GcTotals:
    """Return what the pauses of a GC log come to.

    Unified logging with decorations is read in the memory of a chunk and of the lengths that differ; other logs as
    `reader.read_gc_log` reads them.

    Parameters
    ----------
    path : Path
        The file; plain, gzip or zstd.

    Raises
    ------
    EvidenceError
        If the file cannot be read or has no line of a GC log.

    Notes
    -----
    A percentile is the smallest length that at least that share of the pauses does not exceed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "gc.log")
    ...     _ = path.write_text("[2026-11-22T18:04:30.123+0000][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms")
    ...     gc_totals(path)[:3]
    (1, 0.0113, 0.0113)
    """
    file = opened(path, path.name)
    return (_of_chunks(file.parts) if file.kind == "unified" else None) or _of_frames(path)


def _of_chunks(parts: Iterable[Chunk]) -> GcTotals | None:
    """Return the totals of a decorated log; None if collections are told of without decorations."""
    counts: Counter[Key] = Counter()
    nested = broken = lines = 0
    marked, last = False, b"\n"
    for part in parts:
        data = part.data
        found = PAUSE.findall(data)
        if not found and not marked and b"GC(" in data and b"] GC(" not in data:
            return None
        marked = marked or bool(found)
        lines += data.count(b"\n")
        last = data[-1:] or last
        if any(pause_head(row[2]).kind == "other" for row in found if row[2]):
            found = _without_details(data)
        inner = _nested([row[0] for row in found], [row[3] for row in found], found)
        nested += len(inner)
        keys: list[Key] = []
        for i, (_, letter, words, millis, loose) in enumerate(found):
            if i in inner:
                continue
            if loose:
                other = loose_pause(loose)
                if other is None:
                    broken += 1
                    continue
                words, millis = other[0] or b"", other[-1] or b""
            keys.append((words, letter, millis))
        counts.update(keys)
    return _totals(counts, nested, (broken, lines + (last != b"\n")))


def _without_details(data: bytes) -> list[tuple[bytes, ...]]:
    """Return the pauses of a chunk without lines of debug levels, which tell of parts of pauses in like words."""
    out = []
    for m in PAUSE.finditer(data):
        line = data[data.rfind(b"\n", 0, m.start()) + 1 : m.start() + 1]
        if DEBUG.search(line + b"[") is None:
            out.append(tuple(x or b"" for x in m.groups()))
    return out


def _nested(gcids: list[bytes], millis: list[bytes], found: list[tuple[bytes, ...]]) -> set[int]:
    """Return which pauses are inside the next one: it has a lower number, and is longer."""
    if len(gcids) < 2:
        return set()
    number = np.fromiter(map(int, gcids), dtype="f8", count=len(gcids))
    inner: set[int] = set()
    for outer in (np.flatnonzero(number[1:] < number[:-1]) + 1).tolist():
        if not found[outer][2].startswith(b"Young") or not millis[outer]:
            continue
        length = float(millis[outer])
        for i in range(outer - 1, -1, -1):
            if not found[i][2].startswith(b"Full") or not 0 < number[i] - number[outer] <= DEEPEST:
                break
            if not millis[i] or float(millis[i]) > length:
                break
            length -= float(millis[i])
            inner.add(i)
    return inner


def _totals(counts: Counter[Key], nested: int, said: tuple[int, int]) -> GcTotals:
    broken, lines = said
    kinds: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    lengths: Counter[float] = Counter()
    for (words, letter, millis), n in counts.items():
        seconds = round(float(millis) / 1e3, 9)
        if not seconds <= LONGEST_SECONDS:
            broken += n
            continue
        head = pause_head(words, letter or None)
        kinds[head.kind] += n
        causes[head.cause] += n
        lengths[seconds] += n
    return _summed(lengths, (dict(kinds), dict(causes)), (nested, broken, lines))


def _summed(lengths: Counter[float], by: tuple[dict[str, int], dict[str, int]], said: tuple[int, int, int]) -> GcTotals:
    seconds = np.array(sorted(lengths), dtype="f8")
    numbers = np.array([lengths[s] for s in seconds.tolist()], dtype="i8")
    n = int(numbers.sum())
    if not n:
        return GcTotals(0, 0.0, NAN, NAN, NAN, NAN, by[0], by[1], *said)
    reached = np.cumsum(numbers)
    at = [float(seconds[np.searchsorted(reached, np.ceil(q * n - 1e-9))]) for q in QUANTILES]
    return GcTotals(n, float((seconds * numbers).sum()), at[0], at[1], at[2], float(seconds[-1]), by[0], by[1], *said)


def _of_frames(path: Path) -> GcTotals:
    log, report = read_gc_log(path, areas=False)
    outer = log.pauses[~log.pauses["nested"]]
    by = dict(Counter(outer["kind"].tolist())), dict(Counter(outer["cause"].tolist()))
    lines = sum(part.data.count(b"\n") + (not part.data.endswith(b"\n")) for part in chunks(path))
    lengths = Counter(outer["duration_seconds"].tolist())
    return _summed(lengths, by, (len(log.pauses) - len(outer), report.unrecognised, lines))
