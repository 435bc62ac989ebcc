"""One HTTP exchange: sent through requests, redirects judged, what went wrong said in our words."""

from __future__ import annotations

import copy
import errno
import os
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests import exceptions
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.question import Call

__all__ = ["exchange", "failure_of", "no_retries", "origin", "own_session", "quiet"]

MOVED = frozenset({301, 302, 307, 308})
PORTS = {"http": 80, "https": 443}


class OwnSession(requests.Session):
    """A session that computes no redirect by itself, and reads no body for it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """Return None: `exchange` judges redirects."""
        return None


def own_session() -> requests.Session:
    """Return a session that keeps no cookies and follows no redirects.

    Examples
    --------
    >>> with own_session() as session:
    ...     len(session.cookies)
    0
    """
    session = OwnSession()
    session.cookies.set_policy(_no_cookies())
    return session


def _no_cookies() -> Any:
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=[])


def no_retries() -> Retry:
    """Return the policy of urllib3 that never asks again: `retries` does.

    Examples
    --------
    >>> no_retries().total
    0
    """
    return Retry(0, read=False)


def quiet(session: requests.Session) -> requests.Session:
    """Return a session like this one whose adapters do not ask again.

    Parameters
    ----------
    session : requests.Session
        Not changed. A subclass is taken as it is, and so is an adapter of another class: they may sign requests.

    Examples
    --------
    >>> with requests.Session() as session:
    ...     quiet(session).get_adapter("http://localhost").max_retries.total
    0
    """
    if type(session) is not requests.Session:
        return session
    own = OwnSession()
    own.__dict__.update({name: getattr(session, name) for name in requests.Session.__attrs__})
    own.adapters = type(session.adapters)()
    for prefix, adapter in session.adapters.items():
        if type(adapter) is HTTPAdapter:
            adapter = copy.copy(adapter)
            adapter.max_retries = no_retries()
        own.adapters[prefix] = adapter
    return own


def exchange(session: requests.Session, call: Call) -> requests.Response:
    """Send a request and return the answer with its body unread; the caller closes it.

    A redirect within the same scheme, host and port is followed once, with the same method and body.

    Parameters
    ----------
    session : requests.Session
        Connections, proxies, certificates.
    call : Call
        The request.

    Raises
    ------
    RequestError
        Without an answer; or unauthorised, for a redirect to elsewhere: nothing is sent there.
    """
    answer = _sent(session, call)
    if answer.status_code in MOVED:
        call = call._replace(url=_target(answer, call.url), query="")
        answer = _sent(session, call)
        if answer.status_code in MOVED:
            answer.close()
            text = "the server redirects again and again"
            raise RequestError(Failure("not_understood", "none", answer.status_code, "", text))
    return answer


def _sent(session: requests.Session, call: Call) -> requests.Response:
    """Return an answer, its body unread; the error is raised outside, as the library's holds the request."""
    try:
        return session.request(
            call.method, f"{call.url}?{call.query}" if call.query else call.url, data=call.body or None,
            headers=call.headers, auth=call.auth, timeout=call.timeout_seconds, allow_redirects=False, stream=True,
            verify=session.verify, cert=session.cert,
        )  # fmt: skip
    except (exceptions.RequestException, HTTPError, OSError, ValueError) as error:
        failure = failure_of(error)
    raise RequestError(failure)


def _target(answer: requests.Response, url: str) -> str:
    """Return where a redirect leads if that is the same scheme, host and port."""
    status = answer.status_code
    location = answer.headers.get("Location", "")
    answer.close()
    try:
        there = urljoin(url, location)
        same, host = origin(there) == origin(url), urlsplit(there).hostname
    except ValueError:
        same, host = False, None
    if location and same and "@" not in urlsplit(there).netloc:
        return there.partition("#")[0]
    secure = host is not None and there.startswith("https:") and host == urlsplit(url).hostname
    where = f"{'https://' if secure else ''}{host}" if host else "nowhere"
    raise RequestError(
        Failure("unauthorised", "none", status, "", f"redirected to {where[:200]}; no credentials were sent there"),
        next="if that is the right server, name it in sources.prometheus.url; if it is a login page, see auth",
    )  # fmt: skip


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of a URL; ValueError for what is none.

    Parameters
    ----------
    url : str
        Absolute.

    Examples
    --------
    >>> origin("https://A.example/x") == origin("https://a.example:443/y")
    True
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def failure_of(error: BaseException) -> Failure:
    """Return how a request without an answer failed. Texts of the libraries are not used: they repeat URLs and headers.

    Parameters
    ----------
    error : exception
        Of requests, urllib3 or the operating system, with what it came from.

    Examples
    --------
    >>> failure_of(exceptions.ConnectionError(ConnectionRefusedError(errno.ECONNREFUSED, "x"))).text
    'connection refused'
    """
    chain = list(_chain(error))
    if isinstance(error, exceptions.ConnectTimeout):
        return Failure("unavailable", "retry", text="no connection within the time allowed")
    if isinstance(error, exceptions.Timeout):
        return Failure("timed_out", "split", text="no answer within the time allowed")
    if broken := next((e for e in chain if isinstance(e, ssl.SSLError)), None):
        if isinstance(broken, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return Failure("unavailable", "retry", text="the encrypted connection was closed")
        reason = getattr(broken, "reason", None) or "TLS"
        told = getattr(broken, "verify_message", "") or reason.replace("_", " ").lower()
        return Failure("unavailable", "none", text=f"no encrypted connection: {told[:200]}")
    if isinstance(error, exceptions.ConnectionError | HTTPError | OSError) and not isinstance(error, ValueError):
        via = "the proxy: " if isinstance(error, exceptions.ProxyError) else ""
        return Failure("unavailable", "retry", text=via + _reason(chain))
    return Failure("rejected", "none", text="the request cannot be made: its URL, headers or text are not valid")


def _chain(error: BaseException, depth: int = 8) -> Iterator[BaseException]:
    """Yield an error and those that it wraps."""
    yield error
    if depth:
        inner = [error.__cause__, error.__context__, getattr(error, "reason", None), *error.args]
        for found in inner:
            if isinstance(found, BaseException):
                yield from _chain(found, depth - 1)


def _reason(chain: list[BaseException]) -> str:
    """Return the reason of the operating system."""
    for error in chain:
        if isinstance(error, socket.gaierror):
            return "the name of the host is not known"
        if isinstance(error, ConnectionResetError | BrokenPipeError):
            return "the connection was closed without an answer"
    for error in chain:
        number = error.errno if isinstance(error, OSError) else None
        if number is not None and number in errno.errorcode:
            return os.strerror(number).lower()
    return "no connection"
