"""The evidence as columns on one grid: requests, containers, recorded series and changes, each with its owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from analysis.collect import Evidence
from analysis.signals.cpu import PERIODS, THROTTLED, ContainerCpu
from analysis.signals.requests import Episode
from analysis.sources.prometheus import SampleTable
from analysis.suspects.grid import Grid, cumulated, placed, rates
from analysis.suspects.metric_kinds import kind_of, never_falls, role_of, unit_of
from analysis.suspects.naming import Owner, owner_of

__all__ = ["Case", "Column", "Symptom", "of_containers", "of_events", "of_requests", "of_samples"]

COUNTED_BY_CASE = frozenset({PERIODS, THROTTLED})  # one ratio says more than two counters


class Symptom(Protocol):
    """What users felt, as `hypotheses.case.Symptom` holds it."""

    @property
    def requests(self) -> pd.DataFrame:
        """Requests of the service, by their end."""

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """Stretches in which the objective was missed."""


class Case(Protocol):
    """What is read of `hypotheses.case.Case`."""

    @property
    def evidence(self) -> Evidence:
        """What was recorded."""

    @property
    def symptom(self) -> Symptom:
        """What users felt."""

    @property
    def containers(self) -> tuple[ContainerCpu, ...]:
        """Every container of every pod."""

    def workload(self, namespace: str, pod: str) -> str:
        """Return the workload of a pod."""


class Column(NamedTuple):
    """One series on the grid: its owner, kind, name, labels and unit."""

    owner: Owner
    kind: str
    name: str
    labels: dict[str, str]
    unit: str
    values: np.ndarray


def of_requests(case: Case, grid: Grid) -> Iterator[Column]:
    """Yield the symptom first, then what else the requests of the service say: latency, failures, load.

    Parameters
    ----------
    case : Case
        Its symptom's requests belong to the service of the spec.
    grid : Grid
        Where to. A step without requests has no share and no latency; its load is 0 while requests were recorded.
    """
    table, service = case.symptom.requests, case.evidence.incident.spec.service
    if not len(table):
        return
    owner = (service.namespace, service.workload, "")
    times = pd.DatetimeIndex(table.index).as_unit("us").asi8
    at = grid.bins(times)
    count = np.bincount(at[at >= 0], minlength=grid.n).astype(float)
    share = {
        k: np.bincount(at[at >= 0], weights=table[k].to_numpy()[at >= 0], minlength=grid.n) for k in ("bad", "failed")
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        share = {k: v / count for k, v in share.items()}
    failed, bad = int(table["failed"].sum()), int(table["bad"].sum())
    yield Column(owner, "errors" if 2 * failed >= bad else "latency", "bad requests", {}, "share", share["bad"])
    seconds = table["duration_seconds"].to_numpy()
    if not np.isfinite(seconds).any():
        return
    part = pd.Series(seconds[at >= 0]).groupby(at[at >= 0])
    for name, found in (("request duration, mean", part.mean()), ("request duration, p95", part.quantile(0.95))):
        values = np.full(grid.n, np.nan)
        values[found.index.to_numpy()] = found.to_numpy()
        yield Column(owner, "latency", name, {}, "s", values)
    yield Column(owner, "errors", "failed requests", {}, "share", share["failed"])
    seen = np.arange(grid.n)
    recorded = (seen >= at[at >= 0].min()) & (seen <= at[at >= 0].max()) if (at >= 0).any() else np.zeros(grid.n, bool)
    yield Column(owner, "load", "requests", {}, "1/s", np.where(recorded, count / (grid.step / 1e6), np.nan))


def of_containers(case: Case, grid: Grid) -> Iterator[Column]:
    """Yield the share of throttled CFS periods of every container that has a limit.

    Parameters
    ----------
    case : Case
        Its containers.
    grid : Grid
        Where to; 0/0 periods is NaN.
    """
    for cpu in case.containers:
        if len(cpu.periods.end):
            ratio = cpu.throttled_ratio_series().to_numpy()
            owner = (cpu.namespace, case.workload(cpu.namespace, cpu.pod), cpu.container)
            values = placed(cpu.periods.end, ratio, grid)
            yield Column(owner, "throttling", "throttled periods", {"pod": cpu.pod}, "share", values)


def of_samples(case: Case, grid: Grid) -> Iterator[Column]:
    """Yield one column for each series, and a mean for each count that has its sum.

    Parameters
    ----------
    case : Case
        Its samples: counters become rates, gauges stay, buckets and rows that repeat others are left out, what counts
        changes (restarts, pushes, generations) becomes an event.
    grid : Grid
        Where to.
    """
    table = case.evidence.samples
    sum_of = _sums(table)
    edges = np.searchsorted(table.ids, np.arange(len(table.labels) + 1, dtype=table.ids.dtype))
    left_out = {*sum_of.values(), *_repeated(table)}
    for i, labels in enumerate(table.labels):
        metric, role = labels["__name__"], role_of(labels["__name__"])
        if role == "bucket" or i in left_out or metric in COUNTED_BY_CASE or edges[i] == edges[i + 1]:
            continue
        times, values = _samples(table, edges, i)
        if not len(times):
            continue
        owner, kind = owner_of(labels, case.workload), kind_of(metric, labels)
        if i in sum_of:
            mean = _mean((times, values), _samples(table, edges, sum_of[i]))
            base = metric.removesuffix("_count")
            yield Column(owner, kind, f"{base}, mean", labels, unit_of(base, "mean"), placed(times, mean, grid))
            kind = kind_of("requests", labels) if kind == "latency" else kind  # how many there were is no latency
        steps = np.diff(values)
        if kind == "event":
            yield Column(owner, kind, metric, labels, "changes", cumulated(times[1:][steps > 0], grid))
        elif role == "counter" or i in sum_of or never_falls(int((steps < 0).sum()), int((steps > 0).sum())):
            rate = placed(times, rates(times, values), grid)
            yield Column(owner, kind, f"{metric}, rate", labels, unit_of(metric, "rate"), rate)
        else:
            yield Column(owner, kind, metric, labels, unit_of(metric, "gauge"), placed(times, values, grid))


def _sums(table: SampleTable) -> dict[int, int]:
    """Return the row of the sum of each count that has one with the same labels."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], dict[str, int]] = defaultdict(dict)
    for i, labels in enumerate(table.labels):
        metric, role = labels["__name__"], role_of(labels["__name__"])
        if role in ("sum", "count"):
            found[metric.removesuffix(f"_{role}"), frozenset(labels.items()) - {("__name__", metric)}][role] = i
    return {rows["count"]: rows["sum"] for rows in found.values() if len(rows) == 2}


