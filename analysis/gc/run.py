"""Files to the document of `postmortem gc`, or to one that says why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import AnalysisError, EvidenceError, NoDataError
from analysis.gc.coverage import coverage_of, lines_of, nothing_read
from analysis.gc.document import as_document, refuse_empty
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.reader import read_gc_log, read_gc_logs
from analysis.sources.lines import ReadReport
from analysis.window import parse_time

__all__ = ["gc_document"]


def gc_document(
    paths: Sequence[Path], *, jvm_start: str | None = None, events: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], AnalysisError | None]:  # fmt: skip
    """Read GC logs and return their document, and the error if there is nothing to tell.

    Parameters
    ----------
    paths : sequence of Path
        Files of any number of JVMs, rotated ones in any order.
    jvm_start : str, optional
        When the JVM began, ISO-8601 with an offset: for logs that only have an uptime.
    events : bool
        Whether to list every pause.
    progress : callable
        Told what is done.

    Returns
    -------
    (dict, AnalysisError or None)
        With an error the document is {"error": ..., "coverage": ...}.

    Examples
    --------
    >>> document, error = gc_document([Path("nowhere.log")])
    >>> sorted(document), error.exit_code
    (['coverage', 'error'], 2)
    """
    coverage = nothing_read(len(paths))
    try:
        start = None if jvm_start is None else parse_time(jvm_start, where="--jvm-start")
        progress(f"reading {', '.join(path.name for path in paths[:3])}{', ...' if len(paths) > 3 else ''}")
        log, reports, skipped = _read(paths, start)
        coverage = coverage_of(log, reports, lines=sum(r.lines for r in reports)) | {"skipped": skipped}
        refuse_empty(log, reports)
        progress(f"counting {len(log.pauses):,} pauses")
        return as_document(log, coverage, events=events), None
    except EvidenceError as error:
        coverage["lines"] = lines_of(paths)
        told = error if coverage["lines"] is None else _no_data(error)
        return {"error": told.as_dict(), "coverage": coverage}, told
    except AnalysisError as error:
        return {"error": error.as_dict(), "coverage": coverage}, error


def _read(
    paths: Sequence[Path], start: pd.Timestamp | None
) -> tuple[GcLog, Sequence[ReadReport], list[dict[str, str]]]:  # fmt: skip
    """Read logs; of several files those without a line of one are passed over, unless that is all of them.

    A set that was just rotated has an empty newest file.
    """
    try:
        return *read_gc_logs(paths, jvm_start=start), []
    except EvidenceError:
        if len(paths) == 1:
            raise
        reasons = {path: _without_log(path) for path in paths}
        kept = [path for path in paths if not reasons[path]]
        if not kept or len(kept) == len(paths):
            raise
        skipped = [{"file": path.name, "what": what} for path, what in reasons.items() if what]
        return *read_gc_logs(kept, jvm_start=start), skipped


def _without_log(path: Path) -> str:
    """Return why a file that can be read holds nothing to tell of; "" if it does."""
    try:
        read_gc_log(path, areas=False)
    except EvidenceError as error:
        if lines_of([path]) is None:
            raise
        return error.what
    return ""


def _no_data(error: EvidenceError) -> NoDataError:
    """Return the error of files that can be read and hold nothing to tell of."""
    return NoDataError(error.what, where=error.where, expected=error.expected, next=error.next)
