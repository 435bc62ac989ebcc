"""What the threads of a JVM stood still for: until all had stopped, for collections, for other work of the JVM."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.gc import spans_of, without
from analysis.signals.stretches import union

__all__ = ["StopParts", "operation_table", "stop_parts"]


class StopParts(NamedTuple):
    """When threads stood still, by what for: each ndarray of int64, shape (k, 2) [us], disjoint, and none overlaps."""

    reaching: np.ndarray
    collecting: np.ndarray
    other: np.ndarray


def stop_parts(pauses: pd.DataFrame, safepoints: pd.DataFrame) -> StopParts:
    """Return the stops by what for: the way to a safepoint, collections, and what else was done in safepoints.

    Parameters
    ----------
    pauses, safepoints : DataFrame
        Of a `GcLog`: index end, column start; safepoints with reaching_seconds (NaN counts as 0).

    Returns
    -------
    StopParts
        A safepoint in whose work the middle of a pause lies is one of a collection, with its clean-up. Pauses in no
        safepoint are collections.

    Examples
    --------
    >>> at = lambda *us: pd.to_datetime(list(us), unit="us", utc=True)
    >>> stops = pd.DataFrame({"start": at(0, 50), "reaching_seconds": [4e-6, 1e-6]}, index=at(20, 60))
    >>> [part.tolist() for part in stop_parts(pd.DataFrame({"start": at(6)}, index=at(19)), stops)]
    [[[0, 4], [50, 51]], [[4, 20]], [[51, 60]]]
    """
    spans, work = spans_of(safepoints), spans_of(pauses)
    reach = np.nan_to_num(safepoints["reaching_seconds"].to_numpy(dtype="f8"))
    begun = np.minimum(spans[:, 0] + np.round(reach * 1e6).astype("i8"), spans[:, 1])
    order = np.argsort(begun, kind="stable")
    middle = np.sort(work.mean(axis=1))
    held = np.searchsorted(middle, spans[:, 1], side="right") > np.searchsorted(middle, begun, side="left")
    inner = np.stack([begun, spans[:, 1]], axis=1)[order]
    collecting = union(np.concatenate([inner[held[order]], work]))
    reaching = without(union(np.stack([spans[:, 0], begun], axis=1)), collecting)
    other = without(without(union(inner[~held[order]]), collecting), reaching)
    return StopParts(reaching, collecting, other)


def operation_table(safepoints: pd.DataFrame) -> pd.DataFrame:
    """Return the safepoints by operation: how many, time to reach them, time in them, the longest; most time first.

    Parameters
    ----------
    safepoints : DataFrame
        Of a `GcLog`, of one window.

    Returns
    -------
    DataFrame
        Columns operation, n, reaching_seconds, max_reaching_seconds (NaN where not logged), total_seconds, max_seconds.

    Examples
    --------
    >>> rows = {"operation": ["Halt"], "reaching_seconds": [0.1], "total_seconds": [0.3]}
    >>> operation_table(pd.DataFrame(rows)).values.tolist()
    [['Halt', 1, 0.1, 0.1, 0.3, 0.3]]
    """
    grouped = safepoints.groupby("operation", sort=True)
    table = pd.DataFrame({
        "n": grouped.size(),
        "reaching_seconds": grouped["reaching_seconds"].sum(min_count=1),
        "max_reaching_seconds": grouped["reaching_seconds"].max(),
        "total_seconds": grouped["total_seconds"].sum(min_count=1),
        "max_seconds": grouped["total_seconds"].max(),
    })  # fmt: skip
    return table.reset_index().sort_values("total_seconds", ascending=False, kind="stable", ignore_index=True)
