"""What a log collector, a logger or a listing put before each line of a GC log of JDK 8 and before: taken off."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from analysis.sources.gclog.legacy.stamps import STAMPS

__all__ = ["prefix_of", "without_prefix"]

FIRST_LINES = 2000  # that a prefix is learnt from
LEAST = 3  # lines that must have it, unless it is but blanks
SHARE = 0.9  # of the lines that begin something
LONGEST = 200  # of a prefix [bytes]
BEGINS = re.compile(
    rb"(.{0,%d}?)(?!\s)%b(?:\[(?:Full )?GC(?! Worker)[ (\[-]|\[CMS-concurrent-|\[(?:Pause|Concurrent) [A-Z]|"
    rb"Total time for which app|Application time: |\{Heap before )" % (LONGEST, STAMPS.removeprefix(rb"\s*"))
)
DIGITS = re.compile(rb"[0-9]+")


def prefix_of(lines: Iterable[bytes]) -> re.Pattern[bytes] | None:
    """Return what matches the prefix that nearly all lines have that begin something, None if they have none.

    Numbers in it may differ from line to line, and the blanks before it; the rest may not. Blanks alone are one too.

    Parameters
    ----------
    lines : iterable of bytes
        The first lines of a log.

    Examples
    --------
    >>> lines = [b"%d:%d.500: [GC 9K->5K(9K), 0.1 secs]" % (line, line) for line in range(9, 12)]
    >>> prefix_of(lines).match(lines[0])[0]
    b'9:'
    >>> prefix_of(line[2:] for line in lines) is None
    True
    """
    found = [DIGITS.sub(b"0", begin[1]) for line in lines if (begin := BEGINS.match(line))]
    shapes = Counter(shape.lstrip() or shape for shape in found)
    (shape, most), *_ = shapes.most_common(1) or [(b"", 0)]
    words = bool(shape.strip())
    if not shape or most < max(LEAST if words else 1, SHARE * len(found)):
        return None
    return re.compile((rb"\s*" if words else b"") + re.escape(shape).replace(b"0", rb"[0-9]+"))


def without_prefix(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a log, each without the prefix that nearly all have.

    Examples
    --------
    >>> lines = [b"gc | %d.500: [GC 9K->5K(9K), 0.1 secs]" % line for line in range(1, 4)] + [b"gc |    [Eden: 1K]"]
    >>> list(without_prefix(lines))[2:]
    [b'3.500: [GC 9K->5K(9K), 0.1 secs]', b'   [Eden: 1K]']
    """
    rest = iter(lines)
    first = list(islice(rest, FIRST_LINES))
    prefix = prefix_of(first)
    if prefix is None:
        return chain(first, rest)
    return (line[found.end() :] if (found := prefix.match(line)) else line for line in chain(first, rest))
