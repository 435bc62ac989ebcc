"""Frozen evidence -> frames in the contract's form, with what is missing or not recognised said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pandas as pd

from analysis.asked import standing
from analysis.collect_database import read_database
from analysis.declared import Problem, beside, joined, path_of, read_one, span
from analysis.errors import NoDataError
from analysis.incident import Incident
from analysis.series import iso
from analysis.sources import access_log, k6, kubernetes, postgres, prometheus, rollouts
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.timed import with_times
from analysis.sources.lines import ReadReport
from analysis.sources.pglog import frames as pglog
from analysis.sources.postgres_counters import no_database_counters
from analysis.sources.request_rows import RequestRows
from analysis.store import SAMPLES, SERIES, WORK, Manifest, read_manifest
from analysis.verify import verify

__all__ = ["Evidence", "GcSource", "Problem", "gc_files", "load", "read_requests", "request_files"]

NO_CLOCK = "a JVM in it logs no wall clock, so it cannot be laid beside the requests: set jvm_start of this gc_log"
REQUEST_KINDS = ("k6-json", "k6-csv", "envoy", "nginx", "jsonl", "csv")


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
    database_log : PostgresLog
        What the database's log says; empty frames without one.
    database_counters : DataFrame
        Snapshots of pg_stat_database; an empty frame without any.
    insights : DataFrame or None
        Load of Performance Insights; None without any.
    stale : tuple of (dict, int)
        Labels and time [us since epoch, UTC] at which a series ended for sure (a stale marker).
    modes : tuple of {"raw", "range"}
        Of each series of `samples`: real sample times, or a grid.
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
    database_log: pglog.PostgresLog = field(default_factory=pglog.empty)
    database_counters: pd.DataFrame = field(default_factory=no_database_counters)
    insights: pd.DataFrame | None = None
    stale: tuple[tuple[dict[str, str], int], ...] = ()
    modes: tuple[str, ...] = ()


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
    left_out: dict[str, str] = manifest.pack.get("files_left_out", {})
    reports: list[ReadReport] = []
    files: dict[str, str] = {}

    samples, modes = prometheus.EMPTY, tuple[str, ...]()
    if manifest.entry(SAMPLES) and not {SERIES, SAMPLES} & set(missing):
        samples = prometheus.read_samples(raw / SERIES, raw / SAMPLES)
        modes = prometheus.modes_of(samples, raw / SERIES)
        files["prometheus"] = f"raw/{SAMPLES}"
    elif spec.sources.prometheus is not None and not missing:
        problems.append(Problem("prometheus", "declared in incident.yaml, but no samples were captured"))
    problems += [
        Problem(f"prometheus: {a.id}", f"{a.status}: {a.reason or 'the server has nothing of it'}")
        for a in standing(manifest.queries) if a.required and a.unwell
    ]  # fmt: skip
    if (raw / WORK / "parts").is_dir():
        problems.append(Problem("prometheus", "a capture was interrupted: run `postmortem capture DIR` again to go on"))

    requests = [RequestRows().frame()]
    for kind, log, mapping in request_files(incident, manifest, missing):
        read = partial(read_requests, incident.folder / log, kind, mapping)
        frame = read_one(read, incident, log, reports, problems)
        if frame is not None:
            requests.append(frame)
            files["requests"] = ", ".join(filter(None, [files.get("requests"), log]))
    events, deployments = kubernetes.no_events(), None
    path = path_of(incident, manifest, spec.sources.kubernetes.events, "kubernetes-events")
    if path:
        found = read_one(partial(kubernetes.read_events, incident.folder / path), incident, path, reports, problems)
        events, files["events"] = events if found is None else found, path
    path = path_of(incident, manifest, spec.sources.kubernetes.deployments, "kubernetes-deployments")
    if path:
        deployments = read_one(
            partial(kubernetes.read_deployments, incident.folder / path), incident, path, reports, problems
        )
        files["deployments"] = path
    if deployments is None:
        deployments = rollouts.rollouts_from_events(events)
        files["deployments"] = files.get("events", "")
    gc_logs = []
    for container, pod, log, jvm_start in gc_files(incident, manifest, missing):
        read_log = partial(read_gc_log, incident.folder / log, jvm_start=jvm_start)
        found = read_one(read_log, incident, log, reports, problems)
        timed = None if found is None else with_times(found)
        if found is not None and timed is not None:
            if len(timed.lives) < len(found.lives):
                problems.append(Problem(log, NO_CLOCK))
            if len(timed.lives):
                problems += beside(log, (timed.lives["start"].min(), timed.lives["end"].max()), incident)
                gc_logs.append(GcSource(container, pod, log, timed))
    database = read_database(incident, manifest, missing)
    reports += database.reports
    problems += database.problems
    files |= database.files
    problems = [replace(p, reason=f"not in this pack: {left_out[p.source]}") if p.source in left_out else p
                for p in problems]  # fmt: skip
    evidence = Evidence(
        incident, prometheus.without_stale(samples), joined(requests),
        events, deployments, tuple(reports), tuple(problems), manifest, files,
        tuple(gc_logs), database.sessions, database.statements, database.log,
        database.counters, database.insights, tuple(prometheus.stale_markers(samples)), modes,
    )  # fmt: skip
    _refuse_empty(evidence)
    return evidence


def read_requests(path: Path, kind: str, mapping: dict[str, str] | None) -> tuple[pd.DataFrame, ReadReport]:
    """Read a request log of a kind of `REQUEST_KINDS`."""
    if kind == "k6-json":
        return k6.read_k6_json(path)
    if kind == "k6-csv":
        return k6.read_k6_csv(path)
    return access_log.read_access_log(path, kind, mapping)


def gc_files(
    incident: Incident, manifest: Manifest, missing: tuple[str, ...]
) -> Iterator[tuple[str, str, str, pd.Timestamp | None]]:
    """Yield container, pod, path and start of the JVM of the GC logs to read: the declared ones, else the captured."""
    declared = incident.spec.sources.gc_logs
    for source in declared:
        path = path_of(incident, manifest, source.path, "gc-log")
        yield source.container or "", source.pod or "", str(path), source.jvm_start
    if not declared:
        yield from (("", "", f"raw/{e.path}", None) for e in manifest.current("gc-log") if e.path not in missing)


def request_files(
    incident: Incident, manifest: Manifest, missing: tuple[str, ...]
) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    """Yield the request logs to read: the declared ones, else the captured ones, each recording in one format only."""
    declared = incident.spec.sources.requests
    for source in declared:
        yield source.kind, str(path_of(incident, manifest, source.path, source.kind)), source.mapping
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
    spans = [s for s in (evidence.samples.span, span(evidence.requests)) if s]
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
