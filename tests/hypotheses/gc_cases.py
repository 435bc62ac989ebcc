"""GC logs made or spoiled on purpose: shifted in time, thinned, random trains of pauses, threads that stall."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.collect import GcSource
from analysis.sources.gclog import frames
from analysis.sources.gclog.frames import GcLog, empty_frame

NAN = float("nan")
UNKNOWN = {"float64": NAN, "str": "", "int64": -1, "bool": False}
TIMED = ("pauses", "safepoints", "cycles", "phases", "stalls")


def stamps(us):
    return pd.DatetimeIndex(pd.to_datetime(np.asarray(us, dtype="i8"), unit="us", utc=True)).as_unit("us")


def rows_of(columns, spans_us, **given):
    """Return spans (start, end) [us] as rows of a table, in order of their ends; what is not given is unknown."""
    spans = np.asarray(spans_us, dtype="i8").reshape(-1, 2)
    if not len(spans):
        return empty_frame(columns)
    known = {"life": 0, "file": "gc.log", "line": np.arange(1, len(spans) + 1), **given}
    known["duration_seconds"] = known["total_seconds"] = (spans[:, 1] - spans[:, 0]) / 1e6
    data = {n: stamps(spans[:, 0]) if n == "start" else known.get(n, UNKNOWN.get(d)) for n, d in columns.items()}
    frame = pd.DataFrame(data, index=range(len(spans))).astype(columns)
    return frame.set_axis(stamps(spans[:, 1]), axis=0).rename_axis("end").sort_index(kind="stable")


def life_rows(spans_us, **given):
    """Return lives from first to last stamp [us]."""
    spans = np.asarray(spans_us, dtype="i8").reshape(-1, 2)
    known = {"time_quality": "exact", "collector": "Serial", "version": "17", "cpus": 2.0, "workers": 1.0,
             "recognised": 100, "unrecognised": 0, "lines": 100, "file": "gc.log", "line": 1, **given}  # fmt: skip
    times = {"start": stamps(spans[:, 0]), "end": stamps(spans[:, 1])}
    data = {n: times.get(n, known.get(n, UNKNOWN.get(dtype))) for n, dtype in frames.LIFE_COLUMNS.items()}
    return pd.DataFrame(data, index=range(len(spans))).astype(frames.LIFE_COLUMNS)


def made_log(spans_us, life_us, *, kind="full", cause="Allocation Failure", cpu_seconds=None, workers=1.0,
             collector="Serial"):  # fmt: skip
    """Return a log of pauses (start, end) [us] of one JVM that lived from life_us[0] to life_us[1]."""
    cpu = {} if cpu_seconds is None else {"user_seconds": np.asarray(cpu_seconds, dtype=float), "sys_seconds": 0.0}
    pauses = rows_of(frames.PAUSE_COLUMNS, spans_us, kind=kind, cause=cause, collector=collector, **cpu)
    return GcLog(pauses=pauses, lives=life_rows([life_us], workers=workers, collector=collector))


def stall_rows(spans_us, threads, *, kind="allocation"):
    """Return stalls of so many threads, all of them in each span (start, end) [us]."""
    spans = np.repeat(np.asarray(spans_us, dtype="i8").reshape(-1, 2), threads, axis=0)
    names = [f"worker-{i % threads}" for i in range(len(spans))]
    return rows_of(frames.STALL_COLUMNS, spans, kind=kind, thread=names)


def stalling_log(spans_us, life_us, *, threads, every_us=500_000, pause_us=40, collector="ZGC"):
    """Return a log of tiny pauses all the time, and of threads that waited for memory in some spans [us]."""
    begin = np.arange(life_us[0] + every_us, life_us[1] - every_us, every_us)
    tiny = np.stack([begin, begin + pause_us], axis=1)
    log = made_log(tiny, life_us, kind="z_mark_start", cause="Allocation Rate", collector=collector)
    return replace(log, stalls=stall_rows(spans_us, threads))


def shifted(log: GcLog, seconds: float) -> GcLog:
    by = pd.Timedelta(seconds=seconds)
    moved = {}
    for name in TIMED:
        frame = getattr(log, name)
        moved[name] = frame.assign(start=frame["start"] + by).set_axis(frame.index + by).rename_axis("end")
    lives = log.lives.assign(start=log.lives["start"] + by, end=log.lives["end"] + by)
    holes = log.holes.assign(start=log.holes["start"] + by, end=log.holes["end"] + by)
    return GcLog(**moved, lives=lives, holes=holes)


def cut(log: GcLog, start: pd.Timestamp, end: pd.Timestamp) -> GcLog:
    """Return what a log tells outside (start, end]: its JVM seems to have had two lives."""
    kept = {name: (f := getattr(log, name))[(f.index <= start) | (f.index > end)] for name in TIMED}
    kept = {name: frame.assign(life=np.where(frame.index > end, 1, 0)) for name, frame in kept.items()}
    before, after = log.lives.assign(end=start), log.lives.assign(start=end)
    return GcLog(**kept, lives=pd.concat([before, after], ignore_index=True))


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
