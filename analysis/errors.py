"""What can go wrong, as one tree.

::

    AnalysisError            what, where, expected, next; carries the exit code of the command line
    ├── SpecError            incident.yaml or the arguments are wrong (all problems at once)      exit 2
    ├── EvidenceError        a file of the evidence is altered, half-written or not what it says  exit 2
    ├── BusyError            another run holds the report folder                                   exit 2
    ├── StorageError         a file cannot be written: the disk is full or read-only               exit 1
    ├── CoverageError        a signal has too few samples for the question                         exit 3
    ├── SectionError         a notebook failed; the others go on                                   exit 3
    └── NoDataError          nothing usable to analyse                                             exit 4
"""

from __future__ import annotations

__all__ = [
    "AnalysisError",
    "BusyError",
    "CoverageError",
    "EvidenceError",
    "NoDataError",
    "SectionError",
    "SpecError",
    "StorageError",
]


class AnalysisError(Exception):
    """Base of all errors that a user can act on.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence.
    where : str
        File, field, signal or argument.
    expected : str
        What would have been right.
    next : str
        What to do now.

    Examples
    --------
    >>> print(AnalysisError("no such thing", where="incident.yaml", expected="a thing", next="add it"))
    no such thing
      where:    incident.yaml
      expected: a thing
      next:     add it
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", expected: str = "", next: str = "") -> None:  # noqa: A002
        super().__init__(what)
        self.what, self.where, self.expected, self.next = what, where, expected, next

    def __str__(self) -> str:
        parts = [("where", self.where), ("expected", self.expected), ("next", self.next)]
        return "\n".join([self.what, *(f"  {k + ':':<9} {v}" for k, v in parts if v)])

    def as_dict(self) -> dict[str, str]:
        """Return the four parts, for JSON output."""
        return {"what": self.what, "where": self.where, "expected": self.expected, "next": self.next}


class SpecError(AnalysisError):
    """The spec or an argument is wrong; `problems` lists every single one."""

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        next: str = "",  # noqa: A002
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(what, where=where, expected=expected, next=next)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  - {p}" for p in self.problems)])


class EvidenceError(AnalysisError):
    """A file of the evidence is altered, half-written, or not what its name says."""

    exit_code = 2


class BusyError(AnalysisError):
    """Another run holds the report folder."""

    exit_code = 2


class StorageError(AnalysisError):
    """A file cannot be written: the disk is full or may not be written to; what was there stays."""


class CoverageError(AnalysisError):
    """A signal has too few samples in a window for the question that was asked."""

    exit_code = 3


class SectionError(AnalysisError):
    """A notebook failed; its section says so and the others go on."""

    exit_code = 3


class NoDataError(AnalysisError):
    """There is nothing usable to analyse."""

    exit_code = 4
