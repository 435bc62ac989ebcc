"""What of a statement is literal, comment or quoted name, as one pattern for each dialect of SQL."""

from __future__ import annotations

import re
from functools import cache

from analysis.errors import SpecError

__all__ = ["DIALECTS", "MARK", "SLOT", "scanner"]

DIALECTS = ("postgresql", "mysql")
SLOT, MARK = "\x02", "\x01"  # a literal; the ends of a quoted name's number. Neither is left of a text that is read

# The pattern takes one character that can begin a token, which the engine finds fast, then looks back at which it was.
# A group that matches says that the text ends within the token.
BEGINNING = r"""['"`/\-#$\d.:%\x00-\x08]"""
ESCAPED = r"[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+(?:'|(\\?\Z))"
PLAIN = r"(?<=')[^'\\]*+(?:(?:''|\\\\|\\(?!'))[^'\\]*+)*+(?:'|(\Z|\\'.*))"
DOUBLE = r'(?<=")[^"]*+(?:""[^"]*+)*+(?:"|(\Z))'
DOUBLE_LITERAL = r'(?<=")[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+(?:"|(\\?\Z))'
BACKTICK = r"(?<=`)[^`]*+(?:``[^`]*+)*+(?:`|(\Z))"
FLAT_COMMENT = r"(?<=/)\*(?:[^*]++|\*(?!/))*+(?:\*/|(\Z))"
NUMBER = r"(?:[xX][0-9a-fA-F_]++|[\d_]*+\.?\d*+(?:[eE][-+]?\d++)?)\w*+"


def _nested(depth: int) -> str:
    """Return the pattern of a comment that may hold comments, so many deep, from its asterisk on."""
    inside = rf"/{_nested(depth - 1)}|" if depth else ""
    return rf"\*(?:[^*/]++|{inside}\*(?!/)|/(?!\*))*+\*/"


COMMON = (
    BACKTICK,
    r"(?<=\$)(?<![\w$]\$)(?:\d++|((?:[^\W\d]\w*+)?)\$(?:.*?)(?:\$\{tag}\$|(\Z)))",
    rf"(?<=\d)(?<![\w$]\d){NUMBER}",
    r"(?<=\.)(?<![\w$)\]\"`.]\.)\d++(?:[eE][-+]?\d++)?\w*+",
    r"(?<=:)(?<![\w:)\]\"?$]:)[^\W\d]\w*+",
    r"(?<=%)(?<![\w)\]\"?%]%)(?:\(\w++\)s|s)(?!\w)",
    r"(?<=[\x00-\x08])",
)
POSTGRESQL = (
    rf"(?<=[eE]')(?<![\w$][eE]'){ESCAPED}",
    PLAIN,
    DOUBLE,
    rf"(?<=/)(?:{_nested(4)}|\*.*(\Z))",
    r"(?<=-)-[^\n]*+",
)
MYSQL = (rf"(?<='){ESCAPED}", DOUBLE_LITERAL, FLAT_COMMENT, r"(?<=-)-(?!\d)[^\n]*+", r"(?<=#)[^\n]*+")


@cache
def scanner(dialect: str) -> tuple[re.Pattern[str], int]:
    """Return the pattern of literals, comments and quoted names of a dialect, and the group of a dollar quote's tag.

    Every other group of the pattern, where it matched, says that the text ends within the token.

    Parameters
    ----------
    dialect : str
        "postgresql" (double quotes hold names, comments nest) or "mysql" (double quotes hold literals, backslashes
        escape, # begins a comment). A backslash before the closing quote of a plain literal of PostgreSQL tells
        nothing without its settings: there the token takes all that follows.

    Raises
    ------
    SpecError
        If the dialect is another one.

    Examples
    --------
    >>> pattern, _ = scanner("postgresql")
    >>> pattern.findall("a = 'x' -- y")[0] is not None, pattern.sub("?", "a = 'x' and t1.b = $1")
    (True, 'a = ? and t1.b = ?')
    """
    if dialect not in DIALECTS:
        raise SpecError("unknown dialect", where="dialect", expected=" or ".join(DIALECTS), next="name one of them")
    first = "|".join(POSTGRESQL if dialect == "postgresql" else MYSQL)
    tag = re.compile(first).groups + 2  # the backtick's group stands between
    rest = "|".join(COMMON).replace("{tag}", str(tag))
    return re.compile(f"{BEGINNING}(?:{first}|{rest})", re.DOTALL), tag
