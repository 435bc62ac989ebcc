"""Generations, regions, metaspace and workers where they are written as HotSpot does, many lines at once."""

from __future__ import annotations

import numpy as np

from analysis.sources.gclog.unified.areas import HINTS, OF_AREA_NAME, OF_REGION, WORKERS, Areas
from analysis.sources.gclog.unified.pause import UNIT_BYTES
from analysis.sources.gclog.unified.shapes import NAMES
from analysis.sources.gclog.words import Text, has, number_at

__all__ = ["areas_at"]

NAN = float("nan")
KINDS = [name.split(b" ")[0].rstrip(b":") for name in NAMES]
WHAT_OF = np.array([OF_REGION[k] if n.endswith(b"regions: ") else OF_AREA_NAME.get(k, WORKERS)
                    for n, k in zip(NAMES, KINDS, strict=True)])  # fmt: skip
LENGTH_OF = np.array([len(name) for name in NAMES])
Cells = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # which lines fit; before, after, committed


def areas_at(text: Text, at: np.ndarray, shape: np.ndarray, gcid: np.ndarray) -> tuple[np.ndarray, Areas]:
    """Return which lines are areas, and what they tell (m,); their places are indices of the lines given.

    Parameters
    ----------
    text : Text
        A chunk.
    at : ndarray of int64, shape (n,)
        Where the texts begin.
    shape : ndarray of int, shape (n,)
        What they begin with: indices of `shapes.NAMES`.
    gcid : ndarray of int64, shape (n,)
        Numbers of the collections.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> of = np.array([NAMES.index(b"Eden regions: ")])
    >>> ok, found = areas_at(text_of(b"Eden regions: 6->0(5)"), np.array([0]), of, np.array([3]))
    >>> ok.tolist(), found.before.tolist(), found.committed.tolist(), found.hint
    ([True], [6.0], [5.0], 'G1')
    """
    ok = np.zeros(len(at), dtype=bool)
    for i in np.flatnonzero(np.bincount(shape, minlength=len(NAMES))).tolist():
        mine = np.flatnonzero(shape == i)
        ok[mine] = has(text, at[mine], NAMES[i])
    what, after_name = WHAT_OF[shape], at + LENGTH_OF[shape]
    before, after, committed = (np.full(len(at), NAN) for _ in range(3))
    regions = (what > 2) & (what < WORKERS)
    for chosen, read in ((regions, _regions), (what <= 2, _sized), (what == WORKERS, _workers)):
        mine = np.flatnonzero(ok & chosen)
        if len(mine):
            ok[mine], before[mine], after[mine], committed[mine] = read(text, after_name[mine])
    place = np.flatnonzero(ok)
    used = committed[place][what[place] == WORKERS]
    kinds = {KINDS[i] for i in np.unique(shape[place]).tolist()}
    hint = "G1" if regions[place].any() else next((HINTS[k] for k in sorted(kinds) if k in HINTS), "")
    committed[what == WORKERS] = NAN
    most = float(used.max()) if len(used) else NAN
    return ok, Areas(gcid[place], place, what[place], before[place], after[place], committed[place], hint, most)


def _regions(text: Text, at: np.ndarray) -> Cells:
    """Read ``6->0(5)``; the last is not always there."""
    before, end = number_at(text, at)
    after, last = number_at(text, end + 2)
    some = has(text, last, b"(")
    most, close = number_at(text, last + 1)
    ok = (end > at) & has(text, end, b"->") & (last > end + 2) & ~_digit(text, last)
    ok &= ~some | ((close > last + 1) & has(text, close, b")"))
    return ok, before.astype("f8"), after.astype("f8"), np.where(some, most, NAN)


def _sized(text: Text, at: np.ndarray) -> Cells:
    """Read ``370K(576K)->370K(576K)``; the first in brackets is not always there."""
    ok, before, at = _size(text, at)
    some = has(text, at, b"(")
    closed, _, close = _size(text, at + 1)
    ok &= ~some | (closed & has(text, close, b")"))
    at = np.where(some, close + 1, at)
    read, after, close = _size(text, at + 2)
    ok &= has(text, at, b"->") & read & has(text, close, b"(")
    read, committed, at = _size(text, close + 1)
    return ok & read & has(text, at, b")"), before, after, committed


def _size(text: Text, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where a size stands, the sizes [bytes], and where they end."""
    number, end = number_at(text, at)
    unit = UNIT_BYTES[text.letters[end]]
    return (end > at) & ~np.isnan(unit), number * unit, end + 1


def _workers(text: Text, at: np.ndarray) -> Cells:
    """Read ``2 workers of 4``: those used; all, which is not kept, in the last place."""
    used, end = number_at(text, at)
    mark = b" workers of "
    most, last = number_at(text, end + len(mark))
    ok = (end > at) & has(text, end, mark) & (last > end + len(mark)) & ~_digit(text, last)
    return ok, np.full(len(at), NAN), used.astype("f8"), most.astype("f8")


def _digit(text: Text, at: np.ndarray) -> np.ndarray:
    letters = text.letters[at]
    found: np.ndarray = (letters >= ord("0")) & (letters <= ord("9"))
    return found
