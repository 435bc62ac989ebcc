"""`pack`: an incident folder to its redacted copy, a .zip or a folder, published in one step after a last search."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.incident import SPEC_FILE, Incident
from analysis.pack.archive import publish, written_zip
from analysis.pack.evidence import EvidenceCopy
from analysis.pack.gate import hits_in, refuse, secrets_of, suspicions_in
from analysis.pack.manifest_copy import manifest_copy
from analysis.pack.packed import LeftOut, Packed, PackedFile, PackError, Suspicion
from analysis.pack.pseudonyms import KEY_FILE, Pseudonyms, kept_key
from analysis.pack.scrub import Scrubber
from analysis.pack.spec_copy import references_in, spec_copy
from analysis.store import MANIFEST, digest, read_manifest, write_manifest
from analysis.verify import verify

__all__ = ["pack"]

NARRATIVE, REPORT = "narrative.md", "report"
REPORT_FILES = ("report.html", "report.json")
KNOWN = frozenset((SPEC_FILE, NARRATIVE, "raw", REPORT, KEY_FILE))
NOTES = (
    "names of services, pods, hosts, tables, and accounts and databases of PostgreSQL stay: they are the evidence",
    f"{KEY_FILE} in the incident folder makes the pseudonyms: keep it to yourself; without it a new pack has others",
)


def pack(
    folder: str | Path,
    output: str | Path | None = None,
    *,
    force: bool = False,
    accept_warnings: bool = False,
    include_report: bool = False,
    progress: Callable[[str], object] = lambda _: None,
) -> Packed:
    """Make the redacted copy of an incident folder that may be shared; a report of it says the same.

    Evidence is written anew in forms that our own readers read, kind by kind (`analysis.pack`), and compared with the
    original as they read it; what cannot be made so is left out and said. The same folder gives the same bytes. Nothing
    is written in the folder but the key of the pseudonyms.

    Parameters
    ----------
    folder : str or Path
        The incident folder.
    output : str or Path, optional
        A .zip, or a folder to make; by default <id>-pack.zip beside the incident folder.
    force : bool
        Whether something else that is there may be replaced.
    accept_warnings : bool
        Whether the author's own words (narrative, spec) may hold what looks personal: they are copied as they are.
    include_report : bool
        Whether to copy report.html and report.json as they are; they count as the author's words. Without it the
        report is made again from the pack.
    progress : callable
        Called with a line for each file.

    Returns
    -------
    Packed
        Files, what was changed and left out, and what a person must know.

    Raises
    ------
    SpecError, EvidenceError, NoDataError
        If the incident cannot be read, or its evidence was altered.
    PackError
        If something would leave that must not, the words look personal, or the output is in the way.
    """
    incident = Incident.load(folder)
    target = _target(incident, output)
    manifest = read_manifest(incident.raw)
    missing = verify(incident.raw, manifest)
    names = Pseudonyms(kept_key(incident.folder))
    secrets = secrets_of(references_in(incident.spec.model_dump(mode="python")))
    with _workplace(target) as work:
        root = work / "pack"
        root.mkdir()
        scrub = Scrubber(names)
        copy = EvidenceCopy(incident, manifest, missing, root, scrub, progress)
        sources = copy.all()
        scrub.begin()
        spec = spec_copy(incident.spec, sources, scrub)
        (root / SPEC_FILE).write_text(spec.text, encoding="utf-8")
        words = [SPEC_FILE, *_copied(incident.folder, root, include_report=include_report)]
        left_out = [*copy.left_out, *_others(incident.folder, include_report=include_report)]
        sha256 = digest(incident.raw / MANIFEST)
        write_manifest(root / "raw", manifest_copy(manifest, root, copy.files, copy.left_out, scrub, sha256))
        changed = Counter(names.changed)
        progress("searching the pack for what must not leave")
        refuse(hits_in(root, secrets, names, words=frozenset(words)))
        found = [s for name in words for s in suspicions_in(name, (root / name).read_text("utf-8", "replace"), names)]
        found = list(dict.fromkeys(found))
        if found and not accept_warnings:
            raise _unaccepted(found)
        Incident.load(root)  # the pack is an incident folder itself
        files = [*copy.files, *_own(root, incident.folder, words, spec.left_out, changed)]
        published, size = _published(root, target, force=force)
    notes = (*NOTES, *(() if include_report else ("report/ can be made again: postmortem report on the pack",)))
    return Packed(
        target, size, tuple(sorted(files, key=lambda f: f.path)), tuple(left_out), tuple(found),
        (*notes, *secrets.unknown), published,
    )  # fmt: skip


def _target(incident: Incident, output: str | Path | None) -> Path:
    folder = incident.folder.resolve()
    target = Path(output).absolute() if output is not None else folder.parent / f"{incident.spec.id}-pack.zip"
    inside = folder in (target.resolve(), *target.resolve().parents)
    if inside or target.resolve() in folder.parents:
        raise PackError(
            "a pack does not belong into the folder that it is made of", where=str(target),
            expected="a place beside the incident folder", next="choose another with --output",
        )  # fmt: skip
    return target


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """Give a folder on the disk of the target; whatever happens, it is gone at the end."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise PackError(
            f"cannot write there: {error.strerror}", where=str(target.parent), expected="a folder that can be written",
            next="choose another place with --output",
        ) from None  # fmt: skip
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copied(folder: Path, root: Path, *, include_report: bool) -> list[str]:
    """Copy what people wrote, and the report if it is wanted; return the paths."""
    wanted = [NARRATIVE, *(f"{REPORT}/{name}" for name in REPORT_FILES if include_report)]
    there = [name for name in wanted if (folder / name).is_file() and not (folder / name).is_symlink()]
    for name in there:
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / name, root / name)
    return there


