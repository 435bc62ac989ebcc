"""Stretches of time [us]: their union, and the share of each step that they cover."""

from __future__ import annotations

import numpy as np

__all__ = ["share_of_steps", "union"]


def union(stretches: np.ndarray) -> np.ndarray:
    """Return disjoint stretches in order that cover the same time.

    Parameters
    ----------
    stretches : ndarray of int64, shape (m, 2)
        Starts and ends [us], in any order; those without length are left out.

    Returns
    -------
    ndarray of int64, shape (k, 2)
        Stretches that touch are one.

    Examples
    --------
    >>> union(np.array([[5, 9], [0, 2], [2, 6], [7, 7]])).tolist()
    [[0, 9]]
    """
    pairs = np.asarray(stretches, dtype="i8").reshape(-1, 2)
    pairs = pairs[pairs[:, 1] > pairs[:, 0]]
    if not len(pairs):
        return pairs
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    reach = np.maximum.accumulate(pairs[:, 1])
    first = np.r_[True, pairs[1:, 0] > reach[:-1]]
    return np.stack([pairs[first, 0], reach[np.r_[first[1:], True]]], axis=1)


def share_of_steps(stretches: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the share of each step that lies in a stretch; overlapping ones count once.

    Parameters
    ----------
    stretches : ndarray of int64, shape (m, 2)
        Starts and ends [us].
    edges : ndarray of int64, shape (n + 1,)
        Ascending, not necessarily regular [us].

    Returns
    -------
    ndarray, shape (n,)
        From 0 to 1.

    Examples
    --------
    >>> share_of_steps(np.array([[5, 15], [12, 16]]), np.array([0, 10, 20])).tolist()
    [0.5, 0.6]
    """
    if len(edges) < 2:
        return np.zeros(0)
    cover = union(stretches)
    if not len(cover):
        return np.zeros(len(edges) - 1)
    joints = cover.ravel()
    spent = np.cumsum(np.r_[0, np.diff(joints) * np.tile([1, 0], len(cover))[: len(joints) - 1]])
    covered = np.interp(edges, joints, spent)  # flat before the first and after the last
    return np.asarray(np.clip(np.diff(covered) / np.diff(edges), 0.0, 1.0))
