"""CPU throttling: was a container stopped by its quota while requests were bad, and does that explain them.

One finding per workload and container; its pods are listed by dose. Only the two CFS *period* counters are used.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.correlate.effect import Change
from analysis.correlate.known import mean_of_known
from analysis.errors import CoverageError
from analysis.findings import TESTS, Entity, Finding, Observation, Test, Value, undecided, value
from analysis.hypotheses.association import FDR, Rise, dose_test, recovery_test, specificity_test, timing_test
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import ENOUGH
from analysis.hypotheses.panel import Panel, grid_edges, make_panel, study_window
from analysis.hypotheses.throttling.dose import Stopped, explained_share, magnitude_test, ratio_on_grid
from analysis.hypotheses.throttling.pods import RISE_FLOOR, Study, lineage, most_telling, study
from analysis.hypotheses.throttling.words import caveats, harmless_throttling, state, summary_values
from analysis.hypotheses.trial import (
    Trial,
    beyond_reach,
    conclude,
    extended,
    sick_baseline,
    unheard,
    without_others,
)  # fmt: skip
from analysis.hypotheses.triggers.rollouts import rollout_contrast
from analysis.signals.cpu import PERIODS, THROTTLED, ContainerCpu
from analysis.signals.requests import Episode

__all__ = ["examine"]

NAME = "cpu_throttling"
EVIDENCE = f"{THROTTLED} / {PERIODS}"

Key = tuple[str, str, str]


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test every container of every workload against the symptom.

    Parameters
    ----------
    case : Case
        Evidence, symptom, containers.

    Returns
    -------
    (findings, observations)
        One finding per workload and container; throttling that harmed nobody as observations.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> sorted({f.verdict for f in findings})
    ['not_testable']
    """
    service = case.incident.spec.service
    if not case.service_seen:
        reason = f"no container of {service.namespace}/{service.workload} is in the evidence"
        return (unheard(_blank((service.namespace, service.workload, "")), reason),), harmless_throttling(case)
    studies = tuple(study(case, episode) for episode in case.symptom.episodes)
    findings = tuple(_finding(case, key, cpus, studies) for key, cpus in case.groups.items())
    return findings, harmless_throttling(case)


def _blank(key: Key, pods: tuple[str, ...] = ()) -> Finding:
    entity = Entity(*key, pods=pods)
    return Finding(NAME, "mechanism", entity, "not_testable", f"CPU throttling of {entity.name}", evidence=(EVIDENCE,))


def _finding(case: Case, key: Key, cpus: tuple[ContainerCpu, ...], studies: tuple[Study, ...]) -> Finding:
    blank = _blank(key, tuple(c.pod for c in cpus))
    if not any(len(c.periods.end) for c in cpus):
        limited = any(len(c.limit.end) for c in cpus)
        reason = (
            "the counters of elapsed and throttled periods were not both recorded"
            if limited
            else "neither a limit nor period counters were recorded; without a limit it cannot be throttled"
        )
        return unheard(blank, reason)
    if why := beyond_reach(case):
        finding = unheard(blank, why)
        window = case.incident.window
        return replace(finding, values=summary_values(case, cpus, window)) if case.symptom.measurable else finding
    trials = {s.episode.id: _trial(case, key, cpus, s) for s in studies}
    finding = conclude(blank, tuple(trials.values()), case, state)
    best = next(t for t in trials.values() if t.tests is finding.tests)
    names = {pod: i for i, pod in enumerate(finding.entity.pods)}
    pods = tuple(sorted((c for c in cpus if c.pod in names), key=lambda c: names[c.pod]))
    evidence = (f'{EVIDENCE} {{namespace="{key[0]}", container="{key[2]}"}} in raw/samples.parquet', _requests(case))
    return replace(finding, caveats=caveats(case, pods, cpus, best.episode, finding.verdict), evidence=evidence)


def _requests(case: Case) -> str:
    return f"requests in {case.evidence.files.get('requests', 'the evidence')}"


