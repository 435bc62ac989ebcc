"""What was read of a source and what was not, with samples that show nothing personal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from analysis.db.plain import plain_word
from analysis.sources.lines import ReadReport
from analysis.sql.redact import redacted

__all__ = ["MOST_UNREAD_RATIO", "coverage_of", "nothing_read", "safe_sample", "unread_ratio"]

MOST_UNREAD_RATIO = 0.01  # of what should mean something; beyond it the figures may be of a part only
SAMPLES = 3
PLACE = re.compile(r"(?:line|row|item|record) \d+: ")
MORE = (
    (re.compile(r"\b\w+://\S+"), "…://…"),
    (re.compile(r"(?<![\w.])(?:/[\w.@+-]+){2,}/?"), "/…"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z_-])[\w-]{20,}\b"), "…"),
    (re.compile(r"\d{7,}"), "…"),
)


def safe_sample(text: str) -> str:
    """Return a line that was not understood on one line, without literals, addresses, paths, long words with digits.

    Parameters
    ----------
    text : str
        Any text, with "line 7: " or the like in front if it has a place.

    Examples
    --------
    >>> safe_sample("line 7: odd 'Kim' kim@example.org 4929123412341234 at /srv/app/x")
    'line 7: odd ? ? ? at /…'
    """
    place = found[0] if (found := PLACE.match(text)) else ""
    shown = redacted(plain_word(text.removeprefix(place)))
    for pattern, instead in MORE:
        shown = pattern.sub(instead, shown)
    return place + shown


def unread_ratio(coverage: dict[str, Any]) -> float:
    """Return which share of what should mean something was not understood; 0 of none.

    Examples
    --------
    >>> unread_ratio({"recognised": 99, "unrecognised": 1})
    0.01
    """
    missed = coverage["unrecognised"] or 0
    return float(missed / (missed + (coverage["recognised"] or 0))) if missed else 0.0


def coverage_of(reports: Sequence[ReadReport]) -> dict[str, Any]:
    """Return what was read of some files: lines, those understood and those not with samples, cut files, notes.

    Parameters
    ----------
    reports : sequence of ReadReport
        One a file.

    Returns
    -------
    dict
        files, lines (of tables: rows), recognised, unrecognised, samples (at most three), truncated, truncated_files,
        notes.

    Examples
    --------
    >>> coverage_of([ReadReport("a.log", 3, 2, 1, ("line 4: ???",), True, ("odd",), 5)])["samples"]
    ['a.log line 4: ???']
    """
    samples = [f"{r.file} {safe_sample(text)}" for r in reports for text in r.samples]
    return {
        "files": len(reports),
        "lines": sum(r.lines or r.records for r in reports),
        "recognised": sum(r.recognised for r in reports),
        "unrecognised": sum(r.unrecognised for r in reports),
        "samples": samples[:SAMPLES],
        "truncated": any(r.truncated for r in reports),
        "truncated_files": [r.file for r in reports if r.truncated],
        "notes": _notes(reports),
    }


def _notes(reports: Sequence[ReadReport]) -> list[str]:
    """Return each note once, with the files that it is of unless it is of all."""
    files: dict[str, list[str]] = {}
    for report in reports:
        for note in dict.fromkeys(report.notes):
            files.setdefault(note, []).append(report.file)
    return [n if len(of) == len(reports) else f"{', '.join(of[:SAMPLES])}: {n}" for n, of in files.items()]


def nothing_read(files: int, *, lines: int | None = None) -> dict[str, Any]:
    """Return the coverage of files of which nothing is known, because they could not be read.

    Examples
    --------
    >>> nothing_read(2)["files"], nothing_read(2)["recognised"]
    (2, None)
    """
    unknown = dict.fromkeys(("recognised", "unrecognised"))
    told: dict[str, Any] = {"samples": [], "truncated": None, "truncated_files": [], "notes": []}
    return {"files": files, "lines": lines, **unknown, **told}
