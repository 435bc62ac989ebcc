"""What the samples say of calls, read once per recording: clients, servers, pools, proxies; and who calls."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.hypotheses.case import Case
from analysis.signals.calls import Calls, calls_of
from analysis.signals.pool import Pool, pools_of
from analysis.signals.servers import PathSplit, ServerClock, path_splits, server_clocks
from analysis.signals.workloads import workload_of

__all__ = ["Book", "Same", "book_of", "own_calls"]


@dataclass(frozen=True, eq=False)
class Book:
    """What the samples say of calls: clients, servers, pools, and proxies on the path."""

    calls: tuple[Calls, ...]
    clocks: tuple[ServerClock, ...]
    pools: tuple[Pool, ...]
    paths: tuple[PathSplit, ...]


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
    clocks = server_clocks(table.named, names, lambda ns, pod: workload_of(pod, known.get(ns, frozenset())))
    return Book(calls_of(table.named, names), clocks, pools_of(table.named), path_splits(table.named, names))


def own_calls(case: Case) -> tuple[list[Calls], dict[tuple[str, str], list[Calls]]]:
    """Return the calls of the service, and of every other source workload by (namespace, workload).

    Parameters
    ----------
    case : Case
        Its samples. Calls without seconds, or of fewer than three scrapes, are left out.
    """
    by_source: dict[tuple[str, str], list[Calls]] = defaultdict(list)
    for calls in book_of(case).calls:
        if len(calls.times) > 2 and np.isfinite(calls.seconds).any():
            by_source[(calls.namespace, calls.workload or case.workload(calls.namespace, calls.pod))].append(calls)
    service = case.incident.spec.service
    return by_source.pop((service.namespace, service.workload), []), by_source
