"""GC logs made or spoiled on purpose: shifted in time, thinned, random trains of pauses."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.collect import GcSource
from analysis.sources.gc_frames import GcLog, gc_frames

NAN = float("nan")


def made_log(spans_us, life_us, *, kind="full", cause="Allocation Failure", cpu_seconds=None, workers=1.0):
    """Return a log of pauses (start, end) [us] of one JVM that lived from life_us[0] to life_us[1]."""
    burnt = [NAN] * len(spans_us) if cpu_seconds is None else cpu_seconds
    pauses = [
        (int(b), int(a), (int(b) - int(a)) / 1e6, kind, cause, i, NAN, NAN, NAN, c, 0.0 * c, NAN, False, i + 1)
        for i, ((a, b), c) in enumerate(zip(spans_us, burnt, strict=True))
    ]
    life = (int(life_us[0]), int(life_us[1]), "Serial", "17", 2.0, workers, len(pauses) + 1, 0, NAN)
    return gc_frames(pauses, [], [life])


def shifted(log: GcLog, seconds: float) -> GcLog:
    by = pd.Timedelta(seconds=seconds)
    moved = [frame.assign(start=frame["start"] + by) for frame in (log.pauses, log.safepoints)]
    lives = log.lives.assign(start=log.lives["start"] + by, end=log.lives["end"] + by)
    holes = log.holes.assign(start=log.holes["start"] + by, end=log.holes["end"] + by)
    return GcLog(*(f.set_axis(f.index + by) for f in moved), lives, holes)


def cut(log: GcLog, start: pd.Timestamp, end: pd.Timestamp) -> GcLog:
    """Return what a log tells outside (start, end]: its JVM seems to have had two lives."""
    frames = [f[(f.index <= start) | (f.index > end)] for f in (log.pauses, log.safepoints)]
    before, after = log.lives.assign(end=start), log.lives.assign(start=end)
    return GcLog(*frames, pd.concat([before, after], ignore_index=True))


def with_logs(evidence, *logs, container="app"):
    """Return evidence with other GC logs; each a log, or (container, pod, log)."""
    rows = [row if isinstance(row, tuple) else (container, "", row) for row in logs]
    sources = tuple(GcSource(c, pod, f"raw/gc/{i}.log", log) for i, (c, pod, log) in enumerate(rows))
    return replace(evidence, gc_logs=sources)


def bursty_train(rng, life_us, *, phi=0.9, mean=0.5):
    """Return pauses whose share of each second wanders as an AR(1): the share of a second is one pause in it."""
    from scipy.stats import norm

    from tests.variants import ar1

    seconds = int((life_us[1] - life_us[0]) // 1_000_000)
    share = norm.cdf(ar1(rng, seconds, phi)[0]) * 2 * mean
    start = life_us[0] + np.arange(seconds) * 1_000_000
    return np.stack([start, start + np.round(np.clip(share, 0.001, 0.999) * 1e6).astype("i8")], axis=1)
