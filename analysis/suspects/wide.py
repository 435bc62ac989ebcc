"""The evidence of an incident as one wide frame: every series, what it is about, and the windows to compare."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.errors import NoDataError
from analysis.suspects.columns import Case, Column, of_containers, of_events, of_requests, of_samples
from analysis.suspects.grid import Grid, common_grid
from analysis.suspects.naming import calls_among, distinctions, entity_names, owner_of
from analysis.suspects.ranking import Ranking, rank_suspects
from analysis.window import Window

__all__ = ["About", "Suspects", "Wide", "rank_wide", "suspects_of", "wide_frame"]

MARGIN = 0.5  # of baseline to incident, on either side: as much as the figures show


class About(NamedTuple):
    """What a column is about: entity, kind, stat (what it shows), unit."""

    entity: str
    kind: str
    stat: str
    unit: str


@dataclass(frozen=True)
class Wide:
    """What `rank_suspects` is given, and where it came from.

    Parameters
    ----------
    frame : DataFrame
        UTC index x series, named entity|kind|what.
    about : DataFrame
        Indexed by column: entity, kind, stat (what), unit.
    graph : DataFrame or None
        Columns caller, callee.
    symptom : str or None
        A column.
    incident, baseline : Window
        What is compared.
    remarks : tuple of str
        What is odd, beside the remarks of the ranking.
    nothing_happened : str
        Why there is no incident to explain; empty where there is one, or nobody knows.
    """

    frame: pd.DataFrame
    about: pd.DataFrame
    graph: pd.DataFrame | None
    symptom: str | None
    incident: Window
    baseline: Window
    remarks: tuple[str, ...] = ()
    nothing_happened: str = ""

    def told(self, name: str) -> About:
        """Return what a column is about."""
        return About(*(str(v) for v in self.about.loc[name, list(About._fields)]))


class Suspects(NamedTuple):
    """A wide frame and its ranking: what the table, the figure and the page show."""

    wide: Wide
    ranking: Ranking


def suspects_of(case: Case) -> Suspects:
    """Return everything that an incident recorded, ranked by how much it changed with the bad interval.

    Parameters
    ----------
    case : Case
        Evidence, symptom and containers of an incident.

    Raises
    ------
    NoDataError, SpecError
        As `wide_frame` and `rank_suspects`.
    """
    wide = wide_frame(case)
    return Suspects(wide, rank_wide(wide))


def rank_wide(wide: Wide) -> Ranking:
    """Return the ranking of a wide frame, with its remarks; where there was no incident its head is not believed.

    Parameters
    ----------
    wide : Wide
        From `wide_frame` or `table.read_table`.

    Raises
    ------
    SpecError
        As `rank_suspects`.
    """
    found = rank_suspects(
        wide.frame, wide.incident, wide.baseline, symptom=wide.symptom, graph=wide.graph, about=wide.about
    )
    found = replace(found, remarks=(*wide.remarks, *found.remarks))
    if not wide.nothing_happened:
        return found
    return replace(found, abstained=True, named=None, summary=f"No suspect: {wide.nothing_happened}.")


def wide_frame(case: Case) -> Wide:
    """Return every series of an incident on one grid, with the windows in which it is compared.

    Parameters
    ----------
    case : Case
        Evidence, symptom and containers of an incident.

    Returns
    -------
    Wide
        Counters as rates per second, a sum and its count as their mean, gauges as they are, buckets left out, CFS
        periods as their ratio, requests as load, latency and errors of the service, rollouts, warnings and counted
        changes as events. NaN where nothing is known.

    Raises
    ------
    NoDataError
        If neither samples nor requests allow a grid.

    Notes
    -----
    The incident is the episode with most bad requests, or the window of the spec where there is none. The grid has
    the usual step of the samples and reaches as far around both windows as the figures do.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.hypotheses.case import Case
    >>> from analysis.incident import Incident
    >>> wide = wide_frame(Case.of(load(Incident.load("data/incidents/D-quiet-control"))))
    >>> wide.symptom, wide.frame.shape[0]
    ('payment-api|latency|bad requests', 44)
    """
    evidence, incident = case.evidence, case.evidence.incident
    window, remarks, nothing = _compared(case)
    grid = _grid(case, Window(min(window.start, incident.baseline.start), max(window.end, incident.baseline.end)))
    sources = (of_requests, of_containers, of_samples, of_events)
    columns = [column for source in sources for column in source(case, grid)]
    names = entity_names(c.owner for c in columns)
    entities = [names[c.owner] for c in columns]
    stats = _stats(columns, entities)
    titles = [f"{e}|{c.kind}|{s}" for e, c, s in zip(entities, columns, stats, strict=True)]
    about = pd.DataFrame(
        {"entity": entities, "kind": [c.kind for c in columns], "stat": stats, "unit": [c.unit for c in columns]},
        index=titles,
    )
    frame = pd.DataFrame(np.stack([c.values for c in columns], axis=1), index=grid.stamps, columns=titles)
    sampled = [evidence.samples.labels[i] for i in np.unique(evidence.samples.ids)]
    owned = ((owner_of(labels, case.workload), labels) for labels in sampled)
    edges = calls_among(((names[o], labels) for o, labels in owned if o in names), frozenset(entities))
    graph = pd.DataFrame(edges, columns=["caller", "callee"]) if edges else None
    symptom = titles[0] if len(case.symptom.requests) else None
    return Wide(frame, about, graph, symptom, window, incident.baseline, remarks, nothing)


def _compared(case: Case) -> tuple[Window, tuple[str, ...], str]:
    """Return the window to compare, the worst episode or else the spec's; what to say of it; why nothing happened."""
    episodes, window = case.symptom.episodes, case.evidence.incident.window
    if not episodes:
        table = case.symptom.requests
        inside = window.holds(pd.DatetimeIndex(table.index))
        if not inside.any():
            return window, ("whether users suffered is not known: no request was recorded in the window",), ""
        bad = int(table["bad"].to_numpy()[inside].sum())
        return (
            window,
            (),
            f"the objective was not missed for long enough, {bad:,} of {inside.sum():,} requests were bad",
        )
    worst = max(episodes, key=lambda e: (e.bad, -e.id))
    if len(episodes) == 1:
        return worst.window, (), ""
    return worst.window, (f"episode {worst.id} of {len(episodes)} is compared, the one with most bad requests",), ""


