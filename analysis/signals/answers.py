"""How soon a server answered its own exporter: seconds per scrape, which wait in the same line as calls do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np

from analysis.signals.hosts import host_of

__all__ = ["Answers", "answers_of", "answers_of_server"]

ASKED = "_exporter_last_scrape_duration_seconds"  # of any exporter
SCRAPED = "scrape_duration_seconds"  # Prometheus' own
Answers = dict[tuple[str, str], tuple[tuple[np.ndarray, np.ndarray], ...]]


def answers_of(
    named: Callable[..., Iterable[Any]], names: Collection[str], workload: Callable[[str, str], str]
) -> Answers:
    """Return how long each server's scrapes took, by (namespace, workload or host).

    Parameters
    ----------
    named : callable
        named(metric) -> series (`SampleTable.named`).
    names : collection of str
        Metric names that are there.
    workload : callable
        workload(namespace, pod) -> workload.

    Returns
    -------
    dict of (str, str) to tuple of (times, seconds)
        What the exporter says of the time that the server took; where it says nothing, what its scrapes took in all.

    Examples
    --------
    >>> answers_of(lambda name: [], [], lambda namespace, pod: pod)
    {}
    """
    found: Answers = {}
    for metrics in (sorted(n for n in names if n.endswith(ASKED)), [SCRAPED]):
        fresh: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
        for metric in metrics:
            for row in named(metric):
                labels = row.labels
                namespace = labels.get("exported_namespace") or labels.get("namespace", "")
                pod = labels.get("exported_pod") or labels.get("pod", "")
                host = host_of(labels.get("server") or labels.get("instance", ""))
                name = workload(namespace, pod) if pod else host
                fresh[(namespace, name)].append((row.times, row.values))
        found = {who: tuple(rows) for who, rows in fresh.items()} | found
    return found


def answers_of_server(rows: Iterable[tuple[np.ndarray, np.ndarray]], start_us: int, end_us: int) -> np.ndarray:
    """Return the seconds that the scrapes of a server took in a stretch of time; NaN for a scrape without an answer.

    Parameters
    ----------
    rows : iterable of (ndarray of int64, ndarray)
        Times [us] and seconds.
    start_us, end_us : int
        Stretch (start, end] [us].

    Notes
    -----
    A scrape that got no answer leaves no sample: for each that is missing beside the usual step there is a NaN.

    Examples
    --------
    >>> times = np.array([5, 10, 15, 30, 35]) * 1_000_000
    >>> answers_of_server([(times, np.full(5, 0.002))], 0, 30_000_000).tolist()
    [0.002, 0.002, 0.002, 0.002, nan, nan]
    """
    found = [np.zeros(0)]
    for times, seconds in rows:
        inside = (times > start_us) & (times <= end_us)
        usual = float(np.median(np.diff(times))) if len(times) > 1 else np.inf
        due = int((end_us - start_us) / usual)
        missing = max(due - int(np.count_nonzero(inside & np.isfinite(seconds))), 0)
        found += [seconds[inside & np.isfinite(seconds)], np.full(missing, np.nan)]
    return np.concatenate(found)
