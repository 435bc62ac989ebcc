"""Lock contention: did sessions of the service wait for locks while requests were bad, and to whom does it go back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from analysis.findings import TESTS, Finding, Measured, Observation, Test, Value, failed, number, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.clock import Clock, clock_of
from analysis.hypotheses.database.cover import cover_of
from analysis.hypotheses.database.dose import Study, blind_reason, database_entity, doses_of, study, too_few
from analysis.hypotheses.database.words import (
    against,
    beyond_pool,
    caveats,
    database_state,
    magnitude_values,
    pool_values,
    shared_values,
)
from analysis.hypotheses.explained import explained_by, magnitude_of
from analysis.hypotheses.trial import Trial, beyond_reach, conclude, five_tests, unheard
from analysis.signals.blockers import NOT_SAMPLED, Blocked, RootBlocker, blamed, root_blockers
from analysis.signals.database import IDLE_IN_TRANSACTION
from analysis.signals.requests import Episode

__all__ = ["examine"]

NAME = "lock_contention"
OWN_STALL = 0.5  # of the waiting: with so much behind the service's own idle transactions it is an effect of the stall


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test the waiting for locks in the database against the symptom.

    Parameters
    ----------
    case : Case
        Evidence with samples of sessions, symptom.

    Returns
    -------
    (findings, observations)
        One finding for the database server.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [f.verdict for f in findings]
    ['not_testable']
    """
    entity = database_entity(case)
    file = case.evidence.files.get("postgres-ash", "the evidence")
    blank = Finding(
        NAME, "mechanism", entity, "not_testable", f"Lock contention in {entity.name}",
        evidence=(f"wait_event_type Lock and blocked_by of pg_stat_activity in {file}",),
    )  # fmt: skip
    if reason := blind_reason(case) or beyond_reach(case):
        return (unheard(blank, reason),), ()
    found = study(case)
    clock = clock_of(case, found)
    trials = [_trial(case, found, clock, episode) for episode in case.symptom.episodes]
    finding = conclude(blank, trials, case, _state)
    return (replace(finding, caveats=caveats(found, finding, clock)),), ()


def _trial(case: Case, found: Study, clock: Clock, episode: Episode) -> Trial:
    """Run the five tests on one episode."""
    requests = case.bad_durations(episode)
    values = shared_values(case, found, episode.window) | pool_values(found, episode.window)
    if clock.reason:
        values["clock_ahead_seconds"] = value(clock.ahead_seconds, "seconds")
    if reason := clock.reason or too_few(found, case, episode):
        return Trial(episode, tuple(undecided(n, reason) for n in TESTS), 0.0, values)
    edges, cover = cover_of(case, found, episode, "lock")
    explained = explained_by(requests, edges, cover, typical_seconds=case.symptom.typical_seconds)
    magnitude = magnitude_of(explained, requests, edges, cover, what="sessions that waited for locks held")
    doses = doses_of(case, found, episode)
    others = {name: dose.value for name, dose in doses.items() if name != "lock"}
    blocked = root_blockers(found.sessions, episode.window, found.own)
    tests = five_tests(
        case, episode, doses["lock"], magnitude=magnitude, specificity=_specificity(found, blocked, others)
    )
    stalled = _own_stall(found, blocked) >= OWN_STALL and tests[TESTS.index("specificity")].passed is False
    state = "effect" if stalled else database_state(case, doses, episode).replace("effect", "unchanged")
    values |= magnitude_values(explained, magnitude) | _blame(found, blocked)
    values["database_state"] = Value(state, "name", state)
    share = explained.share if np.isfinite(explained.share) else 0.0
    return Trial(episode, tests, share, values)


def _specificity(found: Study, blocked: Blocked, others: Mapping[str, np.ndarray]) -> Test | Mapping[str, np.ndarray]:
    """Return the service's other sessions as controls, or a failure where its own stalled ones hold the locks."""
    share = _own_stall(found, blocked)
    if share < OWN_STALL:
        return others
    words = (
        f"{value(share, 'ratio').text} of the waiting goes back to sessions of the service itself that were idle in a "
        "transaction: they waited for their client"
    )
    n = sum(r.victims for r in blocked.roots)
    measured = Measured(1 - share, "ratio", None, None, n, None)
    return failed("specificity", measured, words, reason="the client held the locks while it stood still")


def _own_stall(found: Study, blocked: Blocked) -> float:
    """Return the share of the waiting behind the service's own sessions that were idle in a transaction."""
    own = [r for r in blocked.roots if found.told_by and (r.application, r.user) in found.owners]
    stalled = sum(r.blocked_seconds for r in own if r.state.startswith(IDLE_IN_TRANSACTION))
    return stalled / blocked.blocked_seconds if blocked.blocked_seconds > 0 else 0.0


