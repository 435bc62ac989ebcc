"""Do two clocks agree? Requests that a log completed against those that a counter saw, shifted until they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["ClockOffset", "clock_offset", "steps_of"]

REACH_SECONDS = 60.0
GRID_SECONDS = 0.1
ALPHA = 0.01
DRAWS = 199
MIN_STEPS = 20
MIN_ROWS = 0.5  # of the steps must lie within the log for an offset to be tried


class ClockOffset(NamedTuple):
    """`seconds` by which the log's clock runs ahead of the counter's, its 95 % interval, r there, p of it, and steps.

    NaN seconds and interval where the two do not vary together enough to tell; `reason` says why.
    """

    seconds: float
    low: float
    high: float
    correlation: float
    p_value: float
    n: int
    reason: str = ""


def steps_of(times: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the steps of a counter: start and end [us] and increase, shape (n, 3); restarts are left out.

    Parameters
    ----------
    times : ndarray of int64, shape (m,)
        Sample times [us], ascending.
    counts : ndarray, shape (m,)
        Counter values; NaN unknown.

    Examples
    --------
    >>> steps_of(np.array([0, 5, 10]), np.array([7.0, 9.0, 2.0])).tolist()
    [[0.0, 5.0, 2.0]]
    """
    good = np.isfinite(counts)
    t, c = times[good].astype("f8"), counts[good]
    if len(t) < 2:
        return np.zeros((0, 3))
    rows = np.stack([t[:-1], t[1:], np.diff(c)], axis=1)
    return np.asarray(rows[rows[:, 2] >= 0])


def clock_offset(
    completed: np.ndarray, processes: Sequence[np.ndarray], *, leave_out: np.ndarray | None = None, seed: int = 1
) -> ClockOffset:
    """Estimate by how much the clock of a request log runs ahead of the clock of counters of the same requests.

    Parameters
    ----------
    completed : ndarray of int64, shape (m,)
        When requests completed by the log's clock [us].
    processes : sequence of ndarray, shape (n, 3)
        Of every process that counted some of them: `steps_of`.
    leave_out : ndarray, shape (k, 2), optional
        Spans [us] not to use: where responses were held on their way, log and counter differ though the clocks agree.
    seed : int
        Of the generator.

    Returns
    -------
    ClockOffset
        Nothing is corrected by it.

    Notes
    -----
    A step (a, b] of the counter is compared with the completions in (a + d, b + d] for d from -60 to 60 s in steps of
    0.1 s. The estimate has the largest correlation (of deviations from each process's mean). p: share of block
    permutations of the steps whose largest correlation over all d is as large (a constant rate fits everywhere: p is
    high). Interval: percentiles of the best d over block resamples of the steps (Kuensch 1989), widened by the grid.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> done = np.sort(rng.uniform(0, 600e6, 3000)).astype("i8")
    >>> scraped = np.arange(0, 600_000_001, 5_000_000)
    >>> found = clock_offset(done + 7_000_000, [steps_of(scraped, np.searchsorted(done, scraped).astype(float))])
    >>> found.low <= 7.0 <= found.high
    True
    """
    nan = float("nan")
    rows = [_kept(p, leave_out) for p in processes]
    rows = [r for r in rows if len(r) >= 3]
    n = sum(len(r) for r in rows)
    if n < MIN_STEPS:
        return ClockOffset(nan, nan, nan, nan, nan, n, f"{n} steps of a counter lie outside the bad intervals")
    offsets = np.round(np.arange(-REACH_SECONDS, REACH_SECONDS + GRID_SECONDS / 2, GRID_SECONDS), 6)
    x, y, inside = _compared(np.sort(np.asarray(completed, "f8")), rows, offsets * 1e6)
    tried = inside.mean(axis=0) >= MIN_ROWS
    if not tried.any() or np.ptp(x) <= 0:
        return ClockOffset(nan, nan, nan, nan, nan, n, "log and counter hardly overlap, or the counter does not vary")
    offsets, y, inside = offsets[tried], y[:, tried], inside[:, tried]
    rng = np.random.default_rng(seed)
    r = _correlations(np.ones((1, n)), x[None], y, inside)[0]
    best = int(np.argmax(r))
    block = max(2, round(n ** (1 / 3)))
    shuffled = x[_permuted(rng, n, block)]
    null = _correlations(np.ones((1, n)), shuffled, y, inside).max(axis=1)
    p = float((1 + np.count_nonzero(null >= r[best] - 1e-12)) / (1 + DRAWS))
    if not p <= ALPHA:
        return ClockOffset(nan, nan, nan, float(r[best]), p, n, "the rate of requests is too constant to tell")
    weights = _resampled(rng, n, block)
    again = offsets[_correlations(weights, np.broadcast_to(x, weights.shape), y, inside).argmax(axis=1)]
    low, high = np.quantile(again, [0.025, 0.975])
    low, high = min(low, offsets[best]) - GRID_SECONDS, max(high, offsets[best]) + GRID_SECONDS
    if high - low > REACH_SECONDS / 2:
        return ClockOffset(nan, nan, nan, float(r[best]), p, n, "several offsets fit alike")
    return ClockOffset(float(offsets[best]), float(low), float(high), float(r[best]), p, n)


