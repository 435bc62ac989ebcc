"""raw/manifest.json for a pack: new hashes, the questions without what is personal, of which original it is a copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.asked import Asked
from analysis.pack.packed import LeftOut, PackedFile
from analysis.pack.promql import scrubbed_promql
from analysis.pack.rules import RULES_VERSION
from analysis.pack.scrub import Scrubber
from analysis.store import Entry, Manifest, digest

__all__ = ["manifest_copy", "without_urls"]

VERSION = re.compile(r"v?\d[\w.+-]{0,40}")
PATH = re.compile(r"(?<![\w:/\\])(?:[A-Za-z]:|~\w*|\.{0,2})[/\\](?:[^\s\"'<>]*[/\\])+")  # the folders before a name
COMMANDS = frozenset(("cmd", "command", "commands", "args", "argv", "arguments", "host", "hostname", "user"))
URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>]+")
QUERIES = frozenset(("query", "promql"))
# of what a capture found out about its server, what says nothing of where it is
SERVER_KEYS = frozenset((
    "flavour", "ways", "version", "lookback_seconds", "oldest_time", "clock_offset_seconds", "scrape_interval_seconds",
    "scrape_intervals_seconds", "catalogue_version", "dialects", "not_there", "notes",
))  # fmt: skip


def without_urls(text: str, scrub: Scrubber) -> str:
    """Return words without what leads into a house: each URL is a pseudonym, of paths only the file's name stays.

    Examples
    --------
    >>> from analysis.pack.pseudonyms import Pseudonyms
    >>> without_urls("Post http://store.corp:9091/api: refused", Scrubber(Pseudonyms(bytes(32)))).split()[0::2]
    ['Post', 'refused']
    """
    kept = URL.sub(lambda m: scrub.names.of(m[0].rstrip(":,.;)"), "URL") + _tail(m[0]), text)
    return scrub.text(PATH.sub("", kept))


def file_name(text: str, scrub: Scrubber) -> str:
    """Return the name of a file without its folders, on any system; a URL is a pseudonym.

    Examples
    --------
    >>> from analysis.pack.pseudonyms import Pseudonyms
    >>> file_name("/srv/kim/gc.log", Scrubber(Pseudonyms(bytes(32))))
    'gc.log'
    """
    if URL.search(text):
        return without_urls(text, scrub)
    return scrub.text(PurePosixPath(text.replace("\\", "/")).name)


def _tail(url: str) -> str:
    return url[len(url.rstrip(":,.;)")) :]


def manifest_copy(
    original: Manifest,
    root: Path,
    files: Sequence[PackedFile],
    left_out: Sequence[LeftOut],
    scrub: Scrubber,
    sha256: str,
) -> Manifest:
    """Return the manifest of a pack.

    Parameters
    ----------
    original : Manifest
        Of the incident.
    root : Path
        Where the pack is made.
    files : sequence of PackedFile
        The evidence that was made.
    left_out : sequence of LeftOut
        The evidence that was not.
    scrub : Scrubber
        Of the pack.
    sha256 : str
        Of the original manifest's file.
    """
    entries = tuple(_entry(original, root, file, scrub) for file in files)
    skipped = [
        {scrub.text(k): file_name(str(v), scrub) if k == "file" else without_urls(str(v), scrub) for k, v in s.items()}
        for s in original.skipped
    ]
    skipped += [{"file": entry.path, "reason": f"not in the pack: {entry.reason}"} for entry in left_out]
    return Manifest(
        entries,
        tuple(skipped),
        tuple(
            (scrub.text(name), version if VERSION.fullmatch(version) else scrub.personal(version, "version"))
            for name, version in original.versions
        ),
        tuple(_asked(asked, scrub) for asked in original.queries),
        {k: _plain(v, scrub) for k, v in original.server.items() if k in SERVER_KEYS},
        {
            "is_pack": True,
            "original_manifest_sha256": sha256,
            "rules_version": RULES_VERSION,
            "changed": {f.path: dict(sorted(f.changed.items())) for f in files if f.changed},
            "left_out": {f.path: list(f.left_out) for f in files if f.left_out},
            "files_left_out": {entry.path: entry.reason for entry in left_out},
            "server_left_out": sorted(original.server.keys() - SERVER_KEYS),
        },
    )


def _entry(original: Manifest, root: Path, file: PackedFile, scrub: Scrubber) -> Entry:
    before = original.entry(file.source.removeprefix("raw/"))
    path = root / file.path
    detail = _plain(before.detail, scrub) if before is not None else {}
    return Entry(
        file.path.removeprefix("raw/"), file.kind, file_name(before.source, scrub) if before is not None else "",
        digest(path), path.stat().st_size, before.fetched_at if before is not None else "", detail,
    )  # fmt: skip


def _asked(asked: Asked, scrub: Scrubber) -> Asked:
    def words(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(without_urls(text, scrub) for text in texts)

    return replace(
        asked, id=scrub.text(asked.id), promql=scrubbed_promql(asked.promql, scrub),
        reason=without_urls(asked.reason, scrub), address=scrub.personal(asked.address, "hash of a question"),
        source=without_urls(asked.source, scrub),
        warnings=words(asked.warnings), advice=words(asked.advice), left_out=words(asked.left_out),
    )  # fmt: skip


def _plain(value: Any, scrub: Scrubber, key: str = "") -> Any:
    """Return a part of a manifest with its texts redacted."""
    if isinstance(value, dict):
        return {str(k): _plain(v, scrub, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, scrub, key) for v in value]
    if not isinstance(value, str):
        return value
    if key in COMMANDS:
        return scrub.personal(value, f"{key} in the manifest")
    return scrubbed_promql(value, scrub) if key in QUERIES else without_urls(value, scrub)
