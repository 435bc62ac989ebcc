"""Which requests met a stop or stall for no reason of their own: those after its start, whatever became of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.correlate.shift import contrast_shift_test
from analysis.findings import Measured, Test, failed, number, passed, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import Jvm
from analysis.hypotheses.trial import study_edges
from analysis.signals.gc import stopped_seconds
from analysis.signals.requests import Episode

__all__ = ["NO_EXPOSURE", "Exposure", "exposure_of", "exposure_test", "request_starts"]

ALPHA = 0.05
STEP_SECONDS, MOST_STEPS = 0.1, 20_000
BLOCKS = 40  # of time, for the error of the difference
FEW = 5  # requests of a kind; with fewer there is nothing to compare


class Exposure(NamedTuple):
    """Seconds of stop in the first `reach_seconds` after a request's start: mean of bad and of good ones, their n.

    `p_value`: chance of as large a difference with the stops shifted in time; `error_seconds` of the difference.
    """

    bad_seconds: float
    good_seconds: float
    n_bad: int
    n_good: int
    p_value: float
    error_seconds: float
    reach_seconds: float


NO_EXPOSURE = Exposure(float("nan"), float("nan"), 0, 0, float("nan"), float("nan"), float("nan"))


def request_starts(requests: pd.DataFrame) -> np.ndarray:
    """Return the start of each request [us], shape (m,); its end where the duration is unknown.

    Parameters
    ----------
    requests : DataFrame
        Index end (UTC, us), column duration_seconds.

    Examples
    --------
    >>> table = pd.DataFrame({"duration_seconds": [1.5]}, index=pd.to_datetime([2_000_000], unit="us", utc=True))
    >>> request_starts(table).tolist()
    [500000]
    """
    end = pd.DatetimeIndex(requests.index).as_unit("us").asi8
    return np.asarray(end - np.round(np.nan_to_num(requests["duration_seconds"].to_numpy()) * 1e6).astype("i8"))


def exposure_of(
    starts: np.ndarray, bad: np.ndarray, stops: tuple[np.ndarray, ...], known: np.ndarray, edges: np.ndarray, *,
    reach_seconds: float,
) -> Exposure:  # fmt: skip
    """Compare what stops the bad and the good requests met in the first seconds after their start.

    A slow request lasts longer and so overlaps more stops: that says nothing (length bias). The seconds after its start
    are as many for each, and belong to the JVM's log alone.

    Parameters
    ----------
    starts : ndarray of int64, shape (m,)
        Starts of requests [us].
    bad : ndarray of bool, shape (m,)
        Which were bad.
    stops : tuple of ndarray of int64, shape (k, 2) each
        Stops of each JVM [us], disjoint and in order: a request is held to have met their mean.
    known : ndarray of bool, shape (n,)
        Steps to compare in.
    edges : ndarray of int64, shape (n + 1,)
        Regular and fine grid of the study [us], the circle of the shifts.
    reach_seconds : float
        How many seconds after the start [s].

    Notes
    -----
    The null: all circular shifts of the stops against the requests, which keep the bursts of both. The error: a
    jackknife over forty blocks of time.

    Examples
    --------
    >>> edges, starts = np.arange(0, 61) * 1_000_000, np.arange(0, 60) * 1_000_000 + 500_000
    >>> bad = np.isin(np.arange(60), (10, 20, 30, 40, 50))
    >>> stops = np.array([[10, 12], [20, 22], [30, 32], [40, 42], [50, 52]]) * 1_000_000
    >>> found = exposure_of(starts, bad, (stops,), np.ones(60, dtype=bool), edges, reach_seconds=1.5)
    >>> round(found.bad_seconds, 2), round(found.good_seconds, 2), round(found.p_value, 2)
    (1.5, 0.14, 0.02)
    """
    n = len(edges) - 1
    place = np.searchsorted(edges, starts, side="left") - 1
    inside = (place >= 0) & (place < n)
    inside[inside] &= known[place[inside]]
    counts = [np.bincount(place[inside & kind], minlength=n).astype(float) for kind in (bad, ~bad)]
    middle = (edges[:-1] + edges[1:]) / 2
    reach = reach_seconds * 1e6
    met = np.mean([stopped_seconds(s, middle + reach) - stopped_seconds(s, middle) for s in stops], axis=0)
    sums = [float(c.sum()) for c in counts]
    nan = float("nan")
    if min(sums) < FEW:
        return Exposure(nan, nan, int(sums[0]), int(sums[1]), nan, nan, reach_seconds)
    means = [float(c @ met) / s for c, s in zip(counts, sums, strict=True)]
    neutral = np.where(known, met, met[known].mean())
    found = contrast_shift_test(neutral, counts[0] / sums[0] - counts[1] / sums[1])
    error = _jackknife(counts, met)
    return Exposure(means[0], means[1], int(sums[0]), int(sums[1]), found.p_value, error, reach_seconds)


def _jackknife(counts: list[np.ndarray], met: np.ndarray) -> float:
    """Return the standard error of the difference of two weighted means, leaving out blocks of time."""
    cuts = np.linspace(0, len(met), BLOCKS + 1).astype(int)[:-1]
    kept = []
    for c in counts:
        weight, total = np.add.reduceat(c, cuts), np.add.reduceat(c * met, cuts)
        with np.errstate(invalid="ignore", divide="ignore"):
            kept.append((total.sum() - total) / (weight.sum() - weight))
    difference = kept[0] - kept[1]
    difference = difference[np.isfinite(difference)]
    m = len(difference)
    return float(np.sqrt((m - 1) * difference.var())) if m > 1 else float("nan")


def exposure_test(case: Case, episode: Episode, pods: tuple[Jvm, ...]) -> tuple[Test, Exposure]:
    """Test whether stops and stalls touched the requests that became bad and spared those that did not.

    Parameters
    ----------
    case : Case
        Requests, baseline and window; other episodes are left out.
    episode : Episode
        The stretch to explain.
    pods : tuple of Jvm
        Those that are suspected.

    Returns
    -------
    (Test, Exposure)
        Specificity. value: seconds of stop met by bad requests less by good ones; p over all circular shifts.
    """
    threshold = case.incident.spec.symptom.slower_than_seconds
    start, end = case.bad_durations(episode)
    reach = float(threshold or (np.median(end - start) / 1e6 if len(end) else 0.0))
    if not len(end) or reach <= 0:
        return undecided("specificity", "how long the bad requests took was not recorded"), NO_EXPOSURE
    coarse = study_edges(case, episode, STEP_SECONDS)
    step = max(STEP_SECONDS, np.ceil(len(coarse) / MOST_STEPS) * STEP_SECONDS)
    edges = coarse if step == STEP_SECONDS else study_edges(case, episode, step)
    known = np.all([_seen(p, edges, reach) for p in pods], axis=0) & _outside_others(case, episode, edges)
    table = case.symptom.requests
    stops = tuple(p.held for p in pods)
    if not known.any():
        return undecided("specificity", "the GC log does not cover the requests"), NO_EXPOSURE
    found = exposure_of(request_starts(table), table["bad"].to_numpy(), stops, known, edges, reach_seconds=reach)
    return _judged(found, stalls=any(p.stalls_in(episode.window) for p in pods)), found


def _judged(found: Exposure, *, stalls: bool) -> Test:
    if not np.isfinite(found.p_value):
        few = f"{number(found.n_bad)} bad and {number(found.n_good)} good requests"
        return undecided("specificity", f"nothing to compare: {few}, or no stop")
    difference, spread = found.bad_seconds - found.good_seconds, 1.96 * found.error_seconds
    low, high = (difference - spread, difference + spread) if np.isfinite(spread) else (None, None)
    measured = Measured(difference, "s", low, high, found.n_bad + found.n_good, found.p_value)
    words = (
        f"in the first {value(found.reach_seconds, 'seconds').text} after their start bad requests met "
        f"{value(found.bad_seconds, 'seconds').text} of {'stops or stalls' if stalls else 'stops'}, good ones "
        f"{value(found.good_seconds, 'seconds').text} "
        f"(p {number(found.p_value, 2)} against the same {'times' if stalls else 'stops'} shifted in time)"
    )
    if difference <= 0 and stalls:
        return undecided("specificity", f"a stall holds one thread only: {words}", measured)
    if difference <= 0:
        return failed("specificity", measured, words, reason="good requests met as much of it")
    if found.p_value <= ALPHA:
        return passed("specificity", measured, words)
    return undecided("specificity", f"not distinguishable from chance: {words}", measured)


def _seen(jvm: Jvm, edges: np.ndarray, reach_seconds: float) -> np.ndarray:
    """Return the steps after whose middle the log tells of all that could be met, shape (n,), bool."""
    middle, reach = (edges[:-1] + edges[1:]) / 2, reach_seconds * 1e6
    return np.asarray(
        stopped_seconds(jvm.known, middle + reach) - stopped_seconds(jvm.known, middle) >= 0.999 * reach_seconds
    )


def _outside_others(case: Case, episode: Episode, edges: np.ndarray) -> np.ndarray:
    keep = np.ones(len(edges) - 1, dtype=bool)
    for other in case.symptom.episodes:
        if other.id != episode.id:
            keep &= (edges[1:] <= other.window.start_us) | (edges[:-1] >= other.window.end_us)
    return keep
