"""What a statement does, read from its fingerprint: its verb, whether it reads or writes, and which tables."""

from __future__ import annotations

import re

__all__ = ["access_of", "tables_of", "verb_of"]

VERB = re.compile(r"[\s(]*([a-z]+)")
WRITING_PART = re.compile(r"(?<![\w$.])(?:insert into|update (?!skip|of)[\w\"`.]+.*? set |delete from|merge into)")
LOCKING = re.compile(r"(?<![\w$.])for (?:no key )?update\b|(?<![\w$.])for (?:key )?share\b|lock in share mode")
READ = frozenset(("select", "table", "values", "show", "fetch", "with", "explain", "describe", "desc", "use"))
WRITTEN = frozenset(("insert", "update", "delete", "merge", "replace", "load", "copy", "truncate"))
TRANSACTION = frozenset(
    ("begin", "commit", "rollback", "abort", "end", "start", "savepoint", "release", "prepare transaction")
)
DEFINITION = frozenset(
    ("create", "alter", "drop", "comment", "grant", "revoke", "reindex", "cluster", "refresh", "rename", "security")
)
NAME = r"(?:[\w$]++|\"(?:[^\"]|\"\")++\"|`[^`]++`)(?:\.(?:[\w$]++|\"(?:[^\"]|\"\")++\"|`[^`]++`))*+"
NAMED = re.compile(
    rf"(?<![\w$.])(from|join|into|update|truncate(?: table)?|table(?: if (?:not )?exists)?|using)"
    rf"(?: only)?(?: lateral)? ({NAME}(?:(?: as)?(?: [\w$]++)?, ?{NAME})*+)"
)
MEMBER = re.compile(rf"(?:^|, ?)(?:only )?({NAME})")
COMMON = re.compile(rf"(?:with(?: recursive)?|,) ({NAME})(?: ?\([^()]*\))? as (?:not )?(?:materialized )?\(")
NO_TABLE = re.compile(r"(?:extract|substring|trim|overlay|position)\((?:[^()]|\([^()]*\))* from |distinct from ")
COPIED = re.compile(rf"^copy ({NAME})")
NOT_NAMES = frozenset(("select", "set", "values", "of", "nowait", "skip", "as", "only", "lateral", "default", "stdin"))


def verb_of(fingerprint: str) -> str:
    """Return the first word of a fingerprint; of one that begins with WITH the verb of what it is for; "" if none.

    Examples
    --------
    >>> verb_of("select ?"), verb_of("with a as (select ?) update t set b = ?"), verb_of("")
    ('select', 'update', '')
    """
    found = VERB.match(fingerprint)
    if found is None:
        return ""
    return _main_verb(fingerprint) if found[1] == "with" else found[1]


def _main_verb(fingerprint: str) -> str:
    """Return the first verb that stands in no parentheses."""
    depth = 0
    for token in re.finditer(r"[()]|[a-z]+", fingerprint):
        if token[0] == "(":
            depth += 1
        elif token[0] == ")":
            depth -= 1
        elif depth == 0 and token[0] in ("select", "insert", "update", "delete", "merge", "values", "table"):
            return token[0]
    return "with"


def access_of(fingerprint: str) -> str:
    """Return "r" (reads), "w" (writes or locks rows), "tcl" (of transactions), "ddl" (definitions) or "other".

    SELECT ... FOR UPDATE and WITH that writes are "w"; COPY ... TO reads; SET, VACUUM, CALL, DO and whatever is not
    understood are "other": what a procedure does is not seen.

    Examples
    --------
    >>> [access_of(f) for f in ("select a from t", "select a from t for update", "commit", "create table t(a int)")]
    ['r', 'w', 'tcl', 'ddl']
    """
    verb = verb_of(fingerprint)
    if verb == "prepare":
        return "tcl" if fingerprint.startswith("prepare transaction") else "other"
    if verb in TRANSACTION:
        return "tcl"
    if verb in DEFINITION:
        return "ddl"
    if verb == "copy":
        return "w" if re.search(r" from ", fingerprint.split("(select", 1)[0]) else "r"
    if verb in WRITTEN:
        return "w"
    if verb == "explain" and not re.match(r"explain (?:\([^)]*)?analy[sz]e", fingerprint):
        return "other"
    if verb in READ:
        return "w" if WRITING_PART.search(fingerprint) or LOCKING.search(fingerprint) else "r"
    return "other"


def tables_of(fingerprint: str) -> tuple[str, ...]:
    """Return the tables that a fingerprint names, in the order of their first place, as written; functions left out.

    Names of WITH parts are left out. It goes by the words before names, no grammar is applied: a statement of unusual
    form may show too few.

    Examples
    --------
    >>> tables_of("select a.b from t1 a join s.t2 on a.c = t2.c where extract(year from d) = ?")
    ('t1', 's.t2')
    """
    text = NO_TABLE.sub(" ", fingerprint)
    own = set(COMMON.findall(text)) if text.startswith("with") else set()
    found = [m[1] for m in (COPIED.match(text),) if m]
    for match in NAMED.finditer(text):
        members = MEMBER.findall(match[2])
        called = match[1] in ("from", "join", "using") and text.startswith("(", match.end())
        found += members[:-1] if called else members
    return tuple(dict.fromkeys(n for n in found if n not in own and n not in NOT_NAMES and not n[:1].isdigit()))
