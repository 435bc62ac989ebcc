"""The grid on which a JVM's share of time stopped is read beside the requests."""

from __future__ import annotations

import numpy as np

from analysis.correlate.known import mean_of_known
from analysis.hypotheses.case import Case
from analysis.hypotheses.trial import extended, study_edges
from analysis.incident import Window
from analysis.signals.requests import Episode, bins

__all__ = ["grid_of", "known_inside"]

STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
MOST_STEPS = 2000
FEWEST_STEPS = 6  # in the episode; a coarser grid knows no onset
KNOWN = 0.8  # of the share of steps that the best grid knows


def grid_of(case: Case, episode: Episode) -> np.ndarray:
    """Return the finest grid on which about as many steps have a completed request as on any coarser one.

    While a JVM stands still no request completes: in steps shorter than its stops the symptom would be unknown just
    there.

    Parameters
    ----------
    case : Case
        With baseline, window and requests.
    episode : Episode
        The stretch to explain.

    Returns
    -------
    ndarray of int64, shape (n + 1,)
        As of `trial.study_edges` [us].
    """
    least = max(float(np.ceil(extended(case, episode).duration_seconds / MOST_STEPS)), STEPS[0])
    steps = [least, *(s for s in STEPS if s > least and episode.window.duration_seconds >= FEWEST_STEPS * s)]
    finest = study_edges(case, episode, least)
    if _heard(case, episode, finest) >= KNOWN:
        return finest
    grids = [study_edges(case, episode, step) for step in steps]
    known = [_heard(case, episode, edges) for edges in grids]
    return next(edges for edges, share in zip(grids, known, strict=True) if share >= KNOWN * max(known))


def _heard(case: Case, episode: Episode, edges: np.ndarray) -> float:
    """Return in which share of steps a request completed, in baseline or episode, whichever has less."""
    heard = np.where(bins(case.symptom.requests, edges)[0] > 0, 1.0, 0.0)
    shares = [mean_of_known(known_inside(heard, edges, w)) for w in (episode.window, case.incident.baseline)]
    return float(np.nan_to_num(min(shares)))


def known_inside(ratio: np.ndarray, edges: np.ndarray, window: Window) -> np.ndarray:
    """Return the known values of the steps that touch a window.

    Examples
    --------
    >>> edges = np.arange(4) * 1_000_000
    >>> known_inside(np.array([0.5, np.nan, 0.25]), edges, Window("1970-01-01T00:00:01Z", "1970-01-01T00:00:03Z"))
    array([0.25])
    """
    held = ratio[(edges[1:] > window.start_us) & (edges[:-1] < window.end_us)]
    return np.asarray(held[np.isfinite(held)])
