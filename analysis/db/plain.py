"""Numbers and times as JSON holds them, and lines of text: unknown is null, never 0."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["known", "plain_word", "table", "time_text", "wrapped"]

WIDTH = 110
FIXED = "\N{NO-BREAK SPACE}"
UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|[KMG]iB)(?!\w))")


def known(x: Any, *, whole: bool = False) -> float | int | None:
    """Return a number that JSON can hold, rounded to a nanosecond's place; None for unknown.

    Parameters
    ----------
    x : float, int or None
        NaN and infinities are unknown.
    whole : bool
        Whether it is a whole number by nature: bytes, counts.

    Examples
    --------
    >>> known(0.1 + 0.2), known(1024.0, whole=True), known(float("nan")), known(None)
    (0.3, 1024, None, None)
    """
    if x is None:
        return None
    number = float(x)
    if not math.isfinite(number):
        return None
    return round(number) if whole else round(number, 9)


def time_text(us: int | None) -> str | None:
    """Return a time [us since the epoch] as ISO-8601 UTC with microseconds; None for no time.

    Examples
    --------
    >>> time_text(1_795_370_670_000_000)
    '2026-11-22T18:04:30.000000Z'
    """
    return None if us is None else f"{np.datetime64(us, 'us')}Z"


def plain_word(text: str, *, longest: int = 200) -> str:
    r"""Return a text on one line, without characters that cannot be printed, cut to a length.

    Examples
    --------
    >>> plain_word("one\ntwo\x1b[31m", longest=7)
    'one two'
    """
    return "".join(c if c.isprintable() else " " for c in text[:longest])


def wrapped(first: str, text: str, *, rest: str = "    ") -> list[str]:
    """Return text in lines of at most 110 columns; a number and its unit stay together.

    Examples
    --------
    >>> wrapped("note: ", "short")
    ['note: short']
    """
    wrap = textwrap.TextWrapper(WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.replace(FIXED, " ") for line in wrap.wrap(UNIT.sub(FIXED, text))] or [first.rstrip()]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0) -> list[str]:
    """Return rows in columns: those from `left` on are flush left and come last, the rest flush right.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        A cell a column.
    left : int
        How many of the last columns hold text.

    Examples
    --------
    >>> table(("n", "what"), [("12", "a"), ("3", "bc")], left=1)
    ['   n   what', '  12   a', '   3   bc']
    """
    last = len(head) - left
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    pairs = [list(zip(row, widths, strict=True)) for row in (head, *rows)]
    lines = [[c.rjust(w) if i < last else c.ljust(w) for i, (c, w) in enumerate(row)] for row in pairs]
    return ["  " + "   ".join(cells).rstrip() for cells in lines]
