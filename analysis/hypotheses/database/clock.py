"""Whether the samples of sessions follow the clock of the metrics, told by what both count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from analysis.findings import value
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.dose import Study, allowed_at
from analysis.signals.database import counts

__all__ = ["Clock", "clock_of", "lag_of_counts"]

SERVER_COUNT = "pg_stat_activity_count"
COUNTED = ("idle in transaction", "active")
MOST_LAG_SECONDS = 600.0
SCRAPES = 2.0  # apart: what is nearer is not told from jitter
ALIKE = 0.8  # correlation from which two counts are taken for counts of the same
BETTER = 2.0  # times less may be left unexplained at the best lag than near zero, for the clocks to be off
CLEAR = 0.95  # the correlation near zero that leaves nothing to search for
SURE = 0.9  # the correlation that it takes to say that clocks are off
SPREAD = 4.0  # scrapes' worth of variation that it takes: one spike can be laid over another anywhere
FEWEST = 10  # scrapes
ROUNDING_SECONDS = 0.01
KEPT = 0.5  # of the metric's variation must lie where samples are, at a lag


class Clock(NamedTuple):
    """How far the samples are ahead of the metrics [s], NaN where not compared; `reason` if they are off, else ""."""

    ahead_seconds: float
    reason: str = ""

    @property
    def compared(self) -> bool:
        """Whether both counted something that varied enough to be compared."""
        return bool(np.isfinite(self.ahead_seconds))


def clock_of(case: Case, found: Study) -> Clock:
    """Compare the number of sessions in the samples with what the server's exporter and the pool counted.

    Parameters
    ----------
    case : Case
        With the metrics.
    found : Study
        Of the database.

    Returns
    -------
    Clock
        Of the count that goes best with the samples. Metrics carry the time of their scrape, which is that of the
        requests as far as the evidence tells.
    """
    at, interval = found.sampling.instants, found.sampling.interval_seconds
    best: tuple[float, float, float, str] | None = None
    for name, times, seen, sampled in _counted(case, found):
        lag, correlation, tolerance = lag_of_counts(times, seen, at, sampled, interval)
        if np.isfinite(lag) and (best is None or correlation > best[0]):
            best = correlation, lag, tolerance, name
            if abs(lag) <= tolerance and correlation >= CLEAR:
                break
    if best is None:
        return Clock(float("nan"))
    _, lag, tolerance, name = best
    if abs(lag) <= tolerance + ROUNDING_SECONDS:
        return Clock(lag)
    way = "ahead of" if lag > 0 else "behind"
    apart = value(abs(lag), "seconds").text
    return Clock(lag, f"the clock of the session samples is about {apart} {way} that of the metrics, told by {name}")


def _counted(case: Case, found: Study) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield what metrics counted, as name, times [us], counts, and the same count of each sample."""
    at, state = found.sampling.instants, found.sessions["state"].to_numpy()
    for wanted in COUNTED:
        series = list(case.evidence.samples.named(SERVER_COUNT, state=wanted))
        if len({(s.label("instance"), s.label("pod"), s.label("server")) for s in series}) == 1:
            times = np.concatenate([s.times for s in series])
            moments, place = np.unique(times, return_inverse=True)
            seen = np.bincount(place, weights=np.concatenate([s.values for s in series]))
            yield SERVER_COUNT, moments, seen, counts(found.sessions, np.asarray(state == wanted), at)
    if len(found.pools) == 1 and found.told_by:
        (pool,) = found.pools
        in_use = counts(found.sessions, found.own & (found.classes != ""), at)
        name = pool.metric.replace("pending", "active")
        yield name, pool.times, pool.active, np.minimum(in_use, allowed_at(found.pools, at))


