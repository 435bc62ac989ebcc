"""Deployments as a trigger: had a rollout just begun when requests turned bad, and did they turn bad within it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.correlate.onset import chance_of_near_time
from analysis.findings import (
    TESTS,
    Entity,
    Finding,
    Measured,
    Observation,
    Test,
    Value,
    failed,
    passed,
    undecided,
    value,
)  # fmt: skip
from analysis.hypotheses.association import COINCIDENCE
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import explained_by, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, five_tests, study_edges, unheard
from analysis.hypotheses.triggers.cover import cover_of
from analysis.hypotheses.triggers.rollout_controls import controls_test
from analysis.hypotheses.triggers.rollout_record import Record, rollout_record
from analysis.hypotheses.triggers.rollout_stretch import (
    STEP_SECONDS,
    Rollout,
    recorded_span,
    rollouts_of,
    stretch_end,
    stretch_of,
)
from analysis.hypotheses.triggers.rollouts import LEAD_SECONDS
from analysis.hypotheses.triggers.words import TRIGGER_CAVEAT, at, bound, name, open_question
from analysis.signals.mesh import UnderWay, push_steps, under_way
from analysis.signals.requests import Episode
from analysis.signals.stretches import share_of_steps

__all__ = ["examine", "onset_us"]

NAME = "deployment"
MOST_STEPS = 2000
FLOOR, SPREAD_FLOOR = 0.1, 0.05  # of the time with the rollout under way
APART = "a workload that the bad requests are not known to pass"


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test every workload that was rolled out near the incident against the symptom.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (findings, observations)
        One finding per workload with a rollout near the incident window, else of the last one before it; where there
        is none at all one that says who would have recorded it.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [(f.id, f.verdict) for f in findings]
    [('deployment:payments/notification-service', 'not_testable')]
    """
    record = rollout_record(case)
    rollouts = rollouts_of(record.rollouts)
    near = _near(case, rollouts)
    if not near:
        if not record.covers or not rollouts:
            return (_none(case, record),), ()
        near = _nearest(case, rollouts)
    return tuple(_finding(case, key, rollouts, record) for key in near), ()


def _near(case: Case, rollouts: Sequence[Rollout]) -> tuple[tuple[str, str], ...]:
    """Return the workloads that were rolled out near the window: shortly before it, in it, or into it."""
    window = case.incident.window
    lead = round(LEAD_SECONDS * 1e6)
    chosen = [r for r in rollouts if window.start_us - lead < max(r.start, r.end or 0) and r.start <= window.end_us]
    return tuple(sorted({(r.namespace, r.workload) for r in chosen}))


def _nearest(case: Case, rollouts: Sequence[Rollout]) -> tuple[tuple[str, str], ...]:
    """Return the workload of the last rollout before the window, else of the first one after it."""
    before = [r for r in rollouts if r.start <= case.incident.window.start_us]
    chosen = before[-1] if before else rollouts[0]
    return ((chosen.namespace, chosen.workload),)


def _blank(key: tuple[str, str], record: Record) -> Finding:
    entity = Entity(*key)
    evidence = (f"rollouts in {record.source}",) if record.source else ()
    told = f"A rollout of {entity.name} as a trigger"
    return Finding(NAME, "trigger", entity, "not_testable", told, evidence=evidence)


def _none(case: Case, record: Record) -> Finding:
    """Return the finding of a recording without any rollout: refuted only by a source that covers the incident."""
    service = case.incident.spec.service
    blank = _blank((service.namespace, service.workload), record)
    blank = replace(blank, statement="A rollout as a trigger")
    if reason := beyond_reach(case):
        return unheard(blank, reason)
    if not record.covers:
        return unheard(blank, record.gap)
    words = f"no rollout began or was under way: {record.source} covers the time and shows none"
    timing = Test("timing", passed=False, unit="s", reason="no rollout", words=words)
    why = "there was no rollout"
    tests = (timing, *(undecided(n, why) for n in TESTS[1:]))
    return replace(
        blank, verdict="refuted", statement=f"No rollout set off the bad requests: {words}.", tests=tests,
        explained_ratio=0.0,
    )  # fmt: skip


