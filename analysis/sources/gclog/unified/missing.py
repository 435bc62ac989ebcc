"""What a chunk says of lines that are missing: pauses that begin and do not end, numbers of collections that jump."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["TAIL", "begun_in", "latest_of", "lines_of", "numbers_in"]

TAIL = 1 << 14  # bytes at the end of a chunk in which a pause that is under way begins
BEGUN = re.compile(rb"\] GC\(([0-9]{1,9})\) (?:[yYO]: )?Pause ([^\n]*+)(?<!ms)(?<!ms )(?=\n|\Z)")
NUMBER = re.compile(rb"\] GC\((\d{1,9})\) ")
JUMP, FAR = 1_000_000, 100  # numbers that jump by more are broken; that fall by more are of another JVM


def lines_of(hits: Sequence[re.Match[bytes]], starts: np.ndarray) -> list[int]:
    """Return the lines of a chunk in which matches begin; `starts` (n,) is where its lines do.

    Examples
    --------
    >>> lines_of(list(re.finditer(rb"b", b"a b")), np.array([0, 2]))
    [1]
    """
    places = np.fromiter((m.start() for m in hits), dtype="i8", count=len(hits))
    lines: list[int] = (np.searchsorted(starts, places, side="right") - 1).tolist()
    return lines


def begun_in(
    data: bytes, starts: np.ndarray, pauses: Sequence[tuple[int, Any]], *, at: int = 0
) -> list[tuple[int, tuple[int]]]:
    """Return the pauses that begin in a chunk and do not end in it: line, and number of the collection.

    Parameters
    ----------
    data : bytes
        The chunk.
    starts : ndarray of int64, shape (n,)
        Where its lines begin.
    pauses : sequence of (int, tuple)
        Those that end in it: line; number of the collection, letter, words.
    at : int
        Where to begin to look.

    Examples
    --------
    >>> begun_in(b"[gc,start] GC(7) Pause Remark", np.array([0]), [])
    [(0, (7,))]
    """
    hits = list(BEGUN.finditer(data, at))
    if not hits:
        return []
    lines = lines_of(hits, starts)
    last = {(m[0], m[2][:6]): i for i, m in pauses if i >= lines[0]}
    return [(i, (int(m[1]),)) for i, m in zip(lines, hits, strict=True) if last.get((m[1], m[2][:6]), -1) < i]


def latest_of(numbered: Sequence[tuple[np.ndarray, np.ndarray]], latest: int) -> tuple[int, bool]:
    """Return the latest number of a collection after a chunk, and whether a number was skipped in it.

    Parameters
    ----------
    numbered : sequence of (ndarray, ndarray)
        Lines and numbers of its events, table by table.
    latest : int
        Before the chunk; -1 for none.

    Examples
    --------
    >>> latest_of([(np.array([1, 2]), np.array([5, 7]))], 4), latest_of([], 4)
    ((7, True), (4, False))
    """
    if not numbered:
        return latest, False
    line, gcid = (np.concatenate([pair[k] for pair in numbered]) for k in (0, 1))
    gcid = np.minimum(gcid[np.argsort(line, kind="stable")], latest + JUMP)
    if gcid[0] < latest - FAR:
        latest = int(gcid[0])  # of another JVM
    highest = np.maximum.accumulate(np.concatenate([[latest], gcid]))
    return int(highest[-1]), latest >= 0 and bool((gcid > highest[:-1] + 1).any())


def numbers_in(data: bytes) -> set[int]:
    """Return the numbers of all collections that lines tell of, lines of details too.

    Examples
    --------
    >>> numbers_in(b"[gc,heap] GC(7) Eden regions: 6->0(5)")
    {7}
    """
    return {int(n) for n in NUMBER.findall(data)}