def _trial(case: Case, key: Key, cpus: tuple[ContainerCpu, ...], studied: Study) -> Trial:
    """Run the five tests of one suspect on one episode."""
    episode, requests = studied.episode, studied.requests
    known = [studied.changes[id(c)] for c in cpus if len(c.periods.end)]
    sick = tuple(p.cpu for p in sorted(known, key=lambda p: -p.change.difference) if p.q_value <= FDR)
    pods = sick or tuple(p.cpu for p in known)
    pooled = most_telling(known, FDR)
    alive = [p for p in known if p.change.n_after > 0]
    entity = Entity(*key, pods=tuple(c.pod for c in pods))
    values = summary_values(case, pods, episode.window, of=max(len(alive), len(pods)))
    family = lineage(pods, cpus, episode.window)
    stamps = np.unique(np.concatenate([pods[0].periods.end, *(c.periods.end for c in family[len(pods) :])]))
    edges = grid_edges(stamps, extended(case, episode))
    try:
        if unusable := sick_baseline(case):
            raise CoverageError(unusable, where="baseline", expected="a normal time", next="choose another baseline")
        long = Panel(edges, ratio_on_grid(family, edges) if len(edges) > 1 else edges, np.zeros(0))
        steps = int(np.count_nonzero(edges <= study_window(case.incident).end_us)) - 1
        panel = make_panel(edges[: steps + 1], long.dose[:steps], case.symptom.requests, case.incident, (episode,))
    except CoverageError as error:
        tests = tuple(undecided(n, error.what) for n in TESTS)
        return Trial(episode, tests, 0.0, values, entity)
    usual = mean_of_known([c.ratio(case.incident.baseline) for c in family])
    explained = explained_share(
        pods, requests, usual_ratio=usual if np.isfinite(usual) else 0.0, typical_seconds=case.symptom.typical_seconds
    )
    unknown_limit = not any(np.isfinite(c.limit_cores) for c in pods)
    magnitude = undecided("magnitude", "the CPU limit was not recorded") if unknown_limit else magnitude_test(
        explained, on_path=case.on_path(key[0], key[1]), ratio=panel.dose, edges=panel.edges, requests=requests,
        period_seconds=pods[0].period_seconds,
    )  # fmt: skip
    told = f"mean of steps {100 * pooled.change.difference:+.3g} points of periods"
    timing = timing_test(panel, episode, Rise(pooled.change, pooled.q_value, FDR, RISE_FLOOR, told))
    dose = dose_test(panel, without_others(panel, case, episode))
    if timing.passed is False:
        why = "it did not rise with the symptom"
        specificity, reversal = undecided("specificity", why), undecided("reversal", why)
    else:
        specificity = _specificity(case, key, pods, panel, episode)
        reversal, extra = _reversal(case, cpus, long, episode, pooled.change, requests)
        values |= extra
    share = explained.share if np.isfinite(explained.share) else 0.0
    known_pods = len(pods) >= len(alive) or bool((case.symptom.requests["pod"] != "").any())
    values |= _magnitude_values(explained, magnitude, known_pods=known_pods)
    return Trial(episode, (timing, magnitude, dose, specificity, reversal), share, values, entity)


def _magnitude_values(explained: Stopped, magnitude: Test, *, known_pods: bool) -> dict[str, Value]:
    found = {
        "explained_ratio": explained.share,
        "explained_low_ratio": magnitude.low if magnitude.low is not None else float("nan"),
        "explained_high_ratio": magnitude.high if magnitude.high is not None else float("nan"),
        "explained_p_fifty_ratio": explained.share_p50,
        "explained_p_ninety_nine_ratio": explained.share_p99,
    }
    values = {name: value(min(max(x, 0.0), 1.0) if np.isfinite(x) else x, "ratio") for name, x in found.items()}
    enough = found["explained_ratio"] >= ENOUGH and known_pods
    assumed = "" if known_pods else "provided that they went through these pods"
    words = {"enough": "enough to explain them" if enough else "", "assumed": assumed}
    return values | {name: Value(text, "name", text) for name, text in words.items()}


def _specificity(case: Case, key: Key, pods: tuple[ContainerCpu, ...], panel: Panel, episode: Episode) -> Test:
    """Compare with the other containers, and with the pods of the same container that did not change."""
    names = {c.pod for c in pods}
    controls = {
        "/".join(other): ratio_on_grid(cpus, panel.edges)
        for other, cpus in case.groups.items()
        if other != key and any(len(c.periods.end) for c in cpus)
    }
    healthy = tuple(c for c in case.groups[key] if c.pod not in names and len(c.periods.end))
    if healthy:
        controls["other pods"] = ratio_on_grid(healthy, panel.edges)
    inside = panel.held_by(episode.extent)
    outside = without_others(panel, case, episode) & ~inside
    return specificity_test(panel, controls, inside, outside, floor=RISE_FLOOR)


def _reversal(
    case: Case, cpus: tuple[ContainerCpu, ...], long: Panel, episode: Episode, found: Change,
    requests: tuple[np.ndarray, np.ndarray],
) -> tuple[Test, dict[str, Value]]:  # fmt: skip
    """Return the contrast of the same rollout without the limit where there was one, else whether both ended together.

    An end that contradicts always counts.
    """
    duration = (requests[1] - requests[0]) / 1e6
    drain = float(np.quantile(duration, 0.99)) if len(duration) else 0.0
    last = case.symptom.requests.index[-1].value // 1000 if len(case.symptom.requests) else 0
    recovery = recovery_test(long, episode, found, drain_seconds=drain, until_us=last)
    contrast, values = rollout_contrast(case, cpus, episode)
    if recovery.passed is False or contrast is None:
        return recovery, values
    return contrast, values
