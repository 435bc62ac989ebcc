"""Database load: did the database work too hard for the service while requests were bad, and what made it do so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.findings import TESTS, Finding, Observation, Test, Value, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.clock import Clock, clock_of
from analysis.hypotheses.database.cover import cover_of
from analysis.hypotheses.database.dose import Study, blind_reason, database_entity, doses_of, study, too_few
from analysis.hypotheses.database.words import (
    against,
    beyond_pool,
    caveats,
    database_state,
    harmless_load,
    magnitude_values,
    pool_values,
    sessions_value,
    shared_values,
)
from analysis.hypotheses.explained import explained_by, magnitude_of
from analysis.hypotheses.trial import Trial, beyond_reach, conclude, five_tests, unheard
from analysis.signals.database import contributions, working
from analysis.signals.requests import Episode
from analysis.sql.fingerprint import shortened

__all__ = ["examine"]

NAME = "db_load"
WORTH_NAMING = 0.1  # of the increase


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test the work of the database for the service against the symptom.

    Parameters
    ----------
    case : Case
        Evidence with samples of sessions, symptom.

    Returns
    -------
    (findings, observations)
        One finding for the database server; load that harmed nobody as observations.

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
        NAME, "mechanism", entity, "not_testable", f"Load of {entity.name}",
        evidence=(f"active sessions of pg_stat_activity in {file}",),
    )  # fmt: skip
    if reason := blind_reason(case):
        return (unheard(blank, reason),), ()
    found = study(case)
    clock = clock_of(case, found)
    harmless = () if clock.reason else harmless_load(case, found)
    if reason := beyond_reach(case):
        return (replace(unheard(blank, reason), values=shared_values(case, found, case.incident.window)),), harmless
    trials = [_trial(case, found, clock, episode) for episode in case.symptom.episodes]
    finding = conclude(blank, trials, case, _state)
    return (replace(finding, caveats=caveats(found, finding, clock)),), harmless


def _trial(case: Case, found: Study, clock: Clock, episode: Episode) -> Trial:
    """Run the five tests on one episode."""
    requests = case.bad_durations(episode)
    values = shared_values(case, found, episode.window) | pool_values(found, episode.window)
    if clock.reason:
        values["clock_ahead_seconds"] = value(clock.ahead_seconds, "seconds")
    if reason := clock.reason or too_few(found, case, episode):
        return Trial(episode, tuple(undecided(n, reason) for n in TESTS), 0.0, values)
    edges, cover = cover_of(case, found, episode, "working")
    explained = explained_by(requests, edges, cover, typical_seconds=case.symptom.typical_seconds)
    magnitude = magnitude_of(explained, requests, edges, cover, what="sessions that the database worked for held")
    doses = doses_of(case, found, episode)
    others = {name: dose.value for name, dose in doses.items() if name != "working"}
    tests = five_tests(case, episode, doses["working"], magnitude=magnitude, specificity=others)
    state = database_state(case, doses, episode)
    values |= magnitude_values(explained, magnitude) | _contributor(case, found, episode)
    values["database_state"] = Value(state, "name", state)
    share = explained.share if np.isfinite(explained.share) else 0.0
    return Trial(episode, tests, share, values)


def _contributor(case: Case, found: Study, episode: Episode) -> dict[str, Value]:
    """Return the statement that contributed most to the increase of work; nothing where the work did not rise."""
    part = found.sessions[working(found.classes)]
    label = (part["application"] + "\n" + part["query"].map(shortened)).to_numpy(dtype=object)
    table = contributions(part, label, case.incident.baseline, episode.window, found.sampling.instants).table
    if not len(table) or not table["explanatory_ratio"].iloc[0] >= WORTH_NAMING:
        return {}
    application, _, statement = str(table.index[0]).partition("\n")
    name = application or "an application without a name"
    return {
        "contributor": Value(name, "name", name),
        "contributor_statement": Value(statement, "name", statement),
        "contributor_ratio": value(min(float(table["explanatory_ratio"].iloc[0]), 1.0), "ratio"),
        "contributor_sessions": sessions_value(float(table["window_sessions"].iloc[0])),
    }


def _state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow, no stronger: its template, and the values that it needs besides."""
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    worked = (
        "The database worked for {working_sessions} of {service_sessions}"
        + beyond_pool(values, "working_sessions")
        + " on average while requests were bad"
        + interval
        + " ({working_baseline_sessions} in the baseline)"
    )
    cores = "; it has {database_cores}" if values["database_cores"].value is not None else ""
    named = ""
    if "contributor" in values:
        named = (
            " The work of all rose to {server_working_sessions} from {server_working_baseline_sessions}"
            + cores
            + "; {contributor_ratio} of the increase is one statement of {contributor}: {contributor_statement}."
        )
    if verdict == "supported":
        covers = (
            ", which covers {explained_ratio} of their excess time [{explained_low_ratio} to {explained_high_ratio}]."
        )
        return worked + covers + named, {}
    if verdict == "refuted":
        if values.get("database_state") is not None and values["database_state"].value == "effect":
            return (
                "Sessions that waited for their client rose to {client_sessions} from {client_baseline_sessions} in "
                "the baseline: idle in transaction and ClientRead, no lock, no CPU ({lock_sessions} waited for a lock, "
                "the database worked for {working_sessions}). What rose is an effect: their client stood still."
            ), {}
        kinds = {t.name for t in tests if t.passed is False}
        if "timing" in kinds:
            locks = values.get("database_state") is not None and values["database_state"].value == "waiting for locks"
            rest = " What rose were sessions that waited for a lock ({lock_sessions})." if locks else ""
            return worked + ": {against}." + rest + named, against(tests)
        if "magnitude" in kinds:
            return worked + ", which covers at most {explained_high_ratio} of their excess time." + named, {}
        return worked + ", but it does not single out what was sick: {against}." + named, against(tests)
    open_ones = [t for t in tests if t.passed is None and t.name in ("timing", "magnitude")]
    if open_ones:
        text = "Whether the load of the database made requests bad cannot be decided; {open_question}."
        if values["working_sessions"].value and "clock_ahead_seconds" not in values:
            text += f" {worked}."
        question = f"{open_ones[0].name}: {open_ones[0].reason}"
        return text + named, {"open_question": Value(open_ones[0].name, "name", question)}
    if any(t.passed is False for t in tests):
        return worked + ", but one test speaks against it ({against})." + named, against(tests)
    return worked + "; neither dose, specificity nor reversal could confirm that it made requests bad." + named, {}
