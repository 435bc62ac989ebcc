"""Which file of a source is read, and what becomes of one that is missing, altered, empty or not understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis.errors import AnalysisError, EvidenceError
from analysis.incident import Incident
from analysis.series import iso
from analysis.sources.lines import ReadReport
from analysis.store import Manifest

__all__ = ["Problem", "beside", "joined", "path_of", "read_one", "say_if_missing", "span"]


@dataclass(frozen=True)
class Problem:
    """A source that is declared or was captured and cannot be used: what, and why."""

    source: str
    reason: str


def path_of(incident: Incident, manifest: Manifest, declared: str | None, kind: str) -> str | None:
    """Return the file to read: the newest capture of the declared one, else of its kind; None if there is none.

    Raises
    ------
    EvidenceError
        If the declared file lies there without having been captured: nobody knows whether it was altered.
    """
    if declared is None:
        entries = manifest.current(kind)
        return f"raw/{entries[-1].path}" if entries else None
    entry = manifest.newest(declared.removeprefix("raw/"))
    if entry is not None:
        return f"raw/{entry.path}"
    if (incident.folder / declared).is_file():
        raise EvidenceError(
            f"{declared} is not in the manifest",
            where=str(incident.raw / "manifest.json"),
            expected="evidence that was captured",
            next="run: postmortem capture DIR --from the folder that holds it",
        )
    return declared


def read_one(
    read: Callable[[], Any], incident: Incident, path: str, reports: list[ReadReport], problems: list[Problem]
) -> Any:
    """Return what a reader gives, None if the file is missing or refused; its report or the problem is added."""
    if say_if_missing(incident, path, problems):
        return None
    try:
        frame, report = read()
    except AnalysisError as error:
        each = getattr(error, "problems", ())  # an error of the spec says every single one
        details = "; ".join(filter(None, [error.where, *each, f"expected {error.expected}" if error.expected else ""]))
        problems.append(Problem(path, f"{error.what} ({details})" if details else error.what))
        return None
    reports.append(replace(report, file=path))
    if report.truncated:
        problems.append(Problem(path, "cut short: what could be read is used, the rest is missing"))
    if report.records and not report.recognised:
        notes = f": {'; '.join(report.notes)}" if report.notes else ""
        problems.append(Problem(path, f"none of its {report.records:,} records could be used{notes}"))
    return frame


def say_if_missing(incident: Incident, path: str, problems: list[Problem]) -> bool:
    """Return whether a source is not there; it is said once."""
    if (incident.folder / path).is_file():
        return False
    if not any(p.source == path for p in problems):
        problems.append(Problem(path, "declared in incident.yaml, but not there"))
    return True


def beside(path: str, span: tuple[pd.Timestamp, pd.Timestamp] | None, incident: Incident) -> list[Problem]:
    """Return the problem of a source that holds nothing, or nothing of the incident window."""
    window = incident.window
    if span is None:
        return [Problem(path, "holds nothing that could be used")]
    if span[0] <= window.end and span[1] > window.start:
        return []
    return [Problem(path, f"holds nothing of the incident window: it covers {iso(span[0])} to {iso(span[1])}")]


def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of one kind as one, in order of time; the first is the empty one."""
    held = [f for f in frames if len(f)]
    return pd.concat(held).sort_index(kind="stable") if len(held) > 1 else (held or frames)[0]


def span(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and the last time of a frame in order of time; None of an empty one."""
    return (frame.index[0], frame.index[-1]) if len(frame) else None
