"""Lists of literals in a statement's text as one: IN, VALUES and ARRAY, however long, also where the text is cut."""

from __future__ import annotations

import re

__all__ = ["without_repeats"]

SLOTS = r"(?:\?|\.\.\.|…)"
ROW = r"\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\)"
IN_LIST = re.compile(rf"(?<![\w$.])in \({SLOTS}(?:, ?{SLOTS})*+,?\)")
IN_SAME = re.compile(r"(?<![\w$.])in \(((?:\([^()]*+\)|[^(),]++)(?:\([^()]*+\))?)(?:, \1)++\)")
IN_OPEN = re.compile(rf"(?<![\w$.])in \((?:{SLOTS}(?:, ?{SLOTS})*+,?)?(?: …)?$")
ARRAY = re.compile(r"(?<![\w$.])array\[\?(?:, \?)*+(?:\]|,?(\Z))")
VALUES = re.compile(rf"(?<![\w$.])(values?) ({ROW})(?:, ?{ROW})*+(, ?(?:\([^()]*+)?(?:\([^()]*+\)[^()]*+)*+\Z)?")
VALUES_OPEN = re.compile(r"(?<![\w$.])(values?) \((?:\?(?:, \?)*+,?)?\Z")
SLOT_ROW = re.compile(r"\(\?(?:, \?)*+\)")


def without_repeats(text: str, *, cut: bool) -> tuple[str, bool]:
    """Return a statement's text with each list of literals as one, and whether it is cut.

    Of rows of VALUES the first stands for all, a row of nothing but literals is (?). A list of IN whose members are
    written alike is one member. A list that is open at the end is closed: the text was cut there.

    Parameters
    ----------
    text : str
        As `fingerprint` lays it out.
    cut : bool
        Whether it is known to be cut.

    Examples
    --------
    >>> without_repeats("select a from t where b in (?, ?, ?) and c in ((?, ?), (?, ?))", cut=False)
    ('select a from t where b in (?) and c in ((?, ?))', False)
    >>> without_repeats("insert into t values (?, ?), (?, ?), (?", cut=False)
    ('insert into t values (?)', True)
    """
    if "in (" in text:
        text = IN_LIST.sub("in (?)", text)
        text = IN_SAME.sub(r"in (\1)", text)
        text, closed = IN_OPEN.subn("in (?)", text)
        cut = cut or closed > 0
    if "array[" in text:
        found = ARRAY.search(text)
        cut = cut or bool(found and text.endswith(found[0]) and not found[0].endswith("]"))
        text = ARRAY.sub("array[?]", text)
    if "value" in text:
        cut_before = cut

        def one_row(match: re.Match[str]) -> str:
            nonlocal cut
            cut = cut or match[3] is not None
            return f"{match[1]} {SLOT_ROW.sub('(?)', match[2]) if SLOT_ROW.fullmatch(match[2]) else match[2]}"

        text = VALUES.sub(one_row, text)
        if not cut_before:
            text, closed = VALUES_OPEN.subn(r"\1 (?)", text)
            cut = cut or closed > 0
        else:
            text = VALUES_OPEN.sub(r"\1 (?)", text)
    return text, cut
