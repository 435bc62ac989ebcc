"""The frame contract, and `align`: the one gate through which signals meet.

A *frame* has a tz-aware UTC index in microseconds, sorted and unique, and float64 columns (entities). The value at t
describes (t - step, t]. NaN is unknown, 0 is a known zero. Nothing is filled across a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError, CoverageError
from analysis.incident import Window

__all__ = ["Aligned", "Coverage", "align", "check_frame", "coverage_of", "median_step_seconds", "to_utc_us"]

GAP_STEPS = 2.5  # a distance of more than this many median steps between samples is a gap


@dataclass(frozen=True)
class Coverage:
    """How much of a signal is there: samples present against expected, and where the gaps are."""

    signal: str
    expected: int
    present: int
    ratio: float
    gaps: tuple[tuple[str, str], ...]
    resolution_seconds: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the row as it stands in report.json."""
        row = asdict(self)
        row["gaps"] = [list(g) for g in self.gaps]
        return row


@dataclass(frozen=True)
class Aligned:
    """Signals on one grid: `matrix` (grid x signal) and what each of them lost (`coverage`)."""

    matrix: pd.DataFrame
    coverage: tuple[Coverage, ...]


def to_utc_us(times: pd.DatetimeIndex | pd.Series, *, where: str) -> pd.DatetimeIndex:
    """Return times as a UTC index in microseconds; naive times are refused.

    Parameters
    ----------
    times : DatetimeIndex or Series, shape (n,)
        Times with an offset.
    where : str
        What the times belong to, for the error.

    Raises
    ------
    AnalysisError
        If the times are naive.

    Examples
    --------
    >>> str(to_utc_us(pd.DatetimeIndex(["2026-11-22T03:00:00+09:00"]), where="demo")[0])
    '2026-11-21 18:00:00+00:00'
    """
    index = pd.DatetimeIndex(times)
    if index.tz is None:
        raise AnalysisError(
            "times without an offset", where=where, expected="UTC or times with an offset", next="add the offset"
        )
    return index.tz_convert("UTC").floor("us").as_unit("us")


