"""How far threads that wait for memory hold requests: none is known to be on them, but what completes meanwhile tells.

A stall holds one thread, a stop all of them. Which thread serves a request no log says. Where at least as many threads
wait as requests are under way, all of these may be held; whether they are shows in how many complete in that time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.exposure import request_starts
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window
from analysis.signals.gc import stopped_seconds
from analysis.signals.gc_stalls import stalled_threads
from analysis.signals.in_flight import occupancy

__all__ = ["NO_HOLD", "Hold", "Loads", "hold_of", "loads_of", "stall_marks", "stall_shares"]

SURE = 0.25  # of requests under way that are held for certain; with less, what to expect is not known
FEWEST = 20  # completions beside the stalls, and as many to expect in them: fewer know no rate
MARGIN_STEPS = 20  # blocks of time for the error
Z = 1.96


class Hold(NamedTuple):
    """Share of the requests under way that stalls held while as many threads waited, with its lower bound.

    1 - rate of completions per request under way in such time / rate beside stalls and stops. NaN and 0: not known.
    `full_seconds` is how long at least as many threads waited as requests were under way.
    """

    share: float
    low: float
    full_seconds: float
    completed: int
    expected: float


NO_HOLD = Hold(float("nan"), 0.0, 0.0, 0, float("nan"))


class Loads(NamedTuple):
    """Per step of some edges [us]: seconds, requests and stalled threads at a time, whether it is stopped, known."""

    seconds: np.ndarray
    requests: np.ndarray
    threads: np.ndarray
    stopped: np.ndarray
    known: np.ndarray

    @property
    def full(self) -> np.ndarray:
        """Steps beside stops in which at least as many threads waited as requests were under way; shape (n,), bool."""
        return np.asarray(self.known & ~self.stopped & (self.threads >= 1) & (self.threads >= self.requests))


def stall_marks(jvm: Jvm) -> np.ndarray:
    """Return every start and end of a stall [us]: between them the number of stalled threads is constant."""
    stalls = jvm.log.stalls
    ends = pd.DatetimeIndex(stalls.index).as_unit("us").asi8
    return np.concatenate([pd.DatetimeIndex(stalls["start"]).as_unit("us").asi8, ends])


def loads_of(requests: pd.DataFrame, jvm: Jvm, edges: np.ndarray) -> Loads:
    """Return how many requests were under way and how many threads stalled in each step.

    Parameters
    ----------
    requests : DataFrame
        All of them: index end (UTC, us), column duration_seconds.
    jvm : Jvm
        With stalls.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us], with every start and end of a stop or a stall.
    """
    seconds = np.diff(edges) / 1e6
    ends = pd.DatetimeIndex(requests.index).as_unit("us").asi8
    under_way = occupancy(request_starts(requests), ends, np.ones(len(ends)), edges)
    held, seen = (np.diff(stopped_seconds(spans, edges)) >= 0.5 * seconds for spans in (jvm.stops, jvm.known))
    threads = np.nan_to_num(stalled_threads(jvm.log.stalls, edges, jvm.known))
    return Loads(seconds, np.round(under_way, 9), np.round(threads, 9), held, seen)


def hold_of(case: Case, window: Window, jvm: Jvm) -> Hold:
    """Return how far stalls held requests while at least as many threads waited as requests were under way.

    Parameters
    ----------
    case : Case
        With all requests.
    window : Window
        An episode: requests beside stalls are compared in it, not with a healthy time.
    jvm : Jvm
        With stalls.

    Notes
    -----
    Of requests that are held none completes. The share is 1 less the ratio of two rates, each completions per
    request-second under way; its error the larger of that of two counts and of a jackknife over twenty blocks of time.
    With fewer than twenty completions beside the stalls, or to expect in them, it is not known.
    """
    if not len(jvm.stalled):
        return NO_HOLD
    marks = np.concatenate([stall_marks(jvm), jvm.stops.ravel(), jvm.known.ravel()])
    even = np.linspace(window.start_us, window.end_us, MARGIN_STEPS + 1).astype("i8")
    edges = np.unique(np.concatenate([np.clip(marks, window.start_us, window.end_us), even]))
    loads = loads_of(case.symptom.requests, jvm, edges)
    ends = pd.DatetimeIndex(case.symptom.requests.index).as_unit("us").asi8
    place = np.searchsorted(edges, ends, side="left") - 1
    inside = place[(place >= 0) & (place < len(edges) - 1)]
    completed = np.bincount(inside, minlength=len(edges) - 1)
    block = np.clip(np.searchsorted(even, edges[:-1], side="right") - 1, 0, MARGIN_STEPS - 1)
    beside = loads.known & ~loads.stopped & (loads.threads <= 0)
    risk = loads.requests * loads.seconds
    counts, risks = (
        [np.bincount(block[kind], x[kind], MARGIN_STEPS) for kind in (loads.full, beside)] for x in (completed, risk)
    )
    full = float(loads.seconds[loads.full].sum())
    if counts[1].sum() < FEWEST or not risks[1].sum() > 0:
        return NO_HOLD._replace(full_seconds=full, completed=int(counts[0].sum()))
    expected = float(risks[0].sum() * counts[1].sum() / risks[1].sum())
    if expected < FEWEST:
        return NO_HOLD._replace(full_seconds=full, completed=int(counts[0].sum()), expected=expected)
    share = _held(counts, risks)
    left = [_held([c.sum() - c[i] for c in counts], [r.sum() - r[i] for r in risks]) for i in range(MARGIN_STEPS)]
    kept = np.array([x for x in left if np.isfinite(x)])
    jackknife = float(np.sqrt((len(kept) - 1) * kept.var())) if len(kept) > 1 else 1.0
    counted = (1 - share) * float(np.sqrt(1 / (counts[0].sum() + 0.5) + 1 / (counts[1].sum() + 0.5)))
    low = float(np.clip(share - Z * max(jackknife, counted), 0.0, 1.0))
    return Hold(float(np.clip(share, 0.0, 1.0)), low, full, int(counts[0].sum()), expected)


def _held(counts: list[np.ndarray], risks: list[np.ndarray]) -> float:
    """Return 1 less the ratio of two rates; half a completion is added to each count."""
    (c0, c1), (r0, r1) = ([float(np.sum(x)) for x in pair] for pair in (counts, risks))
    return 1 - (c0 + 0.5) / r0 * r1 / (c1 + 0.5) if r0 > 0 and r1 > 0 else float("nan")


def stall_shares(loads: Loads, hold: Hold) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which share of each step held a request in flight: certainly, as expected, at most; 0 without a stall.

    Parameters
    ----------
    loads : Loads
        Of the steps.
    hold : Hold
        Of the JVM.

    Returns
    -------
    (ndarray, ndarray, ndarray), shape (n,) each
        While fewer threads wait than requests are under way, or where the completions do not show that a quarter was
        held, nothing is certain, everything is possible, and what to expect is NaN, not known.

    Examples
    --------
    >>> one = np.ones(3)
    >>> loads = Loads(one, one, np.array([0.0, 1.0, 0.5]), one == 0, one == 1)
    >>> [x.tolist() for x in stall_shares(loads, Hold(0.9, 0.8, 1.0, 3, 30.0))]
    [[0.0, 0.8, 0.0], [0.0, 0.9, nan], [0.0, 1.0, 1.0]]
    """
    some, sure = loads.threads > 0, loads.full & (hold.low >= SURE)
    low, mid = np.where(sure, hold.low, 0.0), np.where(sure, hold.share, np.where(some, np.nan, 0.0))
    return low, mid, np.where(some, 1.0, 0.0)
