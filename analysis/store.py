"""raw/: frozen evidence with a manifest of hashes. Files are added, never altered; altered ones are refused by name."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.errors import EvidenceError, NoDataError

__all__ = ["Entry", "Manifest", "add_file", "digest", "read_manifest", "replace_atomically", "verify", "write_manifest"]

MANIFEST = "manifest.json"
SERIES, SAMPLES = "series.parquet", "samples.parquet"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One frozen file: where it lies below raw/, what it is, where it came from, and its hash."""

    path: str
    kind: str
    source: str
    sha256: str
    bytes: int
    fetched_at: str
    detail: dict[str, Any]
    superseded_by: str | None = None


@dataclass(frozen=True)
class Manifest:
    """All frozen files, the files that a capture passed over with the reason, and the tool's versions."""

    entries: tuple[Entry, ...] = ()
    skipped: tuple[dict[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    def current(self, *kinds: str) -> tuple[Entry, ...]:
        """Return the entries of some kinds that no later capture superseded."""
        return tuple(e for e in self.entries if e.kind in kinds and e.superseded_by is None)

    def newest(self, path: str) -> Entry | None:
        """Return the entry of a path, or the one that superseded it."""
        found = self.entry(path)
        while found is not None and found.superseded_by is not None:
            found = self.entry(found.superseded_by)
        return found

    def entry(self, path: str) -> Entry | None:
        """Return the entry of a path below raw/, None if there is none."""
        return next((e for e in self.entries if e.path == path), None)


def digest(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def replace_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, flush it to disk, then put it in its place in one step.

    Parameters
    ----------
    path : Path
        Where the file shall be; its folder is made.
    write : callable
        Writes to the path that it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_manifest(raw: Path) -> Manifest:
    """Read raw/manifest.json.

    Raises
    ------
    NoDataError
        If there is no raw/ or it has no manifest.
    EvidenceError
        If the manifest is half-written or of another schema.
    """
    path = raw / MANIFEST
    if not path.is_file():
        raise NoDataError(
            "no evidence has been captured",
            where=str(path),
            expected="raw/ with a manifest.json",
            next="run: postmortem capture DIR --from PATH",
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {found['schema_version']}")
        entries = tuple(Entry(**e) for e in found["files"])
        outside = [e.path for e in entries if Path(e.path).is_absolute() or ".." in Path(e.path).parts]
        if outside:
            raise ValueError(f"a path leaves raw/: {outside[0]}")
        skipped, versions = tuple(found["skipped"]), tuple(sorted(found["versions"].items()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(
            f"the manifest cannot be read: {error}",
            where=str(path),
            expected=f"a whole manifest of schema_version {SCHEMA_VERSION}",
            next="restore it from where the incident was captured",
        ) from None
    return Manifest(entries, skipped, versions)


def write_manifest(raw: Path, manifest: Manifest) -> None:
    """Write raw/manifest.json atomically, entries sorted by path."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "versions": dict(manifest.versions),
        "files": [vars(e) for e in sorted(manifest.entries, key=lambda e: e.path)],
        "skipped": sorted(manifest.skipped, key=lambda s: s["file"]),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    replace_atomically(raw / MANIFEST, lambda p: p.write_text(text, encoding="utf-8"))


def verify(raw: Path, manifest: Manifest) -> tuple[str, ...]:
    """Compare every file with its hash; return the paths that are missing.

    Raises
    ------
    EvidenceError
        If a file differs from what was captured: it names each one.
    """
    missing = tuple(e.path for e in manifest.entries if not (raw / e.path).is_file())
    altered = [e.path for e in manifest.entries if e.path not in missing and digest(raw / e.path) != e.sha256]
    if altered:
        raise EvidenceError(
            f"the evidence was altered after its capture: {', '.join('raw/' + p for p in altered)}",
            where=str(raw / MANIFEST),
            expected="every file as its sha256 in the manifest says",
            next="restore the files, or capture into a new incident folder",
        )
    return missing


def add_file(raw: Path, manifest: Manifest, file: Path, entry: Entry) -> Manifest:
    """Freeze one foreign file under raw/; a same-named file of other content is kept and superseded, never lost.

    Parameters
    ----------
    raw : Path
        The folder of the evidence.
    manifest : Manifest
        What is there.
    file : Path
        The file to copy.
    entry : Entry
        Its entry; path is where it should lie, hash and size are filled in here.

    Returns
    -------
    Manifest
        With the file; unchanged if the very same content is there already.
    """
    sha = digest(file)
    for same in manifest.entries:
        if same.sha256 == sha and same.kind == entry.kind and (raw / same.path).is_file():
            return _make_current(manifest, same)
    path, number = Path(entry.path), 1
    before = [e for e in manifest.current(entry.kind) if e.source == entry.source]
    # a free name: one that nothing holds, or that holds this very content (left by a capture that was cut short)
    while (raw / path).exists() and digest(raw / path) != sha:
        number += 1
        stem, dot, rest = Path(entry.path).name.partition(".")
        path = Path(entry.path).with_name(f"{stem}-{number}{dot}{rest}")
    replace_atomically(raw / path, lambda p: shutil.copyfile(file, p))
    new = replace(entry, path=path.as_posix(), sha256=sha, bytes=file.stat().st_size)
    kept = tuple(
        replace(e, superseded_by=new.path) if e in before and e.path != new.path else e
        for e in manifest.entries
        if e.path != new.path
    )
    return replace(manifest, entries=(*kept, new))


def _make_current(manifest: Manifest, chosen: Entry) -> Manifest:
    """Return the manifest in which an entry is the current one of its source: content came back that was superseded."""
    if chosen.superseded_by is None:
        return manifest
    entries = [
        replace(e, superseded_by=None if e is chosen else chosen.path)
        if (e.kind, e.source) == (chosen.kind, chosen.source)
        else e
        for e in manifest.entries
    ]
    return replace(manifest, entries=tuple(entries))
