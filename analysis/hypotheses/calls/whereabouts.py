"""Which sources fail with the service: pods and workloads that call the same destinations, as a matrix of states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.correlate.decomposition import decomposition
from analysis.hypotheses.calls.levels import Level, State
from analysis.hypotheses.calls.localisation import Localisation, localise

__all__ = ["CLIENT_SIDE", "Cell", "Source", "Whereabouts", "whereabouts"]

CLIENT_SIDE = frozenset({"client pod", "client workload", "node"})
DECIDED = ("worse", "spared")


class Source(NamedTuple):
    """Who calls: namespace, workload, pod ("" where its metrics name none), node ("": unknown), is it the service."""

    namespace: str
    workload: str
    pod: str
    node: str
    own: bool

    @property
    def name(self) -> str:
        """Return namespace/pod, or namespace/workload without a pod."""
        return f"{self.namespace}/{self.pod or self.workload}"


class Cell(NamedTuple):
    """What one source saw of one destination: its state and its level."""

    state: State
    level: Level


class Whereabouts(NamedTuple):
    """Where a fault sits among all who call the service's destinations.

    Parameters
    ----------
    found : Localisation
        Place, sick rows and columns, shares, controls; rows are `sources`, columns `destinations`.
    sources : tuple of Source
        Those that could be judged at one of the destinations at least.
    destinations : tuple of str
        Those that the service calls and that could be judged.
    """

    found: Localisation
    sources: tuple[Source, ...]
    destinations: tuple[str, ...]

    @property
    def client_side(self) -> bool:
        """Whether the service's own sources are at fault: a pod of it, all of it, or a node that it shares."""
        return self.found.place in CLIENT_SIDE and any(self.sources[i].own for i in self.found.rows)

    @property
    def sick(self) -> tuple[Source, ...]:
        """Sources that fail with the service, and those of the service."""
        return tuple(self.sources[i] for i in self.found.rows)

    @property
    def controls(self) -> tuple[Source, ...]:
        """Sources that were well wherever they could be judged, at one of the sick destinations at least."""
        return tuple(self.sources[i] for i in self.found.controls)

    @property
    def sick_destinations(self) -> frozenset[str]:
        """Destinations at which the fault was seen."""
        return frozenset(self.destinations[j] for j in self.found.columns)

    @property
    def narrowed(self) -> tuple[Source, ...]:
        """The sick sources of the service where all others of the service were well; empty if it is all of it."""
        own = {s for s in self.sources if s.own}
        mine = own & set(self.sick)
        return tuple(sorted(mine)) if mine and mine != own and own - mine <= set(self.controls) else ()


def whereabouts(
    rows: Sequence[tuple[Source, dict[str, Cell]]], columns: Sequence[str], healthy: Sequence[bool | None]
) -> Whereabouts | None:
    """Say where a fault sits from what every source saw of the destinations.

    Parameters
    ----------
    rows : sequence of (Source, dict of str to Cell)
        What each source saw, by destination. A state that is open or unknown is as good as not observed.
    columns : sequence of str
        Destinations of the service.
    healthy : sequence of bool or None, as many as columns
        Whether each server was well by its own account; None unknown.

    Returns
    -------
    Whereabouts or None
        None with fewer than two sources that could be judged: then there is no other to compare with.

    Notes
    -----
    The place follows from the states, which were judged with the autocorrelation of each level; all steps of a cell
    that got worse count as failed. The shares are of the excess share of steps beyond the usual band, cell by cell.

    Examples
    --------
    >>> bad = Cell("worse", Level(900, 0.01, 2.0, 0.0, 0.4, 0.1, 1e-9, 1e-9, 40, 0.02, 0.0, 20, 19, 0.03))
    >>> good = Cell("spared", bad.level._replace(after_seconds=0.01, sick_steps=0))
    >>> api, web = Source("n", "api", "api-0", "", True), Source("n", "web", "web-0", "", False)
    >>> rows = [(api, {"cart": bad, "quote": bad}), (web, {"cart": good, "quote": good})]
    >>> whereabouts(rows, ["cart", "quote"], [None, None]).found.place
    'client workload'
    """
    judged = [(who, cells) for who, cells in rows if any(cells[c].state in DECIDED for c in columns if c in cells)]
    kept = [j for j, c in enumerate(columns) if any(c in cells and cells[c].state in DECIDED for _, cells in judged)]
    names = [columns[j] for j in kept]
    if len(judged) < 2:
        return None
    shape = len(judged), len(names)
    steps, sick, excess = np.zeros(shape, "i8"), np.zeros(shape, "i8"), np.full(shape, np.nan)
    for i, (_, cells) in enumerate(judged):
        for j, name in enumerate(names):
            cell = cells.get(name)
            if cell is not None and cell.state in DECIDED and cell.level.steps:
                steps[i, j] = round(cell.level.steps)
                sick[i, j] = steps[i, j] if cell.state == "worse" else 0
                excess[i, j] = cell.level.sick_steps / cell.level.steps - cell.level.usual_sick_ratio
    sources = tuple(who for who, _ in judged)
    labels = [{"workload": f"{s.namespace}/{s.workload}", "node": s.node} for s in sources]
    usual = np.array([[_usual(cells.get(n)) for n in names] for _, cells in judged])
    found = localise(sick, steps, usual_ratio=usual, sources=labels, healthy=[healthy[j] for j in kept])
    split = decomposition(excess)
    graded = found._replace(
        row_share=split.row_share, column_share=split.column_share, interaction_share=split.interaction_share,
        row_p_value=split.row_p_value, column_p_value=split.column_p_value,
    )  # fmt: skip
    at = list(found.columns)
    asked = tuple(i for i in found.controls if steps[i, at].any())  # a source that does not call there says nothing
    return Whereabouts(graded._replace(controls=asked), sources, tuple(names))


def _usual(cell: Cell | None) -> float:
    return cell.level.usual_sick_ratio if cell is not None and np.isfinite(cell.level.usual_sick_ratio) else 0.0
