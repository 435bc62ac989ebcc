"""A recording rewritten into the metric names of Istio and Envoy: the same calls, counted by proxies on both ends."""

from collections import defaultdict

import numpy as np

from analysis.collect import Evidence
from analysis.signals.calls import rises_on, scrapes
from analysis.sources.prometheus import SampleTable
from tests.variants import add, drop_series, with_samples

APP = ("outbound_", "http_client_", "lettuce_", "haproxy_", "http_server_")


def in_mesh_names(evidence: Evidence, *, namespaces: dict[str, str], envoy: bool = True) -> Evidence:
    """Return the evidence with the application's timers as a mesh would have counted the same calls.

    Requests become istio_requests_total and istio_request_duration_milliseconds with reporter source; what the server's
    exporter counts (redis) becomes reporter destination; connecting becomes envoy_cluster_upstream_cx_connect_ms.
    `namespaces`: destination -> namespace.
    """
    table = evidence.samples
    added = []
    for (destination, operation, pod, namespace), parts in _groups(table).items():
        times, calls, seconds, errors = _columns(parts)
        where = namespaces[destination]
        host = f"{destination}.{where}.svc.cluster.local"
        source = {
            "source_workload": pod.rsplit("-", 2)[0], "source_workload_namespace": namespace, "pod": pod,
            "namespace": namespace, "destination_workload": destination, "destination_workload_namespace": where,
            "destination_service": host, "destination_service_name": destination, "request_protocol": "http",
        }  # fmt: skip
        cluster = {"cluster_name": f"outbound|80||{host}", "pod": pod, "namespace": namespace}
        if operation == "connect":
            if envoy:
                name = "envoy_cluster_upstream_cx_connect_ms"
                added += [({"__name__": f"{name}_count", **cluster}, times, calls)]
                added += [({"__name__": f"{name}_sum", **cluster}, times, 1e3 * seconds)]
            continue
        good = calls - errors
        ok = {"response_code": "200", "response_flags": "-", "reporter": "source"}
        bad = {"response_code": "504", "response_flags": "UT", "reporter": "source"}
        for labels, count in ((ok, good), (bad, calls - good)):
            born = int(np.argmax(count > 0)) if (count > 0).any() else len(count)
            if labels is ok:
                born = 0
            if born < len(count):
                added.append(({"__name__": "istio_requests_total", **source, **labels}, times[born:], count[born:]))
        name = "istio_request_duration_milliseconds"
        added.append(({"__name__": f"{name}_sum", **source, **ok}, times, 1e3 * seconds))
        added.append(({"__name__": f"{name}_count", **source, **ok}, times, calls))
        if envoy:
            added.append(({"__name__": "envoy_cluster_upstream_rq_time_sum", **cluster}, times, 1e3 * seconds))
            added.append(({"__name__": "envoy_cluster_upstream_rq_time_count", **cluster}, times, calls))
            added.append(({"__name__": "envoy_cluster_upstream_rq_timeout", **cluster}, times, errors))
        added += _destination_side(table, source, destination)
    kept = drop_series(table, lambda labels: labels["__name__"].startswith((*APP, "redis_commands")))
    return with_samples(evidence, add(kept, added))


def _groups(table: SampleTable):
    found = defaultdict(lambda: {"failed": []})
    for part, metric in (("calls", "count"), ("seconds", "sum")):
        for s in table.named(f"outbound_call_duration_seconds_{metric}"):
            key = (s.labels["destination"], s.labels["operation"], s.labels["pod"], s.labels["namespace"])
            found[key][part] = s
    for s in table.named("outbound_call_errors_total"):
        for key in found:
            if key[0] == s.labels["destination"] and key[1] != "connect":
                found[key]["failed"].append(s)
    return found


def _columns(parts):
    times = scrapes([parts["calls"]])
    start = [parts[p].values[0] for p in ("calls", "seconds")]
    grown = [np.nan_to_num(rises_on(parts[p], times)) for p in ("calls", "seconds")]
    calls, seconds = (np.concatenate([[s], s + np.cumsum(g)]) for s, g in zip(start, grown, strict=True))
    lost = np.zeros(len(times) - 1)
    for row in parts["failed"]:
        lost += np.nan_to_num(rises_on(row, times))
    lost = np.minimum(lost, grown[0])  # what never left the pool is not seen by a proxy
    return times, calls, seconds, np.concatenate([[0.0], np.cumsum(lost)])


def _destination_side(table: SampleTable, source, destination):
    """What the server's proxy reports: only where the server's own exporter was recorded."""
    rows = {}
    for part, metric in (("seconds", "redis_commands_duration_seconds_total"), ("calls", "redis_commands_total")):
        for s in table.named(metric):
            if destination == "redis" and s.labels["cmd"] in ("get", "incr", "setex"):
                rows.setdefault(part, []).append(s)
    if not rows:
        return []
    times = rows["calls"][0].times
    total = {
        part: np.sum([s.values for s in found if len(s.values) == len(times)], axis=0) for part, found in rows.items()
    }
    labels = {**source, "reporter": "destination", "response_code": "200", "response_flags": "-"}
    labels |= {"pod": "redis-0", "namespace": "data"}
    return [
        ({"__name__": "istio_requests_total", **labels}, times, total["calls"]),
        ({"__name__": "istio_request_duration_milliseconds_sum", **labels}, times, 1e3 * total["seconds"]),
        ({"__name__": "istio_request_duration_milliseconds_count", **labels}, times, total["calls"]),
    ]
