"""Lines of containers, clouds and syslog to what the server wrote: time, pid and text of each piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

__all__ = ["WRAPPERS", "Piece", "piece_of", "pieces_of"]

ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
NUMBER = rb"(?:\[(\d{1,12})-(\d{1,6})\] ?)?"
BSD = re.compile(
    rb"(?:<\d{1,3}>)?(?:(\d{4}) )?([A-Z][a-z]{2}) ([ 0-3]?\d) (\d\d:\d\d:\d\d)(?:\.\d+)? (?:\d{4} )?"
    rb"(?:[^\s\[\]]+ )?([^\s\[\]:]+)\[(\d{1,10})\]: ?(?:\[ID \d+ [\w.]+\] )?" + NUMBER + rb"(.*)",
    re.DOTALL,
)
ISO_SYSLOG = re.compile(
    rb"(?:<\d{1,3}>)?(" + ISO + rb") [^\s\[\]]+ ([^\s\[\]:]+)\[(\d{1,10})\]: ?" + NUMBER + rb"(.*)", re.DOTALL
)
RFC5424 = re.compile(
    rb"(?:\d+ )?<\d{1,3}>\d ("
    + ISO
    + rb") \S+ (\S+) (\d{1,10}|-) \S+ (?:-|\[[^\]]*\])(?: \xef\xbb\xbf| |$)"
    + NUMBER
    + rb"(.*)",
    re.DOTALL,
)
LOGPLEX = re.compile(
    rb"(?:\d+ <\d+>1 )?(" + ISO + rb") (?:\S+ )?(?:app\[)?(postgres(?:ql)?)\.(\d{1,10})\]?:?(?: - -)? "
    rb"(?:\[[A-Z_0-9-]+\] )?(?:\[(\d{1,12})-(\d{1,6})\] ?)?(.*)",
    re.DOTALL,
)
CRI = re.compile(rb"(" + ISO + rb") (stdout|stderr) ([FP])(?::\S*)? (.*)", re.DOTALL)
STAMPED = re.compile(rb"(" + ISO + rb") (.*)", re.DOTALL)
NAMED = re.compile(rb"(?:\[pod/[^\]\s]+\] |[\w.-]{1,80} +\| )(?:(" + ISO + rb") )?(.*)", re.DOTALL)
MONTHS = dict(
    zip(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13), strict=True)
)  # fmt: skip
POSTGRES = re.compile(rb"postgres|postmaster|pgsql|edb|enterprisedb", re.IGNORECASE)
TEXTS = ("log", "textPayload", "message", "msg", "line", "text", "@message", "MESSAGE")
TIMES = ("time", "timestamp", "@timestamp", "receiveTimestamp", "ts", "@ingestionTime")


class Piece(NamedTuple):
    """A line out of its wrapper: stamp and pid, b"" if not given, text; `number` and `part` of what is in several
    pieces (0 otherwise); `open`: the next piece goes on in the same line.
    """  # noqa: D205

    stamp: bytes
    pid: bytes
    text: bytes
    number: bytes = b""
    part: int = 0
    open: bool = False


def _bsd(line: bytes) -> Piece | None:
    found = BSD.match(line)
    if found is None or found[2] not in MONTHS:
        return None
    year, month, day, clock, program, pid, number, part, text = found.groups()
    if not POSTGRES.search(program):
        return None
    stamp = _with_year(year, MONTHS[month], int(day), clock, datetime.now(UTC).date())
    return _numbered(stamp, pid, _unescaped(text), number, part)


def _with_year(year: bytes | None, month: int, day: int, clock: bytes, today: date) -> bytes:
    """Return a stamp; a year that is missing is the last in which the day is not after tomorrow."""
    chosen = int(year) if year else today.year
    if (
        not year
        and (month, day) > ((tomorrow := today + timedelta(days=1)).month, tomorrow.day)
        and tomorrow.year == chosen
    ):
        chosen -= 1
    return b"%04d-%02d-%02d %b" % (chosen, month, day, clock)


def _numbered(stamp: bytes, pid: bytes, text: bytes, number: bytes | None, part: bytes | None) -> Piece:
    """Return a piece; the first of a message does not begin with a space, those that go on with a line may."""
    which = int(part or 0)
    return Piece(stamp, pid, text.lstrip(b" ") if which == 1 else text, number or b"", which)


def _unescaped(text: bytes) -> bytes:
    return text.replace(b"#012", b"\n").replace(b"#011", b"\t") if b"#01" in text else text


def _iso_syslog(line: bytes) -> Piece | None:
    found = ISO_SYSLOG.match(line) or RFC5424.match(line)
    if found is None or not POSTGRES.search(found[2]):
        return None
    stamp, _, pid, number, part, text = found.groups()
    return _numbered(stamp, b"" if pid == b"-" else pid, _unescaped(text), number, part)


def _logplex(line: bytes) -> Piece | None:
    found = LOGPLEX.match(line)
    if found is None:
        return None
    stamp, _, pid, number, part, text = found.groups()
    return _numbered(stamp, pid, text, number, part)


def _cri(line: bytes) -> Piece | None:
    found = CRI.match(line)
    return None if found is None else Piece(found[1], b"", found[4], open=found[3] == b"P")


def _stamped(line: bytes) -> Piece | None:
    found = STAMPED.match(line)
    return None if found is None else Piece(found[1], b"", found[2])


def _named(line: bytes) -> Piece | None:
    found = NAMED.match(line)
    return None if found is None else Piece(found[1] or b"", b"", found[2])


def _json(line: bytes) -> Piece | None:
    if line[:1] != b"{":
        return None
    try:
        record: Any = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        try:
            record = msgspec.json.decode(line.decode("utf-8", "replace").encode())
        except (ValueError, RecursionError):
            return None
    if not isinstance(record, dict) or "error_severity" in record:
        return None
    nested = record.get("jsonPayload", record.get("properties"))
    text = next((v for k in TEXTS if isinstance(v := record.get(k), str)), None)
    if text is None and isinstance(nested, dict):
        text = next((v for k in TEXTS if isinstance(v := nested.get(k), str)), None)
    if text is None:
        return None
    stamp = next((str(v) for k in TIMES if (v := record.get(k)) is not None), "")
    return Piece(stamp.encode("utf-8", "replace"), b"", text.rstrip("\r\n").encode("utf-8", "replace"))


WRAPPERS: dict[str, Callable[[bytes], Piece | None]] = {
    "logplex": _logplex, "syslog": _bsd, "syslog-iso": _iso_syslog, "cri": _cri, "json": _json, "named": _named,
    "stamped": _stamped,
}  # fmt: skip


def piece_of(wrapper: str, line: bytes) -> Piece | None:
    r"""Return what a line holds, or None if it is wrapped otherwise or is of another program.

    Parameters
    ----------
    wrapper : str
        One of `WRAPPERS`.
    line : bytes
        Without its line end.

    Examples
    --------
    >>> piece_of("cri", b"2026-11-22T18:04:30.5Z stderr F hello").text
    b'hello'
    >>> piece_of("syslog-iso", b"2026-11-22T18:04:30Z db7 postgres[12]: [5-2] #011 from t").text
    b'\t from t'
    """
    return WRAPPERS[wrapper](line)


def pieces_of(wrapper: str, lines: Iterable[bytes]) -> Iterator[Piece]:
    """Yield what lines hold, those that a container cut put together; what is wrapped otherwise is left out.

    Examples
    --------
    >>> lines = [b"2026-11-22T18:04:30Z stdout P hel", b"2026-11-22T18:04:30Z stdout F lo"]
    >>> [piece.text for piece in pieces_of("cri", lines)]
    [b'hello']
    """
    before: Piece | None = None
    for line in lines:
        piece = piece_of(wrapper, line)
        if piece is None:
            continue
        if before is not None:
            piece = before._replace(text=before.text + piece.text, open=piece.open)
        before = piece if piece.open else None
        if before is None:
            yield piece
