"""The same rollout with and without the limit: the natural experiment that many recordings hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known
from analysis.correlate.shift import contrast_shift_test
from analysis.findings import Measured, Test, Value, failed, number, passed, undecided, value
from analysis.hypotheses.case import Case
from analysis.incident import Window
from analysis.signals.cpu import ContainerCpu
from analysis.signals.requests import Episode, bins

__all__ = ["Removal", "removals", "rollout_contrast"]

LEAD_SECONDS = 120.0  # a rollout belongs to an episode that begins within this time after it
ALPHA = 0.05


@dataclass(frozen=True)
class Removal:
    """The limit of a container ended while the container went on: throttling is undefined from there, not zero."""

    pod: str
    since: pd.Timestamp
    until: pd.Timestamp


def removals(cpus: tuple[ContainerCpu, ...]) -> tuple[Removal, ...]:
    """Return when a container ran on without the limit that it had before.

    Parameters
    ----------
    cpus : tuple of ContainerCpu
        Pods of one container.

    Notes
    -----
    cAdvisor exports the cfs counters and the quota only while a quota is set. Usage samples that go on for at least
    three steps after the last sample of both are a removal; if usage ends too, the target is gone instead. In
    Kubernetes another limit means other pods: one that has none and began after a limited one of the same container
    ended is a removal too.
    """
    limited = [c for c in cpus if len(c.limit.end) and len(c.periods.end)]
    found = []
    for cpu in cpus:
        if len(cpu.usage.end) < 3:
            continue
        own = [int(s.end[-1]) for s in (cpu.limit, cpu.periods) if len(s.end)]
        earlier = [int(c.limit.end[-1]) for c in limited if c.limit.end[-1] <= cpu.usage.end[0]]
        if not own and not earlier:
            continue  # it never had a limit, and replaced none that had
        last = max(own or earlier)
        step = float(np.median(cpu.usage.end - cpu.usage.start))
        if cpu.usage.end[-1] - last >= 3 * step:
            first_without = cpu.usage.end[cpu.usage.end > last][0]
            times = [pd.Timestamp(int(t), unit="us", tz="UTC") for t in (first_without, cpu.usage.end[-1])]
            found.append(Removal(cpu.pod, *times))
    return tuple(found)


def rollout_contrast(
    case: Case, cpus: tuple[ContainerCpu, ...], episode: Episode
) -> tuple[Test | None, dict[str, Value]]:
    """Compare the requests after the rollout of an episode with those after the same rollout without the limit.

    Parameters
    ----------
    case : Case
        Requests and rollouts.
    cpus : tuple of ContainerCpu
        The suspect's pods.
    episode : Episode
        Which began at a rollout, or not.

    Returns
    -------
    (Test or None, values)
        None: no such rollout, or the limit was never removed. value: difference of the share of bad requests;
        p: over all shifts of both windows together in time.
    """
    gone = removals(cpus)
    pair = _pair(case, episode, gone) if gone else None
    if pair is None:
        return None, {}
    with_limit, without = pair
    table = case.symptom.requests
    parts = [table[w.holds(pd.DatetimeIndex(table.index))] for w in (with_limit, without)]
    shares = [float(p["bad"].mean()) for p in parts]
    p99 = [float(p["duration_seconds"].quantile(0.99)) for p in parts]
    found = _shifted(table, with_limit, without)
    used = mean_of_known([c.usage_cores(without) for c in cpus])
    name = _name(case, with_limit)
    values = {
        "rollout": Value(name, "name", name),
        "quantile": Value(0.99, "ratio", "p99"),
        "bad_with_limit_ratio": value(shares[0], "ratio"),
        "bad_without_limit_ratio": value(shares[1], "ratio"),
        "p_ninety_nine_with_limit_seconds": value(p99[0], "seconds"),
        "p_ninety_nine_without_limit_seconds": value(p99[1], "seconds"),
        "cpu_without_limit_cores": Value(used, "cores", f"{number(used)} cores"),
        "requests_without_limit": value(len(parts[1]), "count"),
    }
    words = (
        f"the same rollout of {name}: with the limit {values['bad_with_limit_ratio'].text} of requests were bad, p99 "
        f"{values['p_ninety_nine_with_limit_seconds'].text}; without it {values['bad_without_limit_ratio'].text} and "
        f"{values['p_ninety_nine_without_limit_seconds'].text} (the throttled ratio is undefined there, not zero)"
    )
    measured = Measured(shares[0] - shares[1], "ratio", None, None, len(parts[1]), found)
    objective = 1 - case.incident.spec.symptom.objective_ratio
    if shares[1] >= 0.5 * shares[0]:
        return failed("reversal", measured, words, reason="as bad without the limit"), values
    if shares[1] <= max(objective, 0.25 * shares[0]) and found <= ALPHA:
        return passed("reversal", measured, words), values
    return undecided("reversal", f"the difference is not beyond chance: {words}", measured), values


def _pair(case: Case, episode: Episode, gone: tuple[Removal, ...]) -> tuple[Window, Window] | None:
    """Return equally long windows after the episode's rollout and after the same rollout without the limit."""
    since, until = max(r.since for r in gone), min(r.until for r in gone)
    rollouts = case.evidence.deployments
    lead = pd.Timedelta(seconds=LEAD_SECONDS)
    during = rollouts[(rollouts.index > episode.window.start - lead) & (rollouts.index < episode.window.end)]
    for start, (_, row) in zip(pd.DatetimeIndex(during.index), during.iterrows(), strict=True):
        same = rollouts[(rollouts["namespace"] == row["namespace"]) & (rollouts["deployment"] == row["deployment"])]
        for again in pd.DatetimeIndex(same.index[(same.index >= since) & (same.index < until)]):
            length = min(episode.window.end - start, until - again, case.symptom.requests.index[-1] - again)
            if length >= pd.Timedelta(seconds=case.incident.spec.symptom.min_duration_seconds):
                return Window(start, start + length), Window(again, again + length)
    return None


def _name(case: Case, window: Window) -> str:
    row = case.evidence.deployments[case.evidence.deployments.index == window.start].iloc[0]
    return f"{row['namespace']}/{row['deployment']}"


def _shifted(table: pd.DataFrame, first: Window, second: Window) -> float:
    """Return the chance of such a difference when both windows are shifted together over the recording."""
    step = max(round(first.duration_seconds * 1e6 / 24), 1)
    edges = np.arange(table.index[0].value // 1000, table.index[-1].value // 1000 + step, step)
    total, bad = bins(table, edges)
    share = np.where(total > 0, bad / np.maximum(total, 1), 0.0)
    inside = [(edges[1:] > w.start_us) & (edges[1:] <= w.end_us + step) for w in (first, second)]
    with_limit, without = (held / max(int(np.count_nonzero(held)), 1) for held in inside)
    return contrast_shift_test(share, with_limit - without).p_value
