"""A finished folder to its place in one step: a .zip whose bytes depend on the files only, or the folder."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

from analysis.pack.packed import PackError
from analysis.store import MANIFEST, digest

__all__ = ["publish", "written_zip"]

FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # of the format: no time of packing in it
PACKED_ALREADY = (".gz", ".zst", ".parquet")


def written_zip(root: Path, target: Path, top: str) -> None:
    """Write the files of a folder as a .zip, in the order of their paths, below one folder.

    Parameters
    ----------
    root : Path
        The folder.
    target : Path
        The .zip.
    top : str
        Name of the folder inside.
    """
    with zipfile.ZipFile(target, "w") as made:
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            info = zipfile.ZipInfo(f"{top}/{path.relative_to(root).as_posix()}", FIRST_DATE)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            stored = path.suffix in PACKED_ALREADY
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            made.writestr(info, path.read_bytes(), compresslevel=6)
    with target.open("rb+") as stream:
        os.fsync(stream.fileno())


def publish(made: Path, output: Path, *, force: bool) -> bool:
    """Put a finished file or folder to its place; return False if the very same is there.

    Parameters
    ----------
    made : Path
        On the same file system as the output.
    output : Path
        Its place.
    force : bool
        Whether something else that is there may be replaced.

    Raises
    ------
    PackError
        If something else is there.
    """
    if output.exists():
        if _same(made, output):
            return False
        if not force:
            raise PackError(
                "something else is there already", where=str(output), expected="a free place",
                next="choose another with --output, or replace it with --force",
            )  # fmt: skip
        if not (made.is_file() and output.is_file()) and not _is_pack(output):
            raise PackError(
                "what is there is no pack, and --force does not replace it", where=str(output),
                expected="a free place, or an older pack", next="choose another with --output, or move it away",
            )  # fmt: skip
    if made.is_file():
        made.chmod(0o644)
        if output.is_dir():
            raise PackError("a folder is in the way", where=str(output), expected="a free place", next="move it away")
        made.replace(output)
        return True
    before = made.with_name(f"{made.name}.before")
    if output.exists():
        output.rename(before)
    try:
        made.rename(output)
    except OSError:
        if before.exists():
            before.rename(output)
        raise
    if before.is_dir():
        shutil.rmtree(before)
    else:
        before.unlink(missing_ok=True)
    return True


def _is_pack(path: Path) -> bool:
    """Return whether a folder is a pack: no other is ever replaced."""
    try:
        return bool(json.loads((path / "raw" / MANIFEST).read_bytes()).get("pack"))
    except (OSError, ValueError, AttributeError):
        return False


def _same(one: Path, other: Path) -> bool:
    if one.is_file() or other.is_file():
        return one.is_file() and other.is_file() and digest(one) == digest(other)
    return _digests(one) == _digests(other)


def _digests(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): digest(p) for p in sorted(root.rglob("*")) if p.is_file()}