def _blame(found: Study, blocked: Blocked) -> dict[str, Value]:
    """Return to whom the waiting goes back: the application and state with most of it, and how sure that is."""
    values = {
        "blocked_seconds": _session_seconds(blocked.blocked_seconds),
        "own_stall_ratio": value(_own_stall(found, blocked), "ratio"),
        "untraced_ratio": value(
            blocked.untraced_seconds / blocked.blocked_seconds if blocked.blocked_seconds > 0 else 0.0, "ratio"
        ),
    }
    groups = blamed(blocked.roots)
    if not groups:
        return values
    (application, state), roots = next(iter(groups.items()))
    seconds = sum(r.blocked_seconds for r in roots)
    name = application or (f"user {roots[0].user}" if roots[0].user else "sessions that no sample holds")
    return values | {
        "blocker": Value(name, "name", name),
        "blocker_state": Value(state, "name", state),
        "blocker_sessions": value(len(roots), "count"),
        "blocker_processes": Value(_pids(roots), "name", _pids(roots)),
        "blocker_statement": Value(roots[0].statement, "name", roots[0].statement),
        "blocker_held_seconds": value(
            max((r.held_seconds for r in roots if np.isfinite(r.held_seconds)), default=float("nan")), "seconds"
        ),
        "blocker_victims": _victims(sum(r.victims for r in roots)),
        "blocker_seconds": _session_seconds(seconds),
        "blocker_ratio": value(seconds / blocked.blocked_seconds, "ratio"),
        "chain_depth": value(max(r.depth for r in roots), "count"),
    }


def _victims(n: int) -> Value:
    return Value(float(n), "count", f"{number(n)} session{'' if n == 1 else 's'}")


def _session_seconds(x: float) -> Value:
    return Value(float(x), "seconds", f"{number(x)} session-seconds")


def _pids(roots: tuple[RootBlocker, ...]) -> str:
    shown = ", ".join(str(r.pid) for r in roots[:3])
    return shown + (f" and {len(roots) - 3} more" if len(roots) > 3 else "")


def _blame_words(values: dict[str, Value]) -> str:
    """Return the template of who held the locks; empty where it was not looked for."""
    if "blocker" not in values:
        return "; who held the locks was not recorded" if "blocked_seconds" in values else ""
    sampled = values["blocker_state"].value != NOT_SAMPLED
    several = ["{blocker_sessions} sessions"] if values["blocker_sessions"].value != 1 else []
    known = ["open for up to {blocker_held_seconds}"] if values["blocker_held_seconds"].value is not None else []
    beside = f" ({', '.join([*several, *known])})" if several or known else ""
    who = "{blocker}" + (", {blocker_state}" if sampled else "") + beside
    return (
        "; {blocker_ratio} of the waiting goes back to " + who + (": {blocker_victims} waited {blocker_seconds} for it")
    )


def _state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow, no stronger: its template, and the values that it needs besides."""
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    if values["lock_sessions"].value == 0 and verdict == "refuted":
        return "No session of {service_sessions} waited for a lock while requests were bad" + interval + ".", {}
    waited = (
        "{lock_sessions} of {service_sessions}"
        + beyond_pool(values, "lock_sessions")
        + " waited for a lock on average while requests were bad"
        + interval
        + " ({lock_baseline_sessions} in the baseline)"
    )
    blame = _blame_words(values)
    if verdict == "supported":
        return waited + blame + (
            ". The waiting covers {explained_ratio} of the bad requests' excess time "
            "[{explained_low_ratio} to {explained_high_ratio}]."
        ), {}
    if verdict == "refuted":
        kinds = {t.name for t in tests if t.passed is False}
        if "timing" in kinds:
            return waited + ": {against}.", against(tests)
        if values.get("database_state") is not None and values["database_state"].value == "effect":
            return waited + (
                ". It is an effect: {own_stall_ratio} of the waiting goes back to sessions of the service itself that "
                "were idle in a transaction: they waited for their client."
            ), {}
        if "magnitude" in kinds:
            return waited + ", which covers at most {explained_high_ratio} of the bad requests' excess time.", {}
        return waited + ", but it does not single out what was sick: {against}.", against(tests)
    open_ones = [t for t in tests if t.passed is None and t.name in ("timing", "magnitude")]
    if open_ones:
        text = "Whether lock contention made requests bad cannot be decided; {open_question}."
        if values["lock_sessions"].value and "clock_ahead_seconds" not in values:
            text += f" {waited}{blame}."
        question = f"{open_ones[0].name}: {open_ones[0].reason}"
        return text, {"open_question": Value(open_ones[0].name, "name", question)}
    if any(t.passed is False for t in tests):
        return waited + ", but one test speaks against it ({against}).", against(tests)
    return waited + "; neither dose, specificity nor reversal could confirm that it made requests bad.", {}
