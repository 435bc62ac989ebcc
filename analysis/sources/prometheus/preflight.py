"""How many series a question has before it is asked, and whether it fits what it may bring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.errors import SpecError
from analysis.sources.prometheus.plan import Grid, plan
from analysis.sources.prometheus.range_query import fetch_range
from analysis.sources.prometheus.selector import Matcher, Selector
from analysis.sources.prometheus.source import Source

__all__ = ["Budget", "Counts", "count_by_name", "count_of", "count_series"]

LOOKBACK_SECONDS = 300
LEAST_STEP_SECONDS = 15
POINTS = 120  # of the count: finer only costs the server more, as every point sees all samples of its step
LONGEST_QUERY = 8_000  # bytes; proxies and logs have limits of their own
MOMENTS = 6  # at which an expression is counted
NAME = "__name__"


def count_series(source: Source, selectors: Sequence[Selector | str], start_us: int, end_us: int) -> dict[str, int]:
    """Return how many series each selector has at most at one time of a window.

    One range query for all selectors that differ in nothing but the metric's name (they are joined to one regular
    expression; a text of more than 8 kB is cut into several). Its step is at most the look-back of a server, and each
    point counts what has a sample in the step before it: a series that lived for a part of the window only is counted.

    Parameters
    ----------
    source : Source
        The server.
    selectors : sequence of Selector or str
        What will be asked for, plain vector selectors.
    start_us, end_us : int
        The window [us since epoch, UTC].

    Returns
    -------
    dict of str to int
        By the text of the selector as it was given (of a `Selector`, its `str`); 0 for what the server does not have.

    Raises
    ------
    RequestError
        If the server cannot count.
    SpecError
        If one is no plain vector selector.
    """
    parsed = {str(given): _parsed(given) for given in selectors}
    found: dict[Selector, int] = dict.fromkeys(parsed.values(), 0)
    for question, group in _questions(tuple(found)):
        of_name = count_by_name(source, question, start_us, end_us).of_name
        for selector in group:
            found[selector] = of_name.get(selector.name, 0) if selector.name else sum(of_name.values())
    return {text: found[selector] for text, selector in parsed.items()}


class Counts(NamedTuple):
    """How many series each metric's name has, and warnings that mean that some may be missing."""

    of_name: dict[str, int]
    partial: tuple[str, ...]


