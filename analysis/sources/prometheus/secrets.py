"""Secrets by reference, env:NAME or file:/path; what they hold is masked wherever text leaves the package."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, quote_plus

from analysis.errors import SpecError

__all__ = ["MASK", "Secret", "is_reference", "masked", "resolve"]

MASK = "***"
REFERENCE = re.compile(r"(?:env:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|file:(?P<path>/[^\x00-\x1f\x7f]+))")
USERINFO = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)(\s+|%20)(?=[^\s\"',;]*[\d+/=._~-])[A-Za-z0-9+/=._~%-]{8,}")
LARGEST_BYTES = 65_536


class Secret:
    """A value that is used and never shown: as text, by repr, by format, in JSON or in a pickle it is ``***``.

    Parameters
    ----------
    value : str
        What must not be shown.

    Examples
    --------
    >>> token = Secret("abc")
    >>> f"{token} {token!r} {[token]}", token.reveal()
    ('*** *** [***]', 'abc')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value: str | None = value

    def reveal(self) -> str:
        """Return the value; SpecError for a copy that came out of a pickle, which holds none."""
        if self._value is None:
            raise SpecError("a secret is not kept in a pickle", where="prometheus", next="connect again")
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> tuple[object, ...]:
        return _emptied, ()

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(Secret)


def _emptied() -> Secret:
    """Return a secret without its value."""
    secret = Secret("")
    secret._value = None
    return secret


def is_reference(text: str) -> bool:
    """Tell whether a text names a variable or a file.

    Examples
    --------
    >>> is_reference("env:TOKEN"), is_reference("file:/run/secrets/token"), is_reference("glsa_abc")
    (True, True, False)
    """
    return REFERENCE.fullmatch(text) is not None


def resolve(reference: str, *, where: str = "sources.prometheus") -> Secret:
    """Return what a reference names.

    Parameters
    ----------
    reference : str
        env:NAME, a variable of the environment, or file:/path, a small UTF-8 file. Spaces and line ends around the
        value are stripped.
    where : str
        The spec's field, for the error.

    Raises
    ------
    SpecError
        If it is no reference (then it may be the secret itself: it is not repeated), or what it names is missing,
        unreadable, empty or holds control characters. The value is never in the error.

    Examples
    --------
    >>> os.environ["A_TOKEN"] = "abc"
    >>> resolve("env:A_TOKEN")
    ***
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise SpecError(
            "a secret must be given by reference, never as the value itself", where=where,
            expected="env:NAME or file:/path", next="put it into a variable or a file and name that",
        )  # fmt: skip
    if match["name"]:
        value = os.environ.get(match["name"])
        if value is None:
            _refuse(reference, where, "is not set")
    else:
        value = _content(Path(match["path"]), reference, where)
    value = value.strip(" \t\r\n")
    if not value:
        _refuse(reference, where, "is empty")
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value):
        _refuse(reference, where, "holds control characters or more than one line")
    if any("\ud800" <= c <= "\udfff" for c in value):
        _refuse(reference, where, "is not UTF-8 text")
    return Secret(value)


def _content(path: Path, reference: str, where: str) -> str:
    """Return the text of a small file."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        _refuse(reference, where, f"cannot be read: {error.strerror or type(error).__name__}")
    except UnicodeDecodeError:
        text = None
    if text is None:  # not raised inside the except: the error of the codec holds the bytes
        _refuse(reference, where, "is not UTF-8 text")
    if len(data) > LARGEST_BYTES:
        _refuse(reference, where, f"is larger than {LARGEST_BYTES:,} bytes")
    return text


def _refuse(reference: str, where: str, why: str) -> NoReturn:
    raise SpecError(
        f"{reference} {why}", where=where, expected="a variable or a file that holds one line", next="set it",
    ) from None  # fmt: skip


def masked(text: str, secrets: Iterable[Secret] = ()) -> str:
    """Return a text without secrets, in any of the forms in which servers and libraries repeat them.

    Parameters
    ----------
    text : str
        Any text.
    secrets : iterable of Secret
        What must not be in it: as it is, URL-encoded, base64 (as of Basic), escaped for JSON (of Python and of Go),
        HTML or a Python literal. Whoever they belong to, the user and password of a URL and what follows ``Bearer``
        or ``Basic`` go too.

    Examples
    --------
    >>> masked("Post http://u:p@h/?q=a%26b: 403", [Secret("a&b")])
    'Post http://***@h/?q=***: 403'
    """
    for form in sorted({f for s in secrets for f in _forms(s.reveal())}, key=len, reverse=True):
        text = text.replace(form, MASK)
    text = USERINFO.sub(f"{MASK}@", text)
    return CREDENTIALS.sub(rf"\1\2{MASK}", text)


def _forms(value: str) -> set[str]:
    """Return the ways in which a value may stand in a text; "" is none of them."""
    data = value.encode("utf-8", "surrogatepass")
    escaped = {quote(data, safe=""), quote(data, safe="/"), quote(data, safe="/:"), quote_plus(data)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), form) for form in escaped}
    coded = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()}
    plain = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    go = {re.sub(r"[<>&]", lambda m: f"\\u{ord(m[0]):04x}", form) for form in plain}
    pages = {html.escape(value), html.escape(value, quote=False), html.escape(value).replace("&quot;", "&#34;")}
    return (escaped | lower | coded | {form.rstrip("=") for form in coded} | plain | go | pages) - {""}
