"""What may be said about throttling: values, sentences by verdict, caveats, and throttling that harmed nobody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known, median_of_known
from analysis.findings import Observation, Test, Value, number, sentence, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollouts import removals
from analysis.incident import Window
from analysis.signals.cpu import ContainerCpu, classify, stall_bound_seconds
from analysis.signals.requests import Episode, bins

__all__ = ["caveats", "class_in", "harmless_throttling", "state", "summary_values"]

HARMLESS_RATIO = 0.1
MOST_OBSERVATIONS = 5


def class_in(cpus: Sequence[ContainerCpu], window: Window) -> str | None:
    """Return the class of a container in a window, over its pods together."""
    limited = any(c.periods.within(window).any() or c.limit.within(window).any() for c in cpus)
    return classify(_pooled_ratio(cpus, window), _pooled_use(cpus, window), limited=limited)


def _pooled_ratio(cpus: Sequence[ContainerCpu], window: Window) -> float:
    sums = np.sum([c.periods.value[c.periods.within(window)].reshape(-1, 2).sum(axis=0) for c in cpus], axis=0)
    return float(sums[1] / sums[0]) if len(cpus) and sums[0] > 0 else float("nan")


def _pooled_use(cpus: Sequence[ContainerCpu], window: Window) -> float:
    known = [(c.usage_cores(window), c.limit_in(window)) for c in cpus]
    known = [(u, m) for u, m in known if np.isfinite(u) and np.isfinite(m)]
    return sum(u for u, _ in known) / sum(m for _, m in known) if known else float("nan")


def summary_values(case: Case, cpus: tuple[ContainerCpu, ...], window: Window, *, of: int = 0) -> dict[str, Value]:
    """Return the numbers of a container that sentences may use, over its pods together."""
    baseline = case.incident.baseline
    limit = mean_of_known([c.limit_in(window) for c in cpus])
    period = mean_of_known([c.period_seconds for c in cpus])
    stop = mean_of_known([stall_bound_seconds(c.limit_in(window), c.threads, c.period_seconds) for c in cpus])
    threads = any(np.isfinite(c.threads) for c in cpus)
    usage, before = (mean_of_known([c.usage_cores(w) for c in cpus]) for w in (window, baseline))
    name = cpus[0]
    found = class_in(cpus, window)
    owner = case.workload(name.namespace, name.pod)
    return {
        "container": Value(name.container, "name", name.container),
        "workload": Value(owner, "name", owner),
        "pods": value(len(cpus), "count"),
        "pods_of": value(of or len(cpus), "count"),
        "throttled_ratio": value(_pooled_ratio(cpus, window), "ratio"),
        "throttled_baseline_ratio": value(_pooled_ratio(cpus, baseline), "ratio"),
        "active_share_ratio": value(min(mean_of_known([c.active_share(window) for c in cpus]), 1.0), "ratio"),
        "usage_to_limit_ratio": value(_pooled_use(cpus, window), "ratio"),
        "usage_cores": Value(usage, "cores", f"{number(usage)} cores"),
        "usage_baseline_cores": Value(before, "cores", f"{number(before)} cores"),
        "limit_cores": Value(limit, "cores", f"{number(limit)} cores"),
        "period_seconds": value(period, "seconds"),
        "stall_bound_seconds": value(stop, "seconds"),
        "stall_words": Value(stop, "seconds", f"{value(stop, 'seconds').text}{'' if threads else ' or more'}"),
        "class": Value(found, "", found or "unknown: no usage was recorded"),
    }


def state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow, no stronger: its template, and the values that it needs besides.

    Parameters
    ----------
    verdict : str
        By rule.
    tests : tuple of Test
        The five tests.
    values : dict of str to Value
        What was computed.
    """
    failures = [t for t in tests if t.passed is False]
    open_ones = [t for t in tests if t.passed is None and t.name in ("timing", "magnitude")]
    which = " in {pods} of {pods_of} pods" if values["pods_of"].value != 1 else ""
    during = "{throttled_ratio} of its periods while requests were bad"
    before = "{throttled_baseline_ratio} in the baseline"
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    held = "{container} of {workload}" + which + interval + f" was held by its CPU limit in {during} ({before})"
    if verdict == "supported":
        text = held + (
            "; a full stop lasts {stall_words} of each {period_seconds}, and the stops cover {explained_ratio} "
            "of the bad requests' excess time [{explained_low_ratio} to {explained_high_ratio}]"
        )
        if values["enough"].text:
            text += ", {enough} with the queueing behind each stop"
        if values["assumed"].text:
            text += ", {assumed}"
        if "bad_without_limit_ratio" in values:
            text += (
                ". The same rollout without the limit: {bad_without_limit_ratio} of requests bad instead of "
                "{bad_with_limit_ratio}, {quantile} {p_ninety_nine_without_limit_seconds} instead of "
                "{p_ninety_nine_with_limit_seconds}"
            )
        return text + ".", {}
    if verdict == "refuted":
        kinds = {t.name for t in failures}
        if "timing" in kinds:
            why = next(t for t in failures if t.name == "timing")
            text = "{container} of {workload} was throttled in " + f"{during}, {before}" + ": {against}."
            return text, {"against": Value(why.reason, "name", why.words)}
        if "magnitude" in kinds:
            return held + ", but its stops cover at most {explained_high_ratio} of the bad requests' excess time.", {}
        return held + ", and so were most other containers: it does not single out what was sick.", {}
    if open_ones:
        text = (
            "Whether CPU throttling of {container} of {workload} made requests bad cannot be decided; {open_question}."
        )
        if values["throttled_ratio"].value is not None:
            text += f" It was throttled in {during}, {before}."
        question = f"{open_ones[0].name}: {open_ones[0].reason}"
        return text, {"open_question": Value(open_ones[0].name, "name", question)}
    if failures:
        against = f"{failures[0].name}: {failures[0].words}"
        return held + ", but one test speaks against it ({against}).", {
            "against": Value(failures[0].name, "name", against)
        }
    return held + "; neither dose, specificity nor reversal could confirm that it made requests bad.", {}


