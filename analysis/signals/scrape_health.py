"""What Prometheus says of its own scrapes: `up`, how long they took, how many samples they brought."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["ScrapeHealth", "scrape_health"]


class ScrapeHealth(NamedTuple):
    """The scrapes of one target in one window; NaN where the metric is not there.

    Parameters
    ----------
    scrapes : int
        Scrapes of which `up` is known.
    up_ratio : float
        Share of them that succeeded.
    downs : ndarray of int64, shape (k, 2)
        Stretches of failed scrapes: time of the first failed one, and of the next good one, or of the last failed one
        where none follows [us].
    median_seconds, max_seconds : float
        How long scrapes took.
    late_ratio : float
        Share of scrapes that took as long as their interval or longer: the target could not answer in time.
    samples_low, samples_high : float
        Fewest and most samples that a scrape brought.
    """

    scrapes: int
    up_ratio: float
    downs: np.ndarray
    median_seconds: float
    max_seconds: float
    late_ratio: float
    samples_low: float
    samples_high: float


def scrape_health(
    up: tuple[np.ndarray, np.ndarray],
    seconds: tuple[np.ndarray, np.ndarray],
    samples: tuple[np.ndarray, np.ndarray],
    window: tuple[int, int],
    *,
    interval_seconds: float = float("nan"),
) -> ScrapeHealth:
    """Return what a target's own series say of its scrapes in (start, end].

    Parameters
    ----------
    up, seconds, samples : (times, values), each of shape (n,)
        `up`, `scrape_duration_seconds` and `scrape_samples_scraped` of one target, in order of time [us]; empty arrays
        without the metric. NaN is unknown and left out.
    window : (int, int)
        Start and end [us since epoch].
    interval_seconds : float
        How often it is scraped [s]; NaN if that is not known.

    Examples
    --------
    >>> times, nothing = np.arange(1, 5) * 5_000_000, (np.zeros(0, "i8"), np.zeros(0))
    >>> found = scrape_health((times, np.array([1.0, 0, 0, 1])), nothing, nothing, (0, 20_000_000))
    >>> found.up_ratio, found.downs.tolist(), found.median_seconds
    (0.5, [[10000000, 20000000]], nan)
    """
    at, good = _inside(up, window)
    _, took = _inside(seconds, window)
    _, brought = _inside(samples, window)
    nan = float("nan")
    return ScrapeHealth(
        scrapes=len(good),
        up_ratio=float((good == 1).mean()) if len(good) else nan,
        downs=_downs(at, good),
        median_seconds=float(np.median(took)) if len(took) else nan,
        max_seconds=float(took.max()) if len(took) else nan,
        late_ratio=float((took >= interval_seconds).mean()) if len(took) and interval_seconds > 0 else nan,
        samples_low=float(brought.min()) if len(brought) else nan,
        samples_high=float(brought.max()) if len(brought) else nan,
    )


def _inside(series: tuple[np.ndarray, np.ndarray], window: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    lo, hi = np.searchsorted(series[0], window, side="right") if len(series[0]) else (0, 0)
    times, values = series[0][lo:hi], series[1][lo:hi]
    unknown = np.isnan(values)
    return (times[~unknown], values[~unknown]) if unknown.any() else (times, values)


def _downs(times: np.ndarray, up: np.ndarray) -> np.ndarray:
    failed = up != 1
    if not failed.any():
        return np.zeros((0, 2), "i8")
    change = np.diff(failed.astype("i1"), prepend=0, append=0)
    begin, after = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    last = np.minimum(after, len(times) - 1)
    return np.stack([times[begin], times[last]], axis=1)
