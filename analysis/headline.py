"""The first sentence of a report, and the numbers of the impact."""

from __future__ import annotations

import string
from collections import Counter

import pandas as pd

from analysis.findings import Finding, Value, sentence, value
from analysis.hypotheses.case import Case
from analysis.spec import COUNTED

__all__ = ["headline", "impact"]

EXCESS = "{explained_all_ratio} of the bad requests' excess time"
# what the headline says of a suspect; the first whose values were computed
CLAUSES = {
    "cpu_throttling": (
        "container {container} was held by its CPU limit in {throttled_ratio} of its periods {which_episodes}, and the "
        "stops cover " + EXCESS,
    ),
    "gc_pauses": (
        "threads of the JVM of {container} waited for memory in {stalled_ratio} of the time {which_episodes}, it stood "
        "still for {paused_ratio}, and both cover " + EXCESS,
        "the JVM of {container} stood still for {paused_ratio} of the time {which_episodes}, and the stops cover "
        + EXCESS,
    ),
    "lock_contention": (
        "database sessions waited for locks {which_episodes}, {blocker_ratio} of that behind {blocker}, "
        "{blocker_state}, and the waiting covers " + EXCESS,
        "database sessions waited for locks {which_episodes}, and the waiting covers " + EXCESS,
    ),
    "db_load": (
        "the database was at work {which_episodes}, {contributor_ratio} of the increase for {contributor}, and that "
        "covers " + EXCESS,
        "the database was at work {which_episodes}, and that covers " + EXCESS,
    ),
    "call_amplification": (
        "a request to {route} made {statements_mean} {which_episodes}, {statements_baseline_mean} before, and those "
        "beyond the usual are {explained_all_ratio} of the bad requests' {excess_of}",
    ),
    "connection_storm": (
        "{application} asked the database for a connection {attempts_rate} {which_episodes}, {refused} of {attempts} "
        "attempts of all were refused, and those beyond the usual account for {explained_all_ratio} of what was bad",
    ),
    "server_side_fault": ("{entity} answered slowly or failed {which_episodes}, and that covers " + EXCESS,),
    "client_side_fault": (
        "the fault lies on the side of {entity} {which_episodes}: no server's clock accounts for " + EXCESS,
    ),
}  # fmt: skip
OTHERWISE = "{suspect} of {entity} covers " + EXCESS
MOST_UNDECIDED = 3
WHILE = "a {suspect} of {entity} was under way in " + EXCESS


def impact(case: Case) -> dict[str, Value]:
    """Return what it cost: requests, failures, duration, burn of the error budget.

    Parameters
    ----------
    case : Case
        Its episodes count, and the window.
    """
    episodes, spec = case.symptom.episodes, case.incident.spec.symptom
    table = case.symptom.requests
    inside = table[case.incident.window.holds(pd.DatetimeIndex(table.index))]
    requests, bad = sum(e.requests for e in episodes), sum(e.bad for e in episodes)
    ratio = bad / requests if requests else float("nan")
    units = {"requests": "requests", "connects": "attempts to connect"}
    unit = units.get(spec.source, f"samples of {spec.source}")
    return {
        "unit": Value(unit, "name", unit),
        "service": Value(case.incident.spec.service.workload, "name", case.incident.spec.service.workload),
        "requests_in_window": value(len(inside), "count"),
        "bad_in_window": value(int(inside["bad"].sum()), "count"),
        "bad_requests": value(bad, "count"),
        "requests": value(requests, "count"),
        "failed_requests": value(sum(e.failed for e in episodes), "count"),
        "slow_requests": value(sum(e.slow for e in episodes), "count"),
        "bad_ratio": value(ratio, "ratio"),
        "duration_seconds": value(sum(e.window.duration_seconds for e in episodes), "seconds"),
        "episodes": value(len(episodes), "count"),
        "objective_ratio": value(spec.objective_ratio, "ratio"),
        "min_duration_seconds": value(spec.min_duration_seconds, "seconds"),
        "heavy_requests": value(max(bad - sum(e.failed + e.slow for e in episodes), 0), "count"),
        "more_statements_than": value(spec.more_statements_than or float("nan"), "count"),
        "slower_than_seconds": value(spec.slower_than_seconds or float("nan"), "seconds"),
        "burn_rate": value(ratio / (1 - spec.objective_ratio) if requests else float("nan"), "count"),
    }


