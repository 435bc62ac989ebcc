"""Events, Deployments and ReplicaSets from the API of Kubernetes, as it gives them: GET only, nothing is changed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from analysis.errors import NoDataError
from analysis.sources.kubernetes_access import FIELD, LARGEST_BYTES, RefusedError, Server, UnreachableError, configured
from analysis.sources.prometheus.secrets import masked

__all__ = ["RESOURCES", "fetch_kubernetes"]

RESOURCES = {"events.json": ("api/v1", "events"), "deployments.json": ("apis/apps/v1", "deployments"),
             "replicasets.json": ("apis/apps/v1", "replicasets")}  # fmt: skip
PAGE = 500  # as kubectl asks
RESTARTS = 2  # of a list that expired while it was read (410); then it is asked for whole
TRIES = 3
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
AGAIN = frozenset({429, 500, 502, 503, 504})
SHOWN = 300


class _List(msgspec.Struct):
    """A page of a list; the items stay as they came."""

    items: list[msgspec.Raw] | None = None
    kind: str = ""
    apiVersion: str = ""  # noqa: N815
    metadata: dict[str, Any] = {}


class _ExpiredError(Exception):
    """The list expired while its pages were read."""


def fetch_kubernetes(
    kubeconfig: str, *, context: str | None = None, namespaces: Sequence[str] = ()
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return events, Deployments and ReplicaSets as the API gives them, and what could not be had.

    Needs the extra `kubernetes`: its client reads the kubeconfig (tokens, client certificates, exec plugins).

    Parameters
    ----------
    kubeconfig : str
        env:NAME, whose value is a path (several with ":" between them are merged, as kubectl does), or file:/path.
    context : str, optional
        Another than the current one.
    namespaces : sequence of str
        Only these; none: all. Rights in some namespaces do not suffice to ask for all.

    Returns
    -------
    documents : dict of str to bytes
        events.json, deployments.json, replicasets.json: a List each, the answer itself where it was one page, else
        the first page's head with the items of all, every item as it came.
    problems : tuple of str
        A sentence for each kind that was refused or failed; the others are there. No sentence holds a secret.

    Raises
    ------
    SpecError
        If the extra is not installed, the reference names no kubeconfig, the context does not exist, its credentials
        cannot be had, or it asks for no verification of TLS.
    NoDataError
        If the server cannot be reached at all.
    """
    with tempfile.TemporaryDirectory() as folder, configured(kubeconfig, context, folder) as server:
        documents, problems, reached = dict[str, bytes](), list[str](), False
        for name, (api, resource) in RESOURCES.items():
            try:
                documents[name] = _listed(server, api, resource, tuple(dict.fromkeys(namespaces)))
                reached = True
            except RefusedError as error:
                problems.append(f"{resource}: {masked(str(error), server.secrets)}")
                reached |= not isinstance(error, UnreachableError)
                if isinstance(error, UnreachableError) and not reached:
                    break
    if not reached:
        raise NoDataError(
            f"the API of Kubernetes cannot be reached: {'; '.join(problems)}", where=FIELD,
            expected="a server that answers, and that the kubeconfig's certificates verify",
            next="check the server of the context, the network and the certificates",
        )  # fmt: skip
    return documents, tuple(problems)


def _listed(server: Server, api: str, resource: str, namespaces: Sequence[str]) -> bytes:
    paths = [f"{api}/namespaces/{quote(name, safe='')}/{resource}" for name in namespaces] or [f"{api}/{resource}"]
    pages = [page for path in paths for page in _pages(server, path)]
    if len(pages) == 1:
        return pages[0]
    decoded = [_page(page) for page in pages]
    head = msgspec.json.encode(
        {"kind": decoded[0].kind, "apiVersion": decoded[0].apiVersion, "metadata": {
            key: value for key, value in decoded[0].metadata.items() if key == "resourceVersion"
        }}
    )  # fmt: skip
    items = b",\n".join(bytes(item) for page in decoded for item in page.items or ())
    return head[:-1] + b',"items":[' + items + b"]}\n"


def _pages(server: Server, path: str) -> list[bytes]:
    """Return all pages of a list; begun again where it expired meanwhile, and at last asked for in one."""
    for restart in range(RESTARTS + 1):
        try:
            return list(_each_page(server, path, PAGE if restart < RESTARTS else 0))
        except _ExpiredError:
            continue
    raise RefusedError("the list expired again and again while it was read (HTTP 410)")


def _each_page(server: Server, path: str, limit: int) -> Iterator[bytes]:
    token, size, seen = "", 0, set[str]()
    while True:
        query = urlencode({k: v for k, v in (("limit", limit), ("continue", token)) if v})
        body = _answer(server, f"{path}?{query}" if query else path)
        size += len(body)
        if size > LARGEST_BYTES:
            raise RefusedError(f"the list has more than {LARGEST_BYTES:,} bytes; name namespaces")
        yield body
        found = _page(body).metadata.get("continue")
        token = found if isinstance(found, str) else ""
        if not token:
            return
        if token in seen:
            raise RefusedError("the server gives the same page again and again")
        seen.add(token)


def _page(body: bytes) -> _List:
    try:
        page = msgspec.json.decode(body, type=_List)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RefusedError("the answer is no list in JSON (a proxy in between, or cut)") from None
    if page.items is None and not page.kind.endswith("List"):
        raise RefusedError("the answer is no list")
    return page


def _answer(server: Server, path: str) -> bytes:
    """Return the body of an answer 200; what may pass is asked again."""
    for attempt in range(1, TRIES + 1):
        try:
            status, after, body = server.get(path)
        except UnreachableError:
            if attempt == TRIES:
                raise
            time.sleep(PAUSE_SECONDS * attempt)
            continue
        if status == 200:
            return body
        if status == 410:
            raise _ExpiredError
        if status not in AGAIN or attempt == TRIES:
            raise RefusedError(_refusal(status, body))
        time.sleep(min(PAUSE_SECONDS * attempt if after is None else after, LONGEST_PAUSE_SECONDS))
    raise AssertionError("unreachable")


def _refusal(status: int, body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = None
    text = found.get("message") if isinstance(found, dict) else None
    said = f": {' '.join(text.split())[:SHOWN]}" if isinstance(text, str) else ""
    if 300 <= status < 400:
        return f"HTTP {status}, a redirect, which is not followed"
    word = {401: "not authenticated", 403: "forbidden", 404: "not there"}.get(status, "refused")
    hint = "; name the namespaces that may be read" if status == 403 else ""
    return f"{word} (HTTP {status}){said}{hint}"
