"""How what is personal or secret looks, wherever it stands: the patterns that redaction and the last gate share."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["ADDRESS", "NEVER", "Look", "is_address", "is_card", "is_iban", "is_private", "looks", "wary"]

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
# names of secrets, whatever stands before them (PGPASSWORD, clientSecret); short ones only as a word (not: bypass)
SECRET_NAME = (
    r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|signature|"
    r"credentials?|private[_-]?key|secret[_-]?key|(?<![A-Za-z])(?:(?:pg|db)?pass|pw|sig))(?:[_-]?(?:id|key|value|hash))?"
)
BINDS = r"\\{0,3}[\"']?\s*(?:=>|[:=]=?)\s*\\{0,3}[\"']?"  # also in JSON, and in JSON within a text
VALUE = r"(?!\?|anon-|null\b|none\b|true\b|false\b|\*{2,}|[\\\"',;)}\]\s])[^\s\"',;&)}\]\\]+"
# what no file of ours may hold, whatever its kind
NEVER: dict[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----)?"),
    "JSON web token": re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"),
    "bearer token": re.compile(r"(?i)\b(?:bearer|basic)\s+(?!realm\b)(?=[\w.~+/-]*\d)[\w.~+/-]{12,}=*"),
    "cloud access key": re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    "access token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|"
        r"[sr]k_live_\w{10,}|AIza[\w-]{30,}|ya29\.[\w-]{10,}|npm_[A-Za-z0-9]{30,}|dop_v1_[0-9a-f]{30,}|hf_[A-Za-z0-9]{10,}|hv[sb]\.[\w-]{8,}|sk-(?=[\w-]*\d)[\w-]{16,})"
        r"|https?://(?:hooks\.slack\.com|discord(?:app)?\.com/api/webhooks|[\w.-]{1,80}webhook\.office\.com)/[^\s\"'\\]+"
    ),
    "password in a URL": re.compile(r"(?<=://)[^\s/@:\"']{0,128}:[^\s/@\"']{1,256}(?=@)"),
    "password or token": re.compile(
        rf"(?i){SECRET_NAME}(?:{BINDS}{VALUE}|[ \t]+is[ \t]+{VALUE})|--[\w.-]{{0,40}}{SECRET_NAME}[ \t]+{VALUE}"
        r"|\bmysql\w{0,9}\b[^\n|;]{0,200}?\s-p(?!anon-)[^\s\"'\\]+"
        r"|\s(?:-u|--user)[ =]?[\"']?[^\s:\"'/]{1,64}:[^\s\"'/\\]+"
        rf"|\bauthorization{BINDS}(?!anon-)(?:[\w-]{{1,20}}[ \t]+(?!anon-))?[^\s\"',\\]+"
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
    "access token": ("gh", "glpat-", "xox", "k_live_", "AIza", "ya29.", "npm_", "dop_v1_", "hf_", "hv", "sk-", "hook"),
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


def is_private(text: str) -> bool:
    """Return whether an address is one of a private network or of documentation, so that it is hardly a version.

    Examples
    --------
    >>> is_private("10.0.0.7"), is_private("5.17.0.1")
    (True, False)
    """
    return ipaddress.ip_address(text).is_private


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


# in words that a person looks at again a warning too much is cheap
WARY: dict[str, re.Pattern[str]] = {
    "telephone number": re.compile(
        r"(?<![\w-])(?:\(0\d{1,2}\) ?|0\d{1,2}[ .-])\d{3,4}[ .-]\d{4}(?!\w)|\+\d[\d ()/-]{6,}\d"
    ),
    "resident registration number": re.compile(r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}(?!\d)"),
    "password or token": re.compile(
        rf"(?i){SECRET_NAME}(?:[ \t]+(?:was|to|of)[ \t]+|[ \t]*[:=][ \t]*)(?!anon-)\S"
        r"|(?:비밀번호|암호)\s*[:=는은]?\s*\S"
    ),
    "access token": re.compile(r"(?<![\w-])(?:sk-[\w-]{4,}|hf_\w{4,}|hv[sb]\.[\w-]{4,})|hooks\.slack\.com/\S+"),
    "literal of a statement": re.compile(
        r"(?is)\b(?:select|insert|update|delete|values|where|set)\b[^\n;]{0,300}?(?:[=<>(,]|\b(?:like|in))\s*'[^'\n]+'"
    ),
}
DOTTED_CARD = re.compile(r"(?<![\w.])\d{4}(?:[ .-]\d{4}){3}(?![\w.]\d)")


def wary(text: str) -> Iterator[Look]:
    """Yield what may be personal or secret in words that a person wrote, beyond `looks`: for warnings only.

    Examples
    --------
    >>> [found.kind for found in wary("call 010-1234-5678 about select x where a = 'b'")]
    ['telephone number', 'literal of a statement']
    """
    for kind, pattern in WARY.items():
        for found in pattern.finditer(text):
            yield Look(kind, found.start(), found.end())
    for found in DOTTED_CARD.finditer(text):
        if is_card(found[0]):
            yield Look("card number", found.start(), found.end())
    for found in IBAN.finditer(text.upper()) if len(text.upper()) == len(text) else ():
        if is_iban(found[0]):
            yield Look("account number", found.start(), found.end())
