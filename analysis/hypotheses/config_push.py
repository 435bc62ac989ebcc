"""Configuration pushes as a trigger: was the control plane still delivering a change while requests were bad.

Time under way is the dose, not the number of pushes: merged pushes make the number smaller when it is worst.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.correlate.effect import change
from analysis.correlate.known import mean_of_known
from analysis.findings import Entity, Finding, Observation, Test, Value, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import Explained, explained_by, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, five_tests, study_edges, unheard
from analysis.hypotheses.triggers.cover import cover_of, share_in
from analysis.hypotheses.triggers.harm import harm_test, recorded_edges
from analysis.hypotheses.triggers.rollout_stretch import rollouts_of
from analysis.hypotheses.triggers.rollouts import LEAD_SECONDS
from analysis.hypotheses.triggers.words import TRIGGER_CAVEAT, at, bound, name, open_question
from analysis.signals.mesh import PushSteps, UnderWay, changes_seen, push_seconds, push_steps, under_way
from analysis.signals.requests import Episode
from analysis.signals.stretches import share_of_steps

__all__ = ["examine"]

NAME = "config_push"
EVIDENCE = "pilot_proxy_convergence_time_sum / pilot_proxy_convergence_time_count"
FLOOR, SPREAD_FLOOR = 0.1, 0.05  # of the time with a push under way
LEAST_SECONDS = 1.0  # a push of less is as none, as is the time that one fills of a step
LEVEL_FLOOR = float(np.log(2.0))  # smallest spread to believe of the logarithm: half or twice as long is nothing
SETTLE_SECONDS = 30.0  # pushes of a rollout may arrive this long after it has finished


Key = tuple[str, str]


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test the pushes of every control plane against the symptom.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (findings, observations)
        One finding per control plane: all processes of one workload together.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [(f.id, f.verdict) for f in findings]
    [('config_push:istio-system/istiod', 'not_testable')]
    """
    planes: dict[Key, list[PushSteps]] = defaultdict(list)
    for process in push_steps(case.evidence.samples.named):
        planes[_owner(case, process)].append(process)
    if not planes:
        reason = "no metric of a control plane was recorded (pilot_proxy_convergence_time)"
        return (unheard(_blank(("", "control-plane")), reason),), ()
    return tuple(_finding(case, key, planes[key]) for key in sorted(planes)), ()


def _chance(case: Case, processes: Sequence[PushSteps], episode: Episode, edges: np.ndarray) -> float:
    """Return p of the change of push times in an episode; NaN where it cannot be decided.

    The stretches of the dose are chosen against the baseline, which is therefore flat: how much push times vary by
    themselves is only in the times. Their logarithm is compared, no push as one of a second. Each control plane is
    examined by itself: there are one or two of them.
    """
    level = np.log(np.maximum(push_seconds(processes, edges), LEAST_SECONDS))
    level = np.where(share_of_steps(under_way(processes).known, edges) > 0.5, level, np.nan)
    baseline, window = case.incident.baseline, episode.window
    before = level[(edges[1:] > baseline.start_us) & (edges[1:] <= baseline.end_us)]
    during = level[(edges[1:] > window.start_us) & (edges[:-1] < window.end_us)]
    known = (part[np.isfinite(part)] for part in (before, during))
    return change(*known, floor=LEVEL_FLOOR).p_value


def _owner(case: Case, process: PushSteps) -> tuple[str, str]:
    """Return namespace and workload of a process; its job where no pod is named."""
    labels = process.labels
    namespace, pod = labels.get("namespace", ""), labels.get("pod", "")
    named = labels.get("app") or labels.get("job") or labels.get("instance") or "control-plane"
    return namespace, case.workload(namespace, pod) if pod else named


def _blank(key: tuple[str, str]) -> Finding:
    entity = Entity(*key)
    told = f"Configuration pushes of {entity.name}"
    return Finding(NAME, "trigger", entity, "not_testable", told, evidence=(EVIDENCE,))


