"""GC pauses: did the JVM stand still, or threads wait for memory, while requests were bad, and does that explain them.

One finding per workload and container with a GC log. Safepoints count as well as pauses: threads stand still in both.
A stall holds one thread, and which one served a request is not known: see `gc/stall_cover.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.correlate.effect import Change, adjust_fdr, change
from analysis.errors import CoverageError
from analysis.findings import TESTS, Entity, Finding, Observation, Test, sentence, undecided, value, verdict_of
from analysis.hypotheses.association import dose_test
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import AT_LEAST, magnitude_of
from analysis.hypotheses.gc.caveats import caveats_of
from analysis.hypotheses.gc.clock import clock_of, clock_reason
from analysis.hypotheses.gc.collector_change import collector_changes
from analysis.hypotheses.gc.cover import Covered, covered_by, levels_of, overlap_of
from analysis.hypotheses.gc.exposure import NO_EXPOSURE, exposure_test
from analysis.hypotheses.gc.gaps import gap_reason
from analysis.hypotheses.gc.grid import grid_of, known_inside
from analysis.hypotheses.gc.jvms import MOST_UNREAD, Jvm, jvms
from analysis.hypotheses.gc.observed import named_in
from analysis.hypotheses.gc.onset import NOT_HELD, Held, Levels, end_test, held_by_stops, onset_test
from analysis.hypotheses.gc.quota import quota_of, quota_values
from analysis.hypotheses.gc.quota_words import quota_caveats
from analysis.hypotheses.gc.stall_words import unclear, what_of, which_thread
from analysis.hypotheses.gc.words import GcTrial, state, trial_values
from analysis.hypotheses.panel import make_panel, study_window
from analysis.hypotheses.trial import (
    Trial,
    beyond_reach,
    conclude,
    extended,
    sick_baseline,
    unheard,
    without_others,
)
from analysis.signals.gc import paused_ratio
from analysis.signals.requests import Episode

__all__ = ["examine"]

NAME = "gc_pauses"
RISE_FLOOR = 0.01  # of time: stops that rose by less cannot make more than one request in a hundred bad
OFFSET = 0.005  # of time: shares below are all alike
SPREAD_FLOOR = 0.5  # of the logarithm: a flat baseline still has this spread
FDR = 0.01
NO_RISE = "it did not rise with the symptom"
MOST_ALONE = 5  # JVMs of one container that are also tried one by one

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Rise:
    """One JVM's share of time held on the grid of an episode, its change from baseline to it, and what it covers.

    `q_alone`: of the change among the JVMs that could explain the symptom alone; `q_value`: among all.
    """

    jvm: Jvm
    edges: np.ndarray
    ratio: np.ndarray
    change: Change
    covered: Covered
    q_alone: float = float("nan")
    q_value: float = float("nan")


@dataclass(frozen=True)
class Suspect:
    """The JVMs that rose most, with what was measured of them together."""

    rises: tuple[Rise, ...]
    levels: Levels
    ends: tuple[Held, Held]
    magnitude: Test
    specificity: Test


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test every JVM that left a GC log against the symptom.

    Parameters
    ----------
    case : Case
        Evidence, symptom.

    Returns
    -------
    (findings, observations)
        One finding per workload and container; an observation for each change of the collector in a log, and for what
        has a name in it.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [f.verdict for f in findings]
    ['not_testable']
    """
    service, groups = case.incident.spec.service, jvms(case)
    if not groups:
        return (unheard(_blank((service.namespace, service.workload, ""), ()), _why_none(case)),), ()
    testable = {key: pods for key, pods in groups.items() if _why_not(case, pods) is None}
    studies = [(e, _rises(case, e, testable)) for e in case.symptom.episodes]
    found = tuple(_finding(case, key, pods, studies) for key, pods in groups.items())
    return found, (*collector_changes(groups), *named_in(case))


def _why_none(case: Case) -> str:
    declared = {g.path for g in case.evidence.incident.spec.sources.gc_logs}
    problems = [p for p in case.evidence.problems if p.source in declared or "gc" in p.source.split("/")]
    return f"its GC log cannot be used, {problems[0].reason}" if problems else "no GC log was recorded"


def _why_not(case: Case, pods: tuple[Jvm, ...]) -> str | None:
    """Return why nothing of these JVMs can be tested, None if something can."""
    if why := beyond_reach(case):
        return why
    if not any(len(p.known) for p in pods):
        unread = any(int(p.lives["unrecognised"].sum()) for p in pods)
        return "the log holds no pauses" if pods[0].silent and not unread else "no line of its GC log was understood"
    for name, window in (("baseline", case.incident.baseline), ("incident window", case.incident.window)):
        if not any(p.known_ratio(window) > 0 for p in pods):
            return f"its GC log tells nothing of the {name}"
    return None


