"""The recordings of a database among the evidence -> frames: sessions, snapshots, its log, Performance Insights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from analysis.declared import Problem, beside, joined, path_of, read_one, say_if_missing, span
from analysis.incident import Incident
from analysis.sources import postgres
from analysis.sources.lines import ReadReport
from analysis.sources.performance_insights.reader import read_performance_insights
from analysis.sources.pglog.frames import PostgresLog, empty
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.postgres_counters import no_database_counters, read_database_counters
from analysis.spec_sources import Database
from analysis.store import Manifest

__all__ = ["DatabaseEvidence", "database_sources", "read_database"]

TABLES: dict[str, tuple[Callable[..., Any], Callable[[], pd.DataFrame]]] = {
    "postgres-ash": (postgres.read_sessions, postgres.no_sessions),
    "pg-stat-statements": (postgres.read_statements, postgres.no_statements),
    "pg-stat-database": (read_database_counters, no_database_counters),
}
LOG, INSIGHTS = "postgres-log", "performance-insights"
FROZEN_KINDS = ("request-log",)  # kept as they are; a report reads those that the spec lists under requests
FORMATS = (".parquet", ".json", ".csv")  # of one recording the first that is there is read; text comes last


@dataclass(frozen=True, eq=False)
class DatabaseEvidence:
    """What was recorded of a database: frames, and what is missing or was not understood.

    `insights` is the load of Performance Insights, None where none was recorded.
    """

    sessions: pd.DataFrame = field(default_factory=postgres.no_sessions)
    statements: pd.DataFrame = field(default_factory=postgres.no_statements)
    counters: pd.DataFrame = field(default_factory=no_database_counters)
    log: PostgresLog = field(default_factory=empty)
    insights: pd.DataFrame | None = None
    reports: tuple[ReadReport, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


def read_database(incident: Incident, manifest: Manifest, missing: tuple[str, ...]) -> DatabaseEvidence:
    """Read the database recordings of an incident: those that the spec lists, else those that were captured.

    Parameters
    ----------
    incident : Incident
        With the spec.
    manifest : Manifest
        Of raw/.
    missing : tuple of str
        Paths of the manifest that are not there.

    Returns
    -------
    DatabaseEvidence
        Of a recording that was captured in several formats one is read: Parquet, else JSON, else CSV, else text.

    Examples
    --------
    >>> from analysis.store import read_manifest
    >>> incident = Incident.load("data/incidents/D-quiet-control")
    >>> found = read_database(incident, read_manifest(incident.raw), ())
    >>> sorted(found.files)
    ['pg-stat-statements', 'postgres-ash']
    """
    reports: list[ReadReport] = []
    problems: list[Problem] = []
    files: dict[str, str] = {}
    frames = {kind: [none()] for kind, (_, none) in TABLES.items()}
    logs: list[Database] = []
    answers: list[Database] = []
    for source in database_sources(incident, manifest, missing):
        if source.kind in (LOG, INSIGHTS):
            (logs if source.kind == LOG else answers).append(source)
            continue
        if source.kind not in TABLES:
            if not say_if_missing(incident, source.path, problems) and source.kind not in FROZEN_KINDS:
                problems.append(Problem(source.path, _unknown(source.kind)))
            continue
        options = {} if source.mapping is None else {"mapping": source.mapping}
        read = partial(TABLES[source.kind][0], incident.folder / source.path, **options)
        found = read_one(read, incident, source.path, reports, problems)
        if found is not None:
            problems += beside(source.path, span(found), incident)
            frames[source.kind].append(found)
            files[source.kind] = ", ".join(filter(None, [files.get(source.kind), source.path]))
    log = _read_logs(incident, logs, reports, problems)
    if log is not None:
        files[LOG] = ", ".join(source.path for source in logs)
    insights = _read_insights(incident, answers, reports, problems)
    if insights is not None:
        files[INSIGHTS] = ", ".join(source.path for source in answers)
    sessions, statements, counters = (joined(frames[kind]) for kind in TABLES)
    return DatabaseEvidence(
        sessions, statements, counters, log or empty(), insights, tuple(reports), tuple(problems), files
    )


def _unknown(kind: str) -> str:
    meant = get_close_matches(kind, [*TABLES, LOG, INSIGHTS, *FROZEN_KINDS], n=1)
    return f"no reader for the kind {kind!r}: it is frozen, not read" + (f"; did you mean {meant[0]}?" if meant else "")


def _read_logs(
    incident: Incident, logs: list[Database], reports: list[ReadReport], problems: list[Problem]
) -> PostgresLog | None:
    """Read the files of one log together; those of another prefix or zone than the first are said to be left out."""
    if not logs:
        return None
    first, kept = logs[0], [s for s in logs if (s.prefix, s.timezone) == (logs[0].prefix, logs[0].timezone)]
    problems += [Problem(s.path, "another prefix or zone than the first log: not read") for s in logs if s not in kept]
    there = [incident.folder / s.path for s in kept if not say_if_missing(incident, s.path, problems)]
    if not there:
        return None
    several: list[ReadReport] = []

    def read() -> tuple[PostgresLog, ReadReport]:
        log, told = read_postgres_log(there, prefix=first.prefix, timezone=first.timezone)
        several.extend(told)
        return log, told[0]

    found = read_one(read, incident, first.path, reports, problems)
    reports += several[1:]
    return found if isinstance(found, PostgresLog) else None


def _read_insights(
    incident: Incident, answers: list[Database], reports: list[ReadReport], problems: list[Problem]
) -> pd.DataFrame | None:
    """Read the saved answers of Performance Insights together: pages of one question belong to each other."""
    there = [incident.folder / s.path for s in answers if not say_if_missing(incident, s.path, problems)]
    if not there:
        return None
    several: list[ReadReport] = []

    def read() -> tuple[pd.DataFrame, ReadReport]:
        found, told = read_performance_insights(there)
        several.extend(told)
        return found.load, told[0]

    load = read_one(read, incident, answers[0].path, reports, problems)
    reports += several[1:]
    return load if isinstance(load, pd.DataFrame) else None


def database_sources(incident: Incident, manifest: Manifest, missing: tuple[str, ...]) -> Iterator[Database]:
    """Yield the recordings to read, with their paths below the incident folder."""
    declared = incident.spec.sources.database
    for source in declared:
        yield source.model_copy(update={"path": str(path_of(incident, manifest, source.path, source.kind))})
    if not declared:
        for kind in (*TABLES, LOG, INSIGHTS):
            there = [f"raw/{e.path}" for e in manifest.current(kind) if e.path not in missing]
            yield from (Database(kind=kind, path=path) for path in _one_format(there))


def _one_format(paths: Iterable[str]) -> list[str]:
    """Return the paths without those that hold a recording which another one holds in a better format.

    Examples
    --------
    >>> _one_format(["raw/db/a.csv.zst", "raw/db/a.parquet", "raw/db/b.log", "raw/db/b.log.1"])
    ['raw/db/a.parquet', 'raw/db/b.log', 'raw/db/b.log.1']
    """

    def format_of(path: str) -> int:
        suffixes = PurePosixPath(path).suffixes
        return next((i for i, s in enumerate(FORMATS) if s in suffixes), len(FORMATS))

    def recording(path: str) -> str:
        return str(Path(path).parent / Path(path).name.split(".")[0])

    listed = list(paths)
    best = {name: min(format_of(p) for p in listed if recording(p) == name) for name in map(recording, listed)}
    return [p for p in listed if format_of(p) == best[recording(p)]]
