"""Traffic as a trigger: did more requests arrive than usual when they turned bad, and were the extra ones enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known
from analysis.findings import Entity, Finding, Observation, Test, Value, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import Cover, explained_by, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, five_tests, study_edges, unheard
from analysis.hypotheses.triggers.harm import harm_test, recorded_edges
from analysis.hypotheses.triggers.words import TRIGGER_CAVEAT, bound, name, open_question
from analysis.incident import Window
from analysis.signals.requests import Episode
from analysis.signals.traffic import arrivals_per_second, route_mix

__all__ = ["beyond_usual", "examine"]

NAME = "traffic_change"
STEP_SECONDS, MOST_STEPS = 5.0, 2000
FLOOR_RATIO = 0.2  # of the usual load: a rise that any service must bear
SPREAD_RATIO = 0.05
MIX_RATIO = 0.2  # of the requests going to other routes is worth a word


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test the arrivals of requests against the symptom.

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
    entity = Entity(service.namespace, service.workload)
    files = case.evidence.files.get("requests", "the evidence")
    blank = Finding(
        NAME, "trigger", entity, "not_testable", f"A change of the traffic to {entity.name}",
        evidence=(f"requests by their start in {files}",),
    )  # fmt: skip
    if case.incident.spec.symptom.source != "requests":
        return (unheard(blank, "the symptom is a series, not requests: arrivals are not known"),), ()
    if reason := beyond_reach(case):
        return (unheard(blank, reason),), ()
    index = pd.DatetimeIndex(case.symptom.requests.index)
    if not case.incident.baseline.holds(index).any():
        return (unheard(blank, "no request was recorded in the baseline"),), ()
    finding = conclude(blank, [_trial(case, e) for e in case.symptom.episodes], case, _state)
    return (replace(finding, caveats=_caveats(finding)),), ()


def beyond_usual(rate: np.ndarray, usual: float, floor: float) -> Cover:
    """Return which part of the load of each step is beyond the usual, as a cover of the bad requests in flight.

    Parameters
    ----------
    rate : ndarray, shape (n,)
        Arrivals per second; NaN unknown.
    usual : float
        Mean of the baseline [requests/s].
    floor : float
        A rise up to this is none [requests/s].

    Returns
    -------
    Cover
        Certain and expected: 1 - usual / rate, the requests that would not be there. At most: all of them, since a
        service beyond its capacity fails old and new requests alike, and what it can bear is not known.

    Examples
    --------
    >>> [v.tolist() for v in beyond_usual(np.array([10.0, 40.0]), 10.0, 2.0)]
    [[0.0, 0.75], [0.0, 0.75], [0.0, 1.0]]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        risen = rate > usual + floor
        part = np.where(risen, 1 - usual / np.maximum(rate, usual), 0.0)
    unknown = ~np.isfinite(rate)
    return Cover(part, np.where(unknown, np.nan, part), np.where(risen | unknown, 1.0, 0.0))


def _trial(case: Case, episode: Episode) -> Trial:
    """Run the five tests of the arrivals on one episode."""
    requests, baseline = case.symptom.requests, case.incident.baseline
    step = max(STEP_SECONDS, case.incident.window.duration_seconds / MOST_STEPS)
    edges = study_edges(case, episode, step)
    rate = arrivals_per_second(requests, edges)
    before = (edges[:-1] >= baseline.start_us) & (edges[1:] <= baseline.end_us)
    usual = mean_of_known(rate[before])
    floor = FLOOR_RATIO * usual
    dose = Dose(edges, rate, "arrivals_per_second", "requests/s", floor, SPREAD_RATIO * usual, "requests per second")
    pairs = case.bad_durations(episode)
    cover = beyond_usual(rate, usual, floor)
    explained = explained_by(pairs, edges, cover, typical_seconds=case.symptom.typical_seconds)
    magnitude = magnitude_of(explained, pairs, edges, cover, what="requests beyond the usual load carried")
    held = (edges[1:] > episode.window.start_us) & (edges[:-1] < episode.window.end_us)
    there = mean_of_known(rate[held])
    whole = recorded_edges(case, step)
    everywhere = arrivals_per_second(requests, whole)
    half_way = usual + max((there - usual) / 2, floor / 2)
    busy = np.where(np.isfinite(everywhere), (everywhere >= half_way).astype(float), np.nan)
    specificity = harm_test(case, episode, whole, busy, "the load was as high")
    tests = five_tests(case, episode, dose, magnitude=magnitude, specificity=specificity)
    share = explained.share if np.isfinite(explained.share) else 0.0
    values = {
        "arrivals_per_second": value(there, "requests/s"),
        "arrivals_baseline_per_second": value(usual, "requests/s"),
        "load_ratio": value(there / usual if usual > 0 else float("nan"), "ratio"),
        "beyond_usual_ratio": value(share, "ratio"),
        "beyond_usual_low_ratio": value(bound(tests[1].low), "ratio"),
        "beyond_usual_high_ratio": value(bound(tests[1].high), "ratio"),
    }
    return Trial(episode, tests, share, values | _mix(case, episode.window))


def _mix(case: Case, window: Window) -> dict[str, Value]:
    """Return how far the routes that were asked for changed, and which one grew most."""
    requests = case.symptom.requests
    index = pd.DatetimeIndex(requests.index)
    found = route_mix(requests, case.incident.baseline.holds(index), window.holds(index))
    grown = max(found.after, key=lambda r: found.after[r] - found.before[r], default="")
    return {
        "route_moved_ratio": value(found.moved_ratio, "ratio"),
        "route": name(grown or "unknown"),
        "route_ratio": value(found.after.get(grown, float("nan")), "ratio"),
        "route_baseline_ratio": value(found.before.get(grown, float("nan")), "ratio"),
    }


def _state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow: template and values."""
    more = {"open_question": open_question(tests)}
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    load = (
        "{arrivals_per_second} requests began per second while they were bad" + interval
        + ", {arrivals_baseline_per_second} in the baseline"
    )  # fmt: skip
    moved = values["route_moved_ratio"].value
    if isinstance(moved, float) and moved >= MIX_RATIO:
        load += "; the routes changed too: {route} had {route_ratio} of them instead of {route_baseline_ratio}"
    if verdict == "supported":
        text = "; what was beyond the usual carried {beyond_usual_ratio} of the bad requests' excess time "
        return load + text + "[{beyond_usual_low_ratio} to {beyond_usual_high_ratio}].", more
    if verdict == "refuted":
        return load + ": {open_question}.", more
    return "Whether the traffic set off the bad requests cannot be decided; {open_question}. " + load + ".", more


def _caveats(finding: Finding) -> tuple[str, ...]:
    notes = [TRIGGER_CAVEAT] if finding.verdict == "supported" else []
    if finding.verdict != "refuted":
        notes.append("Clients that try again raise the load because requests are bad: then it is an effect.")
    notes.append(
        "Arrivals are counted by the start of each logged request. Which share came from users and which from other "
        "servers is not in this log; the mesh's request counts by source would tell."
    )
    return tuple(notes)