def _finding(case: Case, key: tuple[str, str], rollouts: Sequence[Rollout], record: Record) -> Finding:
    blank = _blank(key, record)
    if reason := beyond_reach(case):
        return unheard(blank, reason)
    whose = _whose(case, key)
    trials = [_trial(case, key, rollouts, e) for e in case.symptom.episodes]
    finding = conclude(blank, trials, case, partial(_state, whose))
    return replace(finding, caveats=_caveats(finding, whose))


def _whose(case: Case, key: tuple[str, str]) -> str:
    service = case.incident.spec.service
    if key == (service.namespace, service.workload):
        return "the service itself"
    if case.on_path(*key):
        return "a workload that the service calls"
    return APART


def _trial(case: Case, key: tuple[str, str], rollouts: Sequence[Rollout], episode: Episode) -> Trial:
    """Run the five tests of one workload's rollout nearest to an episode."""
    onset = onset_us(case, episode)
    mine = [r for r in rollouts if (r.namespace, r.workload) == key]
    before = [r for r in mine if r.start <= onset + _tolerance_us()]
    rollout = before[-1] if before else mine[0]
    later = [r.start for r in mine if r.start > rollout.start]
    pushes = under_way(push_steps(case.evidence.samples.named))
    stretch = stretch_of(case, rollout, pushes, until=min(later, default=None), lasting=case.on_path(*key))
    edges, cover = cover_of(stretch)
    requests = case.bad_durations(episode)
    explained = explained_by(requests, edges, cover, typical_seconds=case.symptom.typical_seconds)
    since = "since its start fell" if case.on_path(*key) else "while it was under way fell"
    magnitude = magnitude_of(explained, requests, edges, cover, what=since)
    step = max(STEP_SECONDS, case.incident.window.duration_seconds / MOST_STEPS)
    grid = study_edges(case, episode, step)
    known = share_of_steps(stretch.known, grid) > 0.5
    dose = Dose(
        grid, np.where(known, share_of_steps(stretch.mid, grid), np.nan), "rollout_ratio", "ratio", FLOOR, SPREAD_FLOOR,
        "of the time with the rollout under way",
    )  # fmt: skip
    specificity, controls = controls_test(case, rollout, rollouts, pushes)
    tests = five_tests(case, episode, dose, magnitude=magnitude, specificity=specificity)
    if any(t.passed is not None or t.n for t in tests):  # the study was not refused as a whole
        tests = (_timing(case, rollout, rollouts, episode, stretch), *tests[1:])
    share = explained.share if np.isfinite(explained.share) else 0.0
    values = {
        "workload": name("/".join(key)),
        "rollout_start": at(pd.Timestamp(rollout.start, unit="us", tz="UTC")),
        "lead_seconds": value((onset - rollout.start) / 1e6, "seconds"),
        "late_seconds": value((rollout.start - onset) / 1e6, "seconds"),
        "replicas": value(rollout.replicas, "count"),
        "length_seconds": value((stretch_end(stretch.mid) - rollout.start) / 1e6, "seconds"),
        "other_rollouts": value(len(rollouts) - 1, "count"),
        "explained_ratio": value(share, "ratio"),
        "explained_low_ratio": value(bound(tests[1].low), "ratio"),
        "explained_high_ratio": value(bound(tests[1].high), "ratio"),
    }
    return Trial(episode, tests, share, values | controls)


def onset_us(case: Case, episode: Episode) -> int:
    """Return when requests turned bad [us]: before the incident window where that cuts into a bad stretch.

    Only where the episode begins with the window; back to the first of the bad requests that follow each other within
    the bin in which episodes are sought, a sixth of the least duration, and never into the baseline.
    """
    start, bin_us = episode.window.start_us, round(case.incident.spec.symptom.min_duration_seconds * 1e6 / 6)
    if start > case.incident.window.start_us + bin_us:
        return start
    table = case.symptom.requests
    bad = pd.DatetimeIndex(table.index[table["bad"].to_numpy()]).as_unit("us").asi8
    before = bad[(bad <= start) & (bad > case.incident.baseline.end_us)]
    apart = np.flatnonzero(np.diff(np.r_[before, start]) > bin_us)
    run = before[apart[-1] + 1 :] if len(apart) else before
    return int(run[0]) - 1 if len(run) else start


