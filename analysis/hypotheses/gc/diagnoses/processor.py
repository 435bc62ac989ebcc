"""What the CPU times of pauses tell: collecting threads that were kept from running, time spent in the kernel."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings import value
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, share, word
from analysis.sources.gclog.frames import GcLog

__all__ = ["cpu_starvation", "system_time"]

LEAST_PAUSES = 5
LEAST_SECONDS = 0.5  # of pauses, or of CPU: fifty grains of the clock that CPU times are counted with
GRAIN_SECONDS = 0.01  # CPU times are logged in hundredths of a second
MOST_RATIO = 0.8  # of one CPU: from here on the want of it is not worth a sentence
ERRORS = 2.0  # the sums of so many grains may be off by twice their root


def _timed(log: GcLog) -> pd.DataFrame:
    """Return the pauses with CPU times that are not inside another."""
    known = log.pauses["user_seconds"].notna() & log.pauses["sys_seconds"].notna()
    return log.pauses[known & ~log.pauses["nested"]]


def cpu_starvation(log: GcLog) -> Diagnosis | None:
    """Return how far the collecting threads together got less than one CPU; None where they got it, or on too few.

    Parameters
    ----------
    log : GcLog
        Of one JVM, with CPU times of its pauses.

    Notes
    -----
    In a pause at least one thread has work, so that user + sys of all is at least the length of the pause, however
    many threads there are. A smaller sum over many pauses is no rounding: each time is counted in grains of 10 ms,
    and a sum of n is held to be off by 2 sqrt(n) grains. The length is that of the pause, in microseconds.

    Examples
    --------
    >>> cpu_starvation(GcLog()) is None
    True
    """
    pauses = _timed(log)
    cpu = pauses["user_seconds"] + pauses["sys_seconds"]
    real, slack = float(pauses["duration_seconds"].sum()), ERRORS * GRAIN_SECONDS * np.sqrt(len(pauses))
    if len(pauses) < LEAST_PAUSES or real < LEAST_SECONDS or not float(cpu.sum()) + slack < MOST_RATIO * real:
        return None
    waited = pauses["duration_seconds"] - cpu
    workers = pauses["workers"].dropna()
    workers = workers if len(workers) else log.lives["workers"].dropna()
    values = {
        "pauses": counted(len(pauses), "pause"),
        "cpu_seconds": value(float(cpu.sum()), "seconds"),
        "real_seconds": value(real, "seconds"),
        "cpu_ratio": share(float(cpu.sum()), real),
        "workers": counted(float(workers.median()), "thread") if len(workers) else word("the threads"),
        "max_seconds": value(float(waited.max()), "seconds"),
        "counter": word("container_cpu_cfs_throttled_periods_total"),
    }
    template = (
        "In {pauses} with CPU times, {real_seconds} long together, {workers} of the collector got {cpu_seconds} of "
        "CPU: {cpu_ratio} of one CPU, where work that never waits takes at least one. They were kept from running, in "
        "the worst pause for {max_seconds}, {first}. Whether by a CPU quota, by neighbours, by swapping, or by the "
        "host of a virtual machine the log cannot tell: {counter} of the container, load and steal of its node do."
    )
    at = int(np.nanargmax(waited.to_numpy(dtype="f8")))
    return diagnosis("cpu_starvation", template, values, log, pauses.iloc[[at]])


def system_time(log: GcLog) -> Diagnosis | None:
    """Return how far the kernel used more CPU in the pauses than the collector; None where it did not, or on too few.

    Parameters
    ----------
    log : GcLog
        Of one JVM, with CPU times of its pauses.

    Examples
    --------
    >>> system_time(GcLog()) is None
    True
    """
    pauses = _timed(log)
    user, kernel = float(pauses["user_seconds"].sum()), float(pauses["sys_seconds"].sum())
    slack = ERRORS * GRAIN_SECONDS * np.sqrt(len(pauses))
    if len(pauses) < LEAST_PAUSES or user + kernel < LEAST_SECONDS or not kernel > user + slack:
        return None
    values = {
        "pauses": counted(len(pauses), "pause"),
        "user_seconds": value(user, "seconds"),
        "sys_seconds": value(kernel, "seconds"),
        "sys_ratio": share(kernel, user + kernel),
    }
    template = (
        "In {pauses} with CPU times the kernel used {sys_seconds}, the collector itself {user_seconds}: {sys_ratio} of "
        "the CPU went to the kernel. Page faults of memory touched for the first time, transparent huge pages and "
        "swapping do that; first {first}. Page faults and swap of the node tell which."
    )
    more = pauses[pauses["sys_seconds"] > pauses["user_seconds"]]
    return diagnosis("system_time", template, values, log, more if len(more) else pauses)
