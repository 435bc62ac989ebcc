"""CPU throttling: was a container stopped by its quota while requests were bad, and does that explain them.

One finding per workload and container; its pods are listed by dose. Only the two CFS *period* counters are used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.correlate.effect import Change
from analysis.correlate.known import mean_of_known
from analysis.errors import CoverageError
from analysis.findings import TESTS, Entity, Finding, Observation, Test, Value, sentence, undecided, value, verdict_of
from analysis.hypotheses.association import FDR, dose_test, recovery_test, specificity_test, timing_test
from analysis.hypotheses.case import Case
from analysis.hypotheses.panel import Panel, grid_edges, make_panel, study_window
from analysis.hypotheses.rollouts import rollout_contrast
from analysis.hypotheses.throttle_dose import ENOUGH, Explained, explained_share, magnitude_test, ratio_on_grid
from analysis.hypotheses.throttle_pods import RISE_FLOOR, Study, lineage, most_telling, study
from analysis.hypotheses.throttle_words import caveats, harmless_throttling, state, summary_values, which_episodes
from analysis.incident import Window
from analysis.signals.cpu import PERIODS, THROTTLED, ContainerCpu
from analysis.signals.requests import Episode

__all__ = ["examine"]

NAME = "cpu_throttling"
EVIDENCE = f"{THROTTLED} / {PERIODS}"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Trial:
    """The five tests of one suspect on one episode."""

    episode: Episode
    pods: tuple[ContainerCpu, ...]
    tests: tuple[Test, ...]
    explained_ratio: float
    values: dict[str, Value]


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
        entity = Entity(service.namespace, service.workload)
        return (_unheard(entity, reason),), harmless_throttling(case)
    studies = tuple(study(case, episode) for episode in case.symptom.episodes)
    findings = [_finding(case, key, cpus, studies) for key, cpus in case.groups.items()]
    return tuple(_with_rivals(f, findings) for f in findings), harmless_throttling(case)


def _with_rivals(finding: Finding, findings: list[Finding]) -> Finding:
    """Say which other supported containers the recording cannot tell from this one: they were held at the same time."""
    rivals = [
        f.entity.name
        for f in findings
        if f is not finding and f.verdict == "supported" and set(f.episodes) & set(finding.episodes)
    ]
    if finding.verdict != "supported" or not rivals:
        return finding
    note = f"Held at the same time, and not to be told apart by this recording: {', '.join(rivals[:5])}."
    return replace(finding, caveats=(note, *finding.caveats))


def _unheard(entity: Entity, reason: str) -> Finding:
    tests = tuple(undecided(name, reason) for name in TESTS)
    statement = f"CPU throttling of {entity.name} cannot be tested: {reason}."
    return Finding(NAME, "mechanism", entity, "not_testable", statement, tests=tests, evidence=(EVIDENCE,))


def _finding(case: Case, key: Key, cpus: tuple[ContainerCpu, ...], studies: tuple[Study, ...]) -> Finding:
    entity = Entity(*key, pods=tuple(c.pod for c in cpus))
    if not any(len(c.periods.end) for c in cpus):
        limited = any(len(c.limit.end) for c in cpus)
        reason = (
            "the counters of elapsed and throttled periods were not both recorded"
            if limited
            else "neither a limit nor period counters were recorded; without a limit it cannot be throttled"
        )
        return _unheard(entity, reason)
    if not case.symptom.measurable:
        return _unheard(entity, "the symptom could not be measured: no request was recorded in the incident window")
    if not studies:
        finding = _unheard(entity, "there is no incident to explain: the objective was not missed for long enough")
        return replace(finding, values=summary_values(case, cpus, case.incident.window))
    trials = [_trial(case, key, cpus, s) for s in studies]
    # a suspect refuted in one episode and undecided in another is undecided
    best = min(
        trials, key=lambda t: (("supported", "insufficient", "refuted").index(verdict_of(t.tests)), -t.explained_ratio)
    )
    verdict = verdict_of(best.tests)
    explaining = tuple(t.episode.id for t in trials if verdict_of(t.tests) == "supported")
    values = {**best.values, **_per_episode(trials)}
    bad = np.array([t.episode.bad for t in trials], dtype=float)
    covered = [t.explained_ratio if t.episode.id in explaining or not explaining else 0.0 for t in trials]
    explained = float(bad @ np.array(covered) / bad.sum()) if bad.sum() else 0.0
    values["explained_all_ratio"] = value(explained, "ratio")
    values |= which_episodes(explaining or (best.episode.id,), case.symptom.episodes)
    template, more = state(verdict, best.tests, values)
    values |= more
    return Finding(
        NAME,
        "mechanism",
        replace(entity, pods=tuple(c.pod for c in best.pods)),
        verdict,
        sentence(template, values),
        values,
        best.tests,
        caveats(case, best.pods, cpus, best.episode, verdict),
        (f'{EVIDENCE} {{namespace="{key[0]}", container="{key[2]}"}} in raw/samples.parquet', _requests_file(case)),
        explaining,
        explained,
    )


def _requests_file(case: Case) -> str:
    return f"requests in {case.evidence.files.get('requests', 'the evidence')}"


def _sick_baseline(case: Case) -> str | None:
    """Return why the baseline is no normal time, None if it is one."""
    ratio, allowed = case.symptom.baseline_bad_ratio, 1 - case.incident.spec.symptom.objective_ratio
    if ratio > 2 * allowed:
        return f"the baseline is no normal time: {value(ratio, 'ratio').text} of its requests were bad"
    return None


def _per_episode(trials: list[Trial]) -> dict[str, Value]:
    if len(trials) < 2:
        return {}
    return {f"explained_ratio_episode_{t.episode.id}": value(t.explained_ratio, "ratio") for t in trials}


def _trial(case: Case, key: Key, cpus: tuple[ContainerCpu, ...], studied: Study) -> Trial:
    """Run the five tests of one suspect on one episode."""
    episode, requests = studied.episode, studied.requests
    known = [studied.changes[id(c)] for c in cpus if len(c.periods.end)]
    sick = tuple(p.cpu for p in sorted(known, key=lambda p: -p.change.difference) if p.q_value <= FDR)
    pods = sick or tuple(p.cpu for p in known)
    pooled = most_telling(known, FDR)
    alive = [p for p in known if p.change.n_after > 0]
    values = summary_values(case, pods, episode.window, of=max(len(alive), len(pods)))
    family = lineage(pods, cpus, episode.window)
    stamps = np.unique(np.concatenate([pods[0].periods.end, *(c.periods.end for c in family[len(pods) :])]))
    edges = grid_edges(stamps, _extended(case, episode))
    try:
        if unusable := _sick_baseline(case):
            raise CoverageError(unusable, where="baseline", expected="a normal time", next="choose another baseline")
        long = Panel(edges, ratio_on_grid(family, edges) if len(edges) > 1 else edges, np.zeros(0))
        steps = int(np.count_nonzero(edges <= study_window(case.incident).end_us)) - 1
        panel = make_panel(edges[: steps + 1], long.dose[:steps], case.symptom.requests, case.incident, (episode,))
    except CoverageError as error:
        tests = tuple(undecided(n, error.what) for n in TESTS)
        return Trial(episode, pods, tests, 0.0, values)
    usual = mean_of_known([c.ratio(case.incident.baseline) for c in family])
    explained = explained_share(
        pods, requests, usual_ratio=usual if np.isfinite(usual) else 0.0, typical_seconds=case.symptom.typical_seconds
    )
    unknown_limit = not any(np.isfinite(c.limit_cores) for c in pods)
    magnitude = undecided("magnitude", "the CPU limit was not recorded") if unknown_limit else magnitude_test(
        explained, on_path=case.on_path(key[0], key[1]), ratio=panel.dose, edges=panel.edges, requests=requests,
        period_seconds=pods[0].period_seconds,
    )  # fmt: skip
    timing = timing_test(panel, episode, pooled.change, q_value=pooled.q_value, floor=RISE_FLOOR)
    dose = dose_test(panel, _without_others(panel, case.symptom.episodes, episode))
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
    return Trial(episode, pods, (timing, magnitude, dose, specificity, reversal), share, values)


def _magnitude_values(explained: Explained, magnitude: Test, *, known_pods: bool) -> dict[str, Value]:
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


def _extended(case: Case, episode: Episode) -> Window:
    """Return the study window and as much after it as an episode lasts, to see how it ends."""
    study = study_window(case.incident)
    more = max(np.timedelta64(int(episode.window.duration_seconds * 1e6), "us"), np.timedelta64(60, "s"))
    return Window(study.start, study.end + more)


def _without_others(panel: Panel, episodes: tuple[Episode, ...], episode: Episode) -> np.ndarray:
    keep = np.ones(len(panel.dose), dtype=bool)
    for other in episodes:
        if other.id != episode.id:
            keep &= ~panel.held_by(other.window)
    return keep


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
    inside = panel.held_by(episode.window)
    outside = _without_others(panel, case.symptom.episodes, episode) & ~inside
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
