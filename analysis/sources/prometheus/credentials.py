"""What a request carries besides its question: Authorization and other headers, kept masked until they are sent."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from analysis.errors import SpecError
from analysis.sources.prometheus.secrets import Secret, is_reference, resolve
from analysis.sources.prometheus.settings import FIELD, Settings

__all__ = ["Credentials", "carried_by", "credentials_of", "of_proxies"]

TENANT = "X-Scope-OrgID"
BENIGN = frozenset({
    "accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-type", "user-agent",
    "x-scope-orgid",
})  # fmt: skip


class Credentials:
    """Headers that are put onto a request when it is sent; requests calls it as its `auth`.

    That there is always an `auth` keeps requests from looking for one in .netrc.

    Parameters
    ----------
    headers : mapping of str to Secret
        Names to values.
    secrets : tuple of Secret
        What must be masked: the values, and what they are made of.
    inner : callable or None
        An `auth` of requests that is applied after the headers.
    """

    def __init__(
        self,
        headers: Mapping[str, Secret],
        secrets: tuple[Secret, ...] = (),
        inner: Callable[[Any], Any] | None = None,
    ) -> None:
        self._headers, self.secrets, self._inner = dict(headers), secrets, inner

    def __call__(self, request: Any) -> Any:
        """Return a prepared request with the headers."""
        for name, value in self._headers.items():
            request.headers[name] = value.reveal()
        return request if self._inner is None else self._inner(request)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(sorted(self._headers))})"


def credentials_of(settings: Settings) -> Credentials:
    """Return what the references of settings hold.

    Parameters
    ----------
    settings : Settings
        Its auth, tenant and headers.

    Raises
    ------
    SpecError
        If a reference cannot be resolved, or its value cannot stand in a header.

    Examples
    --------
    >>> credentials_of(Settings("http://localhost:9090", tenant="team-a"))
    Credentials(X-Scope-OrgID)
    """
    headers, secrets = {}, []
    for name, reference in settings.headers.items():
        value = resolve(reference, where=f"{FIELD}.headers.{name}")
        headers[name] = _printable(value, f"{FIELD}.headers.{name}", reference)
        secrets += _parts(value)
    if settings.tenant is not None:
        known = is_reference(settings.tenant)
        tenant = resolve(settings.tenant, where=f"{FIELD}.tenant") if known else Secret(settings.tenant)
        headers[TENANT] = _printable(tenant, f"{FIELD}.tenant", settings.tenant if known else "the tenant")
        secrets += [tenant] if known else []
    if settings.auth is not None:
        value = resolve(settings.auth, where=f"{FIELD}.auth")
        header = _printable(_authorization(value), f"{FIELD}.auth", settings.auth)
        headers["Authorization"] = header
        secrets += [*_parts(value), *_parts(header)]
    return Credentials(headers, tuple(secrets))


def _authorization(secret: Secret) -> Secret:
    """Return the header of an `auth`: as it is, Basic of user:password, else Bearer."""
    value = secret.reveal()
    if re.match(r"(?i)(bearer|basic)\s+\S", value):
        return secret
    if ":" in value:
        return Secret("Basic " + base64.b64encode(value.encode("utf-8")).decode())
    return Secret(f"Bearer {value}")


def _parts(secret: Secret) -> list[Secret]:
    """Return a value and what it is made of: the token after its scheme, user:password behind base64, the password."""
    value = secret.reveal()
    found = [value]
    scheme, _, token = value.partition(" ")
    if scheme.lower() in ("bearer", "basic") and token.strip():
        found = [value, token.strip()]
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            found.append(base64.b64decode(token.strip(), validate=True).decode("utf-8"))
    found += [text.partition(":")[2] for text in found if ":" in text]
    return [Secret(text) for text in found if text]


def _printable(secret: Secret, where: str, reference: str) -> Secret:
    """Return a secret that can stand in a header."""
    if re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", secret.reveal()) is None:
        raise SpecError(
            f"{reference} cannot be sent in a header", where=where, expected="printable ASCII", next="correct its value"
        )
    return secret


def carried_by(connect: Any) -> Credentials:
    """Return what a ready PrometheusConnect sends: its headers, and its `auth` or that of its session.

    Parameters
    ----------
    connect : PrometheusConnect
        Values of its headers, and of those of its session that say who asks, are masked from then on.
    """
    from requests.auth import HTTPBasicAuth

    session = connect._session
    headers = {str(k): Secret(_text(v)) for k, v in (connect.headers or {}).items() if v is not None}
    plain = {**{str(k): Secret(_text(v)) for k, v in session.headers.items()}, **headers}
    secrets = [part for k, v in plain.items() if k.lower() not in BENIGN for part in _parts(v)]
    auth = connect.auth or session.auth
    if isinstance(auth, tuple | list) and len(auth) == 2:
        auth = HTTPBasicAuth(*auth)
    user, password = getattr(auth, "username", None), getattr(auth, "password", None)
    if password:
        secrets += _parts(Secret(f"{_text(user)}:{_text(password)}"))
    return Credentials(headers, tuple(secrets), auth if callable(auth) else None)


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def of_proxies(proxies: Mapping[str, str]) -> tuple[Secret, ...]:
    """Return the passwords in the URLs of proxies.

    Parameters
    ----------
    proxies : mapping of str to str
        Scheme to URL, as requests has them.

    Examples
    --------
    >>> len(of_proxies({"http": "http://user:word@proxy:3128", "https": "http://proxy:3128"}))
    2
    """
    found = []
    for url in proxies.values():
        try:
            userinfo = urlsplit(url if "://" in url else f"http://{url}").netloc.rpartition("@")[0]
        except ValueError:
            continue
        found += [part for text in {userinfo, unquote(userinfo)} if text for part in _parts(Secret(text))]
    return tuple(dict.fromkeys(found))