def _bad_words(case: Case) -> str:
    spec = case.incident.spec.symptom
    if spec.source not in COUNTED:
        return "exceeded what the objective allows"
    slow = "took longer than {slower_than_seconds}" if spec.slower_than_seconds is not None else ""
    heavy = "made more than {more_statements_than} statements" if spec.more_statements_than is not None else ""
    return " or ".join(filter(None, ["failed" if spec.failed else "", slow, heavy]))


def headline(case: Case, findings: tuple[Finding, ...], values: dict[str, Value]) -> str:
    """Return one sentence: what users felt, and the first supported suspect; its numbers are added to the values.

    Parameters
    ----------
    case : Case
        With the symptom.
    findings : tuple of Finding
        Ranked.
    values : dict of str to Value
        From `impact`; what the sentence names besides is added.
    """
    if not case.symptom.measurable:
        return sentence("{service}: the symptom could not be measured: no request was recorded in the window.", values)
    if not case.symptom.episodes:
        text = "{service}: no incident: {bad_in_window} of {requests_in_window} {unit} " + _bad_words(case)
        text += ", never beyond the objective of {objective_ratio} for {min_duration_seconds}."
        return sentence(text, values)
    text = "{service}: {bad_ratio} of {unit} " + _bad_words(case) + " for {duration_seconds}"
    first = next((f for f in findings if f.rank == 1), None)
    if first is None:
        counts = Counter(f.verdict for f in findings)
        tested = len(findings) - counts["not_testable"]
        values |= {"examined": value(tested, "count"), "refuted": value(counts["refuted"], "count")}
        values["not_testable"] = value(counts["not_testable"], "count")
        text += "; none of the {examined} suspects examined is supported, {refuted} refuted"
        text += ", {not_testable} more not testable" if counts["not_testable"] else ""
        return sentence(text + _undecided(findings, values) + ".", values)
    if first.role != "mechanism":
        text += "; no mechanism that was tested is supported" + _undecided(findings, values)
    for place, finding in (("cause", first), ("second", _second(findings, first))):
        if finding is not None:
            clause, needed = _clause(finding, place)
            text += f"; {clause}"
            values.update(needed)
    return sentence(text + ".", values)


def _undecided(findings: tuple[Finding, ...], values: dict[str, Value]) -> str:
    """Return which mechanisms were suspected and could not be decided, added to the values: nothing acquits them."""
    names = [
        f"{f.hypothesis.replace('_', ' ')} of {f.entity.name}"
        for f in findings
        if f.verdict == "insufficient" and f.role == "mechanism"
    ]
    if not names:
        return ""
    more = [f"{len(names) - MOST_UNDECIDED} more"] if len(names) > MOST_UNDECIDED else []
    told = ", ".join(names[:MOST_UNDECIDED] + more)
    values["undecided"] = Value(told, "name", told)
    return "; not decided for want of evidence: {undecided}"


def _second(findings: tuple[Finding, ...], first: Finding) -> Finding | None:
    """Return the first supported mechanism of bad intervals that the first suspect does not explain."""
    told = set(first.episodes)
    return next((f for f in findings if f.rank and f.role == "mechanism" and not told & set(f.episodes)), None)


def _clause(finding: Finding, place: str) -> tuple[str, dict[str, Value]]:
    """Return what a finding says in a headline, its values named after its place there."""
    otherwise = WHILE if finding.role == "trigger" else OTHERWISE
    template = next((t for t in CLAUSES.get(finding.hypothesis, ()) if _names(t) <= finding.values.keys()), otherwise)
    entity = Value(finding.entity.name, "name", finding.entity.name)
    suspect = finding.hypothesis.replace("_", " ")
    held = {"entity": entity, "suspect": Value(suspect, "name", suspect), **finding.values}
    if held.get("which_episodes", entity).text == "":
        template = template.replace(" {which_episodes}", "")
    names = _names(template)
    renamed = {name: f"{{{place}_{name}}}" for name in names}
    return template.format_map(renamed), {f"{place}_{name}": held[name] for name in names}


def _names(template: str) -> set[str]:
    return {name for _, name, *_ in string.Formatter().parse(template) if name}
