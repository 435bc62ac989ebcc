"""The lines of a chunk, and those that are left after those read at once: one after the other, for a search."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

__all__ = ["edges_of", "lines_left", "lines_of"]


def edges_of(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return where the lines of a chunk begin, and where their line ends are; the last may have none.

    Examples
    --------
    >>> edges_of(b"a" + bytes([10]) + b"bc")
    (array([0, 2]), array([1, 4]))
    """
    ends = np.flatnonzero(np.frombuffer(data, dtype="u1") == ord("\n"))
    starts = np.concatenate([[0], ends + 1])
    return (starts[:-1], ends) if starts[-1] == len(data) else (starts, np.append(ends, len(data)))


def lines_left(data: bytes, starts: np.ndarray, ends: np.ndarray, left: np.ndarray) -> tuple[bytes, np.ndarray]:
    r"""Return some lines of a chunk, and where each begins; an empty line stands where others stood between them.

    Parameters
    ----------
    data : bytes
        The chunk.
    starts, ends : ndarray of int64, shape (n,)
        Where its lines begin, and where their line ends are.
    left : ndarray of int64, shape (m,)
        Which lines, in order.

    Examples
    --------
    >>> lines_left(b"a\nb\nc\nd", np.array([0, 2, 4, 6]), np.array([1, 3, 5, 7]), np.array([0, 1, 3]))
    (b'a\nb\n\nd', array([0, 2, 5]))
    """
    if not len(left):
        return b"", left
    first = np.flatnonzero(np.diff(left, prepend=-2) != 1)  # of each stretch of neighbours
    last = np.append(first[1:], len(left)) - 1
    a, b = starts[left[first]], ends[left[last]] + 1
    some = b"\n".join([data[i:j] for i, j in zip(a.tolist(), b.tolist(), strict=True)])
    moved = a - np.cumsum(np.concatenate([[0], (b - a)[:-1] + 1]))
    return some, starts[left] - np.repeat(moved, last - first + 1)


def lines_of(hits: Sequence[re.Match[bytes]], starts: np.ndarray) -> np.ndarray:
    """Return the lines in which matches begin, as indices (n,) of `starts`, where lines begin.

    Examples
    --------
    >>> lines_of(list(re.finditer(rb"b", b"a b")), np.array([0, 2])).tolist()
    [1]
    """
    places = np.fromiter((m.start() for m in hits), dtype="i8", count=len(hits))
    found: np.ndarray = np.searchsorted(starts, places, side="right") - 1
    return found