def _grid(case: Case, hull: Window) -> Grid:
    samples, requests = case.evidence.samples, pd.DatetimeIndex(case.symptom.requests.index).as_unit("us").asi8
    ends = [t for times in (samples.times, requests) if len(times) for t in (int(times.min()), int(times.max()))]
    margin = int(MARGIN * (hull.end_us - hull.start_us))
    grid = None
    if ends:
        start, end = max(hull.start_us - margin, min(ends)), min(hull.end_us + margin, max(ends))
        thin = requests[::20]  # no sample: the requests give the step
        times, ids = (samples.times, samples.ids) if len(samples.times) else (thin, np.zeros(len(thin)))
        grid = common_grid(times, ids, start, end)
    if grid is None:
        raise NoDataError(
            "nothing was sampled twice in baseline and incident", where=f"{hull.iso_start} to {hull.iso_end}",
            expected="Prometheus samples or requests of that time", next="capture them, or correct the windows",
        )  # fmt: skip
    return grid


def _stats(columns: list[Column], entities: list[str]) -> list[str]:
    """Return what each column shows: its name with the labels that tell it from others of its entity."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, (column, entity) in enumerate(zip(columns, entities, strict=True)):
        groups[entity, column.name].append(i)
    stats = [""] * len(columns)
    for (_, name), rows in groups.items():
        for i, told in zip(rows, distinctions([columns[i].labels for i in rows]), strict=True):
            stats[i] = f"{name}{told}".replace("|", "/")
    return stats
