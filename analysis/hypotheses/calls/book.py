"""What the samples say of calls, read once per recording: clients, servers, pools, proxies; and who calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.hypotheses.calls.whereabouts import Source
from analysis.hypotheses.case import Case
from analysis.signals.answers import Answers, answers_of
from analysis.signals.calls import UNNAMED, Calls, calls_of, nodes_of
from analysis.signals.pool import Pool, pools_of
from analysis.signals.servers import PathSplit, ServerClock, path_splits, server_clocks
from analysis.signals.workloads import workload_of

__all__ = ["Book", "Same", "book_of", "own_calls", "sources_of"]

MOST_SOURCES = 12  # of the service, and of others: those with most calls are looked at


@dataclass(frozen=True, eq=False)
class Book:
    """What the samples say of calls: clients, servers, pools, proxies on the path, node of each pod, scrapes."""

    calls: tuple[Calls, ...]
    clocks: tuple[ServerClock, ...]
    pools: tuple[Pool, ...]
    paths: tuple[PathSplit, ...]
    nodes: Mapping[tuple[str, str], str]
    answers: Answers


@dataclass(frozen=True, eq=False)
class Same:
    """A key of a cache that is equal only for the very same object, which it keeps."""

    of: Any

    def __hash__(self) -> int:
        return id(self.of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.of is other.of


def book_of(case: Case) -> Book:
    """Return what the samples say of calls; read once per recording.

    Parameters
    ----------
    case : Case
        Its samples.
    """
    return _read(Same(case.evidence.samples), frozenset(case.known_workloads.items()))


@lru_cache(maxsize=4)
def _read(samples: Same, workloads: frozenset[tuple[str, frozenset[str]]]) -> Book:
    known, table = dict(workloads), samples.of
    names = table.names

    def workload(namespace: str, pod: str) -> str:
        return workload_of(pod, known.get(namespace, frozenset()))

    clocks, answers = server_clocks(table.named, names, workload), answers_of(table.named, names, workload)
    paths = path_splits(table.named, names)
    return Book(calls_of(table.named, names), clocks, pools_of(table.named), paths, nodes_of(table.labels), answers)


def own_calls(case: Case) -> tuple[list[Calls], dict[tuple[str, str], list[Calls]]]:
    """Return the calls of the service, and of every other source workload by (namespace, workload).

    Parameters
    ----------
    case : Case
        Its samples. Calls without seconds, of fewer than three scrapes, or of a source that the mesh does not know
        (it may be anybody, the service too), are left out.
    """
    by_source: dict[tuple[str, str], list[Calls]] = defaultdict(list)
    for calls in book_of(case).calls:
        if len(calls.times) > 2 and (calls.pod or calls.workload not in UNNAMED) and np.isfinite(calls.seconds).any():
            by_source[(calls.namespace, calls.workload or case.workload(calls.namespace, calls.pod))].append(calls)
    service = case.incident.spec.service
    return by_source.pop((service.namespace, service.workload), []), by_source


def sources_of(case: Case) -> tuple[tuple[Source, tuple[Calls, ...]], ...]:
    """Return the calls of each source by itself: pods where the metrics name them, else workloads.

    Parameters
    ----------
    case : Case
        Its samples.

    Returns
    -------
    tuple of (Source, tuple of Calls)
        Sources of the service, and others that call one of its destinations; of each the 12 with most calls.
    """
    own, others = own_calls(case)
    service, nodes = case.incident.spec.service, book_of(case).nodes
    names = {c.destination for c in own}
    groups = {(service.namespace, service.workload): own} | others
    found: dict[Source, list[Calls]] = defaultdict(list)
    for (namespace, workload), rows in groups.items():
        for c in rows:
            if c.destination in names:
                node = nodes.get((namespace, c.pod), "")
                found[Source(namespace, workload, c.pod, node, rows is own)].append(c)
    order = sorted(found, key=lambda s: (-sum(float(np.nansum(c.calls)) for c in found[s]), s))
    kept = [s for mine in (True, False) for s in [s for s in order if s.own is mine][:MOST_SOURCES]]
    return tuple((s, tuple(found[s])) for s in kept)
