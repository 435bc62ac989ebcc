"""Variants of the recordings: the same evidence, thinned, shifted, renamed, multiplied, or with parts taken away."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.collect import Evidence, load
from analysis.incident import Incident, Window
from analysis.sources.prometheus import SampleTable, table_of

CFS = ("container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total")


@cache
def evidence_of(folder: Path) -> Evidence:
    return load(Incident.load(folder))


def with_samples(evidence: Evidence, table: SampleTable) -> Evidence:
    return replace(evidence, samples=table)


def keep_samples(table: SampleTable, keep: np.ndarray) -> SampleTable:
    return SampleTable(table.labels, table.ids[keep], table.times[keep], table.values[keep])


def drop_series(table: SampleTable, drop: Callable[[dict[str, str]], bool]) -> SampleTable:
    gone = np.array([drop(labels) for labels in table.labels])
    return keep_samples(table, ~gone[table.ids])


def named(*names: str) -> Callable[[dict[str, str]], bool]:
    return lambda labels: labels["__name__"] in names


def thin(table: SampleTable, seconds: int, phase: int = 0, scrape: int = 5) -> SampleTable:
    """Keep every k-th sample of each series, as a slower scrape would have."""
    number = np.arange(len(table.ids)) - np.searchsorted(table.ids, table.ids)
    return keep_samples(table, number % (seconds // scrape) == phase)


def shift(table: SampleTable, seconds: float) -> SampleTable:
    return SampleTable(table.labels, table.ids, table.times + int(seconds * 1e6), table.values)


def relabel(table: SampleTable, change: Callable[[dict[str, str]], dict[str, str]]) -> SampleTable:
    return SampleTable(tuple(change(labels) for labels in table.labels), table.ids, table.times, table.values)


def add(table: SampleTable, series: list[tuple[dict[str, str], np.ndarray, np.ndarray]]) -> SampleTable:
    ids = np.concatenate([np.full(len(t), i + len(table.labels), "i4") for i, (_, t, _) in enumerate(series)])
    return table_of(
        [*table.labels, *(labels for labels, _, _ in series)],
        np.concatenate([table.ids, ids]),
        np.concatenate([table.times, *(t for _, t, _ in series)]),
        np.concatenate([table.values, *(v for _, _, v in series)]),
    )


def with_window(evidence: Evidence, window: Window | None = None, baseline: Window | None = None) -> Evidence:
    incident = evidence.incident
    changed = replace(incident, window=window or incident.window, baseline=baseline or incident.baseline)
    return replace(evidence, incident=changed)


def moved(window: Window, seconds: float) -> Window:
    return Window(window.start + pd.Timedelta(seconds=seconds), window.end + pd.Timedelta(seconds=seconds))


def ar1(rng: np.random.Generator, n: int, phi: float, size: int = 1) -> np.ndarray:
    noise = rng.normal(size=(size, n)) * np.sqrt(1 - phi**2)
    out = np.empty((size, n))
    out[:, 0] = rng.normal(size=size)
    for i in range(1, n):
        out[:, i] = phi * out[:, i - 1] + noise[:, i]
    return out


def noise_containers(
    table: SampleTable, count: int, seed: int, *, namespace: str = "payments", pod: str = "batch-{i}-0",
    container: str = "worker",
) -> SampleTable:  # fmt: skip
    """Add containers whose throttled share per scrape wanders as an AR(1) of phi .9, uniform in the long run."""
    from scipy.stats import norm

    times = next(iter(table.named(CFS[0]))).times
    share = norm.cdf(ar1(np.random.default_rng(seed), len(times), 0.9, count))
    added = []
    for i in range(count):
        who = {"namespace": namespace, "pod": pod.format(i=i), "container": container.format(i=i)}
        hit = np.cumsum(np.round(share[i] * 50))
        added += [
            ({"__name__": CFS[0], **who}, times, np.arange(len(times)) * 50.0),
            ({"__name__": CFS[1], **who}, times, hit),
            ({"__name__": "container_cpu_usage_seconds_total", "cpu": "total", **who}, times, hit * 0.01),
            ({"__name__": "container_spec_cpu_quota", **who}, times, np.full(len(times), 10_000.0)),
        ]
    return add(table, added)


def cloned_pods(table: SampleTable, pod: str, names: list[str], sick: set[str], healthy_until_us: int) -> SampleTable:
    """Replace a pod by many: the sick ones as recorded, the others with the increments of the healthy time repeated."""
    mine = [i for i, labels in enumerate(table.labels) if labels.get("pod") == pod]
    rest = drop_series(table, lambda labels: labels.get("pod") == pod)
    added = []
    for i in mine:
        chosen = table.ids == i
        times, values = table.times[chosen], table.values[chosen]
        for name in names:
            labels = {**table.labels[i], "pod": name}
            if name in sick or not table.labels[i]["__name__"].endswith("_total"):
                added.append((labels, times, values))
                continue
            calm = np.diff(values[times <= healthy_until_us])
            if len(calm):
                step = np.resize(calm, len(values) - 1)
                added.append((labels, times, values[0] + np.concatenate([[0], np.cumsum(step)])))
    return add(rest, added)
