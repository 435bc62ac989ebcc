"""The calls of the service in one episode: how many were under way to each destination, and inside its server."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache

import numpy as np

from analysis.hypotheses.calls.book import Same, book_of, own_calls, sources_of
from analysis.hypotheses.calls.inside import above_usual
from analysis.hypotheses.calls.judged import Judged, judged, levels_by_destination
from analysis.hypotheses.calls.levels import Level, states_of, well_beside
from analysis.hypotheses.calls.scene import Destination, Scene
from analysis.hypotheses.calls.whereabouts import Cell, Source, whereabouts
from analysis.hypotheses.case import Case
from analysis.hypotheses.trial import study_edges
from analysis.signals.calls import Calls
from analysis.signals.in_flight import occupancy
from analysis.signals.pool import waiting
from analysis.signals.requests import Episode

__all__ = ["AFTER_CONNECTING", "Destination", "Scene", "scenes_of"]

MOST_DESTINATIONS = 8  # of which other sources are asked: what got worse first, then what is called most
AFTER_CONNECTING = 0.1  # a path whose connecting rose by less than so much of its answering is free up to the server


def scenes_of(case: Case) -> tuple[Scene, ...]:
    """Return the scene of every episode; empty if the service's calls were not recorded.

    Parameters
    ----------
    case : Case
        Evidence and symptom.
    """
    return _scenes(Same(case))


@lru_cache(maxsize=2)  # four hypotheses read the scenes of one case
def _scenes(same: Same) -> tuple[Scene, ...]:
    case: Case = same.of
    own, _ = own_calls(case)
    if not own:
        return ()
    step = float(np.median([np.median(np.diff(c.times)) for c in own])) / 1e6
    found = (_scene(case, episode, study_edges(case, episode, step, int(own[0].times[0])), own)
             for episode in case.symptom.episodes)  # fmt: skip
    return tuple(scene for scene in found if len(scene.edges) > 2)


def _scene(case: Case, episode: Episode, edges: np.ndarray, own: list[Calls]) -> Scene:
    start, end = requests = case.bad_durations(episode)
    bad = occupancy(start, end, np.ones(len(start)), edges) if len(edges) > 1 else np.zeros(0)
    blank = Scene(episode, edges, requests, bad, np.zeros(len(bad)), (), ())
    if len(edges) < 3:
        return blank
    seen = judged(case, blank, own)
    scene = replace(blank, waiting=_waiting(case, edges), destinations=tuple(d for d, _ in seen))
    return _beside_others(case, scene, seen, sources_of(case))


def _beside_others(
    case: Case, scene: Scene, seen: Judged, sources: tuple[tuple[Source, tuple[Calls, ...]], ...]
) -> Scene:
    """Add what every source saw of the same destinations, and narrow the service to those of its pods that are sick."""
    if len(sources) < 2:
        return scene
    order = sorted((d for d, _ in seen), key=lambda d: (d.state != "worse", -d.call_ratio, d.name))
    columns = [d.name for d in order[:MOST_DESTINATIONS]]
    asked = {who: [c for c in calls if c.destination in columns] for who, calls in sources}
    one = sum(who.own for who in asked) == 1  # then it saw what the service saw
    first = {d.name: level for d, level in seen if d.name in columns}
    own = {w: first if one else levels_by_destination(case, scene, calls) for w, calls in asked.items() if w.own}
    harm = max((h for of in (first, *own.values()) for h in _harms(list(of.values()))), default=0.0)
    saw = {w: seen if one else judged(case, scene, asked[w], of, harm_seconds=harm) for w, of in own.items()}
    sick = {d.name for rows in saw.values() for d, _ in rows if d.state == "worse"}
    if not sick:  # nothing that others could be asked about
        return scene
    for who, calls in asked.items():
        if not who.own:
            of = levels_by_destination(case, scene, calls)
            saw[who] = judged(case, scene, calls, of, harm_seconds=harm)
    saw = {who: tuple(_well_if_sure(d, level, harm, sick) for d, level in rows) for who, rows in saw.items()}
    well = {d.name: d.server_well for d, _ in seen}
    healthy = [well[c] for c in columns]
    cells = [(who, {d.name: Cell(d.state, level) for d, level in rows}) for who, rows in saw.items()]
    place = whereabouts(cells, columns, healthy)
    pods = place.narrowed if place else ()
    if pods:
        chosen = [c for who, calls in sources if who in pods for c in calls]
        found = tuple(d for d, _ in judged(case, scene, chosen))
        scene = replace(scene, destinations=found, pods=pods, waiting=_waiting(case, scene.edges, pods))
    alone = Counter((who.namespace, who.workload) for who, _ in sources)
    controls = tuple(
        (who.name if alone[who[:2]] > 1 else "/".join(who[:2]), d)
        for who, rows in saw.items()
        if (who not in pods if pods else not who.own)
        for d, _ in rows
    )
    return replace(scene, controls=controls, place=place)


def _well_if_sure(d: Destination, level: Level, harm: float, sick: set[str]) -> tuple[Destination, Level]:
    """Return a cell as spared that is hardly known, but surely had nothing of what the service saw there."""
    sure = d.state == "unknown" and d.name in sick and well_beside(level, harm)
    return (replace(d, state="spared") if sure else d), level


def _harms(levels: list[Level]) -> list[float]:
    """Return the rises [s] of the destinations of one source that got worse."""
    states = states_of(levels)
    return [v.after_seconds - v.before_seconds for v, s in zip(levels, states, strict=True) if s == "worse"]


def _waiting(case: Case, edges: np.ndarray, pods: tuple[Source, ...] = ()) -> np.ndarray:
    chosen = {s.pod for s in pods}
    service, baseline = case.incident.spec.service, case.incident.baseline
    mine = [
        p
        for p in book_of(case).pools
        if (p.namespace, case.workload(p.namespace, p.pod)) == (service.namespace, service.workload)
        and (not chosen or p.pod in chosen)
    ]
    waits = [np.nan_to_num(above_usual(edges, waiting(p, edges), baseline)) for p in mine]
    return np.sum(waits, axis=0) if waits else np.zeros(len(edges) - 1)
