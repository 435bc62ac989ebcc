"""How much of the bad requests' excess time a suspect covers: what every magnitude test measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.correlate.effect import block_bootstrap_share
from analysis.correlate.shift import shift_p_value
from analysis.findings import Measured, Test, failed, passed, undecided, value

__all__ = [
    "AT_LEAST", "ENOUGH", "LOWER", "MOST_REQUESTS", "MOST_SHIFTS", "Cover", "Explained", "explained_by", "judged",
    "magnitude_of",
]  # fmt: skip

ENOUGH, AT_LEAST, LOWER = 0.9, 0.5, 0.25
MOST_REQUESTS, MOST_SHIFTS = 500, 199  # for the null; the share itself is of all requests


class Cover(NamedTuple):
    """Share of each step in which a bad request in flight was held: certainly, as expected, at most; shape (n,) each.

    Where `mid` is NaN nothing is known: nothing is certain there, and everything possible.
    """

    low: np.ndarray
    mid: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Explained:
    """Share of the bad requests' excess time that a suspect covers.

    Parameters
    ----------
    share, low, high : float
        Expected, certain and possible share [ratio]; NaN without excess time.
    n : int
        Bad requests with a known duration.
    excess_seconds, stalled_seconds : ndarray, shape (n,)
        Per request, in order of completion.
    """

    share: float
    low: float
    high: float
    n: int
    excess_seconds: np.ndarray
    stalled_seconds: np.ndarray


def explained_by(
    requests: tuple[np.ndarray, np.ndarray], edges: np.ndarray, cover: Cover, *, typical_seconds: float,
    usual: float = 0.0,
) -> Explained:  # fmt: skip
    """Compare, for each bad request, the time above the usual with the time in which it was held.

    Parameters
    ----------
    requests : (ndarray, ndarray)
        Start and end of each bad request [us], in order of completion, shape (m,) each.
    edges : ndarray of int64, shape (n + 1,)
        Ascending, not necessarily regular [us]. Beyond them nothing is covered.
    cover : Cover
        Per step.
    typical_seconds : float
        Usual duration of a request [s]; NaN: all of a bad request is excess.
    usual : float
        Share of time that is covered anyway, without harm [ratio].

    Examples
    --------
    >>> requests = np.array([0]), np.array([2_000_000])
    >>> half = np.array([1.0, 0.0])
    >>> explained_by(requests, np.array([0, 1, 2]) * 1_000_000, Cover(half, half, half), typical_seconds=0.0).share
    0.5
    """
    start, end = (r.astype(float) for r in requests)
    duration = (end - start) / 1e6
    excess = np.maximum(duration - (typical_seconds if np.isfinite(typical_seconds) else 0.0), 0.0)
    known = np.isfinite(cover.mid)
    parts = (np.where(known, cover.low, 0.0), np.where(known, cover.mid, 0.0), np.where(known, cover.high, 1.0))
    held = [np.minimum(excess, np.maximum(_held(start, end, edges, p) - usual * duration, 0.0)) for p in parts]
    total = float(excess.sum())
    low, mid, high = (float(h.sum()) / total if total > 0 else float("nan") for h in held)
    return Explained(mid, low, high, len(duration), excess, held[1])


def _held(start: np.ndarray, end: np.ndarray, edges: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the covered seconds of each span [us]."""
    joints = edges.astype(float)
    spent = np.concatenate([[0.0], np.cumsum(np.nan_to_num(share) * np.diff(joints))]) / 1e6
    return np.asarray(np.interp(end, joints, spent) - np.interp(start, joints, spent))


def magnitude_of(
    explained: Explained, requests: tuple[np.ndarray, np.ndarray], edges: np.ndarray, cover: Cover, *, what: str,
    on_path: bool = True,
) -> Test:  # fmt: skip
    """Test whether what covers the bad requests is long enough for them.

    Parameters
    ----------
    explained : Explained
        From `explained_by`.
    requests, edges, cover
        As given to it, for the null: the requests moved around the circle of the edges.
    what : str
        Beginning of the words: "the pauses cover".
    on_path : bool
        Whether the bad requests are known to pass the suspect.

    Returns
    -------
    Test
        See `judged`; value: the expected share; p over circular shifts.
    """
    p = None
    if np.isfinite(explained.share) and explained.share >= LOWER:
        p = _shift_chance(explained, requests, edges, cover)
    return judged(explained, what=what, p_value=p, on_path=on_path)


def judged(
    explained: Explained, *, what: str, p_value: float | None = None, on_path: bool = True, more: str = "",
    of: str = "excess time",
) -> Test:  # fmt: skip
    """Return the magnitude test of a share with its bounds.

    Parameters
    ----------
    explained : Explained
        Shares with their bounds; the interval joins them with a block bootstrap over requests.
    what, more : str
        Beginning and end of the words.
    p_value : float or None
        Chance of as large a share under the null.
    on_path : bool
        Whether the bad requests are known to pass the suspect; if not, a large share is undecided.
    of : str
        What of the bad requests the share is of.

    Returns
    -------
    Test
        Passes at a share >= 0.5 with the lower bound above 0.25; fails when even the possible share is below 0.25.
        In between it may explain a part, beside another cause: undecided.
    """
    e = explained
    if not np.isfinite(e.share):
        return undecided("magnitude", "the bad requests took no longer than usual, or their duration was not recorded")
    block = max(1, round(len(e.excess_seconds) / 20))
    boot = block_bootstrap_share(e.stalled_seconds, e.excess_seconds, block=block)
    low, high = float(np.nanmin([e.low, boot[0]])), float(np.nanmax([e.high, boot[1]]))
    measured = Measured(e.share, "ratio", low, high, e.n, p_value)
    words = (
        f"{what} {value(e.share, 'ratio').text} of the bad requests' {of} "
        f"[{value(low, 'ratio').text} to {value(high, 'ratio').text}]{more}"
    )
    if high < LOWER:
        return failed("magnitude", measured, words, reason="it covers too little")
    if not on_path:
        reason = f"nothing in the evidence shows that the bad requests pass it ({words})"
        return undecided("magnitude", reason, measured)
    if e.share >= AT_LEAST and low > LOWER:
        return passed("magnitude", measured, words)
    if high < AT_LEAST:
        return undecided("magnitude", f"it may explain a part, beside another cause: {words}", measured)
    return undecided("magnitude", f"the interval is too wide: {words}", measured)


def _shift_chance(e: Explained, requests: tuple[np.ndarray, np.ndarray], edges: np.ndarray, cover: Cover) -> float:
    """Return how often the requests, moved around the circle of the recording, are covered as much."""
    pick = np.unique(np.linspace(0, e.n - 1, min(e.n, MOST_REQUESTS)).astype(int))
    start, end, excess = requests[0][pick].astype(float), requests[1][pick].astype(float), e.excess_seconds[pick]
    first, span = float(edges[0]), float(edges[-1] - edges[0])
    joints = np.concatenate([edges[:-1].astype(float), edges.astype(float) + span])
    once = np.nan_to_num(cover.mid)
    twice = np.concatenate([once, once])
    spent = np.concatenate([[0.0], np.cumsum(twice * np.diff(joints))]) / 1e6
    length = np.minimum(end - start, span)

    def covered(offset: float) -> float:
        moved = first + np.mod(start - first + offset, span)
        held = np.interp(moved + length, joints, spent) - np.interp(moved, joints, spent)
        return float(np.minimum(excess, held).sum())

    offsets = np.linspace(0.0, span, MOST_SHIFTS + 2)[1:-1]
    return shift_p_value(covered(0.0), np.array([covered(offset) for offset in offsets]))
