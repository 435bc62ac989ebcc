"""Did a server answer while calls to it were slow? A clock is silent also where the server stood still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.calls import Calls
from analysis.signals.in_flight import finished
from analysis.signals.servers import ServerClock

__all__ = ["answered_soon", "kept_up", "went_on"]

MOST = 0.9  # of the scrapes, of the steps, and of the usual calls per call
MINOR = 0.1  # of what calls took longer: a scrape that waited less did not wait in that line
USUAL_QUANTILE = 0.95


def answered_soon(before: np.ndarray, during: np.ndarray, rise_seconds: float) -> bool:
    """Return whether a server answered its exporter as soon as usual while its calls took long.

    Parameters
    ----------
    before, during : ndarray
        Seconds of the scrapes in baseline and episode; NaN for one without an answer.
    rise_seconds : float
        How much longer its calls took [s].

    Returns
    -------
    bool
        True if nine tenths of the scrapes took no longer than usual, or less than a tenth of what calls took longer;
        False without any scrape.

    Examples
    --------
    >>> quick, slow = np.full(20, 0.002), np.array([0.002] * 14 + [1.2] * 6)
    >>> answered_soon(quick, quick, 0.6), answered_soon(quick, slow, 0.6), answered_soon(quick, quick[:0], 0.6)
    (True, False, False)
    """
    known = before[np.isfinite(before)]
    if not len(known) or not len(during):
        return False
    limit = max(float(np.quantile(known, USUAL_QUANTILE)), MINOR * rise_seconds)
    return bool(np.mean(during <= limit) >= MOST)


def kept_up(rows: Sequence[Calls], clock: ServerClock, edges: np.ndarray, steps: tuple[np.ndarray, np.ndarray]) -> bool:
    """Return whether a server went on in nearly every step, and completed as many calls per client's call as usual.

    Parameters
    ----------
    rows : sequence of Calls
        Of the client to this server.
    clock : ServerClock
        Of the server; where it counts no calls, only its seconds can go on.
    edges : ndarray of int64, shape (n + 1,)
        Grid [us].
    steps : (ndarray, ndarray) of bool, shape (n,)
        Those of baseline and episode.
    """
    before, during = steps
    counted = bool(np.isfinite(clock.calls).any())
    part = clock.calls if counted else clock.seconds
    seen = np.isfinite(part).any(axis=0)
    served = finished(clock.times, np.where(seen, np.nansum(part, axis=0), np.nan), edges)
    if not np.mean(served[during] > 0) >= MOST:
        return False
    if not counted:
        return True
    asked = np.sum([finished(r.times, r.calls, edges) for r in rows if r.operation != "connect"], axis=0)
    good = np.isfinite(served) & np.isfinite(asked)
    ratios = [
        float(served[good & part].sum()) / max(float(asked[good & part].sum()), 1e-9) for part in (before, during)
    ]
    return ratios[1] >= MOST * ratios[0]


def went_on(sessions: pd.DataFrame, baseline: Window, episode: Window) -> bool:
    """Return whether a database answered the sampler of its sessions as often in an episode as in the baseline.

    Parameters
    ----------
    sessions : DataFrame
        One row per session and sample, index time.
    baseline, episode : Window
        What to compare.
    """
    times = np.unique(pd.DatetimeIndex(sessions.index).as_unit("us").asi8 // 1_000_000)
    rates = [
        np.count_nonzero((times > w.start_us // 1_000_000) & (times <= w.end_us // 1_000_000)) / w.duration_seconds
        for w in (baseline, episode)
    ]
    return bool(rates[1] >= MOST * rates[0] > 0)
