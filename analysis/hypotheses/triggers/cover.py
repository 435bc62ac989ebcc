"""What stretches of time cover: of the bad requests in flight, and of a span."""

from __future__ import annotations

import numpy as np

from analysis.hypotheses.explained import Cover
from analysis.signals.mesh import UnderWay
from analysis.signals.stretches import share_of_steps

__all__ = ["cover_of", "share_in"]


def cover_of(pushes: UnderWay) -> tuple[np.ndarray, Cover]:
    """Return edges [us], shape (n + 1,), and what pushes cover between them: all or nothing, NaN where unknown.

    Examples
    --------
    >>> span = np.array([[0, 10]])
    >>> edges, cover = cover_of(UnderWay(span[:0], np.array([[2, 4]]), np.array([[1, 4]]), span))
    >>> edges.tolist(), cover.mid.tolist(), cover.high.tolist()
    ([0, 1, 2, 4, 10], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0])
    """
    edges = np.unique(np.concatenate([part.ravel() for part in pushes]))
    if len(edges) < 2:
        return np.array([0, 1], "i8"), Cover(*(np.zeros(1) for _ in Cover._fields))
    low, mid, high, known = (np.round(share_of_steps(part, edges)) for part in pushes)
    return edges, Cover(low, np.where((known > 0) | (mid > 0), mid, np.nan), high)


def share_in(stretches: np.ndarray, start_us: int, end_us: int) -> float:
    """Return the share of a span that disjoint stretches cover [ratio]; NaN for an empty span.

    Examples
    --------
    >>> share_in(np.array([[0, 5], [8, 20]]), 4, 14)
    0.7
    """
    if end_us <= start_us:
        return float("nan")
    inside = np.clip(stretches.reshape(-1, 2), start_us, end_us)
    return float((inside[:, 1] - inside[:, 0]).sum() / (end_us - start_us))
