"""The destinations of one source in one episode: got worse or spared, calls under way, and what servers account for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.correlate.shift import rank_shift_test
from analysis.hypotheses.association import ALPHA
from analysis.hypotheses.calls.answered import answered_soon, kept_up, went_on
from analysis.hypotheses.calls.book import book_of
from analysis.hypotheses.calls.inside import (
    above_usual,
    connect_ratio,
    inside_ratio,
    most_inside,
    own_load,
    served_seconds,
    steps_of,
)
from analysis.hypotheses.calls.levels import Level, level_of, states_of
from analysis.hypotheses.calls.scene import Destination, Scene
from analysis.hypotheses.case import Case
from analysis.hypotheses.panel import study_window
from analysis.signals.answers import answers_of_server
from analysis.signals.calls import Calls
from analysis.signals.hosts import same_name
from analysis.signals.in_flight import in_flight
from analysis.signals.servers import ServerClock, clock_of

__all__ = ["Judged", "judged", "levels_by_destination"]

POSTGRES, SESSIONS = "postgres", "pg_stat_activity"
HALF = 0.5
Judged = tuple[tuple[Destination, Level], ...]


def _by_destination(calls: Sequence[Calls]) -> dict[str, list[Calls]]:
    rows: dict[str, list[Calls]] = defaultdict(list)
    for one in calls:
        rows[one.destination].append(one)
    return rows


def levels_by_destination(case: Case, scene: Scene, calls: Sequence[Calls]) -> dict[str, Level]:
    """Return the level of the calls of one source to each destination.

    Parameters
    ----------
    case, scene, calls
        As of `judged`.
    """
    windows = case.incident.baseline, scene.episode.window
    return {name: level_of(rows, scene.edges, *windows) for name, rows in _by_destination(calls).items()}


def judged(
    case: Case, scene: Scene, calls: Sequence[Calls], levels: dict[str, Level] | None = None, *,
    harm_seconds: float = 0.0,
) -> Judged:  # fmt: skip
    """Return the destinations of one source, judged together.

    Parameters
    ----------
    case : Case
        Incident and symptom.
    scene : Scene
        With the grid and the bad requests.
    calls : sequence of Calls
        Of the source.
    levels : dict of str to Level, optional
        Of another source, by destination: what the servers say of themselves is not asked again.
    harm_seconds : float
        Largest rise that any source saw [s].

    Returns
    -------
    tuple of (Destination, Level)
        Those with most calls first.
    """
    rows = _by_destination(calls)
    known = levels_by_destination(case, scene, calls) if levels is None else levels
    total = sum(level.calls for level in known.values())
    states = states_of(list(known.values()), harm_seconds=harm_seconds)
    found = []
    for (name, level), state in zip(known.items(), states, strict=True):
        ratio = level.calls / total if total else 0.0
        blank = Destination(
            name, state, ratio, level.before_seconds, level.after_seconds, level.usual_high_seconds,
            level.failed_before_ratio, level.failed_after_ratio, np.full(len(scene.bad), np.nan),
            ("", name), "", np.full(len(scene.bad), np.nan), *(float("nan"),) * 4,
            late_ratio=level.late_ratio, uncalled_ratio=level.uncalled_ratio,
        )  # fmt: skip
        if levels is None or state == "worse":
            blank = replace(blank, under_way=_under_way(case, scene, rows[name]))
        full = _accounted(case, scene, blank, rows[name]) if levels is None else blank
        found.append((_with_symptom(case, scene, full, limit=ALPHA if levels is None else 1.0), level))
    return tuple(sorted(found, key=lambda pair: (-pair[0].call_ratio, pair[0].name)))


def _under_way(case: Case, scene: Scene, rows: list[Calls]) -> np.ndarray:
    """Return how many calls were under way above the usual, shape (n,); NaN unknown."""
    parts = np.stack([in_flight(r.times, r.calls, r.seconds, scene.edges) for r in rows])
    known = np.isfinite(parts)
    raw = np.where(known.any(axis=0), np.where(known, parts, 0.0).sum(axis=0), np.nan)
    return above_usual(scene.edges, raw, case.incident.baseline)


def _with_symptom(case: Case, scene: Scene, d: Destination, *, limit: float) -> Destination:
    """Take back that a destination got worse if its calls do not go with the bad requests: its level wandered off.

    Of another source, whose load is its own, they need only go the same way: a p (`limit`) would ask too much.
    """
    if d.state != "worse":
        return d
    keep = np.isfinite(d.under_way) & (scene.edges[1:] <= study_window(case.incident).end_us)
    for other in case.symptom.episodes:
        if other.id != scene.episode.id:
            keep &= ~steps_of(scene.edges, other.window)
    found = rank_shift_test(d.under_way[keep], scene.bad[keep])
    if found.n < 1 / ALPHA or not np.isfinite(found.value):  # too few steps: no shift could tell
        return d
    return d if found.value > 0 and found.p_value <= limit else replace(d, state="open")


def _accounted(case: Case, scene: Scene, blank: Destination, rows: list[Calls]) -> Destination:
    """Add how many of the calls were inside the server, and where on the path the rest was."""
    edges, book = scene.edges, book_of(case)
    windows = case.incident.baseline, scene.episode.window
    found = replace(blank, connect_ratio=connect_ratio(rows, book.paths, edges, windows))
    clock = clock_of(blank.name, book.clocks) or _by_sessions(case, blank.name)
    if clock is None:
        return found
    source, load = own_load(clock, case.evidence.sessions, edges, windows)
    inside = above_usual(edges, load, windows[0])
    during = scene.during
    least = inside_ratio(inside[during], found.under_way[during], serial=clock.serial) if source else np.nan
    most = least
    if source and least < HALF:
        if not _answered(case, scene, found, rows, clock, source):
            most = 1.0
        elif source != SESSIONS:  # a sample sees a call before it has ended, a counter only afterwards
            most = max(least, most_inside(inside[during], found.under_way[during], serial=clock.serial))
    return replace(
        found,
        server=(clock.namespace, clock.name),
        clock=source,
        inside=inside,
        inside_ratio=least,
        inside_high_ratio=most,
        served_before_seconds=served_seconds(clock, windows[0]),
        served_after_seconds=served_seconds(clock, windows[1]),
    )


def _answered(case: Case, scene: Scene, d: Destination, rows: list[Calls], clock: ServerClock, source: str) -> bool:
    """Return whether anything but its clock shows that a server answered all the while; unknown is False."""
    baseline, episode, edges = case.incident.baseline, scene.episode.window, scene.edges
    if source == SESSIONS:
        return went_on(case.evidence.sessions, baseline, episode)
    scrapes = book_of(case).answers.get((clock.namespace, clock.name), ())
    took = [answers_of_server(scrapes, w.start_us, w.end_us) for w in (baseline, episode)]
    soon = answered_soon(took[0], took[1], d.after_seconds - d.before_seconds)
    return soon and kept_up(rows, clock, edges, (steps_of(edges, baseline), scene.during))


def _by_sessions(case: Case, name: str) -> ServerClock | None:
    """Return the clock of a PostgreSQL that no exporter watches, but whose sessions were sampled; it counts nothing."""
    watched = any(clock.product == POSTGRES for clock in book_of(case).clocks)
    if watched or not len(case.evidence.sessions) or same_name(name, {POSTGRES, "pg", "postgresql"}) is None:
        return None
    return ServerClock("", name, POSTGRES, "", False, np.zeros(0, "i8"), np.zeros((0, 0)), np.zeros((0, 0)))  # noqa: FBT003
