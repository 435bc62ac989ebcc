"""How many of the counts of coarse steps fall into fine intervals: expected, and between which bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Within", "counts_within"]


class Within(NamedTuple):
    """Counts inside each interval: certain (`low`), expected (`mid`), possible (`high`), and `capacity`."""

    low: np.ndarray
    mid: np.ndarray
    high: np.ndarray
    capacity: np.ndarray


def counts_within(
    starts: np.ndarray, ends: np.ndarray, edges: np.ndarray, counts: np.ndarray, capacity: np.ndarray
) -> Within:
    """Distribute the counts of consecutive steps over intervals, with exact bounds.

    A step (edges[j], edges[j+1]] saw `counts[j]` of `capacity[j]` slots hit, at unknown places. An interval that
    covers a share f of the step holds f * capacity slots: at least counts - (1 - f) * capacity and at most
    min(counts, f * capacity) of them are hit; f * counts are expected.

    Parameters
    ----------
    starts, ends : ndarray, shape (m,)
        Intervals, in the unit of the edges.
    edges : ndarray, shape (k + 1,)
        Ascending.
    counts, capacity : ndarray, shape (k,)
        Hits and slots of each step; NaN (unknown) counts as no slots.

    Returns
    -------
    Within
        Four arrays, shape (m,). What lies outside the edges holds no slots.

    Examples
    --------
    >>> edges, hits, slots = np.array([0.0, 5, 10]), np.array([10.0, 50]), np.array([50.0, 50])
    >>> [float(v[0]) for v in counts_within(np.array([3.0]), np.array([7.0]), edges, hits, slots)]
    [20.0, 24.0, 30.0, 40.0]
    """
    known = np.isfinite(counts) & np.isfinite(capacity)
    s = np.where(known, capacity, 0.0)
    c = np.minimum(np.where(known, counts, 0.0), s)  # more hits than slots: counters read a moment apart
    if not len(c):
        return Within(*(np.zeros(len(starts)) for _ in Within._fields))
    k, widths = len(c), np.diff(edges)
    a, b = np.clip(starts, edges[0], edges[-1]), np.clip(ends, edges[0], edges[-1])
    first = np.clip(np.searchsorted(edges, a, side="right") - 1, 0, k - 1)
    last = np.clip(np.searchsorted(edges, b, side="left") - 1, 0, k - 1)
    last = np.maximum(first, last)

    def part(step: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        slots = share * s[step]
        return np.maximum(0.0, c[step] - (s[step] - slots)), share * c[step], np.minimum(c[step], slots), slots

    same = first == last
    head_end = np.where(same, b, edges[first + 1])
    head = part(first, np.clip((head_end - a) / widths[first], 0, 1))
    tail_share = np.where(same, 0.0, np.clip((b - edges[last]) / widths[last], 0, 1))
    tail = tuple(np.where(same, 0.0, v) for v in part(last, tail_share))
    whole_c, whole_s = np.r_[0, np.cumsum(c)], np.r_[0, np.cumsum(s)]
    middle_c = np.where(last - first >= 2, whole_c[last] - whole_c[np.minimum(first + 1, k)], 0.0)
    middle_s = np.where(last - first >= 2, whole_s[last] - whole_s[np.minimum(first + 1, k)], 0.0)
    middle = (middle_c, middle_c, middle_c, middle_s)
    return Within(*(h + m + t for h, m, t in zip(head, middle, tail, strict=True)))
