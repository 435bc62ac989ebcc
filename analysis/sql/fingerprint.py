"""The fingerprint of a statement: its text without literals, comments, layout and case; equal work, equal text."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from analysis.sql.lexicon import MARK, SLOT, scanner
from analysis.sql.lists import without_repeats

__all__ = ["CUT", "Fingerprints", "fingerprint", "fingerprint_id", "shortened"]

CUT = "…"
SHOWN_CHARACTERS = 90
MOST_TEXTS, LONGEST_TEXT = 8192, 20_000  # of the memo: twice as many texts at most, none longer
PREFIX = re.compile(rf"(?<![\w$])(?:[ebxn]|u&|_[a-z]\w*){SLOT}")
TOKENS = re.compile(rf"{MARK}\d+{MARK}|[\w$]+|->>?|:[:=]|@{{1,2}}[\w$]+|[<>=!~@#%^&|]+|\S")
NAMES = re.compile(rf"{MARK}(\d+){MARK}")
PERSONAL = re.compile(r"@|\d{6}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-")  # no name of a table is like this
MORE_THAN_PLAIN = re.compile(r"[\"`$\\#]|/\*|--")  # without these a text holds plain literals and numbers
PLAIN_LITERAL = re.compile(r"'[^']*'|(?<![\w$.])\d+(?![\w.])")
CONTROL = re.compile(r"[\x00-\x08]")
CALLED = re.compile(
    r" \((?<=[\w\x01\"`] \()(?<! in \()(?<! as \()(?<! on \()(?<! or \()(?<! by \()(?<! and \()(?<! not \()"
    r"(?<! from \()(?<! join \()(?<! where \()(?<! select \()(?<! when \()(?<! then \()(?<! else \()(?<! union \()"
    r"(?<! over \()(?<! using \()(?<! values \()(?<! all \()(?<! key \()(?<! having \()(?<! case \()"
    r"(?<! set \()(?<! returning \()(?<! between \()(?<! like \()(?<! ilike \()(?<! value \()(?<! distinct \()"
    r"(?<! limit \()(?<! filter \()"
)
CAST = re.compile(rf"(?<=[\w?)\]\"{MARK}]) :: (?=[\w\"{MARK}])")
KNOWN = re.compile(r"(?<!\bis )(?<!\bnot )(?<!\bset )(?<![\w$.@:])(?:null|true|false)(?![\w$(.])")
BEFORE_A_SIGN = (
    "select|and|or|not|when|then|else|by|like|in|limit|offset|where|on|having|return|returning|case|using|default|"
    "distinct|all|values|between|is|from|div|mod|xor|interval|set|to"
)
SIGN = re.compile(rf"((?:[(\[,=<>+*/%|&^~!-]|(?<![\w$.])(?:{BEFORE_A_SIGN})) ?)(?:[-+] )+\?")
SESSION_NAMES = re.compile(
    r"^(savepoint|release savepoint|release|rollback to savepoint|rollback to|rollback transaction to savepoint|"
    r"rollback work to savepoint|deallocate prepare|deallocate|close|declare|prepare transaction|"
    r"(?:fetch|move)\b.* (?:from|in)) (?!all\b|prepare\b|savepoint\b)(?:[\w$]+|\x01\d+\x01)"
)
WITH_SESSION_NAMES = ("savepoint", "release", "rollback", "deallocate", "close", "declare", "fetch", "move")


def fingerprint(text: str, *, cut: bool = False, dialect: str = "postgresql") -> str:
    """Return the text of a statement with ? for each literal, without comments, in one layout and lower case.

    Any text has one. Quoted names keep their case, names their digits. A sign is part of the literal except between
    two operands: adding and subtracting stay apart. Lists of IN, VALUES and ARRAY are one, however long; null, true
    and false are literals except in IS NULL and the like; names of savepoints and cursors are ?.

    Parameters
    ----------
    text : str
        As the server or a client writes it.
    cut : bool
        Whether the text was cut to a length: its last word may be half a word and is left out, an open list is
        closed, and the fingerprint ends in …, as it does where a literal, name or comment does not end.
    dialect : str
        "postgresql" or "mysql", see `lexicon.scanner`.

    Examples
    --------
    >>> fingerprint("SELECT * FROM t /* request 7 */ WHERE name = 'O''Hara' AND id IN (1, -2, 3)")
    'select * from t where name = ? and id in (?)'
    >>> fingerprint("update t1 set note = 'cut in the mid")
    'update t1 set note = ? …'
    >>> fingerprint('insert into "T" values (1, null), (2, 3), (4,', cut=True)
    'insert into "T" values (?) …'
    """
    pattern, tag = scanner(dialect)
    names: dict[str, int] = {}
    open_at_end = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal open_at_end
        first, last = match[0][0], match.lastindex
        if last is not None and last != tag:
            open_at_end = True
        if first in "/-#" or first < "\x09":
            return " "
        if first == "`" or (first == '"' and dialect == "postgresql"):
            if last is not None or PERSONAL.search(match[0]):
                return SLOT if last is None else " "
            return f"{MARK}{names.setdefault(CONTROL.sub('', match[0]), len(names))}{MARK}"
        return SLOT

    flat = pattern.sub(replaced, text).lower()
    if SLOT in flat:
        flat = PREFIX.sub(SLOT, flat).replace(SLOT, "?")
    tokens = TOKENS.findall(flat)
    if cut and not open_at_end and len(tokens) > 1 and (text[-1:].isalnum() or text[-1:] == "_") and tokens[-1] != "?":
        tokens.pop()
    while tokens and tokens[-1] in (";", CUT):
        open_at_end |= tokens.pop() == CUT
    shaped, ended = _shaped(" ".join(tokens), cut=cut or open_at_end)
    if names:
        spelled = list(names)
        shaped = NAMES.sub(lambda m: spelled[int(m[1])], shaped)
    return f"{shaped} {CUT}".lstrip() if ended else shaped


def _shaped(joined: str, *, cut: bool) -> tuple[str, bool]:
    """Return the layout of tokens that are joined by spaces, lists as one, and whether the text is cut."""
    found = f" {joined}".replace(" . ", ".").replace("( ", "(").replace(" )", ")").replace(" ,", ",")
    if "[" in found:
        found = found.replace(" [", "[").replace("[ ", "[").replace(" ]", "]")
    if ":: " in found:
        found = CAST.sub("::", found)
    if " (" in found:
        found = CALLED.sub("(", found)
    found = found.strip()
    if "null" in found or "true" in found or "false" in found:
        found = KNOWN.sub("?", found)
    while "? ?" in found:
        found = found.replace("? ?", "?")
    if "- ?" in found or "+ ?" in found:
        found = SIGN.sub(r"\1?", found)
    if found.startswith(WITH_SESSION_NAMES):
        found = SESSION_NAMES.sub(r"\1 ?", found)
    return without_repeats(found, cut=cut)


def fingerprint_id(text: str) -> str:
    """Return the id of a fingerprint: 16 hexadecimal digits of its BLAKE2b hash.

    Examples
    --------
    >>> fingerprint_id("select ?")
    'b9a4c90ce4157373'
    """
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@lru_cache(maxsize=MOST_TEXTS)
def shortened(query: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return the fingerprint of a statement, cut to what a sentence can hold; "unknown statement" for an empty text.

    Examples
    --------
    >>> shortened("SELECT id, owner FROM accounts WHERE id = 7", most=20)
    'select id, owner fr…'
    """
    shape = fingerprint(query)
    if not shape:
        return "unknown statement"
    return shape if len(shape) <= most else shape[: most - 1].rstrip() + CUT


