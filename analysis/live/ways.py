"""How one question is put: raw by the best way that a server offers, else on a grid; and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from analysis.live.question import Question
from analysis.live.span import Span
from analysis.sources.prometheus import SampleTable
from analysis.sources.prometheus.connection import Source
from analysis.sources.prometheus.export import fetch_export
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.fetched import Fetched, Progress
from analysis.sources.prometheus.plan import plan
from analysis.sources.prometheus.range_query import fetch_range, fetch_series
from analysis.sources.prometheus.range_vector import fetch_vector
from analysis.sources.prometheus.remote_read import fetch_remote_read
from analysis.sources.prometheus.selector import Selector
from analysis.sources.prometheus.server_facts import ServerFacts

__all__ = ["Answer", "Pace", "put", "ways_of"]

Raw = Callable[..., Fetched]
RAW: dict[str, Raw] = {"remote_read": fetch_remote_read, "export": fetch_export, "range_vector": fetch_vector}
# another way may do
NOT_THIS_WAY = ("not_offered", "not_understood", "rejected", "unauthorised", "unavailable", "truncated")


@dataclass(frozen=True)
class Pace:
    """How far apart samples are, and points of a grid [s]; None: not known, not asked for."""

    scrape_seconds: float | None
    step_seconds: float | None


@dataclass(frozen=True)
class Answer:
    """What came, by which way, in which mode, and the step of the grid [s] where it is one."""

    fetched: Fetched
    way: str
    mode: Literal["raw", "range"]
    step_seconds: float | None
    note: str = ""


def ways_of(facts: ServerFacts, mode: str) -> tuple[str, ...]:
    """Return the ways to ask for samples, the best first; `range` allows only the grid, `raw` no grid.

    Parameters
    ----------
    facts : ServerFacts
        What the server offers.
    mode : {"auto", "raw", "range"}
        Of the spec.
    """
    if mode == "range":
        return ("query_range",)
    offered = [w for w, there in (("remote_read", facts.has_remote_read), ("export", facts.has_export)) if there]
    return (*offered, "range_vector", *(["query_range"] if mode == "auto" else []))


def put(
    source: Source, question: Question, span: Span, ways: tuple[str, ...], pace: Pace, progress: Progress
) -> Answer:
    """Put one question.

    Parameters
    ----------
    source : Source
        The server.
    question : Question
        A selector is asked for by the first of the ways that works; an expression on a grid.
    span : Span
        The window, both ends included.
    ways : tuple of str
        From `ways_of`.
    pace : Pace
        Scrape interval, and the step that is asked for.
    progress : callable
        Gets a `Step` now and then.

    Raises
    ------
    RequestError
        As the last way failed.
    """
    selector = question.selector
    grid = plan(span.start_us, span.end_us, step_seconds=question.step_seconds or pace.step_seconds,
                scrape_seconds=pace.scrape_seconds)  # fmt: skip
    step = grid.step_us / 1e6
    if grid.end_us > span.end_us and grid.points > 1:  # ahead of the span a server repeats what it has
        grid = replace(grid, end_us=grid.end_us - grid.step_us)
    if selector is None:
        found = fetch_range(source, question.promql, grid, progress=progress)
        return Answer(_under(found, question.name), "query_range", "range", step, grid.note)
    for way in ways:
        try:
            if way == "query_range":
                scrape = pace.scrape_seconds or step
                found = fetch_series(source, selector, grid, scrape_seconds=scrape, progress=progress)
                return Answer(found, way, "range", step, grid.note)
            return Answer(_raw(source, way, selector, span, progress), way, "raw", None)
        except RequestError as error:
            if way == ways[-1] or error.failure.kind not in NOT_THIS_WAY:
                raise
    raise AssertionError("a question needs a way")


def _raw(source: Source, way: str, selector: Selector, span: Span, progress: Progress) -> Fetched:
    return RAW[way](source, selector, span.start_us, span.end_us, progress=progress)


def _under(found: Fetched, name: str) -> Fetched:
    """Return what an expression gave under a name of its own: `x offset 1h` is not the metric x.

    Where an expression gives series of several metrics, each keeps its metric's name in the label `metric_name`.
    """
    table = found.table
    several = len({each.get("__name__", "") for each in table.labels}) > 1
    labels = tuple(
        {**each, **({"metric_name": each.get("__name__", "")} if several else {}), "__name__": name}
        for each in table.labels
    )
    return replace(found, table=SampleTable(labels, table.ids, table.times, table.values))
