"""`Account`: what one question cost so far, told to whoever watches, and at the end written into its `Fetched`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.fetched import Fetched, Progress, Step
from analysis.sources.prometheus.gathered import Gathered
from analysis.sources.prometheus.source import Source

__all__ = ["Account", "naming"]


@contextmanager
def naming(source: Source) -> Iterator[None]:
    """Have a `RequestError` about an answer say which server gave it."""
    try:
        yield
    except RequestError as error:
        raise RequestError(error.failure, error.tries, where=source.name, next=error.next) from None


class Account:
    """Samples, bytes, requests and time of one question.

    Parameters
    ----------
    source : Source
        Its counters are read; another question that it answers meanwhile counts as well.
    units : int
        The whole of the question, in the units of `took`.
    progress : callable or None
        Told of each step.
    """

    def __init__(self, source: Source, units: int, progress: Progress | None) -> None:
        self._source, self._units, self._progress = source, units, progress
        self._begun, self._received, self._requests = monotonic(), source.received_bytes, source.requests
        self._told, self._done = self._received, 0

    def took(self, samples: int, units: int) -> int:
        """Note an answer of so many samples to so many units; return the samples."""
        self._done += units
        received = self._source.received_bytes
        if self._progress is not None:
            self._progress(Step(samples, received - self._told, self._done / self._units))
        self._told = received
        return samples

    def closed(self, gathered: Gathered, splits: int) -> Fetched:
        """Return what was gathered, with its cost."""
        return Fetched(
            gathered.table(),
            gathered.partial,
            gathered.advice,
            gathered.left_out,
            self._source.received_bytes - self._received,
            self._source.requests - self._requests,
            splits,
            monotonic() - self._begun,
        )
