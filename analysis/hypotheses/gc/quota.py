"""Pauses beside the CPU quota of their container: were they work, stretched by the quota, or what used it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.correlate.known import mean_of_known
from analysis.findings import Value, number, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window
from analysis.signals.cpu import ContainerCpu
from analysis.signals.gc_quota import PauseWork, QuotaWork, join_works, pause_work, quota_work
from analysis.signals.requests import Episode

__all__ = [
    "BOTH",
    "GC_WORK",
    "INDUCED",
    "STARVED",
    "STRETCHED",
    "UNKNOWN",
    "Quota",
    "quota_of",
    "quota_values",
    "quota_verdict",
]  # fmt: skip

GC_WORK, STRETCHED, INDUCED = "GC work", "throttle-stretched", "GC-induced throttling"
BOTH, STARVED, UNKNOWN = "both", "waited for a CPU", "insufficient"
THROTTLED = 0.05  # of periods; less is no matter for a pause
FREE = 0.01  # of periods: a baseline pause beside more is no measure of what is usual
LONGER = 1.1  # than expected; CPU times are logged in steps of ten milliseconds
HOLDS = 0.1  # of the time paused that throttled periods can account for
ONE_CPU = 0.8  # CPU a second of pause; in less the collecting threads waited, and grains of 10 ms round both ways
BURNS = 0.8  # of the quota of the periods that pauses touched
COARSE_SECONDS = 30.0  # between samples; throttled periods then cannot be laid beside pauses


@dataclass(frozen=True)
class Quota:
    """What was found of the pauses of an episode and the quota; `reason` why nothing can be said, "" if it can.

    `efficiency` and `usual` of workers' time [ratio], `throttled_ratio` of periods in the episode, `limit_cores` and
    `workers`; NaN unknown.
    """

    work: QuotaWork
    efficiency: float
    usual: float
    throttled_ratio: float
    limit_cores: float
    workers: float
    reason: str = ""


def quota_of(case: Case, key: tuple[str, str, str], pods: tuple[Jvm, ...], episode: Episode) -> Quota | None:
    """Return pauses and quota of an episode; None without a pause in it.

    Parameters
    ----------
    case : Case
        With the containers' CFS counters.
    key : (str, str, str)
        Namespace, workload, container.
    pods : tuple of Jvm
        Those that are suspected. Each is laid beside its own pod's counters.
    episode : Episode
        The stretch to explain.
    """
    window, baseline = episode.window, case.incident.baseline
    now = [pause_work(p.pauses, window, p.workers) for p in pods]
    if not sum(len(w.seconds) + w.left_out for w in now):
        return None
    cpus = [_own(case, key, p, window) for p in pods]
    before = [_free(pause_work(p.pauses, baseline, p.workers), c) for p, c in zip(pods, cpus, strict=True)]
    limits = [c.limit_in(window) if c else float("nan") for c in cpus]
    works = [
        quota_work(w, b, _held(c, window), limit_cores=limit, period_seconds=c.period_seconds if c else 0.1)
        for w, b, c, limit in zip(now, before, cpus, limits, strict=True)
    ]
    known, work = [c for c in cpus if c is not None], join_works(works)
    workers = np.concatenate([w.workers for w in now])
    return Quota(
        work, mean_of_known([w.efficiency_ratio for w in now]),
        mean_of_known([w.efficiency_ratio for w in before]), mean_of_known([c.ratio(window) for c in known]),
        mean_of_known(limits), float(np.nanmax(workers)) if np.isfinite(workers).any() else float("nan"),
        _why_not(now, cpus, window) or _unusual(work),
    )  # fmt: skip


def _unusual(work: QuotaWork) -> str:
    """Return why the baseline's pauses are no measure, "" if they are.

    In a pause at least one thread has work: where all together got less than a CPU they waited for one.
    """
    if not np.isfinite(work.expected_seconds):
        return "the baseline has too few pauses with CPU times, outside throttled periods, to compare with"
    if work.cpu_seconds < ONE_CPU * work.expected_seconds:
        return "the pauses of the baseline waited for a CPU as well and are no measure of what is usual"
    return ""


def _own(case: Case, key: tuple[str, str, str], jvm: Jvm, window: Window) -> ContainerCpu | None:
    """Return the container of a JVM: that of its pod, or the only one that had periods in the window."""
    cpus = [c for c in case.groups.get(key, ()) if c.periods.within(window).any()]
    named = [c for c in cpus if c.pod == jvm.pod]
    return named[0] if named else cpus[0] if len(cpus) == 1 and (not jvm.pod or jvm.named_by_file) else None


def _held(cpu: ContainerCpu | None, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps of the counters that touch a window [us] and their throttled periods."""
    if cpu is None:
        return np.zeros((0, 2)), np.zeros(0)
    steps = cpu.periods
    near = (steps.end > window.start_us - 60_000_000) & (steps.start < window.end_us)
    spans = np.stack([steps.start, steps.end], axis=1)[near]
    return spans, np.minimum(steps.value[near, 1], steps.value[near, 0])


