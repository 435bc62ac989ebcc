"""How long single pauses, stops or stalls took: number, sum, percentiles and the longest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import pauses_in

__all__ = ["Lengths", "lengths_by_kind", "lengths_of", "pause_lengths"]


class Lengths(NamedTuple):
    """Number of some lengths, their sum, percentiles and the longest [s]; NaN without any, the sum 0."""

    n: int
    total_seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    max_seconds: float


def lengths_of(seconds: np.ndarray) -> Lengths:
    """Return number, sum, median, 95th and 99th percentile, and the longest of some lengths.

    Parameters
    ----------
    seconds : ndarray, shape (n,)
        [s]; NaN is left out.

    Notes
    -----
    A percentile is the smallest length that at least as many do not exceed (numpy's "inverted_cdf"): one that was
    measured. With fewer than a hundred the 99th is the longest: give `n` with it.

    Examples
    --------
    >>> lengths_of(np.arange(1, 201) / 100)
    Lengths(n=200, total_seconds=201.0, p50_seconds=1.0, p95_seconds=1.9, p99_seconds=1.98, max_seconds=2.0)
    """
    known = np.sort(seconds[np.isfinite(seconds)])
    n = len(known)
    if not n:
        return Lengths(0, 0.0, *[float("nan")] * 4)
    at = (int(np.ceil(round(q * n, 9))) - 1 for q in (0.5, 0.95, 0.99, 1.0))
    p50, p95, p99, longest = (float(known[max(i, 0)]) for i in at)
    return Lengths(n, float(known.sum()), p50, p95, p99, longest)


def pause_lengths(pauses: pd.DataFrame, window: Window) -> Lengths:
    """Return the lengths of the pauses that ended in a window; those inside another pause are left out.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: index end, columns duration_seconds, nested.
    window : Window
        (start, end].

    Examples
    --------
    >>> row = pd.DataFrame([[0.5, False], [0.4, True]], columns=["duration_seconds", "nested"])
    >>> row.index = pd.to_datetime([5, 5], unit="s", utc=True)
    >>> pause_lengths(row, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")).n
    1
    """
    return lengths_of(pauses_in(pauses, window)["duration_seconds"].to_numpy(dtype="f8"))


def lengths_by_kind(pauses: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the lengths of the pauses that ended in a window by kind, most seconds first; nested ones are left out.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: index end, columns kind, duration_seconds, nested.
    window : Window
        (start, end].

    Returns
    -------
    DataFrame
        Columns kind and the fields of `Lengths`.

    Examples
    --------
    >>> row = pd.DataFrame([["full", 0.5, False]], columns=["kind", "duration_seconds", "nested"])
    >>> row.index = pd.to_datetime([5], unit="s", utc=True)
    >>> lengths_by_kind(row, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"))["kind"].tolist()
    ['full']
    """
    inside = pauses_in(pauses, window)
    kinds, seconds = inside["kind"].to_numpy(dtype=object), inside["duration_seconds"].to_numpy(dtype="f8")
    rows = [(kind, *lengths_of(seconds[kinds == kind])) for kind in sorted(set(kinds))]
    table = pd.DataFrame(rows, columns=["kind", *Lengths._fields])
    return table.sort_values("total_seconds", ascending=False, kind="stable", ignore_index=True)
