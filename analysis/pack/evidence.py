"""The frozen evidence of an incident to its redacted copy: which file is made how, and its place in the spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.collect import gc_files, read_requests, request_files
from analysis.collect_database import database_sources
from analysis.declared import path_of
from analysis.errors import AnalysisError
from analysis.incident import Incident
from analysis.pack.files import CannotRedactError
from analysis.pack.gclog import pack_gc_log
from analysis.pack.insights import check_insights, pack_insights
from analysis.pack.kubernetes import pack_deployments, pack_events
from analysis.pack.packed import LeftOut, PackedFile
from analysis.pack.requests import pack_requests
from analysis.pack.samples import pack_samples, pack_series
from analysis.pack.scrub import Scrubber
from analysis.pack.server_log import LogFile, check_logs, pack_log
from analysis.pack.tables import pack_table
from analysis.sources import postgres
from analysis.sources.postgres_counters import read_database_counters
from analysis.spec_sources import Database
from analysis.store import SAMPLES, SERIES, Manifest

__all__ = ["EvidenceCopy"]

TABLES: dict[str, Callable[..., Any]] = {
    "postgres-ash": postgres.read_sessions, "pg-stat-statements": postgres.read_statements,
    "pg-stat-database": read_database_counters,
}  # fmt: skip
LOG, INSIGHTS = "postgres-log", "performance-insights"
COMPRESSED = (".gz", ".zst")
NOT_READ = "no report reads it"
Write = Callable[[Path], Sequence[str]]


@dataclass
class EvidenceCopy:
    """Makes the copies, one file after the other; what was made and left out is in its lists.

    Parameters
    ----------
    incident : Incident
        With the spec.
    manifest : Manifest
        Of raw/, verified.
    missing : tuple of str
        Paths of the manifest that are not there.
    root : Path
        Where the pack is made.
    scrub : Scrubber
        Of the pack.
    progress : callable
        Called with a line a file.
    """

    incident: Incident
    manifest: Manifest
    missing: tuple[str, ...]
    root: Path
    scrub: Scrubber
    progress: Callable[[str], object] = lambda _: None
    files: list[PackedFile] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    _made: dict[str, str] = field(default_factory=dict)

    def all(self) -> dict[str, Any]:
        """Make every copy; return what stands under `sources` in the pack's spec."""
        self._samples()
        sources: dict[str, Any] = {}
        spec = self.incident.spec.sources
        if logs := self._gc_logs():
            sources["gc_logs"] = logs
        if database := self._database():
            sources["database"] = database
        cluster: dict[str, str] = {}
        of_cluster = spec.kubernetes
        for kind, declared, write in (
            ("events", of_cluster.events, pack_events), ("deployments", of_cluster.deployments, pack_deployments)
        ):  # fmt: skip
            path = path_of(self.incident, self.manifest, declared, f"kubernetes-{kind}")
            if path is not None:
                suffix = ".json.gz" if kind == "events" else ".csv"
                cluster[kind] = self._copy(
                    path, f"kubernetes-{kind}", suffix, partial(write, self._source(path), scrub=self.scrub)
                )
        if cluster:
            sources["kubernetes"] = cluster
        if requests := self._requests():
            sources["requests"] = requests
        self._rest()
        return sources

    def _source(self, path: str) -> Path:
        return self.incident.folder / path

    def _target(self, path: str, suffix: str | None) -> str:
        """Return a free path of the pack for a file; `suffix` stands for that of the original, None keeps its name."""
        pure = PurePosixPath(self.scrub.text(path))
        if suffix is not None:
            stem = pure.name
            while (end := PurePosixPath(stem).suffix) and (
                end in COMPRESSED or end in (".json", ".csv", ".log", ".jsonl", ".txt", ".ndjson")
            ):
                stem = stem.removesuffix(end)
            pure = pure.with_name(f"{stem}{suffix}")
        number, free = 1, pure
        while free.as_posix() in self._made.values():
            number += 1
            first, dot, rest = pure.name.partition(".")
            free = pure.with_name(f"{first}-{number}{dot}{rest}")
        return free.as_posix()

    def _copy(self, path: str, kind: str, suffix: str | None, write: Callable[..., Sequence[str]]) -> str:
        """Make one copy with `write(target=...)`; return its path in the pack, also where it had to be left out."""
        if path in self._made:
            return self._made[path]
        shown = self._made[path] = self._target(path, suffix)
        target = self.root / shown
        self.scrub.begin()
        if not self._source(path).is_file():
            self._leave(shown, "listed, but not there")
            return shown
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            told = tuple(write(target=target))
        except (AnalysisError, CannotRedactError) as error:
            target.unlink(missing_ok=True)
            self._leave(shown, self.scrub.text(error.what if isinstance(error, AnalysisError) else str(error)))
            return shown
        changed = Counter(self.scrub.names.changed)
        size = self._source(path).stat().st_size
        self.files.append(PackedFile(shown, path, kind, size, target.stat().st_size, changed, told))
        self.progress(f"packed       {path}")
        return shown

    def _leave(self, shown: str, reason: str) -> None:
        self.left_out.append(LeftOut(shown, reason))
        self.progress(f"left out     {shown}: {reason}")

    def _samples(self) -> None:
        if self.manifest.entry(SAMPLES) is None or {SERIES, SAMPLES} & set(self.missing):
            return
        series, samples = f"raw/{SERIES}", f"raw/{SAMPLES}"
        self._copy(series, "prometheus-series", None, partial(pack_series, self._source(series), scrub=self.scrub))
        self._copy(samples, "prometheus-samples", None, partial(pack_samples, self._source(samples)))
        if len({f.path for f in self.files} & {series, samples}) == 1:  # one without the other is nothing
            self._take_back((series, samples), "the other of the two files had to be left out")

    def _take_back(self, shown: Iterable[str], reason: str) -> None:
        for path in shown:
            if any(f.path == path for f in self.files):
                self.files = [f for f in self.files if f.path != path]
                (self.root / path).unlink(missing_ok=True)
                self._leave(path, reason)

    def _gc_logs(self) -> list[dict[str, Any]]:
        made = []
        for container, pod, path, jvm_start in gc_files(self.incident, self.manifest, self.missing):
            write = partial(pack_gc_log, self._source(path), scrub=self.scrub, jvm_start=jvm_start)
            shown = self._copy(path, "gc-log", None, write)
            given = {"path": shown, "container": container, "pod": self.scrub.text(pod), "jvm_start": jvm_start}
            made.append({key: value for key, value in given.items() if value not in ("", None)})
        return made

    def _requests(self) -> list[dict[str, Any]]:
        made = []
        for kind, path, mapping in request_files(self.incident, self.manifest, self.missing):

            def write(target: Path, path: str = path, kind: str = kind, mapping: Any = mapping) -> Sequence[str]:
                frame, report = read_requests(self._source(path), kind, mapping)
                return pack_requests(frame, report, target, self.scrub)

            made.append({"kind": "csv", "path": self._copy(path, "csv", ".csv.gz", write)})
        return made

    def _database(self) -> list[dict[str, Any]]:
        sources = list(database_sources(self.incident, self.manifest, self.missing))
        made = [d for source in sources for d in [self._one(source, sources)] if d]
        self._check(sources)
        return made

    def _one(self, source: Database, sources: Sequence[Database]) -> dict[str, Any]:
        """Return the entry of one database recording in the spec of the pack; {} if it is not read."""
        entry: dict[str, Any] = {"kind": source.kind, "path": source.path}
        if source.vcpu is not None:
            entry["vcpu"] = source.vcpu
        place = self._source(source.path)
        if source.kind in TABLES:
            options = {} if source.mapping is None else {"mapping": source.mapping}
            read = partial(TABLES[source.kind], **options)
            write: Callable[..., Sequence[str]] = partial(
                pack_table, place, scrub=self.scrub, read=read, mapping=source.mapping
            )
            entry |= {"path": self._copy(source.path, source.kind, None, write)} | options
        elif source.kind == LOG:
            first = next(s for s in sources if s.kind == LOG)
            if (source.prefix, source.timezone) != (first.prefix, first.timezone):
                self._leave(source.path, "another prefix or zone than the first log: no report reads it")
                return {}

            def write(target: Path) -> Sequence[str]:
                file = LogFile(place, target)
                return pack_log(file, self.scrub, prefix=source.prefix, timezone=source.timezone)

            entry["path"] = self._copy(source.path, LOG, ".json.gz", write)
        elif source.kind == INSIGHTS:
            entry["path"] = self._copy(
                source.path, INSIGHTS, ".json.gz", partial(pack_insights, place, scrub=self.scrub)
            )
        else:
            return {}
        return entry

    def _check(self, sources: Sequence[Database]) -> None:
        """Read logs and answers as a report does, together; leave them out if the copies do not say the same."""
        there = {f.path for f in self.files}
        for kind in (LOG, INSIGHTS):
            mine = [s for s in sources if s.kind == kind and self._made.get(s.path) in there]
            if not mine:
                continue
            pairs = [LogFile(self._source(s.path), self.root / self._made[s.path]) for s in mine]
            try:
                if kind == LOG:
                    check_logs(pairs, self.scrub, prefix=mine[0].prefix, timezone=mine[0].timezone)
                else:
                    check_insights([p.source for p in pairs], [p.target for p in pairs])
            except (AnalysisError, CannotRedactError) as error:
                told = error.what if isinstance(error, AnalysisError) else str(error)
                self._take_back([self._made[s.path] for s in mine], self.scrub.text(told))

    def _rest(self) -> None:
        """Say what else was frozen and is not in the pack."""
        for entry in self.manifest.entries:
            if f"raw/{entry.path}" not in self._made:
                later = " (a later capture replaced it)" if entry.superseded_by else ""
                self._leave(self.scrub.text(f"raw/{entry.path}"), NOT_READ + later)
        self.files = [replace(f, left_out=tuple(map(self.scrub.text, f.left_out))) for f in self.files]
