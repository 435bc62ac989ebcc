"""How much of time, and of the bad requests, the stops and stalls of JVMs cover around an episode."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.event_overlap import EventOverlap, event_overlap
from analysis.correlate.known import mean_of_known
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import Cover, Explained, explained_by
from analysis.hypotheses.gc.jvms import Jvm
from analysis.hypotheses.gc.onset import Levels
from analysis.hypotheses.gc.stall_cover import hold_of, loads_of, stall_marks, stall_shares
from analysis.hypotheses.trial import extended
from analysis.signals.gc import paused_ratio, stopped_seconds
from analysis.signals.requests import Episode

__all__ = ["Covered", "covered_by", "levels_of", "overlap_of"]

LOOK_BACK_SECONDS = 60.0  # before the episode, or its length if that is longer
DRAWS, MOST_REQUESTS = 99, 200  # for the null of overlaps


def levels_of(case: Case, episode: Episode, pods: tuple[Jvm, ...]) -> Levels:
    """Return the share of time stopped, or with a stall, in the baseline, just before the episode, in it, after it."""
    start, _ = case.bad_durations(episode)
    began = int(start.min()) if len(start) else episode.window.start_us
    reach = round(max(episode.window.duration_seconds, LOOK_BACK_SECONDS) * 1e6)
    later = [e.window.start_us for e in case.symptom.episodes if e.window.start_us > episode.window.end_us]
    index = case.symptom.requests.index
    last = int(index[-1].value // 1000) if len(index) else 0
    until = min([extended(case, episode).end_us, last, *later])
    spans = [
        (case.incident.baseline.start_us, case.incident.baseline.end_us), (began - reach, began),
        (episode.window.start_us, episode.window.end_us), (episode.window.end_us, until),
    ]  # fmt: skip
    shares = [mean_of_known([_share(p.held, p, span) for p in pods]) for span in spans]
    known = min(float(np.diff(stopped_seconds(p.known, np.array(spans[3])))[0]) for p in pods)
    return Levels(shares[0], shares[1], shares[2], shares[3], known)


def _share(spans: np.ndarray, jvm: Jvm, span: tuple[int, int]) -> float:
    return float(paused_ratio(spans, np.array(span), jvm.known)[0]) if span[1] > span[0] else float("nan")


class Covered(NamedTuple):
    """The bad requests of an episode (start, end), edges at every start and end of a stop or stall [us], the cover."""

    requests: tuple[np.ndarray, np.ndarray]
    edges: np.ndarray
    cover: Cover
    explained: Explained


def covered_by(case: Case, episode: Episode, pods: tuple[Jvm, ...]) -> Covered:
    """Return how far stops and stalls of JVMs cover the bad requests, beyond what is stopped in the baseline anyway.

    Parameters
    ----------
    case : Case
        Requests and baseline.
    episode : Episode
        The stretch to explain.
    pods : tuple of Jvm
        Which of several a bad request went to is not known: certain is what all of them cover, possible what any does.
        Nor is it which thread: a stall covers what `stall_cover` says.
    """
    requests = case.bad_durations(episode)
    edges, cover = _cover(case, episode, pods, requests)
    baseline = (case.incident.baseline.start_us, case.incident.baseline.end_us)
    usual = float(np.nan_to_num(mean_of_known([_share(p.stops, p, baseline) for p in pods])))
    explained = explained_by(requests, edges, cover, typical_seconds=case.symptom.typical_seconds, usual=usual)
    return Covered(requests, edges, cover, explained)


def _cover(
    case: Case, episode: Episode, pods: tuple[Jvm, ...], requests: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, Cover]:
    """Return edges, and whether JVMs held requests between: all, their share, any; NaN where a log tells nothing."""
    study = extended(case, episode)
    bounds = np.array([study.start_us, study.end_us])
    if len(requests[0]):
        bounds = np.array([min(study.start_us, int(requests[0].min())), max(study.end_us, int(requests[1].max()))])
    marks = [bounds, *(x for p in pods for x in (p.stops.ravel(), p.known.ravel(), stall_marks(p)))]
    edges = np.unique(np.clip(np.concatenate(marks), *bounds))
    low, mid, high = (np.stack(rows) for rows in zip(*(_held(case, episode, p, edges) for p in pods), strict=True))
    return edges, Cover(low.min(axis=0), mid.mean(axis=0), high.max(axis=0))


def _held(case: Case, episode: Episode, jvm: Jvm, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which share of each step a JVM held requests: certainly, as expected, at most; NaN where nothing is known.

    In a stop all of them, beside stops what its stalls do.
    """
    steps = np.diff(edges) / 1e6
    held = np.clip(np.diff(stopped_seconds(jvm.stops, edges)) / steps, 0, 1)
    seen = np.diff(stopped_seconds(jvm.known, edges)) >= 0.5 * steps
    share = np.where(seen, held, np.nan)
    if not len(jvm.stalled):
        return share, share, share
    stalls = stall_shares(loads_of(case.symptom.requests, jvm, edges), hold_of(case, episode.window, jvm))
    low, mid, high = (np.where(held >= 0.5, share, np.where(seen, x, np.nan)) for x in stalls)
    return low, mid, high


def overlap_of(
    case: Case, episode: Episode, pods: tuple[Jvm, ...], requests: tuple[np.ndarray, np.ndarray]
) -> EventOverlap | None:
    """Return how bad requests overlap stops and stalls against these shifted in time; None for several JVMs together.

    Of very many requests some, evenly chosen: the null needs no more.
    """
    if len(pods) > 1 or not len(requests[0]):
        return None
    study = extended(case, episode)
    pick = np.unique(np.linspace(0, len(requests[0]) - 1, min(len(requests[0]), MOST_REQUESTS)).astype(int))
    asked = np.stack([requests[0][pick], requests[1][pick]], axis=1).astype(float)
    study_us = (float(study.start_us), float(study.end_us))
    found = event_overlap(asked, pods[0].held.astype(float), study_us, draws=DRAWS)
    whole = len(requests[0]) / len(pick)
    return found._replace(overlap=found.overlap * whole, expected_overlap=found.expected_overlap * whole)
