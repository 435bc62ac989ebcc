"""What a key stands for: the statement behind it, whole where it is known, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analysis.sql.fingerprint import CUT, fingerprint, fingerprint_id
from analysis.sql.redact import redacted

__all__ = ["Key", "key_of", "whole_texts"]

MOST_BYTES = 500  # of a statement in an answer about load; get-dimension-key-details gives it whole
LIST = "?+"  # a list of any length, in tokenized statements


class Key(NamedTuple):
    """A dimension key: its group, id, the server's id, what may be shown, type of a wait, fingerprint id and text."""

    group: str
    key: str
    native_id: str
    label: str
    type: str
    fingerprint: str
    text: str
    truncated: bool


def key_of(group: str, dimensions: Iterable[tuple[str, str]], wholes: Sequence[str]) -> Key:
    """Return what a key stands for.

    Parameters
    ----------
    group : str
        As db.sql_tokenized.
    dimensions : iterable of (str, str)
        Name and value of each.
    wholes : sequence of str
        Fingerprints of statements that are known whole, from `whole_texts`. A statement of 500 bytes or more is cut:
        it is never taken for whole, and completed where one of these alone begins like it.

    Examples
    --------
    >>> key = key_of("db.sql_tokenized", [("db.sql_tokenized.id", "A1"),
    ...     ("db.sql_tokenized.statement", "select a from t where b in(?+)")], ())
    >>> key.key, key.text, key.truncated
    ('A1', 'select a from t where b in (?)', False)
    >>> key_of("db.wait_event", [("db.wait_event.name", "IO:WALSync"), ("db.wait_event.type", "IO")], ())[1:5]
    ('IO:WALSync', '', 'IO:WALSync', 'IO')
    """
    parts = {name.rpartition(".")[2]: value for name, value in dimensions}
    statement = parts.get("statement", "")
    if statement:
        text, cut = _whole(statement, wholes)
        name = parts.get("id") or fingerprint_id(text)
        return Key(group, name, parts.get("db_id", ""), text, "", fingerprint_id(text), text, cut)
    shown = redacted(parts.get("name", ""))
    key = parts.get("id") or shown or " ".join(redacted(v) for v in parts.values())
    return Key(
        group, key, parts.get("db_id", ""), shown or key, redacted(parts.get("type", "")), "", "", truncated=False
    )


def whole_texts(statements: Iterable[str]) -> tuple[str, ...]:
    """Return the fingerprints of whole statements, without those that end within a token.

    Examples
    --------
    >>> whole_texts(["SELECT 1", "SELECT 'cut"])
    ('select ?',)
    """
    found = dict.fromkeys(_fingerprint(text, cut=False) for text in statements)
    return tuple(text for text in found if text and not text.endswith(CUT))


def _whole(statement: str, wholes: Sequence[str]) -> tuple[str, bool]:
    cut = len(statement.encode("utf-8", "replace")) >= MOST_BYTES
    text = _fingerprint(statement, cut=cut)
    if not cut and not text.endswith(CUT):
        return text, False
    beginning = text.removesuffix(CUT).rstrip(" )")
    fitting = [whole for whole in wholes if whole.startswith(beginning)]
    return (fitting[0], False) if len(fitting) == 1 else (text, True)


def _fingerprint(statement: str, *, cut: bool) -> str:
    dialect = "mysql" if "`" in statement and "'" not in statement else "postgresql"
    return fingerprint(statement.replace(LIST, "?"), cut=cut, dialect=dialect)
