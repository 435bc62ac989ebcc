"""Does the fault lie inside a server that the service calls? Its own account holds the time, and others are spared.

One finding for each destination that got worse, is accounted for by its own metrics, or carries most calls; the others
share one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.findings import Entity, Finding, Measured, Observation, Test, Value, failed, passed, undecided, value
from analysis.hypotheses.calls.book import book_of, own_calls
from analysis.hypotheses.calls.dose import Destination, Scene, scenes_of
from analysis.hypotheses.calls.levels import MINOR
from analysis.hypotheses.calls.share import only_late, server_cover, told_apart
from analysis.hypotheses.calls.timing import LEVEL_UNKNOWN, five_tests_of_calls, only_if_specific
from analysis.hypotheses.calls.words import (
    destination_values,
    listed,
    magnitude_values,
    place_values,
    sources_words,
    worded,
)
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import explained_by, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, unheard
from analysis.signals.servers import clock_of

__all__ = ["examine"]

NAME = "server_side_fault"
MOST_FINDINGS = 10
MOST = 0.7
HALF = 0.5
IN_LINE = "The time inside it includes requests of the service that stood in line for a connection to it."
ONLY_LATE = (
    "The server has no metrics of its own: its failures are nearly all read timeouts, so that the connection was made; "
    "answers that were lost on the way, or behind a proxy that connects for the client, would look alike."
)
NO_METRICS = "nothing tells the server from the way to it: it has no metrics of its own and no other caller"
OPEN_ACCOUNT = (
    "nothing tells the server from the way to it: its own account leaves open whether it answered in that time"
)


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test each server that the service calls.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (findings, observations)
        One finding per destination, at most ten, and one for all others.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> sorted({f.verdict for f in findings})
    ['not_testable']
    """
    service = case.incident.spec.service
    own, _ = own_calls(case)
    if not own:
        blank = _blank(case, "its servers")
        reason = f"no calls of {service.namespace}/{service.workload} to its destinations were recorded"
        return (unheard(blank, reason),), ()
    scenes = scenes_of(case)
    reason = beyond_reach(case) or ("" if scenes else "its calls were not recorded in baseline and incident window")
    names = sorted({c.destination for c in own})
    if reason:
        found = [unheard(_blank(case, name), reason) for name in names[:MOST_FINDINGS]]
        return tuple(found), ()
    chosen, rest = _chosen(scenes, names)
    findings = [_finding(case, scenes, name) for name in chosen]
    if rest:
        findings.append(_others(case, scenes, rest))
    return tuple(findings), ()


def _blank(case: Case, name: str) -> Finding:
    """Return the finding of a destination before any test; its entity is the server where its own metrics name it."""
    clock = clock_of(name, book_of(case).clocks)
    server = ("", name) if clock is None else (clock.namespace, clock.name)
    metrics = sorted({c.metric for c in own_calls(case)[0] if c.destination == name})
    evidence = tuple(f"{m} in raw/samples.parquet" for m in metrics)
    return Finding(NAME, "localisation", Entity(*server), "not_testable", f"A fault inside {name}", evidence=evidence)


def _chosen(scenes: tuple[Scene, ...], names: list[str]) -> tuple[list[str], list[str]]:
    """Return the destinations that get a finding each, the most telling and steadiest first, and the others."""

    def weight(name: str) -> tuple[bool, bool, bool, float]:
        seen = [d for s in scenes for d in s.destinations if d.name == name]
        states = {d.state for d in seen}
        ups_and_downs = min((d.usual_high_seconds / max(d.before_seconds, 1e-9) for d in seen), default=np.inf)
        known = not states <= {"unknown"}
        return "worse" in states, any(d.clock for d in seen), known, -float(np.nan_to_num(ups_and_downs, nan=np.inf))

    order = sorted(names, key=lambda n: (weight(n), n), reverse=True)
    return order[:MOST_FINDINGS], order[MOST_FINDINGS:]


def _of(scene: Scene, name: str) -> Destination:
    return next(d for d in scene.destinations if d.name == name)


def _finding(case: Case, scenes: tuple[Scene, ...], name: str) -> Finding:
    blank = _blank(case, name)
    clocks = sorted({_of(s, name).clock for s in scenes} - {""})
    where = {"pg_stat_activity": case.evidence.files.get("postgres-ash", "")}
    files = tuple(f"{c} in {where.get(c, 'raw/samples.parquet')}" for c in clocks)
    held = (
        "Calls to {destination} took {call_mean_seconds} on average while requests were bad "
        "({call_mean_baseline_seconds} in the baseline), {failed_calls_ratio} of the attempts failed{uncalled_words}, "
        "{others_words}, "
        "and {account}"
    )
    state = worded("the fault lies inside {destination}", held, "time inside it covers", against="{account}")
    found = conclude(
        replace(blank, evidence=blank.evidence + files), [_trial(case, s, name) for s in scenes], case, state
    )
    if found.verdict != "supported":
        return found
    mine = [(s, _of(s, name)) for s in scenes if s.episode.id in found.episodes]
    if any(s.waiting[s.during].sum() > 0 for s, _ in mine):
        found = replace(found, caveats=(*found.caveats, IN_LINE))
    if any(only_late(s, d) for s, d in mine):
        return replace(found, caveats=(*found.caveats, ONLY_LATE))
    if not clocks:
        note = (
            "The server has no metrics of its own: that the time was spent inside it, and not on the way back, is what "
        )
        return replace(
            found,
            caveats=(
                *found.caveats,
                note + "its connections and its other callers suggest.",
            ),
        )
    return found


