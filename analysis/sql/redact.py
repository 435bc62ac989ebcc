"""Text of a log or a sample without what may be personal: literals, values of keys, addresses, numbers of cards."""

from __future__ import annotations

import re

from analysis.sql.fingerprint import fingerprint

__all__ = ["redacted"]

# Names of these kinds may stay in double quotes; whatever else is quoted is taken for a value.
KINDS = (
    "relation|table|view|index|sequence|column|constraint|database|role|user|schema|function|procedure|type|domain|"
    "extension|operator|tablespace|trigger|policy|publication|subscription|slot|parameter|encoding|language|cursor|"
    "aggregate|collation|catalog|attribute|field|rule|server|wrapper|partition|group|key|of|to|on|from|in|by|alias"
)
NAME = r"[^\W\d][\w$]*(?:[.\-][\w$]+)*"
PLAN = re.compile(r"(\bplan:).*", re.DOTALL)
PARAMETERS = re.compile(r"\b(parameters?:?) \$\d+ = .*", re.DOTALL | re.IGNORECASE)
LEADING = (
    r"STATEMENT|QUERY|Query Text|statement|Process \d+|internal query|logged statement|remote SQL command|"
    r"(?:execute|parse|bind) [^:\n]*"
)
STATEMENT = re.compile(rf"(?m)((?:^|(?<=[\s(]))(?:{LEADING}):)[ \t]+(\S.*?)(?=\s*^Process \d+: |\Z)", re.DOTALL)
SQL_STATEMENT = re.compile(r'(SQL (?:statement|expression)) "(.*?)"(?=\s*(?:\n|\Z))', re.DOTALL)
DATA = re.compile(r"((?:JSON data|COPY [^\n]*?), line \d+(?:, column [^:\n]*)?: )(?!null input).*", re.DOTALL)
KEY = re.compile(
    r"(\) ?= ?)(?:\(.*\)(?= already exists| is not present| is still referenced| is duplicated| conflicts|\.?\s*\Z)"
    r"|\(.*\Z)",
    re.DOTALL,
)
ROW = re.compile(r"\b(row contains )(?:\(.*\)|\(.*\Z)", re.DOTALL)
COMMENT = re.compile(r"\s*/\*.*?(?:\*/|\Z)", re.DOTALL)
SINGLE = re.compile(r"(?<!\w)(?:[eEbBxXnN]|[uU]&)?'[^']*+(?:''[^']*+)*+(?:'|\Z)")
DOUBLE = re.compile(rf'(?:\b({KINDS}) )?"([^"]*+(?:""[^"]*+)*+)(?:"|(\Z))', re.IGNORECASE)
FOREIGN_QUOTES = re.compile(r"«[^»]*(?:»|\Z)|»[^«]*(?:«|\Z)|„[^“”]*(?:[“”]|\Z)|“[^”]*(?:”|\Z)|‘[^’]*(?:’|\Z)")
SECRET = re.compile(
    r"(?i)\b((?:password|passwd|pwd|secret|token|api[_-]?key|[\w-]*request[_-]?id|trace[_-]?id|traceparent|"
    r"correlation[_-]?id)\s*[=:]\s*)(?!\?)\S+"
)
PASSWORD = re.compile(r"(?i)\b((?:encrypted\s+)?password\s+)\$?\$.*?(?:\$\$|\Z)", re.DOTALL)
PATTERNS = (
    re.compile(r"(?<=://)[^\s/@]+:[^\s@]+(?=@)"),
    re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])"),
    re.compile(r"\b(?=\w*\d)[0-9a-fA-F]{24,}\b"),
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),
    re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?(?!\d)|(?<!\d)\d{4}[ -]\d{6}[ -]\d{4,5}(?!\d)"),
    re.compile(r"\+\d[\d ()/-]{6,}\d"),
    re.compile(r"(?<![\d.])\d{9,}"),
)


def redacted(text: str) -> str:
    """Return a text with ? for what may be personal; what is said and names of tables and columns stay.

    For messages, DETAIL, HINT, CONTEXT and STATEMENT lines of a server. A statement within is given by its
    `fingerprint`; of keys, rows, parameters, data that was loaded and plans nothing stays; quoted text stays where it
    names something (relation "x"), else it is a value. E-mail and bank addresses, UUIDs, telephone and card numbers,
    any run of nine digits or more, passwords and request ids are ? wherever they stand. A text that a program's author
    wrote freely (RAISE) is not understood: names of people in it stay.

    Parameters
    ----------
    text : str
        One message, of one or more lines.

    Examples
    --------
    >>> redacted("Key (email)=(kim@example.org) already exists.")
    'Key (email)=(?) already exists.'
    >>> redacted('invalid input syntax for type integer: "4711"'), redacted('relation "t1" does not exist')
    ('invalid input syntax for type integer: "?"', 'relation "t1" does not exist')
    >>> redacted("STATEMENT:  ALTER ROLE app PASSWORD 'x' /* request 7 */")
    'STATEMENT:  alter role app password ?'
    """
    kept = PLAN.sub(r"\1 ?", text)
    kept = PARAMETERS.sub(r"\1 ?", kept)
    kept = STATEMENT.sub(lambda m: f"{m[1]}{'  ' if m[1].isupper() else ' '}{fingerprint(m[2])}", kept)
    kept = SQL_STATEMENT.sub(lambda m: f"{m[1]}: {fingerprint(m[2])}", kept)
    kept = DATA.sub(r"\1?", kept)
    kept = ROW.sub(r"\1(?)", KEY.sub(r"\1(?)", kept))
    kept = PASSWORD.sub(r"\1?", COMMENT.sub("", kept))
    kept = SINGLE.sub("?", kept)
    kept = DOUBLE.sub(_quoted, kept)
    kept = FOREIGN_QUOTES.sub("?", kept)
    kept = SECRET.sub(r"\1?", kept)
    for pattern in PATTERNS:
        kept = pattern.sub("?", kept)
    return kept


def _quoted(match: re.Match[str]) -> str:
    kind, value, cut = match[1], match[2], match[3]
    before = f"{kind} " if kind else ""
    if kind and cut is None and re.fullmatch(NAME, value) and len(value) <= 128:
        return match[0]
    return f'{before}"?"'
