"""What a chunk says of lines that are missing: pauses that begin and do not end, numbers of collections that jump."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.sources.gclog.unified.left import lines_of
from analysis.sources.gclog.unified.pause import whole_numbers
from analysis.sources.gclog.unified.rows import following

__all__ = ["TAIL", "begun_in", "cut_of", "latest_of", "numbered", "numbers_in"]

TAIL = 1 << 14  # bytes at the end of a chunk in which a collection that is under way is told of
BEGUN = re.compile(rb"\] GC\(([0-9]{1,9})\) (?:[yYO]: )?Pause ([^\n]*+)(?<!ms)(?<!ms )(?=\n|\Z)")
NUMBER = re.compile(rb"\] GC\((\d{1,9})\) ")
Numbers = tuple[np.ndarray, np.ndarray]  # lines, and numbers of collections, shape (n,) each
JUMP, FAR = 1_000_000, 100  # numbers that jump by more are broken; that fall by more are of another JVM


def begun_in(data: bytes, starts: np.ndarray) -> list[tuple[int, tuple[int]]]:
    """Return the pauses that begin in lines: line, and number of the collection.

    Parameters
    ----------
    data : bytes
        Lines of a chunk.
    starts : ndarray of int64, shape (n,)
        Where they begin.

    Examples
    --------
    >>> begun_in(b"[gc,start] GC(7) Pause Remark", np.array([0]))
    [(0, (7,))]
    """
    hits = list(BEGUN.finditer(data))
    return [(i, (int(m[1]),)) for i, m in zip(lines_of(hits, starts).tolist(), hits, strict=True)]


def numbered(bulk: Numbers, rows: Sequence[tuple[int, Any]]) -> Numbers:
    """Return lines and numbers of collections with those of rows: line, and cells of which the number is the first.

    Examples
    --------
    >>> line, gcid = numbered((np.array([1]), np.array([7])), [(4, (b"8", None))])
    >>> line.tolist(), gcid.tolist()
    ([1, 4], [7, 8])
    """
    line = np.array([i for i, _ in rows], dtype="i8")
    return np.concatenate([bulk[0], line]), np.concatenate([bulk[1], whole_numbers([row[0] for _, row in rows])])


def cut_of(begun: Numbers, ended: Numbers) -> list[tuple[int, tuple[int]]]:
    """Return the pauses that begin in a chunk and do not end in it, in order of line: line, and number.

    Parameters
    ----------
    begun, ended : (line, gcid)
        Of pauses that begin and of pauses that end, shape (n,) and (m,) each.

    Examples
    --------
    >>> cut_of((np.array([1, 5]), np.array([3, 4])), (np.array([2]), np.array([3])))
    [(5, (4,))]
    """
    line, gcid = begun
    cut = np.flatnonzero(following(gcid, line, (ended[1], ended[0])) < 0)
    cut = cut[np.argsort(line[cut], kind="stable")]
    return [(i, (n,)) for i, n in zip(line[cut].tolist(), gcid[cut].tolist(), strict=True)]


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
