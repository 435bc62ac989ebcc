"""Promotion: what young collections moved to the old generation, and what its very next collection freed of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import pauses_in, stopped_seconds
from analysis.signals.gc_allocation import ERRORS, Rate
from analysis.signals.gc_heap import rounding_bytes

__all__ = ["Premature", "premature_promotion", "promotion_rate"]

SWEPT_RATIO = 0.01  # of the old generation; less may be the rounding of sizes between two pauses


class Premature(NamedTuple):
    """Bytes promoted before collections of the old generation, those freed by the next one, their share, n of them.

    `ratio` is an upper bound: what is freed may have been older. NaN without promoted bytes.
    """

    promoted_bytes: float
    freed_bytes: float
    ratio: float
    collections: int


def promotion_rate(pauses: pd.DataFrame, window: Window, known: np.ndarray) -> Rate:
    """Return how much young collections of a window moved to the old generation a second.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: columns kind, nested, promoted_bytes (old after less before).
    window : Window
        (start, end].
    known : ndarray of int64, shape (j, 2)
        From `gc.known_spans` [us].

    Returns
    -------
    Rate
        n young collections that tell it; NaN if less than half of the young and mixed ones do. A shrinking old
        generation counts as 0. A mixed pause moves objects too and frees others, how many it does not tell: with them
        the rate is a lower bound.

    Examples
    --------
    >>> rows = pd.DataFrame([["young", False, 2e6]], columns=["kind", "nested", "promoted_bytes"])
    >>> rows.index = pd.to_datetime([5], unit="s", utc=True)
    >>> window = Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")
    >>> promotion_rate(rows, window, np.array([[0, 10_000_000]])).bytes_per_second
    200000.0
    """
    inside = pauses_in(pauses, window)
    young = inside[inside["kind"].str.startswith("young").to_numpy(dtype=bool)]
    mixed = int((inside["kind"] == "mixed").sum())
    moved = young["promoted_bytes"].to_numpy(dtype="f8")
    told = np.isfinite(moved)
    seconds = float(np.diff(stopped_seconds(known, np.array([window.start_us, window.end_us])))[0])
    n = int(told.sum())
    if not seconds > 0 or not n or 2 * n < len(moved) + mixed:
        return Rate(float("nan"), float("nan"), seconds, n)
    unit = rounding_bytes(np.abs(moved))[told & (moved != 0)]
    error = ERRORS * float(np.sqrt((unit**2).sum() / 6)) if len(unit) else 0.0
    total = float(np.maximum(moved[told], 0.0).sum())
    return Rate(total / seconds if total >= error else float("nan"), error / seconds, seconds, n)


def premature_promotion(pauses: pd.DataFrame) -> Premature:
    """Return how much of what young collections promoted the next collection of the old generation could free.

    Parameters
    ----------
    pauses : DataFrame
        Of one life of a `GcLog`, in order of time: columns kind, nested, promoted_bytes, old_before_bytes,
        old_after_bytes.

    Returns
    -------
    Premature
        What was promoted after the last collection of the old generation is not in it.

    Notes
    -----
    Full pauses, runs of mixed pauses, and concurrent sweeps, seen as an old generation that is smaller by a hundredth
    before a pause than after the one before. Of each: the smaller of what it freed and what was promoted since the one
    before.

    Examples
    --------
    >>> columns = ["kind", "nested", "promoted_bytes", "old_before_bytes", "old_after_bytes"]
    >>> rows = [["young", False, 30.0, 10.0, 40.0], ["full", False, -20.0, 40.0, 20.0]]
    >>> premature_promotion(pd.DataFrame(rows, columns=columns))
    Premature(promoted_bytes=30.0, freed_bytes=20.0, ratio=0.6666666666666666, collections=1)
    """
    outer = pauses[~pauses["nested"].to_numpy(dtype=bool)]
    columns = (outer[name].tolist() for name in ("kind", "promoted_bytes", "old_before_bytes", "old_after_bytes"))
    promoted = freed = fresh = taken = 0.0
    collections, last_after, open_run = 0, float("nan"), False
    for kind, moved, before, after in zip(*columns, strict=True):
        swept, gone = last_after - before, before - after
        old = kind in ("full", "mixed")
        if open_run and not old:
            promoted, freed, fresh, taken, collections = promoted + fresh, freed + taken, 0.0, 0.0, collections + 1
        open_run = False
        if swept > SWEPT_RATIO * last_after:
            promoted, freed, collections = promoted + fresh, freed + min(swept, fresh), collections + 1
            fresh = taken = 0.0
        if old and np.isfinite(gone):
            taken = min(taken + max(gone, 0.0), fresh)
            open_run = True
        elif not old and moved > 0:
            fresh += moved
        last_after = after if np.isfinite(after) else last_after
    if open_run:
        promoted, freed, collections = promoted + fresh, freed + taken, collections + 1
    return Premature(promoted, freed, freed / promoted if promoted > 0 else float("nan"), collections)
