"""What packing gives: the files, what was changed, what was left out, what a person must look at; and its error."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from analysis.errors import AnalysisError

__all__ = ["LeftOut", "PackError", "Packed", "PackedFile", "Suspicion"]


class PackError(AnalysisError):
    """Nothing was published: something personal or secret would have left, or the output is in the way.

    Examples
    --------
    >>> PackError("an e-mail address is left", where="raw/db/log.json.gz").exit_code
    2
    """

    exit_code = 2


class LeftOut(NamedTuple):
    """A file, or a part of one, that is not in the pack, and why."""

    path: str
    reason: str


class Suspicion(NamedTuple):
    """A place in the author's own words that looks personal or secret: file, line (from 1), what kind; never the value.

    Examples
    --------
    >>> str(Suspicion("narrative.md", 3, "e-mail address"))
    'narrative.md, line 3: e-mail address'
    """

    file: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.kind}"


@dataclass(frozen=True)
class PackedFile:
    """One file of the pack.

    Parameters
    ----------
    path : str
        Below the pack's folder.
    source : str
        Below the incident folder; "" for what is made anew.
    kind : str
        As in the manifest, or "spec", "narrative", "manifest", "report".
    source_bytes, bytes : int
        Before and after [bytes].
    changed : Counter of str
        Rule -> how many different values it replaced.
    left_out : tuple of str
        What of the file is not in the pack, in words.
    """

    path: str
    source: str
    kind: str
    source_bytes: int
    bytes: int
    changed: Counter[str] = field(default_factory=Counter)
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Packed:
    """The result of `pack`.

    Parameters
    ----------
    output : Path
        The .zip, or the folder.
    bytes : int
        Its size [bytes]; of a folder the sum of its files.
    files : tuple of PackedFile
        In order of their paths.
    left_out : tuple of LeftOut
        Files of the incident that are not in the pack.
    suspicions : tuple of Suspicion
        Places in the author's words that were accepted.
    notes : tuple of str
        What else a person must know.
    published : bool
        False where the very same pack was there already.

    Examples
    --------
    >>> Packed(Path("x.zip"), 0, (), (), (), (), published=True).changed
    Counter()
    """

    output: Path
    bytes: int
    files: tuple[PackedFile, ...]
    left_out: tuple[LeftOut, ...]
    suspicions: tuple[Suspicion, ...]
    notes: tuple[str, ...]
    published: bool

    @property
    def changed(self) -> Counter[str]:
        """Rule -> how many different values it replaced in each file, summed."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.changed)
        return total

    def as_dict(self) -> dict[str, Any]:
        """Return the result, ready for JSON."""
        return {
            "output": str(self.output), "bytes": self.bytes, "published": self.published,
            "files": [{**vars(f), "changed": dict(f.changed), "left_out": list(f.left_out)} for f in self.files],
            "left_out": [entry._asdict() for entry in self.left_out],
            "suspicions": [str(found) for found in self.suspicions], "notes": list(self.notes),
        }  # fmt: skip
