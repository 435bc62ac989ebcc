"""Which log_line_prefix a log was written with, found out from its lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.errors import EvidenceError
from analysis.sources.pglog.prefix import Prefix, compiled, head_pattern
from analysis.sources.pglog.stamps import EPOCH_STAMP, STAMP
from analysis.sources.pglog.words import SEVERITY

__all__ = ["COMMON", "checked_prefix", "general", "looks_like_a_head", "prefix_of"]

COMMON = (
    "%m [%p] ", "%m [%p] %q%u@%d ", "%m [%p] %q%u@%d %h ", "%m [%p] %q%u@%d %a %h ", "%m [%p] %q%u@%d/%a ",
    "%m [%p] %q%a %u@%d ", "%m [%p] %q[user=%u,db=%d,app=%a] ", "%t:%r:%u@%d:[%p]:",
    "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
    "%t:%h:%u@%d:[%p]:", "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", "%t [%p]: [%l-1] db=%d,user=%u ",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ", "%t [%p]: db=%d,user=%u,app=%a,client=%h ",
    "[%p]: [%l-1] db=%d,user=%u ",
    "%t [%p]: [%l-1] ", "%t [%p-%l] %q%u@%d ", "%m [%p] %e ", "%m %p %u@%d from %h [vxid:%v txid:%x] [%i] ",
    "%m %b[%p] %q%u@%d %a ", "%c %m [%p] ", "user=%u,db=%d,app=%a,client=%h ", "%q%u@%d ", "[%p] ", "",
)  # fmt: skip
LONGEST = 300
LEAD = re.compile(rb"^[^\n]{0,80}?(?=" + STAMP + rb"|" + EPOCH_STAMP + rb")")
UNIT = rb"[^\x1f]*\x1f"
PAIR = re.compile(
    r"(?<![\w.])([A-Za-z_]{1,24})[=:] ?(.*?)(?=$|[,;|\]]|\s+[A-Za-z_\[(]+\w*[=:]|\s*\[|\s+\S+@)", re.DOTALL
)
NAMES = {
    "u": ("user", "usr", "u", "username", "role", "usename"), "d": ("db", "database", "d", "dbname", "datname"),
    "a": ("app", "appli", "application", "application_name", "appname", "a"),
    "h": ("client", "host", "remote", "h", "ip", "addr", "remote_host", "clientip", "from"),
    "p": ("pid", "p", "process", "backend"), "c": ("session", "sess", "session_id", "sid", "c"),
    "e": ("sqlstate", "state", "sql_error_code", "error", "err", "e", "code"),
    "Q": ("queryid", "query_id", "qid", "q"), "i": ("tag", "command", "cmd", "ps"),
}  # fmt: skip
STATE = re.compile(  # by the classes of SQLSTATE that there are
    r"(?<![\w.\[:/-])((?:0[0-39ABFLPZ]|08|2[0-8BDF]|3[489BDF]|4[024]|5[34578]|72|F0|HV|P0|XX)[0-9A-Z]{3})(?![\w.\]/-])"
)
ESCAPE_OF = {name: escape for escape, names in NAMES.items() for name in names}
UNLABELLED = (
    ("p", re.compile(r"\[(\d{1,8})(?:-\d+)?\]")),
    ("u@d", re.compile(r"(?<![\w.=@])(\[unknown\]|[^\s,@:;|=\[\](){}]*)@(\[unknown\]|[^\s,@:;|=\[\](){}/]*)")),
    ("h", re.compile(r"(?<![\w.])(\[local\]|(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w.])")),
    ("c", re.compile(r"(?<![\w.])([0-9a-f]{6,16}\.[0-9a-f]{1,8})(?![\w.])")),
    ("p", re.compile(r"(?<![\w.:/-])(\d{2,8})(?![\w.:/-])")),
)


def general(*, stamp: bytes, lead: bool = False) -> Prefix:
    """Return a prefix that fits any: what it says is found by its look (pid in brackets, user@database, key=value).

    Parameters
    ----------
    stamp : bytes
        Pattern of the stamp; b"" where only a wrapper gives a time.
    lead : bool
        Whether something stands before the stamp.

    Examples
    --------
    >>> made = general(stamp=b"")
    >>> made.said(bytes([31]) + b" [7] db=shop,user=kim app=my app client=10.0.0.7 ")
    {'d': 'shop', 'u': 'kim', 'a': 'my app', 'h': '10.0.0.7', 'p': '7'}
    """
    before = rb"[^\n\x1f]{0,80}?" if lead else b""
    return Prefix("(as it looks)", before, stamp, rb"[^\n\x1f]{0,%d}?" % LONGEST, _said)


def _said(key: bytes) -> dict[str, str]:
    wrapped, _, rest = key.rpartition(b"\x1f")
    text = rest.decode("utf-8", "replace")
    found: dict[str, str] = {}
    for pair in PAIR.finditer(text):
        if escape := ESCAPE_OF.get(pair[1].lower()):
            found.setdefault(escape, pair[2].strip())
    for escape, pattern in UNLABELLED:
        names = escape.split("@") if "@" in escape else [escape]
        if all(name in found for name in names):
            continue
        if match := pattern.search(text):
            for name, value in zip(names, match.groups(), strict=True):
                found.setdefault(name, value)
    if "p" in found and "e" not in found and (match := STATE.search(text)):
        found["e"] = match[1]
    outer = re.match(rb"(\d+)(?:\x1f|\Z)", wrapped)
    if outer:
        found["p"] = outer[1].decode()
    return found


def prefix_of(heads: Sequence[bytes], *, wrapped: bool) -> Prefix | None:
    """Return the prefix that lines have, or None if none of them is the head of a record.

    Parameters
    ----------
    heads : sequence of bytes
        Lines of a log, also others.
    wrapped : bool
        Whether they begin as `prefix.HEAD_OF_WRAPPED`.

    Examples
    --------
    >>> prefix_of([b"2026-11-22 18:04:30.1 UTC [7] kim@shop LOG:  x"], wrapped=False).text
    '%m [%p] %q%u@%d '
    >>> prefix_of([b"nothing"], wrapped=False) is None
    True
    """
    likely = [line for line in heads if looks_like_a_head(line, timed=wrapped)]
    if not likely:
        return None
    best, most = None, 0
    for text in COMMON:
        prefix = compiled(text, strict=True)
        if not (prefix.stamp or wrapped):
            continue
        pattern = head_pattern(prefix, wrapped=wrapped)
        fits = sum(pattern.match(line) is not None for line in likely)
        if fits > most:
            best, most = prefix, fits
        if most == len(likely):
            return best
    for stamp in (STAMP, EPOCH_STAMP):
        for lead in (False, True):
            prefix = general(stamp=stamp, lead=lead)
            pattern = head_pattern(prefix, wrapped=wrapped)
            fits = sum(pattern.match(line) is not None for line in likely)
            if fits > most:
                best, most = prefix, fits
    if wrapped and most < len(likely):
        prefix = general(stamp=b"")
        pattern = head_pattern(prefix, wrapped=True)
        fits = sum(pattern.match(line) is not None for line in likely)
        if fits > most:
            best, most = prefix, fits
    return best


HEAD = re.compile(rb"^[^\n]{0,%d}?(?<![A-Za-z0-9_])(?:" % LONGEST + SEVERITY + rb") ?: ")
OF_WRAPPED = re.compile(rb"^\x1e\d+\x1f[^\x1f]*\x1f\d*\x1f")


def looks_like_a_head(line: bytes, *, timed: bool) -> bool:
    """Return whether a line may be the head of a record: a time, unless the wrapper gives one, and a severity.

    Examples
    --------
    >>> looks_like_a_head(b"2026-11-22 18:04:30 UTC [7] LOG:  x", timed=False)
    True
    >>> looks_like_a_head(b"[7] LOG:  x", timed=False), looks_like_a_head(b"[7] LOG:  x", timed=True)
    (False, True)
    """
    if timed:
        text = OF_WRAPPED.sub(b"", line)
        return HEAD.match(text) is not None and text[:1] not in b"\t "
    return HEAD.match(line) is not None and LEAD.match(line) is not None


def checked_prefix(text: str, heads: Sequence[bytes], *, wrapped: bool, file: str) -> Prefix:
    """Return a prefix that was given, if the lines have it.

    Raises
    ------
    EvidenceError
        If most of the lines that look like the head of a record have another; names the first one that does not fit.

    Examples
    --------
    >>> lines = [b"2026-11-22 18:04:30 UTC [7] LOG:  x"]
    >>> checked_prefix("%t [%p] ", lines, wrapped=False, file="a.log").text
    '%t [%p] '
    >>> checked_prefix("%p %t ", lines, wrapped=False, file="a.log")
    Traceback (most recent call last):
        ...
    analysis.errors.EvidenceError: the lines do not have the prefix that was given, %p %t
      where:    a.log, line 1
      expected: a prefix that fits; the lines look like: %m [%p]
      next:     leave the prefix out, or copy it from the server: show log_line_prefix
    """
    prefix = compiled(text)
    if not (prefix.stamp or wrapped):
        raise EvidenceError(
            "the prefix holds no time", where="prefix", expected="one of %m, %t, %n in it",
            next="set log_line_prefix with %m on the server; without times nothing can be placed",
        )  # fmt: skip
    pattern = head_pattern(prefix, wrapped=wrapped)
    likely = [(n, line) for n, line in enumerate(heads, 1) if looks_like_a_head(line, timed=wrapped)]
    missed = [n for n, line in likely if pattern.match(line) is None]
    if likely and len(missed) > len(likely) / 2:
        inferred = prefix_of(heads, wrapped=wrapped)
        looks = "nothing that is known" if inferred is None else inferred.text.strip()
        raise EvidenceError(
            f"the lines do not have the prefix that was given, {text.strip()}",
            where=f"{file}, line {missed[0]}",
            expected=f"a prefix that fits; the lines look like: {looks}",
            next="leave the prefix out, or copy it from the server: show log_line_prefix",
        )
    return prefix