def count_by_name(source: Source, selector: Selector | str, start_us: int, end_us: int) -> Counts:
    """Return how many series of each metric's name a selector has at most at one time of a window.

    Parameters
    ----------
    source : Source
        The server.
    selector : Selector or str
        Plain; it may fit many names.
    start_us, end_us : int
        The window [us since epoch, UTC].

    Returns
    -------
    Counts
        Names that the server has in the window.

    Raises
    ------
    RequestError
        If the server cannot count.
    """
    step = min(LOOKBACK_SECONDS, max(LEAST_STEP_SECONDS, -(-(end_us - start_us) // 1_000_000 // POINTS)))
    grid = plan(start_us, end_us, step_seconds=step)
    found = fetch_range(source, f"count by ({NAME}) (last_over_time({selector}[{step}s]))", grid)
    table, most = found.table, np.zeros(len(found.table.labels))
    np.fmax.at(most, table.ids, table.values)
    of_name = {labels.get(NAME, ""): int(count) for labels, count in zip(table.labels, most, strict=True)}
    return Counts(of_name, found.partial)


def count_of(source: Source, promql: str, start_us: int, end_us: int) -> int:
    """Return how many series an expression gives, at most, at a few moments of a window.

    Parameters
    ----------
    source : Source
        The server.
    promql : str
        Any expression; a scalar counts as one.
    start_us, end_us : int
        The window [us since epoch, UTC].

    Raises
    ------
    RequestError
        If the server cannot evaluate it.
    """
    step = max(LEAST_STEP_SECONDS, (end_us - start_us) // 1_000_000 // MOMENTS)
    table = fetch_range(source, f"count({promql})", plan(start_us, end_us, step_seconds=step)).table
    return int(np.nanmax(table.values, initial=0))


def _parsed(given: Selector | str) -> Selector:
    selector = Selector.parse(given) if isinstance(given, str) else given
    if selector is None:
        raise SpecError(
            f"{given} is no plain selector",
            where="pre-flight count",
            expected='such as http_requests_total{job="shop"}',
            next="count the selectors within an expression",
        )
    return selector


def _questions(selectors: Sequence[Selector]) -> Iterator[tuple[Selector, list[Selector]]]:
    """Yield the selectors that are counted, each with those that it counts: of one name, or of any."""
    groups: dict[tuple[Matcher, ...], list[Selector]] = {}
    for selector in selectors:
        rest = tuple(m for m in selector.matchers if m != (NAME, "=", selector.name))
        if selector.name:
            groups.setdefault(rest, []).append(selector)
        else:
            yield selector, [selector]
    for rest, group in groups.items():
        for part in _chunks(group, LONGEST_QUERY - len(str(Selector(rest)).encode()) - 100):
            yield Selector(((NAME, "=~", "|".join(_escaped(one.name) for one in part)), *rest)), part


def _chunks(group: list[Selector], most_bytes: int) -> Iterator[list[Selector]]:
    part: list[Selector] = []
    size = 0
    for selector in group:
        length = len(str(Selector(((NAME, "=", _escaped(selector.name)),)))) + 1
        if part and size + length > most_bytes:
            yield part
            part, size = [], 0
        part.append(selector)
        size += length
    if part:
        yield part


def _escaped(name: str) -> str:
    """Return the regular expression (RE2) of a name: everything but letters, digits, _ and : is escaped."""
    return re.sub(r"[^\w:]", lambda found: rf"\{found[0]}" if found[0].isascii() else found[0], name)


@dataclass(frozen=True)
class Budget:
    """What one question may bring.

    Parameters
    ----------
    most_series : int
        Series at one time.
    most_samples : int
        Samples altogether.

    Examples
    --------
    >>> print(Budget(most_samples=1_000_000).refusal("a_total", 5_000, plan(0, 21_600_000_000, step_seconds=15)))
    5,000 series x 1,441 points are 7,205,000 samples, more than the 1,000,000 that one question may bring: ...
    >>> Budget().refusal("a_total", 50, plan(0, 21_600_000_000, step_seconds=15))
    ''
    """

    most_series: int = 20_000
    most_samples: int = 20_000_000

    def refusal(self, asked: str, series: int, grid: Grid) -> str:
        """Return why a question is not asked and what would fit, in one sentence; "" if it fits.

        Parameters
        ----------
        asked : str
            The selector or expression.
        series : int
            How many series it has (`count_series`).
        grid : Grid
            The points; of raw samples, a grid of the scrape interval.
        """
        samples = series * grid.points
        if series <= self.most_series and samples <= self.most_samples:
            return ""
        if series > self.most_series:
            told = f"{series:,} series are more than the {self.most_series:,}"
        else:
            told = f"{series:,} series x {grid.points:,} points are {samples:,} samples, more than the"
            told += f" {self.most_samples:,}"
        ways = [f"an aggregated form, such as sum by (namespace) ({_inside(asked)})", "a narrower selector"]
        if series <= self.most_series and series * 2 <= self.most_samples:
            ways.append(f"a step of {grid.fitted(series, self.most_samples).step_us / 1e6:g} s")
        return f"{told} that one question may bring: ask for {', '.join(ways[:-1])} or {ways[-1]}"


def _inside(asked: str) -> str:
    """Return what an aggregation would be of: the rate of a plain counter, else the expression itself."""
    selector = Selector.parse(asked)
    counter = selector is not None and selector.name.endswith(("_total", "_count", "_sum", "_bucket"))
    return f"rate({asked}[5m])" if counter else asked
