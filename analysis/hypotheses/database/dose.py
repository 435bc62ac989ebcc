"""Database sessions as a suspect: which are the service's, how many are in a state, and which requests they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.correlate.known import median_of_known
from analysis.findings import Entity, value
from analysis.glossary import TERMS
from analysis.hypotheses.case import Case
from analysis.hypotheses.trial import Dose, study_edges
from analysis.series import GAP_STEPS
from analysis.signals.database import (
    CLIENT,
    IDLE_IN_TRANSACTION,
    LOCK,
    Sampling,
    counts,
    foreground,
    sampling,
    wait_classes,
    working,
)
from analysis.signals.pool import Pool, pools_of
from analysis.signals.requests import Episode
from analysis.window import Window

__all__ = [
    "STATES",
    "Study",
    "allowed_at",
    "blind_reason",
    "database_entity",
    "doses_of",
    "in_state",
    "only_active",
    "study",
    "too_few",
]

RISE_FLOOR = 0.5  # sessions: one more in every other sample
STEP_SECONDS = 5.0  # samples counted together: a single one holds a whole number of sessions
LIKE_THE_POOL = 0.25  # sessions and pool connections that differ by less are taken for the same
MOST = 0.5  # of all sessions: whose they must be to be taken for the service's, where nothing tells them
FEWEST_IN_EPISODE, FEWEST = 10, 30  # samples
HALF = 0.5  # of a window must hold samples, where the sampler left out the idle
STATES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "working": working,
    "lock": lambda classes: np.asarray(classes == LOCK),
    "client": lambda classes: np.asarray((classes == CLIENT) | (classes == IDLE_IN_TRANSACTION)),
}
EXPORTERS = ("pg_up", "pg_stat_database_numbackends", "pg_stat_activity_count", "pg_locks_count")


@dataclass(frozen=True, eq=False)
class Study:
    """The database's sessions, prepared once for all episodes.

    Parameters
    ----------
    sessions : DataFrame
        Of clients, from `read_sessions`.
    sampling : Sampling
        When they were sampled.
    classes : ndarray of text, shape (n,)
        What each was doing.
    own : ndarray of bool, shape (n,)
        Which are the service's.
    owners : tuple of (str, str)
        Application and user of the service's sessions.
    told_by : str
        What tells that they are the service's; empty: nothing does, and all are taken for possible.
    pools : tuple of Pool
        Of the service's pods.
    """

    sessions: pd.DataFrame
    sampling: Sampling
    classes: np.ndarray
    own: np.ndarray
    owners: tuple[tuple[str, str], ...]
    told_by: str
    pools: tuple[Pool, ...]


def database_entity(case: Case) -> Entity:
    """Return the database server: the workload of its exporter's pod if there is but one, else "database"."""
    owners: set[tuple[str, str]] = set()
    for metric in EXPORTERS:
        labels = [
            (s.label("exported_namespace", "namespace"), s.label("pod")) for s in case.evidence.samples.named(metric)
        ]
        owners = {(namespace, case.workload(namespace, pod)) for namespace, pod in labels if pod}
        if owners:
            break
    if len(owners) == 1:
        namespace, workload = owners.pop()
        return Entity(namespace, workload)
    return Entity("", "database")


def blind_reason(case: Case) -> str | None:
    """Return why nothing is known of the database's sessions, None if something is."""
    sessions, incident = case.evidence.sessions, case.incident
    if not len(sessions):
        said = [p.reason for p in case.evidence.problems if p.source in _files(case)]
        return (
            f"samples of its sessions are missing ({said[0]})" if said else "no samples of its sessions were recorded"
        )
    index = pd.DatetimeIndex(sessions.index)
    for name, window in (("baseline", incident.baseline), ("incident window", incident.window)):
        if not window.holds(index).any():
            if only_active(sessions):
                return f"only active sessions were sampled, and none in the {name}: that may be idle or not sampled"
            return f"the samples of its sessions lie wholly outside the {name}"
    return None


def _files(case: Case) -> set[str]:
    """Return under which names the samples of sessions may be: as declared, and as captured."""
    declared = {d.path for d in case.incident.spec.sources.database if d.kind == "postgres-ash"}
    captured = {e.path for e in case.evidence.manifest.current("postgres-ash")}
    return declared | {f"raw/{path.removeprefix('raw/')}" for path in declared | captured}


def only_active(sessions: pd.DataFrame) -> bool:
    """Return whether the sampler left out the idle, so that a time without sessions looks like one without samples.

    Examples
    --------
    >>> only_active(pd.DataFrame({"state": ["active", "idle in transaction"]}))
    True
    >>> only_active(pd.DataFrame({"state": ["active", "idle"]})), only_active(pd.DataFrame({"state": ["active", ""]}))
    (False, False)
    """
    return bool(len(sessions)) and not sessions["state"].isin(("idle", "")).any()


def too_few(found: Study, case: Case, episode: Episode) -> str | None:
    """Return why the samples are too few to say how many sessions there were, None if they suffice."""
    at = found.sampling.instants
    inside, before = (
        int(np.count_nonzero((at > w.start_us) & (at <= w.end_us))) for w in (episode.window, case.incident.baseline)
    )
    if only_active(case.evidence.sessions):
        for name, n, w in (("bad interval", inside, episode.window), ("baseline", before, case.incident.baseline)):
            if n < HALF * w.duration_seconds / found.sampling.interval_seconds:
                return (
                    f"only active sessions were sampled: {n} samples hold any in the {name} of "
                    f"{value(w.duration_seconds, 'seconds').text}, and the rest may be idle or not sampled"
                )
    if inside >= FEWEST_IN_EPISODE and inside + before >= FEWEST:
        return None
    return f"{inside} samples of the sessions lie in the bad interval and {before} in the baseline; {FEWEST} are needed"