def _kept(steps: np.ndarray, leave_out: np.ndarray | None) -> np.ndarray:
    """Return the steps that touch no span that is left out."""
    keep = np.ones(len(steps), dtype=bool)
    for start, end in np.zeros((0, 2)) if leave_out is None else leave_out:
        keep &= (steps[:, 1] <= start) | (steps[:, 0] >= end)
    return np.asarray(steps[keep])


def _compared(
    completed: np.ndarray, rows: list[np.ndarray], offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return deviations of the counters (n,), of the log's completions (n, d), and where the log covers the step."""
    xs, ys, seen = [], [], []
    for steps in rows:
        start, end = steps[:, :1] + offsets, steps[:, 1:2] + offsets
        length = (steps[:, 1] - steps[:, 0])[:, None]
        found = (np.searchsorted(completed, end, "right") - np.searchsorted(completed, start, "right")) / length
        covered = (start >= completed[0]) & (end <= completed[-1]) if len(completed) else np.zeros(start.shape, bool)
        rate = steps[:, 2] / length[:, 0]
        xs.append((rate - rate.mean()) * 1e6)
        mean = np.where(covered, found, 0).sum(axis=0) / np.maximum(covered.sum(axis=0), 1)
        ys.append(np.where(covered, found - mean, 0.0) * 1e6)
        seen.append(covered)
    return np.concatenate(xs), np.concatenate(ys), np.concatenate(seen).astype("f8")


def _correlations(weights: np.ndarray, x: np.ndarray, y: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return weighted correlations of rows of x with every column of y, shape (draws, d); 0 where one does not vary.

    One row of weights serves all rows of x.
    """
    w = np.maximum(weights @ inside, 1.0)
    mx, my = (weights * x) @ inside / w, weights @ y / w
    cov = (weights * x) @ y / w - mx * my
    var = ((weights * x * x) @ inside / w - mx**2) * (weights @ (y * y) / w - my**2)
    return np.where(var > 1e-18, cov / np.sqrt(np.maximum(var, 1e-18)), 0.0)


def _permuted(rng: np.random.Generator, n: int, block: int) -> np.ndarray:
    """Return places after a random shift on the circle and a random order of its blocks, shape (DRAWS, n)."""
    order = np.argsort(rng.random((DRAWS, -(-n // block))), axis=1)
    places = (order[:, :, None] * block + np.arange(block)).reshape(DRAWS, -1)
    kept = places[places < n].reshape(DRAWS, n)
    return np.asarray((kept + rng.integers(0, n, DRAWS)[:, None]) % n)


def _resampled(rng: np.random.Generator, n: int, block: int) -> np.ndarray:
    """Return how often each step is drawn by circular block resampling, shape (DRAWS, n)."""
    starts = rng.integers(0, n, (DRAWS, -(-n // block)))
    places = ((starts[:, :, None] + np.arange(block)) % n).reshape(DRAWS, -1)[:, :n]
    weights = np.zeros((DRAWS, n))
    np.add.at(weights, (np.arange(DRAWS)[:, None], places), 1.0)
    return weights
