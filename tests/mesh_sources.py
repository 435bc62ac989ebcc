"""Further sources in a recording in a mesh's names: other workloads and pods, well or as sick as recorded."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.collect import Evidence
from tests.calls_cases import own_pod, without
from tests.mesh_variant import in_mesh_names
from tests.variants import add, with_samples

NAMESPACES = {"postgres": "data", "redis": "data", "risk-api": "payments"}
NOISE = 0.1  # standard deviation of the logarithm by which calls and seconds of a further source differ, step by step


class Caller(NamedTuple):
    """A further source; `sick`: the destinations at which it fares as the recorded pod did."""

    workload: str
    pod: str
    node: str
    namespace: str = "payments"
    sick: tuple[str, ...] = ()
    calls: tuple[str, ...] = ("postgres", "redis", "risk-api")


def mesh_of(evidence: Evidence, *, node: str = "n1", accounts: bool = False, envoy: bool = False) -> Evidence:
    """Return a recording as a mesh would have counted it: no server's own metrics, and the pod on a node."""
    found = in_mesh_names(evidence, namespaces=NAMESPACES, envoy=envoy)
    if not accounts:
        found = without(found, "pg_", "redis_", "haproxy_", sessions=False)
        table = found.samples
        kept = table.labels
        gone = np.array([labels.get("reporter") == "destination" for labels in kept])
        table = type(table)(kept, table.ids[~gone[table.ids]], table.times[~gone[table.ids]],
                            table.values[~gone[table.ids]])  # fmt: skip
        found = with_samples(found, table)
    service = evidence.incident.spec.service
    return with_samples(found, _on_nodes(found, [Caller(service.workload, own_pod(evidence), node)]))


def with_callers(evidence: Evidence, callers: Sequence[Caller], *, seed: int = 0) -> Evidence:
    """Add sources: each counts about the recorded calls, or those of the baseline over and over where it is well."""
    rng, until, added = np.random.default_rng(seed), evidence.incident.baseline.end_us, []
    kinds = ("istio_requests_total", "istio_request_duration_milliseconds_sum",
             "istio_request_duration_milliseconds_count")  # fmt: skip
    recorded = [s for name in kinds for s in evidence.samples.named(name, reporter="source")]
    for caller in callers:
        swing = {}
        for s in recorded:
            where = s.labels["destination_workload"]
            if where not in caller.calls:
                continue
            grown = np.diff(s.values)
            if where not in caller.sick:
                calm = grown[s.times[1:] <= until]
                if not len(calm) or s.labels["response_code"] != "200":
                    continue
                grown = np.resize(calm, len(grown))
            key = (where, len(grown), s.labels["__name__"].endswith("_sum"))
            if key not in swing:
                swing[key] = np.exp(NOISE * rng.normal(size=len(grown)))
            first = s.values[0] if s.labels["response_code"] != "200" else 0.0  # born at its first failure
            values = first + np.concatenate([[0.0], np.cumsum(grown * swing[key])])
            labels = {**s.labels, "source_workload": caller.workload, "pod": caller.pod}
            labels |= {"source_workload_namespace": caller.namespace, "namespace": caller.namespace}
            added.append((labels, s.times, values))
    found = with_samples(evidence, add(evidence.samples, added))
    return with_samples(found, _on_nodes(found, callers))


def _on_nodes(evidence: Evidence, callers: Sequence[Caller]):
    """Return the samples with kube_pod_info of some pods; their node as other series name it is taken away."""
    table = evidence.samples
    times = np.unique(next(iter(table.named("up"))).times)
    nodes = {(c.namespace, c.pod): c.node for c in callers}

    def changed(labels):
        who = (labels.get("namespace", ""), labels.get("pod", ""))
        return {**labels, "node": nodes[who]} if "node" in labels and who in nodes else labels

    table = type(table)(tuple(changed(labels) for labels in table.labels), table.ids, table.times, table.values)
    info = [
        ({"__name__": "kube_pod_info", "namespace": "kube-system", "pod": "kube-state-metrics-0",
          "exported_namespace": c.namespace, "exported_pod": c.pod, "node": c.node}, times, np.ones(len(times)))
        for c in callers if c.node
    ]  # fmt: skip
    return add(table, info) if info else table
