"""log_line_prefix to the pattern that finds the head of a record, and to what a prefix says of who wrote the line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from analysis.errors import EvidenceError
from analysis.sources.pglog.durations import DURATION
from analysis.sources.pglog.stamps import EPOCH_STAMP, STAMP
from analysis.sources.pglog.words import SEVERITY

__all__ = ["HEAD_OF_WRAPPED", "Prefix", "Who", "compiled", "head_pattern", "who_said"]

ESCAPE = re.compile(r"%(-?\d*)([a-zA-Z%])")
NO_NAME = ("[unknown]", "[local]", "-", "(null)")
ANY = rb"[^\n]{0,128}?"  # names have 63 bytes; without a bound a line of spaces takes time by the square
LOOSE = {
    "a": ANY, "u": ANY, "d": ANY, "r": ANY, "h": ANY, "b": ANY, "L": ANY, "i": ANY, "p": rb"\d+", "P": rb"\d*",
    "t": STAMP, "m": STAMP, "n": EPOCH_STAMP, "s": STAMP, "e": rb"[0-9A-Z]{5}", "c": rb"[0-9a-f]+\.[0-9a-f]+",
    "l": rb"\d+", "v": rb"(?:-?\d+/\d+)?", "x": rb"\d+", "Q": rb"-?\d+",
}  # fmt: skip
STRICT = LOOSE | {
    "u": rb"(?:\[unknown\]|[^\s=,;|@\[\]]*+)", "d": rb"(?:\[unknown\]|[^\s=,;|:/\[\]]*+)",
    "h": rb"(?:[\w.:%-]*|\[local\])", "b": rb"[a-z][a-z ]{3,40}?",
    "r": rb"(?:[\w.:%-]*(?:\(\d+\))?|\[local\])", "a": rb"[^\n,;|=]{0,128}?",
}  # fmt: skip
STAMPS = "tmn"
STATE = rb"(?:((?=[A-Z]{0,4}\d)[0-9A-Z]{5}): {1,2})?"  # of log_error_verbosity = verbose
# a line that was taken out of a wrapper: its number, the wrapper's stamp, the pid that the wrapper gives, the text
HEAD_OF_WRAPPED = b"\x1e%d\x1f%b\x1f%b\x1f"


class Who(NamedTuple):
    """Who wrote a record, "" where the log does not say; `session` is its id, else the pid; `pid` -1 if not known."""

    user: str
    database: str
    application: str
    client: str
    session: str
    pid: int


class Prefix(NamedTuple):
    r"""What stands in front of the severity.

    `text`: as in postgresql.conf, or how it was found out; `lead` and `rest`: patterns before and after the stamp;
    `stamp`: its pattern, b"" where only a wrapper gives a time; `said`: the bytes of lead and rest (with what a
    wrapper gives in front, \x1f between) to the values by escape, or None where they do not fit.
    """

    text: str
    lead: bytes
    stamp: bytes
    rest: bytes
    said: Callable[[bytes], dict[str, str] | None]


def compiled(text: str, *, strict: bool = False) -> Prefix:
    """Return the pattern of a log_line_prefix.

    Parameters
    ----------
    text : str
        As in postgresql.conf, with its % escapes; spaces at its end may be left out.
    strict : bool
        Whether names hold no spaces, commas or equal signs, for finding out which prefix a log has.

    Raises
    ------
    EvidenceError
        If it holds an escape that no server knows.

    Examples
    --------
    >>> compiled("%m [%p] %q%u@%d ").said(bytes([31]) + b" [7] kim@shop ")
    {'p': '7', 'u': 'kim', 'd': 'shop'}
    """
    forms = STRICT if strict else LOOSE
    parts, at, seen, optional = [b""], 0, set[str](), False
    stamp, stamp_at = b"", -1
    for found in ESCAPE.finditer(text):
        parts[-1] += re.escape(text[at : found.start()].encode())
        at, (width, letter) = found.end(), found.groups()
        if letter == "%":
            parts[-1] += b"%"
        elif letter == "q":
            parts.append(b"")
            optional = True
        elif letter not in forms:
            raise EvidenceError(
                f"no escape of log_line_prefix: %{letter}",
                where="prefix",
                expected="the setting log_line_prefix of the server",
                next="copy it with: show log_line_prefix",
            )
        elif letter in STAMPS and not stamp and not optional:
            stamp, stamp_at = forms[letter], len(parts)
            parts.append(b"")
        else:
            inner = forms[letter] if letter in seen or letter in STAMPS else b"(?P<%b>%b)" % (
                letter.encode(), forms[letter],
            )  # fmt: skip
            seen.add(letter)
            parts[-1] += (rb" {0,64}" if width and not width.startswith("-") else b"") + inner
            parts[-1] += rb" {0,64}" if width.startswith("-") else b""
    parts[-1] += re.escape(text[at:].encode().rstrip(b" "))
    lead = b"".join(parts[: max(stamp_at, 0)]) if stamp else b""
    after = parts[stamp_at:] if stamp else parts
    rest = after[0] + (b"(?:" + b"".join(after[1:]) + b")?" if optional else b"".join(after[1:]))
    named = re.compile(rb"(?:(?P<wrapped>\d*)\x1f)?" + lead + rb"\x1f" + rest + rb" *")

    def said(key: bytes) -> dict[str, str] | None:
        match = named.fullmatch(key)
        if match is None:
            return None
        values = {k: v.decode("utf-8", "replace") for k, v in match.groupdict().items() if v is not None}
        wrapped = values.pop("wrapped", "")
        return ({"p": wrapped} if wrapped else {}) | values

    return Prefix(text, _unnamed(lead), stamp, _unnamed(rest), said)


def _unnamed(pattern: bytes) -> bytes:
    return re.sub(rb"\(\?P<\w+>", b"(?:", pattern)


def head_pattern(prefix: Prefix, *, wrapped: bool) -> re.Pattern[bytes]:
    """Return the pattern of the head of a record at the beginning of a line.

    Its groups: number of the line (of wrapped lines), lead, stamp, rest, severity, SQLSTATE if it stands there (of
    verbose logs), and of a duration in English its
    number [ms], what took it ("statement", "execute", "plan" ...), and the name that follows.

    Parameters
    ----------
    prefix : Prefix
        What the records begin with.
    wrapped : bool
        Whether lines begin as `HEAD_OF_WRAPPED`.

    Examples
    --------
    >>> line = b"2026-11-22 18:04:30 UTC [7] LOG:  duration: 1.5 ms  execute S_1: select 1"
    >>> head_pattern(compiled("%t [%p] "), wrapped=False).match(line).groups()[2:]
    (b'2026-11-22 18:04:30 UTC', b' [7]', b'LOG', None, b'1.5', b'execute', b' S_1')
    """
    if not wrapped:
        start = b"^()(" + prefix.lead + b")(" + (prefix.stamp or rb"(?!)") + b")("
    elif prefix.stamp:
        start = rb"^\x1e(\d+)\x1f[^\x1f\n]*\x1f(\d*\x1f" + prefix.lead + b")(" + prefix.stamp + b")("
    else:
        start = rb"^\x1e(\d+)()\x1f([^\x1f\n]*)\x1f(\d*\x1f"
    head = (
        start
        + prefix.rest
        + rb") {0,16}(?<![A-Za-z0-9_])("
        + SEVERITY
        + rb") ?:(?: +|(?=\n)|\Z|(?=\S))"
        + STATE
        + DURATION
    )
    return re.compile(head, re.MULTILINE)


def who_said(said: dict[str, str]) -> Who:
    """Return who a prefix names.

    Examples
    --------
    >>> who_said({"u": "kim", "d": "[unknown]", "r": "10.0.0.7(4711)", "p": "9"})
    Who(user='kim', database='', application='', client='10.0.0.7', session='9', pid=9)
    """
    client = said.get("h") or said.get("r", "")
    if client.endswith(")"):
        client = client.partition("(")[0]
    pid = said.get("p", "")
    number = int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 12 else -1
    client = "" if client in NO_NAME and client != "[local]" else client
    user, database, application = ("" if (v := said.get(k, "").strip()) in NO_NAME else v for k in "uda")
    return Who(user, database, application, client, said.get("c", "") or pid, number)