def check_frame(frame: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return the frame if it keeps the contract.

    Raises
    ------
    AnalysisError
        If the index is naive, not in us, unsorted or repeated, or a column is not float64.

    Examples
    --------
    >>> index = pd.DatetimeIndex(["2026-11-22T18:00Z", "2026-11-22T18:01Z"]).as_unit("us")
    >>> len(check_frame(pd.DataFrame({"a": [0.0, 1.0]}, index=index), where="demo"))
    2
    """
    index = frame.index
    problems = []
    if not isinstance(index, pd.DatetimeIndex) or str(index.tz) != "UTC" or index.unit != "us":
        problems.append("the index is not UTC in us")
    elif not (index.is_monotonic_increasing and index.is_unique):
        problems.append("the index is not sorted and unique")
    problems += [f"column {c!r} is {t}" for c, t in frame.dtypes.items() if t != np.float64]
    if problems:
        raise AnalysisError(
            "; ".join(problems), where=where, expected="UTC us index, float64 columns", next="convert it in the source"
        )
    return frame


def median_step_seconds(index: pd.DatetimeIndex) -> float:
    """Return the median distance of neighbouring times [s]; NaN for fewer than two.

    Examples
    --------
    >>> median_step_seconds(pd.date_range("2026-11-22", periods=3, freq="15s", tz="UTC"))
    15.0
    """
    if len(index) < 2:
        return float("nan")
    return float(np.median(np.diff(index.as_unit("us").asi8)) / 1e6)


def coverage_of(series: pd.Series, window: Window, *, name: str, step_seconds: float | None = None) -> Coverage:
    """Count samples present against expected in (start, end], and list the gaps.

    Parameters
    ----------
    series : Series, shape (n,)
        A signal; NaN counts as absent.
    window : Window
        Where to look.
    name : str
        Name of the signal in the table.
    step_seconds : float, optional
        Sampling step [s]; by default the median step of the whole series.

    Examples
    --------
    >>> index = pd.date_range("2026-11-22T18:00:05Z", periods=12, freq="5s", tz="UTC").as_unit("us")
    >>> window = Window("2026-11-22T18:00:00Z", "2026-11-22T18:01:00Z")
    >>> coverage_of(pd.Series(1.0, index=index), window, name="demo").ratio
    1.0
    """
    index = pd.DatetimeIndex(series.index[series.notna()])
    step = step_seconds if step_seconds is not None else median_step_seconds(index)
    inside = index[window.holds(index)]
    if not np.isfinite(step) or step <= 0:
        return Coverage(name, 0, len(inside), 0.0, ((window.iso_start, window.iso_end),), None)
    # scrape times jitter by milliseconds against the window's edges: floor, and never more present than expected
    expected = max(int(np.floor(window.duration_seconds / step + 1e-6)), 1)
    present = min(len(inside), expected)
    edges = pd.DatetimeIndex([window.start, *inside, window.end]).as_unit("us")
    wide = np.flatnonzero(np.diff(edges.asi8) / 1e6 > GAP_STEPS * step)
    gaps = tuple((iso(edges[i]), iso(edges[i + 1])) for i in wide.tolist())
    return Coverage(name, expected, present, round(present / expected, 4), gaps, round(step, 3))


def iso(time: pd.Timestamp) -> str:
    """Return a time as ISO-8601 in UTC, without needless digits.

    Examples
    --------
    >>> iso(pd.Timestamp("2026-11-22T18:04:30+00:00"))
    '2026-11-22T18:04:30Z'
    """
    text = time.tz_convert("UTC").isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000") + "Z"


def align(signals: Mapping[str, pd.Series], window: Window, min_coverage: float = 0.8) -> Aligned:
    """Put signals on the grid of the coarsest one and count what each lost.

    Parameters
    ----------
    signals : mapping of name to Series
        Each with a UTC index; the value at t describes (t - step, t].
    window : Window
        Where to align.
    min_coverage : float
        Share of expected samples that each signal must have [ratio].

    Returns
    -------
    Aligned
        `matrix`, shape (grid, signals): means over each grid step, NaN where a signal is unknown; `coverage`.

    Raises
    ------
    CoverageError
        If a signal has too few samples: names it, what it has and what it needs.

    Examples
    --------
    >>> fast = pd.Series(1.0, index=pd.date_range("2026-11-22T18:00:05Z", periods=12, freq="5s", tz="UTC"))
    >>> slow = pd.Series(2.0, index=pd.date_range("2026-11-22T18:00:15Z", periods=4, freq="15s", tz="UTC"))
    >>> window = Window("2026-11-22T18:00:00Z", "2026-11-22T18:01:00Z")
    >>> align({"fast": fast, "slow": slow}, window).matrix.shape
    (4, 2)
    """
    table = []
    for name, series in signals.items():
        row = coverage_of(series, window, name=name)
        table.append(row)
        if row.ratio < min_coverage:
            raise CoverageError(
                f"{name} has {row.present} of {row.expected} samples in the window ({row.ratio:.0%})",
                where=f"{window.iso_start} to {window.iso_end}",
                expected=f"at least {min_coverage:.0%}",
                next="capture the signal again, or choose a window that it covers",
            )
    coarsest = max(signals, key=lambda name: median_step_seconds(pd.DatetimeIndex(signals[name].dropna().index)))
    grid = pd.DatetimeIndex(signals[coarsest].dropna().index)
    grid = grid[window.holds(grid)]
    matrix = pd.DataFrame({name: on_grid(series, grid) for name, series in signals.items()}, index=grid)
    return Aligned(matrix, tuple(table))


def on_grid(series: pd.Series, grid: pd.DatetimeIndex) -> np.ndarray:
    """Return the mean of a series in each (grid[i-1], grid[i]]; the first step has the median length.

    Examples
    --------
    >>> s = pd.Series([1.0, 3.0], index=pd.date_range("2026-11-22T18:00:05Z", periods=2, freq="5s", tz="UTC"))
    >>> on_grid(s, pd.DatetimeIndex(["2026-11-22T18:00:00Z", "2026-11-22T18:00:10Z"])).tolist()
    [nan, 2.0]
    """
    known = series.dropna()
    times = pd.DatetimeIndex(known.index).as_unit("us").asi8
    edges = grid.as_unit("us").asi8
    first = edges[0] - round(median_step_seconds(grid) * 1e6) if len(edges) > 1 else edges[0] - 1
    edges = np.concatenate([[first], edges])
    bins = np.searchsorted(edges, times, side="left") - 1
    longest = GAP_STEPS * np.median(np.diff(edges))  # after a gap of the grid itself a value describes one step only
    inside = (bins >= 0) & (bins < len(grid))
    inside[inside] &= edges[bins[inside] + 1] - times[inside] < longest
    total = np.bincount(bins[inside], weights=known.to_numpy()[inside], minlength=len(grid))
    count = np.bincount(bins[inside], minlength=len(grid))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
