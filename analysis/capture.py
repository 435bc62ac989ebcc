"""Files -> frozen evidence: what a folder of recordings holds is copied into raw/ with its hash; nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from analysis.errors import NoDataError, SpecError
from analysis.freeze import New, freeze_samples, tool_versions
from analysis.incident import SPEC_FILE, Incident
from analysis.sources import access_log, prometheus
from analysis.sources.prometheus.stored import stored_of
from analysis.store import Entry, Manifest, add_file, read_manifest, settle
from analysis.verify import verify

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
    (r"deployments.*\.(csv|json)(\.gz|\.zst)?", "kubernetes", "kubernetes-deployments"),
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
    settle(raw)
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
    new = tuple(stored_of(table, query_id="", unit="", mode="raw") for _, table in tables)
    named = tables[-1][0] if tables else Entry("", "", "", "", 0, now, {})
    finished = partial(replace, skipped=tuple(skipped.values()), versions=tool_versions())
    return freeze_samples(raw, New(new), finished, manifest, entry=named)
