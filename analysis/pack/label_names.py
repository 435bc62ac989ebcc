"""What the name of a label says of its values, and which names may stand in a pack as they are. Pure."""

from __future__ import annotations

import re

from analysis.pack.patterns import looks
from analysis.pack.rules import SECRET_WORDS

__all__ = ["is_bound", "is_plain", "is_secret", "is_sql", "is_version", "known_as"]

PLAIN = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.]*")
LONGEST = 200
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
OTHER = re.compile(r"[^A-Za-z0-9]+")
PART = re.compile(r"\d{9,}|(?=.*\d)[0-9a-fA-F]{24,}|(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9]{32,}")
DIGITS = re.compile(r"\d{9,}|(?<!\d)\d{1,3}(?:[_.]\d{1,3}){3}(?!\d)|(?<!\d)01\d_\d{3,4}_\d{4}(?!\d)")
NUMBER = re.compile(r"[+-]?(?:(?:\d{1,25}(?:\.\d{0,25})?|\.\d{1,25})(?:[eE][+-]?\d{1,3})?|Inf|inf|NaN|nan)")
VERSION = re.compile(
    r"v?\d{1,5}(?:\.\d{1,5}){2,5}(?:[-+~_]?[A-Za-z]\w{0,15})?(?:[-+~_][A-Za-z0-9]{1,16}){0,3}", re.ASCII
)
SQL = re.compile(
    r"\s*(?:select|insert|update|delete|with|copy|call|merge|replace|create|alter|drop|grant|truncate|execute|exec|"
    r"declare|begin|set|values|explain|prepare|fetch)\s+\S",
    re.IGNORECASE,
)


def known_as(name: str) -> str:
    """Return the name of a label as `rules` has it: words in lower case joined by "_", without `exported_` before it.

    Examples
    --------
    >>> [known_as(name) for name in ("clientAddr", "http.response-code", "exported_pod", "DBInstanceIdentifier")]
    ['client_addr', 'http_response_code', 'pod', 'db_instance_identifier']
    """
    plain = OTHER.sub("_", HUMP.sub("_", name)).strip("_").lower()
    while plain.startswith("exported_"):
        plain = plain.removeprefix("exported_")
    return plain


def is_secret(known: str) -> bool:
    """Return whether a name, as `known_as` gives it, says that its values are secrets.

    Examples
    --------
    >>> is_secret("api_key"), is_secret("db_password"), is_secret("keyspace")
    (True, True, False)
    """
    return not SECRET_WORDS.isdisjoint(known.split("_"))


def is_bound(known: str, value: str) -> bool:
    """Return whether a value is the bound of a bucket or the rank of a quantile: a number, whatever it looks like.

    Examples
    --------
    >>> is_bound("le", "35184372088832"), is_bound("le", "+Inf"), is_bound("le", "kim"), is_bound("pod", "1")
    (True, True, False, False)
    """
    return known in ("le", "quantile") and NUMBER.fullmatch(value) is not None


def is_version(known: str, value: str) -> bool:
    """Return whether a value is the number of a version, by its name: four numbers with dots are no address there.

    Examples
    --------
    >>> is_version("redis_version", "7.0.15.2"), is_version("host", "7.0.15.2"), is_version("version", "on 10.0.0.7")
    (True, False, False)
    """
    named = any(word in known for word in ("version", "revision", "build"))
    return named and VERSION.fullmatch(value) is not None


def is_sql(value: str) -> bool:
    """Return whether a text begins as a statement does, and goes on.

    Examples
    --------
    >>> is_sql("SELECT 1"), is_sql("select"), is_sql("update_multi")
    (True, False, False)
    """
    return SQL.match(value) is not None


def is_plain(name: str) -> bool:
    """Return whether the name of a metric or label is one that somebody chose, without anything personal in it.

    Examples
    --------
    >>> is_plain("http_requests_total"), is_plain("kim@example.org"), is_plain("sent_to_4111111111111111")
    (True, False, False)
    """
    if len(name) > LONGEST or not PLAIN.fullmatch(name) or DIGITS.search(name):
        return False
    if any(PART.fullmatch(part) for part in re.split(r"[_.:]", name)):
        return False
    return not any(True for text in (name, name.replace("_", "-"), name.replace("_", " ")) for _ in looks(text))
