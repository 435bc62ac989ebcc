"""How what is personal or secret looks, wherever it stands: the patterns that redaction and the last gate share."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["ADDRESS", "NEVER", "Look", "is_address", "is_card", "is_iban", "looks"]

V4 = r"(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)"
V6 = r"(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{2,39}+(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\w)"
DASHED = (
    r"(?:(?<![A-Za-z0-9])ip-|(?<![\w-]))\d{1,3}(?:-\d{1,3}){3}(?![\w-])"  # names of hosts and pods, made of addresses
)
ADDRESS = re.compile(f"(?P<v6>{V6})|(?P<v4>{V4})|(?P<dashed>{DASHED})")
MAC = r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])"
EMAIL = r"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
CARD = re.compile(
    r"(?<![\w.+-])(?:[3-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?!\w|\.\d)"
)
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
# what no file of ours may hold, whatever its kind
NEVER: dict[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----)?"),
    "JSON web token": re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"),
    "bearer token": re.compile(r"(?i)\b(?:bearer|basic)\s+(?!realm\b)(?=[\w.~+/-]*\d)[\w.~+/-]{12,}=*"),
    "cloud access key": re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "access token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|"
        r"[sr]k_live_\w{10,}|AIza[\w-]{30,}|ya29\.[\w-]{10,}|npm_[A-Za-z0-9]{30,}|dop_v1_[0-9a-f]{30,})"
    ),
    "password in a URL": re.compile(r"(?<=://)[^\s/@:\"']{0,128}:[^\s/@\"']{1,256}(?=@)"),
    "password or token": re.compile(
        r"(?i)(?<![A-Za-z])(?:password|passwd|pwd|secret|client_secret|access_token|refresh_token|auth_token|token|api[_-]?key)"
        r"[\"']?\s*[=:]\s*[\"']?(?!\?|anon-|null\b|none\b|true\b|false\b|\*{2,}|[\"',;)}\]\s])[^\s\"',;&)}\]]{3,}"
    ),
    "e-mail address": re.compile(EMAIL),
    "MAC address": re.compile(MAC),
    "universally unique identifier": re.compile(
        r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
    ),
    "resident registration number": re.compile(r"(?<![\w-])\d{6}-[1-8]\d{6}(?![\w-])"),
}


NEEDLES = {  # without one of these the pattern cannot match
    "private key": ("PRIVATE KEY",), "JSON web token": ("eyJ",), "cloud access key": ("AKIA", "ASIA", "AROA", "AIDA"),
    "access token": ("gh", "glpat-", "xox", "k_live_", "AIza", "ya29.", "npm_", "dop_v1_"),
    "password in a URL": ("://",), "e-mail address": ("@",),
}  # fmt: skip
DIGITS = re.compile(r"\d\d")


class Look(NamedTuple):
    """A stretch of a text that looks personal or secret: what kind, from where to where."""

    kind: str
    start: int
    end: int


def is_address(text: str) -> bool:
    """Return whether a text is an IP address of a host somewhere: not loopback, not the unspecified one.

    Examples
    --------
    >>> [is_address(text) for text in ("10.0.0.7", "fe80::1", "127.0.0.1", "1.2.3.999", "::")]
    [True, True, False, False, False]
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or text == "255.255.255.255")


def is_card(text: str) -> bool:
    """Return whether digits are a card number: 13 to 19 of them with a right check digit (ISO/IEC 7812-1, Luhn).

    Examples
    --------
    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(c) for c in text if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether a text is an account number with right check digits (ISO 13616: remainder 1 of 97).

    Examples
    --------
    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE00370400440532013000")
    (True, False)
    """
    flat = text.replace(" ", "")
    if not 15 <= len(flat) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in flat[4:] + flat[:4])) % 97 == 1


def looks(text: str) -> Iterator[Look]:
    """Yield what looks personal or secret in a text, but addresses of hosts: those need to know their pseudonyms.

    Examples
    --------
    >>> [found.kind for found in looks("mail kim@example.org, card 4111111111111111, account DE89370400440532013000")]
    ['e-mail address', 'card number', 'account number']
    """
    for kind, pattern in NEVER.items():
        if kind in NEEDLES and not any(needle in text for needle in NEEDLES[kind]):
            continue
        for found in pattern.finditer(text):
            yield Look(kind, found.start(), found.end())
    if not DIGITS.search(text):
        return
    for found in CARD.finditer(text):
        if is_card(found[0]):
            yield Look("card number", found.start(), found.end())
    for found in IBAN.finditer(text):
        if is_iban(found[0]):
            yield Look("account number", found.start(), found.end())
