"""The files of each kind to their document: read by the source's own reader, told by its own page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.db.coverage import coverage_of
from analysis.db.document import Asked
from analysis.db.insights import insights_document
from analysis.db.logs import log_document
from analysis.db.pools import pools_document
from analysis.db.samples import samples_document
from analysis.db.snapshots import snapshots_document
from analysis.db.twins import refuse_twins
from analysis.sources.hikari import read_pool_timeouts
from analysis.sources.lines import ReadReport
from analysis.sources.performance_insights.reader import read_performance_insights
from analysis.sources.pglog.totals import Window, log_totals
from analysis.sources.postgres import read_sessions, read_statements

__all__ = ["READERS", "read_log"]

Read = tuple[dict[str, Any], tuple[ReadReport, ...]]


def read_log(paths: Sequence[Path], asked: Asked) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the document of a server's logs, and what was read of them.

    Parameters
    ----------
    paths : sequence of Path
        Rotated files in any order.
    asked : Asked
        `kind` is a form of log, or None to have it told by the content.

    Raises
    ------
    EvidenceError, SpecError
        As `log_totals`; also where two files hold the same recording.
    """
    refuse_twins(paths)
    window = Window(asked.start_us, asked.end_us)
    totals = log_totals(paths, kind=asked.kind, prefix=asked.prefix, timezone=asked.timezone, window=window)
    coverage = coverage_of(totals.reports)
    return log_document(totals, coverage, whole=not asked.window), coverage


def _tables(paths: Sequence[Path], reader: Callable[[Path], tuple[pd.DataFrame, ReadReport]]) -> tuple[
    pd.DataFrame, tuple[ReadReport, ...]
]:  # fmt: skip
    """Return the rows of all files in the order of time, each row that is in two of them once."""
    frames, reports = zip(*(reader(path) for path in paths), strict=True)
    if len(frames) == 1:
        return frames[0], reports
    joined = pd.concat(frames)
    again = joined.reset_index().duplicated().to_numpy()
    return joined[~again].sort_index(kind="stable"), reports


def _sessions(paths: Sequence[Path], asked: Asked) -> Read:
    sessions, reports = _tables(paths, read_sessions)
    return samples_document(sessions, {}, asked), reports


def _statements(paths: Sequence[Path], asked: Asked) -> Read:
    statements, reports = _tables(paths, read_statements)
    return snapshots_document(statements, {}, asked), reports


def _pools(paths: Sequence[Path], asked: Asked) -> Read:
    timeouts, reports = _tables(paths, lambda path: read_pool_timeouts(path, timezone=asked.timezone))
    return pools_document(timeouts, {}, asked), reports


def _insights(paths: Sequence[Path], asked: Asked) -> Read:
    found, reports = read_performance_insights(paths)
    return insights_document(found, {}, asked), tuple(reports)


READERS: dict[str, Callable[[Sequence[Path], Asked], Read]] = {
    "ash": _sessions, "pgss": _statements, "hikari": _pools, "pi": _insights,
}  # fmt: skip
