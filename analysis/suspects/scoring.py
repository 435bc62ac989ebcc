"""From sizes to scores: what the symptom's kind, its movement, the call graph and change events add or take off."""

from __future__ import annotations

import numpy as np

__all__ = ["CLEAR", "RESOURCES", "event_score", "likeness", "path_discounts", "weigh"]

CLEAR = 9.0  # spreads: a level this far from both its usual and its last value is believed to have changed
UNLIKE = 1 / 4  # weight of a series of another kind than the symptom's: propagated trouble shows in the same quantity
STILL = 1 / 2  # weight of a series that does not move with the symptom; one that moves in step has 1
DISCOUNT = 1 / 2  # of the strongest callee's score is taken off its caller: trouble is passed up, seldom down
RESOURCES = ("cpu", "throttling", "memory", "gc", "db", "network")  # a lane of its own: causes unlike any symptom


def likeness(kinds: np.ndarray, symptom_kind: str | None) -> np.ndarray:
    """Return the weight of each series for being of the symptom's kind or a resource's; 1 without a symptom.

    Parameters
    ----------
    kinds : ndarray of str, shape (k,)
        Kinds of the series.
    symptom_kind : str or None
        Kind of the symptom.

    Examples
    --------
    >>> likeness(np.array(["latency", "cpu", "load"]), "latency").tolist()
    [1.0, 1.0, 0.25]
    """
    if symptom_kind is None:
        return np.ones(len(kinds))
    return np.where(np.isin(kinds.astype(str), (symptom_kind, *RESOURCES)), 1.0, UNLIKE)


def weigh(size: np.ndarray, like: np.ndarray, r: np.ndarray | None) -> np.ndarray:
    """Return size x likeness x co-movement, the raw score of each series; unknown movement counts as none.

    Parameters
    ----------
    size, like : ndarray, shape (k,)
        Signed size [spreads] and likeness.
    r : ndarray, shape (k,), or None
        Correlation with the symptom; None without one.

    Examples
    --------
    >>> weigh(np.array([-8.0, 8.0]), np.ones(2), np.array([-1.0, np.nan])).tolist()
    [8.0, 4.0]
    """
    together = 1.0 if r is None else 1 - STILL + STILL * np.abs(np.nan_to_num(r))
    # nine digits: equal series stay equal in any unit, and their order then follows the names
    return np.asarray([float(f"{v:.9g}") for v in np.abs(size) * like * together])


def path_discounts(
    scores: np.ndarray, entities: np.ndarray, kinds: np.ndarray, calls: dict[str, list[str]]
) -> tuple[np.ndarray, dict[str, str]]:
    """Return what each series loses to the strongest callee of its entity, and which callee that is.

    Parameters
    ----------
    scores : ndarray, shape (k,)
        Raw scores.
    entities, kinds : ndarray of str, shape (k,)
        Of the series. Resources and events lose nothing, and take nothing off.
    calls : dict
        Callees of each caller.

    Returns
    -------
    (ndarray, dict)
        Discounts, shape (k,), and entity -> callee.

    Examples
    --------
    >>> s, e, k = np.array([9.0, 8.0]), np.array(["web", "db"]), np.array(["latency", "latency"])
    >>> path_discounts(s, e, k, {"web": ["db"]})
    (array([4., 0.]), {'web': 'db'})
    """
    passed_on = ~np.isin(kinds.astype(str), (*RESOURCES, "event"))
    best: dict[str, float] = {}
    for entity, score in zip(entities[passed_on], scores[passed_on], strict=True):
        best[entity] = max(best.get(entity, 0.0), float(score))
    off, by = {}, {}
    for caller, callees in calls.items():
        score, callee = max(((best.get(c, 0.0), c) for c in callees), default=(0.0, ""))
        if score > 0:
            off[caller], by[caller] = DISCOUNT * score, callee
    discount = np.array([off.get(e, 0.0) if p else 0.0 for e, p in zip(entities, passed_on, strict=True)])
    return discount, by


def event_score(changes: np.ndarray, onset: int, n: int) -> tuple[float, float, int]:
    """Return the score of change events by how near one lies before the onset, the chance of that, and which one.

    Parameters
    ----------
    changes : ndarray of int, shape (c,)
        Positions of the changes, ascending.
    onset : int
        Position of the symptom's onset, or of the incident's first sample.
    n : int
        Samples in all.

    Returns
    -------
    (float, float, int)
        CLEAR x (1 - p) with p = min(1, changes x distance / samples), p, and the change's position; score 0 and
        position -1 where no change lies before or at the onset.

    Notes
    -----
    A sample says that a change fell between it and the one before: the distance is at least one sample.

    Examples
    --------
    >>> event_score(np.array([48]), 50, 100)
    (8.82, 0.02, 48)
    """
    before = changes[changes <= onset]
    if not len(before) or n <= 0:
        return 0.0, float("nan"), -1
    nearest = int(before[-1])
    p = min(1.0, len(changes) * max(onset - nearest, 1) / n)
    return CLEAR * (1 - p), p, nearest