def _finding(case: Case, key: Key, processes: list[PushSteps]) -> Finding:
    file = case.evidence.files.get("prometheus", "the evidence")
    blank = replace(_blank(key), evidence=(f'{EVIDENCE} {{namespace="{key[0]}"}} in {file}',))
    if reason := beyond_reach(case):
        return unheard(blank, reason)
    known = under_way(processes).known
    for what, window in (("baseline", case.incident.baseline), ("incident window", case.incident.window)):
        if not share_in(known, window.start_us, window.end_us) > 0:
            return unheard(blank, f"its counters were not recorded in the {what}")
    finding = conclude(blank, [_trial(case, processes, e) for e in case.symptom.episodes], case, partial(_state, key))
    return replace(finding, caveats=_caveats(finding))


def _trial(case: Case, processes: list[PushSteps], episode: Episode) -> Trial:
    """Run the five tests of one control plane on one episode."""
    step = float(np.median(np.concatenate([p.end - p.start for p in processes]))) / 1e6
    anchor = int(processes[0].end[-1])
    usual = _longest_usual(case, processes)
    pushes = under_way(processes, longer_than_seconds=usual)
    requests = case.bad_durations(episode)
    explained, magnitude = _magnitude(case, pushes, requests)
    whole = recorded_edges(case, step, anchor)
    longer = "a push under way was longer than any of the baseline" if usual else "a push was under way"
    specificity = harm_test(case, episode, whole, _known_share(pushes, whole), longer)
    edges = study_edges(case, episode, step, anchor)
    dose = Dose(
        edges, _known_share(pushes, edges), "xds_under_way_ratio", "ratio", FLOOR, SPREAD_FLOOR,
        "of the time with a push under way",
    )  # fmt: skip
    p = _chance(case, processes, episode, edges)
    tests = five_tests(case, episode, dose, magnitude=magnitude, specificity=specificity, q_value=p)
    values = _values(case, processes, episode, pushes) | {
        "usual_seconds": value(usual, "seconds"),
        "explained_ratio": value(explained.share, "ratio"),
        "explained_low_ratio": value(bound(tests[1].low), "ratio"),
        "explained_high_ratio": value(bound(tests[1].high), "ratio"),
    }
    share = explained.share if np.isfinite(explained.share) else 0.0
    return Trial(episode, tests, share, values | _repeat(case, processes, episode))


def _longest_usual(case: Case, processes: Sequence[PushSteps]) -> float:
    """Return the longest that pushes of a step took in the mean in the baseline [s]: as long ones come without harm."""
    baseline = case.incident.baseline
    inside = [(p.end > baseline.start_us) & (p.end <= baseline.end_us) & (p.arrived > 0) for p in processes]
    means = np.concatenate([p.mean_seconds[held] for p, held in zip(processes, inside, strict=True)])
    return float(means.max()) if len(means) else 0.0


def _known_share(pushes: UnderWay, edges: np.ndarray) -> np.ndarray:
    """Return the share of each step with a push under way; NaN where half of the step or more was not recorded."""
    return np.where(share_of_steps(pushes.known, edges) > 0.5, share_of_steps(pushes.mid, edges), np.nan)


def _magnitude(case: Case, pushes: UnderWay, requests: tuple[np.ndarray, np.ndarray]) -> tuple[Explained, Test]:
    edges, cover = cover_of(pushes)
    explained = explained_by(requests, edges, cover, typical_seconds=case.symptom.typical_seconds)
    return explained, magnitude_of(explained, requests, edges, cover, what="while a push was under way fell")


def _values(case: Case, processes: Sequence[PushSteps], episode: Episode, pushes: UnderWay) -> dict[str, Value]:
    """Return the numbers that sentences may use."""
    window, baseline = episode.window, case.incident.baseline
    span = (window.start_us, window.end_us + round(_step_us(processes)))
    arrived, mean = _arrivals(processes, span)
    _, before = _arrivals(processes, (baseline.start_us, baseline.end_us))
    changes = changes_seen(case.evidence.samples.named, span)
    return {
        "under_way_ratio": value(share_in(pushes.mid, window.start_us, window.end_us), "ratio"),
        "under_way_baseline_ratio": value(share_in(pushes.mid, baseline.start_us, baseline.end_us), "ratio"),
        "acknowledged": value(arrived, "count"),
        "convergence_seconds": value(mean, "seconds"),
        "convergence_baseline_seconds": value(before, "seconds"),
        "changes": value(changes, "count"),
    }


