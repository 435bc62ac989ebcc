"""Whom a recorded series belongs to, by the name an author would use, and what tells it from its sisters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

__all__ = ["Owner", "calls_among", "distinctions", "entity_names", "owner_of"]

Owner = tuple[str, str, str]  # namespace, workload, container; the last two as far as they are known

WORKLOAD_LABELS = ("deployment", "statefulset", "daemonset", "cronjob", "job_name")  # of kube-state-metrics
# what says where a series was scraped, not what it is: used to tell two apart only if nothing else does
PLACE_LABELS = frozenset({
    "application", "container", "datid", "endpoint", "id", "image", "instance", "job", "name", "namespace", "node",
    "pod", "service", "uid",
})  # fmt: skip
CALLEE_LABELS = ("destination_workload", "destination_canonical_service", "destination_service_name",
                 "destination_service", "destination_app", "destination", "upstream_cluster", "envoy_cluster_name",
                 "cluster_name")  # fmt: skip


def owner_of(labels: dict[str, str], workload: Callable[[str, str], str]) -> Owner:
    """Return namespace, workload and container that a series is about.

    Parameters
    ----------
    labels : dict
        Labels of the series. `exported_` ones are what an exporter says about others, so they come first.
    workload : callable
        workload(namespace, pod) -> name.

    Examples
    --------
    >>> owner_of({"namespace": "shop", "pod": "web-0", "container": "proxy"}, lambda namespace, pod: pod[:-2])
    ('shop', 'web', 'proxy')
    >>> owner_of({"job": "node", "instance": "n1:9100"}, lambda namespace, pod: "")
    ('', 'node', '')
    """
    namespace, pod, container = (
        _first(labels, f"exported_{name}", name, f"{name}_name") for name in ("namespace", "pod", "container")
    )
    stated = _first(labels, *WORKLOAD_LABELS)
    if stated:
        return namespace, stated, ""
    if pod:
        return namespace, workload(namespace, pod), "" if container == "POD" else container
    return "", _first(labels, "node", "job", "instance") or "unknown", ""


def _first(labels: dict[str, str], *names: str) -> str:
    return next((labels[n] for n in names if labels.get(n)), "")


def entity_names(owners: Iterable[Owner]) -> dict[Owner, str]:
    """Return what to call each owner: container (workload), with the namespace where two would be called alike.

    Parameters
    ----------
    owners : iterable of Owner
        All of them.

    Examples
    --------
    >>> entity_names([("shop", "web", "proxy"), ("shop", "redis", "redis")]).values()
    dict_values(['redis', 'proxy (web)'])
    >>> entity_names([("a", "api", ""), ("b", "api", "")])
    {('a', 'api', ''): 'a/api', ('b', 'api', ''): 'b/api'}
    """
    found = sorted(set(owners))
    spaces: dict[str, set[str]] = defaultdict(set)
    for namespace, workload, _ in found:
        spaces[workload].add(namespace)
    names = {}
    for namespace, workload, container in found:
        who = f"{namespace}/{workload}" if len(spaces[workload]) > 1 and namespace else workload
        name = who if container in ("", workload) else f"{container} ({who})"
        names[namespace, workload, container] = name.replace("|", "/")
    return names


def distinctions(rows: Sequence[dict[str, str]]) -> list[str]:
    """Return the fewest labels that tell series of one name apart, as text; the first that tell most come first.

    Parameters
    ----------
    rows : sequence of dict
        Labels of each.

    Examples
    --------
    >>> distinctions([{"code": "2xx", "job": "a"}, {"code": "5xx", "job": "b"}]), distinctions([{"code": "2xx"}])
    (['{code=2xx}', '{code=5xx}'], [''])
    """
    if len(rows) == 1:
        return [""]
    open_ = {k for row in rows for k in row} - {"__name__"}
    values = {k: [row.get(k, "") for row in rows] for k in open_}
    varying = {k for k in open_ if len(set(values[k])) > 1}
    keys: list[str] = []
    parts: list[tuple[str, ...]] = [() for _ in rows]
    while varying and len(set(parts)) < len(rows):
        count = {k: len({(*p, v) for p, v in zip(parts, values[k], strict=True)}) for k in varying}
        best = min(varying, key=lambda k: (k in PLACE_LABELS and k != "pod", -count[k], k))
        if count[best] > len(set(parts)):
            keys.append(best)
            parts = [(*p, v) for p, v in zip(parts, values[best], strict=True)]
        varying.remove(best)
    return [
        "{" + ", ".join(f"{k}={v or '-'}" for k, v in zip(keys, p, strict=True)) + "}" if keys else "" for p in parts
    ]


def calls_among(rows: Iterable[tuple[str, dict[str, str]]], known: frozenset[str]) -> list[tuple[str, str]]:
    """Return caller and callee of each edge that destination labels of Istio, Envoy or an application name.

    Parameters
    ----------
    rows : iterable of (str, dict)
        Entity that recorded a series, and its labels. Where Istio names the source, that is the caller.
    known : frozenset of str
        Entities that have series; a destination without any is left out.

    Examples
    --------
    >>> rows = [("app (api)", {"destination": "redis.data.svc:6379"}), ("app (api)", {"destination": "elsewhere"})]
    >>> calls_among(rows, frozenset({"app (api)", "redis"}))
    [('app (api)', 'redis')]
    """
    found = set()
    for entity, labels in rows:
        if _first(labels, "reporter") == "destination" and not labels.get("source_workload"):
            continue
        caller = labels.get("source_workload", "")
        for text in (labels[k] for k in CALLEE_LABELS if labels.get(k)):
            host = re.split(r"[:/|]", text.split("://")[-1].rpartition("|")[2], maxsplit=1)[0].split(".")[0]
            who = caller if caller in known else entity
            if host in known and host != who:
                found.add((who, host))
    return sorted(found)
