"""`capture_live`: everything that a postmortem will need, from where it still is, into raw/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from analysis.asked import OWN, Asked, standing, told
from analysis.errors import SpecError
from analysis.freeze import New, freeze_samples, tool_versions
from analysis.incident import Incident
from analysis.live.cluster import take_cluster
from analysis.live.files import take_files
from analysis.live.metrics import Metrics, ask_all
from analysis.live.parts import Parts
from analysis.live.span import spans_of
from analysis.lock import held
from analysis.series import iso
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.stored import stored_of
from analysis.spec_sources import FileSource
from analysis.store import SAMPLES, Entry, Manifest, read_manifest, settle, write_manifest
from analysis.verify import verify

__all__ = ["Captured", "capture_live"]

SERVER = "server/asked"  # the record of a server that did not answer at all
Say = Callable[[str], object]


@dataclass(frozen=True)
class Captured:
    """What a live capture left behind.

    Parameters
    ----------
    manifest : Manifest
        All that is frozen now.
    missing : tuple of str
        What was required and did not come, and why: the capture is incomplete.
    notes : tuple of str
        What else did not come, what is not there, what the server refused to say.
    """

    manifest: Manifest
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def capture_live(folder: Path, *, refresh: bool = False, progress: Say = lambda _: None,
                 now: pd.Timestamp | None = None) -> Captured:  # fmt: skip
    """Freeze the evidence that the spec names: files by `from`, Kubernetes, and the metrics of a Prometheus.

    It can be interrupted at any point and goes on where it was; a second capture adds and never loses. An answer that
    is frozen already and that nothing can be added to is not asked for again.

    Parameters
    ----------
    folder : Path
        The incident folder.
    refresh : bool
        Ask everything again.
    progress : callable
        Called with a line now and then.
    now : Timestamp, optional
        The time; for tests.

    Returns
    -------
    Captured
        Also where some of it did not come.

    Raises
    ------
    SpecError
        If the spec is wrong or names nothing to capture from.
    EvidenceError
        If evidence that is there was altered.
    BusyError
        If another capture of this folder runs.
    StorageError
        If the disk is full; what was fetched so far is kept.
    """
    incident = Incident.load(folder)
    _need_sources(incident)
    now = now or pd.Timestamp.now("UTC")
    raw, fetched_at = incident.raw, iso(now.floor("s"))
    with held(raw, doing="capturing this incident", next="wait for it"):
        settle(raw)
        manifest = read_manifest(raw) if (raw / "manifest.json").exists() else Manifest()
        lost = verify(raw, manifest)
        manifest, missing = take_cluster(incident, manifest, fetched_at, progress)
        manifest, more = take_files(incident, manifest, fetched_at, progress)
        missing = (*(f"{path}: captured before, but not there any more" for path in lost), *missing, *more)
        manifest = replace(manifest, versions=tool_versions())
        write_manifest(raw, manifest)
        if incident.spec.sources.prometheus is None:
            return Captured(manifest, missing, ())
        return _metrics(incident, manifest, (refresh, now), missing, progress)


def _need_sources(incident: Incident) -> None:
    sources = incident.spec.sources
    files: tuple[FileSource, ...] = (*sources.gc_logs, *sources.database, *sources.requests)
    if sources.prometheus is None and sources.kubernetes.kubeconfig is None and not any(f.taken_from for f in files):
        raise SpecError(
            "the spec names nothing to capture from",
            where=str(incident.folder / "incident.yaml"),
            expected="sources.prometheus.url, sources.kubernetes.kubeconfig, or a log with `from`",
            next="add one of them, or capture recorded files: postmortem capture DIR --from PATH",
        )


def _metrics(
    incident: Incident, manifest: Manifest, how: tuple[bool, pd.Timestamp], missing: tuple[str, ...], progress: Say
) -> Captured:
    """Ask the server of metrics, then put what came into the store in one step."""
    raw, asked_of = incident.raw, incident.spec.sources.prometheus
    assert asked_of is not None
    refresh, now = how
    parts = Parts.of(raw)
    plan = {"window": incident.window.as_dict(), "baseline": incident.baseline.as_dict(),
            "prometheus": asked_of.model_dump(mode="json")}  # fmt: skip
    spans = parts.begin(plan, spans_of(incident, margin_seconds=asked_of.margin_seconds, now=now), now)
    try:
        metrics = ask_all(incident, manifest, parts, spans, refresh=refresh, progress=progress)
    except RequestError as error:
        record = Asked(SERVER, "server", "", "", "raw", "", "failed", error.what, required=True,
                       start=spans[0].iso_start, end=spans[-1].iso_end, fetched_at=iso(now.floor("s")))  # fmt: skip
        manifest = replace(manifest, queries=told(manifest.queries, (record,)))
        write_manifest(raw, manifest)
        return Captured(manifest, (*missing, f"prometheus: {error}"), ())
    every = (*metrics.asked, *metrics.held)
    done = _freeze(incident, manifest, parts, metrics, how)
    parts.forget()
    now_asked = {(a.id, a.address) for a in every}
    standing_now = [a for a in standing(done.queries) if (a.id, a.address) in now_asked]
    unwell = [a for a in standing_now if a.unwell]
    needed, others = ([_line(a) for a in unwell if a.required is required] for required in (True, False))
    goes_on = incident.window.end > now
    late = (f"the window goes on until {incident.window.iso_end}: what comes is not captured yet, run it again",)
    return Captured(done, (*missing, *needed), (*(late if goes_on else ()), *others, *metrics.notes))


def _freeze(
    incident: Incident, manifest: Manifest, parts: Parts, metrics: Metrics, how: tuple[bool, pd.Timestamp]
) -> Manifest:
    """Put what came into the store: new answers beside old ones, in place of partial ones, never mixed with others."""
    refresh, now = how
    partial_before = {a.id for a in standing(manifest.queries) if a.status == "partial"}
    came = [(a, parts.table(a.address)) for a in metrics.asked if a.series and parts.find(a.address)]
    new = [(a.id, stored_of(table, query_id=a.id, unit=a.unit, mode=a.mode)) for a, table in came]
    first = tuple(s for name, s in new if refresh or name in partial_before)
    rest = tuple(s for name, s in new if not (refresh or name in partial_before))
    words = {(a.id, a.promql, a.step_seconds) for a in manifest.queries if a.question in OWN and a.series}
    other = frozenset(
        a.id for a in metrics.asked if a.question in OWN
        for name, promql, step in words
        if name == a.id and (promql != a.promql or (a.series and step != a.step_seconds))
    )  # fmt: skip
    source = metrics.server["name"]
    before = manifest.entry(SAMPLES)
    sources = dict.fromkeys([*(before.source.split(" and ") if before else []), source])
    entry = Entry("", "", " and ".join(sources), "", 0, iso(now.floor("s")), {})
    answered = (a for a in manifest.queries if a.id != SERVER)  # that it did not answer at all is over
    queries = told(answered, metrics.asked)
    finished = partial(replace, queries=queries, server=metrics.server)
    return freeze_samples(incident.raw, New(rest, first, other), finished, manifest, entry=entry)


def _line(asked: Asked) -> str:
    why = asked.reason or "; ".join((*asked.warnings, *asked.left_out)) or "the server has nothing of it"
    return f"{asked.id}: {asked.status}: {why}"
