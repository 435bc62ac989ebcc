"""Does the fault lie on the side of the service: its process, sidecar, node? Its destinations then get worse together.

A client is never named without a control: other callers of the same destinations, or the servers' own account.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.correlate.simultaneity import simultaneity
from analysis.findings import (
    Entity,
    Finding,
    Measured,
    Observation,
    Test,
    Value,
    failed,
    number,
    passed,
    undecided,
    value,
)
from analysis.hypotheses.association import ALPHA
from analysis.hypotheses.calls.book import own_calls
from analysis.hypotheses.calls.dose import Destination, Scene, scenes_of
from analysis.hypotheses.calls.levels import MINOR
from analysis.hypotheses.calls.share import (
    client_cover,
    client_load,
    controlled,
    controls_of,
    held_in,
    known_inside,
    studied,
)
from analysis.hypotheses.calls.timing import LEVEL_UNKNOWN, five_tests_of_calls, only_if_specific
from analysis.hypotheses.calls.words import (
    account_words,
    listed,
    magnitude_values,
    place_values,
    scene_values,
    share,
    sources_words,
    who_words,
    worded,
)
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import explained_by, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, unheard

__all__ = ["examine"]

NAME = "client_side_fault"
MOST = 0.7  # of the calls that can be judged must have got worse
HALF = 0.5
UNRECORDED = "no calls of {who} to its destinations were recorded with their durations"


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test whether the destinations of the service got worse together while their servers were well.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (findings, observations)
        One finding, of the service.

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
    entity = Entity(service.namespace, service.workload, pods=tuple(sorted({c.pod for c in own if c.pod})))
    evidence = tuple(sorted({f"{c.metric} in raw/samples.parquet" for c in own}))
    blank = Finding(
        NAME, "localisation", entity, "not_testable", f"A fault on the side of {entity.name}", evidence=evidence
    )
    if not own:
        return (unheard(blank, UNRECORDED.format(who=entity.name)),), ()
    if reason := beyond_reach(case):
        return (unheard(blank, reason),), ()
    scenes = scenes_of(case)
    if not scenes:
        return (unheard(blank, "its calls were recorded neither in the baseline nor in the incident window"),), ()
    subject = "the fault lies on the side of {workload}"
    held = (
        "{destinations_worse} of {destinations} destinations of {who} ({worse_names}; {worse_call_ratio} of the "
        "calls that can be judged) got worse together, while {server_words}"
    )
    state = worded(subject, held, "time outside every server's own account covers", against="{spared_words}")
    found = conclude(blank, [_trial(case, scene) for scene in scenes], case, state)
    return (_with_caveats(found),), ()


def _with_caveats(finding: Finding) -> Finding:
    if finding.verdict != "supported":
        return finding
    return replace(
        finding,
        caveats=(
            "This says where, not why: process, pause, sidecar, node and resolver of the client are all on its side.",
            "Failures that spread from one server through a shared pool or thread would look alike, if it was first.",
        ),
    )


def _trial(case: Case, scene: Scene) -> Trial:
    cover, service = client_cover(scene), case.incident.spec.service
    explained = explained_by(scene.requests, scene.edges, cover, typical_seconds=case.symptom.typical_seconds)
    magnitude = magnitude_of(
        explained, scene.requests, scene.edges, cover, what="time outside every server's own account covers"
    )
    dose = Dose(scene.edges, client_load(scene), "calls_under_way_count", "count", scene.floor, scene.floor / 2,
                "calls under way outside the servers")  # fmt: skip
    tests = five_tests_of_calls(case, scene, dose, magnitude=magnitude, specificity=lambda: _together(scene))
    tests = only_if_specific(tests)
    expected = explained.share if np.isfinite(explained.share) else 0.0
    words, spared, who = _server_words(scene), _spared_words(scene), who_words(scene, service.workload)
    values = scene_values(scene) | place_values(scene) | magnitude_values(magnitude, expected) | {
        "workload": Value(service.workload, "name", service.workload), "server_words": Value(words, "name", words),
        "spared_words": Value(spared, "name", spared), "who": Value(who, "name", who),
    }  # fmt: skip
    pods = tuple(s.pod for s in scene.pods if s.pod)
    entity = Entity(service.namespace, service.workload, pods=pods) if pods else None
    return Trial(scene.episode, tests, expected, values, entity)


def _server_words(scene: Scene) -> str:
    told, inside = known_inside(scene, studied(scene)) if studied(scene) else (0.0, float("nan"))
    with_clock = [d for d in studied(scene) if d.clock]
    if with_clock and told >= HALF:
        heaviest = max(with_clock, key=lambda d: float(np.nansum(d.under_way[scene.during])))
        names = listed([d.name for d in studied(scene) if d.server_well is not None])
        told_by = f"the servers that keep an account ({names}) account for {share(inside).text} of it"
        told_by += f" ({heaviest.name}: {account_words(heaviest)})"
        return "; ".join(filter(None, [told_by, sources_words(scene)]))
    return sources_words(scene) or "nothing tells how their servers were"


def _spared_words(scene: Scene) -> str:
    names = [d.name for d in scene.destinations if d.state == "spared"]
    if not names:
        return "no destination was surely spared"
    worse = f", but {listed([d.name for d in scene.worse])} did" if scene.worse else ""
    return f"{listed(names)}, through the same client, did not get worse{worse}"


def _together(scene: Scene) -> Test:
    """Test whether most destinations got worse at once, and a control shows that it was not their servers."""
    name, judged, worse = "specificity", [d for d in scene.destinations if d.state in ("worse", "spared")], scene.worse
    if all(d.state == "unknown" for d in scene.destinations):
        return undecided(name, LEVEL_UNKNOWN)
    if not worse:
        return undecided(name, "no destination got worse beyond its own variation")
    total = sum(d.call_ratio for d in judged)
    sick, spared = (sum(d.call_ratio for d in judged if d.state == s) / total for s in ("worse", "spared"))
    together = _at_once(scene, worse)
    measured = Measured(sick, "ratio", sick, 1 - spared, len(judged), together)
    names = listed([d.name for d in judged if d.state == "spared"])
    if spared >= MINOR:
        words = (
            f"{names} ({value(spared, 'ratio').text} of the calls) went through the same client and did not get worse"
        )
        return failed(name, measured, words, reason="other destinations through the same client were spared")
    told, inside = known_inside(scene, worse)
    if told >= HALF and inside >= HALF:
        words = f"the servers' own accounts hold {value(inside, 'ratio').text} of the time of the calls"
        return failed(name, measured, words, reason="the servers account for it")
    others, place = [c.state for d in worse for c in controls_of(scene, d.name)], scene.place
    here = place is not None and place.client_side
    if others and others.count("worse") > len(others) / 2 and not here:
        words = "other callers of the same destinations got worse as well"
        return failed(name, measured, f"{words}: {sources_words(scene)}", reason=words)
    if controlled(scene, worse) < HALF:
        reason = (
            "without a control no client is named: no other caller, and no server's own account of most of the calls"
        )
        return undecided(name, reason, measured)
    if len(worse) < 2:
        return undecided(name, "a single destination cannot tell a client from an edge", measured)
    words = f"{listed([d.name for d in worse])} got worse, {value(sick, 'ratio').text} of the calls that can be judged"
    if sick < MOST:
        return undecided(name, f"only {words}", measured)
    if together is None or not together <= ALPHA:
        return undecided(name, f"{words}, but not in the same steps beyond chance", measured)
    words = f"{words}, in the same steps (p {number(together, 2)} against shifts in time)"
    return passed(name, measured, "; ".join(filter(None, [words, sources_words(scene)])))


def _at_once(scene: Scene, worse: tuple[Destination, ...]) -> float | None:
    """Return the chance of as many steps in which all of the heaviest destinations are bad; None if undecidable."""
    heavy = sorted(worse, key=lambda d: -float(np.nansum(d.under_way[scene.during])))[:4]
    holds = np.stack([d.under_way > MINOR * np.nanmean(d.under_way[scene.during]) for d in heavy], axis=1)
    p = simultaneity(holds, np.isfinite(held_in(scene, tuple(heavy))).T).p_value
    return p if np.isfinite(p) else None
