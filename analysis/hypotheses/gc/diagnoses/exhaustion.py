"""Full collections that free next to nothing: the heap is at its largest and stays full of what is in use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.findings import value
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, share, size, word
from analysis.hypotheses.gc.diagnoses.numbers import numbers_of
from analysis.hypotheses.gc.diagnoses.parts import inside, span_seconds, told_spans
from analysis.signals.gc import spans_of, stopped_seconds
from analysis.signals.stretches import union
from analysis.sources.gclog.frames import GcLog
from analysis.window import Window

__all__ = ["heap_exhausted", "left_full"]

LEAST_COLLECTIONS = 3
LEFT_RATIO = 0.9  # of what is committed
GROWN_RATIO = 0.99  # of the most that was committed in the life: below it the heap may still grow
LIMIT_RATIO = 0.9  # of the limit: what is committed leaves out survivor space, of the defaults at most a tenth


def left_full(log: GcLog) -> pd.Series:
    """Return which pauses are full collections that left at least 0.9 of a heap in use that had grown to its largest.

    Parameters
    ----------
    log : GcLog
        Of one JVM, the whole of it: the largest is the most committed in the life of the pause, within 0.01, and where
        the limit of the heap was logged at least 0.9 of that.

    Returns
    -------
    Series of bool
        As `log.pauses`; False where a size is unknown.

    Examples
    --------
    >>> left_full(GcLog()).any()
    np.False_
    """
    pauses = log.pauses
    committed, life = pauses["heap_committed_bytes"], pauses["life"]
    most, limit = committed.groupby(life).transform("max"), life.map(log.lives["heap_max_bytes"])
    grown = (committed >= GROWN_RATIO * most) & ~(committed < LIMIT_RATIO * limit)
    return (pauses["kind"] == "full") & grown & (pauses["heap_after_bytes"] >= LEFT_RATIO * committed)


def heap_exhausted(log: GcLog, window: Window | None = None) -> Diagnosis | None:
    """Return the full collections that left a heap full which had grown to its largest; None below three of them.

    Parameters
    ----------
    log : GcLog
        Of one JVM, the whole of it.
    window : Window or None
        Only collections that ended in (start, end]; None: all.

    Examples
    --------
    >>> heap_exhausted(GcLog()) is None
    True
    """
    part = inside(replace(log, pauses=log.pauses.assign(filled=left_full(log))), window)
    found, full = part.pauses[part.pauses["filled"]], part.pauses[part.pauses["kind"] == "full"]
    if len(found) < LEAST_COLLECTIONS:
        return None
    stopped = np.diff(stopped_seconds(union(spans_of(found)), told_spans(part).ravel()))[::2].sum()
    left = found["heap_after_bytes"]
    untold = int(full[["heap_after_bytes", "heap_committed_bytes"]].isna().any(axis=1).sum())
    values = numbers_of(found, part) | {
        "of": counted(len(full), "full collection"),
        "least_ratio": value(LEFT_RATIO, "ratio"),
        "left_low_bytes": size(float(left.min())),
        "left_high_bytes": size(float(left.max())),
        "committed_bytes": size(float(found["heap_committed_bytes"].max())),
        "time_ratio": share(float(stopped), span_seconds(part)),
        "untold": word(f" (of {untold:,} the sizes are unknown)" if untold else ""),
    }
    template = (
        "{n} of {of}{untold} left at least {least_ratio} of the heap, at its largest, in use: "
        "{left_low_bytes} to {left_high_bytes} of {committed_bytes}; {total_seconds} together, {time_ratio} of the "
        "time, the longest {max_seconds}; first {first}. More in use than the heap is made for and a leak look alike "
        "here: class histograms of two times tell them apart."
    )
    return diagnosis("heap_exhausted", template, values, part, found)
