"""Connection storm: whether an application asked the database for connections so often that they were refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.correlate.effect import change
from analysis.findings import Finding, Observation, Test, Value, number, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.dose import database_entity, study
from analysis.hypotheses.database.words import against
from analysis.hypotheses.explained import Explained, judged
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, five_tests, study_edges, unheard
from analysis.signals.attempts import attempts
from analysis.signals.requests import Episode
from analysis.sources.pglog.frames import PostgresLog
from analysis.window import Window

__all__ = ["examine"]

NAME = "connection_storm"
STEP_SECONDS = 2.0
RISE_FLOOR = 1.0  # attempts a second
STORM = 5.0  # times the usual rate
MOST_CONTROLS = 50  # applications
CAVEAT = "A client that is refused may try again at once: part of the attempts can be an answer to the refusals."

BY_NUMBER = "Which request met which refusal is not recorded: they are compared by their number in each step."


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test the attempts to connect to the database against the symptom.

    Parameters
    ----------
    case : Case
        Evidence with a database log that tells of connections, symptom.

    Returns
    -------
    (findings, observations)
        One finding for the database server; it names the application whose attempts rose most.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [f.verdict for f in findings]
    ['not_testable']
    """
    entity = database_entity(case)
    file = case.evidence.files.get("postgres-log", "the evidence")
    blank = Finding(
        NAME, "mechanism", entity, "not_testable", f"A connection storm at {entity.name}",
        evidence=(f"connections received, authorized and refused in {file}",),
    )  # fmt: skip
    log = case.evidence.database_log
    if not len(log.connections):
        return (unheard(blank, "no log of the database's connections was recorded (log_connections)"),), ()
    for name, window in (("baseline", case.incident.baseline), ("incident window", case.incident.window)):
        if not _covers(log, window):
            return (unheard(blank, f"the database's log does not cover the {name}"),), ()
    if reason := beyond_reach(case):
        return (unheard(blank, reason),), ()
    tried = attempts(log.connections)
    finding = conclude(blank, [_trial(case, tried, episode) for episode in case.symptom.episodes], case, _state)
    counted = () if case.incident.spec.symptom.source == "connects" else (BY_NUMBER,)
    return (replace(finding, caveats=(CAVEAT, *counted)),), ()


def _covers(log: PostgresLog, window: Window) -> bool:
    """Return whether the log reaches over a window: something is logged before its end and after its start."""
    frames = (log.statements, log.connections, log.checkpoints, log.errors, log.lock_waits)
    ends = [(f.index[0], f.index[-1]) for f in frames if len(f)]
    return bool(min(a for a, _ in ends) <= window.start and window.end <= max(b for _, b in ends))


def _trial(case: Case, tried: pd.DataFrame, episode: Episode) -> Trial:
    """Run the five tests on one episode."""
    edges = study_edges(case, episode, STEP_SECONDS)
    rates = _rates(tried, edges)
    ends = edges[1:]
    before, during = ((ends > w.start_us) & (ends <= w.end_us) for w in (case.incident.baseline, episode.window))
    rise = {who: float(x[during].mean() - x[before].mean()) if during.any() and before.any() else 0.0
            for who, x in rates.items()}  # fmt: skip
    suspect = max(rise, key=lambda who: (rise[who], who)) if rise else ""
    rate = rates.get(suspect, np.zeros(len(ends)))
    usual = float(rate[before].mean()) if before.any() else float("nan")
    dose = Dose(edges, rate, "attempts_per_second", "attempts/s", max(RISE_FLOOR, (STORM - 1) * usual), RISE_FLOOR / 4,
                "attempts a second")  # fmt: skip
    chance = min(1.0, max(len(rates), 1) * change(rate[before], rate[during], floor=dose.spread_floor).p_value)
    explained = _explained(case, tried, episode, (edges, rate, np.sum(list(rates.values()), axis=0)), usual)
    magnitude = _magnitude(case, explained)
    others = dict(sorted((w, x) for w, x in rates.items() if w != suspect)[:MOST_CONTROLS])
    tests = five_tests(case, episode, dose, magnitude=magnitude, specificity=others, q_value=chance)
    share = explained.share if np.isfinite(explained.share) else 0.0
    return Trial(episode, tests, share, _values(tried, suspect, case.incident.baseline, episode.window)
                 | _shares(explained, magnitude))  # fmt: skip


def _rates(tried: pd.DataFrame, edges: np.ndarray) -> dict[str, np.ndarray]:
    """Return attempts a second of each application in each step; none is a known zero."""
    at = pd.DatetimeIndex(tried.index).as_unit("us").asi8
    step = np.searchsorted(edges, at, side="left") - 1
    inside = (step >= 0) & (step < len(edges) - 1)
    seconds = float(edges[1] - edges[0]) / 1e6
    who = tried["route"].to_numpy()[inside]
    return {
        str(name): np.bincount(step[inside][who == name], minlength=len(edges) - 1) / seconds
        for name in sorted(set(who.tolist()))
    }


