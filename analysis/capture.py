"""Files -> frozen evidence: what a folder of recordings holds is copied into raw/ with its hash; nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import NoDataError, SpecError
from analysis.incident import SPEC_FILE, Incident
from analysis.series import iso, median_step_seconds
from analysis.sources import access_log, prometheus
from analysis.store import (
    SAMPLES,
    SERIES,
    Entry,
    Manifest,
    add_file,
    digest,
    read_manifest,
    replace_atomically,
    verify,
    write_manifest,
)

__all__ = ["capture_from"]

FOLDER = "a folder: capture it by itself with --from"
# file name -> (folder below raw/, kind); the first that fits counts. Kinds without a reader are frozen all the same.
LAYOUT: tuple[tuple[str, str, str], ...] = (
    (r"prometheus_samples.*\.parquet", "", "prometheus-samples"),
    (r"(.*[._-])?gc[._-].*|gc\.log.*", "gc", "gc-log"),
    (r"(pg_stat_activity|ash)([._-].*)?\.(parquet|csv)(\.gz|\.zst)?", "db", "postgres-ash"),
    (r"pg_stat_statements(?!_info).*\.(parquet|csv)(\.gz|\.zst)?", "db", "pg-stat-statements"),
    (r"pg_stat_database.*\.(parquet|csv)(\.gz|\.zst)?", "db", "pg-stat-database"),
    (r"postgres(ql)?.*\.(log|csv|json|jsonl)([.-].*)?", "db", "postgres-log"),
    (r"requests\.csv.*", "db", "request-log"),
    (
        r"(pi[._-]|performance[_-]insights|get-resource-metrics|describe-dimension-keys|get-dimension-key-details)"
        r".*\.json(\.gz|\.zst)?",
        "db",
        "performance-insights",
    ),
    (r".*events.*\.json(\.gz|\.zst)?", "kubernetes", "kubernetes-events"),
    (r"deployments.*\.csv(\.gz|\.zst)?", "kubernetes", "kubernetes-deployments"),
    (r"k6_results.*\.json(\.gz|\.zst)?", "requests", "k6-json"),
    (r"k6_results.*\.csv(\.gz|\.zst)?", "requests", "k6-csv"),
    (r".*access.*", "requests", "access-log"),
)


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
    kube = sources.kubernetes
    listed += [
        (p, k) for p, k in ((kube.events, "kubernetes-events"), (kube.deployments, "kubernetes-deployments")) if p
    ]
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
        A folder with prometheus_samples.parquet, gc.log*, pg_stat_*.parquet, postgresql.log*, events.json,
        deployments.csv, k6_results.*, access logs, ...
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
    tables: list[tuple[Entry, prometheus.SampleTable]] = []
    taken = 0
    for below in sorted(p for p in source.iterdir() if p.is_dir()):
        skipped[f"{below.name}/"] = {"file": f"{below.name}/", "reason": FOLDER}
    for file in sorted(p for p in source.iterdir() if p.is_file()):
        found = declared.get(file.name) or _classify(file)
        if found is None:
            skipped[file.name] = {"file": file.name, "reason": "not a file that this version knows"}
            progress(f"passed over  {file.name}")
            continue
        where, kind = found
        entry = Entry(f"{where}/{file.name}".lstrip("/"), kind, file.name, "", 0, now, {})
        if kind == "prometheus-samples":
            tables.append((entry, prometheus.read_lab_samples(file)))  # frozen last: they replace what is there
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
    if tables:
        manifest = _freeze_samples(raw, manifest, tables)
    manifest = replace(manifest, skipped=tuple(skipped.values()), versions=_versions())
    write_manifest(raw, manifest)
    return manifest


def _freeze_samples(raw: Path, manifest: Manifest, tables: list[tuple[Entry, prometheus.SampleTable]]) -> Manifest:
    """Add samples to raw/series.parquet and raw/samples.parquet: the union of what was and what is new."""
    table, entry = prometheus.EMPTY, tables[-1][0]
    if manifest.entry(SAMPLES) and (raw / SERIES).is_file() and (raw / SAMPLES).is_file():
        table = prometheus.read_samples(raw / SERIES, raw / SAMPLES)
    for _, new_samples in tables:
        table = prometheus.merge(table, new_samples)
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
