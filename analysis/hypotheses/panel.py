"""A suspect's dose beside the symptom, on one regular grid: what the tests of every hypothesis read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import CoverageError
from analysis.incident import Incident, Window
from analysis.series import align
from analysis.signals.requests import Episode, bins

__all__ = ["QUIET", "Panel", "grid_edges", "in_flight", "make_panel", "study_window"]

MIN_COVERAGE = 0.8
QUIET = "quiet_when_silent"  # attribute of requests: a time without any is known to be a good one


@dataclass(frozen=True)
class Panel:
    """Dose and share of bad requests per step; a step is (edges[i], edges[i+1]], times in us since epoch.

    Parameters
    ----------
    edges : ndarray of int64, shape (n + 1,)
        Regular grid [us].
    dose, share : ndarray, shape (n,)
        Suspect, and bad / all requests; NaN where unknown.
    """

    edges: np.ndarray
    dose: np.ndarray
    share: np.ndarray

    @property
    def step_seconds(self) -> float:
        """Length of a step [s]."""
        return float(self.edges[1] - self.edges[0]) / 1e6

    def inside(self, window: Window) -> np.ndarray:
        """Return which steps end in a window, shape (n,), bool."""
        return np.asarray((self.edges[1:] > window.start_us) & (self.edges[1:] <= window.end_us))

    def held_by(self, window: Window) -> np.ndarray:
        """Return which steps overlap a window, shape (n,), bool."""
        return np.asarray((self.edges[1:] > window.start_us) & (self.edges[:-1] < window.end_us))

    def step_of(self, time_us: int) -> int:
        """Return the step that holds a time; clipped to the grid."""
        return int(np.clip(np.searchsorted(self.edges, time_us, side="left") - 1, 0, len(self.dose) - 1))


def study_window(incident: Incident) -> Window:
    """Return the stretch from the earlier start to the later end of baseline and window.

    Examples
    --------
    >>> study_window(Incident.load("data/incidents/D-quiet-control")).duration_seconds
    180.0
    """
    a, b = incident.baseline, incident.window
    return Window(min(a.start, b.start), max(a.end, b.end))


def grid_edges(stamps: np.ndarray, window: Window) -> np.ndarray:
    """Return a regular grid over a window with the median step and the phase of the stamps.

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        Sample times of the suspect [us].
    window : Window
        What to cover; edges never leave it.

    Returns
    -------
    ndarray of int64
        Edges [us]; fewer than three if the stamps do not allow a grid.

    Examples
    --------
    >>> grid_edges(np.arange(0, 60, 5) * 1_000_000, Window("1970-01-01T00:00:11Z", "1970-01-01T00:00:26Z")) // 1_000_000
    array([15, 20, 25])
    """
    if len(stamps) < 3:
        return np.zeros(0, "i8")
    step = int(np.round(np.median(np.diff(stamps)) / 1e3) * 1e3)
    if step <= 0:
        return np.zeros(0, "i8")
    inside = stamps[(stamps >= window.start_us) & (stamps <= window.end_us)]
    if not len(inside):
        return np.zeros(0, "i8")
    phase = int(np.median((inside - window.start_us) % step))
    first = int(inside[0]) - (int(inside[0]) - window.start_us - phase) % step  # nothing before or after the samples
    return np.arange(max(first, window.start_us), min(int(inside[-1]) + step // 2, window.end_us) + 1, step, dtype="i8")


def make_panel(
    edges: np.ndarray, dose: np.ndarray, requests: pd.DataFrame, incident: Incident, episodes: tuple[Episode, ...], *,
    name: str = "cpu_throttled_ratio",
) -> Panel:  # fmt: skip
    """Join a dose with the symptom through the one gate, `align`; refuse where either is too thin.

    Parameters
    ----------
    edges : ndarray of int64, shape (n + 1,)
        Regular grid [us].
    dose : ndarray, shape (n,)
        Per step; NaN unknown.
    requests : DataFrame
        With column bad. Where its attribute `QUIET` is set, a step without any is a good one, else an unknown one.
    incident : Incident
        Its baseline must be covered.
    episodes : tuple of Episode
        What is studied; each must be covered.
    name : str
        What the dose is, for errors.

    Returns
    -------
    Panel
        On the grid.

    Raises
    ------
    CoverageError
        Naming the signal, what it has and what it needs.
    """
    if len(edges) < 3:
        raise CoverageError(
            "fewer than three samples lie in baseline and window", where=name,
            expected="a sample every few seconds", next="capture the evidence of that time",
        )  # fmt: skip
    total, bad = bins(requests, edges)
    silent = 0.0 if requests.attrs.get(QUIET) else np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, bad / total, silent)
    heard = np.where((total == 0) & in_flight(requests, edges), 0.0, share)  # all stand still: no completion, no gap
    panel = Panel(edges, dose, share)
    for window in (incident.baseline, *(e.window for e in episodes)):
        if window.duration_seconds >= 2 * panel.step_seconds and not _covered(panel, heard, window):
            index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us")
            align(
                {name: pd.Series(dose, index=index), "bad_ratio": pd.Series(heard, index=index)}, window, MIN_COVERAGE
            )
    return panel


def _covered(panel: Panel, heard: np.ndarray, window: Window) -> bool:
    """Return whether `align` would take both on their common grid: it is asked itself where too few are known."""
    inside = panel.inside(window)
    expected = max(int(np.floor(window.duration_seconds / panel.step_seconds + 1e-6)), 1)
    return all(np.count_nonzero(np.isfinite(v[inside])) >= MIN_COVERAGE * expected for v in (panel.dose, heard))


def in_flight(requests: pd.DataFrame, edges: np.ndarray) -> np.ndarray:
    """Return in which steps a request was under way, shape (n,), bool.

    Parameters
    ----------
    requests : DataFrame
        Index end, column duration_seconds; those of unknown duration are left out.
    edges : ndarray of int64, shape (n + 1,)
        Ascending [us].

    Examples
    --------
    >>> table = pd.DataFrame({"duration_seconds": [2e-6]}, index=pd.to_datetime([3], unit="us", utc=True))
    >>> in_flight(table, np.array([0, 1, 2, 3, 4])).tolist()
    [False, True, True, False]
    """
    known = requests["duration_seconds"].notna().to_numpy()
    ends = pd.DatetimeIndex(requests.index).as_unit("us").asi8[known]
    starts = np.sort(ends - np.round(requests["duration_seconds"].to_numpy()[known] * 1e6).astype("i8"))
    begun = np.searchsorted(starts, edges[1:], side="left")
    done = np.searchsorted(np.sort(ends), edges[:-1], side="right")
    return np.asarray(begun > done)
