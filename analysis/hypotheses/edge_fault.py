"""Does the fault lie between the service and one destination? Then both are well with others, only the pair is not."""

from __future__ import annotations

import numpy as np

from analysis.findings import Entity, Finding, Measured, Observation, Test, Value, failed, passed, undecided, value
from analysis.hypotheses.calls.book import own_calls
from analysis.hypotheses.calls.dose import Destination, Scene, scenes_of
from analysis.hypotheses.calls.share import controls_of, edge_cover, told_apart
from analysis.hypotheses.calls.timing import five_tests_of_calls, only_if_specific
from analysis.hypotheses.calls.words import (
    account_words,
    destination_values,
    listed,
    magnitude_values,
    place_values,
    sources_words,
    who_words,
    worded,
)
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import explained_by, judged, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, unheard

__all__ = ["examine"]

NAME = "edge_fault"
MOST = 0.7
HALF = 0.5


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test whether one pair of the service and a destination was sick while both were well with others.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (findings, observations)
        One finding, of the service; it names the destination that got worst.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [f.verdict for f in findings]
    ['not_testable']
    """
    service = case.incident.spec.service
    own, _ = own_calls(case)
    entity = Entity(service.namespace, service.workload)
    evidence = tuple(sorted({f"{c.metric} in raw/samples.parquet" for c in own}))
    blank = Finding(
        NAME, "localisation", entity, "not_testable", f"A fault between {entity.name} and one destination",
        evidence=evidence,
    )  # fmt: skip
    if not own:
        return (unheard(blank, f"no calls of {entity.name} to its destinations were recorded"),), ()
    scenes = scenes_of(case)
    if reason := beyond_reach(case) or (
        "" if scenes else "its calls were not recorded in baseline and incident window"
    ):
        return (unheard(blank, reason),), ()
    held = (
        "Calls to {destination} took {call_mean_seconds} on average while requests were bad "
        "({call_mean_baseline_seconds} in the baseline); the other destinations of {who} were "
        "spared, and {account}{callers}"
    )
    subject = "the fault lies between {workload} and a single destination"
    state = worded(subject, held, "time between the two covers", against="{account_of}")
    return (conclude(blank, [_trial(case, scene) for scene in scenes], case, state),), ()


def _trial(case: Case, scene: Scene) -> Trial:
    d = max(scene.worse or scene.destinations, key=lambda o: (float(np.nansum(o.under_way[scene.during])), o.name))
    cover = edge_cover(scene, d)
    explained = explained_by(scene.requests, scene.edges, cover, typical_seconds=case.symptom.typical_seconds)
    what = f"time on the way to {d.name} covers"
    alone = _alone(scene, d)
    if alone.passed is False:  # refuted already: a null of the magnitude, the dearest part, would tell nothing more
        magnitude = judged(explained, what=what, p_value=None)
    else:
        magnitude = magnitude_of(explained, scene.requests, scene.edges, cover, what=what)
    if not told_apart(scene, d) and magnitude.passed is None:
        magnitude = undecided("magnitude", "nothing tells the way to the server from the server itself")
    dose = Dose(scene.edges, d.under_way, "calls_under_way_count", "count", scene.floor, scene.floor / 2,
                f"calls under way to {d.name}")  # fmt: skip
    tests = five_tests_of_calls(case, scene, dose, magnitude=magnitude, specificity=lambda: alone)
    tests = only_if_specific(tests)
    expected = explained.share if np.isfinite(explained.share) else 0.0
    workload = case.incident.spec.service.workload
    told, who = f"{d.name}: {account_words(d)}", who_words(scene, workload)
    callers = f", {sources_words(scene)}" if sources_words(scene) else ""
    values = destination_values(d) | place_values(scene) | magnitude_values(magnitude, expected) | {
        "workload": Value(workload, "name", workload), "account_of": Value(told, "name", told),
        "who": Value(who, "name", who), "callers": Value(callers, "name", callers),
    }  # fmt: skip
    service, pods = case.incident.spec.service, tuple(s.pod for s in scene.pods if s.pod)
    entity = Entity(service.namespace, service.workload, pods=pods) if pods else None
    return Trial(scene.episode, tests, expected, values, entity)


def _alone(scene: Scene, d: Destination) -> Test:
    """Test whether the source's other destinations, and the destination's other callers or own account, were well."""
    name = "specificity"
    if d.state != "worse":
        return undecided(name, "no destination got worse beyond its own variation")
    others = [o for o in scene.destinations if o is not d and o.state in ("worse", "spared")]
    total = sum(o.call_ratio for o in others)
    if not total > 0:
        return undecided(name, "there is no other destination to compare with")
    spared, worse = (sum(o.call_ratio for o in others if o.state == state) / total for state in ("spared", "worse"))
    measured = Measured(spared, "ratio", spared, 1 - worse, len(others), None)
    if worse >= HALF:
        words = f"{listed([o.name for o in scene.worse])} got worse together: it is not a single pair"
        return failed(name, measured, words, reason="other destinations got worse as well")
    callers = [c.state for c in controls_of(scene, d.name)]
    apart = scene.place is not None and scene.place.found.place == "edge" and "spared" in callers
    if ("worse" in callers and not apart) or d.inside_ratio >= HALF:
        words = f"{d.name}: {account_words(d)}" if d.inside_ratio >= HALF else "its other callers got worse as well"
        return failed(name, measured, words, reason="the destination itself was sick")
    if d.server_well is None and "spared" not in callers:
        told = f"its own account ({d.clock}) leaves it open" if d.clock else "no metrics of its own"
        return undecided(name, f"nothing tells how {d.name} was: no other caller, {told}", measured)
    if spared < MOST:
        return undecided(name, f"only {value(spared, 'ratio').text} of the other calls were surely spared", measured)
    words = f"the other destinations were spared, and {d.name} was well with others or by its own account"
    return passed(name, measured, words)