def _explained(
    case: Case, tried: pd.DataFrame, episode: Episode, rates: tuple[np.ndarray, np.ndarray, np.ndarray], usual: float
) -> Explained:
    """Return the share of the bad ones that attempts beyond the usual account for.

    Of attempts to connect: each counts as much as the suspect's attempts beyond its usual rate are of all attempts of
    its step. Of requests: as many of the bad ones of a step as the service itself was refused connections in it; where
    nothing tells which attempts are the service's, none of them certainly, and as many as anybody was refused possibly.
    """
    edges, rate, every = rates
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = np.where(every > 0, np.clip((rate - usual) / every, 0.0, 1.0), 0.0)
    table = case.symptom.requests
    bad = table[table["bad"].to_numpy() & episode.window.holds(pd.DatetimeIndex(table.index))]
    step = np.clip(np.searchsorted(edges, pd.DatetimeIndex(bad.index).as_unit("us").asi8, side="left") - 1, 0,
                   len(edges) - 2)  # fmt: skip
    n, held = len(bad), beyond[step]
    possible = held
    if case.incident.spec.symptom.source != "connects":
        refused = tried[(tried["status"] == "refused").to_numpy()]
        mine = refused["route"].isin(_service_names(case)).to_numpy()
        told = tried["route"].isin(_service_names(case)).any()
        many = np.maximum(np.bincount(step, minlength=len(edges) - 1), 1)
        own, any_one = (
            np.minimum(np.histogram(pd.DatetimeIndex(part.index).as_unit("us").asi8, bins=edges)[0] / many, 1.0)
            for part in (refused[mine], refused)
        )
        held, possible = held * own[step], held * (own if told else any_one)[step]
    share, most = (float(x.mean()) if n else float("nan") for x in (held, possible))
    return Explained(share, share, most, n, np.ones(n), held)


def _service_names(case: Case) -> set[str]:
    """Return the applications and users that are the service's, as far as the evidence tells."""
    names = {case.incident.spec.service.workload}
    if len(case.evidence.sessions):
        found = study(case)
        names |= {name for owner in found.owners for name in owner if name} if found.told_by else set()
    return names


def _magnitude(case: Case, explained: Explained) -> Test:
    if not explained.n:
        return undecided("magnitude", "no bad one lies in the interval")
    of = (
        "number"
        if case.incident.spec.symptom.source == "connects"
        else "number, if each connection refused to the service made one bad"
    )
    return judged(explained, what="attempts beyond the usual account for", of=of)


def _shares(explained: Explained, magnitude: Test) -> dict[str, Value]:
    nan = float("nan")
    found = {
        "explained_ratio": explained.share,
        "explained_low_ratio": nan if magnitude.low is None else magnitude.low,
        "explained_high_ratio": nan if magnitude.high is None else magnitude.high,
    }
    return {name: value(min(max(x, 0.0), 1.0) if np.isfinite(x) else x, "ratio") for name, x in found.items()}


def _values(tried: pd.DataFrame, suspect: str, baseline: Window, window: Window) -> dict[str, Value]:
    index = pd.DatetimeIndex(tried.index)
    mine = (tried["route"] == suspect).to_numpy()
    rates = [np.count_nonzero(mine & w.holds(index)) / w.duration_seconds for w in (window, baseline)]
    inside = window.holds(index)
    refused = (tried["status"] == "refused").to_numpy() & inside
    name = suspect or "an application without a name"
    return {
        "application": Value(name, "name", name),
        "attempts_rate": _rate(rates[0]),
        "attempts_baseline_rate": _rate(rates[1]),
        "refused": value(int(refused.sum()), "count"),
        "attempts": value(int(inside.sum()), "count"),
        "own_refused_ratio": value(float((refused & mine).sum() / max(refused.sum(), 1)), "ratio"),
    }


def _rate(x: float) -> Value:
    return Value(x, "attempts/s", f"{number(x)} times a second" if x else "never")


def _state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow, no stronger: its template, and the values that it needs besides."""
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    if values["refused"].value == 0 and verdict == "refuted":
        return "The database refused no connection while requests were bad" + interval + ".", {}
    asked = (
        "{application} asked for a connection {attempts_rate} ({attempts_baseline_rate} in the baseline) in the bad "
        "interval" + interval + "; the database refused {refused} of {attempts} attempts of all"
    )
    if verdict == "supported":
        return asked + (
            ", {own_refused_ratio} of them its own. Attempts beyond the usual account for {explained_ratio} of what "
            "was bad [{explained_low_ratio} to {explained_high_ratio}]."
        ), {}  # fmt: skip
    if verdict == "refuted":
        return asked + ": {against}.", against(tests)
    open_ones = [t for t in tests if t.passed is None and t.name in ("timing", "magnitude")]
    if open_ones:
        question = f"{open_ones[0].name}: {open_ones[0].reason}"
        text = "Whether a connection storm made requests bad cannot be decided; {open_question}. " + asked + "."
        return text, {"open_question": Value(open_ones[0].name, "name", question)}
    if any(t.passed is False for t in tests):
        return asked + ", but one test speaks against it ({against}).", against(tests)
    return asked + "; neither dose, specificity nor reversal could confirm it.", {}