def lag_of_counts(
    times: np.ndarray, seen: np.ndarray, at: np.ndarray, sampled: np.ndarray, interval_seconds: float
) -> tuple[float, float, float]:
    """Return how far samples are ahead of a metric that counts the same, the correlation there, and what is in step.

    Parameters
    ----------
    times, seen : ndarray, shape (n,)
        Scrapes [us] and what they counted; NaN unknown.
    at, sampled : ndarray, shape (k,)
        Instants of samples, ascending [us], and what they counted.
    interval_seconds : float
        Between samples [s].

    Returns
    -------
    (float, float, float)
        Lag [s] of the highest correlation of the counts, the correlation, and the lag that counts as none: two scrapes.
        All are NaN where the counts do not go together at any lag, are too few or flat, or where a lag beyond two
        scrapes is best without being much better than those near zero, or rests on few scrapes.

    Examples
    --------
    >>> at = np.arange(300) * 1_000_000
    >>> busy = ((at > 100e6) & (at < 140e6)).astype(float)
    >>> lag, correlation, tolerance = lag_of_counts(at[10:260:5] - 30_000_000, busy[10:260:5], at, busy, 1.0)
    >>> lag, round(correlation, 3), tolerance
    (30.0, 1.0, 10.0)
    """
    known = np.isfinite(seen)
    times, seen = times[known], seen[known]
    nothing = float("nan"), float("nan"), float("nan")
    if len(times) < FEWEST or len(at) < FEWEST or np.ptp(seen) == 0:
        return nothing
    scrape = float(np.median(np.diff(times))) / 1e6
    step, tolerance = max(interval_seconds, scrape / 4), SCRAPES * max(scrape, interval_seconds)
    most = int(min(MOST_LAG_SECONDS, (times[-1] - times[0]) / 2e6) / step)
    lags = np.arange(-most, most + 1) * step
    near = np.abs(lags) <= tolerance + ROUNDING_SECONDS
    r = _correlations(times, seen, at, sampled, lags[near], interval_seconds)
    if np.isfinite(r).any() and np.nanmax(r) >= CLEAR:
        lags, near = lags[near], near[near]
    else:
        r = _correlations(times, seen, at, sampled, lags, interval_seconds)
    if not np.isfinite(r).any():
        return nothing
    best = int(np.nanargmax(r - 1e-9 * np.abs(lags)))
    if r[best] < ALIKE:
        return nothing
    if not near[best]:
        close = float(np.nanmax(r[near])) if np.isfinite(r[near]).any() else 0.0
        left_near, left = 1 - max(close, 0.0) ** 2, 1 - r[best] ** 2
        if r[best] < SURE or left_near < BETTER * left or _worth(seen) < SPREAD:
            return nothing
    return float(lags[best]), float(r[best]), tolerance


def _worth(seen: np.ndarray) -> float:
    """Return over how many values the variation is spread: (sum y^2)^2 / sum y^4 of the centred ones."""
    y = (seen - seen.mean()) ** 2
    return float(y.sum() ** 2 / (y**2).sum())


def _correlations(
    times: np.ndarray, seen: np.ndarray, at: np.ndarray, sampled: np.ndarray, lags: np.ndarray, interval: float
) -> np.ndarray:
    """Return the correlation of the counts at each lag, shape (lags,); NaN where too little of it is covered."""
    wanted = times[None, :] + np.round(lags * 1e6).astype("i8")[:, None]
    after = np.clip(np.searchsorted(at, wanted), 1, len(at) - 1)
    place = np.where(at[after] - wanted < wanted - at[after - 1], after, after - 1)
    here = np.abs(at[place] - wanted) <= interval * 1e6
    n = here.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        x = np.where(here, sampled[place], 0.0)
        y = np.where(here, seen[None, :], 0.0)
        x = np.where(here, x - (x.sum(axis=1) / n)[:, None], 0.0)
        y = np.where(here, y - (y.sum(axis=1) / n)[:, None], 0.0)
        varies = (y**2).sum(axis=1)
        r = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * varies)
    covered = (n >= FEWEST) & (varies >= KEPT * float(((seen - seen.mean()) ** 2).sum()))
    return np.where(covered, r, np.nan)
