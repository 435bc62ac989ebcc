"""What the formats of access logs have in common: what failed, what a route is, when a request ended.

One rule for all: a request failed with status 0 (no response), 499 (the client gave up) or 500 and more. A 4xx is an
answer, not a failure; a mapping may name a column `failed` that says otherwise. Flags of Envoy do not count by
themselves: a response that was cut after its status 200 was sent is not seen as failed. Routes are paths without query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from analysis.sources.times import epoch_us

__all__ = ["LONGEST_LINE", "Reading", "end_of", "has_failed", "line_text", "nginx_us", "path_route", "request_route"]

LONGEST_LINE = 1 << 18  # longer is no line of an access log; bounds the work of the patterns
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {m: f"{i:02}" for i, m in enumerate(MONTH_NAMES, 1)}
NGINX_TIME = re.compile(r"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9:]{8}) ([+-][0-9]{4})")


@dataclass
class Reading:
    """How the reading of an access log went.

    Parameters
    ----------
    time : str
        The column of the time.
    starts : bool
        Whether that is the time of the start.
    connections : int
        TCP connections that were left out.
    truncated : bool
        Whether the file is cut.

    Examples
    --------
    >>> Reading("time_local").truncated
    False
    """

    time: str
    starts: bool = False
    connections: int = 0
    truncated: bool = False


def line_text(line: bytes) -> str:
    """Return a line as text.

    Raises
    ------
    ValueError
        If it is longer than a line of an access log can be.

    Examples
    --------
    >>> line_text(b"GET /pay")
    'GET /pay'
    """
    if len(line) > LONGEST_LINE:
        raise ValueError("too long for a line of an access log")
    return line.decode("utf-8", "replace")


def has_failed(status: str) -> bool:
    """Return whether a request with this status failed.

    Raises
    ------
    ValueError
        If the status is no number.

    Examples
    --------
    >>> [has_failed(status) for status in ("0", "200", "404", "499", "503")]
    [True, False, False, True, True]
    """
    code = int(status[:9])
    return code in (0, 499) or code >= 500


def path_route(path: str) -> str:
    """Return the path without its query.

    Examples
    --------
    >>> path_route("/pay?x=1")
    '/pay'
    """
    return path.partition("?")[0]


def request_route(request: str) -> str:
    """Return the path of a request line, without its query; the empty text if there is none.

    Examples
    --------
    >>> request_route("GET /pay?x=1 HTTP/1.1")
    '/pay'
    """
    parts = request.split(" ")
    return path_route(parts[1]) if len(parts) > 1 else ""


def end_of(start: int, duration: float) -> int:
    """Return when a request ended [us since the epoch]; an unknown duration leaves its start.

    Parameters
    ----------
    start : int
        When it started [us since the epoch].
    duration : float
        How long it took [s]; NaN is unknown.

    Examples
    --------
    >>> end_of(1795370670000000, 0.25), end_of(1795370670000000, float("nan"))
    (1795370670250000, 1795370670000000)
    """
    return start if duration != duration else start + round(duration * 1e6)


@lru_cache(maxsize=1024)
def nginx_us(text: str) -> int:
    """Return $time_local of nginx as microseconds since the epoch.

    Raises
    ------
    ValueError
        If it is no such time.

    Examples
    --------
    >>> nginx_us("22/Nov/2026:18:04:30 +0000")
    1795370670000000
    """
    found = NGINX_TIME.fullmatch(text)
    if not found or found[2] not in MONTHS:
        raise ValueError("no time of nginx")
    return epoch_us(f"{found[3]}-{MONTHS[found[2]]}-{found[1]}T{found[4]}{found[5]}")
