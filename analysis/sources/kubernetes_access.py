"""How to reach the API of Kubernetes: a kubeconfig, read by the official client, to requests that carry its rights."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from analysis.errors import SpecError
from analysis.sources.prometheus.secrets import Secret, resolve

__all__ = ["FIELD", "LARGEST_BYTES", "RefusedError", "Server", "UnreachableError", "configured"]

FIELD = "sources.kubernetes.kubeconfig"
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
LONGEST_SECONDS = 300.0  # one answer in all, however slowly it drips
LARGEST_BYTES = 1 << 30  # of one kind; a cluster's events of an hour are a few MB
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHOWN = 300


class RefusedError(Exception):
    """One resource cannot be had: why."""


class UnreachableError(RefusedError):
    """There was no answer."""


class Server(NamedTuple):
    """Where the API is: `get(path and query) -> (status, retry after [s], body)`, and what must be masked."""

    get: Callable[[str], tuple[int, float | None, bytes]]
    secrets: tuple[Secret, ...]


@contextmanager
def configured(reference: str, context: str | None, folder: str) -> Iterator[Server]:
    """Yield the server of a kubeconfig's context.

    Parameters
    ----------
    reference : str
        env:NAME, whose value is a path (or several with ":" between them), or file:/path.
    context : str or None
        None: the current one.
    folder : str
        Where the client may write certificates and keys that the kubeconfig holds; to be deleted afterwards.

    Raises
    ------
    SpecError
        If the extra is not installed, or the kubeconfig cannot be used: as it is not there or not understood, gives no
        credentials, switches the verification of TLS off, or would send credentials unencrypted. What an exec plugin
        wrote is never repeated.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, configured("the-token-itself", None, folder):
    ...     pass
    Traceback (most recent call last):
    ...
    analysis.errors.SpecError: a secret must be given by reference, never as the value itself
      where:    sources.kubernetes.kubeconfig
      expected: env:NAME or file:/path
      next:     put it into a variable or a file and name that
    """
    inline = reference.startswith("file:/")
    path = reference.removeprefix("file:") if inline else resolve(reference, where=FIELD).reveal()
    try:
        from kubernetes.client import Configuration
        from kubernetes.client.rest import RESTClientObject
        from kubernetes.config import ConfigException, load_kube_config
    except ImportError:
        raise SpecError(
            "the client of Kubernetes is not installed", where=FIELD, expected="the package kubernetes",
            next="pip install 'postmortem-toolkit[kubernetes]', or save kubectl get -o json to a file and name that",
        ) from None  # fmt: skip
    settings = Configuration()
    with _quiet() as failures:
        try:
            load_kube_config(path, context, settings, persist_config=False, temp_file_path=folder)
            carried = settings.auth_settings().values()
        except ConfigException as error:
            raise _unusable(_why(error)) from None
        except Exception as error:  # noqa: BLE001 - whatever a YAML reader or an exec plugin raises may hold its output
            raise _unusable(type(error).__name__) from None
    headers = {a["key"]: a["value"] for a in carried if a["in"] == "header" and a["value"]}
    if failures and not headers and not settings.cert_file:
        raise _unusable("its exec plugin gave no credentials (what it said is not repeated)")
    _check(settings.host, verified=settings.verify_ssl, carrying=bool(headers))
    pool = RESTClientObject(settings).pool_manager
    secrets = tuple(Secret(part) for value in headers.values() for part in (value, *value.split()[-1:]))
    try:
        yield Server(lambda path: _get(pool, settings.host.rstrip("/"), path, headers), secrets)
    finally:
        pool.clear()


def _unusable(why: str) -> SpecError:
    return SpecError(
        f"the kubeconfig cannot be used: {why}", where=FIELD,
        expected="env:KUBECONFIG or file:/path of a kubeconfig with which kubectl works",
        next="try kubectl get events with the same kubeconfig and context",
    )  # fmt: skip


def _why(error: Exception) -> str:
    """Return what a ConfigException says if it is about the form of the file: others repeat what a plugin wrote."""
    text = " ".join(str(error).split())
    told = text.startswith(("Invalid kube-config file. ", "File does not exist"))
    return text.removeprefix("Invalid kube-config file. ")[:SHOWN] if told else type(error).__name__


def _check(host: str, *, verified: bool, carrying: bool) -> None:
    url = urlsplit(host)
    if url.scheme == "https" and not verified:
        raise _unusable("it switches off the verification of TLS (insecure-skip-tls-verify); give its CA instead")
    if url.scheme not in ("http", "https") or url.username or url.password:
        raise _unusable("its server is no http(s) URL without user and password")
    if url.scheme == "http" and carrying and url.hostname not in LOOPBACK:
        raise _unusable("its credentials would travel unencrypted (http)")


class _Failures(logging.Filter):
    """Holds back what the client logs while it reads a kubeconfig: it can repeat what a plugin wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is of others."""
        own = "/kubernetes/config/" in record.pathname.replace("\\", "/")
        self.count += own and record.levelno >= logging.ERROR
        return not own

    def __bool__(self) -> bool:
        return self.count > 0


@contextmanager
def _quiet() -> Iterator[_Failures]:
    root, failures, handler = logging.getLogger(), _Failures(), logging.NullHandler()
    root.addHandler(handler)  # else logging.error() configures the root of the whole process
    root.addFilter(failures)
    try:
        yield failures
    finally:
        root.removeFilter(failures)
        root.removeHandler(handler)


def _get(pool: Any, host: str, path: str, headers: Mapping[str, str]) -> tuple[int, float | None, bytes]:
    """Ask once; redirects are not followed, so that no credentials go elsewhere."""
    from urllib3 import Timeout
    from urllib3.exceptions import HTTPError

    try:
        answer = pool.request(
            "GET", f"{host}/{path}", headers={**headers, "Accept": "application/json"}, redirect=False, retries=False,
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS), preload_content=False,
        )  # fmt: skip
        try:
            body = b"".join(_limited(answer.stream(1 << 16, decode_content=True)))
        finally:
            answer.close()
    except (HTTPError, OSError) as error:
        raise UnreachableError(_network(error)) from None
    after = answer.headers.get("Retry-After", "")
    return answer.status, float(after) if after.isdecimal() and len(after) < 6 else None, body


def _limited(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size, begin = 0, time.monotonic()
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() - begin > LONGEST_SECONDS:
            raise UnreachableError(f"the answer was not complete after {LONGEST_SECONDS:.0f} s")
        if size > LARGEST_BYTES:
            raise RefusedError(f"the answer has more than {LARGEST_BYTES:,} bytes; name namespaces")
        yield chunk


def _network(error: Exception) -> str:
    """Return what failed, without addresses of objects."""
    text = " ".join(str(error).split()).rpartition("object at 0x")[2].partition(">: ")[2] or str(error)
    return f"no answer ({type(error).__name__}: {text[:SHOWN]})"
