"""What was read of GC logs and what was not, with samples that show no secret."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import EvidenceError
from analysis.gc.events import NO_CLOCK
from analysis.gc.plain import time_text
from analysis.sources.chunks import chunks
from analysis.sources.gclog.frames import GcLog
from analysis.sources.lines import ReadReport

__all__ = ["MOST_UNREAD_RATIO", "coverage_of", "lines_of", "nothing_read", "redacted", "unread_ratio"]

MOST_UNREAD_RATIO = 0.01  # of the lines of a GC log; beyond it, what was not understood may be what mattered
SAMPLES = 3
GRAIN_SECONDS = 1e-3  # of most stamps: a shorter stretch is none
MISSING = "lines are missing from it"  # the reader's note of holes, those of pauses that were filtered away too
SECRETS = (
    (re.compile(r"\"[^\"]*\"?|(?<!\w)'[^']*'?"), '"…"'),
    (re.compile(r"\S+@\S+"), "…@…"),
    (re.compile(r"\b\w+://\S+"), "…://…"),
    (re.compile(r"(?<![\w.])(?:/[\w.@+-]+){2,}/?"), "/…"),
    (re.compile(r"(?i)\b((?:password|passwd|secret|token|api[_-]?key|authorization)\w*\s*[=:]\s*)\S+"), r"\1…"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z_-])[\w-]{20,}\b"), "…"),
    (re.compile(r"\d{9,}"), "…"),
)


def redacted(sample: str) -> str:
    """Return a line that was not understood without what may be a secret; short numbers stay, they tell the format.

    Parameters
    ----------
    sample : str
        Any text.

    Returns
    -------
    str
        Quoted text, addresses, paths, values of passwords and tokens, long words with digits, and nine or more digits
        in a row are each replaced by an ellipsis; characters that cannot be printed by a space.

    Examples
    --------
    >>> redacted('[1.5s] GC(3) Odd 12M->8M user="bob" a@b.example 4929123412341234')
    '[1.5s] GC(3) Odd 12M->8M user="…" …@… …'
    """
    text = "".join(c if c.isprintable() else " " for c in sample)
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


def unread_ratio(recognised: int, unrecognised: int) -> float:
    """Return the share of lines that were not understood; 0 of none.

    Examples
    --------
    >>> unread_ratio(99, 1)
    0.01
    """
    return unrecognised / (recognised + unrecognised) if unrecognised else 0.0


def lines_of(paths: Sequence[Path]) -> int | None:
    """Return how many lines some files have, those of other logs and blank ones too; None if one cannot be read.

    Parameters
    ----------
    paths : sequence of Path
        Plain, gzip or zstd.

    Examples
    --------
    >>> lines_of([]), lines_of([Path("nowhere.log")])
    (0, None)
    """
    try:
        return sum(_lines(path) for path in paths)
    except EvidenceError:
        return None


def _lines(path: Path) -> int:
    found, last, returns = 0, b"\n", 0
    for part in chunks(path):
        found += part.data.count(b"\n")
        returns += part.data.count(b"\r") if not found else 0  # an old Mac ends lines so
        last = part.data[-1:] or last
    return (found or returns) + (last not in b"\r\n")


def coverage_of(log: GcLog, reports: Sequence[ReadReport], *, lines: int | None) -> dict[str, Any]:
    """Return what was read: files, lines, lines of a GC log, those not understood with samples, cut files, gaps.

    Parameters
    ----------
    log : GcLog
        What the files say.
    reports : sequence of ReadReport
        One a file.
    lines : int or None
        Of all files, from `lines_of`.

    Examples
    --------
    >>> report = ReadReport("gc.log", 10, 9, 1, ("line 4: [gc] ???",), True, ())
    >>> found = coverage_of(GcLog(), [report], lines=12)
    >>> found["gc_lines"], found["unrecognised"], found["samples"], found["truncated"]
    (10, 1, ['gc.log line 4: [gc] ???'], True)
    """
    gaps = _gaps(log)
    notes = [note for note in _notes(reports) if gaps or MISSING not in note]
    samples = [f"{r.file} {redacted(text)}" for r in reports for text in r.samples]
    return {
        "files": len(reports),
        "lines": lines,
        "gc_lines": sum(r.records for r in reports),
        "recognised": sum(r.recognised for r in reports),
        "unrecognised": sum(r.unrecognised for r in reports),
        "samples": samples[:SAMPLES],
        "skipped": [],
        "truncated": any(r.truncated for r in reports),
        "truncated_files": [r.file for r in reports if r.truncated],
        "gaps": gaps,
        "notes": notes,
    }


def _notes(reports: Sequence[ReadReport]) -> list[str]:
    """Return each note once, with the files that it is of unless it is of all."""
    files: dict[str, list[str]] = {}
    for report in reports:
        for note in report.notes:
            files.setdefault(note, []).append(report.file)
    return [n if len(of) == len(reports) else f"{', '.join(of[:SAMPLES])}: {n}" for n, of in files.items()]


def _gaps(log: GcLog) -> list[dict[str, Any]]:
    """Return the stretches of which lines are missing; without times where no life has a wall clock.

    A life whose pauses were filtered away has no missing lines: that they are not logged is said of it. What is shorter
    than the grain of stamps is no stretch.
    """
    dated = not len(log.lives) or not log.lives["time_quality"].isin(NO_CLOCK).all()
    return [
        {
            "start": time_text(row["start"]) if dated else None,
            "end": time_text(row["end"]) if dated else None,
            "seconds": (row["end"] - row["start"]).total_seconds(),
        }
        for row in log.holes.to_dict("records")
        if (row["end"] - row["start"]).total_seconds() >= GRAIN_SECONDS and not _of_a_whole_life(log, row)
    ]


def _of_a_whole_life(log: GcLog, hole: dict[Hashable, Any]) -> bool:
    lives = log.lives
    covered = (lives["start"] >= hole["start"]) & (lives["end"] <= hole["end"]) & (lives["end"] > lives["start"])
    return not set(np.flatnonzero(covered.to_numpy())).isdisjoint(set(range(len(lives))) - {*log.pauses["life"]})


def nothing_read(files: int, *, lines: int | None = None) -> dict[str, Any]:
    """Return the coverage of files of which nothing is known, because they could not be read.

    Parameters
    ----------
    files : int
        How many were named.
    lines : int or None
        Of all of them, where they could be read and held no GC log.

    Examples
    --------
    >>> nothing_read(2)["files"], nothing_read(2)["lines"]
    (2, None)
    """
    counts = dict.fromkeys(("gc_lines", "recognised", "unrecognised"))
    return {
        "files": files,
        "lines": lines,
        **counts,
        "samples": [],
        "skipped": [],
        "truncated": None,
        "truncated_files": [],
        "gaps": [],
        "notes": [],
    }
