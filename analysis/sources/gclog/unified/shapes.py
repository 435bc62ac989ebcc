"""How the text of a line after ``GC(n)`` begins: which lines are details, and which can be read many at once."""

from __future__ import annotations

import re
from functools import lru_cache

from analysis.sources.gclog.unified.areas import AREAS, REGIONS

__all__ = ["CPU", "DETAIL", "KEY", "LETTERED", "NAMES", "PAUSE", "PHASE", "SEARCHED", "SKIPPED", "shape_of"]

DETAIL = (  # details of collections, most frequent first, by their beginnings but for pauses; others are looked at
    rb"(?!Eden|Surv|Old r|Arch|Humo|Metas|Pause [^\n>]*+(?<!ms)(?<!ms )(?=\n|\Z)|Using|- age|Desired|Age t|DefNew"
    rb"|Tenured|PSY|ParO|ParN|Phase|Adjust|Compact|Forcing|Merge|Pre |Post |Evacuate|Other|Pacer|MMU|Mark|NMethods)"
)
TELLS = re.compile(DETAIL)
KEY = 8  # bytes of a text that tell its shape
SEARCHED, SKIPPED, LETTERED, PAUSE, CPU, PHASE = -1, -2, -3, -4, -5, -6
LETTERS = (b"y: ", b"Y: ", b"O: ")  # of the generations of ZGC
# areas whose lines tell of nothing else: what stands before their numbers
AREA_NAMES = (*(b"%s regions: " % name.capitalize().encode() for name in REGIONS), *(b"%s: " % name for name in AREAS))
NAMES = tuple(name for name in (*AREA_NAMES, b"Using ") if not TELLS.match(name))


@lru_cache(maxsize=4096)
def shape_of(key: bytes) -> int:
    """Return the shape of a line by the first bytes of its text: an index of `NAMES`, or one of the constants.

    Parameters
    ----------
    key : bytes
        The first `KEY` bytes after ``GC(n)``.

    Examples
    --------
    >>> NAMES[shape_of(b"Eden reg")], shape_of(b"Pause Yo") == PAUSE, shape_of(b"To-space") == SEARCHED
    (b'Eden regions: ', True, True)
    """
    if key.startswith(b" "):
        return SKIPPED
    if key.startswith(LETTERS):
        return LETTERED
    if key.startswith(b"Pause "):
        return PAUSE
    if key.startswith(b"User="):
        return CPU
    if key == b"Concurre":
        return PHASE
    known = next((i for i, name in enumerate(NAMES) if key.startswith(name[:KEY])), None)
    return known if known is not None else SEARCHED if TELLS.match(key) else SKIPPED
