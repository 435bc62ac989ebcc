"""raw/: frozen evidence with a manifest of hashes. Files are added, never altered; altered ones are refused by name."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.asked import Asked
from analysis.errors import EvidenceError, NoDataError, StorageError
from analysis.manifest_parts import PackPart, ServerPart, plain_part

__all__ = [
    "Entry", "Manifest", "add_file", "digest", "publish", "read_manifest", "replace_atomically", "settle",
    "write_manifest",
]  # fmt: skip

MANIFEST = "manifest.json"
WORK = ".capture"  # below raw/: what a live capture has fetched so far
COMMIT = f"{WORK}/commit"  # files that are whole and only have to be put in their places
SERIES, SAMPLES = "series.parquet", "samples.parquet"
SCHEMA_VERSION = 1
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)


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
    """All frozen files, what a capture passed over with the reason, versions, and what was asked of which server.

    `queries` has every question of every live capture; `server` is what the last one found out about the server.
    Both are empty where the evidence came from files. `pack` is filled in the copy that `postmortem pack` makes.
    """

    entries: tuple[Entry, ...] = ()
    skipped: tuple[dict[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    queries: tuple[Asked, ...] = ()
    server: dict[str, Any] = field(default_factory=dict)
    pack: dict[str, Any] = field(default_factory=dict)

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

    Raises
    ------
    StorageError
        If the disk is full or may not be written to; what was there stays.
    """
    try:
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
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise StorageError(
            f"{path.name} cannot be written: {os.strerror(error.errno)}",
            where=str(path.parent),
            expected="a disk with room that may be written to",
            next="make room, then run the same command again: what is there is whole, and a capture goes on",
        ) from None


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
    if (raw / COMMIT).is_dir():
        raise EvidenceError(
            "a capture was cut short while it put its files in their places",
            where=str(raw),
            expected="evidence that is whole",
            next="run the same `postmortem capture` again: it begins with that, and fetches nothing twice",
        )
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
        queries = tuple(Asked.read(q) for q in found.get("queries", ()))
        server, pack = plain_part(found, "server", ServerPart), plain_part(found, "pack", PackPart)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(
            f"the manifest cannot be read: {error}",
            where=str(path),
            expected=f"a whole manifest of schema_version {SCHEMA_VERSION}",
            next="restore it from where the incident was captured",
        ) from None
    return Manifest(entries, skipped, versions, queries, server, pack)


def write_manifest(raw: Path, manifest: Manifest) -> None:
    """Write raw/manifest.json atomically, entries sorted by path."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "versions": dict(manifest.versions),
        "files": [vars(e) for e in sorted(manifest.entries, key=lambda e: e.path)],
        "skipped": sorted(manifest.skipped, key=lambda s: s["file"]),
    }
    if manifest.server:
        document["server"] = manifest.server
    if manifest.queries:
        ordered = sorted(manifest.queries, key=lambda q: (q.id, q.fetched_at, q.address))
        document["queries"] = [q.as_dict() for q in ordered]
    if manifest.pack:
        document["pack"] = manifest.pack
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    replace_atomically(raw / MANIFEST, lambda p: p.write_text(text, encoding="utf-8"))


def publish(raw: Path, files: Mapping[str, Path], manifest: Callable[[Path], Manifest]) -> Manifest:
    """Put new files and their manifest in place as one step: cut short at any point, `settle` finishes or forgets it.

    Parameters
    ----------
    raw : Path
        The folder of the evidence.
    files : mapping of str to Path
        Name below raw/ -> the whole new file; it is moved (it must lie on the same disk).
    manifest : callable
        Gets the folder where the files wait, returns the manifest with their hashes.

    Returns
    -------
    Manifest
        What was written.
    """
    settle(raw)
    waiting = raw / WORK / "next"
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True)
    for name, path in files.items():
        path.replace(waiting / name)
    found = manifest(waiting)
    write_manifest(waiting, found)
    waiting.replace(raw / COMMIT)  # from here on it is done, whatever happens
    settle(raw)
    return found


def settle(raw: Path) -> None:
    """Finish a `publish` that was cut short; the manifest moves last."""
    commit = raw / COMMIT
    if not commit.is_dir():
        return
    for path in sorted(commit.iterdir(), key=lambda p: p.name == MANIFEST):
        path.replace(raw / path.name)
    commit.rmdir()
    with suppress(OSError):  # unless a live capture is under way
        (raw / WORK).rmdir()


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
