"""Is a recording given twice? A server may write the same lines to several files, each in another form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from analysis.errors import SpecError
from analysis.sources.lines import read_bytes

__all__ = ["refuse_twins", "same_recording"]

HEAD_BYTES = 1 << 18
DURATION = re.compile(rb"duration: ([0-9]+\.[0-9]{3}) ms")
FIRST, LEAST, SHARE = 200, 5, 0.8  # durations to look at, to tell anything from, and that must be the same


def same_recording(one: bytes, other: bytes) -> bool:
    """Return whether the heads of two files tell of the same statements: by their durations, to the microsecond.

    Parameters
    ----------
    one, other : bytes
        The first part of each file, of any form.

    Returns
    -------
    bool
        True if four fifths of the first durations are in both, five different ones at least; without durations, if
        both begin with the same kibibyte.

    Examples
    --------
    >>> text = b"".join(b"LOG: duration: %d.125 ms statement: select" % i for i in range(9))
    >>> same_recording(text, text.replace(b"LOG: ", b'{"message":"')), same_recording(text, text[:60])
    (True, False)
    """
    found = [[m[1] for m in DURATION.finditer(data)] for data in (one, other)]
    k = min(FIRST, *map(len, found))
    first, second = (Counter(durations[:k]) for durations in found)
    if min(len(first), len(second)) >= LEAST:
        return (first & second).total() >= SHARE * k
    return not any(found) and len(one) > 0 and one[:1024] == other[:1024]


def refuse_twins(paths: Sequence[Path]) -> None:
    """Raise where two files hold the same recording: their sum would count everything twice.

    Parameters
    ----------
    paths : sequence of Path
        Logs of a server.

    Raises
    ------
    SpecError
        With the names of the first two that do.

    Examples
    --------
    >>> refuse_twins([])
    """
    heads = {path: read_bytes(path, limit=HEAD_BYTES)[0] for path in paths} if len(paths) > 1 else {}
    for one, other in combinations(paths, 2):
        if one == other or same_recording(heads[one], heads[other]):
            raise SpecError(
                "two files hold the same recording: summed, everything would count twice",
                where=f"{one.name}, {other.name}", expected="each statement in one file, rotated files included",
                next="name one of the two, the one with more details: jsonlog, then csvlog, then text",
            )  # fmt: skip
