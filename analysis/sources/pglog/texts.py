"""Texts of statements, as bytes, to the rows of their fingerprints; most are known before they are decoded."""

from __future__ import annotations

import re

from analysis.sql.fingerprint import CUT, Fingerprints
from analysis.sql.verbs import access_of, verb_of

__all__ = ["Texts"]

MOST_KNOWN, LONGEST_KNOWN = 20_000, 4_000
MOST_CLASSES = 50_000
OVERFLOW = "(more)"
MORE_THAN_PLAIN = re.compile(rb"[\"`$\\#]|/\*|--")  # without these a text holds plain literals and numbers
PLAIN_LITERAL = re.compile(rb"'[^']*'|(?<![\w$.\x80-\xff])\d+(?![\w.\x80-\xff])")


def _keep(known: dict[bytes, int], key: bytes, row: int) -> None:
    if len(known) >= MOST_KNOWN:
        known.clear()
    known[key] = row


class Texts:
    """Fingerprints by row, in the order in which they were first seen.

    Of more than 50,000 classes the rest is one, "(more)".

    Examples
    --------
    >>> texts = Texts()
    >>> texts.of(b"select 1 /* a='x' */"), texts.of(b"SELECT 2"), texts.of(b"select 'a'::text"), texts.texts
    (0, 0, 1, ['select ?', 'select ?::text'])
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.texts: list[str] = []
        self._rows: dict[str, int] = {}
        self._known: dict[bytes, int] = {}
        self._plain: dict[bytes, int] = {}
        self._of = Fingerprints().of

    def of(self, text: bytes) -> int:
        """Return the row of the fingerprint of a text."""
        if text.endswith(b"*/"):
            at = text.rfind(b"/*")
            if at >= 0:
                text = text[:at]
        row = self._known.get(text)
        return row if row is not None else self._new(text)

    def _new(self, text: bytes) -> int:
        if len(text) > LONGEST_KNOWN or MORE_THAN_PLAIN.search(text) is not None:
            row = self._made(text)
        else:  # texts that differ in plain literals have the same fingerprint
            plain = PLAIN_LITERAL.sub(b"''", text)
            known = self._plain.get(plain)
            row = self._made(text) if known is None else known
            if known is None:
                _keep(self._plain, plain, row)
        if len(text) <= LONGEST_KNOWN:
            _keep(self._known, text, row)
        return row

    def _made(self, text: bytes) -> int:
        found, shown = self._of(text.decode("utf-8", "replace"))
        row = self._rows.get(found)
        if row is None:
            if len(self.ids) >= MOST_CLASSES:
                found = shown = OVERFLOW
            row = self._rows.setdefault(found, len(self.ids))
            if row == len(self.ids):
                self.ids.append(found)
                self.texts.append(shown)
        return row

    def table(self) -> dict[str, list[object]]:
        """Return the columns of `frames.TEXT_COLUMNS`, a row each.

        Examples
        --------
        >>> texts = Texts()
        >>> _ = texts.of(b"update t set a = 1")
        >>> texts.table()["access"]
        ['w']
        """
        return {
            "text": list(self.texts), "verb": [verb_of(t) for t in self.texts],
            "access": [access_of(t) for t in self.texts], "truncated": [t.endswith(CUT) for t in self.texts],
        }  # fmt: skip