def study(case: Case) -> Study:
    """Return the sessions of clients with what they did, and which of them are the service's."""
    sessions = foreground(case.evidence.sessions)
    service, samples = case.incident.spec.service, case.evidence.samples
    present = samples.names
    pools = tuple(
        p
        for p in pools_of(lambda name: samples.named(name) if name in present else ())
        if p.namespace == service.namespace and case.workload(p.namespace, p.pod) == service.workload
    )
    taken = sampling(case.evidence.sessions)
    own, owners, told = _service_sessions(case, sessions, pools, taken)
    return Study(sessions, taken, wait_classes(sessions), own, owners, told, pools)


def _service_sessions(
    case: Case, sessions: pd.DataFrame, pools: tuple[Pool, ...], taken: Sampling
) -> tuple[np.ndarray, tuple[tuple[str, str], ...], str]:
    """Return which sessions are the service's, their owners, and what tells so.

    In this order: the application's name is the workload's or one that the service's own pool metrics carry; as many
    sessions in the baseline as the pool has connections; most of all sessions in the baseline. Else all may be.
    """
    names, code = _owners(sessions)
    service = case.incident.spec.service
    called = {service.workload} | {
        s.label("application") for p in pools for s in case.evidence.samples.named(p.metric, pod=p.pod)
    } - {""}
    chosen = [i for i, (application, _) in enumerate(names) if application in called]
    if chosen:
        return np.isin(code, chosen), tuple(names[i] for i in chosen), "their application's name"
    before = np.array([_usual_sessions(sessions, code == i, case.incident.baseline, taken) for i in range(len(names))])
    size = sum(_pool_size(p, case.incident.baseline) for p in pools) if pools else float("nan")
    if np.isfinite(size) and size > 0:
        alike = np.flatnonzero(np.abs(before - size) <= max(1.0, LIKE_THE_POOL * size))
        if len(alike) == 1:
            return code == alike[0], (names[alike[0]],), "as many sessions as the pool has connections"
    if len(before) and before.sum() > 0 and before.max() > MOST * before.sum():
        most = int(before.argmax())
        return code == most, (names[most],), "most of all sessions in the baseline"
    return np.ones(len(sessions), dtype=bool), tuple(names), ""


def _owners(sessions: pd.DataFrame) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return the (application, user) that hold sessions, and for each row which it is."""
    (one, applications), (two, users) = (pd.factorize(sessions[name], sort=True) for name in ("application", "user"))
    both, code = np.unique(one * max(len(users), 1) + two, return_inverse=True)
    return [(str(applications[i // len(users)]), str(users[i % len(users)])) for i in both.tolist()], code


def _usual_sessions(sessions: pd.DataFrame, chosen: np.ndarray, window: Window, taken: Sampling) -> float:
    held = (taken.instants > window.start_us) & (taken.instants <= window.end_us)
    return float(np.median(counts(sessions, chosen, taken.instants)[held])) if held.any() else 0.0


def _pool_size(pool: Pool, window: Window) -> float:
    """Return the connections that a pool may open; of pools that are always full, those that it has."""
    held = (pool.times > window.start_us) & (pool.times <= window.end_us)
    return median_of_known(pool.limit[held])


def in_state(found: Study, state: str) -> np.ndarray:
    """Return how many of the service's sessions are in a state ("working", "lock", "client") in each sample, (k,)."""
    return counts(found.sessions, found.own & STATES[state](found.classes), found.sampling.instants)


def doses_of(case: Case, found: Study, episode: Episode) -> dict[str, Dose]:
    """Return the service's sessions in each state on the grid of an episode, at most as many as its pools allow.

    Sessions that a client has given up go on waiting and pile up: beyond what the pools allow they are nobody's.

    Parameters
    ----------
    case : Case
        With windows.
    found : Study
        Of the database.
    episode : Episode
        Which the grid reaches beyond.

    Returns
    -------
    dict of str to Dose
        By key of `STATES`, in sessions; a step holds as many samples as make five seconds, at least one.
    """
    interval = found.sampling.interval_seconds
    together = max(1, round(STEP_SECONDS / interval))
    anchor = int(found.sampling.instants[0] + interval / 2 * 1e6)
    edges = study_edges(case, episode, together * interval, anchor)
    at, steps = found.sampling.instants, len(edges) - 1
    step = np.searchsorted(edges, at, side="left") - 1
    inside = (step >= 0) & (step < steps)
    samples = np.bincount(step[inside], minlength=steps)
    cap = allowed_at(found.pools, at)

    def mean(state: str) -> np.ndarray:
        held = np.minimum(in_state(found, state), cap)[inside]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.bincount(step[inside], weights=held, minlength=steps) / np.where(samples > 0, samples, np.nan)

    floors, words = (RISE_FLOOR, 1 / together), "sessions on average"
    name = TERMS["aas_sessions"].label  # it enters reasons
    return {state: Dose(edges, mean(state), name, "sessions", *floors, words) for state in STATES}


def allowed_at(pools: tuple[Pool, ...], at: np.ndarray) -> np.ndarray:
    """Return how many connections the pools that were scraped around each time may open; infinite where not known."""
    total = np.zeros(len(at))
    for pool in pools:
        if len(pool.times) > 1:
            reach = GAP_STEPS * np.median(np.diff(pool.times))
            alive = (at >= pool.times[0] - reach) & (at <= pool.times[-1] + reach)
            total += np.where(alive, np.nan_to_num(median_of_known(pool.limit)), 0.0)
    return np.where(total > 0, total, np.inf)
