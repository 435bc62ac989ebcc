"""`Recorded`: the sample times of series, whose target each is of, and where a stale marker ended one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["STALE_BITS", "Recorded", "Target", "recorded"]

STALE_BITS = 0x7FF0000000000002  # the NaN with which Prometheus says: the series ended here


class Target(NamedTuple):
    """What is scraped at one time: `job` and `instance` as labelled ("" where a label is not there), and the mode.

    `mode` is "raw" (real sample times) or "range" (values on the grid of a range query: held, not scraped then).
    """

    job: str
    instance: str
    mode: str


class Recorded(NamedTuple):
    """Samples of series as flat arrays, without stale markers.

    Parameters
    ----------
    ids : ndarray of int32, shape (n,)
        Series of each sample; ascending.
    times : ndarray of int64, shape (n,)
        Sample times [us since epoch, UTC]; ascending within a series, repeated ones are counted as duplicates.
    values : ndarray of float64, shape (n,)
        Sample values; NaN was scraped, and is not a number.
    targets : tuple of Target
        Those that the series are of, sorted.
    target_of : ndarray of int64, shape (s,)
        Place in `targets` of each series.
    ended : ndarray of int64, shape (s,)
        Time of the last stale marker of each series [us]; -1 without one.
    names : tuple of str
        Metric name of each series.
    """

    ids: np.ndarray
    times: np.ndarray
    values: np.ndarray
    targets: tuple[Target, ...]
    target_of: np.ndarray
    ended: np.ndarray
    names: tuple[str, ...]


def recorded(
    labels: Sequence[Mapping[str, str]],
    ids: np.ndarray,
    times: np.ndarray,
    values: np.ndarray,
    *,
    modes: Sequence[str] = (),
    stale: Sequence[tuple[Mapping[str, str], int]] = (),
) -> Recorded:
    """Return series ready for counting: by target, with stale markers taken out and kept as ends.

    Parameters
    ----------
    labels : sequence of mapping
        Labels of each series, with __name__, job and instance where they are known; shape (s,).
    ids, times, values : ndarray, shape (n,)
        Samples sorted by series and time; times in us since epoch.
    modes : sequence of str
        "raw" or "range" for each series; all raw where it is empty.
    stale : sequence of (labels, time)
        Stale markers that were taken out of the samples before [us since epoch].

    Raises
    ------
    ValueError
        If modes are given for another number of series.

    Examples
    --------
    >>> values = np.array([1, STALE_BITS], "u8").view("f8")
    >>> found = recorded([{"__name__": "up", "job": "api"}], np.zeros(2, "i4"), np.array([5, 9]), values)
    >>> found.times.tolist(), found.ended.tolist(), found.targets[0].job
    ([5], [9], 'api')
    """
    number = len(labels)
    if modes and len(modes) != number:
        raise ValueError(f"{len(modes)} modes of {number} series")
    kinds = modes or ["raw"] * number
    of = [Target(one.get("job", ""), one.get("instance", ""), kind) for one, kind in zip(labels, kinds, strict=True)]
    targets = tuple(sorted(set(of)))
    place = {target: i for i, target in enumerate(targets)}
    ended = np.full(number, -1, dtype="i8")
    values = np.ascontiguousarray(values, dtype="f8")
    marks = values.view("u8") == STALE_BITS
    if marks.any():
        np.maximum.at(ended, ids[marks], times[marks])
        ids, times, values = ids[~marks], times[~marks], values[~marks]
    if stale:
        rows: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for i, one in enumerate(labels):
            rows.setdefault(tuple(sorted(one.items())), []).append(i)
        for one, time in stale:
            for i in rows.get(tuple(sorted(one.items())), ()):
                ended[i] = max(int(ended[i]), int(time))
    names = tuple(one.get("__name__", "") for one in labels)
    return Recorded(ids, times, values, targets, np.array([place[t] for t in of], "i8"), ended, names)
