"""Call amplification: whether requests of a route made more statements each than usual (N+1), and others did not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.correlate.effect import change
from analysis.findings import TESTS, Entity, Finding, Observation, Test, Value, number, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.amplified import MEASURED, Routes, amplified, repeated, routes_of
from analysis.hypotheses.database.words import against
from analysis.hypotheses.explained import Explained, judged
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, five_tests, study_edges, unheard
from analysis.signals.requests import Episode
from analysis.window import Window

__all__ = ["examine"]

NAME = "call_amplification"
STEP_SECONDS = 5.0
RISE_FLOOR = 1.0  # statements a request more
CAVEAT = "Statements a request are as the service counted them; what a driver adds by itself is not among them."


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test whether requests of a route made more statements each than usual.

    Parameters
    ----------
    case : Case
        Evidence with a request log that counts statements, symptom.

    Returns
    -------
    (findings, observations)
        One finding for the service; it names the route with the largest part of the increase.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [f.verdict for f in findings]
    ['not_testable']
    """
    service = case.incident.spec.service
    file = case.evidence.files.get("requests", "the request log")
    blank = Finding(
        NAME, "mechanism", Entity(service.namespace, service.workload), "not_testable",
        f"Call amplification of {service.workload}", evidence=(f"statements of each request in {file}",),
    )  # fmt: skip
    if reason := _blind(case) or beyond_reach(case):
        return (unheard(blank, reason),), ()
    finding = conclude(blank, [_trial(case, episode) for episode in case.symptom.episodes], case, _state)
    return (replace(finding, caveats=(CAVEAT,)),), ()


def _blind(case: Case) -> str | None:
    """Return why the statements of requests are not known, None if they are."""
    table = case.evidence.requests
    if "statements" not in table or not table["statements"].notna().any():
        return "the request log does not say how many statements each request made"
    index = pd.DatetimeIndex(table.index)
    for name, window in (("baseline", case.incident.baseline), ("incident window", case.incident.window)):
        part = table["statements"][window.holds(index)]
        if not len(part) or part.notna().mean() < MEASURED:
            return f"the statements of too few requests are known in the {name}"
    return None


def _trial(case: Case, episode: Episode) -> Trial:
    """Run the five tests on one episode."""
    table = case.evidence.requests
    routes = routes_of(table, case.incident.baseline, episode.window)
    if routes.route is None:
        reason = "no route has requests in both the baseline and the bad interval"
        return Trial(episode, tuple(undecided(n, reason) for n in TESTS), 0.0, _values(case, routes, episode.window))
    edges = study_edges(case, episode, STEP_SECONDS)
    doses = {route: _per_step(table, edges, route) for route in routes.table.index}
    explained, of = amplified(case, episode, routes)
    magnitude = _magnitude(explained, of, routes)
    floor = max(RISE_FLOOR, 0.5 * routes.baseline_statements)
    dose = Dose(
        edges, doses[routes.route], "statements_per_request_count", "count", floor, floor / 4, "statements a request"
    )
    chance = _chance(case, episode, dose, len(doses))
    others = {route: x for route, x in doses.items() if route != routes.route}
    tests = five_tests(case, episode, dose, magnitude=magnitude, specificity=others, q_value=chance)
    share = explained.share if explained is not None and np.isfinite(explained.share) else 0.0
    values = _values(case, routes, episode.window) | _shares(explained, magnitude)
    return Trial(episode, tests, share, values | {"excess_of": Value(of, "name", of)})


def _chance(case: Case, episode: Episode, dose: Dose, routes: int) -> float:
    """Return the p of the rise, for the best of so many routes (Bonferroni); NaN where it cannot be told."""
    ends = dose.edges[1:]
    before, during = (
        dose.value[(ends > w.start_us) & (ends <= w.end_us) & np.isfinite(dose.value)]
        for w in (case.incident.baseline, episode.window)
    )
    return min(1.0, routes * change(before, during, floor=dose.spread_floor).p_value)


