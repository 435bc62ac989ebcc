"""How a server is reached: its URL, references to credentials, certificates, time-outs; nothing secret in here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import urlsplit

from analysis.errors import SpecError
from analysis.sources.prometheus.secrets import is_reference, resolve

__all__ = ["FIELD", "Settings", "checked_url", "file_of", "public_url", "url_of"]

FIELD = "sources.prometheus"
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True)
class Settings:
    """How one server is reached.

    Parameters
    ----------
    url : str
        http(s)://host[:port][/prefix], or a reference (env:NAME, file:/path) to that.
    auth : str or None
        Reference to ``Bearer x`` or ``Basic x`` (sent as it is), ``user:password``, or else a bearer token.
    tenant : str or None
        X-Scope-OrgID, or a reference to it.
    headers : mapping of str to str
        Names of further headers to references of their values.
    ca_path, client_cert, client_key : str or None
        file:/path (or the path itself, or env:NAME that holds it) of PEM files; the key without a passphrase.
    verify : bool
        False leaves the server's certificate unchecked.
    encoding : {"identity", "gzip"}
        Accept-Encoding. Compression costs a Go server more time than a fast network saves.
    connect_seconds, read_seconds : float
        Until connected; the longest silence. The server is asked to stop slightly before the latter.
    parameters : mapping of str to str
        Further parameters of every question (``partial_response: "false"``).
    answer_bytes : int
        The largest JSON answer that is taken, after decompression.

    Raises
    ------
    SpecError
        If anything is not of its form. What may be a secret is not repeated.

    Examples
    --------
    >>> Settings("http://localhost:9090", auth="env:PROMETHEUS_TOKEN").encoding
    'identity'
    """

    url: str
    auth: str | None = None
    tenant: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    verify: bool = True
    encoding: Literal["identity", "gzip"] = "identity"
    connect_seconds: float = 10.0
    read_seconds: float = 120.0
    parameters: Mapping[str, str] = field(default_factory=dict)
    answer_bytes: int = 1_000_000_000

    def __post_init__(self) -> None:
        if not is_reference(self.url):
            checked_url(self.url)
        for name, text in {"auth": self.auth, **{f"headers.{k}": v for k, v in self.headers.items()}}.items():
            if text is not None and not is_reference(text):
                _refuse(
                    "a secret must be given by reference, never as the value itself", name, "env:NAME or file:/path"
                )
        for name in self.headers:
            if not HEADER.fullmatch(name) or name.lower() in ("host", "content-length", "content-type", "connection"):
                _refuse("this header cannot be set", "headers", "the name of a header that is not the transport's own")
        if self.auth is not None and "authorization" in {name.lower() for name in self.headers}:
            _refuse("there are two Authorization headers", "auth", "either auth or headers.Authorization")
        if self.encoding not in ("identity", "gzip"):
            _refuse("this encoding is not offered", "encoding", "identity or gzip")
        if self.client_key is not None and self.client_cert is None:
            _refuse("there is a key without a certificate", "client_cert", "file:/path of the certificate")
        for name, number in (("connect_seconds", self.connect_seconds), ("read_seconds", self.read_seconds),
                             ("answer_bytes", self.answer_bytes)):  # fmt: skip
            if not 0 < number < float("inf"):
                _refuse("this is no positive number", name, "a positive number")


def checked_url(url: str, *, where: str = f"{FIELD}.url") -> str:
    """Return a server's URL without the slash at its end.

    Parameters
    ----------
    url : str
        http(s)://host[:port][/prefix].
    where : str
        The field, for the error.

    Raises
    ------
    SpecError
        If it is none, or holds user and password, a query or a fragment. The URL is not repeated.

    Examples
    --------
    >>> checked_url("https://metrics.example/prometheus/")
    'https://metrics.example/prometheus'
    >>> try:
    ...     checked_url("http://user:word@localhost:9090")
    ... except SpecError as error:
    ...     error.what
    'the URL holds a user or a password'
    """
    expected = "http(s)://host[:port][/prefix]"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = None, None
    if "@" in (parts.netloc if parts is not None and parts.scheme in ("http", "https") and host else url):
        _refuse("the URL holds a user or a password", "url", expected, where, "take them out, and name them in auth")
    if parts is None or parts.scheme not in ("http", "https") or not host or re.search(r"[\x00-\x20\x7f\\]", url):
        _refuse("this is not the URL of a server", "url", expected, where)
    if "?" in url or "#" in url:
        _refuse(
            "the URL holds a query or a fragment",
            "url",
            expected,
            where,
            "take it out; a token goes into auth or headers",
        )
    return url.rstrip("/")


def public_url(url: str) -> str:
    """Return a URL without user, password, query and fragment: what may be shown.

    Examples
    --------
    >>> public_url("https://u:p@metrics.example:9090/prometheus/?a=b#c")
    'https://metrics.example:9090/prometheus'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a URL that is none"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def file_of(text: str, name: str) -> str:
    """Return the path of a PEM file that can be read.

    Parameters
    ----------
    text : str
        file:/path, the path itself, or env:NAME, a variable that holds the path.
    name : str
        The spec's field: ca, client_cert, client_key.

    Raises
    ------
    SpecError
        If there is none, it is no PEM, or it is a key with a passphrase. What a variable holds is not repeated: it may
        be the key itself.
    """
    by_name = text.startswith("env:")
    path = Path(resolve(text, where=f"{FIELD}.{name}").reveal() if by_name else text.removeprefix("file:"))
    told, expected = text if by_name else str(path), "file:/path of a PEM file"
    reason, content = "", b""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
    if reason:  # raised outside: the error of the system repeats the path
        _refuse(f"{told} cannot be read: {reason}", name, expected)
    if b"-----BEGIN" not in content:
        _refuse(f"{told} is no PEM file", name, expected)
    if name == "client_key" and b"ENCRYPTED" in content:
        _refuse(f"{told} asks for a passphrase", name, "a key without a passphrase, readable by its owner only")
    return str(path)


def url_of(settings: Settings) -> str:
    """Return the URL of settings, by reference or not, without the slash at its end.

    Parameters
    ----------
    settings : Settings
        Of a server.

    Raises
    ------
    SpecError
        If the reference cannot be resolved, or holds no URL of a server.

    Examples
    --------
    >>> url_of(Settings("http://localhost:9090/"))
    'http://localhost:9090'
    """
    where = f"{FIELD}.url"
    if not is_reference(settings.url):
        return checked_url(settings.url, where=where)
    return checked_url(resolve(settings.url, where=where).reveal(), where=f"{where} ({settings.url})")


def _refuse(what: str, name: str, expected: str, where: str = "", next: str = "") -> NoReturn:  # noqa: A002
    raise SpecError(
        what, where=where or f"{FIELD}.{name}", expected=expected, next=next or "correct it in incident.yaml"
    ) from None