def _trial(case: Case, scene: Scene, name: str) -> Trial:
    d = _of(scene, name)
    cover = server_cover(scene, d)
    explained = explained_by(scene.requests, scene.edges, cover, typical_seconds=case.symptom.typical_seconds)
    what = f"time inside {name} covers"
    magnitude = magnitude_of(explained, scene.requests, scene.edges, cover, what=what)
    if not told_apart(scene, d) and magnitude.passed is None:
        magnitude = undecided("magnitude", OPEN_ACCOUNT if d.clock else NO_METRICS)
    told = d.server_well is not None  # a clock that may have been silent is no measure of what was inside
    load = d.inside if told else d.under_way
    floor = min(scene.floor, MINOR) if told else scene.floor
    dose = Dose(scene.edges, load, "calls_under_way_count", "count", floor, floor / 2,
                "calls inside it" if told else "calls under way to it")  # fmt: skip
    tests = five_tests_of_calls(case, scene, dose, magnitude=magnitude, specificity=lambda: _spared(scene, d))
    tests = only_if_specific(tests) if _nothing_known(scene, d) else tests
    expected = explained.share if np.isfinite(explained.share) else 0.0
    values = destination_values(d) | place_values(scene) | magnitude_values(magnitude, expected)
    values |= {"others_words": _others_words(scene, d)}
    return Trial(scene.episode, tests, expected, values)


def _nothing_known(scene: Scene, d: Destination) -> bool:
    """Return whether the usual level of the calls to a server, or any other destination to compare with, is unknown."""
    others = (o for o in scene.destinations if o is not d and o.state != "unknown")
    return d.state == "unknown" or not np.isfinite(d.before_seconds) or not any(others)


def _others_words(scene: Scene, d: Destination) -> Value:
    spared, worse = (
        [o.name for o in scene.destinations if o is not d and o.state == state] for state in ("spared", "worse")
    )
    parts = [
        f"{listed(names)} {words}"
        for names, words in ((spared, "did not get worse"), (worse, "got worse too"))
        if names
    ]
    text = "while " + " and ".join(parts) if parts else "of other destinations nothing is known"
    if d.state == "worse" and sources_words(scene):
        text += f", {sources_words(scene)}"
    return Value(text, "name", text)


def _spared(scene: Scene, d: Destination) -> Test:
    """Test whether the other destinations of the same client were spared, so that the client itself is not at fault."""
    name = "specificity"
    others = [o for o in scene.destinations if o is not d and o.state in ("worse", "spared")]
    if d.state == "unknown":
        return undecided(name, LEVEL_UNKNOWN)
    if d.state != "worse":
        return undecided(name, "its calls did not get worse beyond their own variation")
    total = sum(o.call_ratio for o in others)
    if not total > 0:
        return undecided(name, "there is no other destination to compare with")
    spared, worse = (sum(o.call_ratio for o in others if o.state == state) / total for state in ("spared", "worse"))
    measured = Measured(spared, "ratio", spared, 1 - worse, len(others), None)
    names = listed([o.name for o in others if o.state == "spared"])
    if spared >= MOST:
        return passed(name, measured, f"{names} ({value(spared, 'ratio').text} of the other calls) did not get worse")
    if worse >= HALF:
        sick = listed([o.name for o in others if o.state == "worse"])
        words = f"{sick} got worse as well, {value(worse, 'ratio').text} of the other calls"
        if d.server_well:
            return failed(name, measured, words, reason="most other destinations got worse as well")
        return undecided(name, words, measured)
    return undecided(name, f"only {value(spared, 'ratio').text} of the other calls were surely spared", measured)


def _others(case: Case, scenes: tuple[Scene, ...], names: list[str]) -> Finding:
    """Return the one finding of all destinations that stand out in nothing."""
    blank = replace(_blank(case, "other destinations"), statement="A fault inside the other destinations")
    known = [d for s in scenes for d in s.destinations if d.name in set(names) and d.state != "unknown"]
    reason = (
        f"none of these {value(len(names), 'count').text} destinations got worse beyond its own variation"
        if known
        else f"the usual duration of the calls to these {value(len(names), 'count').text} destinations is not known"
    )
    found = unheard(blank, reason)
    statement = f"Whether the fault lies inside one of the other destinations cannot be decided: {reason}."
    return replace(found, verdict="insufficient", statement=statement)