def _repeated(table: SampleTable) -> Iterator[int]:
    """Yield the rows of pods whose containers have rows of the same metric: the pod's is their sum."""
    rows = [(labels["__name__"], labels.get("namespace"), labels.get("pod")) for labels in table.labels]
    inner = [labels.get("container", "") not in ("", "POD") for labels in table.labels]
    held = {row for row, within in zip(rows, inner, strict=True) if within and row[2]}
    yield from (i for i, row in enumerate(rows) if not inner[i] and row in held and row[0].startswith("container_"))


def _samples(table: SampleTable, edges: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times [us] and values of a series, without what is no number."""
    lo, hi = edges[row], edges[row + 1]
    known = np.isfinite(table.values[lo:hi])
    return table.times[lo:hi][known], table.values[lo:hi][known]


def _mean(counts: tuple[np.ndarray, np.ndarray], sums: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the mean of what was counted in each step of the count; NaN where nothing was, or after a gap."""
    mean = np.full(len(counts[0]), np.nan)
    _, a, b = np.intersect1d(counts[0], sums[0], return_indices=True)
    number, total = rates(counts[0][a], counts[1][a]), rates(sums[0][b], sums[1][b])
    some = number > 0
    mean[a[some]] = total[some] / number[some]
    return mean


def of_events(case: Case, grid: Grid) -> Iterator[Column]:
    """Yield the changes that were recorded or that people know: rollouts, warnings, the spec's own.

    Parameters
    ----------
    case : Case
        Its deployments, Kubernetes events and spec.
    grid : Grid
        Where to: how many had happened at each stamp.
    """
    evidence = case.evidence
    happened: dict[tuple[Owner, str], list[pd.Timestamp]] = defaultdict(list)
    rollouts = evidence.deployments
    for time, namespace, name in zip(rollouts.index, rollouts["namespace"], rollouts["deployment"], strict=True):
        happened[(namespace, name, ""), "rollout"].append(time)
    events = evidence.events[evidence.events["type"] == "Warning"]
    columns = (events[c] for c in ("namespace", "name", "reason"))
    for time, namespace, name, why in zip(events.index, *columns, strict=True):
        happened[(namespace, case.workload(namespace, name), ""), f"warning {why}"].append(time)
    for change in evidence.incident.spec.changes:
        happened[("", change.what, ""), change.kind.replace("_", " ")].append(change.time)
    for (owner, what), times in sorted(happened.items()):
        stamps = pd.DatetimeIndex(times).as_unit("us").asi8
        yield Column(owner, "event", what, {}, "changes", cumulated(np.sort(stamps), grid))
