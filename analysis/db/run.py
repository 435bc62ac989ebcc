"""Files to the document of `postmortem db`, or to one that says why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from analysis.db.coverage import coverage_of, nothing_read
from analysis.db.document import Asked
from analysis.db.kinds import LOG, one_kind
from analysis.db.read import READERS, read_log
from analysis.errors import AnalysisError, EvidenceError, NoDataError
from analysis.sources.chunks import chunks
from analysis.window import parse_time

__all__ = ["asked_for", "db_document", "lines_of"]

NOTHING = ("no record of a PostgreSQL log is found in it", "this is a log of PgBouncer, not of PostgreSQL")


def asked_for(
    kind: str | None = None, prefix: str | None = None, timezone: str | None = None, start: str | None = None,
    end: str | None = None,
) -> Asked:  # fmt: skip
    """Return what the options of the command line ask for.

    Parameters
    ----------
    kind, prefix, timezone : str, optional
        As given.
    start, end : str, optional
        ISO-8601 with an offset.

    Raises
    ------
    SpecError
        If a time is none or has no offset.

    Examples
    --------
    >>> asked_for(start="2026-11-22T18:04:30Z").start_us
    1795370670000000
    """
    times = [None if t is None else parse_time(t, where=name) for name, t in (("--start", start), ("--end", end))]
    first, last = (None if t is None else int(t.as_unit("us").asm8.astype("i8")) for t in times)
    return Asked(None if kind == "auto" else kind, prefix, timezone, first, last)


def db_document(
    paths: Sequence[Path], asked: Asked = Asked(), *, progress: Callable[[str], None] = lambda _: None  # noqa: B008
) -> tuple[dict[str, Any], AnalysisError | None]:  # fmt: skip
    """Read one source and return its document, and the error if there is nothing to tell.

    Parameters
    ----------
    paths : sequence of Path
        Files of one kind, rotated ones in any order.
    asked : Asked
        Kind, log_line_prefix, zone and window.
    progress : callable
        Told what is done.

    Returns
    -------
    (dict, AnalysisError or None)
        With an error the document is {"error": ..., "coverage": ...}.

    Examples
    --------
    >>> document, error = db_document([Path("nowhere.log")])
    >>> sorted(document), error.exit_code
    (['coverage', 'error'], 2)
    >>> document, _ = db_document([Path("data/incidents/D-quiet-control/raw/db/pg_stat_activity.parquet")])
    >>> document["source"], document["aas"]["samples"]
    ('ash', 206)
    """
    coverage = nothing_read(len(paths))
    try:
        progress(f"reading {', '.join(path.name for path in paths[:3])}{', ...' if len(paths) > 3 else ''}")
        kind = one_kind(paths, asked.kind)
        if kind in READERS:
            found, reports = READERS[kind](paths, asked)
            coverage = coverage_of(reports)
            document = found | {"coverage": coverage}
        else:
            document, coverage = read_log(paths, asked._replace(kind=_form(kind)))
        _refuse_empty(document, paths, asked)
        return document, None
    except AnalysisError as error:
        if coverage["lines"] is None:
            coverage["lines"] = lines_of(paths)
        told = _no_data(error) if error.what in NOTHING and coverage["lines"] is not None else error
        return {"error": told.as_dict(), "coverage": coverage}, told


def _form(kind: str) -> str | None:
    """Return the form of log that was asked for; None if it is to be told by the content."""
    return None if kind == LOG else kind.removeprefix(f"{LOG}-")


def _no_data(error: AnalysisError) -> NoDataError:
    """Return the error of files that can be read and hold nothing to tell of."""
    return NoDataError(error.what, where=error.where, expected=error.expected, next=error.next)


def _refuse_empty(document: dict[str, Any], paths: Sequence[Path], asked: Asked) -> None:
    if not document["coverage"]["recognised"]:
        raise NoDataError(
            "nothing of a database was understood", where=", ".join(p.name for p in paths[:5]) or "no file",
            expected="a log of PostgreSQL (stderr, csvlog, jsonlog, syslog, RDS, Cloud SQL, CloudNativePG, Heroku), "
            "samples of pg_stat_activity, snapshots of pg_stat_statements, JSON of Performance Insights, or "
            "an application's log with lines of HikariCP",
            next="name the file itself; --kind and --prefix (log_line_prefix) where its form was not told",
        )  # fmt: skip
    if asked.window and document["window"]["start"] is None:
        raise NoDataError(
            "nothing was told of within the window", where=", ".join(p.name for p in paths[:5]),
            expected="times in (--start, --end]", next="correct the window, or leave it out to see what there is",
        )  # fmt: skip


def lines_of(paths: Sequence[Path]) -> int | None:
    """Return how many lines some files have; None if one cannot be read.

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
    found, last = 0, b"\n"
    for part in chunks(path):
        found += part.data.count(b"\n")
        last = part.data[-1:] or last
    return found + (last != b"\n")
