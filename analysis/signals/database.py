"""Database load: average active sessions (AAS) by what they wait for, and what made them more."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.series import GAP_STEPS
from analysis.window import Window

__all__ = [
    "CLIENT", "CPU", "IDLE_IN_TRANSACTION", "LOCK", "Contributions", "Sampling", "aas_in", "aas_sessions",
    "contributions", "counts", "foreground", "sampling", "wait_classes", "working",
]  # fmt: skip

CPU, LOCK, CLIENT, IDLE_IN_TRANSACTION = "CPU", "Lock", "Client", "idle in transaction"
NO_WORK = ("", LOCK, CLIENT, IDLE_IN_TRANSACTION, "Timeout", "Activity")  # Timeout: asleep, as in pg_sleep
ACTIVE = ("active", "fastpath function call")
FOREGROUND = ("client backend", "parallel worker")
BLOCK_SECONDS = 10.0  # stretches of this length are taken as independent of each other
ERRORS = 2.0  # standard errors that an increase must exceed


def foreground(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of clients and their parallel workers: background processes are no load that was asked for.

    Examples
    --------
    >>> len(foreground(pd.DataFrame({"backend": ["client backend", "walwriter"]})))
    1
    """
    kept = sessions["backend"].isin(FOREGROUND).to_numpy()
    return sessions if kept.all() else sessions[kept]


def wait_classes(sessions: pd.DataFrame) -> np.ndarray:
    """Return what each session was doing, shape (n,) of text.

    Returns
    -------
    ndarray of object
        The class of the wait event of an active session, "CPU" where it waits for nothing (on a processor or in line
        for one); "idle in transaction"; "" for the idle, who are no load.

    Examples
    --------
    >>> rows = {"state": ["active", "active", "idle in transaction (aborted)", "idle"]}
    >>> wait_classes(pd.DataFrame(rows | {"wait_type": ["", "Lock", "Client", "Client"]})).tolist()
    ['CPU', 'Lock', 'idle in transaction', '']
    """
    (state, states), (wait, waits) = (pd.factorize(sessions[name]) for name in ("state", "wait_type"))
    if not len(sessions):
        return np.zeros(0, dtype=object)
    active = np.array([text in ACTIVE for text in states], dtype=bool)
    within = np.array([str(text).startswith(IDLE_IN_TRANSACTION) for text in states], dtype=bool)
    named = np.array([str(text) or CPU for text in waits], dtype=object)
    return np.where(active[state], named[wait], np.where(within, IDLE_IN_TRANSACTION, "")[state])


def working(classes: np.ndarray) -> np.ndarray:
    """Return which sessions the server worked for: active, waiting neither for a lock, nor their client, nor a clock.

    Examples
    --------
    >>> working(np.array(["CPU", "IO", "Lock", "Client", "Timeout", "idle in transaction", ""], dtype=object)).tolist()
    [True, True, False, False, False, False, False]
    """
    return np.asarray(~np.isin(classes, NO_WORK))


class Sampling(NamedTuple):
    """When sessions were sampled: `instants` [us], shape (k,); `interval_seconds`; `gaps` as (start, end) [us]."""

    instants: np.ndarray
    interval_seconds: float
    gaps: tuple[tuple[int, int], ...]


def sampling(sessions: pd.DataFrame) -> Sampling:
    """Return when sessions were sampled, at which interval, and where samples are missing.

    Examples
    --------
    >>> index = pd.to_datetime([0, 0, 1, 2, 3, 7], unit="s", utc=True)
    >>> found = sampling(pd.DataFrame({"pid": range(6)}, index=index))
    >>> found.interval_seconds, [b - a for a, b in found.gaps]
    (1.0, [4000000])
    """
    instants = np.unique(pd.DatetimeIndex(sessions.index).as_unit("us").asi8)
    apart = np.diff(instants)
    if not len(apart):
        return Sampling(instants, float("nan"), ())
    interval = float(np.median(apart))
    wide = np.flatnonzero(apart > GAP_STEPS * interval)
    return Sampling(instants, interval / 1e6, tuple((int(instants[i]), int(instants[i + 1])) for i in wide))


def counts(sessions: pd.DataFrame, chosen: np.ndarray, instants: np.ndarray) -> np.ndarray:
    """Return how many of the chosen sessions each sample holds, shape (k,); a sample without any holds 0.

    Parameters
    ----------
    sessions : DataFrame
        Rows of samples.
    chosen : ndarray of bool, shape (n,)
        Which of them to count.
    instants : ndarray of int64, shape (k,)
        Of all samples, from `sampling` [us].
    """
    times = pd.DatetimeIndex(sessions.index).as_unit("us").asi8[chosen]
    return np.bincount(np.searchsorted(instants, times), minlength=len(instants)).astype(float)


