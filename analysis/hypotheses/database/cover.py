"""Which share of the bad requests the service's database sessions in a state held: the cover of the magnitude test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.correlate.known import median_of_known
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.dose import STATES, Study, allowed_at
from analysis.hypotheses.explained import Cover
from analysis.series import GAP_STEPS
from analysis.signals.database import counts
from analysis.signals.pool import Pool
from analysis.signals.requests import Episode

__all__ = ["cover_of"]


def cover_of(case: Case, found: Study, episode: Episode, state: str) -> tuple[np.ndarray, Cover]:
    """Return which share of the bad requests in flight the service's sessions in a state held, sample by sample.

    Parameters
    ----------
    case : Case
        With the requests.
    found : Study
        Of the database.
    episode : Episode
        Whose bad requests are meant.
    state : str
        Key of `STATES`.

    Returns
    -------
    (ndarray of int64, shape (n + 1,), Cover)
        Edges halfway between samples [us]; gaps between samples are steps of which nothing is known.

    Notes
    -----
    A session whose transaction began before every request in flight is abandoned: it holds none. Of the others no more
    hold a request than the pool allows. *Certain*: those sessions, less the good requests in flight; and the requests
    in line for a connection, at the fewest that the scrapes around allow, by the share of the busy sessions that are
    in the state. *Expected*: good ones not taken off, the line interpolated. *Possible*: all, where the pool was full
    or not recorded, since anything may stand behind it; else the sessions. Nothing without a session in the state.
    """
    at = found.sampling.instants
    bad_start, bad_end = case.bad_durations(episode)
    good_start, good_end = _good(case)
    bad, good = _in_flight(bad_start, bad_end, at), _in_flight(good_start, good_end, at)
    oldest = _oldest(np.r_[bad_start, good_start], np.r_[bad_end, good_end], at)
    began = pd.DatetimeIndex(found.sessions["transaction_start"].fillna(found.sessions["query_start"]))
    since = began.as_unit("us").asi8  # NaT is the least: unknown, and so taken for current below
    times = pd.DatetimeIndex(found.sessions.index).as_unit("us").asi8
    slack = found.sampling.interval_seconds * 1e6
    current = found.own & (began.isna() | (since >= oldest[np.searchsorted(at, times)] - slack))
    held = counts(found.sessions, current & STATES[state](found.classes), at)
    busy = counts(found.sessions, current & (found.classes != ""), at)
    cap, (full, pending) = allowed_at(found.pools, at), _line_at(found.pools, at)
    share = np.divide(held, busy, where=busy > 0, out=np.zeros(len(at)))
    held = np.minimum(held, cap)
    waiting = np.maximum(bad, 1.0)
    some = held > 0
    low = np.maximum(held - good, 0.0) + share * np.nan_to_num(pending.low)
    mid = held + share * np.nan_to_num(pending.mid)
    parts = (
        np.where(some & bool(found.told_by), np.minimum(low / waiting, 1.0), 0.0),
        np.where(some, np.minimum(mid / waiting, 1.0), 0.0),
        np.where(some & full, 1.0, np.minimum(held / waiting, 1.0)),
    )
    return _between(at, found.sampling.interval_seconds, parts)


def _good(case: Case) -> tuple[np.ndarray, np.ndarray]:
    table = case.symptom.requests
    part = table[~table["bad"].to_numpy() & table["duration_seconds"].notna().to_numpy()]
    end = pd.DatetimeIndex(part.index).as_unit("us").asi8
    return end - np.round(part["duration_seconds"].to_numpy() * 1e6).astype("i8"), end


def _in_flight(start: np.ndarray, end: np.ndarray, at: np.ndarray) -> np.ndarray:
    return (np.searchsorted(np.sort(start), at, "right") - np.searchsorted(np.sort(end), at, "right")).astype(float)


def _oldest(start: np.ndarray, end: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return when the oldest request in flight began, at each time; the time itself where none is [us]."""
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    latest = np.maximum.accumulate(end) if len(end) else end
    place = np.searchsorted(latest, at, side="right")  # the first request, in order of start, that is not over
    return np.where(place < len(start), np.minimum(np.append(start, 0)[np.minimum(place, len(start))], at), at)


@dataclass(frozen=True)
class _Line:
    """Requests in line for a connection: fewest and expected, shape (k,) each; NaN unknown."""

    low: np.ndarray
    mid: np.ndarray


def _line_at(pools: tuple[Pool, ...], at: np.ndarray) -> tuple[np.ndarray, _Line]:
    """Return whether any pool may have been full, and the requests in line, at each time; unknown may be full."""
    if not pools:
        unknown = np.full(len(at), np.nan)
        return np.ones(len(at), dtype=bool), _Line(unknown, unknown)
    low, mid, full = np.zeros(len(at)), np.zeros(len(at)), np.zeros(len(at), dtype=bool)
    for pool in pools:
        before, after, weight, known = _around(pool.times, at)
        line = [np.where(known, pool.pending[i], np.nan) for i in (before, after)]
        used = [np.where(known, pool.active[i], np.nan) for i in (before, after)]
        low += np.minimum(*line)
        mid += line[0] * (1 - weight) + line[1] * weight
        full |= ~known | (np.fmax(*line) > 0) | ~(np.fmax(*used) < median_of_known(pool.limit))
    return full, _Line(low, mid)


def _around(times: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the scrapes before and after each time, how far it lies between them (0..1), and whether both are near."""
    if len(times) < 2:
        nothing = np.zeros(len(at), dtype=int)
        return nothing, nothing, np.zeros(len(at)), np.zeros(len(at), dtype=bool)
    after = np.clip(np.searchsorted(times, at, side="left"), 1, len(times) - 1)
    before = after - 1
    apart = times[after] - times[before]
    known = (at >= times[before]) & (at <= times[after]) & (apart <= GAP_STEPS * np.median(np.diff(times)))
    return before, after, (at - times[before]) / apart, known


def _between(
    at: np.ndarray, interval: float, parts: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, Cover]:
    """Return the values at samples as steps around them; a gap between samples is a step of NaN."""
    half = int(interval / 2 * 1e6)
    middle = (at[1:] + at[:-1]) // 2
    wide = np.flatnonzero(np.diff(at) > GAP_STEPS * interval * 1e6)
    left, right = np.r_[at[0] - half, middle], np.r_[middle, at[-1] + half]
    right[wide], left[wide + 1] = at[wide] + half, at[wide + 1] - half
    edges = np.insert(np.r_[left, right[-1]], wide + 1, right[wide])
    return edges.astype("i8"), Cover(*(np.insert(part, wide + 1, np.nan) for part in parts))
