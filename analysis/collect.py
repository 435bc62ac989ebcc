"""Frozen evidence -> frames in the contract's form, with what is missing or not recognised said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import AnalysisError, EvidenceError, NoDataError
from analysis.incident import Incident
from analysis.series import iso
from analysis.sources import access_log, k6, kubernetes, postgres, prometheus, rollouts
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.timed import with_times
from analysis.sources.lines import ReadReport
from analysis.sources.request_rows import RequestRows
from analysis.store import SAMPLES, SERIES, Manifest, read_manifest, verify

__all__ = ["Evidence", "GcSource", "Problem", "load"]

DATABASE_READERS = {  # kind -> reader, and its frame without rows
    "postgres-ash": (postgres.read_sessions, postgres.no_sessions),
    "pg-stat-statements": (postgres.read_statements, postgres.no_statements),
}
FROZEN_KINDS = ("performance-insights", "postgres-log", "request-log")  # kept for a later version
NO_CLOCK = "a JVM in it logs no wall clock, so it cannot be laid beside the requests: set jvm_start of this gc_log"
REQUEST_KINDS = ("k6-json", "k6-csv", "envoy", "nginx", "jsonl", "csv")


@dataclass(frozen=True)
class Problem:
    """A source that is declared or was captured and cannot be used: what, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class GcSource:
    """The GC log of one JVM: its container and pod ("" where the spec names none), its file, what it holds."""

    container: str
    pod: str
    path: str
    log: GcLog


@dataclass(frozen=True)
class Evidence:
    """Everything that an analysis reads: frames in the contract's form, and what is missing.

    Parameters
    ----------
    incident : Incident
        Spec, window, baseline.
    samples : SampleTable
        Prometheus samples.
    requests : DataFrame
        Index end (UTC us), columns duration_seconds, failed, status, route, pod.
    events, deployments : DataFrame
        Kubernetes events and rollouts.
    reports : tuple of ReadReport
        What each text source held, and what of it was not recognised.
    problems : tuple of Problem
        Declared sources that are missing or cannot be read.
    manifest : Manifest
        What was captured.
    files : dict of str to str
        Source kind -> path below the incident folder, for the evidence lines.
    gc_logs : tuple of GcSource
        One per JVM.
    sessions, statements : DataFrame
        Samples of database sessions, and snapshots of statements; empty frames without a source.
    """

    incident: Incident
    samples: prometheus.SampleTable
    requests: pd.DataFrame
    events: pd.DataFrame
    deployments: pd.DataFrame
    reports: tuple[ReadReport, ...]
    problems: tuple[Problem, ...]
    manifest: Manifest
    files: dict[str, str]
    gc_logs: tuple[GcSource, ...] = ()
    sessions: pd.DataFrame = field(default_factory=postgres.no_sessions)
    statements: pd.DataFrame = field(default_factory=postgres.no_statements)


def load(incident: Incident) -> Evidence:
    """Read the frozen evidence of an incident.

    Parameters
    ----------
    incident : Incident
        From `Incident.load`.

    Returns
    -------
    Evidence
        Frames, and the problems of sources that are missing or unreadable.

    Raises
    ------
    EvidenceError
        If a file was altered after its capture.
    NoDataError
        If nothing was captured, or nothing of it lies in the incident window.

    Examples
    --------
    >>> evidence = load(Incident.load("data/incidents/D-quiet-control"))
    >>> len(evidence.deployments)
    1
    """
    raw, spec = incident.raw, incident.spec
    manifest = read_manifest(raw)
    missing = verify(raw, manifest)
    problems = [Problem(f"raw/{path}", "listed in the manifest, but not there") for path in missing]
    reports: list[ReadReport] = []
    files: dict[str, str] = {}

    samples = prometheus.EMPTY
    if manifest.entry(SAMPLES) and not {SERIES, SAMPLES} & set(missing):
        samples = prometheus.read_samples(raw / SERIES, raw / SAMPLES)
        files["prometheus"] = f"raw/{SAMPLES}"
    elif spec.sources.prometheus is not None and not missing:
        problems.append(Problem("prometheus", "declared in incident.yaml, but no samples were captured"))

    requests = [RequestRows().frame()]
    for kind, log, mapping in _request_files(incident, manifest, missing):
        read = partial(_read_requests, incident.folder / log, kind, mapping)
        frame = _read(read, incident, log, reports, problems)
        if frame is not None:
            requests.append(frame)
            files["requests"] = ", ".join(filter(None, [files.get("requests"), log]))
    events, deployments = kubernetes.no_events(), None
    path = _path_of(incident, manifest, spec.sources.kubernetes.events, "kubernetes-events")
    if path:
        found = _read(partial(kubernetes.read_events, incident.folder / path), incident, path, reports, problems)
        events, files["events"] = events if found is None else found, path
    path = _path_of(incident, manifest, spec.sources.kubernetes.deployments, "kubernetes-deployments")
    if path:
        deployments = _read(
            partial(kubernetes.read_deployments, incident.folder / path), incident, path, reports, problems
        )
        files["deployments"] = path
    if deployments is None:
        deployments = rollouts.rollouts_from_events(events)
        files["deployments"] = files.get("events", "")
    gc_logs = []
    for container, pod, log, jvm_start in _gc_files(incident, manifest, missing):
        read_log = partial(read_gc_log, incident.folder / log, jvm_start=jvm_start)
        found = _read(read_log, incident, log, reports, problems)
        timed = None if found is None else with_times(found)
        if found is not None and timed is not None:
            if len(timed.lives) < len(found.lives):
                problems.append(Problem(log, NO_CLOCK))
            if len(timed.lives):
                problems += _beside(log, (timed.lives["start"].min(), timed.lives["end"].max()), incident)
                gc_logs.append(GcSource(container, pod, log, timed))
    frames = {kind: [empty()] for kind, (_, empty) in DATABASE_READERS.items()}
    for kind, dump in _database_files(incident, manifest, missing):
        if kind not in DATABASE_READERS:
            if not _say_if_missing(incident, dump, problems) and kind not in FROZEN_KINDS:
                meant = get_close_matches(kind, [*DATABASE_READERS, *FROZEN_KINDS], n=1)
                hint = f"; did you mean {meant[0]}?" if meant else ""
                problems.append(Problem(dump, f"no reader for the kind {kind!r}: it is frozen, not read{hint}"))
            continue
        found = _read(partial(DATABASE_READERS[kind][0], incident.folder / dump), incident, dump, reports, problems)
        if found is not None:
            problems += _beside(dump, _span(found), incident)
            frames[kind].append(found)
            files[kind] = ", ".join(filter(None, [files.get(kind), dump]))
    sessions, statements = (_joined(frames[kind]) for kind in ("postgres-ash", "pg-stat-statements"))
    evidence = Evidence(
        incident, samples, _joined(requests), events, deployments, tuple(reports), tuple(problems), manifest, files,
        tuple(gc_logs), sessions, statements,
    )  # fmt: skip
    _refuse_empty(evidence)
    return evidence