def _free(work: PauseWork, cpu: ContainerCpu | None) -> PauseWork:
    """Return the pauses beside which next to no period was throttled; all where no counter tells."""
    if cpu is None or not len(cpu.periods.end) or not len(work.seconds):
        return work
    steps = cpu.periods
    hit = steps.value[:, 1] > FREE * np.maximum(steps.value[:, 0], 1.0)
    first = np.searchsorted(steps.end, work.spans[:, 0], side="left")
    last = np.searchsorted(steps.start, work.spans[:, 1], side="right")
    count = np.concatenate([[0], np.cumsum(hit)])
    return work.chosen(count[np.maximum(last, first)] - count[first] == 0)


def _why_not(now: list[PauseWork], cpus: list[ContainerCpu | None], window: Window) -> str:
    """Return why pauses and quota cannot be laid side by side, "" if they can."""
    if not sum(len(w.seconds) for w in now):
        return "the log has no CPU times of its pauses"
    if not np.isfinite(np.concatenate([w.workers for w in now])).all():
        return "the log does not tell how many threads collected"
    if any(c is None for c in cpus):
        return "the throttled periods of its container are not recorded"
    steps = [np.median((c.periods.end - c.periods.start)[c.periods.within(window)]) / 1e6 for c in cpus if c]
    if max(steps) > COARSE_SECONDS:
        return f"the counters of its container were read every {value(float(max(steps)), 'seconds').text}"
    if any(not c.limit_in(window) > 0 for c in cpus if c):
        return "the CPU limit of its container is not recorded"
    return ""


def quota_verdict(found: Quota) -> str:
    """Return what the pauses were: "GC work", "throttle-stretched", "GC-induced throttling", "both", ...

    Parameters
    ----------
    found : Quota
        From `quota_of`.

    Returns
    -------
    str
        "insufficient" where nothing can be said; "waited for a CPU" where pauses took longer than expected and
        throttled periods cannot account for it.

    Notes
    -----
    Stretched: they took a tenth longer than their CPU time with the usual efficiency, and throttled periods of the same
    time can hold a tenth of their length. By itself: the workers are more than the limit, and a collector alone would
    take a tenth longer, too, or it used four fifths of the quota of the periods that it touched. Both: it took longer
    than that still. Workers within the limit cannot use it up alone.

    Examples
    --------
    >>> work = QuotaWork(20, 2.5, 8.0, 1.0, 2.5, 1.5, 1.5, 1.0, 1.0)
    >>> quota_verdict(Quota(work, 0.4, 1.0, 0.5, 2.0, 8.0)), quota_verdict(Quota(work, 0.4, 1.0, 0.5, 8.0, 8.0))
    ('GC-induced throttling', 'throttle-stretched')
    """
    w = found.work
    if found.reason or not np.isfinite([w.expected_seconds, w.attributable_seconds, found.throttled_ratio]).all():
        return UNKNOWN
    longer = w.paused_seconds > LONGER * w.expected_seconds
    held = w.attributable_seconds >= HOLDS * w.paused_seconds
    able = found.workers > found.limit_cores * (1 + 1e-9) and found.throttled_ratio >= THROTTLED
    burns = able and w.of_quota_ratio >= BURNS - 1e-9
    if not longer:
        return INDUCED if burns else GC_WORK
    if not held:
        return STARVED
    if able and w.alone_seconds > LONGER * w.expected_seconds:
        return BOTH if w.paused_seconds > LONGER * w.alone_seconds else INDUCED
    return BOTH if burns else STRETCHED


def quota_values(found: Quota | None) -> dict[str, Value]:
    """Return the numbers of pauses beside their quota; empty without a pause that has CPU times.

    Parameters
    ----------
    found : Quota or None
        From `quota_of`.

    Examples
    --------
    >>> quota_values(None)
    {}
    """
    if found is None or not found.work.n:
        return {}
    w = found.work
    ratios = {
        "container_throttled_ratio": found.throttled_ratio, "gc_efficiency_ratio": found.efficiency,
        "gc_efficiency_baseline_ratio": found.usual, "gc_of_quota_ratio": w.of_quota_ratio,
        "gc_alike_ratio": w.alike_ratio,
    }  # fmt: skip
    seconds = {
        "gc_pause_seconds": w.paused_seconds, "gc_cpu_seconds": w.cpu_seconds,
        "gc_expected_seconds": w.expected_seconds, "gc_alone_seconds": w.alone_seconds,
        "gc_stretched_seconds": w.stretched_seconds, "gc_attributable_seconds": w.attributable_seconds,
    }  # fmt: skip
    verdict, limit = quota_verdict(found), found.limit_cores
    words = {"gc_quota_verdict": Value(verdict, "name", verdict)}
    cores = {"gc_limit_cores": Value(limit, "cores", f"{number(limit)} cores")} if np.isfinite(limit) else {}
    return (
        {name: value(x, "ratio") for name, x in ratios.items()}
        | {name: value(x, "seconds") for name, x in seconds.items()}
        | {"gc_workers": value(found.workers, "count"), "gc_timed_pauses": value(w.n, "count")}
        | cores
        | words
        | ({"gc_quota_reason": Value(found.reason, "name", found.reason)} if found.reason else {})
    )
