"""Safepoints of JDK 13 and later where they are written as HotSpot does, many lines at once."""

from __future__ import annotations

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.unified.pause import LONGEST_SECONDS
from analysis.sources.gclog.unified.safepoint import PARTS, operation_of
from analysis.sources.gclog.words import Text, has, number_at

__all__ = ["SAFEPOINT_MARK", "safepoints_at"]

NAN = float("nan")
SAFEPOINT_MARK = b'] Safepoint "'
MARKS = dict(
    zip(
        PARTS,
        (b'", Time since last: ', b", Reaching safepoint: ", b", Cleanup: ", b", At safepoint: ",
         b", Leaving safepoint: ", b", Total: "),
        strict=True,
    )
)  # fmt: skip
MAY_MISS = frozenset({"cleanup", "at", "leaving"})


def safepoints_at(text: Text, at: np.ndarray, closing: np.ndarray) -> tuple[np.ndarray, Columns]:
    """Return which lines are safepoints, and their columns (m,).

    Parameters
    ----------
    text : Text
        A chunk.
    at, closing : ndarray of int64, shape (n,)
        Where the names of the operations begin, and the next quotation marks.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> line = b'Halt", Time since last: 5 ns, Reaching safepoint: 20 ns, At safepoint: 30 ns, Total: 50 ns'
    >>> ok, columns = safepoints_at(text_of(line), np.array([0]), np.array([4]))
    >>> columns["operation"].tolist(), columns["total_seconds"].tolist(), columns["cleanup_seconds"].tolist()
    (['Halt'], [5e-08], [nan])
    """
    ok, nanos, place = np.ones(len(at), dtype=bool), {}, closing
    for name, mark in MARKS.items():
        there = has(text, place, mark)
        value, end = number_at(text, place + len(mark))
        read = there & (end > place + len(mark)) & has(text, end, b" ns")
        ok &= read | ~there if name in MAY_MISS else read
        nanos[name] = np.where(there, value, NAN)
        place = np.where(there, end + len(b" ns"), place)
    seconds = {f"{name}_seconds": np.round(cells * 1e-9, 9) for name, cells in nanos.items()}
    ok &= seconds["total_seconds"] <= LONGEST_SECONDS
    chosen = np.flatnonzero(ok)
    spans = zip(at[chosen].tolist(), closing[chosen].tolist(), strict=True)
    names = np.array([operation_of(text.data[a:b]) for a, b in spans], dtype=object)
    return ok, {"operation": names, **{name: cells[chosen] for name, cells in seconds.items()}}