def _blank(key: Key, pods: tuple[Jvm, ...]) -> Finding:
    entity = Entity(*key, pods=tuple(p.pod for p in pods if p.pod))
    evidence = tuple(path for p in pods[:20] for path in p.paths)
    return Finding(NAME, "mechanism", entity, "not_testable", f"GC pauses of {entity.name}", evidence=evidence)


def _finding(
    case: Case, key: Key, pods: tuple[Jvm, ...], studies: Sequence[tuple[Episode, Mapping[Key, tuple[Rise, ...]]]]
) -> Finding:
    blank = _blank(key, pods)
    if why := _why_not(case, pods):
        return unheard(blank, why)
    trials = [_trial(case, key, episode, rises[key]) for episode, rises in studies]
    finding = conclude(blank, trials, case, state)
    best = next(t for t in trials if t.tests is finding.tests)
    asked = f"requests in {case.evidence.files.get('requests', 'the evidence')}"
    names = set((best.entity or blank.entity).pods)
    told = tuple(p for p in pods if not p.pod or p.pod in names)
    rises = next(found for episode, found in studies if episode is best.episode)
    quota = quota_values(quota_of(case, key, told, best.episode)) if finding.verdict != "refuted" else {}
    caveats = (*_others(rises, told, finding), *quota_caveats(quota), *caveats_of(case, best.episode, told, finding))
    return replace(finding, values=finding.values | quota, caveats=caveats, evidence=(*blank.evidence, asked))


def _others(rises: Mapping[Key, tuple[Rise, ...]], pods: tuple[Jvm, ...], finding: Finding) -> tuple[str, ...]:
    """Return how many other JVMs paused more at the same time, of a supported one; nothing without others."""
    mine = [r for group in rises.values() for r in group if r.jvm in pods]
    others = [r for group in rises.values() for r in group if r.jvm not in pods and r.change.n_before > 0]
    if finding.verdict != "supported" or not others:
        return ()
    half = max(r.change.difference for r in mine) / 2
    spared = sum(not r.change.difference >= half for r in others)
    values = {"spared": value(spared, "count"), "others": value(len(others), "count")}
    return (sentence("{spared} of {others} other JVMs with a GC log did not pause more at the same time.", values),)


def _rises(case: Case, episode: Episode, groups: Mapping[Key, tuple[Jvm, ...]]) -> dict[Key, tuple[Rise, ...]]:
    """Return each JVM's share of time stopped, or with a stall, around an episode, with q.

    A JVM whose stops could not cover half of the excess time is refuted by that: it is no test among those whose false
    discoveries are counted. It may still be one of several that did it together.
    """
    edges = grid_of(case, episode)
    rows = {key: tuple(_rise(case, episode, jvm, edges) for jvm in pods) for key, pods in groups.items()}
    flat = [r for group in rows.values() for r in group]
    p = np.array([r.change.p_value if not r.change.difference < RISE_FLOOR else 1.0 for r in flat])
    able = np.array([r.covered.explained.high >= AT_LEAST for r in flat], dtype=bool)
    alone = np.where(able, np.nan, p)
    alone[able] = adjust_fdr(p[able])
    q = iter(zip(alone, adjust_fdr(p), strict=True))
    return {key: tuple(_with_q(r, *next(q)) for r in group) for key, group in rows.items()}


def _with_q(rise: Rise, alone: float, among_all: float) -> Rise:
    return replace(rise, q_alone=float(alone), q_value=float(among_all))


def _rise(case: Case, episode: Episode, jvm: Jvm, edges: np.ndarray) -> Rise:
    """Return a JVM's rise: its size in shares of time, its chance on their logarithm, for they span decades."""
    ratio = paused_ratio(jvm.held, edges, jvm.known)
    after, before = (known_inside(ratio, edges, w) for w in (episode.window, case.incident.baseline))
    found = change(np.log(before + OFFSET), np.log(after + OFFSET), floor=SPREAD_FLOOR)
    difference = round(float(after.mean() - before.mean()), 9) if len(after) and len(before) else float("nan")
    p = found.p_value if not found.difference < 0 else 1.0
    changed = found._replace(difference=difference, p_value=p)
    return Rise(jvm, edges, ratio, changed, covered_by(case, episode, (jvm,)))