def aas_sessions(
    sessions: pd.DataFrame, edges: np.ndarray, by: np.ndarray, instants: np.ndarray | None = None
) -> pd.DataFrame:
    """Return average active sessions per grid step, by label: sessions counted / samples taken in the step.

    Parameters
    ----------
    sessions : DataFrame
        From `read_sessions`.
    edges : ndarray of int64, shape (m + 1,)
        Ascending [us].
    by : ndarray of text, shape (n,)
        Label of each row, as from `wait_classes`; "" is not counted.
    instants : ndarray of int64, shape (k,), optional
        Of all samples, where `sessions` is a part of them [us].

    Returns
    -------
    DataFrame, shape (m, number of labels)
        Index: right edges (UTC us); columns: labels, the largest first [sessions]. NaN where no sample was taken,
        0 where samples show none. (AAS = DB time / wall time; of samples: active count / number of samples.)

    Examples
    --------
    >>> index = pd.to_datetime([1, 1, 2], unit="s", utc=True)
    >>> table = pd.DataFrame({"pid": [7, 8, 7]}, index=index)
    >>> found = aas_sessions(table, np.array([0, 2, 4]) * 1_000_000, np.array(["CPU", "CPU", ""], dtype=object))
    >>> found["CPU"].tolist()
    [1.0, nan]
    """
    times = pd.DatetimeIndex(sessions.index).as_unit("us").asi8
    taken = sampling(sessions).instants if instants is None else instants
    steps = len(edges) - 1
    samples = _per_step(taken, edges, steps)
    place, names = pd.factorize(by, sort=True)
    step = np.searchsorted(edges, times, side="left") - 1
    inside = (step >= 0) & (step < steps)
    flat = np.bincount(step[inside] * len(names) + place[inside], minlength=steps * len(names))
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = np.where(samples[:, None] > 0, flat.reshape(steps, len(names)) / samples[:, None], np.nan)
    index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us").rename("time")
    frame = pd.DataFrame(matrix, index=index, columns=pd.Index(names, dtype=object)).drop(columns="", errors="ignore")
    return frame[frame.sum().sort_values(ascending=False, kind="stable").index]


def _per_step(times: np.ndarray, edges: np.ndarray, steps: int) -> np.ndarray:
    step = np.searchsorted(edges, times, side="left") - 1
    return np.bincount(step[(step >= 0) & (step < steps)], minlength=steps)


def aas_in(sessions: pd.DataFrame, chosen: np.ndarray, window: Window, instants: np.ndarray) -> float:
    """Return average active sessions of the chosen rows in a window; NaN without a sample in it [sessions].

    Parameters
    ----------
    sessions, chosen, instants
        As for `counts`.
    window : Window
        Samples in (start, end] are counted.
    """
    inside = _held(instants, window)
    return float(counts(sessions, chosen, instants)[inside].mean()) if inside.any() else float("nan")


def _held(instants: np.ndarray, window: Window) -> np.ndarray:
    return np.asarray((instants > window.start_us) & (instants <= window.end_us))


class Contributions(NamedTuple):
    """What made the load more.

    `table` has a row per label, largest contribution first: `baseline_sessions`, `window_sessions`,
    `difference_sessions`, `explanatory_ratio` (its share of the increase; they sum to 1), `surprise` (its term of the
    Jensen-Shannon divergence of the shares), `first_seen` (nothing in the baseline). It is empty unless the load
    `rose`: by more than twice its standard error, `error_sessions`.
    """

    table: pd.DataFrame
    difference_sessions: float
    error_sessions: float
    rose: bool


def contributions(
    sessions: pd.DataFrame, by: np.ndarray, baseline: Window, window: Window, instants: np.ndarray | None = None
) -> Contributions:
    """Return which label contributed how much to the increase of load from baseline to window.

    Parameters
    ----------
    sessions : DataFrame
        From `read_sessions`.
    by : ndarray of text, shape (n,)
        Label of each row; "" is no load.
    baseline, window : Window
        What to compare.
    instants : ndarray of int64, shape (k,), optional
        Of all samples, where `sessions` is a part of them: they are the denominator [us].

    Notes
    -----
    EP_f = (AAS_f,window - AAS_f,baseline) / (AAS_window - AAS_baseline); surprise = (p ln 2p/(p+q) + q ln 2q/(p+q)) / 2
    of the shares p and q (Adtributor, Bhagwan et al. 2014). The error is that of means over blocks of ten seconds.
    """
    instants = sampling(sessions).instants if instants is None else instants
    places = np.searchsorted(instants, pd.DatetimeIndex(sessions.index).as_unit("us").asi8)
    code, labels = pd.factorize(by, sort=True)
    means, errors = [], []
    for w in (baseline, window):
        inside = _held(instants, w)
        rows = inside[places] & (by != "")
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(np.bincount(code[rows], minlength=len(labels)) / np.count_nonzero(inside))
        load = np.bincount(places[rows], minlength=len(instants))[inside]
        errors.append(_standard_error(load.astype(float), instants[inside]))
    before, after = means
    total, error = float(after.sum() - before.sum()), float(np.hypot(errors[0], errors[1]))
    rose = bool(total > ERRORS * error)
    frame = pd.DataFrame(
        {"baseline_sessions": before, "window_sessions": after, "difference_sessions": after - before},
        index=pd.Index(labels, name="label", dtype=object),
    )
    frame["explanatory_ratio"] = (after - before) / total if rose else np.nan
    frame["surprise"] = _surprise(before, after)
    frame["first_seen"] = (before == 0) & (after > 0)
    seen = frame[(frame.index != "") & ((before > 0) | (after > 0))] if rose else frame[:0]
    return Contributions(seen.sort_values("difference_sessions", ascending=False), total, error, rose)


def _standard_error(load: np.ndarray, at: np.ndarray) -> float:
    """Return the standard error of a mean from means of blocks; infinite with fewer than three blocks."""
    if not len(load):
        return float("inf")
    block = (at - at[0]) // int(BLOCK_SECONDS * 1e6)
    sizes = np.bincount(block)
    means = np.bincount(block, weights=load)[sizes > 0] / sizes[sizes > 0]
    return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) >= 3 else float("inf")


def _surprise(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    p, q = (x / total if (total := x.sum()) > 0 else np.zeros(len(x)) for x in (before, after))
    middle = (p + q) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = [np.where(x > 0, x * np.log(x / middle), 0.0) for x in (p, q)]
    return np.asarray((terms[0] + terms[1]) / 2)