def _beside(path: str, span: tuple[pd.Timestamp, pd.Timestamp] | None, incident: Incident) -> list[Problem]:
    """Return the problem of a source that holds nothing, or nothing of the incident window."""
    window = incident.window
    if span is None:
        return [Problem(path, "holds nothing that could be used")]
    if span[0] <= window.end and span[1] > window.start:
        return []
    return [Problem(path, f"holds nothing of the incident window: it covers {iso(span[0])} to {iso(span[1])}")]


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of one kind as one, in order of time; the first is the empty one."""
    held = [f for f in frames if len(f)]
    return pd.concat(held).sort_index(kind="stable") if len(held) > 1 else (held or frames)[0]


def _read(
    read: Callable[[], Any], incident: Incident, path: str, reports: list[ReadReport], problems: list[Problem]
) -> Any:
    if _say_if_missing(incident, path, problems):
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


def _read_requests(path: Path, kind: str, mapping: dict[str, str] | None) -> tuple[pd.DataFrame, ReadReport]:
    if kind == "k6-json":
        return k6.read_k6_json(path)
    if kind == "k6-csv":
        return k6.read_k6_csv(path)
    return access_log.read_access_log(path, kind, mapping)


def _say_if_missing(incident: Incident, path: str, problems: list[Problem]) -> bool:
    """Return whether a source is not there; it is said once."""
    if (incident.folder / path).is_file():
        return False
    if not any(p.source == path for p in problems):
        problems.append(Problem(path, "declared in incident.yaml, but not there"))
    return True


def _path_of(incident: Incident, manifest: Manifest, declared: str | None, kind: str) -> str | None:
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


def _gc_files(
    incident: Incident, manifest: Manifest, missing: tuple[str, ...]
) -> Iterator[tuple[str, str, str, pd.Timestamp | None]]:
    """Yield container, pod, path and start of the JVM of the GC logs to read: the declared ones, else the captured."""
    declared = incident.spec.sources.gc_logs
    for source in declared:
        path = _path_of(incident, manifest, source.path, "gc-log")
        yield source.container or "", source.pod or "", str(path), source.jvm_start
    if not declared:
        yield from (("", "", f"raw/{e.path}", None) for e in manifest.current("gc-log") if e.path not in missing)


def _database_files(incident: Incident, manifest: Manifest, missing: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield kind and path of the database recordings to read: the declared ones, else the captured ones."""
    declared = incident.spec.sources.database
    for source in declared:
        yield source.kind, str(_path_of(incident, manifest, source.path, source.kind))
    if not declared:
        for kind in DATABASE_READERS:
            yield from ((kind, f"raw/{e.path}") for e in manifest.current(kind) if e.path not in missing)


def _request_files(
    incident: Incident, manifest: Manifest, missing: tuple[str, ...]
) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    """Yield the request logs to read: the declared ones, else the captured ones, each recording in one format only."""
    declared = incident.spec.sources.requests
    for source in declared:
        yield source.kind, str(_path_of(incident, manifest, source.path, source.kind)), source.mapping
    if declared:
        return
    seen: set[str] = set()
    for kind in REQUEST_KINDS:  # k6's JSON before its CSV: microseconds before whole seconds
        for entry in manifest.current(kind):
            stem = entry.source.split(".")[0]
            if entry.path not in missing and stem not in seen:
                seen.add(stem)
                yield kind, f"raw/{entry.path}", None


def _refuse_empty(evidence: Evidence) -> None:
    window = evidence.incident.window
    spans = [s for s in (evidence.samples.span, _span(evidence.requests)) if s]
    if any(first <= window.end and last > window.start for first, last in spans):
        return
    if spans:
        first, last = min(s[0] for s in spans), max(s[1] for s in spans)
        held = f"the evidence covers {iso(first)} to {iso(last)}"
    else:
        held = "no samples and no requests could be read"
    told = "".join(f"\n  - {p.source}: {p.reason}" for p in evidence.problems)
    raise NoDataError(
        "there is no data in the incident window",
        where=f"{window.iso_start} to {window.iso_end}",
        expected=held,
        next=f"correct the window in incident.yaml, or capture the evidence of that time{told}",
    )


def _span(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    return (frame.index[0], frame.index[-1]) if len(frame) else None