def _tolerance_us() -> int:
    return round(2 * STEP_SECONDS * 1e6)


def _timing(case: Case, rollout: Rollout, rollouts: Sequence[Rollout], episode: Episode, stretch: UnderWay) -> Test:
    """Test whether the rollout began shortly before the symptom, nearer than chance would place one of them all."""
    onset, (first, last) = onset_us(case, episode), recorded_span(case, rollouts)
    lead = (onset - rollout.start) / 1e6
    span, k = (last - first) / 1e6, len(rollouts)
    chance = chance_of_near_time(k, 2 * max(abs(lead), STEP_SECONDS), span)
    measured = Measured(lead, "s", lead - STEP_SECONDS, lead + STEP_SECONDS, k, chance)
    apart = value(abs(lead), "seconds").text
    if lead * 1e6 < -_tolerance_us():
        return failed("timing", measured, f"it began {apart} after the symptom", reason="began after the symptom")
    going = bool((stretch.mid[:, 1] >= onset).any())
    over = (min([onset, *case.bad_durations(episode)[0].tolist()]) - stretch_end(stretch.high)) / 1e6
    if over * 1e6 > _tolerance_us() or (lead > LEAD_SECONDS and not going):
        ended = f", and had ended {value(over, 'seconds').text} before any bad request" if over > 0 else ""
        words = f"the last one before the symptom began {apart} before it{ended}"
        return failed("timing", measured, words, reason="over before the symptom")
    often = value(chance, "ratio").text
    one_of = f"of {k} rollouts in {value(span, 'seconds').text}, placed at random, one lies" if k > 1 else (
        f"placed at random in {value(span, 'seconds').text} it lies"
    )  # fmt: skip
    others = f"{one_of} as near in {often} of cases"
    if lead < 0:
        reason = f"it began {apart} after the first bad request: too near to order the two sources"
        return undecided("timing", reason, measured)
    if chance > COINCIDENCE:
        return undecided("timing", f"it began {apart} before the symptom, but {others}", measured)
    return passed("timing", measured, f"it began {apart} before the first bad request ({others})")


def _state(whose: str, verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow: template and values."""
    lead = values["lead_seconds"].value
    when = "{lead_seconds} before" if isinstance(lead, float) and lead >= 0 else "{late_seconds} after"
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    count = values["replicas"].value
    many = "" if count is None else ", {replicas} replica" if count == 1 else ", {replicas} replicas"
    rolled = "{workload} ({whose}" + many + ") was rolled out at {rollout_start}, " + when + " the first bad request"
    more = {"whose": name(whose), "open_question": open_question(tests)}
    if verdict == "supported":
        within = "while it and the pushes that it set off were under way" if whose == APART else "after it had begun"
        return (
            rolled + interval + "; {explained_ratio} of the bad requests' excess time [{explained_low_ratio} to "
            "{explained_high_ratio}] fell " + within + ".", more,
        )  # fmt: skip
    if verdict == "refuted":
        return rolled + interval + ": {open_question}.", more
    return "Whether a rollout set off the bad requests cannot be decided; {open_question}. " + rolled + ".", more


def _caveats(finding: Finding, whose: str) -> tuple[str, ...]:
    notes = [TRIGGER_CAVEAT] if finding.verdict == "supported" else []
    if whose == APART:
        notes.append(
            "A workload that the bad requests are not known to pass is given what fell into its rollout and the pushes "
            "that it set off; what its new version did afterwards is not."
        )
    else:
        notes.append("New pods are cold: compiling, empty caches and a new version cannot be told apart here.")
    controls = finding.values.get("controls")
    if controls is not None and controls.text != "none":
        notes.append(f"Other rollouts of the recording: {controls.text}.")
    return tuple(notes)
