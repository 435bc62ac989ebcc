"""Parts of a GC log: of a window, of one life; how long it tells of, and how long it paused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.signals.gc import known_spans
from analysis.sources.gclog.frames import GcLog
from analysis.window import Window

__all__ = ["inside", "joined", "of_life", "pause_seconds", "span_seconds", "told_spans"]

TABLES = ("pauses", "safepoints", "cycles", "phases", "stalls")


def pause_seconds(pauses: pd.DataFrame) -> float:
    """Return the length of all pauses together [s]; one inside another counts once.

    Examples
    --------
    >>> pause_seconds(pd.DataFrame({"duration_seconds": [0.5, 0.4], "nested": [False, True]}))
    0.5
    """
    return float(pauses.loc[~pauses["nested"].to_numpy(dtype=bool), "duration_seconds"].sum())


def span_seconds(log: GcLog) -> float:
    """Return how long the log tells of its lives [s], as of `told_spans`; 0 without lives.

    Examples
    --------
    >>> span_seconds(GcLog())
    0.0
    """
    known = told_spans(log)
    return float((known[:, 1] - known[:, 0]).sum() / 1e6)


def told_spans(log: GcLog) -> np.ndarray:
    """Return the stretches that a log tells of [us], shape (j, 2), disjoint and in order.

    Stretches with missing lines are left out; of a log whose lines of pauses were all filtered away and which still
    tells of stalls, none is.

    Examples
    --------
    >>> told_spans(GcLog()).tolist()
    []
    """
    known = known_spans(log.lives, log.holes)
    return known_spans(log.lives) if not len(known) and len(log.stalls) else known


def inside(log: GcLog, window: Window | None) -> GcLog:
    """Return what of a log ended in a window (start, end], with the lives and holes cut to it; all without a window.

    Parameters
    ----------
    log : GcLog
        Of one JVM.
    window : Window or None
        None: the whole log.

    Examples
    --------
    >>> len(inside(GcLog(), Window("2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z")).pauses)
    0
    """
    if window is None:
        return log
    touching = (log.lives["end"] > window.start) & (log.lives["start"] < window.end)
    tables = {name: getattr(log, name) for name in TABLES}
    kept = {name: t[window.holds(pd.DatetimeIndex(t.index))] for name, t in tables.items()}
    holes = log.holes[(log.holes["end"] > window.start) & (log.holes["start"] < window.end)]
    return _of_lives(kept, touching.to_numpy(dtype=bool), (_cut(log.lives, window), _cut(holes, window)))


def joined(logs: Sequence[GcLog]) -> GcLog:
    """Return several logs of one JVM as one, its lives in order of the logs.

    Parameters
    ----------
    logs : sequence of GcLog
        At least none.

    Examples
    --------
    >>> len(joined([GcLog(), GcLog()]).pauses)
    0
    """
    if len(logs) == 1:
        return logs[0]
    first = np.cumsum([0, *(len(log.lives) for log in logs)])
    tables = {}
    for name in TABLES:
        parts = [getattr(log, name) for log in logs]
        moved = [p.assign(life=p["life"] + n) for p, n in zip(parts, first, strict=False) if len(p)]
        tables[name] = pd.concat(moved).sort_index(kind="stable") if moved else getattr(GcLog(), name)
    spans = {}
    for name in ("lives", "holes"):
        filled = [getattr(log, name) for log in logs if len(getattr(log, name))]
        spans[name] = pd.concat(filled, ignore_index=True) if filled else getattr(GcLog(), name)
    return GcLog(**tables, **spans)


def of_life(log: GcLog, life: int) -> GcLog:
    """Return the part of a log that tells of one of its lives.

    Parameters
    ----------
    log : GcLog
        With `life` in its lives.
    life : int
        Row of `log.lives`.

    Examples
    --------
    >>> len(of_life(GcLog(), 0).lives)
    0
    """
    chosen = np.arange(len(log.lives)) == life
    kept = {name: (t := getattr(log, name))[t["life"].to_numpy() == life] for name in TABLES}
    mine, holes = log.lives[chosen], log.holes
    if len(mine):
        holes = holes[(holes["start"] >= mine["start"].iloc[0]) & (holes["end"] <= mine["end"].iloc[0])]
    return _of_lives(kept, chosen, (log.lives, holes))


def _cut(spans: pd.DataFrame, window: Window) -> pd.DataFrame:
    start, end = spans["start"], spans["end"]
    return spans.assign(
        start=start.where(start > window.start, window.start), end=end.where(end < window.end, window.end)
    )


def _of_lives(tables: dict[str, pd.DataFrame], chosen: np.ndarray, spans: tuple[pd.DataFrame, pd.DataFrame]) -> GcLog:
    """Return the tables with the chosen lives, numbered anew."""
    lives, holes = spans
    numbers = np.cumsum(chosen) - 1
    for name, table in tables.items():
        old = table["life"].to_numpy(dtype="i8")
        known = (old >= 0) & (old < len(numbers))
        new = np.where(known, numbers[np.where(known, old, 0)] if len(numbers) else -1, -1)
        tables[name] = table.assign(life=new)
    return GcLog(**tables, lives=lives[chosen].reset_index(drop=True), holes=holes.reset_index(drop=True))
