"""capture_from(): files -> frozen evidence. load(): frozen evidence -> frames, with what is missing said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import AnalysisError, EvidenceError, NoDataError, SpecError
from analysis.incident import SPEC_FILE, Incident
from analysis.series import iso, median_step_seconds
from analysis.sources import access_log, k6, kubernetes, prometheus
from analysis.sources.lines import ReadReport, RequestRows
from analysis.store import (
    Entry,
    Manifest,
    add_file,
    digest,
    read_manifest,
    replace_atomically,
    verify,
    write_manifest,
)

__all__ = ["Evidence", "Problem", "capture_from", "load"]

SERIES, SAMPLES = "series.parquet", "samples.parquet"

# file name -> (folder below raw/, kind); the first that fits counts. Kinds without a reader are frozen all the same.
LAYOUT: tuple[tuple[str, str, str], ...] = (
    (r"prometheus_samples.*\.parquet", "", "prometheus-samples"),
    (r"(.*[._-])?gc[._-].*|gc\.log.*", "gc", "gc-log"),
    (r"pg_stat_activity.*\.parquet", "db", "postgres-ash"),
    (r"pg_stat_statements.*\.parquet", "db", "pg-stat-statements"),
    (r"postgres(ql)?.*\.log.*", "db", "postgres-log"),
    (r"requests\.csv.*", "db", "request-log"),
    (r"(pi|performance[_-]insights).*\.json(\.gz|\.zst)?", "db", "performance-insights"),
    (r".*events.*\.json(\.gz|\.zst)?", "kubernetes", "kubernetes-events"),
    (r"deployments.*\.csv(\.gz|\.zst)?", "kubernetes", "kubernetes-deployments"),
    (r"k6_results.*\.json(\.gz|\.zst)?", "requests", "k6-json"),
    (r"k6_results.*\.csv(\.gz|\.zst)?", "requests", "k6-csv"),
    (r".*access.*", "requests", "access-log"),
)
REQUEST_KINDS = ("k6-json", "k6-csv", "envoy", "nginx", "jsonl", "csv")


@dataclass(frozen=True)
class Problem:
    """A source that is declared or was captured and cannot be used: what, and why."""

    source: str
    reason: str


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


def _classify(file: Path) -> tuple[str, str] | None:
    """Return (folder, kind) of a file by its name, for access logs by its content; None if it is not ours to take."""
    name = file.name.lower()
    for pattern, folder, kind in LAYOUT:
        if re.fullmatch(pattern, name):
            if kind == "access-log":
                found = access_log.sniff(file)
                return (folder, found) if found else None
            return folder, kind
    if re.search(r"\.(log|jsonl|ndjson|txt)(\.gz|\.zst)?$", name) and access_log.sniff(file) in ("envoy", "nginx"):
        return "requests", str(access_log.sniff(file))
    return None


def _declared(folder: Path) -> dict[str, tuple[str, str]]:
    """Return file name -> (folder below raw/, kind) of the sources that incident.yaml lists, where there is one."""
    if not (folder / SPEC_FILE).is_file():
        return {}
    sources = Incident.load(folder).spec.sources
    listed = [(r.path, r.kind) for r in sources.requests] + [(d.path, d.kind) for d in sources.database]
    listed += [(g.path, "gc-log") for g in sources.gc_logs]
    paths = [(Path(path), kind) for path, kind in listed]
    return {p.name: ("/".join(p.parts[1:-1]), kind) for p, kind in paths if p.parts[0] == "raw" and len(p.parts) > 1}


def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in ("pandas", "postmortem-toolkit", "pyarrow"))


def capture_from(folder: Path, source: Path, *, progress: Callable[[str], object] = lambda _: None) -> Manifest:
    """Freeze the files of a folder as the evidence of an incident; can be repeated, adds, never loses.

    Parameters
    ----------
    folder : Path
        The incident folder; raw/ is made in it.
    source : Path
        A folder with prometheus_samples.parquet, gc.log*, pg_stat_*.parquet, events.json, deployments.csv,
        k6_results.*, access logs, ...
    progress : callable
        Called with a line for each file.

    Returns
    -------
    Manifest
        All that is frozen now, and the files that were passed over, with the reason.

    Raises
    ------
    SpecError
        If the source is no folder.
    EvidenceError
        If the samples cannot be read, or evidence that is there was altered.
    NoDataError
        If the folder holds nothing that is known.
    """
    if not source.is_dir():
        raise SpecError(
            "no such folder",
            where=str(source),
            expected="a folder with recorded files",
            next="check the path after --from",
        )
    raw = folder / "raw"
    manifest = read_manifest(raw) if (raw / "manifest.json").exists() else Manifest()
    verify(raw, manifest)
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    skipped = {s["file"]: s for s in manifest.skipped}
    declared = _declared(folder)
    taken = 0
    for file in sorted(p for p in source.iterdir() if p.is_file()):
        found = declared.get(file.name) or _classify(file)
        if found is None:
            skipped[file.name] = {"file": file.name, "reason": "not a file that this version knows"}
            progress(f"passed over  {file.name}")
            continue
        where, kind = found
        entry = Entry(f"{where}/{file.name}".lstrip("/"), kind, file.name, "", 0, now, {})
        if kind == "prometheus-samples":
            manifest = _freeze_samples(raw, manifest, file, entry)
        else:
            manifest = add_file(raw, manifest, file, entry)
        skipped.pop(file.name, None)
        taken += 1
        progress(f"frozen       {file.name}  ({kind})")
    if not taken:
        raise NoDataError(
            "nothing to capture",
            where=str(source),
            expected="files such as prometheus_samples.parquet, k6_results.json.gz, events.json, gc.log",
            next="check the path after --from",
        )
    manifest = replace(manifest, skipped=tuple(skipped.values()), versions=_versions())
    write_manifest(raw, manifest)
    return manifest


def _freeze_samples(raw: Path, manifest: Manifest, file: Path, entry: Entry) -> Manifest:
    """Add samples to raw/series.parquet and raw/samples.parquet: the union of what was and what is new."""
    table = prometheus.read_lab_samples(file)
    if (raw / SERIES).is_file() and (raw / SAMPLES).is_file():
        table = prometheus.merge(prometheus.read_samples(raw / SERIES, raw / SAMPLES), table)
    raw.mkdir(parents=True, exist_ok=True)
    replace_atomically(
        raw / SERIES,
        lambda series: replace_atomically(
            raw / SAMPLES, lambda samples: prometheus.write_samples(table, series, samples)
        ),
    )
    span = table.span
    detail: dict[str, Any] = {
        "query": "raw samples as recorded",
        "status": "ok" if span else "empty",
        "series": len(table.labels),
        "samples": len(table.times),
        "start": iso(span[0]) if span else None,
        "end": iso(span[1]) if span else None,
        "step_seconds": _typical_step(table),
    }
    new = tuple(
        replace(
            entry, path=name, sha256=digest(raw / name), bytes=(raw / name).stat().st_size, detail=detail, kind=kind
        )
        for name, kind in ((SERIES, "prometheus-series"), (SAMPLES, "prometheus-samples"))
    )
    return replace(manifest, entries=(*(e for e in manifest.entries if e.path not in (SERIES, SAMPLES)), *new))


def _typical_step(table: prometheus.SampleTable) -> float | None:
    steps = [
        median_step_seconds(pd.DatetimeIndex(pd.to_datetime(s.times, unit="us", utc=True))) for s in table.named("up")
    ]
    known = sorted(s for s in steps if s == s)
    return round(known[len(known) // 2], 3) if known else None


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
        frame = _read(read, log, reports, problems)
        if frame is not None:
            requests.append(frame)
            files["requests"] = ", ".join(filter(None, [files.get("requests"), log]))
    events, deployments = _no_events(), None
    path = spec.sources.kubernetes.events or _found(manifest, "kubernetes-events")
    if path:
        found = _read(partial(kubernetes.read_events, incident.folder / path), path, reports, problems)
        events, files["events"] = events if found is None else found, path
    path = spec.sources.kubernetes.deployments or _found(manifest, "kubernetes-deployments")
    if path:
        deployments = _read(partial(kubernetes.read_deployments, incident.folder / path), path, reports, problems)
        files["deployments"] = path
    if deployments is None:
        deployments = kubernetes.rollouts_from_events(events)
        files["deployments"] = files.get("events", "")
    for declared in [g.path for g in spec.sources.gc_logs] + [d.path for d in spec.sources.database]:
        if not (incident.folder / declared).is_file() and not any(p.source == declared for p in problems):
            problems.append(Problem(declared, "declared in incident.yaml, but not there"))
    joined = pd.concat([r for r in requests if len(r)] or requests[:1]).sort_index(kind="stable")
    evidence = Evidence(
        incident, samples, joined, events, deployments, tuple(reports), tuple(problems), manifest, files
    )
    _refuse_empty(evidence)
    return evidence


def _no_events() -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kubernetes.EVENT_COLUMNS.items()})
    return empty.set_index(pd.DatetimeIndex([], tz="UTC", name="time").as_unit("us"))


def _read(read: Callable[[], Any], path: str, reports: list[ReadReport], problems: list[Problem]) -> Any:
    if any(p.source == path for p in problems):
        return None  # said to be missing already
    try:
        frame, report = read()
    except FileNotFoundError:
        if not any(p.source == path for p in problems):
            problems.append(Problem(path, "declared in incident.yaml, but not there"))
        return None
    except AnalysisError as error:
        details = "; ".join(filter(None, [error.where, f"expected {error.expected}" if error.expected else ""]))
        problems.append(Problem(path, f"{error.what} ({details})" if details else error.what))
        return None
    reports.append(replace(report, file=path))
    if report.truncated:
        problems.append(Problem(path, "cut short: what could be read is used, the rest is missing"))
    return frame


def _read_requests(path: Path, kind: str, mapping: dict[str, str] | None) -> tuple[pd.DataFrame, ReadReport]:
    if kind == "k6-json":
        return k6.read_k6_json(path)
    if kind == "k6-csv":
        return k6.read_k6_csv(path)
    return access_log.read_access_log(path, kind, mapping)


def _found(manifest: Manifest, kind: str) -> str | None:
    entries = manifest.current(kind)
    return f"raw/{entries[-1].path}" if entries else None


def _request_files(
    incident: Incident, manifest: Manifest, missing: tuple[str, ...]
) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    """Yield the request logs to read: the declared ones, else the captured ones, each recording in one format only."""
    declared = incident.spec.sources.requests
    if declared:
        for source in declared:
            entry = manifest.entry(source.path.removeprefix("raw/"))
            if entry is None and (incident.folder / source.path).is_file():
                raise EvidenceError(
                    f"{source.path} is not in the manifest",
                    where=str(incident.raw / "manifest.json"),
                    expected="evidence that was captured",
                    next="run: postmortem capture DIR --from the folder that holds it",
                )
            yield source.kind, source.path, source.mapping
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
        held = "no samples and no requests were captured"
    raise NoDataError(
        "there is no data in the incident window",
        where=f"{window.iso_start} to {window.iso_end}",
        expected=held,
        next="correct the window in incident.yaml, or capture the evidence of that time",
    )


def _span(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    return (frame.index[0], frame.index[-1]) if len(frame) else None
