"""What the CPU quota of a JVM's own container has to do with its pauses: the counters decide, not the log."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known
from analysis.findings import Value, number, sentence, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window
from analysis.signals.cpu import ContainerCpu
from analysis.signals.gc_quota import gc_work, quota_real_seconds
from analysis.signals.requests import Episode

__all__ = ["quota_caveats", "quota_values"]

THROTTLED = 0.05  # of periods; less is no matter for a pause
BURNS = 0.8  # of the quota of the time that pauses took
STARVED = 0.5  # of the baseline's efficiency
LONGER = 1.1  # than with the CPU of the baseline; CPU times are logged in steps of ten milliseconds


def quota_values(case: Case, key: tuple[str, str, str], pods: tuple[Jvm, ...], episode: Episode) -> dict[str, Value]:
    """Return CPU time and length of the pauses of an episode beside the quota of their container.

    Parameters
    ----------
    case : Case
        With the containers' CFS counters.
    key : (str, str, str)
        Namespace, workload, container.
    pods : tuple of Jvm
        Those that are suspected.
    episode : Episode
        The stretch to explain.

    Returns
    -------
    dict of str to Value
        Empty without pauses that have CPU times. `gc_expected_seconds`: CPU time / (workers x efficiency of the
        baseline); `gc_quota_seconds`: what the longest pause takes at least under the limit, `gc_free_seconds` without.
    """
    during = [gc_work(p.pauses, episode.window, p.workers) for p in pods]
    before = [gc_work(p.pauses, case.incident.baseline, p.workers) for p in pods]
    if not sum(w.n for w in during):
        return {}
    names = {p.pod for p in pods}
    cpus: tuple[ContainerCpu, ...] = case.groups.get(key, ())
    cpus = tuple(c for c in cpus if c.pod in names) or cpus
    paused, burnt = sum(w.paused_seconds for w in during), sum(np.nan_to_num(w.cpu_seconds) for w in during)
    then, workers = mean_of_known([w.efficiency_ratio for w in before]), mean_of_known([p.workers for p in pods])
    expected = burnt / (workers * then) if workers * then > 0 else float("nan")
    limit = mean_of_known([c.limit_cores for c in cpus])
    longest = max(_longest_work(p, episode.window) for p in pods)
    known = bool(limit > 0 and workers > 0)
    ratios = {
        "container_throttled_ratio": mean_of_known([c.ratio(episode.window) for c in cpus]),
        "gc_efficiency_ratio": mean_of_known([w.efficiency_ratio for w in during]),
        "gc_efficiency_baseline_ratio": then,
        "gc_of_quota_ratio": burnt / (limit * paused) if limit * paused > 0 else float("nan"),
    }
    seconds = {
        "gc_pause_seconds": paused,
        "gc_cpu_seconds": burnt,
        "gc_expected_seconds": expected,
        "gc_stretched_seconds": max(paused - expected, 0.0) if np.isfinite(expected) else float("nan"),
        "gc_longest_cpu_seconds": longest,
        "gc_quota_seconds": quota_real_seconds(longest, workers, limit) if known else float("nan"),
        "gc_free_seconds": longest / workers if workers > 0 else float("nan"),
    }
    counts = {"gc_workers": value(workers, "count"), "gc_limit_cores": Value(limit, "cores", f"{number(limit)} cores")}
    return (
        {name: value(x, "ratio") for name, x in ratios.items()}
        | {name: value(x, "seconds") for name, x in seconds.items()}
        | (counts if np.isfinite(limit) else {})
    )


def _longest_work(jvm: Jvm, window: Window) -> float:
    """Return the most CPU time that one pause of a window took [s]; 0 without."""
    inside = jvm.pauses[window.holds(pd.DatetimeIndex(jvm.pauses.index))]
    return float((inside["user_seconds"] + inside["sys_seconds"]).fillna(0.0).max()) if len(inside) else 0.0


def quota_caveats(values: dict[str, Value]) -> tuple[str, ...]:
    """Return what the quota may have done to the pauses, naming the counters that decide it.

    Parameters
    ----------
    values : dict of str to Value
        From `quota_values`.

    Notes
    -----
    A pause that took long for little CPU time proves that its threads waited for a CPU, not what for: a quota, a
    neighbour or swap.

    Examples
    --------
    >>> quota_caveats({})
    ()
    """
    if not values:
        return ()
    throttled = _number(values, "container_throttled_ratio")
    told = _held(values) if throttled >= THROTTLED else []
    if not told and _number(values, "gc_efficiency_ratio") < STARVED * _number(values, "gc_efficiency_baseline_ratio"):
        text = (
            "Collecting threads used {gc_efficiency_ratio} of the time of their pauses, {gc_efficiency_baseline_ratio} "
            "in the baseline: they waited for a CPU. "
        )
        if np.isfinite(throttled):
            text += "Not for the quota: its container was held in {container_throttled_ratio} of its periods."
        else:
            text += "Whether for the quota only container_cpu_cfs_throttled_periods_total tells, which is not recorded."
        told.append(text)
    return tuple(sentence(text, values) for text in told)


def _held(values: dict[str, Value]) -> list[str]:
    text = (
        "Its container was held by the CPU quota in {container_throttled_ratio} of its periods at the same time "
        "(container_cpu_cfs_throttled_periods_total). "
    )
    if _number(values, "gc_pause_seconds") > LONGER * _number(values, "gc_expected_seconds"):
        text += (
            "Pauses took {gc_pause_seconds}, and {gc_expected_seconds} with the CPU that they got in the baseline: up "
            "to {gc_stretched_seconds} may be waiting for the quota and not collecting."
        )
    elif np.isfinite(_number(values, "gc_expected_seconds")):
        text += "Pauses took {gc_pause_seconds}, no longer than their CPU time needs."
    else:
        text += "Whether that stretched the pauses is not known: the baseline has no pause to compare with."
    told = [text]
    if _number(values, "gc_of_quota_ratio") >= BURNS:
        told.append("The collector used {gc_of_quota_ratio} of the quota while it ran: it can be what burns the quota.")
    if _number(values, "gc_workers") > _number(values, "gc_limit_cores"):
        told.append(
            "Its {gc_workers} collecting threads use up a limit of {gc_limit_cores}: the longest pause's "
            "{gc_longest_cpu_seconds} of CPU take {gc_quota_seconds} at least, {gc_free_seconds} without a limit."
        )
    elif "gc_workers" in values:
        told.append("Its collecting threads ({gc_workers}) alone cannot use up the limit ({gc_limit_cores}).")
    return told


def _number(values: dict[str, Value], name: str) -> float:
    found = values.get(name)
    return float(found.value) if found is not None and isinstance(found.value, (int, float)) else float("nan")
