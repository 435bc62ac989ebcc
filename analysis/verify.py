"""Whether raw/ is as it was captured: files that are missing, altered, or that no capture put there."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import EvidenceError
from analysis.store import MANIFEST, WORK, Manifest, digest

__all__ = ["unlisted", "verify"]


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


def unlisted(raw: Path, manifest: Manifest) -> tuple[str, ...]:
    """Return the files below raw/ that the manifest does not name, sorted: nobody reads them.

    Parameters
    ----------
    raw : Path
        The folder of the evidence.
    manifest : Manifest
        What a capture put there; hidden files and what a capture under way has fetched are no strangers.

    Examples
    --------
    >>> unlisted(Path("data/incidents/D-quiet-control/raw"), Manifest())[:2]
    ('db/pg_stat_activity.parquet', 'db/pg_stat_statements.parquet')
    """
    listed = {MANIFEST, *(e.path for e in manifest.entries)}
    found = (p.relative_to(raw) for p in raw.rglob("*") if p.is_file())
    visible = (p.as_posix() for p in found if p.parts[0] != WORK and not p.name.startswith("."))
    return tuple(sorted(set(visible) - listed))
