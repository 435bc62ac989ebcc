"""How `postmortem gc` writes a number, a line, a table: what is unknown is said."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from analysis.findings import number, value
from analysis.hypotheses.gc.diagnoses.diagnosis import size

__all__ = [
    "NAME", "UNKNOWN", "WIDTH", "count_text", "moment", "ratio_text", "seconds_text", "size_text", "still", "table",
    "wrapped",
]  # fmt: skip

WIDTH = 110
NAME = 24  # columns of the names at the left
UNKNOWN = "unknown"
FIXED = "\N{NO-BREAK SPACE}"
UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|[KMG]iB)(?!\w))")


def seconds_text(x: float | None) -> str:
    """Return a length of time in a unit that fits.

    Examples
    --------
    >>> seconds_text(0.0125), seconds_text(None)
    ('12.5 ms', 'unknown')
    """
    return UNKNOWN if x is None else value(x, "seconds").text


def ratio_text(x: float | None) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> ratio_text(0.25)
    '25 %'
    """
    return UNKNOWN if x is None else value(x, "ratio").text


def size_text(x: float | None) -> str:
    """Return a number of bytes in a unit that fits.

    Examples
    --------
    >>> size_text(2.0**27)
    '128 MiB'
    """
    return UNKNOWN if x is None else size(x).text


def count_text(n: int | None) -> str:
    """Return a whole number.

    Examples
    --------
    >>> count_text(1234), count_text(0)
    ('1,234', '0')
    """
    return UNKNOWN if n is None else number(n)


def still(throughput: float | None) -> str:
    """Return the share of time in which threads stood still.

    Examples
    --------
    >>> still(0.75)
    '25 %'
    """
    return UNKNOWN if throughput is None else ratio_text(1 - throughput)


def moment(time: str | None, uptime: float | None, *, within: tuple[str | None, str | None] | None = None) -> str:
    """Return a date and time, or an uptime where there is none; in a sentence the date only where it is not clear.

    Parameters
    ----------
    time : str or None
        ISO-8601 UTC with microseconds.
    uptime : float or None
        [s].
    within : (str or None, str or None) or None
        First and last time of the life that a sentence tells of: of one day the clock is enough, and UTC is said. None:
        for a column whose head says UTC.

    Examples
    --------
    >>> moment("2026-11-22T18:04:30.250000Z", 9.0), moment(None, 9.0)
    ('2026-11-22 18:04:30.250', 'an uptime of 9 s')
    >>> time, before = "2026-11-22T18:04:30.250000Z", "2026-11-22T17:00:00.000000Z"
    >>> moment(time, 9.0, within=(before, time)), moment(time, 9.0, within=(before, "2026-11-23T01:00:00.000000Z"))
    ('18:04:30.250 UTC', '2026-11-22 18:04:30.250 UTC')
    """
    if time is not None:
        text = time.replace("T", " ")[:-4]
        if within is None:
            return text
        one_day = all(t is None or t[:10] == text[:10] for t in within)
        return f"{text[11:] if one_day else text} UTC"
    return UNKNOWN if uptime is None else f"an uptime of {number(uptime, 6)} s"


def wrapped(first: str, text: str, width: int, *, rest: str = " " * NAME) -> list[str]:
    """Return text in lines of at most `width` columns; a number and its unit stay together.

    Parameters
    ----------
    first, rest : str
        What stands before the first line, and before the others.
    text : str
        In one line.
    width : int
        Columns.

    Examples
    --------
    >>> wrapped("- ", "stood still for 12 ms", 22, rest="  ")
    ['- stood still for', '  12 ms']
    """
    wrap = textwrap.TextWrapper(width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [line.replace(FIXED, " ") for line in wrap.wrap(UNIT.sub(FIXED, text))] or [first.rstrip()]


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, left: int) -> list[str]:
    """Return rows in columns: the first `left` set flush left, the rest flush right.

    Examples
    --------
    >>> table(("kind", "n"), [("young", "12")], left=1)
    ['  kind     n', '  young   12']
    """
    widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
    return [
        "  "
        + "   ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths, strict=True)))
        for r in (head, *rows)
    ]
