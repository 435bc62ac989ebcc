"""Another collector from one life of a JVM to the next: how long it stood still before and after, with an interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known
from analysis.correlate.mean_contrast import contrast_spread, half_width, p_value
from analysis.findings import Observation, Value, number, sentence, value
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window
from analysis.signals.gc import paused_ratio, spans_of, stop_statistics, without
from analysis.signals.gc_cpu import gc_cpu
from analysis.signals.gc_lengths import Lengths, lengths_of
from analysis.signals.gc_stalls import stall_statistics
from analysis.signals.stretches import union

__all__ = ["Contrast", "collector_changes", "contrast_of"]

LEAST_STEPS, MOST_STEPS = 30, 240  # on either side
LEAST_STEP_US = 1_000_000
ENOUGH = 10.0  # independent values; below, the interval is refused

Key = tuple[str, str, str]


class Side(NamedTuple):
    """Lives with one collector that follow one another: its name, first and last stamp, and their spans by JVM [us]."""

    collector: str
    window: Window
    spans: tuple[tuple[Jvm, np.ndarray], ...]


class Contrast(NamedTuple):
    """Mean of the steps after less before with its interval, two-sided p, steps and what they are worth; NaN unknown.

    p and interval are NaN below ten independent values.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n_before: int
    n_after: int
    n_effective: float


def contrast_of(before: np.ndarray, after: np.ndarray) -> Contrast:
    """Return by how much the mean of a series differs between two stretches, with an interval.

    Parameters
    ----------
    before, after : ndarray, shapes (n,) and (m,)
        Equally spaced; NaN is unknown.

    Notes
    -----
    Errors are those of autocorrelated values (`correlate.mean_contrast`).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = contrast_of(rng.normal(size=80), 3 + rng.normal(size=60))
    >>> found.low < 3 < found.high
    True
    """
    a, b = (int(np.isfinite(x).sum()) for x in (before, after))
    nan = float("nan")
    if min(a, b) < LEAST_STEPS:
        return Contrast(mean_of_known(after) - mean_of_known(before), nan, nan, nan, a, b, nan)
    difference = float(np.nanmean(after) - np.nanmean(before))
    spread = contrast_spread(before[None], after[None])
    size = float(spread.n_effective[0])
    if not size >= ENOUGH:
        return Contrast(difference, nan, nan, nan, a, b, size)
    reach, p = float(half_width(spread)[0]), float(p_value(np.array([difference]), spread)[0])
    return Contrast(difference, difference - reach, difference + reach, p, a, b, size)


def collector_changes(groups: Mapping[Key, tuple[Jvm, ...]]) -> tuple[Observation, ...]:
    """Return an observation for each change of the collector inside the logs of one container.

    Parameters
    ----------
    groups : mapping of (namespace, workload, container) to tuple of Jvm
        From `jvms.jvms`. Lives of all pods of a container, in order of their start.

    Examples
    --------
    >>> collector_changes({})
    ()
    """
    return tuple(
        _observation(key, *pair)
        for key, pods in groups.items()
        if len({c for p in pods for c in p.lives["collector"]} - {""}) > 1
        for pair in _pairs(pods)
    )


def _pairs(pods: tuple[Jvm, ...]) -> Iterator[tuple[Side, Side]]:
    """Yield neighbouring stretches of lives with different collectors."""
    lives = sorted(
        (int(start), int(end), i, name)
        for i, p in enumerate(pods)
        for (start, end), name in zip(spans_of(p.lives).tolist(), p.lives["collector"], strict=True)
        if name and end > start
    )
    runs: list[list[tuple[int, int, int, str]]] = []
    for life in lives:
        if runs and runs[-1][0][3] == life[3]:
            runs[-1].append(life)
        else:
            runs.append([life])
    sides = [_side(run, pods) for run in runs]
    yield from pairwise(sides)


def _side(run: list[tuple[int, int, int, str]], pods: tuple[Jvm, ...]) -> Side:
    first, last = min(r[0] for r in run), max(r[1] for r in run)
    window = Window(*(pd.Timestamp(us, unit="us", tz="UTC") for us in (first, last)))
    spans = tuple((pods[i], union(np.array([r[:2] for r in run if r[2] == i]))) for i in sorted({r[2] for r in run}))
    return Side(run[0][3], window, spans)


def _known(jvm: Jvm, spans: np.ndarray) -> np.ndarray:
    return without(spans, without(spans, jvm.known))


def _ratio(side: Side, step_us: int) -> np.ndarray:
    """Return the share of each step in which the JVMs of a side stood still; of several at a time their mean."""
    edges = np.arange(side.window.start_us, side.window.end_us + 1, step_us, dtype="i8")
    if len(edges) < 2:
        return np.zeros(0)
    rows = np.stack([paused_ratio(jvm.stops, edges, _known(jvm, spans)) for jvm, spans in side.spans])
    count = np.isfinite(rows).sum(axis=0)
    return np.where(count > 0, np.nansum(rows, axis=0) / np.maximum(count, 1), np.nan)


