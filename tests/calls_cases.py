"""Calls that are spoiled on purpose: noise destinations, missing accounts, other sources, swapped names."""

from dataclasses import replace

import numpy as np

from analysis.collect import Evidence
from analysis.hypotheses import client_side_fault, connection_pool, edge_fault, server_side_fault
from analysis.hypotheses.case import Case
from tests.variants import add, ar1, drop_series, relabel, with_samples

MODULES = (client_side_fault, server_side_fault, edge_fault, connection_pool)
CLIENT = "client_side_fault:payments/payment-api"
DATABASE = "server_side_fault:data/postgres"


def findings_of(evidence: Evidence):
    case = Case.of(evidence)
    return {f.id: f for module in MODULES for f in module.examine(case)[0]}


def verdicts_of(evidence: Evidence):
    return {name: f.verdict for name, f in findings_of(evidence).items()}


def without(evidence: Evidence, *prefixes: str, sessions: bool = True) -> Evidence:
    """Take metrics away by the beginning of their names, and the samples of database sessions."""
    table = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith(prefixes)) if prefixes else None
    found = evidence if table is None else with_samples(evidence, table)
    return found if sessions else replace(found, sessions=found.sessions.iloc[:0])


def own_pod(evidence: Evidence) -> str:
    return next(iter(evidence.samples.named("outbound_call_duration_seconds_count"))).labels["pod"]


def noise_destinations(evidence: Evidence, count: int, seed: int, *, pod: str, seconds: float = 1.0) -> Evidence:
    """Add destinations whose mean duration and failures wander as an AR(1) of phi .9, uniform in the long run."""
    from scipy.stats import norm

    times = next(iter(evidence.samples.named("up", job="payment-api"))).times
    share = norm.cdf(ar1(np.random.default_rng(seed), len(times), 0.9, count))
    added = []
    for i in range(count):
        who = {"namespace": "payments", "pod": pod.format(i=i), "destination": f"noise-{i}", "operation": "request"}
        name = "outbound_call_duration_seconds"
        added += [
            ({"__name__": f"{name}_count", **who}, times, np.arange(len(times)) * 50.0),
            ({"__name__": f"{name}_sum", **who}, times, np.cumsum(share[i] * 50 * seconds)),
            ({"__name__": "outbound_call_errors_total", **who}, times, np.cumsum(np.round(share[i] * 5))),
        ]
    return with_samples(evidence, add(evidence.samples, added))


def other_caller(evidence: Evidence, *, sick: bool) -> Evidence:
    """Add another workload that calls the same destinations: as slow as the service, or as it was in the baseline."""
    added, until = [], evidence.incident.baseline.end_us
    for metric in ("count", "sum"):
        for s in evidence.samples.named(f"outbound_call_duration_seconds_{metric}"):
            labels = {**s.labels, "namespace": "web", "pod": "web-6c5d4b3f2-q7w8x"}
            calm = np.diff(s.values[s.times <= until])
            step = np.resize(calm, len(s.values) - 1)
            values = s.values if sick else s.values[0] + np.concatenate([[0.0], np.cumsum(step)])
            added.append((labels, s.times, values))
    return with_samples(evidence, add(evidence.samples, added))


def swapped(evidence: Evidence, one: str, other: str) -> Evidence:
    """Exchange the names of two destinations in what the application counts."""

    def change(labels: dict[str, str]) -> dict[str, str]:
        names = {one: other, other: one}
        if labels["__name__"].startswith("outbound_") and labels.get("destination") in names:
            return {**labels, "destination": names[labels["destination"]]}
        return labels

    return with_samples(evidence, relabel(evidence.samples, change))
