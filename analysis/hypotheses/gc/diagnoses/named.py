"""Every named diagnosis of a GC log, and the same as observations of a report."""

from __future__ import annotations

from collections.abc import Callable

from analysis.findings import Observation
from analysis.hypotheses.gc.diagnoses.causes import (
    explicit_gc,
    full_gc,
    gc_locker,
    humongous_allocations,
    metadata_threshold,
    requested_gc,
)  # fmt: skip
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, word
from analysis.hypotheses.gc.diagnoses.exhaustion import heap_exhausted
from analysis.hypotheses.gc.diagnoses.failures import (
    aborted_cycles,
    allocation_stalls,
    degenerated,
    evacuation_failure,
    pinned_regions,
)  # fmt: skip
from analysis.hypotheses.gc.diagnoses.live_set import live_set_growth
from analysis.hypotheses.gc.diagnoses.machine import serial_by_limits
from analysis.hypotheses.gc.diagnoses.parts import inside
from analysis.hypotheses.gc.diagnoses.processor import cpu_starvation, system_time
from analysis.hypotheses.gc.diagnoses.promotion import premature_promotion
from analysis.hypotheses.gc.diagnoses.safepoints import slow_safepoints
from analysis.sources.gclog.frames import GcLog
from analysis.window import Window

__all__ = ["diagnose", "diagnoses"]

NAMED: tuple[Callable[[GcLog], Diagnosis | None], ...] = (
    allocation_stalls, evacuation_failure, full_gc, degenerated, aborted_cycles, slow_safepoints, cpu_starvation,
    system_time, live_set_growth, premature_promotion, humongous_allocations, metadata_threshold, explicit_gc,
    requested_gc, gc_locker, pinned_regions, serial_by_limits,
)  # fmt: skip


def diagnose(log: GcLog, window: Window | None = None) -> tuple[Diagnosis, ...]:
    """Return what has a name in a GC log, what holds threads longest first.

    Parameters
    ----------
    log : GcLog
        Of one JVM.
    window : Window or None
        Only what ended in (start, end]; None: the whole log.

    Returns
    -------
    tuple of Diagnosis
        Observations: each says how many events it is made from, names its first line, and accuses nobody.

    Examples
    --------
    >>> diagnose(GcLog())
    ()
    """
    part = inside(log, window)
    exhausted = heap_exhausted(log, window)  # how far the heap grew is told by the whole log
    rest = tuple(found for name in NAMED if (found := name(part)) is not None)
    return rest if exhausted is None else (exhausted, *rest)


def diagnoses(log: GcLog, window: Window | None, who: str) -> tuple[Observation, ...]:
    """Return the same as observations of a report, each named gc_... and beginning with whose JVM it is.

    Parameters
    ----------
    log : GcLog
        Of one JVM.
    window : Window or None
        As in `diagnose`.
    who : str
        Container and workload, as a sentence names them.

    Examples
    --------
    >>> diagnoses(GcLog(), None, "app of shop")
    ()
    """
    return tuple(
        Observation(f"gc_{d.name.removeprefix('gc_')}", f"{who}: {d.statement}", d.values | {"who": word(who)})
        for d in diagnose(log, window)
    )
