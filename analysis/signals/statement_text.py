"""The shape of a statement: its text without literals, comments and case, so that it can be grouped and shown."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["shape_of", "shortened"]

SHOWN_CHARACTERS = 90
TOKEN = re.compile(
    r"""
      (?P<comment>/\*.*?(?:\*/|\Z)|--[^\n]*)
    | (?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<text>(?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*(?:'|\Z))
    | (?P<dollar>\$(?P<tag>[A-Za-z_]\w*|)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<parameter>\$\d+|(?<![\w:]):[A-Za-z_]\w*)
    | (?P<quoted>"(?:[^"]|"")*(?:"|\Z))
    | (?P<number>(?<![\w.])(?:0[xX][0-9a-fA-F]+|\d[\d_]*\.?\d*(?:[eE][-+]?\d+)?|\.\d+)\w*)
    | (?P<word>\w+)
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
LITERAL = frozenset(("escaped", "text", "dollar", "parameter", "number"))
LIST = re.compile(r"\(\?(?:, ?\?)+,? ?(?:…)?\)?")
SIGNED = re.compile(r"(?<=[(,=<>+*/] )[-+] ?\?|(?<=[(,=<>])[-+]\?")


@lru_cache(maxsize=8192)
def shape_of(query: str) -> str:
    """Return the text of a statement with each literal as ?, lists of literals as one, comments left out, lower case.

    Parameters
    ----------
    query : str
        As the server writes it, whole or cut. A literal that is cut ends the shape. Where a plain literal holds a
        backslash before a quote, nothing tells whether the quote ends it (standard_conforming_strings): the shape
        ends there, so that no part of a literal is ever shown.

    Examples
    --------
    >>> shape_of("SELECT * FROM t /* request 7 */ WHERE name = 'O''Hara' AND id IN (1, 2, 3)")
    'select * from t where name = ? and id in (?)'
    >>> shape_of("update t1 set note = 'cut in the mid")
    'update t1 set note = ?'
    """
    parts: list[str] = []
    for token in TOKEN.finditer(query):
        kind, text = str(token.lastgroup if token.lastgroup != "tag" else "dollar"), token.group()
        if kind in LITERAL:
            parts.append("?")
            if kind == "text" and "\\'" in text:
                parts.append(" …")
                break
        elif kind in ("comment", "space"):
            if parts and parts[-1] != " ":
                parts.append(" ")
        else:
            parts.append(text if kind == "quoted" else text.lower())
    joined = SIGNED.sub("?", "".join(parts)).strip().rstrip(";").strip()
    return LIST.sub(lambda m: "(?)" if m.group().endswith(")") else "(?", joined)


def shortened(query: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return the shape of a statement, cut to what a sentence can hold; "unknown statement" for an empty text.

    Examples
    --------
    >>> shortened("SELECT id, owner FROM accounts WHERE id = 7", most=20)
    'select id, owner fr…'
    """
    shape = shape_of(query)
    if not shape:
        return "unknown statement"
    return shape if len(shape) <= most else shape[: most - 1].rstrip() + "…"
