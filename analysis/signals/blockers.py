"""Root blockers: to whom the time that sessions waited for a lock goes back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.database import LOCK, sampling
from analysis.sql.fingerprint import shortened
from analysis.window import Window

__all__ = ["NOT_SAMPLED", "Blocked", "RootBlocker", "blamed", "root_blockers", "root_labels"]

NO_ROOT = "in a circle"  # sessions that wait for each other: the server breaks it after deadlock_timeout
NOT_SAMPLED = "not in the sample"


class RootBlocker(NamedTuple):
    """A session that others waited for and that waited for no lock itself.

    `state` is the one it was seen in most, "not in the sample" or "in a circle"; `statement` is the shape of its last
    one, without literals; `victims` are distinct sessions; `blocked_seconds` session-seconds; `depth` the longest chain
    behind it; `first` and `last` the instants of the samples that show it blocking; `held_seconds` the age of its
    transaction at the last of them, NaN where not recorded.
    """

    pid: int
    application: str
    user: str
    state: str
    statement: str
    victims: int
    blocked_seconds: float
    depth: int
    first: pd.Timestamp
    last: pd.Timestamp
    held_seconds: float


class Blocked(NamedTuple):
    """Who blocked whom in a window: `roots`, most blocked time first, and what could not be traced."""

    roots: tuple[RootBlocker, ...]
    blocked_seconds: float
    untraced_seconds: float


@dataclass
class _Tally:
    rows: list[int] = field(default_factory=list)
    victims: set[tuple[int, int]] = field(default_factory=set)
    weight: float = 0.0
    depth: int = 0
    times: list[int] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)


def root_blockers(sessions: pd.DataFrame, window: Window, waiting: np.ndarray | None = None) -> Blocked:
    """Follow each session that waits for a lock to those that wait for none, and add up the time that goes back.

    Parameters
    ----------
    sessions : DataFrame
        From `read_sessions`.
    window : Window
        Samples in (start, end] are read.
    waiting : ndarray of bool, shape (n,), optional
        Which of the waiting sessions count as victims, as those of one service; chains lead through all.

    Returns
    -------
    Blocked
        A sample stands for one interval. A session with several roots is shared among them equally. Waiting sessions
        whose blockers were not recorded are untraced.

    Examples
    --------
    >>> from analysis.sources.postgres import no_sessions
    >>> root_blockers(no_sessions(), Window("2026-11-22T18:00:00Z", "2026-11-22T18:01:00Z")).roots
    ()
    """
    at = pd.DatetimeIndex(sessions.index).as_unit("us").asi8
    interval = sampling(sessions).interval_seconds
    waits = ((sessions["wait_type"] == LOCK) & (sessions["state"] == "active")).to_numpy()
    counted = waits & (at > window.start_us) & (at <= window.end_us)
    counted = counted if waiting is None else counted & waiting
    inside = np.flatnonzero(np.isin(at, np.unique(at[counted])))  # whole samples, where any counts
    columns = _columns(sessions, inside, waits, counted)
    tallies: dict[tuple[int, int, str], _Tally] = defaultdict(_Tally)
    untraced, total = 0, 0
    for first, last in _runs(at[inside]):
        shares, waiters, blind = _of_one_sample(columns, first, last)
        total, untraced = total + waiters, untraced + blind
        for key, (weight, victims, depth, row) in shares.items():
            tally = tallies[key]
            tally.weight += weight
            tally.victims |= victims
            tally.depth = max(tally.depth, depth)
            tally.times.append(int(at[inside[first]]))
            if row is not None:
                tally.rows.append(int(inside[row]))
                tally.states[columns["state"][row]] += 1
    seconds = interval if np.isfinite(interval) else 0.0
    roots = [_root(sessions, key, tally, seconds) for key, tally in tallies.items()]
    roots.sort(key=lambda r: (-r.blocked_seconds, r.first, r.pid))
    return Blocked(tuple(roots), total * seconds, untraced * seconds)


def root_labels(sessions: pd.DataFrame) -> np.ndarray:
    """Return for each session that waits for a lock who it goes back to, "application, state"; "" for the others.

    Parameters
    ----------
    sessions : DataFrame
        From `read_sessions`.

    Returns
    -------
    ndarray of text, shape (n,)
        "unknown" where the blocker was not recorded or is not in the sample; of several roots that with the least
        process id.

    Examples
    --------
    >>> from analysis.sources.postgres import no_sessions
    >>> len(root_labels(no_sessions()))
    0
    """
    at = pd.DatetimeIndex(sessions.index).as_unit("us").asi8
    waits = ((sessions["wait_type"] == LOCK) & (sessions["state"] == "active")).to_numpy()
    inside = np.flatnonzero(np.isin(at, np.unique(at[waits])))
    columns = _columns(sessions, inside, waits, waits)
    names = list(zip(*(sessions[n].iloc[inside].tolist() for n in ("application", "user")), strict=True))
    labels = np.full(len(sessions), "", dtype=object)
    for first, last in _runs(at[inside]):
        row_of = {columns["pid"][i]: i for i in range(first, last)}
        traced = _traced(_blockers(columns, first, last))
        for i in range(first, last):
            if columns["waits"][i]:
                root = row_of.get(min(traced[columns["pid"][i]][0])) if columns["pid"][i] in traced else None
                said = "unknown" if root is None else f"{names[root][0] or names[root][1]}, {columns['state'][root]}"
                labels[inside[i]] = said
    return labels


def _columns(
    sessions: pd.DataFrame, inside: np.ndarray, waits: np.ndarray, counted: np.ndarray
) -> dict[str, list[Any]]:
    part = sessions[["pid", "backend_start", "state", "blocked_by"]].iloc[inside]
    return {
        "pid": part["pid"].tolist(), "born": pd.DatetimeIndex(part["backend_start"]).as_unit("us").asi8.tolist(),
        "waits": waits[inside].tolist(), "counted": counted[inside].tolist(), "state": part["state"].tolist(),
        "by": part["blocked_by"].tolist(),
    }  # fmt: skip


def _runs(times: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last + 1 of each stretch of equal values."""
    if not len(times):
        return []
    cuts = np.flatnonzero(np.diff(times)) + 1
    return list(zip(np.r_[0, cuts].tolist(), np.r_[cuts, len(times)].tolist(), strict=True))


