"""Calls of each source to each destination, from every dialect: calls, failures and seconds per scrape step.

Traps that are met here: the same calls are counted by several libraries and proxies, and by both reporters of a mesh:
of each source and destination one dialect is read; a counter of events is born at its first event, so its absence while
its target was scraped is 0 and its first value an increase; a scrape that is missing makes its step unknown.
"""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analysis.signals.call_dialects import CLIENTS, Dialect, failure_kinds, is_failure
from analysis.signals.counters import increments
from analysis.signals.hosts import host_of, same_name

__all__ = ["UNNAMED", "Calls", "calls_of", "nodes_of", "rises_on", "scrapes"]

UNNAMED = frozenset({"", "unknown"})  # a mesh says unknown of what it does not see
GAP_STEPS = 2.5  # a step longer than this many median steps is a gap


@dataclass(frozen=True, eq=False)
class Calls:
    """What one source counted of one operation at one destination.

    Parameters
    ----------
    namespace, pod, workload : str
        The source; workload "" where the metrics do not say it.
    destination, operation : str
        Host or workload as the metrics name it, without port and domain; connect, command, query, request, ...
    metric : str
        Where the seconds come from, for the evidence line.
    times : ndarray of int64, shape (n + 1,)
        Scrape times [us]; step i is (times[i], times[i + 1]].
    calls, seconds, failed : ndarray, shape (n,)
        Finished in the step; NaN unknown. Seconds are those of the finished calls, however long ago they began.
    kinds : mapping of str to ndarray, shape (n,)
        Which of the failures are late, unconnected, uncalled (`call_dialects.failure_kinds`); absent: none.
    """

    namespace: str
    pod: str
    workload: str
    destination: str
    operation: str
    metric: str
    times: np.ndarray
    calls: np.ndarray
    seconds: np.ndarray
    failed: np.ndarray
    kinds: Mapping[str, np.ndarray] = field(default_factory=dict)


Source = tuple[str, str, str]  # namespace, pod, workload


def scrapes(rows: Iterable[Any]) -> np.ndarray:
    """Return the scrape times of a target: those of its series that has most samples, shape (n,), int64 us."""
    return max((row.times for row in rows), key=len, default=np.zeros(0, "i8"))


def rises_on(row: Any, times: np.ndarray, *, events: bool = True) -> np.ndarray:
    """Return the increase of a counter in each step between scrapes; NaN in gaps.

    Parameters
    ----------
    row : series
        times [us], values.
    times : ndarray of int64, shape (n + 1,)
        Scrapes of its target.
    events : bool
        Whether it counts events: then it stood at 0 before its first sample, if its target was scraped before.

    Returns
    -------
    ndarray, shape (n,)
        NaN where a scrape is missing, or the step is longer than 2.5 usual ones.
    """
    if len(times) < 2:
        return np.zeros(0)
    good = np.isfinite(row.values)
    own, values = row.times[good], row.values[good]
    usual = float(np.median(np.diff(times)))
    place = np.searchsorted(own, times, side="right") - 1
    held = place >= 0
    level = np.full(len(times), np.nan)
    if len(own):
        fresh = held & (times - own[np.maximum(place, 0)] < usual)  # a counter is read at most a step late
        level[fresh] = values[place[fresh]]
        if events:
            level[times < own[0]] = 0.0
    found = np.full(len(times) - 1, np.nan)
    known = np.isfinite(level)
    both = known[1:] & known[:-1] & (np.diff(times) <= GAP_STEPS * usual)
    found[both] = increments(np.where(known, level, 0.0))[1:][both]
    return found


def calls_of(named: Callable[..., Iterable[Any]], names: Collection[str]) -> tuple[Calls, ...]:
    """Return the calls of every source to every destination, each counted once.

    Parameters
    ----------
    named : callable
        named(metric) -> series with labels, times [us], values (`SampleTable.named`).
    names : collection of str
        Metric names that are there.

    Returns
    -------
    tuple of Calls
        Sorted by source, destination, operation. Where several dialects count the same calls, the one nearest to the
        caller is kept.

    Examples
    --------
    >>> calls_of(lambda name: [], ["up"])
    ()
    """
    found: list[Calls] = []
    taken: dict[Source, list[str]] = defaultdict(list)
    for dialect in CLIENTS:
        fresh = [c for prefix in _prefixes(dialect, names) for c in _read(named, dialect, prefix)]
        known = {who: tuple(there) for who, there in taken.items()}
        for calls in fresh:
            who = _known_as(calls, known)
            means = same_name(calls.destination, known.get(who, ()))
            if means is None or (calls.operation == "connect" and not _has(found, who, means, "connect")):
                found.append(calls if means is None else replace(calls, destination=means))
                taken[(calls.namespace, calls.pod, calls.workload)].append(means or calls.destination)
    return tuple(sorted(found, key=lambda c: (c.namespace, c.workload, c.pod, c.destination, c.operation)))