def _trial(case: Case, key: Key, episode: Episode, rises: tuple[Rise, ...]) -> Trial:
    """Return the most telling trial of the JVMs of one container: those that rose together, or one of them alone."""
    sick = sorted((r for r in rises if r.q_value <= FDR), key=lambda r: -r.change.difference)
    alone = sorted((r for r in rises if r.q_alone <= FDR), key=lambda r: -r.covered.explained.share)[:MOST_ALONE]
    most = max(rises, key=lambda r: np.nan_to_num(r.change.difference, nan=-np.inf))
    chosen = [(r,) for r in alone] + ([tuple(sick)] if len(sick) > 1 else [])
    trials = [_trial_of(case, key, episode, some, len(rises)) for some in chosen or [(most,)]]
    order = ("supported", "insufficient", "refuted")
    return min(trials, key=lambda t: (order.index(verdict_of(t.tests)), -t.explained_ratio))


def _trial_of(case: Case, key: Key, episode: Episode, rises: tuple[Rise, ...], of: int) -> Trial:
    pods = tuple(r.jvm for r in rises)
    covered = rises[0].covered if len(rises) == 1 else covered_by(case, episode, pods)
    requests, edges, cover, explained = covered
    levels = levels_of(case, episode, pods)
    on_path = case.on_path(key[0], key[1])
    what = what_of(pods, episode.window)
    magnitude = magnitude_of(explained, requests, edges, cover, what=f"the {what} cover", on_path=on_path)
    if magnitude.passed is None and any(p.stalls_in(episode.window) for p in pods):
        magnitude = which_thread(magnitude)
    rose = not rises[0].change.difference < RISE_FLOOR
    ends, (specificity, exposure) = (NOT_HELD, NOT_HELD), (undecided("specificity", NO_RISE), NO_EXPOSURE)
    if rose:
        first, last = (held_by_stops(*covered, last=one) for one in (False, True))
        ends, (specificity, exposure) = (first, last), exposure_test(case, episode, pods)
    clocks = [clock_of(case, key, p, alone=of == 1) for p in pods]
    unusable = _unread(case, episode, pods) or next((why for c in clocks if (why := clock_reason(c))), None)
    unusable = unusable or unclear(case, pods)
    gap = next((why for p in pods if (why := gap_reason(p, episode.window))), None)
    if unusable or gap:
        tests = tuple(undecided(name, unusable or gap or "") for name in TESTS)
    else:
        tests = _five_tests(case, episode, Suspect(rises, levels, ends, magnitude, specificity))
    share = explained.share if np.isfinite(explained.share) else 0.0
    entity = Entity(*key, pods=tuple(p.pod for p in pods if p.pod))
    told = GcTrial(episode, pods, of, magnitude, exposure, overlap_of(case, episode, pods, requests), bool(unusable))
    values = trial_values(case, key, told)
    if offsets := [c.seconds for c in clocks if c is not None and np.isfinite(c.seconds)]:
        values["gc_clock_seconds"] = value(max(offsets, key=abs), "seconds")
    return Trial(episode, tests, share, values, entity)


def _unread(case: Case, episode: Episode, pods: tuple[Jvm, ...]) -> str | None:
    """Return how many lines were not understood, if what they tell may be what mattered."""
    unread = max(np.nan_to_num(p.unread_ratio(extended(case, episode))) for p in pods)
    if not unread > MOST_UNREAD:
        return None
    who = f" of {pods[0].collectors}" if pods[0].collectors else ""
    return f"{value(unread, 'ratio').text} of the lines{who} in its GC log were not understood"


def _five_tests(case: Case, episode: Episode, suspect: Suspect) -> tuple[Test, ...]:
    """Return the tests in the order of `findings.TESTS`; all undecided where baseline or episode are not covered."""
    edges, rise = suspect.rises[0].edges, suspect.rises[0].change
    steps = max(int(np.count_nonzero(edges <= study_window(case.incident).end_us)) - 1, 0)
    ratio = np.mean([r.ratio[:steps] for r in suspect.rises], axis=0)
    try:
        if unusable := sick_baseline(case):
            raise CoverageError(unusable, where="baseline", expected="a normal time", next="choose another baseline")
        table = case.symptom.requests
        panel = make_panel(edges[: steps + 1], ratio, table, case.incident, (episode,), name="gc_paused_ratio")
    except CoverageError as error:
        return tuple(undecided(name, error.what) for name in TESTS)
    q = suspect.rises[0].q_alone if len(suspect.rises) == 1 else min(r.q_value for r in suspect.rises)
    what = what_of(tuple(r.jvm for r in suspect.rises), episode.window)
    timing = onset_test(suspect.ends[0], rise, suspect.levels, q_value=q, floor=RISE_FLOOR, what=what)
    dose = dose_test(panel, without_others(panel, case, episode))
    if timing.passed is False:
        no_rise = (undecided(name, NO_RISE) for name in ("specificity", "reversal"))
        return timing, suspect.magnitude, dose, *no_rise
    return timing, suspect.magnitude, dose, suspect.specificity, end_test(suspect.ends[1], suspect.levels, what=what)
