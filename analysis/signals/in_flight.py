"""How many calls were under way at a time, from counters of those that ended: Little's law, step by step."""

from __future__ import annotations

import numpy as np

__all__ = ["finished", "in_flight", "occupancy"]


def occupancy(starts: np.ndarray, ends: np.ndarray, weights: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how many spans are under way on average in each (edges[i], edges[i+1]].

    Parameters
    ----------
    starts, ends : ndarray, shape (m,)
        Spans [us].
    weights : ndarray, shape (m,)
        What each counts for.
    edges : ndarray, shape (n + 1,)
        Ascending [us].

    Returns
    -------
    ndarray, shape (n,)
        Weighted time inside the step over its length.

    Examples
    --------
    >>> occupancy(np.array([0.0, 5.0]), np.array([10.0, 10.0]), np.ones(2), np.array([0.0, 5.0, 10.0])).tolist()
    [1.0, 2.0]
    """
    origin = float(edges[0])
    joints = edges.astype(float) - origin
    spent = _ramps(starts.astype(float) - origin, weights, joints) - _ramps(
        ends.astype(float) - origin, weights, joints
    )
    return np.asarray(np.diff(spent) / np.diff(joints))


def _ramps(since: np.ndarray, weights: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the sum of weights * max(at - since, 0) at each time."""
    order = np.argsort(since, kind="stable")
    before = np.searchsorted(since[order], at, side="right")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    moment = np.concatenate([[0.0], np.cumsum((weights * since)[order])])
    return np.asarray(total[before] * at - moment[before])


def in_flight(times: np.ndarray, calls: np.ndarray, seconds: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how many calls were under way on average in each step of a grid, from counters of finished ones.

    Parameters
    ----------
    times : ndarray of int64, shape (n + 1,)
        Scrape times [us].
    calls, seconds : ndarray, shape (n,)
        Finished in each step, and how long they took [s]; NaN unknown.
    edges : ndarray of int64, shape (m + 1,)
        Grid [us].

    Returns
    -------
    ndarray, shape (m,)
        Calls under way; NaN where less than half of the step was observed.

    Notes
    -----
    The calls of a step are taken as ending evenly in it, each after their mean duration: a call that took ten seconds
    was under way before the scrape that first counts it.

    Examples
    --------
    >>> scraped = np.array([0, 10, 20]) * 1_000_000
    >>> in_flight(scraped, np.array([0.0, 1.0]), np.array([0.0, 10.0]), scraped).round(3).tolist()
    [0.5, 0.5]
    """
    known = np.isfinite(seconds) & np.isfinite(calls)
    fine = 8
    lengths = np.diff(times).astype(float)
    ends = times[:-1, None] + lengths[:, None] * (np.arange(fine) + 0.5) / fine
    count = np.where(known & (calls > 0), calls, 0.0)
    mean = np.divide(seconds, count, out=np.zeros(len(count)), where=count > 0)
    busy = count > 0
    weights = np.repeat(count[busy] / fine, fine)
    stops = ends[busy].ravel()
    found = occupancy(stops - np.repeat(mean[busy] * 1e6, fine), stops, weights, edges)
    seen = occupancy(times[:-1][known].astype(float), times[1:][known].astype(float), np.ones(known.sum()), edges)
    return np.where(seen >= 0.5, found, np.nan)


def finished(times: np.ndarray, counted: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return increments between scrapes on another grid, each spread evenly over its step.

    Parameters
    ----------
    times : ndarray of int64, shape (n + 1,)
        Scrape times [us].
    counted : ndarray, shape (n,)
        Increase in each step; NaN unknown.
    edges : ndarray of int64, shape (m + 1,)
        Grid [us].

    Returns
    -------
    ndarray, shape (m,)
        NaN where less than half of the step was observed.

    Examples
    --------
    >>> finished(np.array([0, 10, 20]), np.array([4.0, 2.0]), np.array([0, 5, 15, 20])).tolist()
    [2.0, 3.0, 1.0]
    """
    known = np.isfinite(counted)
    joints, at = times.astype(float), edges.astype(float)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, counted, 0.0))])
    seen = np.concatenate([[0.0], np.cumsum(np.where(known, np.diff(joints), 0.0))])
    inside = np.diff(np.interp(at, joints, seen)) >= 0.5 * np.diff(at)
    return np.where(inside, np.diff(np.interp(at, joints, total)), np.nan)
