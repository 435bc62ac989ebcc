"""Range queries: any expression on a grid, in windows, as one table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.sources.prometheus.account import Account, naming
from analysis.sources.prometheus.decode import Matrix, decode_matrix
from analysis.sources.prometheus.failures import Failure, RequestError
from analysis.sources.prometheus.fetched import Fetched, Progress
from analysis.sources.prometheus.gathered import Gathered
from analysis.sources.prometheus.in_windows import Extent, in_windows
from analysis.sources.prometheus.plan import Grid
from analysis.sources.prometheus.selector import Selector
from analysis.sources.prometheus.source import Source
from analysis.sources.prometheus.splittable import is_splittable

__all__ = ["fetch_range", "fetch_series", "held_for"]

PATH = "/api/v1/query_range"
FIRST_POINTS = 240  # of the first window, while the number of series is not known
LEAST_POINTS = 16  # a window is not halved below
HELD_SCRAPES = 2  # how long a sample is shown after its time


def fetch_range(source: Source, promql: str, grid: Grid, *, progress: Progress | None = None) -> Fetched:
    """Ask for an expression at every point of a grid.

    The grid is asked for in windows that keep the limits of `grid` (the first is short if `grid.series` is not known),
    two at once, halved where the server finds one too much, down to 16 points. The table is the same whatever the
    windows were (VictoriaMetrics: but for rates at the beginning of a gap, see `is_splittable`). An expression that
    refers to the ends of its range (`@ end()`) is asked for in one piece. `nocache=1` keeps VictoriaMetrics from
    answering with what others asked for before, cut otherwise; Prometheus does not know it.

    Parameters
    ----------
    source : Source
        The server.
    promql : str
        The expression.
    grid : Grid
        At which points.
    progress : callable or None
        Told of every window.

    Returns
    -------
    Fetched
        One series a label set, as the server gave it (without __name__ where the expression drops it), values at points
        of the grid only; no value is no sample, NaN is one. Partial windows are said in `partial`.

    Raises
    ------
    RequestError
        If a window fails for good; also if an answer does not lie on the grid ("not_understood").

    Notes
    -----
    Protocol: prometheus.io, HTTP API, "Range queries"; POST, form in the body.
    """
    account, gathered = Account(source, grid.points, progress), Gathered()

    def ask(lo: int, hi: int) -> bytes:
        return source.ask(PATH, {"query": promql, "nocache": "1"} | _window(grid, lo, hi))

    def take(lo: int, hi: int, body: bytes) -> int:
        with naming(source):
            matrix = decode_matrix(body, hide=source.hide)
            _on_grid(matrix, grid, lo, hi)
            gathered.add(lo, matrix)
        return account.took(len(matrix.times), hi - lo)

    whole = not is_splittable(promql)
    try:
        splits = in_windows(ask, take, _whole(grid) if whole else _extent(grid))
    except RequestError as error:
        if whole and error.failure.remedy == "split":
            told = f"{error.failure.text} [{grid.points:,} points; not asked for in pieces, as the expression needs"
            failure = replace(error.failure, text=f"{told} the whole range]")
            raise RequestError(failure, error.tries, where=error.where, next=error.next) from None
        raise
    return account.closed(gathered, splits)


def fetch_series(
    source: Source, selector: Selector | str, grid: Grid, *, scrape_seconds: float, progress: Progress | None = None
) -> Fetched:
    """Ask for the series of a selector at every point of a grid, each sample shown for at most two scrapes.

    A plain selector shows the last sample for the look-back of the server, five minutes: a gap or a death is hidden
    by up to 20 values at 15 s that nobody measured. `held_for` cuts them to two.

    Parameters
    ----------
    source, grid, progress
        As of `fetch_range`.
    selector : Selector or str
        A plain vector selector.
    scrape_seconds : float
        How far apart the samples are.

    Returns
    -------
    Fetched
        With __name__, also where a selector fits many names.
    """
    return fetch_range(source, held_for(selector, scrape_seconds), grid, progress=progress)


def held_for(selector: Selector | str, scrape_seconds: float) -> str:
    """Return the expression that shows each sample of a selector for two scrapes, and keeps the metric's name.

    Examples
    --------
    >>> held_for('up{job="a"}', 15)
    'last_over_time(up{job="a"}[30000ms])'
    """
    return f"last_over_time({selector}[{max(1, round(HELD_SCRAPES * scrape_seconds * 1000))}ms])"


def _extent(grid: Grid) -> Extent:
    """Return how the grid is cut: by the series that are expected, else after a short first window."""
    fits = grid.points_a_window()
    first = -(-grid.points // -(-grid.points // fits)) if grid.series else min(FIRST_POINTS, fits)
    return Extent(grid.points, first, grid.most_points, LEAST_POINTS, grid.most_samples)


def _whole(grid: Grid) -> Extent:
    return Extent(grid.points, grid.points, grid.points, grid.points, grid.most_samples)


def _window(grid: Grid, lo: int, hi: int) -> dict[str, str]:
    """Return the form's start, end and step of points lo..hi-1, in seconds with all milliseconds."""
    times = {"start": grid.start_us + lo * grid.step_us, "end": grid.start_us + (hi - 1) * grid.step_us}
    return {name: f"{us / 1e6:.3f}" for name, us in (times | {"step": grid.step_us}).items()}


def _on_grid(matrix: Matrix, grid: Grid, lo: int, hi: int) -> None:
    """Refuse an answer with a time that was not asked for: values of other times are other values."""
    points, beside = np.divmod(matrix.times - grid.start_us, grid.step_us)
    wrong = (beside != 0) | (points < lo) | (points >= hi)
    if wrong.any():
        window = _window(grid, lo, hi)
        told = f"the answer has a value at {matrix.times[int(np.argmax(wrong))] / 1e6:.3f} s, which is not on the grid"
        told += f" from {window['start']} to {window['end']} s in steps of {window['step']} s"
        raise RequestError(Failure("not_understood", "none", 200, "", told))
