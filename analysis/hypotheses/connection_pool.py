"""Did requests wait for a connection of the service's pool? A full pool is an effect: something holds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.findings import Entity, Finding, Measured, Observation, Test, Value, failed, passed, undecided, value
from analysis.hypotheses.calls.book import book_of
from analysis.hypotheses.calls.inside import above_usual, steps_of
from analysis.hypotheses.calls.timing import at_another_time
from analysis.hypotheses.calls.words import magnitude_values, worded
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import Cover, explained_by, magnitude_of
from analysis.hypotheses.trial import Dose, Trial, beyond_reach, conclude, five_tests, study_edges, unheard
from analysis.signals.in_flight import occupancy
from analysis.signals.pool import Pool, waiting
from analysis.signals.requests import Episode

__all__ = ["examine"]

NAME = "connection_pool"
OFTEN, RARELY = 0.25, 0.05  # of the scrapes in which a pool is full: in an episode, in a normal time
MOST_FINDINGS = 10


def examine(case: Case) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
    """Test whether the bad requests waited for a connection.

    Parameters
    ----------
    case : Case
        Evidence and symptom.

    Returns
    -------
    (findings, observations)
        One finding per pool name of the service, its pods together.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> findings, _ = examine(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> [(f.role, f.verdict) for f in findings]
    [('effect', 'not_testable')]
    """
    service = case.incident.spec.service
    who = (service.namespace, service.workload)
    mine = [
        p for p in book_of(case).pools if (p.namespace, case.workload(p.namespace, p.pod)) == who and len(p.times) > 2
    ]
    blank = Finding(NAME, "effect", Entity(*who), "not_testable", f"Waiting for connections of {service.workload}")
    if not mine:
        return (unheard(blank, "no metrics of a connection pool of the service were recorded"),), ()
    pools = {name: tuple(p for p in mine if p.name == name) for name in sorted({p.name for p in mine})}
    order = sorted(pools, key=lambda name: -max(float(np.nanmax(p.pending, initial=0.0)) for p in pools[name]))
    return tuple(_finding(case, blank, name, pools[name]) for name in order[:MOST_FINDINGS]), ()


def _finding(case: Case, blank: Finding, name: str, pools: tuple[Pool, ...]) -> Finding:
    entity = replace(blank.entity, container=name, pods=tuple(sorted({p.pod for p in pools})))
    blank = replace(blank, entity=entity, evidence=tuple(sorted({f"{p.metric} in raw/samples.parquet" for p in pools})))
    if reason := beyond_reach(case):
        return unheard(blank, reason)
    held = (
        "{waiting_mean} threads waited for a connection of {pool} on average while requests were bad, {timeouts} gave "
        "up; it was full in {full_ratio} of the scrapes ({full_baseline_ratio} in the baseline)"
    )
    state = worded("waiting for a connection of {pool} held the bad requests", held, "that waiting covers")
    found = conclude(blank, [_trial(case, episode, pools) for episode in case.symptom.episodes], case, state)
    if found.verdict == "supported":
        return replace(found, caveats=("A full pool says that its connections were held, not by what.",))
    return found


def _trial(case: Case, episode: Episode, pools: tuple[Pool, ...]) -> Trial:
    step = float(np.median(np.diff(pools[0].times))) / 1e6
    edges = study_edges(case, episode, step, int(pools[0].times[0]))
    parts = np.stack([above_usual(edges, waiting(p, edges), case.incident.baseline) for p in pools])
    known = np.isfinite(parts)
    waits = np.where(known.any(axis=0), np.where(known, parts, 0.0).sum(axis=0), np.nan)
    start, end = requests = case.bad_durations(episode)
    bad = occupancy(start, end, np.ones(len(start)), edges)
    share = np.where(bad > 0, np.minimum(waits / np.maximum(bad, 1e-9), 1.0), np.where(np.isfinite(waits), 0.0, np.nan))
    cover = Cover(share, share, share)
    explained = explained_by(requests, edges, cover, typical_seconds=case.symptom.typical_seconds)
    magnitude = magnitude_of(explained, requests, edges, cover, what="waiting for a connection covers")
    during = steps_of(edges, episode.window)
    floor = max(0.01 * float(bad[during].mean()) if during.any() else 0.0, 1e-3)
    dose = Dose(edges, waits, "pool_waiting_count", "count", floor, floor / 2, "threads waiting for a connection")
    full, full_before = (_full(pools, w.start_us, w.end_us) for w in (episode.window, case.incident.baseline))
    tests = five_tests(case, episode, dose, magnitude=magnitude, specificity=_ran_full(full, full_before))
    tests = at_another_time(tests)
    expected = explained.share if np.isfinite(explained.share) else 0.0
    mean = float(np.nanmean(waits[during])) if np.isfinite(waits[during]).any() else float("nan")
    gone = [p.timeouts[(p.times[1:] > episode.window.start_us) & (p.times[:-1] < episode.window.end_us)] for p in pools]
    values = magnitude_values(magnitude, expected) | {
        "pool": Value(pools[0].name, "name", pools[0].name),
        "waiting_mean": value(mean, "count"),
        "timeouts": value(float(np.nansum(np.concatenate(gone))), "count"),
        "full_ratio": value(full[0], "ratio"),
        "full_baseline_ratio": value(full_before[0], "ratio"),
    }
    return Trial(episode, tests, expected, values)


def _full(pools: tuple[Pool, ...], start_us: int, end_us: int) -> tuple[float, int]:
    """Return the share of scrapes in which a pool was full, and their number; NaN where its limit is not known."""
    full, seen = 0, 0
    for p in pools:
        good = (p.times > start_us) & (p.times <= end_us) & np.isfinite(p.active) & (p.limit > 0)
        full += int(np.count_nonzero(p.active[good] >= p.limit[good]))
        seen += int(good.sum())
    return (full / seen if seen else float("nan")), seen


def _ran_full(episode: tuple[float, int], baseline: tuple[float, int]) -> Test:
    """Test whether the pool ran full in the episode and hardly ever in the baseline."""
    name, (during, n), (before, m) = "specificity", episode, baseline
    if not n or not m:
        return undecided(name, "the connections in use and the size of the pool were not both recorded")
    from scipy.special import bdtrc  # imported late: half a CPU second that a notebook need not pay

    hits = round(during * n)
    chance = float(bdtrc(hits - 1, n, max(before, 1 / (m + 1)))) if hits else 1.0
    measured = Measured(during, "ratio", None, None, n, chance)
    words = f"full in {value(during, 'ratio').text} of the scrapes, {value(before, 'ratio').text} in the baseline"
    if during >= OFTEN and before <= RARELY:
        return passed(name, measured, words)
    if not hits:
        return failed(name, measured, f"it was never full ({words})", reason="the pool never ran full")
    return undecided(name, words, measured)
