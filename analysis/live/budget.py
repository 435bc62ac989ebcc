"""How much of the catalogue is asked for: the widest choice that stays within the budget, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from analysis.catalogue import Ask, Resolved, selectors_for
from analysis.catalogue.selectors import Scope
from analysis.incident import Incident
from analysis.live.inventory import label_names, matchers_of
from analysis.live.span import Span
from analysis.sources.prometheus.connection import Source
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.plan import Grid
from analysis.sources.prometheus.preflight import count_series

__all__ = ["Choice", "choose"]

SCOPES: tuple[Scope, ...] = ("everything", "namespace", "workload")


@dataclass(frozen=True)
class Choice:
    """What is asked for.

    Parameters
    ----------
    scope : {"everything", "namespace", "workload"}
        Whose series. What has no owner (nodes, databases, control plane) is never narrowed.
    asks : tuple of Ask
        Plain selectors, required ones first.
    series : dict of str to int
        How many series each selector has.
    grid : Grid
        As many points as a series has samples.
    left_out : str
        What was left out to stay within the budget: "buckets"; "" for nothing.
    """

    scope: Scope
    asks: tuple[Ask, ...]
    series: dict[str, int]
    grid: Grid
    left_out: str

    def samples(self, ask: Ask) -> float:
        """Return how many samples a selector may bring."""
        return self.series.get(ask.selector, 0) * self.grid.points

    @property
    def total(self) -> float:
        """Samples of all together."""
        return sum(map(self.samples, self.asks))


def choose(
    source: Source, incident: Incident, spans: Sequence[Span], found: tuple[Resolved, ...], grid: Grid
) -> Choice:
    """Return the widest choice within `most_samples`; if none is, the narrowest.

    Controls are evidence, too: other services, pods and servers tell whether a suspect harmed them. So everything is
    taken where it fits; else first buckets and what no test reads are left out, then it is narrowed to the service's
    namespace, then to its workload.

    Parameters
    ----------
    source : Source
        The server, asked for the number of series where it is narrowed.
    incident : Incident
        Its service; scope, namespaces and budget under sources.prometheus.
    spans : sequence of Span
        The stretches.
    found : tuple of Resolved
        What the server has.
    grid : Grid
        As many points as a series has samples.
    """
    spec = incident.spec.sources.prometheus
    assert spec is not None
    service = incident.spec.service
    home = (service.namespace, service.workload)
    chosen: Choice | None = None
    labels: dict[str, frozenset[str]] = {}
    for scope in SCOPES if spec.scope == "auto" else (spec.scope,):
        services = [home, *((n, "") for n in spec.namespaces if scope == "namespace")]
        if scope != "everything" and not labels:
            labels = label_names(source, (f.name for resolved in found for f in resolved.found), spans)
        asks = selectors_for(found, services, scope, labels=labels or None, extra=matchers_of(spec))
        series = {a.selector: a.series for a in asks}
        if scope != "everything":
            with suppress(RequestError):  # then the numbers before narrowing stand in: it is narrowed further
                each = [count_series(source, list(series), span.start_us, span.end_us) for span in spans]
                series = {text: max(counted[text] for counted in each) for text in series}
        for heavy, context in product((True, False), (True, False)):
            kept = tuple(a for a in asks if (heavy or not a.heavy) and (context or not a.context))
            left = [word for word, there in (("buckets", heavy), ("what no test reads", context)) if not there]
            chosen = Choice(scope, kept, series, grid, " and ".join(left))
            if chosen.total <= spec.most_samples:
                return chosen
    assert chosen is not None
    return chosen
