"""Files that a spec names by `from`: copied from where they are written to their place below raw/."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from analysis.incident import Incident
from analysis.spec_sources import FileSource
from analysis.store import Entry, Manifest, add_file

__all__ = ["take_files"]


def take_files(
    incident: Incident, manifest: Manifest, fetched_at: str, progress: Callable[[str], object]
) -> tuple[Manifest, tuple[str, ...]]:
    """Freeze the files that GC logs, database recordings and request logs name by `from`.

    Parameters
    ----------
    incident : Incident
        Paths are relative to its folder; a pattern must fit exactly one file.
    manifest : Manifest
        What is there.
    fetched_at : str
        Time of the capture [ISO-8601 UTC].
    progress : callable
        Called with a line for each file.

    Returns
    -------
    (Manifest, tuple of str)
        With the files; what could not be taken, and why. A file that changed since the last capture is added as a
        newer one, the older stays.
    """
    problems = []
    for path, kind, where in _declared(incident):
        pattern = (incident.folder / Path(where).expanduser()).absolute()
        found = sorted(p for p in Path("/").glob(str(pattern.relative_to("/"))) if p.is_file())
        if len(found) != 1:
            named = ": " + ", ".join(p.name for p in found[:5]) if found else ""
            problems.append(f"{path}: {len(found)} files are at {where}{named}; one is expected")
            continue
        below = Path(path).relative_to("raw").as_posix()
        entry = Entry(below, kind, Path(path).name, "", 0, fetched_at, {})
        try:
            manifest = add_file(incident.raw, manifest, found[0], entry)
        except OSError as error:
            problems.append(f"{path}: {where} cannot be read: {error.strerror}")
            continue
        progress(f"frozen       {path}  ({kind})")
    return manifest, tuple(problems)


def _declared(incident: Incident) -> Iterator[tuple[str, str, str]]:
    """Yield place, kind and origin of the sources with a `from`."""
    sources = incident.spec.sources
    kinds: list[tuple[FileSource, str]] = [(g, "gc-log") for g in sources.gc_logs]
    kinds += [(d, d.kind) for d in sources.database]
    kinds += [(r, r.kind) for r in sources.requests]
    for source, kind in kinds:
        if source.taken_from is not None:
            yield source.path, kind, source.taken_from
