"""The grid of a range query, aligned to its step, and the windows in which a server can answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from analysis.errors import SpecError

__all__ = ["MOST_POINTS_A_SERIES", "Grid", "plan", "rate_window_seconds"]

DEFAULT_STEP_SECONDS = 15.0
MOST_SAMPLES = 1_500_000  # a request: some 45 MB of JSON; more only costs memory, fewer repeat labels and look-ups
MOST_POINTS = 10_000  # a request and series: Prometheus refuses more than 11,001
MOST_POINTS_A_SERIES = 500_000  # a question: a month at 5 s; beyond that the step is raised, and `Grid.note` says so
MS = 1_000  # us


@dataclass(frozen=True)
class Grid:
    """Points of time start, start + step, ... end, both ends included, all of them multiples of the step.

    A grid of multiples is the only one that Prometheus and VictoriaMetrics answer alike (the latter moves any other
    start from 50 points on), and the one that their caches know.

    Parameters
    ----------
    start_us, end_us : int
        First and last point [us since epoch, UTC].
    step_us : int
        Distance of points [us], in whole milliseconds.
    most_samples, most_points : int
        What one request may bring: samples of all series together, points of one series.
    series : int
        How many series are expected (a pre-flight count); 0 is not known.
    note : str
        Why the step is not the one that was asked for; "" if it is.

    Raises
    ------
    SpecError
        If the ends are not multiples of the step, the end is before the start, or a limit is below one.

    Examples
    --------
    >>> grid = Grid(0, 60_000_000, 15_000_000, most_points=3)
    >>> grid.points, grid.windows()
    (5, ((0, 15000000), (30000000, 60000000)))
    """

    start_us: int
    end_us: int
    step_us: int
    most_samples: int = MOST_SAMPLES
    most_points: int = MOST_POINTS
    series: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if self.step_us < MS or self.step_us % MS:
            raise _wrong(f"a step of {self.step_us} us", "a whole number of milliseconds, at least one")
        if self.start_us % self.step_us or self.end_us % self.step_us or self.end_us < self.start_us:
            ends = f"a grid from {self.start_us} to {self.end_us} us in steps of {self.step_us} us"
            raise _wrong(ends, "ends that are multiples of the step, the end not before the start")
        if self.most_samples < 1 or self.most_points < 1 or self.series < 0:
            raise _wrong(
                f"limits of {self.most_samples} samples and {self.most_points} points for {self.series} series",
                "limits of at least one",
            )

    @property
    def points(self) -> int:
        """Number of points, at least one."""
        return (self.end_us - self.start_us) // self.step_us + 1

    def points_a_window(self, series: int = 0) -> int:
        """Return how many points a request of that many series may have (0: as many as are expected), at least one."""
        return max(1, min(self.most_points, self.most_samples // max(series or self.series, 1)))

    def windows(self, series: int = 0) -> tuple[tuple[int, int], ...]:
        """Return first and last point [us] of the requests that together ask for every point once.

        Parameters
        ----------
        series : int
            How many series there are; 0 for as many as are expected.

        Returns
        -------
        tuple of (int, int)
            In order of time, of nearly equal length, none sharing a point with the next: nothing comes twice.
        """
        count = -(-self.points // self.points_a_window(series))
        edges = [i * self.points // count for i in range(count + 1)]
        at = [self.start_us + edge * self.step_us for edge in edges]
        return tuple((lo, hi - self.step_us) for lo, hi in pairwise(at))

    def fitted(self, series: int, most_samples: int, *, scrape_seconds: float | None = None) -> Grid:
        """Return this grid, or the coarser one on which that many series stay within so many samples altogether.

        Parameters
        ----------
        series : int
            How many series there are.
        most_samples : int
            What the whole question may bring.
        scrape_seconds : float or None
            The new step is 1, 2, 5, 10 ... times this; None for the step of this grid.

        Raises
        ------
        SpecError
            If there are more series than samples are allowed: no step helps.
        """
        series = max(series, 1)
        if series * 2 > most_samples and series * self.points > most_samples:
            raise _wrong(f"{series:,} series for at most {most_samples:,} samples", "fewer series: an aggregated form")
        return replace(_raised(self, most_samples // series, scrape_seconds), series=series)


def plan(
    start_us: int,
    end_us: int,
    *,
    step_seconds: float | None = None,
    scrape_seconds: float | None = None,
    most_samples: int = MOST_SAMPLES,
    most_points: int = MOST_POINTS,
) -> Grid:
    """Return the grid that covers a window: its start floored and its end ceiled to multiples of the step.

    The limit of 11,000 points does not coarsen it: that bounds one request, and requests are split. Only a question of
    more than `MOST_POINTS_A_SERIES` points gets a larger step (1, 2, 5, 10 ... scrapes), and `Grid.note` says so.

    Parameters
    ----------
    start_us, end_us : int
        The window [us since epoch, UTC], both ends included.
    step_seconds : float or None
        The step that is asked for, rounded to milliseconds; None for the scrape interval (15 s if that is not known).
    scrape_seconds : float or None
        How far apart the samples are.
    most_samples, most_points : int
        What one request may bring: samples of all series together, points of one series.

    Raises
    ------
    SpecError
        If the window ends before it starts, or the step is not a positive number.

    Examples
    --------
    >>> grid = plan(7_000_000, 61_000_000, step_seconds=15)
    >>> grid.start_us, grid.end_us, grid.points, grid.note
    (0, 75000000, 6, '')
    """
    if end_us < start_us:
        raise _wrong(f"a window from {start_us} to {end_us} us", "an end that is not before the start")
    asked = step_seconds if step_seconds is not None else scrape_seconds
    step_us = _step_us(DEFAULT_STEP_SECONDS if asked is None else asked)
    grid = Grid(*_aligned(start_us, end_us, step_us), step_us, most_samples, most_points)
    return _raised(grid, MOST_POINTS_A_SERIES, scrape_seconds, window=(start_us, end_us))


def rate_window_seconds(step_seconds: float, scrape_seconds: float) -> float:
    """Return the range of a rate(): at least four scrapes (two may fail) and the step (no sample is skipped).

    Examples
    --------
    >>> rate_window_seconds(15, 15), rate_window_seconds(300, 15)
    (60, 300)
    """
    return max(4 * scrape_seconds, step_seconds)


def _raised(grid: Grid, most: int, scrape_seconds: float | None, *, window: tuple[int, int] | None = None) -> Grid:
    """Return the grid with at most so many points: its own, or the next coarser in 1-2-5 steps of the scrape."""
    if grid.points <= most:
        return grid
    first, last = window or (grid.start_us, grid.end_us)
    base = grid.step_us if scrape_seconds is None else _step_us(scrape_seconds)
    step_us, scale = base, 1
    while step_us < grid.step_us or _points(first, last, step_us) > most:
        scale = scale * 5 // 2 if str(scale)[0] == "2" else scale * 2
        step_us = base * scale
    note = (
        f"step raised from {grid.step_us / 1e6:g} s to {step_us / 1e6:g} s: {grid.points:,} points a series"
        f" are more than the {most:,} that are allowed"
    )
    start_us, end_us = _aligned(first, last, step_us)
    return replace(grid, start_us=start_us, end_us=end_us, step_us=step_us, note=note)


def _points(first: int, last: int, step_us: int) -> int:
    start_us, end_us = _aligned(first, last, step_us)
    return (end_us - start_us) // step_us + 1


def _aligned(first: int, last: int, step_us: int) -> tuple[int, int]:
    return first // step_us * step_us, -(-last // step_us) * step_us


def _step_us(seconds: float) -> int:
    if not 5e-4 < seconds < 1e9:  # NaN fails both
        raise _wrong(f"a step of {seconds} s", "a positive number of seconds, at least one millisecond")
    return round(seconds * 1000) * MS


def _wrong(what: str, expected: str) -> SpecError:
    return SpecError(
        f"{what} cannot be asked for",
        where="range query",
        expected=expected,
        next="correct the window, the step or the limits",
    )
