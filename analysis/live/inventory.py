"""What of the catalogue a server has, counted once before anything is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from analysis.catalogue import Catalogue, Resolved, load_catalogue, names_regexes, resolve
from analysis.errors import SpecError
from analysis.incident import Incident
from analysis.live.span import Span
from analysis.sources.prometheus.connection import Source
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.preflight import count_by_name
from analysis.sources.prometheus.selector import Matcher, Selector
from analysis.spec_sources import PrometheusSpec

__all__ = ["Inventory", "label_names", "matchers_of", "take_inventory"]


@dataclass(frozen=True)
class Inventory:
    """What was looked for, and how many series each metric has at most at one time.

    `failures` says why some could not be counted, `partial` which stores did not answer the count.
    """

    catalogue: Catalogue
    counts: dict[str, int]
    failures: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()

    def resolved(self, labels: Mapping[str, frozenset[str]] | None = None) -> tuple[Resolved, ...]:
        """Return what is there of each question; names of labels tell dialects apart that share a metric's name."""
        return resolve(self.catalogue, self.counts, labels)


def matchers_of(spec: PrometheusSpec) -> tuple[Matcher, ...]:
    """Return the author's own matchers for all questions of the catalogue.

    Examples
    --------
    >>> matchers_of(PrometheusSpec(url="http://localhost:9090", match={"cluster": "eu-1"}))
    (('cluster', '=', 'eu-1'),)
    """
    return tuple((label, "=", value) for label, value in spec.match.items())


def take_inventory(source: Source, incident: Incident, spans: Sequence[Span]) -> Inventory:
    """Count what a server has of the catalogue: a few range queries of `count by (__name__)`, over the whole window.

    Parameters
    ----------
    source : Source
        The server.
    incident : Incident
        Under sources.prometheus: questions, matchers, a catalogue of the author's own.
    spans : sequence of Span
        The stretches: a metric that was there for a part of them is there.

    Raises
    ------
    SpecError
        If the catalogue that the author adds is broken, or a question is named that there is not.
    """
    spec = incident.spec.sources.prometheus
    assert spec is not None
    extra = incident.folder / spec.catalogue if spec.catalogue else None
    catalogue = _chosen(load_catalogue(extra), spec.questions)
    counts: dict[str, int] = {}
    failures, partial = [], list[str]()
    for regex, span in product(names_regexes(catalogue), spans):
        selector = Selector((("__name__", "=~", regex), *matchers_of(spec)))
        try:
            found = count_by_name(source, selector, span.start_us, span.end_us)
        except RequestError as error:
            failures.append(error.what)
            continue
        partial += found.partial
        counts |= {name: max(n, counts.get(name, 0)) for name, n in found.of_name.items()}
    return Inventory(catalogue, counts, tuple(failures), tuple(dict.fromkeys(partial)))


def label_names(source: Source, names: Iterable[str], spans: Sequence[Span]) -> dict[str, frozenset[str]]:
    """Return the names of the labels that the series of each metric have; what cannot be asked for is left out.

    Only the index is read; one small request a metric.

    Parameters
    ----------
    source : Source
        The server.
    names : iterable of str
        Metrics.
    spans : sequence of Span
        From the first to the last.
    """
    found = {}
    ends = {"start": str(spans[0].start_us / 1e6), "end": str(spans[-1].end_us / 1e6)}
    for name in names:
        form = {"match[]": str(Selector((("__name__", "=", name),))), **ends}
        try:
            labels = json.loads(source.ask("/api/v1/labels", form))["data"]
            found[name] = frozenset(map(str, labels))
        except (RequestError, ValueError, KeyError, TypeError):
            continue
    return found


def _chosen(catalogue: Catalogue, questions: tuple[str, ...] | None) -> Catalogue:
    if questions is None:
        return catalogue
    known = {q.id for q in catalogue.questions}
    unknown = [q for q in questions if q not in known]
    if unknown:
        raise SpecError(
            f"the catalogue has no question {', '.join(unknown)}", where="sources.prometheus.questions",
            expected=", ".join(sorted(known)), next="correct the names, or leave questions out to ask all",
        )  # fmt: skip
    return catalogue._replace(questions=tuple(q for q in catalogue.questions if q.id in questions))