def caveats(
    case: Case, pods: tuple[ContainerCpu, ...], cpus: tuple[ContainerCpu, ...], episode: Episode, verdict: str
) -> tuple[str, ...]:
    """Return what the tests do not show, and what the counters cannot see."""
    found = []
    if verdict == "supported":
        found.append(
            "This does not show that removing the limit is the best remedy: that also changes the proxy's or runtime's "
            "concurrency and the pod's QoS class. A higher limit, fewer threads or a CFS burst are alternatives."
        )
        found.append("The covered time includes requests that queued behind a stop.")
    gone = removals(cpus)
    if gone:
        since = min(r.since for r in gone)
        found.append(f"From {since:%H:%M:%S} UTC on there is no limit and the counters end: undefined there, not zero.")
    if len(pods) < len(cpus) and not (case.symptom.requests["pod"] != "").any():
        share = len(pods) / len(cpus)
        found.append(
            f"{len(pods)} of {len(cpus)} pods were throttled ({share:.0%}), "
            f"{episode.bad / max(episode.requests, 1):.0%} of requests were bad. The requests carry no pod name: "
            "that the bad ones went through these pods is assumed."
        )
    kernels = {s.label("release") for s in case.evidence.samples.named("node_uname_info")} - {""}
    known = f"Kernel {', '.join(sorted(kernels))}." if kernels else "The kernel version was not recorded."
    found.append(f"{known} Kernels 4.18 to 5.3 throttle more than the quota asks (commit 512ac999, repaired in 5.4).")
    found.append("The counters see the container's own limit only: a limit of the pod or above it would not show.")
    if any(_summed(c, episode.window) for c in pods):
        found.append(
            "Throttled seconds grew faster than the clock: they are summed over CPUs, so periods are used instead."
        )
    if not any(np.isfinite(c.threads) for c in pods):
        found.append(
            "The number of threads is not recorded: the length of a stop is given for the fewest that can be throttled."
        )
    if not any(len(c.limit.end) for c in pods):
        found.append(
            "The limit was not recorded: it is taken from the CPU used while nearly all periods were throttled."
        )
    dropped = sum(c.duplicates for c in cpus)
    if dropped:
        found.append(f"{dropped} series repeat others of the same container (scraped twice) and were left out.")
    return tuple(found)


def _summed(cpu: ContainerCpu, window: Window) -> bool:
    chosen = cpu.throttled_seconds.within(window)
    seconds = float((cpu.throttled_seconds.end[chosen] - cpu.throttled_seconds.start[chosen]).sum()) / 1e6
    return seconds > 0 and float(cpu.throttled_seconds.value[chosen].sum()) > seconds


def harmless_throttling(case: Case) -> tuple[Observation, ...]:
    """Return stretches in which a container was throttled and no episode was under way: they accuse nobody."""
    found = []
    for cpus in case.groups.values():
        for cpu in cpus:
            ratio = cpu.throttled_ratio_series()
            quiet = np.ones(len(ratio), dtype=bool)
            for episode in case.symptom.episodes:
                began, _ = case.bad_durations(episode)
                first = (
                    int(began.min()) if len(began) else episode.window.start_us
                )  # bad requests began before they ended
                quiet &= (cpu.periods.end <= first) | (cpu.periods.start >= episode.window.end_us + 10_000_000)
            usual = np.nan_to_num(median_of_known(ratio[cpu.periods.within(case.incident.baseline)].to_numpy()))
            high = quiet & (ratio.to_numpy() > max(HARMLESS_RATIO, 2 * usual))
            found += [_stretch(case, cpu, ratio.to_numpy(), run) for run in _runs(high)]
    found.sort(key=lambda item: -item[0])
    return tuple(o for _, o in found[:MOST_OBSERVATIONS])


def _runs(high: np.ndarray) -> list[np.ndarray]:
    places = np.flatnonzero(high)
    return [run for run in np.split(places, np.flatnonzero(np.diff(places) > 2) + 1) if len(run)]


def _stretch(case: Case, cpu: ContainerCpu, ratio: np.ndarray, run: np.ndarray) -> tuple[float, Observation]:
    start, end = int(cpu.periods.start[run[0]]), int(cpu.periods.end[run[-1]])
    total, bad = bins(case.symptom.requests, np.array([start, end + 2_000_000]))
    peak = float(np.nanmax(ratio[run]))
    owner = case.workload(cpu.namespace, cpu.pod)
    at = f"{pd.Timestamp(start, unit='us', tz='UTC'):%H:%M:%S} UTC"
    values = {
        "container": Value(cpu.container, "name", cpu.container),
        "workload": Value(owner, "name", owner),
        "peak_ratio": value(peak, "ratio"),
        "length_seconds": value((end - start) / 1e6, "seconds"),
        "start": Value(at, "time", at),
        "bad_requests": value(int(bad[0]), "count"),
        "requests": value(int(total[0]), "count"),
    }
    text = (
        "{container} of {workload} was throttled in up to {peak_ratio} of its periods for {length_seconds} "
        "from {start} on, outside any bad interval; {bad_requests} of {requests} requests were bad then."
    )
    return peak * (end - start), Observation("throttling_without_harm", sentence(text, values), values)
