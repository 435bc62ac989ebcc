"""Did as much of a trigger pass without harm elsewhere in the recording: the specificity of what set off."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.correlate.shift import contrast_shift_test
from analysis.findings import Measured, Test, failed, number, passed, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollouts import removals
from analysis.signals.requests import Episode, bins

__all__ = ["harm_test", "limits_removed", "recorded_edges"]

ALPHA = 0.05
MOST_STEPS = 4000  # of the whole recording, for the contrast with the rest of it


def recorded_edges(case: Case, step_seconds: float, anchor_us: int = 0) -> np.ndarray:
    """Return a regular grid over all recorded requests, in phase with an anchor, shape (n + 1,) [us].

    Parameters
    ----------
    case : Case
        With requests.
    step_seconds : float
        Length of a step [s]; longer where the recording would have more than 4,000 of them.
    anchor_us : int
        A time at which a step should end [us].
    """
    times = pd.DatetimeIndex(case.symptom.requests.index).as_unit("us").asi8
    if not len(times):
        return np.zeros(0, "i8")
    first, last = int(times[0]) - 1, int(times[-1])
    step = max(round(step_seconds * 1e6), -(-(last - first) // MOST_STEPS), 1)
    first -= (first - anchor_us) % step
    return np.arange(first, last + step, step, dtype="i8")


def limits_removed(case: Case) -> tuple[int, ...]:
    """Return when a container that the bad requests pass lost its CPU limit [us]: what came after is no like.

    Parameters
    ----------
    case : Case
        With containers.
    """
    passed_by = [cpus for (namespace, workload, _), cpus in case.groups.items() if case.on_path(namespace, workload)]
    return tuple(sorted({r.since.value // 1000 for cpus in passed_by for r in removals(cpus)}))


def harm_test(case: Case, episode: Episode, edges: np.ndarray, held: np.ndarray, what: str) -> Test:
    """Test whether requests were bad where the trigger was, in the whole recording, and good where it was not.

    Parameters
    ----------
    case : Case
        Requests and objective. Other episodes are left out, which may have other causes, and what lies on the other
        side of the removal of a CPU limit, where conditions differ.
    episode : Episode
        The stretch to explain.
    edges : ndarray of int64, shape (n + 1,)
        From `recorded_edges` [us].
    held : ndarray, shape (n,)
        Share of each step in which the trigger was; NaN unknown. A step counts as with it from a half on.
    what : str
        Of the trigger, in words: "a push was under way".

    Returns
    -------
    Test
        value: share of bad requests with the trigger less that without it; p over all circular shifts. Fails where
        most of the steps with it, outside the episode or not, passed without harm: as much of it came elsewhere and
        nobody was hurt.
    """
    if len(edges) < 3:
        return undecided("specificity", "too few steps were recorded")
    total, bad = bins(case.symptom.requests, edges)
    keep = np.isfinite(held) & (total > 0)
    for other in case.symptom.episodes:
        if other.id != episode.id:
            keep &= ~((edges[1:] > other.window.start_us) & (edges[:-1] < other.window.end_us))
    for time in limits_removed(case):
        keep &= (edges[1:] <= time) == (episode.window.end_us <= time)
    share, on = bad[keep] / total[keep], held[keep] >= 0.5
    if not on.any() or on.all():
        reason = "never" if not on.any() else "always"
        return undecided("specificity", f"{what} {reason} in what was recorded: nothing to compare with")
    allowed = 1 - case.incident.spec.symptom.objective_ratio
    sick = int(np.count_nonzero(share[on] > allowed))
    weights = np.where(on, 1 / on.sum(), -1 / (~on).sum())
    found = contrast_shift_test(share, weights)
    n = int(on.sum())
    spread = 1.96 * float(np.std(share[on])) / np.sqrt(max(n, 1))
    bounds = max(found.value - spread, -1.0), min(found.value + spread, 1.0)
    measured = Measured(found.value, "ratio", *bounds, len(share), found.p_value)
    words = (
        f"in {sick} of the {n} steps in which {what} requests were bad, {value(float(share[on].mean()), 'ratio').text} "
        f"of them against {value(float(share[~on].mean()), 'ratio').text} elsewhere "
        f"(p {number(found.p_value, 2)} against shifts in time)"
    )
    if 2 * sick < n:
        return failed("specificity", measured, words, reason="mostly it passed without harm")
    if found.p_value <= ALPHA:
        return passed("specificity", measured, words)
    return undecided("specificity", f"not distinguishable from chance: {words}", measured)