def _per_step(table: pd.DataFrame, edges: np.ndarray, route: str) -> np.ndarray:
    """Return the mean statements of the requests of a route that completed in each step; NaN without any."""
    part = table[(table["route"] == route).to_numpy() & table["statements"].notna().to_numpy()]
    step = np.searchsorted(edges, pd.DatetimeIndex(part.index).as_unit("us").asi8, side="left") - 1
    inside = (step >= 0) & (step < len(edges) - 1)
    n = np.bincount(step[inside], minlength=len(edges) - 1)
    total = np.bincount(step[inside], weights=part["statements"].to_numpy()[inside], minlength=len(edges) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(n > 0, total / n, np.nan))


def _magnitude(explained: Explained | None, of: str, routes: Routes) -> Test:
    if explained is None:
        return undecided("magnitude", "the request log does not say how long each request spent in the database")
    if not routes.grew:
        share = replace(explained, share=0.0, low=0.0, high=0.0, stalled_seconds=np.zeros(explained.n))
        return judged(share, what="statements beyond the usual are", of=of)
    return judged(explained, what="statements beyond the usual of the route are", of=of)


def _shares(explained: Explained | None, magnitude: Test) -> dict[str, Value]:
    nan = float("nan")
    found = {
        "explained_ratio": nan if explained is None else explained.share,
        "explained_low_ratio": nan if magnitude.low is None else magnitude.low,
        "explained_high_ratio": nan if magnitude.high is None else magnitude.high,
    }
    return {name: value(min(max(x, 0.0), 1.0) if np.isfinite(x) else x, "ratio") for name, x in found.items()}


def _values(case: Case, routes: Routes, window: Window) -> dict[str, Value]:
    name = routes.route or "any route"
    found = {
        "route": Value(name, "name", name),
        "statements_mean": _statements(routes.window_statements),
        "statements_baseline_mean": _statements(routes.baseline_statements),
        "all_statements_mean": _statements(routes.all_window),
        "all_statements_baseline_mean": _statements(routes.all_baseline),
        "route_ratio": value(routes.part, "ratio"),
    }
    return found | repeated(case, routes.route, window)


def _statements(x: float) -> Value:
    text = number(x) if np.isfinite(x) else "an unknown number of"
    return Value(float(x) if np.isfinite(x) else None, "count", f"{text} statement{'' if text == '1' else 's'}")


def _state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow, no stronger: its template, and the values that it needs besides."""
    interval = " {which_episodes}" if values["which_episodes"].text else ""
    made = (
        "A request to {route} made {statements_mean} on average while requests were bad"
        + interval
        + " ({statements_baseline_mean} in the baseline); over all routes it was {all_statements_mean} a request, "
        "{all_statements_baseline_mean} before"
    )
    told = ""
    if "repeated_count" in values:
        told = (
            ". In the middle request to it one statement came {repeated_count} times ({repeated_baseline_count} in the "
            "baseline): {repeated_statement}"
        )
    load = "" if "load_sessions" not in values else ". " + (
        "The work of the database was {load_sessions} on average, {load_baseline_sessions} in the baseline"
    )  # fmt: skip
    if verdict == "supported":
        return made + told + (
            ". The statements beyond the usual are {explained_ratio} of the bad requests' {excess_of} "
            "[{explained_low_ratio} to {explained_high_ratio}]"
        ) + load + ".", {}  # fmt: skip
    if verdict == "refuted":
        return made + ": {against}.", against(tests)
    open_ones = [t for t in tests if t.passed is None and t.name in ("timing", "magnitude")]
    if open_ones:
        question = f"{open_ones[0].name}: {open_ones[0].reason}"
        text = "Whether more statements a request made requests bad cannot be decided; {open_question}. "
        return text + made + told + ".", {"open_question": Value(open_ones[0].name, "name", question)}
    if any(t.passed is False for t in tests):
        return made + ", but one test speaks against it ({against}).", against(tests)
    return made + "; neither dose, specificity nor reversal could confirm that it made requests bad.", {}
