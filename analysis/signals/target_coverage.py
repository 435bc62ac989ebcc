"""Coverage by scrape target: its series together, what `up` says, how long its scrapes took; the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.signals.recorded_series import Recorded, Target
from analysis.signals.sample_coverage import SampleCoverage
from analysis.signals.scrape_clock import Beats
from analysis.signals.scrape_health import ScrapeHealth, scrape_health

__all__ = ["TargetCoverage", "target_coverage"]

HEALTH = ("up", "scrape_duration_seconds", "scrape_samples_scraped")


class TargetCoverage(NamedTuple):
    """How much of one target is there in one window.

    Parameters
    ----------
    target : Target
        Job, instance and mode.
    window : str
        Name of the window.
    series : int
        Series of which a sample is there or expected in the window.
    beats : Beats
        Its scrape intervals, or of mode "range" the steps of its grid.
    other_intervals : int
        Series that keep an interval of their own.
    expected, present, ratio : float, int, float
        Samples of all its series; NaN where it is not known what to expect; 0 expected where it was not there then.
    unknown, duplicates : int
        Samples present that are not a number; samples that were there twice.
    longest_gap : (int, int) or None
        Start and end of the longest gap of any of its series, cut at the window [us]; None without a gap.
    first_seen, ended, last_seen, silent : int
        Series that began, were ended by a stale marker, ended without one, or fell silent with the target.
    health : ScrapeHealth
        What the target's own series say of its scrapes.
    """

    target: Target
    window: str
    series: int
    beats: Beats
    other_intervals: int
    expected: float
    present: int
    ratio: float
    unknown: int
    duplicates: int
    longest_gap: tuple[int, int] | None
    first_seen: int
    ended: int
    last_seen: int
    silent: int
    health: ScrapeHealth


def target_coverage(
    data: Recorded, found: SampleCoverage, windows: Mapping[str, tuple[int, int]]
) -> tuple[TargetCoverage, ...]:
    """Return a row for each target and window, window by window as given, the worst target first.

    Parameters
    ----------
    data : Recorded
        From `recorded`.
    found : SampleCoverage
        From `sample_coverage` of the same windows.
    windows : mapping of str to (int, int)
        Start and end of each window [us since epoch].

    Returns
    -------
    tuple of TargetCoverage
        Worst: of which it is not known what to expect, then by the share of samples or of good scrapes that is there;
        last those that ended before the window or began after it.

    Examples
    --------
    >>> from analysis.signals.recorded_series import recorded
    >>> from analysis.signals.sample_coverage import sample_coverage
    >>> times, windows = np.arange(1, 9) * 5_000_000, {"incident": (0, 52_000_000)}
    >>> data = recorded([{"__name__": "up", "job": "api"}], np.zeros(8, "i4"), times, np.ones(8))
    >>> row = target_coverage(data, sample_coverage(data, windows), windows)[0]
    >>> row.expected, row.present, row.silent, row.health.up_ratio
    (10.0, 8, 1, 1.0)
    """
    joints = np.searchsorted(data.ids, np.arange(len(data.names) + 1))
    own: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]] = {}
    for row in np.flatnonzero(np.isin(data.names, HEALTH)).tolist():
        part = slice(joints[row], joints[row + 1])
        own.setdefault((int(data.target_of[row]), data.names[row]), (data.times[part], data.values[part]))
    strays = np.bincount(data.target_of[found.clocks.of_series != data.target_of], minlength=len(data.targets))
    nothing, gaps = (np.zeros(0, "i8"), np.zeros(0)), _longest_gaps(data, found.gaps)
    rows = []
    for name, window in windows.items():
        table = _summed(found.series[found.series["window"] == name]).to_dict("index")
        for at, target in enumerate(data.targets):
            one, beats = table[at], found.clocks.beats[at]
            up, seconds, samples = (own.get((at, metric), nothing) for metric in HEALTH)
            every = float(np.max(beats.interval_us)) / 1e6
            health = scrape_health(up, seconds, samples, window, interval_seconds=every)
            counts = {k: int(one[k]) for k in ("series", "present", "unknown", "duplicates")}
            states = {k.replace(" ", "_"): int(one[k]) for k in ("first seen", "ended", "last seen", "silent")}
            expected = float(one["expected"])
            ratio = float(one["counted"]) / expected if expected > 0 else float("nan")
            gap = gaps.get((name, at))
            rows.append(TargetCoverage(
                target, name, **counts, beats=beats, other_intervals=int(strays[at]), expected=expected, ratio=ratio,
                longest_gap=gap, **states, health=health,
            ))  # fmt: skip
    place = {name: i for i, name in enumerate(windows)}
    return tuple(sorted(rows, key=lambda r: (place[r.window], *_worst_first(r))))


def _summed(series: pd.DataFrame) -> pd.DataFrame:
    """Return sums of one window by target."""
    there = (series["expected"] > 0) | (series["present"] > 0)
    known = series["expected"].notna()
    frame = series[["target", "expected", "present", "unknown", "duplicates"]].assign(
        series=there, counted=series["present"].where(known, 0), sure=known
    )
    for kind in ("first seen", "ended", "last seen", "silent"):
        frame[kind] = (series["begins"] == kind) | (series["ends"] == kind)
    found = frame.groupby("target").sum()
    found["expected"] = found["expected"].where(found["sure"] > 0)
    return found


def _longest_gaps(data: Recorded, gaps: pd.DataFrame) -> dict[tuple[str, int], tuple[int, int]]:
    """Return window and place of a target -> its longest gap, of equal ones the first."""
    of = gaps.assign(target=data.target_of[gaps["series"].to_numpy(dtype="i8")])
    order = of.sort_values(["seconds", "start"], ascending=[False, True], kind="stable")
    first = order.drop_duplicates(["window", "target"])
    columns = [first[c].tolist() for c in ("window", "target", "start", "end")]
    return {(w, t): (a, b) for w, t, a, b in zip(*columns, strict=True)}


def _worst_first(row: TargetCoverage) -> tuple[int, float, float, Target]:
    """Return the key by which the worst comes first: unknown, least there, slowest scrapes; last what was not there."""
    shares = [x for x in (row.ratio, row.health.up_ratio) if np.isfinite(x)]
    took = row.health.max_seconds / max(row.beats.interval_us) * 1e6
    group = 2 if row.expected == 0 and not row.present else 1 if np.isfinite(row.ratio) else 0
    return group, min(shares, default=0.0), -took if np.isfinite(took) else 0.0, row.target