def _observation(key: Key, before: Side, after: Side) -> Observation:
    shortest = min(s.window.end_us - s.window.start_us for s in (before, after))
    longest = max(s.window.end_us - s.window.start_us for s in (before, after))
    step = max(LEAST_STEP_US, longest // (8 * MOST_STEPS), min(shortest // MOST_STEPS, 60 * LEAST_STEP_US))
    found = contrast_of(_ratio(before, step), _ratio(after, step))
    numbers = {f"{name}_{end}": v for end, s in (("before", before), ("after", after)) for name, v in _of(s).items()}
    words = {
        "container": key[2] or key[1], "workload": key[1], "from_collector": before.collector,
        "to_collector": after.collector, "changed_at": f"{after.window.start:%H:%M:%S}",
    }  # fmt: skip
    values = {name: Value(text, "name", text) for name, text in words.items()} | numbers
    sure, unknown = np.isfinite(found.p_value), Value(None, "p", "unknown")
    values |= {
        "difference_ratio": _points(found.difference), "difference_low_ratio": _points(found.low),
        "difference_high_ratio": _points(found.high), "steps_before": value(found.n_before, "count"),
        "steps_after": value(found.n_after, "count"), "worth": value(found.n_effective, "count"),
        "enough": value(ENOUGH, "count"), "least": value(LEAST_STEPS, "count"),
        "step_seconds": value(step / 1e6, "seconds"),
        "change_p": Value(found.p_value, "p", number(found.p_value, 2)) if sure else unknown,
    }  # fmt: skip
    template = _template(found, numbers)
    if _has_safepoints(before) != _has_safepoints(after):
        template += " Only one of the two logs tells of safepoints, which are longer than pauses and more."
    return Observation("collector_change", sentence(template, values), values)


def _has_safepoints(side: Side) -> bool:
    return any(side.window.holds(pd.DatetimeIndex(jvm.log.safepoints.index)).any() for jvm, _ in side.spans)


def _points(x: float) -> Value:
    """Return a difference of ratios as a value that says percentage points."""
    return Value(x, "ratio", f"{number(100 * x)} points") if np.isfinite(x) else Value(None, "ratio", "unknown")


def _of(side: Side) -> dict[str, Value]:
    """Return what is said of one side: share stopped, throughput, percentiles, CPU of pauses, stalls."""
    rows = [(jvm, side.window, _known(jvm, spans)) for jvm, spans in side.spans]
    stopped = mean_of_known([stop_statistics(_within(jvm, known), w, known).ratio for jvm, w, known in rows])
    lengths = _lengths(side)
    cpu = mean_of_known([
        gc_cpu(jvm.pauses, side.window, _known(jvm, spans), _cpus(jvm, spans)).ratio for jvm, spans in side.spans
    ])  # fmt: skip
    stalled = mean_of_known([stall_statistics(jvm.log.stalls, w, known).ratio for jvm, w, known in rows])
    return {
        "paused_ratio": value(stopped, "ratio"),
        "throughput_ratio": value(1 - stopped, "ratio"),
        "pauses": value(lengths.n, "count"),
        "pause_p_ninety_nine_seconds": value(lengths.p99_seconds, "seconds"),
        "pause_max_seconds": value(lengths.max_seconds, "seconds"),
        "gc_cpu_ratio": value(cpu, "ratio"),
        "stalled_ratio": value(stalled, "ratio"),
    }


def _cpus(jvm: Jvm, spans: np.ndarray) -> float:
    """Return the CPUs of the lives that began in some spans; NaN where they are not known, or not the same."""
    began = spans_of(jvm.lives)[:, 0]
    inside = ((began[:, None] >= spans[:, 0]) & (began[:, None] < spans[:, 1])).any(axis=1)
    mine = jvm.lives["cpus"].to_numpy(dtype="f8")[inside]
    return float(mine[0]) if len(mine) and (mine == mine[0]).all() else float("nan")


def _within(jvm: Jvm, known: np.ndarray) -> np.ndarray:
    """Return the stops of a JVM that lie in some spans."""
    return without(jvm.stops, without(jvm.stops, known)) if len(known) else jvm.stops[:0]


def _lengths(side: Side) -> Lengths:
    """Return the lengths of the pauses that ended in the lives of a side; nested ones are left out."""
    parts = [np.zeros(0)]
    for jvm, spans in side.spans:
        ends = pd.DatetimeIndex(jvm.pauses.index).as_unit("us").asi8
        place = np.clip(np.searchsorted(spans[:, 0], ends, side="left") - 1, 0, None)
        mine = (ends > spans[place, 0]) & (ends <= spans[place, 1]) & ~jvm.pauses["nested"].to_numpy(dtype=bool)
        parts.append(jvm.pauses["duration_seconds"].to_numpy(dtype="f8")[mine])
    return lengths_of(np.concatenate(parts))


def _template(found: Contrast, numbers: Mapping[str, Value]) -> str:
    text = (
        "The JVM of {container} of {workload} ran with {from_collector}, from {changed_at} UTC on with {to_collector}. "
        "It stood still for {paused_ratio_before} of the time before and {paused_ratio_after} after"
    )
    untold = "; whether that is a change cannot be told: "
    if np.isfinite(found.low):
        text += ", a change of {difference_ratio} [{difference_low_ratio} to {difference_high_ratio}]"
    elif np.isfinite(found.n_effective):
        text += untold + "steps of {step_seconds} are worth {worth} independent values, {enough} are needed"
    else:
        text += (
            untold + "there are {steps_before} and {steps_after} steps of {step_seconds}; {least} are needed of each"
        )
    text += (
        ". The ninety-ninth percentile of {pauses_before} pauses was {pause_p_ninety_nine_seconds_before}, of "
        "{pauses_after} after {pause_p_ninety_nine_seconds_after}"
    )
    if all(numbers[f"gc_cpu_ratio_{end}"].value is not None for end in ("before", "after")):
        text += "; pauses used {gc_cpu_ratio_before} of the CPUs before, {gc_cpu_ratio_after} after"
    if any(numbers[f"stalled_ratio_{end}"].value for end in ("before", "after")):
        text += "; at least one thread waited for memory in {stalled_ratio_before} of the time before, and in "
        text += "{stalled_ratio_after} after"
    return text + ". Traffic, heap size and the CPU of concurrent work may have changed with it."