class Fingerprints:
    """Fingerprints of many texts, each worked out once; what it remembers is bounded.

    Texts that differ only in a comment at their beginning or end, where request ids stand, are one text, and so are
    those that differ in plain literals. Equal fingerprints are one object.

    Parameters
    ----------
    dialect : str
        "postgresql" or "mysql".

    Examples
    --------
    >>> of = Fingerprints().of
    >>> of("SELECT 1 /* request 7 */") == of("select 2") and of("select 2")[1]
    'select ?'
    """

    def __init__(self, dialect: str = "postgresql") -> None:
        scanner(dialect)
        self._dialect = dialect
        self._recent: dict[str, tuple[str, str]] = {}
        self._older: dict[str, tuple[str, str]] = {}
        self._plain: dict[str, tuple[str, str]] = {}
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, text: str, *, cut: bool = False) -> tuple[str, str]:
        """Return the id and the fingerprint of a text; see `fingerprint`."""
        key = text
        if text.endswith("*/"):
            at = text.rfind("/*")
            if at >= 0 and text.find("*/", at + 2) == len(text) - 2:
                key = text[:at]
        if key.startswith("/*"):
            at = key.find("*/", 2)
            if at >= 0 and "/*" not in key[2:at]:
                key = key[at + 2 :]
        if cut:
            key += "\0"
        found = self._recent.get(key)
        return found if found is not None else self._worked_out(key, cut=cut)

    def _worked_out(self, key: str, *, cut: bool) -> tuple[str, str]:
        found = self._older.get(key)
        if found is None:
            found = (
                self._of_plain(key)
                if not cut and len(key) <= LONGEST_TEXT
                else self._made(key[:-1] if cut else key, cut=cut)
            )
        if len(key) <= LONGEST_TEXT:
            if len(self._recent) >= MOST_TEXTS:
                self._older, self._recent = self._recent, {}
            self._recent[key] = found
        return found

    def _of_plain(self, key: str) -> tuple[str, str]:
        """Return what is known of a text whose plain literals are others."""
        if MORE_THAN_PLAIN.search(key) is not None:
            return self._made(key, cut=False)
        plain = PLAIN_LITERAL.sub("''", key)
        found = self._plain.get(plain)
        if found is None:
            if len(self._plain) >= MOST_TEXTS:
                self._plain.clear()
            found = self._plain[plain] = self._made(key, cut=False)
        return found

    def _made(self, text: str, *, cut: bool) -> tuple[str, str]:
        shape = fingerprint(text, cut=cut, dialect=self._dialect)
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= MOST_TEXTS:
                self._known.clear()
            found = self._known[shape] = (fingerprint_id(shape), shape)
        return found