Share = tuple[float, set[tuple[int, int]], int, int | None]


def _of_one_sample(
    columns: Mapping[str, list[Any]], first: int, last: int
) -> tuple[dict[tuple[int, int, str], Share], int, int]:
    """Return by root (pid, start, kind) the weight, victims, depth and row; sessions that wait; and those untraced."""
    row_of = {columns["pid"][i]: i for i in range(first, last)}
    blockers = _blockers(columns, first, last)
    traced = _traced(blockers)
    found: dict[tuple[int, int, str], list[Any]] = {}
    waiters, blind = 0, 0
    for i in range(first, last):
        if not columns["counted"][i]:
            continue
        waiters += 1
        if not columns["by"][i]:
            blind += 1
            continue
        roots, depth = traced[columns["pid"][i]]
        for pid in roots:
            row = row_of.get(pid)
            kind = NO_ROOT if pid in blockers else NOT_SAMPLED if row is None else ""
            key = (pid, columns["born"][row] if row is not None else 0, kind)
            share = found.setdefault(key, [0.0, set(), 0, row])
            share[0] += 1 / len(roots)
            share[1].add((columns["pid"][i], columns["born"][i]))
            share[2] = max(share[2], depth)
    return {key: (s[0], s[1], s[2], s[3]) for key, s in found.items()}, waiters, blind


def _blockers(columns: Mapping[str, list[Any]], first: int, last: int) -> dict[int, set[int]]:
    """Return whom each waiting session of a sample waits for, by process id."""
    return {
        columns["pid"][i]: {int(p) for p in columns["by"][i].split()}
        for i in range(first, last)
        if columns["waits"][i] and columns["by"][i]
    }


def _traced(blockers: Mapping[int, set[int]]) -> dict[int, tuple[frozenset[int], int]]:
    """Return for each waiting session its roots and the longest chain to them, the session itself not counted.

    Sessions are taken in the order in which all that they wait for are known; what remains waits for a circle.
    """
    waiting_for: dict[int, list[int]] = defaultdict(list)
    for pid, ahead in blockers.items():
        for blocker in ahead:
            waiting_for[blocker].append(pid)
    left = {pid: len(ahead) for pid, ahead in blockers.items()}
    found = {pid: (frozenset((pid,)), 0) for pid in waiting_for if pid not in blockers}
    known = list(found)
    for pid in known:  # grows
        for waiter in waiting_for[pid]:
            left[waiter] -= 1
            if left[waiter] == 0:
                ahead = blockers[waiter]
                found[waiter] = (frozenset().union(*(found[b][0] for b in ahead)), 1 + max(found[b][1] for b in ahead))
                known.append(waiter)
    return found | {pid: _behind_a_circle(pid, blockers) for pid in blockers if pid not in found}


def _behind_a_circle(pid: int, blockers: Mapping[int, set[int]]) -> tuple[frozenset[int], int]:
    """Return the roots beside the circle, or the least process id of those reached where there is none."""
    seen, front, depth = {pid}, {pid}, 0
    while ahead := set().union(*(blockers.get(p, set()) for p in front)) - seen:
        seen, front, depth = seen | ahead, ahead, depth + 1
    roots = frozenset(p for p in seen if p not in blockers)
    return roots or frozenset((min(seen),)), max(depth, 1)


def _root(sessions: pd.DataFrame, key: tuple[int, int, str], tally: _Tally, seconds: float) -> RootBlocker:
    pid, _, kind = key
    first, last = (pd.Timestamp(t, unit="us", tz="UTC") for t in (min(tally.times), max(tally.times)))
    who = sessions.iloc[tally.rows[-1]] if tally.rows else None
    held = (last - who["transaction_start"]).total_seconds() if who is not None else float("nan")
    state = kind or (tally.states.most_common(1)[0][0] if tally.states else NOT_SAMPLED)
    return RootBlocker(
        pid, who["application"] if who is not None else "", who["user"] if who is not None else "", state,
        shortened(who["query"]) if who is not None else "", len(tally.victims), tally.weight * seconds, tally.depth,
        first, last, float(held),
    )  # fmt: skip


def blamed(roots: tuple[RootBlocker, ...]) -> dict[tuple[str, str], tuple[RootBlocker, ...]]:
    """Return the roots by (application, state), most blocked time first: sessions of one kind are one suspect.

    Examples
    --------
    >>> blamed(())
    {}
    """
    found: dict[tuple[str, str], list[RootBlocker]] = defaultdict(list)
    for root in roots:
        found[root.application, root.state].append(root)
    order = sorted(found, key=lambda k: (-sum(r.blocked_seconds for r in found[k]), k))
    return {key: tuple(found[key]) for key in order}
