"""The heap as collections found and left it: a series of its use, episodes of collections, the live set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.signals.gc import spans_of

__all__ = ["CONCURRENT", "OLD_CYCLES", "collections_of", "heap_series", "live_set", "rounding_bytes"]

CONCURRENT = ("ZGC", "GenZGC", "Shenandoah", "GenShenandoah")  # whose cycles move objects while threads run
LEAVING = ("full", "mixed")  # pauses that collect old objects too
OLD_CYCLES = ("cms", "zgc", "shenandoah", "major", "old", "mixed", "global")
UNITS = (2.0**30, 2.0**30 / 10, 2.0**20, 2.0**20 / 10, 2.0**10, 2.0**10 / 10, 1.0)
SIZES = {
    "before": "heap_before_bytes", "after": "heap_after_bytes", "committed": "heap_committed_bytes",
    "young_before": "young_before_bytes", "young_after": "young_after_bytes",
}  # fmt: skip


def rounding_bytes(sizes: np.ndarray) -> np.ndarray:
    """Return the unit to which each logged size was rounded: the largest of G, 0.1 G, M, 0.1 M, K, 0.1 K, 1 it fits.

    Parameters
    ----------
    sizes : ndarray, shape (n,)
        [bytes], as logged; NaN unknown.

    Returns
    -------
    ndarray, shape (n,)
        [bytes]; never more than the finest unit of a tenth of the sizes: a round number does not make a log coarse.

    Examples
    --------
    >>> rounding_bytes(np.array([118, 102, 1024]) * 2.0**20).tolist() == [2.0**20] * 3
    True
    """
    unit = np.full(len(sizes), np.nan)
    for step in reversed(UNITS):
        with np.errstate(invalid="ignore"):
            fits = np.abs(sizes / step - np.round(sizes / step)) * step <= 0.5
        unit = np.where(fits, step, unit)
    known = unit[np.isfinite(unit) & (sizes > 0)]
    finest = float(np.quantile(known, 0.1, method="inverted_cdf")) if len(known) else np.nan
    return np.asarray(np.where(sizes > 0, np.fmin(unit, _family(finest)), finest))


def _family(finest: float) -> float:
    """Return the coarsest unit that a log with a finest one may use too: those with a decimal change their letter."""
    return UNITS[0] if finest in UNITS[1::2] else finest


def heap_series(pauses: pd.DataFrame, cycles: pd.DataFrame) -> pd.DataFrame:
    """Return the used heap at the beginning and the end of each collection that tells it.

    Parameters
    ----------
    pauses, cycles : DataFrame
        Of a `GcLog`.

    Returns
    -------
    DataFrame
        Index time (UTC, us, sorted), columns used_bytes, committed_bytes (NaN unknown), after (bool), life.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import no_gc_log
    >>> heap_series(no_gc_log().pauses, no_gc_log().cycles).empty
    True
    """
    told = _told(pauses, cycles)
    parts = [
        pd.DataFrame({
            "time": pd.DatetimeIndex(pd.to_datetime(told[at].to_numpy(), unit="us", utc=True)).as_unit("us"),
            "used_bytes": told[size].to_numpy(), "committed_bytes": told["committed"].to_numpy(),
            "after": size == "after", "life": told["life"].to_numpy(),
        })
        for at, size in (("start", "before"), ("end", "after"))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).set_index("time").sort_index(kind="stable")


def _told(pauses: pd.DataFrame, cycles: pd.DataFrame) -> pd.DataFrame:
    """Return all that tells of the heap before and after, in order of life and start."""
    outer = pauses[~pauses["nested"].to_numpy(dtype=bool)]
    beside = cycles[cycles["collector"].isin(CONCURRENT).to_numpy(dtype=bool)]
    parts = []
    for frame, stopped in ((outer, True), (beside, False)):
        sizes = frame.reindex(columns=list(SIZES.values())).to_numpy(dtype="f8")
        told = np.isfinite(sizes[:, :2]).all(axis=1)
        spans = spans_of(frame)[told]
        table = pd.DataFrame(sizes[told], columns=list(SIZES)).assign(start=spans[:, 0], end=spans[:, 1])
        names = {name: frame[name].to_numpy()[told] for name in ("collector", "life")}
        parts.append(table.assign(stopped=stopped, **names))
    return pd.concat(parts, ignore_index=True).sort_values(["life", "start", "end"], kind="stable", ignore_index=True)


def collections_of(pauses: pd.DataFrame, cycles: pd.DataFrame) -> pd.DataFrame:
    """Return what collections found and left in the heap; those that overlap are one, from the first to the last.

    Parameters
    ----------
    pauses, cycles : DataFrame
        Of a `GcLog`. Of collectors that move objects beside the threads the cycles count, of others the pauses.

    Returns
    -------
    DataFrame
        Columns start, end (int64, us), before, after, committed, young_before, young_after (bytes; NaN unknown),
        stopped (whether all threads stood still throughout), collector, life; in order of life and start.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import no_gc_log
    >>> len(collections_of(no_gc_log().pauses, no_gc_log().cycles))
    0
    """
    told = _told(pauses, cycles)
    if not len(told):
        return told
    start, life = told["start"].to_numpy(), told["life"].to_numpy()
    reach = told.groupby("life", sort=False)["end"].cummax().to_numpy()
    opens = np.r_[True, (life[1:] != life[:-1]) | (start[1:] >= reach[:-1])]
    group = np.cumsum(opens) - 1
    last = told.assign(group=group).sort_values(["group", "end"], kind="stable").groupby("group").tail(1)
    first = told[opens].reset_index(drop=True)
    ends = {name: last[name].to_numpy() for name in ("end", "after", "young_after")}
    stopped = told["stopped"].groupby(group).all().to_numpy(dtype=bool)
    return first.assign(**ends, stopped=stopped)


def live_set(pauses: pd.DataFrame, cycles: pd.DataFrame) -> pd.DataFrame:
    """Return what collections of old objects left in the heap: an upper bound of what is alive.

    Parameters
    ----------
    pauses, cycles : DataFrame
        Of a `GcLog`.

    Returns
    -------
    DataFrame
        Index end (UTC, us, sorted), columns heap_after_bytes, kind ("full", "mixed", or that of the cycle), life. A
        mixed pause leaves garbage that the next frees; an aborted cycle is left out. Its trend: `correlate.trend`.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import no_gc_log
    >>> live_set(no_gc_log().pauses, no_gc_log().cycles).empty
    True
    """
    columns = ["heap_after_bytes", "kind", "life"]
    stopped = pauses[pauses["kind"].isin(LEAVING).to_numpy(dtype=bool)]
    ran = cycles[cycles["kind"].isin(OLD_CYCLES).to_numpy(dtype=bool) & ~cycles["aborted"].to_numpy(dtype=bool)]
    told = [f[np.isfinite(f["heap_after_bytes"].to_numpy(dtype="f8"))][columns] for f in (stopped, ran)]
    found: pd.DataFrame = pd.concat(told).sort_index(kind="stable").rename_axis("end")
    return found
