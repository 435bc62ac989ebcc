"""The part of a GC log that has times of day: what can be laid beside other signals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.sources.gclog.frames import GcLog

__all__ = ["with_times"]

TABLES = ("pauses", "safepoints", "cycles", "phases", "stalls")
TIMED = frozenset({"exact", "derived"})


def with_times(log: GcLog) -> GcLog:
    """Return the lives of a log whose times of day are known, and their rows.

    Parameters
    ----------
    log : GcLog
        As read.

    Returns
    -------
    GcLog
        The same log where all lives have times; one without lives where none has.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import no_gc_log
    >>> len(with_times(no_gc_log()).lives)
    0
    """
    keep = log.lives["time_quality"].isin(TIMED).to_numpy(dtype=bool)
    if keep.all():
        return log
    number = np.cumsum(keep) - 1
    tables = {}
    for name in TABLES:
        frame: pd.DataFrame = getattr(log, name)
        life = frame["life"].to_numpy()
        chosen = keep[life]
        tables[name] = frame[chosen].assign(life=number[life[chosen]])
    first = log.lives.loc[keep, "start"].min() if keep.any() else None
    holes = log.holes[log.holes["start"] >= first] if first is not None else log.holes.iloc[:0]
    return replace(log, **tables, lives=log.lives[keep].reset_index(drop=True), holes=holes.reset_index(drop=True))