def _others(folder: Path, *, include_report: bool) -> list[LeftOut]:
    """Return what else lies in the incident folder."""
    found = [
        LeftOut(p.name, "not part of an incident folder") for p in sorted(folder.iterdir())
        if p.name not in KNOWN and not p.name.startswith(".")
    ]  # fmt: skip
    if (folder / REPORT).is_dir() and not include_report:
        found.append(LeftOut(f"{REPORT}/", "made again from the pack with: postmortem report"))
    return found


def _unaccepted(found: list[Suspicion]) -> PackError:
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return PackError(
        f"{len(found)} places in your own words look personal or secret; nothing was published",
        where="; ".join(map(str, found[:10])) + more, expected="words that may be read by others",
        next="change them, or confirm them with --accept-warnings",
    )  # fmt: skip


def _own(
    root: Path, folder: Path, words: list[str], spec_left_out: tuple[str, ...], changed: Counter[str]
) -> Iterator[PackedFile]:
    """Yield the files that are no evidence."""
    kinds = {SPEC_FILE: "spec", NARRATIVE: "narrative"}
    for name in words:
        size = (folder / name).stat().st_size
        left_out = spec_left_out if name == SPEC_FILE else ()
        yield PackedFile(name, name, kinds.get(name, "report"), size, (root / name).stat().st_size, Counter(), left_out)
    path = f"raw/{MANIFEST}"
    yield PackedFile(path, path, "manifest", (folder / path).stat().st_size, (root / path).stat().st_size, changed)


def _published(root: Path, target: Path, *, force: bool) -> tuple[bool, int]:
    """Put the pack in its place; return whether that was needed, and its size [bytes]."""
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if target.suffix.lower() != ".zip":
        size = sum(p.stat().st_size for p in root.rglob("*") if p.is_file())
        return publish(root, target, force=force), size
    made = root.parent / "made.zip"
    written_zip(root, made, re.sub(r"\.zip$", "", target.name, flags=re.IGNORECASE))
    size = made.stat().st_size
    return publish(made, target, force=force), size
