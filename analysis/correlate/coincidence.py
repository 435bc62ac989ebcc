"""Do the marked steps of two series coincide? Share covered, share marked, and how often a shift covers as much."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.correlate.effective_pairs import MIN_EFFECTIVE_PAIRS, effective_pairs

__all__ = ["Coincidence", "coincidence"]

MIN_SHIFTS = 20  # with fewer, no p could be 0.05 or less


class Coincidence(NamedTuple):
    """Share of target steps that are covered, share of all steps so covered, one-sided p, hits, worth and steps."""

    efficiency_ratio: float
    deadtime_ratio: float
    p_value: float
    hits: int
    n_eff: float
    n: int


def coincidence(marks: np.ndarray, target: np.ndarray, known: np.ndarray | None = None) -> Coincidence:
    """Test whether marked steps cover more of the target steps than at other placements in time.

    Parameters
    ----------
    marks, target : ndarray of bool, shape (n,)
        Equally spaced.
    known : ndarray of bool, shape (n,), optional
        Steps at which both are known; the others are left out, in every shift those of the target.

    Returns
    -------
    Coincidence
        Efficiency is NaN without a target step, both ratios without any step; p is NaN where either never or always
        holds, for fewer than 20 steps, and where the steps are worth fewer than 10 independent pairs.

    Notes
    -----
    p: share of circular shifts of the marks, the observed one included, with at least as many hits; marks at unknown
    steps count as none. Hits are whole numbers, so ties are frequent where few steps are marked, and p errs upward.
    Efficiency and deadtime as in the veto studies of gravitational-wave searches (Isogai 2010).

    Examples
    --------
    >>> target = np.arange(60) // 5 == 4
    >>> found = coincidence(np.roll(target, 1) | (np.arange(60) == 50), target)
    >>> found.efficiency_ratio, found.deadtime_ratio, round(found.p_value, 3)
    (0.8, 0.1, 0.05)
    """
    nan = float("nan")
    seen = np.ones(len(marks), bool) if known is None else np.asarray(known, dtype=bool)
    a, b = np.asarray(marks, dtype=bool) & seen, np.asarray(target, dtype=bool) & seen
    n, size, goal = int(np.count_nonzero(seen)), int(np.count_nonzero(a)), int(np.count_nonzero(b))
    hits = int(np.count_nonzero(a & b))
    efficiency, deadtime = hits / goal if goal else nan, size / n if n else nan
    worth = effective_pairs(*(np.where(seen, v, np.nan) for v in (a, b)))
    if n < MIN_SHIFTS or not 0 < size < n or not 0 < goal < n or worth < MIN_EFFECTIVE_PAIRS:
        return Coincidence(efficiency, deadtime, nan, hits, worth, n)
    spectrum = np.conj(np.fft.rfft(a.astype(float))) * np.fft.rfft(b.astype(float))
    all_hits = np.round(np.fft.irfft(spectrum, n=len(a)))
    return Coincidence(efficiency, deadtime, float(np.mean(all_hits >= hits)), hits, worth, n)