def _step_us(processes: Sequence[PushSteps]) -> float:
    return float(np.median(np.concatenate([p.end - p.start for p in processes])))


def _arrivals(processes: Sequence[PushSteps], span: tuple[int, int]) -> tuple[float, float]:
    """Return how many pushes arrived in a span (start, end] [us] and how long they took in the mean [s]."""
    held = [(p.end > span[0]) & (p.end <= span[1]) for p in processes]
    arrived = float(sum(p.arrived[h].sum() for p, h in zip(processes, held, strict=True)))
    seconds = float(sum(p.seconds[h].sum() for p, h in zip(processes, held, strict=True)))
    return arrived, seconds / arrived if arrived else float("nan")


def _repeat(case: Case, processes: Sequence[PushSteps], episode: Episode) -> dict[str, Value]:
    """Return how long the pushes of the same rollout took when it came again after the episode; nothing if it did not.

    The rollout of an episode is one that began before its end and whose pushes it met.
    """
    rollouts, window = rollouts_of(case.evidence.deployments), episode.window
    reach = max(window.duration_seconds, LEAD_SECONDS) * 1e6
    near = {r.name for r in rollouts if window.start_us - reach < r.start <= window.end_us}
    times = pd.DatetimeIndex(case.symptom.requests.index).as_unit("us").asi8
    for again in (r for r in rollouts if r.name in near and r.start > window.end_us and r.end is not None):
        end = int(again.end or 0) + round(SETTLE_SECONDS * 1e6)
        arrived, mean = _arrivals(processes, (again.start, end))
        first, last = np.searchsorted(times, [again.start, end], side="right")
        if arrived and first < last:
            then = case.symptom.requests["bad"].to_numpy(dtype=float)[first:last]
            return {
                "rollout": name(again.name),
                "repeat_start": at(pd.Timestamp(again.start, unit="us", tz="UTC")),
                "repeat_convergence_seconds": value(mean, "seconds"),
                "repeat_bad_ratio": value(mean_of_known(then), "ratio"),
            }
    return {}


def _state(
    key: tuple[str, str], verdict: str, tests: tuple[Test, ...], values: dict[str, Value]
) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow: template and values."""
    more = {"plane": name("/".join(part for part in key if part)), "open_question": open_question(tests)}
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    slow, there = values["usual_seconds"].value, values["under_way_ratio"].value
    push = "configuration push of {plane}" + (" longer than any of the baseline ({usual_seconds})" if slow else "")
    if isinstance(there, float) and there > 0:
        during = f"While requests were bad{interval} a {push} was under way " + "{under_way_ratio} of the time"
    else:
        during = f"No {push} was under way while requests were bad{interval}"
    if verdict == "supported":
        text = during + ", {under_way_baseline_ratio} in the baseline"
        text += "; until the proxies held a change it took {convergence_seconds}"
        text += " instead of {convergence_baseline_seconds}" if slow else ""
        text += (
            ", and {explained_ratio} of the bad requests' excess time [{explained_low_ratio} to "
            "{explained_high_ratio}] fell while one was"
        )
        if "repeat_start" in values:
            text += (
                ". The same rollout of {rollout} at {repeat_start} reached the proxies in "
                "{repeat_convergence_seconds}, with {repeat_bad_ratio} of requests bad"
            )
        return text + ".", more
    if verdict == "refuted":
        return during + ": {open_question}.", more
    unknown = "Whether configuration pushes of {plane} set off the bad requests cannot be decided; {open_question}. "
    return unknown + during + ".", more


def _caveats(finding: Finding) -> tuple[str, ...]:
    notes = [TRIGGER_CAVEAT] if finding.verdict == "supported" else []
    notes.append(
        "The counters know when a change reached proxies and how long that took in the mean of a scrape, not which "
        "proxies; a change that never arrived is not counted, and merged changes arrive as one."
    )
    changes, arrived = finding.values.get("changes"), finding.values.get("acknowledged")
    if changes is not None and arrived is not None and changes.value is not None:
        notes.append(f"{changes.text} changes reached the control plane then, {arrived.text} arrivals were counted.")
    return tuple(notes)
