"""Pauses that went wrong or were asked for by objects of unusual size: evacuation failures, humongous allocations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import pauses_in

__all__ = ["Failures", "evacuation_failures", "humongous_ratio"]

HUMONGOUS = "G1 Humongous Allocation"


class Failures(NamedTuple):
    """Pauses of a window in which objects found no room: n, of how many, their seconds, share of the paused time."""

    n: int
    of: int
    seconds: float
    ratio: float


def evacuation_failures(pauses: pd.DataFrame, window: Window) -> Failures:
    """Return the pauses of a window in which an evacuation or a promotion failed, however the JVM spelled it.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: index end, columns duration_seconds, evacuation_failure ("" none), nested.
    window : Window
        (start, end].

    Returns
    -------
    Failures
        ratio: of the time paused; NaN without a pause.

    Examples
    --------
    >>> columns = ["duration_seconds", "evacuation_failure", "nested"]
    >>> rows = pd.DataFrame([[0.3, "allocation", False], [0.1, "", False]], columns=columns)
    >>> rows.index = pd.to_datetime([5, 6], unit="s", utc=True)
    >>> evacuation_failures(rows, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z")).n
    1
    """
    inside = pauses_in(pauses, window)
    length = inside["duration_seconds"].to_numpy(dtype="f8")
    failed = inside["evacuation_failure"].to_numpy(dtype=object) != ""
    paused, lost = float(length.sum()), float(length[failed].sum())
    return Failures(int(failed.sum()), len(inside), lost, lost / paused if paused > 0 else float("nan"))


def humongous_ratio(pauses: pd.DataFrame, window: Window) -> float:
    """Return which share of the pauses of a window humongous objects caused (G1); NaN without a pause.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`: index end, columns cause, nested.
    window : Window
        (start, end].

    Examples
    --------
    >>> rows = pd.DataFrame([["G1 Humongous Allocation", False], ["System.gc()", False]], columns=["cause", "nested"])
    >>> rows.index = pd.to_datetime([5, 6], unit="s", utc=True)
    >>> humongous_ratio(rows, Window("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z"))
    0.5
    """
    causes = pauses_in(pauses, window)["cause"].to_numpy(dtype=object)
    return float(np.mean(causes == HUMONGOUS)) if len(causes) else float("nan")
