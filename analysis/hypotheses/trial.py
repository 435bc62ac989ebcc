"""The trial of one suspect on one episode: its dose, the five tests, and the finding that its trials give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.correlate.effect import Change, change
from analysis.errors import CoverageError
from analysis.findings import TESTS, Entity, Finding, Test, Value, sentence, undecided, value, verdict_of
from analysis.hypotheses.association import ALPHA, FDR, Rise, dose_test, recovery_test, specificity_test, timing_test
from analysis.hypotheses.case import Case
from analysis.hypotheses.panel import Panel, make_panel, study_window
from analysis.incident import Window
from analysis.signals.requests import Episode

__all__ = [
    "NOT_MEASURED", "NO_INCIDENT", "Dose", "State", "Trial", "beyond_reach", "conclude", "episode_words", "extended",
    "five_tests", "sick_baseline", "study_edges", "unheard", "without_others",
]  # fmt: skip

FAR_HEALTHIER = 0.1  # a baseline with a tenth of the incident's bad requests is normal beside it, a short blip and all
State = Callable[[str, tuple[Test, ...], dict[str, Value]], tuple[str, dict[str, Value]]]
NO_INCIDENT = "there is no incident to explain: the objective was not missed for long enough"
NOT_MEASURED = "the symptom could not be measured: no request was recorded in the incident window"


@dataclass(frozen=True)
class Dose:
    """How much of a suspect there was in each step of a regular grid.

    Parameters
    ----------
    edges : ndarray of int64, shape (n + 1,)
        From `study_edges` [us].
    value : ndarray, shape (n,)
        NaN unknown.
    name : str
        Key of the glossary, for errors of coverage.
    unit : str
        Of the value.
    floor : float
        Smallest rise that counts.
    spread_floor : float
        Smallest standard deviation to believe of a flat baseline.
    words : str
        What the value is of: "of time paused".
    """

    edges: np.ndarray
    value: np.ndarray
    name: str
    unit: str
    floor: float
    spread_floor: float
    words: str = ""


@dataclass(frozen=True)
class Trial:
    """The five tests of one suspect on one episode; `entity` where it is narrowed, as to the pods that were sick."""

    episode: Episode
    tests: tuple[Test, ...]
    explained_ratio: float
    values: dict[str, Value]
    entity: Entity | None = None


def extended(case: Case, episode: Episode) -> Window:
    """Return the study window and as much after it as an episode lasts, at least a minute, to see how it ends."""
    study = study_window(case.incident)
    more = max(np.timedelta64(int(episode.window.duration_seconds * 1e6), "us"), np.timedelta64(60, "s"))
    return Window(study.start, study.end + more)


def study_edges(case: Case, episode: Episode, step_seconds: float, anchor_us: int = 0) -> np.ndarray:
    """Return a regular grid over baseline and window and the time after, in phase with an anchor, shape (n + 1,) [us].

    Parameters
    ----------
    case : Case
        With baseline and window.
    episode : Episode
        The grid reaches as far beyond the window as it lasts.
    step_seconds : float
        Length of a step [s].
    anchor_us : int
        A time at which a step should end, as a sample's [us].
    """
    window, step = extended(case, episode), max(round(step_seconds * 1e6), 1)
    first = window.start_us + (anchor_us - window.start_us) % step
    return np.arange(first, window.end_us + 1, step, dtype="i8")


def sick_baseline(case: Case) -> str | None:
    """Return why the baseline is no normal time, None if it is one."""
    ratio, allowed = case.symptom.baseline_bad_ratio, 1 - case.incident.spec.symptom.objective_ratio
    incident = min((e.bad / e.requests for e in case.symptom.episodes if e.requests), default=0.0)
    if ratio > max(2 * allowed, FAR_HEALTHIER * incident):
        return f"the baseline is no normal time: {value(ratio, 'ratio').text} of its requests were bad"
    return None


def without_others(panel: Panel, case: Case, episode: Episode) -> np.ndarray:
    """Return which steps touch no other episode, shape (n,), bool."""
    keep = np.ones(len(panel.dose), dtype=bool)
    for other in case.symptom.episodes:
        if other.id != episode.id:
            keep &= ~panel.held_by(other.extent)
    return keep


def five_tests(
    case: Case, episode: Episode, dose: Dose, *, magnitude: Test, specificity: Test | Mapping[str, np.ndarray],
    q_value: float | None = None,
) -> tuple[Test, ...]:  # fmt: skip
    """Run the five tests of a dose on an episode.

    Parameters
    ----------
    case : Case
        Symptom and incident.
    episode : Episode
        The stretch to explain.
    dose : Dose
        On the grid of `study_edges`.
    magnitude : Test
        The suspect's own.
    specificity : Test or mapping of str to ndarray, shape (n,)
        The suspect's own, or the dose of others of its kind on the same grid.
    q_value : float, optional
        Of the rise among all suspects of its kind; without it, its own p.

    Returns
    -------
    tuple of Test
        In the order of `findings.TESTS`; all undecided where baseline or episode are not covered.
    """
    study_end = study_window(case.incident).end_us
    steps = max(int(np.count_nonzero(dose.edges <= study_end)) - 1, 0)
    try:
        if unusable := sick_baseline(case):
            raise CoverageError(unusable, where="baseline", expected="a normal time", next="choose another baseline")
        kept, known = dose.edges[: steps + 1], dose.value[:steps]
        panel = make_panel(kept, known, case.symptom.requests, case.incident, (episode,), name=dose.name)
    except CoverageError as error:
        return tuple(undecided(name, error.what) for name in TESTS)
    found = _change(panel, case, episode, dose)
    q, limit = (found.p_value, ALPHA) if q_value is None else (q_value, FDR)
    told = f"mean of steps {_signed(found.difference, dose.unit)} {dose.words}".strip()
    timing = timing_test(panel, episode, Rise(found, q, limit, dose.floor, told))
    keep = without_others(panel, case, episode)
    by_dose = dose_test(panel, keep)
    if timing.passed is False:
        why = "it did not rise with the symptom"
        return timing, magnitude, by_dose, undecided("specificity", why), undecided("reversal", why)
    if not isinstance(specificity, Test):
        inside = panel.held_by(episode.extent)
        controls = {name: other[:steps] for name, other in specificity.items()}
        specificity = specificity_test(panel, controls, inside, keep & ~inside, floor=dose.floor, unit=dose.unit)
    return timing, magnitude, by_dose, specificity, _reversal(case, episode, dose, found)


def _signed(x: float, unit: str) -> str:
    """Return a change with its sign: shares in percentage points."""
    text = value(abs(x), unit).text.replace(" %", " points") if unit == "ratio" else value(abs(x), unit).text
    return f"{'-' if x < 0 else '+'}{text}"


def _change(panel: Panel, case: Case, episode: Episode, dose: Dose) -> Change:
    before, after = panel.dose[panel.inside(case.incident.baseline)], panel.dose[panel.held_by(episode.window)]
    return change(before[np.isfinite(before)], after[np.isfinite(after)], floor=dose.spread_floor)


def _reversal(case: Case, episode: Episode, dose: Dose, found: Change) -> Test:
    long = Panel(dose.edges, dose.value, np.zeros(0))
    start, end = case.bad_durations(episode)
    drain = float(np.quantile((end - start) / 1e6, 0.99)) if len(end) else 0.0
    index = case.symptom.requests.index
    until = int(index[-1].value // 1000) if len(index) else 0
    return recovery_test(long, episode, found, drain_seconds=drain, until_us=until)


def unheard(blank: Finding, reason: str) -> Finding:
    """Return a finding whose suspect cannot be tested, with the reason in all five tests.

    Parameters
    ----------
    blank : Finding
        Hypothesis, role, entity and evidence; its statement is what cannot be tested: "CPU throttling of n/w/c".
    reason : str
        Why.
    """
    statement = f"{blank.statement} cannot be tested: {reason}."
    tests = tuple(undecided(name, reason) for name in TESTS)
    return replace(blank, verdict="not_testable", statement=statement, tests=tests)


def beyond_reach(case: Case) -> str | None:
    """Return why no suspect at all can be tested, None if they can: no requests, or no incident."""
    if not case.symptom.measurable:
        return NOT_MEASURED
    return None if case.symptom.episodes else NO_INCIDENT


def conclude(blank: Finding, trials: Sequence[Trial], case: Case, state: State) -> Finding:
    """Return the finding that the trials of one suspect give.

    Parameters
    ----------
    blank : Finding
        Hypothesis, role, entity and evidence.
    trials : sequence of Trial
        One per episode, at least one.
    case : Case
        With all episodes.
    state : callable
        state(verdict, tests, values) -> template of the sentence, and values that it needs besides.

    Returns
    -------
    Finding
        Of the trial that says most: supported, else undecided, else refuted; then the larger share. A suspect that is
        refuted in one episode and undecided in another is undecided.
    """
    order = ("supported", "insufficient", "refuted")
    best = min(trials, key=lambda t: (order.index(verdict_of(t.tests)), -t.explained_ratio))
    verdict = verdict_of(best.tests)
    explaining = tuple(t.episode.id for t in trials if verdict_of(t.tests) == "supported")
    bad = np.array([t.episode.bad for t in trials], dtype=float)
    covered = [t.explained_ratio if t.episode.id in explaining or not explaining else 0.0 for t in trials]
    explained = float(bad @ np.array(covered) / bad.sum()) if bad.sum() else 0.0
    values = dict(best.values)
    if len(trials) > 1:
        values |= {f"explained_ratio_episode_{t.episode.id}": value(t.explained_ratio, "ratio") for t in trials}
    values["explained_all_ratio"] = value(explained, "ratio")
    values |= episode_words(explaining or (best.episode.id,), case.symptom.episodes)
    template, more = state(verdict, best.tests, values)
    values |= more
    return replace(
        blank,
        entity=best.entity or blank.entity,
        verdict=verdict,
        statement=sentence(template, values),
        values=values,
        tests=best.tests,
        episodes=explaining,
        explained_ratio=explained,
    )


def episode_words(explained: tuple[int, ...], episodes: tuple[Episode, ...]) -> dict[str, Value]:
    """Return which bad intervals a sentence is about; empty text where there is but one."""
    if len(episodes) < 2:
        return {"which_episodes": Value("", "name", "")}
    chosen = [e for e in episodes if e.id in explained]
    spans = ", ".join(f"{e.window.start:%H:%M:%S} to {e.window.end:%H:%M:%S} UTC" for e in chosen)
    text = f"in {len(chosen)} of {len(episodes)} bad intervals ({spans})"
    return {"which_episodes": Value(text, "name", text)}