def nodes_of(labels: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """Return the node of each pod, by (namespace, pod), as labels of any series say it.

    Parameters
    ----------
    labels : iterable of mapping
        Of all series: cAdvisor, kube_pod_info and what a scrape adds name pod and node together.

    Returns
    -------
    dict of (str, str) to str
        Pods that are said to be on several nodes are left out.

    Examples
    --------
    >>> nodes_of([{"namespace": "shop", "pod": "web-0", "node": "n1"}, {"pod": "web-1"}])
    {('shop', 'web-0'): 'n1'}
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in labels:
        node, pod = row.get("node", ""), row.get("exported_pod") or row.get("pod", "")
        if node and pod:
            found[(row.get("exported_namespace") or row.get("namespace", ""), pod)].add(node)
    return {who: nodes.pop() for who, nodes in found.items() if len(nodes) == 1}


def _known_as(calls: Calls, known: Mapping[Source, tuple[str, ...]]) -> Source:
    """Return the source under which a pod's calls were read already: a mesh names its workload, an application not."""
    own = (calls.namespace, calls.pod, calls.workload)
    return next((who for who in known if who[:2] == own[:2] and calls.pod), own)


def _has(found: list[Calls], who: Source, destination: str, operation: str) -> bool:
    return any(
        (c.namespace, c.pod, c.workload) == who and c.destination == destination and c.operation == operation
        for c in found
    )


def _prefixes(dialect: Dialect, names: Collection[str]) -> list[str]:
    if not dialect.calls.startswith("*"):
        return [""] if dialect.calls in names else []
    return sorted(name.removesuffix(dialect.calls[1:]) for name in names if fnmatch.fnmatchcase(name, dialect.calls))


def _read(named: Callable[..., Iterable[Any]], dialect: Dialect, prefix: str) -> list[Calls]:
    """Return the calls that one dialect counts: its series grouped by source, destination and operation."""
    parts = {"calls": dialect.calls, "seconds": dialect.seconds}
    parts |= {f"failure {i}": metric for i, metric in enumerate(dialect.failures)}
    groups: dict[tuple[Source, str, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    lost: dict[tuple[Source, str], list[Any]] = defaultdict(list)
    for part, pattern in parts.items():
        for row in named(pattern.replace("*", prefix)) if pattern else ():
            text = next((row.labels[key] for key in dialect.named_by if row.labels.get(key, "") not in UNNAMED), "")
            if not text or any(row.labels.get(key) != wanted for key, wanted in dialect.only):
                continue
            who = _source_of(row.labels)
            if part.startswith("failure"):
                lost[(who, host_of(text))].append(row)
                continue
            operation = dialect.operation or row.label("operation", "command") or "call"
            groups[(who, host_of(text), operation)][part].append(row)
    every: dict[Source, list[Any]] = defaultdict(list)
    for (who, _, _), rows in groups.items():
        every[who] += rows["calls"]
    times = {who: scrapes(rows) for who, rows in every.items()}
    found, told = [], set[tuple[Source, str]]()
    for (who, destination, operation), rows in sorted(groups.items()):
        steps = times[who]
        calls = _summed([rises_on(r, steps) for r in rows["calls"]], len(steps))
        seconds = _summed([rises_on(r, steps) for r in rows["seconds"]], len(steps)) * dialect.scale
        bad: list[Any] = []
        if dialect.by_label:
            bad = [r for r in rows["calls"] if is_failure(r.labels)]
        elif operation != "connect" and (who, destination) not in told:
            told.add((who, destination))  # failures name no operation: they are counted once, with the first that works
            bad = lost[(who, destination)]
        failed = np.where(np.isfinite(calls), _summed([rises_on(r, steps) for r in bad], len(steps), none=0.0), np.nan)
        sorts = [(kind, r) for r in bad for kind in failure_kinds(r.labels)]
        kinds = {
            kind: _summed([rises_on(r, steps) for k, r in sorts if k == kind], len(steps))
            for kind in sorted({k for k, _ in sorts})
        }
        metric = (dialect.seconds or dialect.calls).replace("*", prefix)
        found.append(Calls(*who, destination, operation, metric, steps, calls, seconds, failed, kinds))
    return found


def _source_of(labels: dict[str, str]) -> Source:
    """Return namespace, pod and workload of the caller: a mesh's series name it, else it is the scraped pod."""
    if "source_workload" in labels:
        where = labels.get("source_workload_namespace") or labels.get("namespace", "")
        name = labels["source_workload"]
        return where, labels.get("source_pod") or labels.get("pod", ""), "" if name in UNNAMED else name
    pod = labels.get("exported_pod") or labels.get("pod") or labels.get("instance", "")
    return labels.get("exported_namespace") or labels.get("namespace", ""), pod, ""


def _summed(parts: list[np.ndarray], times: int, none: float = float("nan")) -> np.ndarray:
    """Return the sum of what is known in each step: NaN where nothing is; `none` where there is no series at all."""
    if not parts:
        return np.full(max(times - 1, 0), none)
    stack = np.stack(parts)
    known = np.isfinite(stack)
    return np.where(known.any(axis=0), np.where(known, stack, 0.0).sum(axis=0), np.nan)
