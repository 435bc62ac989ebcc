"""The plain parts of a manifest (what a server said of itself, what a pack left out), held to their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

__all__ = ["PackPart", "ServerPart", "plain_part"]


class ServerPart(TypedDict, total=False):
    """What the last live capture found out about the server; None is unknown."""

    name: str
    flavour: str
    version: str | None
    ways: list[str]
    lookback_seconds: float | None
    clock_offset_seconds: float | None
    oldest_time: str | None
    scrape_interval_seconds: float | None
    scrape_intervals_seconds: dict[str, float] | None
    notes: list[str]


class PackPart(TypedDict, total=False):
    """What was changed and left out in a redacted copy."""

    is_pack: bool
    original_manifest_sha256: str
    changed: dict[str, dict[str, int]]
    left_out: dict[str, list[str]]
    files_left_out: dict[str, str]
    server_left_out: list[str]


def plain_part(document: Mapping[str, Any], name: str, shape: type[ServerPart] | type[PackPart]) -> dict[str, Any]:
    """Return a part of a manifest as it stands there, what later versions added too; empty if there is none.

    Parameters
    ----------
    document : mapping
        The manifest.
    name : str
        Of the part.
    shape : type
        What the keys that we know must hold.

    Raises
    ------
    ValueError
        If a key that we know is of another type: it says which, and what was expected.

    Examples
    --------
    >>> plain_part({"server": {"name": "prometheus", "clock_offset_seconds": 0.2}}, "server", ServerPart)
    {'name': 'prometheus', 'clock_offset_seconds': 0.2}
    >>> plain_part({"server": {"clock_offset_seconds": "two"}}, "server", ServerPart)
    Traceback (most recent call last):
    ValueError: server: Expected `float | null`, got `str` - at `$.clock_offset_seconds`
    """
    part = document.get(name, {})
    try:
        msgspec.convert(part, shape)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from None
    return dict(part)
