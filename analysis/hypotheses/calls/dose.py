"""The calls of the service in one episode: how many were under way to each destination, and inside its server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from analysis.correlate.shift import rank_shift_test
from analysis.hypotheses.association import ALPHA
from analysis.hypotheses.calls.book import Same, book_of, own_calls
from analysis.hypotheses.calls.inside import (
    above_usual,
    connect_ratio,
    inside_ratio,
    own_load,
    served_seconds,
    steps_of,
)
from analysis.hypotheses.calls.levels import State, level_of, states_of
from analysis.hypotheses.case import Case
from analysis.hypotheses.panel import study_window
from analysis.hypotheses.trial import study_edges
from analysis.signals.calls import Calls
from analysis.signals.hosts import same_name
from analysis.signals.in_flight import in_flight, occupancy
from analysis.signals.pool import waiting
from analysis.signals.requests import Episode
from analysis.signals.servers import ServerClock, clock_of

__all__ = ["AFTER_CONNECTING", "Destination", "Scene", "scenes_of"]

POSTGRES = "postgres"
AFTER_CONNECTING = 0.1  # a path whose connecting rose by less than so much of its answering is free up to the server


@dataclass(frozen=True, eq=False)
class Destination:
    """One destination of one source in one episode.

    Parameters
    ----------
    name : str
        As the client names it.
    state : str
        worse, spared (surely not as much worse as others), open, or unknown (its level before is not known).
    call_ratio : float
        Its calls over all calls of the source in the baseline.
    before_seconds, after_seconds : float
        Mean duration of its calls, baseline and episode, connecting left out [s]; NaN without calls.
    usual_high_seconds : float
        Upper end of the band in which the baseline's steps lie [s].
    failed_before_ratio, failed_after_ratio : float
        Failed calls over calls.
    under_way : ndarray, shape (n,)
        Calls under way above the usual, connecting included, on the scene's grid; NaN unknown.
    server : tuple of (str, str)
        Namespace and name of the server as its own metrics say it; ("", name) without any.
    clock : str
        Where its server's own account comes from; "" without one that covers baseline and episode.
    inside : ndarray, shape (n,)
        Calls inside the server above the usual, by that account; NaN unknown.
    inside_ratio : float
        Share of the time of the calls that it accounts for; NaN without one.
    served_before_seconds, served_after_seconds : float
        Mean time inside the server per call [s]; NaN if it does not count calls.
    connect_ratio : float
        Rise of the time to connect over the rise of the time to answer, as the path shows it; NaN unknown.
    """

    name: str
    state: State
    call_ratio: float
    before_seconds: float
    after_seconds: float
    usual_high_seconds: float
    failed_before_ratio: float
    failed_after_ratio: float
    under_way: np.ndarray
    server: tuple[str, str]
    clock: str
    inside: np.ndarray
    inside_ratio: float
    served_before_seconds: float
    served_after_seconds: float
    connect_ratio: float


@dataclass(frozen=True, eq=False)
class Scene:
    """One episode seen from the service's calls.

    Parameters
    ----------
    episode : Episode
        The stretch to explain.
    edges : ndarray of int64, shape (n + 1,)
        Grid of the scrapes [us].
    requests : (ndarray, ndarray)
        Start and end of the bad requests [us].
    bad : ndarray, shape (n,)
        Bad requests under way on average.
    waiting : ndarray, shape (n,)
        Threads that waited for a connection of the service's pools, above the usual; 0 where there is no pool.
    destinations : tuple of Destination
        Of the service, those with most calls first.
    controls : tuple of (str, Destination)
        What other source workloads (namespace/workload) saw of the same destinations.
    """

    episode: Episode
    edges: np.ndarray
    requests: tuple[np.ndarray, np.ndarray]
    bad: np.ndarray
    waiting: np.ndarray
    destinations: tuple[Destination, ...]
    controls: tuple[tuple[str, Destination], ...]

    @property
    def during(self) -> np.ndarray:
        """Which steps overlap the episode, shape (n,), bool."""
        return steps_of(self.edges, self.episode.window)

    @property
    def worse(self) -> tuple[Destination, ...]:
        """Destinations that got worse."""
        return tuple(d for d in self.destinations if d.state == "worse")

    @property
    def floor(self) -> float:
        """Smallest rise of calls under way that counts: a hundredth of the bad requests under way."""
        return max(0.01 * float(self.bad[self.during].mean()), 1e-3)


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
    own, others = own_calls(case)
    if not own:
        return ()
    step = float(np.median([np.median(np.diff(c.times)) for c in own])) / 1e6
    found = (_scene(case, episode, study_edges(case, episode, step, int(own[0].times[0])), own, others)
             for episode in case.symptom.episodes)  # fmt: skip
    return tuple(scene for scene in found if len(scene.edges) > 2)


def _scene(
    case: Case, episode: Episode, edges: np.ndarray, own: list[Calls], others: dict[tuple[str, str], list[Calls]]
) -> Scene:
    start, end = requests = case.bad_durations(episode)
    bad = occupancy(start, end, np.ones(len(start)), edges) if len(edges) > 1 else np.zeros(0)
    blank = Scene(episode, edges, requests, bad, np.zeros(len(bad)), (), ())
    if len(edges) < 3:
        return blank
    destinations = _judged(case, blank, own)
    names = {d.name for d in destinations}
    harm = max((d.after_seconds - d.before_seconds for d in destinations if d.state == "worse"), default=0.0)
    shared = {who: [c for c in calls if c.destination in names] for who, calls in others.items()}
    controls = [
        ("/".join(who), d)
        for who, calls in shared.items()
        if calls
        for d in _judged(case, blank, calls, harm_seconds=harm)
    ]
    return replace(blank, waiting=_waiting(case, edges), destinations=destinations, controls=tuple(controls))


def _waiting(case: Case, edges: np.ndarray) -> np.ndarray:
    service, baseline = case.incident.spec.service, case.incident.baseline
    mine = [
        p
        for p in book_of(case).pools
        if (p.namespace, case.workload(p.namespace, p.pod)) == (service.namespace, service.workload)
    ]
    waits = [np.nan_to_num(above_usual(edges, waiting(p, edges), baseline)) for p in mine]
    return np.sum(waits, axis=0) if waits else np.zeros(len(edges) - 1)


def _judged(case: Case, scene: Scene, calls: Sequence[Calls], *, harm_seconds: float = 0.0) -> tuple[Destination, ...]:
    """Return the destinations of one source, judged together, those with most calls first."""
    rows: dict[str, list[Calls]] = defaultdict(list)
    for one in calls:
        rows[one.destination].append(one)
    windows = case.incident.baseline, scene.episode.window
    levels = [level_of(found, scene.edges, *windows) for found in rows.values()]
    total = sum(level.calls for level in levels)
    destinations = []
    for found, level, state in zip(rows.values(), levels, states_of(levels, harm_seconds=harm_seconds), strict=True):
        ratio = level.calls / total if total else 0.0
        blank = Destination(
            found[0].destination, state, ratio, level.before_seconds, level.after_seconds, level.usual_high_seconds,
            level.failed_before_ratio, level.failed_after_ratio, np.full(len(scene.bad), np.nan),
            ("", found[0].destination), "", np.full(len(scene.bad), np.nan), *(float("nan"),) * 4,
        )  # fmt: skip
        destinations.append(_with_symptom(case, scene, _accounted(case, scene, blank, found)))
    return tuple(sorted(destinations, key=lambda d: (-d.call_ratio, d.name)))


def _with_symptom(case: Case, scene: Scene, d: Destination) -> Destination:
    """Take back that a destination got worse if its calls do not go with the bad requests: its level wandered off."""
    if d.state != "worse":
        return d
    keep = np.isfinite(d.under_way) & (scene.edges[1:] <= study_window(case.incident).end_us)
    for other in case.symptom.episodes:
        if other.id != scene.episode.id:
            keep &= ~steps_of(scene.edges, other.window)
    found = rank_shift_test(d.under_way[keep], scene.bad[keep])
    if found.n < 1 / ALPHA or not np.isfinite(found.value):  # too few steps: no shift could tell
        return d
    return d if found.value > 0 and found.p_value <= ALPHA else replace(d, state="open")


def _accounted(case: Case, scene: Scene, blank: Destination, rows: list[Calls]) -> Destination:
    """Add how many calls were under way, how many of them inside the server, and where on the path the rest was."""
    edges, book = scene.edges, book_of(case)
    windows = case.incident.baseline, scene.episode.window
    parts = np.stack([in_flight(r.times, r.calls, r.seconds, edges) for r in rows])
    known = np.isfinite(parts)
    raw = np.where(known.any(axis=0), np.where(known, parts, 0.0).sum(axis=0), np.nan)
    found = replace(
        blank,
        under_way=above_usual(edges, raw, windows[0]),
        connect_ratio=connect_ratio(rows, book.paths, edges, windows),
    )
    clock = clock_of(blank.name, book.clocks) or _by_sessions(case, blank.name)
    if clock is None:
        return found
    source, load = own_load(clock, case.evidence.sessions, edges, windows)
    inside = above_usual(edges, load, windows[0])
    during = scene.during
    return replace(
        found,
        server=(clock.namespace, clock.name),
        clock=source,
        inside=inside,
        inside_ratio=inside_ratio(inside[during], found.under_way[during], serial=clock.serial) if source else np.nan,
        served_before_seconds=served_seconds(clock, windows[0]),
        served_after_seconds=served_seconds(clock, windows[1]),
    )


def _by_sessions(case: Case, name: str) -> ServerClock | None:
    """Return the clock of a PostgreSQL that no exporter watches, but whose sessions were sampled; it counts nothing."""
    watched = any(clock.product == POSTGRES for clock in book_of(case).clocks)
    if watched or not len(case.evidence.sessions) or same_name(name, {POSTGRES, "pg", "postgresql"}) is None:
        return None
    return ServerClock("", name, POSTGRES, "", False, np.zeros(0, "i8"), np.zeros((0, 0)), np.zeros((0, 0)))  # noqa: FBT003
