"""Garbage collection under a CPU quota: CPU time of pauses, how long they should have taken, who used the quota."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.incident import Window
from analysis.signals.gc import spans_of

__all__ = ["PauseWork", "QuotaWork", "join_works", "pause_work", "quota_real_seconds", "quota_work", "usual_efficiency"]

COLUMNS = ("duration_seconds", "user_seconds", "sys_seconds", "workers", "heap_before_bytes")
ALIKE = 15  # pauses that found a heap most alike are one band; of twice as many of a kind
FEWEST, LEAST_SECONDS = 5, 0.1  # pauses and their CPU time: ten grains of 10 ms


class PauseWork(NamedTuple):
    """Pauses that have CPU times, in order: spans [us], kind, length, CPU time, workers, used heap before; NaN unknown.

    Shapes (n, 2) and (n,). `left_out` pauses of the same time have no CPU times.
    """

    spans: np.ndarray
    kind: np.ndarray
    seconds: np.ndarray
    cpu_seconds: np.ndarray
    workers: np.ndarray
    heap_bytes: np.ndarray
    left_out: int

    @property
    def efficiency_ratio(self) -> float:
        """CPU seconds / (length x workers) of all together: 1 where all workers ran all the time; NaN unknown."""
        room = float((self.seconds * self.workers).sum())
        return float(self.cpu_seconds.sum()) / room if room > 0 else float("nan")

    def chosen(self, keep: np.ndarray) -> PauseWork:
        """Return the pauses that a mask of shape (n,) keeps."""
        spans, kind, seconds, cpu, workers, heap, left_out = self
        return PauseWork(spans[keep], kind[keep], seconds[keep], cpu[keep], workers[keep], heap[keep], left_out)


class QuotaWork(NamedTuple):
    """What pauses of a window took, and what they should have: sums [s] over `n` pauses; NaN unknown.

    `expected_seconds` with the efficiency that is usual; `alone_seconds` with the quota for the collector alone, each
    pause beginning with a period: the most that they take so; `stretched_seconds` how much longer they took than
    expected, and `attributable_seconds` what of it the throttled periods of the same time can hold. `of_quota_ratio`:
    CPU time over the quota of the periods that they touched. `alike_ratio`: share of their length whose usual
    efficiency is that of pauses of the same kind.
    """

    n: int
    paused_seconds: float
    cpu_seconds: float
    expected_seconds: float
    alone_seconds: float
    stretched_seconds: float
    attributable_seconds: float
    of_quota_ratio: float
    alike_ratio: float


def pause_work(pauses: pd.DataFrame, window: Window, workers: float) -> PauseWork:
    """Return the pauses that ended in a window and have CPU times.

    Parameters
    ----------
    pauses : DataFrame
        Of a `GcLog`.
    window : Window
        (start, end].
    workers : float
        Threads that collect, of pauses that do not tell; NaN unknown.

    Notes
    -----
    CPU times are logged in steps of 10 ms: read the sums, not single pauses.

    Examples
    --------
    >>> columns = ["duration_seconds", "user_seconds", "sys_seconds", "nested", "kind"]
    >>> row = pd.DataFrame([[0.5, 0.8, 0.0, False, "young"]], columns=columns, index=pd.to_datetime([5e6], utc=True))
    >>> row["start"] = row.index - pd.Timedelta(seconds=0.5)
    >>> pause_work(row, Window("1969-12-31T00:00:00Z", "1970-01-01T00:00:10Z"), workers=2.0).efficiency_ratio
    0.8
    """
    inside = window.holds(pd.DatetimeIndex(pauses.index)) & ~pauses["nested"].to_numpy(dtype=bool)
    length, user, kernel, threads, heap = (_column(pauses, name)[inside] for name in COLUMNS)
    told = np.isfinite(user + kernel) & (length > 0)
    known = PauseWork(
        spans_of(pauses[["start"]])[inside], pauses["kind"].to_numpy(dtype=object)[inside], length, user + kernel,
        np.where(np.isfinite(threads), threads, workers), heap, int((~told).sum()),
    )  # fmt: skip
    return known.chosen(told)


def _column(pauses: pd.DataFrame, name: str) -> np.ndarray:
    return pauses[name].to_numpy(dtype="f8") if name in pauses else np.full(len(pauses), np.nan)


def usual_efficiency(before: PauseWork, now: PauseWork) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pause how much of its workers' time others like it used, and whether those are of its kind.

    Parameters
    ----------
    before : PauseWork
        Pauses of a normal time, without those that a quota held.
    now : PauseWork
        Those to compare.

    Returns
    -------
    (ndarray, ndarray of bool), shape (n,) each
        CPU time over length x workers, at most 1: of the pauses of the same kind, with thirty of them of the fifteen
        that found a heap most alike; else of all kinds. NaN where those are fewer than five or took less than 0.1 s of
        CPU.

    Notes
    -----
    A ratio of sums, not a median of ratios: CPU times are logged in steps of 10 ms, as long as many a pause.

    Examples
    --------
    >>> some = PauseWork(np.zeros((6, 2)), np.full(6, "young"), np.full(6, 0.1), np.full(6, 0.1), np.full(6, 2.0),
    ...                  np.full(6, np.nan), 0)
    >>> usual_efficiency(some, some)[0].tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    n = len(now.seconds)
    found, alike = np.full(n, _efficiency(before, np.ones(len(before.seconds), dtype=bool))), np.zeros(n, dtype=bool)
    for kind in sorted(set(now.kind.tolist())):
        mine, theirs = np.flatnonzero(now.kind == kind), before.kind == kind
        same = _efficiency(before, theirs)
        if np.isfinite(same):
            found[mine], alike[mine] = same, True
            _by_heap(before.chosen(theirs), now, mine, found)
    return found, alike


def _efficiency(work: PauseWork, keep: np.ndarray) -> float:
    some = work.chosen(keep)
    enough = len(some.seconds) >= FEWEST and float(some.cpu_seconds.sum()) >= LEAST_SECONDS
    return min(some.efficiency_ratio, 1.0) if enough and np.isfinite(some.efficiency_ratio) else float("nan")


def _by_heap(before: PauseWork, now: PauseWork, mine: np.ndarray, found: np.ndarray) -> None:
    """Put the efficiency of the pauses with a heap most alike into `found`, where there are enough of them."""
    known = before.chosen(np.isfinite(before.heap_bytes))
    if len(known.seconds) < 2 * ALIKE:
        return
    order = np.argsort(known.heap_bytes, kind="stable")
    heap, cpu, room = (x[order] for x in (known.heap_bytes, known.cpu_seconds, known.seconds * known.workers))
    sums = [np.concatenate([[0.0], np.cumsum(x)]) for x in (cpu, room)]
    mine = mine[np.isfinite(now.heap_bytes[mine])]
    first = np.clip(np.searchsorted(heap, now.heap_bytes[mine]) - ALIKE // 2, 0, len(heap) - ALIKE)
    burnt, whole = (s[first + ALIKE] - s[first] for s in sums)
    enough = (burnt >= LEAST_SECONDS) & (whole > 0)
    found[mine[enough]] = np.minimum(burnt[enough] / whole[enough], 1.0)


def quota_real_seconds(
    cpu_seconds: np.ndarray, workers: np.ndarray, limit_cores: float, period_seconds: float = 0.1
) -> np.ndarray:
    """Return how long collections take that begin with a period and have the container, its full quota, to themselves.

    Parameters
    ----------
    cpu_seconds : ndarray, shape (n,)
        CPU time W that each needs [s].
    workers : ndarray, shape (n,)
        Threads g that share it evenly.
    limit_cores : float
        CPU limit [cores]; the quota is q = limit x period.
    period_seconds : float
        CFS period P [s].

    Returns
    -------
    ndarray, shape (n,)
        [s]; W / g where the workers cannot use up the quota within a period.

    Notes
    -----
    (ceil(W/q) - 1) P + (W - (ceil(W/q) - 1) q) / g, of CFS bandwidth control. One that begins later in a period waits
    less for the next quota: what it takes is this at most, and one period less at least.

    Examples
    --------
    >>> work, workers = np.array([0.4, 0.4]), np.array([8.0, 2.0])
    >>> quota_real_seconds(work, workers, 2.0).round(3).tolist()
    [0.125, 0.2]
    """
    quota = limit_cores * period_seconds
    waits = np.maximum(np.ceil(np.round(cpu_seconds / quota, 9)) - 1, 0)
    waits = np.where(workers * period_seconds > quota * (1 + 1e-9), waits, 0.0)
    return np.asarray(waits * period_seconds + (cpu_seconds - waits * quota) / workers)


def quota_work(
    now: PauseWork, before: PauseWork, held: tuple[np.ndarray, np.ndarray], *, limit_cores: float,
    period_seconds: float = 0.1,
) -> QuotaWork:  # fmt: skip
    """Return how long pauses took beside how long they should have, and what of that a quota can have done.

    Parameters
    ----------
    now, before : PauseWork
        Pauses of the time in question, and of a normal time without those that a quota held.
    held : (ndarray, ndarray), shapes (m, 2) and (m,)
        Steps between samples [us], disjoint and in order, and the throttled periods of each.
    limit_cores : float
        CPU limit [cores].
    period_seconds : float
        CFS period [s].

    Notes
    -----
    Expected: CPU time / (workers x usual efficiency). What a pause took more is spread over it, and of each step no
    more is attributed than its throttled periods can last. That is a bound: of a neighbour that took the CPUs while
    other threads of the container were throttled, counters do not tell.

    Examples
    --------
    >>> one = lambda length: PauseWork(np.array([[0, 125_000]]), np.array(["full"]), np.array([length]),
    ...                                np.array([0.4]), np.array([8.0]), np.array([np.nan]), 0)
    >>> usual = PauseWork(*(np.repeat(column, 5, axis=0) for column in one(0.05)[:6]), 0)
    >>> found = quota_work(one(0.125), usual, (np.array([[0, 5_000_000]]), np.array([1.0])), limit_cores=2.0)
    >>> round(found.expected_seconds, 3), round(found.alone_seconds, 3), round(found.attributable_seconds, 3)
    (0.05, 0.125, 0.075)
    """
    usual, alike = usual_efficiency(before, now)
    length, cpu = now.seconds, now.cpu_seconds
    with np.errstate(invalid="ignore", divide="ignore"):
        busy = now.workers * usual
        expected = cpu / busy
        alone = quota_real_seconds(cpu, busy, limit_cores, period_seconds)
    longer = np.maximum(length - expected, 0.0)
    periods = np.ceil(np.round(length / period_seconds, 9)) * limit_cores * period_seconds
    paused, quota = float(length.sum()), float(periods.sum())
    return QuotaWork(
        len(length), paused, float(cpu.sum()), float(expected.sum()), float(alone.sum()), float(longer.sum()),
        _bounded(now.spans, longer, held, period_seconds), float(cpu.sum()) / quota if quota > 0 else float("nan"),
        float(length[alike].sum()) / paused if paused > 0 else float("nan"),
    )  # fmt: skip


def _bounded(spans: np.ndarray, longer: np.ndarray, held: tuple[np.ndarray, np.ndarray], period: float) -> float:
    """Return how much of some lengths the throttled periods of each step can last, added up [s]; NaN stays NaN."""
    if not len(spans) or not np.isfinite(longer).all():
        return float("nan")
    order = np.argsort(spans[:, 0], kind="stable")
    first, last = spans[order].astype("f8").T
    begin = np.maximum(first, np.concatenate([[-np.inf], np.maximum.accumulate(last)[:-1]]))
    kept = last > begin
    joints = np.stack([begin[kept], last[kept]], axis=1).ravel()
    passed = np.cumsum(longer[order][kept])
    spent = np.stack([np.concatenate([[0.0], passed[:-1]]), passed], axis=1).ravel()
    steps, throttled = held
    inside = np.interp(steps[:, 1], joints, spent) - np.interp(steps[:, 0], joints, spent)
    return float(np.minimum(inside, throttled * period).sum())


def join_works(works: list[QuotaWork]) -> QuotaWork:
    """Return the sums of several JVMs; ratios weighted by CPU time and by length. At least one.

    Examples
    --------
    >>> join_works([QuotaWork(1, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 1.0)] * 2).paused_seconds
    4.0
    """
    if len(works) == 1:
        return works[0]
    table = np.array(works, dtype="f8")
    n, paused, cpu, expected, alone, longer, held = table[:, :7].sum(axis=0).tolist()
    with np.errstate(invalid="ignore", divide="ignore"):
        of_quota = table[:, 2].sum() / (table[:, 2] / table[:, 7]).sum()
        alike = (table[:, 8] * table[:, 1]).sum() / table[:, 1].sum()
    return QuotaWork(int(n), paused, cpu, expected, alone, longer, held, float(of_quota), float(alike))
