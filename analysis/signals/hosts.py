"""Which host a name means: metrics of clients, proxies and servers call the same host by different names."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = ["host_of", "same_name"]

GENERIC = frozenset({
    "api", "backend", "be", "cluster", "default", "host", "inbound", "local", "outbound", "proxy", "server", "service",
    "srv", "svc", "upstream",
})  # fmt: skip


def host_of(text: str) -> str:
    """Return the first name of a host, URL, cluster or address: without scheme, port and domain; an IP stays whole.

    Examples
    --------
    >>> host_of("outbound|6379||cart.data.svc.cluster.local"), host_of("cart.data.svc:6379"), host_of("10.0.0.7:80")
    ('cart', 'cart', '10.0.0.7')
    """
    host = re.split(r"[:/]", text.rpartition("|")[2].split("://")[-1].lstrip("/"), maxsplit=1)[0]
    return host if re.fullmatch(r"[\d.]+", host) else host.split(".")[0]


def same_name(name: str, candidates: Collection[str]) -> str | None:
    """Return the candidate that a name means: the same, else the only one that shares a telling part of it.

    Parameters
    ----------
    name : str
        As one metric says it.
    candidates : collection of str
        As others do. Parts between "-", "_" and "." that any host may have (svc, api, outbound, ...) tell nothing.

    Examples
    --------
    >>> same_name("be_quote", ["quote-api", "cart"]), same_name("quote", ["quote-api", "quote-batch"])
    ('quote-api', None)
    """
    if name in candidates:
        return name
    found = {c for c in candidates if _parts(name) & _parts(c)}
    return found.pop() if len(found) == 1 else None


def _parts(name: str) -> set[str]:
    return {part for part in re.split(r"[-_.]", name.lower()) if part and not part.isdigit()} - GENERIC
