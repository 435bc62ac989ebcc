"""The clock of a GC log beside that of Prometheus: pauses that were logged, and those that the JVM's counter saw."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.findings import value
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window
from analysis.signals.clocks import ClockOffset, clock_offset, steps_of

__all__ = ["clock_of", "clock_reason"]

METRIC = "jvm_gc_pause_seconds_count"
APART_SECONDS = 2.0  # a scrape that waits for a stop to end is that late

Key = tuple[str, str, str]


def clock_of(case: Case, key: Key, jvm: Jvm, *, alone: bool) -> ClockOffset | None:
    """Return by how much the clock of a JVM's log runs ahead of Prometheus'; None if no counter of it was recorded.

    Parameters
    ----------
    case : Case
        With the samples.
    key : (str, str, str)
        Namespace, workload, container.
    jvm : Jvm
        Its pauses are compared with the steps of its counter.
    alone : bool
        Whether it is the only JVM of its container: then it need not name its pod, if only one process has the counter.
    """
    groups: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for series in case.evidence.samples.named(METRIC):
        if _is_of(case, key, series.labels):
            groups[tuple(series.labels.get(name, "") for name in ("pod", "instance", "job"))].append(series)
    pod = "" if jvm.named_by_file else jvm.pod
    named = [group for (name, *_), group in groups.items() if pod and name == pod]
    mine = named or (list(groups.values()) if alone else [])
    if len(mine) != 1 or not len(jvm.pauses):
        return None
    ends = pd.DatetimeIndex(jvm.pauses.index).as_unit("us").asi8
    life = Window(jvm.pauses.index[0], jvm.pauses.index[-1]) if len(ends) > 1 else None
    return clock_offset(ends, [_steps(mine[0])], leave_out=jvm.gaps(life) if life else None)


def clock_reason(found: ClockOffset | None) -> str | None:
    """Return what is wrong with a clock that surely differs by more than two seconds, None if nothing is known to be.

    Examples
    --------
    >>> clock_reason(ClockOffset(30.0, 29.0, 31.0, 0.9, 0.005, 50))
    "the clock of the GC log is 30 s ahead of Prometheus'"
    """
    if found is None or not (found.low > APART_SECONDS or found.high < -APART_SECONDS):
        return None
    way = "ahead of" if found.seconds > 0 else "behind"
    return f"the clock of the GC log is {value(abs(found.seconds), 'seconds').text} {way} Prometheus'"


def _is_of(case: Case, key: Key, labels: dict[str, str]) -> bool:
    """Return whether a series may be of a container: what its labels do not say is no objection."""
    pod, namespace = labels.get("pod", ""), labels.get("namespace", "")
    if labels.get("container", "") not in ("", key[2]) and key[2]:
        return False
    return not pod or (namespace or key[0], case.workload(namespace or key[0], pod)) == key[:2]


def _steps(group: list[Any]) -> np.ndarray:
    """Return the steps of the sum of a process's series; a cause that is new counts from 0."""
    times = np.unique(np.concatenate([s.times for s in group]))
    total = np.zeros(len(times))
    for series in group:
        place = np.clip(np.searchsorted(series.times, times), 0, len(series.times) - 1)
        here = np.where(series.times[place] == times, series.values[place], np.nan)
        total += np.where(times < series.times[0], 0.0, here)
    return steps_of(times, total)
