"""The case that every hypothesis examines: the evidence, the symptom in episodes, and who calls whom."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.collect import Evidence
from analysis.errors import SpecError
from analysis.hypotheses.panel import QUIET
from analysis.incident import Incident, Window
from analysis.signals.attempts import attempts
from analysis.signals.cpu import ContainerCpu, container_cpus
from analysis.signals.requests import Episode, bad_requests, find_episodes
from analysis.signals.workloads import workload_of
from analysis.spec import COUNTED

__all__ = ["Case", "Symptom"]

# labels that name whom a series' owner calls
CALLEE_LABELS = frozenset({
    "backend", "cluster_name", "destination", "destination_app", "destination_canonical_service", "destination_service",
    "destination_service_name", "destination_workload", "envoy_cluster_name", "net_peer_name", "peer", "peer_service",
    "proxy", "remote", "server_address", "target", "upstream", "upstream_cluster",
})  # fmt: skip


@dataclass(frozen=True)
class Symptom:
    """What users felt.

    Parameters
    ----------
    requests : DataFrame
        Index end (UTC us), columns duration_seconds, failed, slow, bad, status, route, pod.
    episodes : tuple of Episode
        Stretches in which the objective was missed for long enough; empty: no incident.
    measurable : bool
        Whether there is a request in the incident window at all.
    typical_seconds : float
        Median duration of good requests in the baseline [s]; NaN without any.
    baseline_bad_ratio : float
        Share of bad requests in the baseline; NaN without any.
    """

    requests: pd.DataFrame
    episodes: tuple[Episode, ...]
    measurable: bool
    typical_seconds: float
    baseline_bad_ratio: float

    @classmethod
    def of(cls, evidence: Evidence) -> Symptom:
        """Measure the symptom that the spec defines, on the request log of the evidence."""
        spec, incident = evidence.incident.spec.symptom, evidence.incident
        if spec.source in COUNTED:
            counted = evidence.requests if spec.source == "requests" else attempts(evidence.database_log.connections)
            table = bad_requests(
                counted, failed=spec.failed, slower_than_seconds=spec.slower_than_seconds,
                more_statements_than=spec.more_statements_than,
            )  # fmt: skip
        else:
            table = _own_series(evidence, spec.source, 1 - spec.objective_ratio)
        if spec.source == "connects":
            table.attrs[QUIET] = True  # a log of connections is silent when nobody tries
        index = pd.DatetimeIndex(table.index)
        inside = incident.window.holds(index)
        before = table[incident.baseline.holds(index)]
        good = before[~before["bad"].to_numpy()]["duration_seconds"].dropna()
        episodes = find_episodes(
            table,
            incident.window,
            objective_ratio=spec.objective_ratio,
            min_duration_seconds=spec.min_duration_seconds,
            around=Window(min(index[0], incident.window.start), max(index[-1], incident.window.end))
            if len(index)
            else None,
        )
        typical = float(good.median()) if len(good) else float("nan")
        bad_before = float(before["bad"].mean()) if len(before) else float("nan")
        return cls(table, episodes, bool(inside.any()), typical, bad_before)


def _own_series(evidence: Evidence, name: str, allowed_ratio: float) -> pd.DataFrame:
    """Return the samples of the author's own ratio as if each were a request: bad where it exceeds what is allowed.

    A plain metric is read as it was recorded; an expression under the signal's name, as a live capture keeps it.
    Durations are unknown, so that no magnitude can be tested and nothing be supported by such a symptom alone.
    """
    promql = evidence.incident.spec.signals[name].promql
    found = re.fullmatch(r"\s*([A-Za-z_:][\w:]*)\s*(?:\{(.*)\})?\s*", promql)
    own = f"signal:{name}"  # as a live capture keeps an expression
    if found is None and own not in evidence.samples.names:
        raise SpecError(
            f"the symptom's query is not a plain metric: {promql}",
            where=f"signals.{name}",
            expected='a recorded metric, such as error_ratio or error_ratio{job="api"}, or a live capture of it',
            next="run postmortem capture DIR with sources.prometheus, or take the symptom from requests",
        )
    labels = {} if found is None else dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', found[2] or ""))
    series = list(evidence.samples.named(own if found is None else found[1], **labels))
    times = np.concatenate([s.times for s in series] or [np.zeros(0, "i8")])
    values = np.concatenate([s.values for s in series] or [np.zeros(0)])
    known = np.isfinite(values)
    index = pd.DatetimeIndex(pd.to_datetime(times[known], unit="us", utc=True)).as_unit("us").rename("end")
    texts = dict.fromkeys(("status", "route", "pod"), "")
    columns = {
        "duration_seconds": np.nan,
        "failed": False,
        **texts,
        "slow": False,
        "bad": values[known] > allowed_ratio,
    }
    return pd.DataFrame(columns, index=index).sort_index(kind="stable")


def _before_symptom(incident: Incident, symptom: Symptom) -> Window:
    """Return the baseline until the first bad interval began, where that lies in its second half."""
    baseline = incident.baseline
    if not symptom.episodes or not baseline.start_us < symptom.episodes[0].begin_us < baseline.end_us:
        return baseline
    reach = symptom.episodes[0].extent
    bad = symptom.requests[reach.holds(pd.DatetimeIndex(symptom.requests.index)) & symptom.requests["bad"].to_numpy()]
    began = bad.index - pd.to_timedelta(bad["duration_seconds"].fillna(0.0), unit="s")
    onset = min(began.min(), reach.start) if len(bad) else reach.start
    healthy = pd.Timestamp(onset).floor("s")
    return (
        Window(baseline.start, healthy) if healthy - baseline.start >= (baseline.end - baseline.start) / 2 else baseline
    )


@dataclass(frozen=True)
class Case:
    """Evidence and symptom, with the containers of every workload.

    Parameters
    ----------
    evidence : Evidence
        From `collect.load`.
    symptom : Symptom
        From `Symptom.of`.
    containers : tuple of ContainerCpu
        Every container of every pod.
    """

    evidence: Evidence
    symptom: Symptom
    containers: tuple[ContainerCpu, ...]

    @classmethod
    def of(cls, evidence: Evidence, containers: tuple[ContainerCpu, ...] | None = None) -> Case:
        """Build the case from evidence; containers that are known already need not be made again.

        A baseline whose end lies in a bad interval already is cut where that begins, if most of it remains.
        """
        samples, symptom = evidence.samples, Symptom.of(evidence)
        healthy = _before_symptom(evidence.incident, symptom)
        if healthy != evidence.incident.baseline:
            evidence = replace(evidence, incident=replace(evidence.incident, baseline=healthy))
            symptom = Symptom.of(evidence)
        if containers is None:
            containers = container_cpus(lambda name, **kw: list(samples.named(name, **kw)))
        return cls(evidence, symptom, containers)

    @property
    def incident(self) -> Incident:
        """The incident."""
        return self.evidence.incident

    @cached_property
    def known_workloads(self) -> dict[str, frozenset[str]]:
        """Workloads of each namespace that the evidence names."""
        found: dict[str, set[str]] = defaultdict(set)
        service = self.incident.spec.service
        found[service.namespace].add(service.workload)
        for metric in ("kube_deployment_spec_replicas", "kube_deployment_metadata_generation"):
            for series in self.evidence.samples.named(metric):
                found[series.label("exported_namespace", "namespace")].add(series.label("deployment"))
        for namespace, name in self.evidence.deployments[["namespace", "deployment"]].itertuples(index=False):
            found[namespace].add(name)
        return {namespace: frozenset(names - {""}) for namespace, names in found.items()}

    def workload(self, namespace: str, pod: str) -> str:
        """Return the workload of a pod."""
        return workload_of(pod, self.known_workloads.get(namespace, frozenset()))

    @cached_property
    def groups(self) -> dict[tuple[str, str, str], tuple[ContainerCpu, ...]]:
        """Containers by (namespace, workload, container), pods in order of name."""
        found: dict[tuple[str, str, str], list[ContainerCpu]] = defaultdict(list)
        for cpu in self.containers:
            found[(cpu.namespace, self.workload(cpu.namespace, cpu.pod), cpu.container)].append(cpu)
        return {key: tuple(found[key]) for key in sorted(found)}

    @cached_property
    def service_seen(self) -> bool:
        """Whether any container of the service is in the evidence."""
        service = self.incident.spec.service
        return any(key[:2] == (service.namespace, service.workload) for key in self.groups)

    @cached_property
    def callees(self) -> frozenset[tuple[str, str]]:
        """(workload, namespace) that the service's own metrics name as destinations; namespace "" where not said."""
        service, found = self.incident.spec.service, set[tuple[str, str]]()
        for labels in self.evidence.samples.labels:
            namespace, pod = labels.get("namespace", ""), labels.get("pod", "")
            if namespace == service.namespace and self.workload(namespace, pod) == service.workload:
                for text in (labels[key] for key in CALLEE_LABELS & labels.keys()):
                    host = re.split(r"[:/|]", text.split("://")[-1].rpartition("|")[2], maxsplit=1)[0].split(".")
                    found.add((host[0], host[1] if len(host) > 2 and host[2] == "svc" else ""))
        return frozenset(pair for pair in found if pair[0])

    def on_path(self, namespace: str, workload: str) -> bool:
        """Return whether the bad requests are known to pass a workload: the service itself, or one that it calls.

        Where the service names a host without a namespace, it is the workload of that name if there is but one.
        """
        service = self.incident.spec.service
        if (namespace, workload) == (service.namespace, service.workload) or (workload, namespace) in self.callees:
            return True
        said = {where for name, where in self.callees if name == workload}
        bearers = {key[0] for key in self.groups if key[1] == workload}
        return said == {""} and bearers == {namespace}

    def bad_durations(self, episode: Episode) -> tuple[np.ndarray, np.ndarray]:
        """Return start and end [us] of the bad requests of an episode whose duration is known, shape (m,)."""
        start, end = self._bad_spans
        first, last = np.searchsorted(end, [episode.window.start_us, episode.window.end_us], side="right")
        return start[first:last], end[first:last]

    @cached_property
    def _bad_spans(self) -> tuple[np.ndarray, np.ndarray]:
        """Start and end [us] of all bad requests of known duration, in order of completion."""
        table = self.symptom.requests
        seconds = table["duration_seconds"].to_numpy()
        chosen = table["bad"].to_numpy() & np.isfinite(seconds)
        end = pd.DatetimeIndex(table.index).as_unit("us").asi8[chosen]
        return end - np.round(seconds[chosen] * 1e6).astype("i8"), end
