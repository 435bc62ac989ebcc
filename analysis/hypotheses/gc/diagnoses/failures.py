"""Collections that did not go as planned: no room to move objects, cycles given up, threads that had to wait."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings import value
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, share, tally
from analysis.hypotheses.gc.diagnoses.numbers import numbers_of
from analysis.hypotheses.gc.diagnoses.parts import pause_seconds, span_seconds, told_spans
from analysis.signals.gc import stopped_seconds
from analysis.signals.gc_stalls import stall_intervals
from analysis.sources.gclog.frames import GcLog

__all__ = ["aborted_cycles", "allocation_stalls", "degenerated", "evacuation_failure", "pinned_regions"]

PINNED = "pinned"


def evacuation_failure(log: GcLog) -> Diagnosis | None:
    """Return the pauses that had no room for all live objects, however the JVM spells it; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM; `pauses.evacuation_failure` is "" where there was none. Regions that are pinned lack no room.

    Examples
    --------
    >>> evacuation_failure(GcLog()) is None
    True
    """
    return _failed(log, ~log.pauses["evacuation_failure"].isin(("", PINNED)), "evacuation_failure", (
        "{pauses} of {of} found no room to move all live objects to ({kinds}): {total_seconds} together, {share_ratio} "
        "of the time paused, the longest {max_seconds}; first {first}."
    ))  # fmt: skip


def pinned_regions(log: GcLog) -> Diagnosis | None:
    """Return the pauses that left objects in place because native code held them there; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM. G1 of JDK 22 and later pins regions (JEP 423) where it had to delay collections before.

    Examples
    --------
    >>> pinned_regions(GcLog()) is None
    True
    """
    return _failed(log, log.pauses["evacuation_failure"] == PINNED, "pinned_regions", (
        "{pauses} of {of} left objects in their place because native code held them there (pinned regions), not for "
        "want of room: {total_seconds} together, {share_ratio} of the time paused, the longest {max_seconds}; first "
        "{first}. What is pinned often, as by compression or by drivers, keeps its whole regions."
    ))  # fmt: skip


def _failed(log: GcLog, chosen: pd.Series, name: str, template: str) -> Diagnosis | None:
    failed = log.pauses[chosen]
    if not len(failed):
        return None
    values = numbers_of(failed, log) | {
        "pauses": counted(len(failed), "pause"),
        "kinds": tally(failed["evacuation_failure"].str.replace("_", " ")),
    }
    return diagnosis(name, template, values, log, failed)


def degenerated(log: GcLog) -> Diagnosis | None:
    """Return the concurrent collections that had to be finished with all threads stopped; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> degenerated(GcLog()) is None
    True
    """
    found = log.pauses[log.pauses["kind"] == "degenerated"]
    if not len(found):
        return None
    values = numbers_of(found, log) | {"pauses": counted(len(found), "degenerated collection")}
    template = (
        "{pauses}, done with all threads stopped, as Shenandoah does where no memory was left before or during a "
        "concurrent collection ({causes}): {total_seconds} together, {share_ratio} of the time paused, the longest "
        "{max_seconds}; first {first}."
    )
    return diagnosis("degenerated_gc", template, values, log, found)


def aborted_cycles(log: GcLog) -> Diagnosis | None:
    """Return the concurrent cycles that were given up before their end; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Notes
    -----
    What CMS calls a concurrent mode failure is one of them.

    Examples
    --------
    >>> aborted_cycles(GcLog()) is None
    True
    """
    aborted = log.cycles[log.cycles["aborted"]]
    if not len(aborted):
        return None
    values = {
        "aborted": counted(len(aborted), "concurrent cycle"),
        "of": value(len(log.cycles), "count"),
        "kinds": tally(aborted["collector"] + " " + aborted["kind"].str.replace("_", " ")),
    }
    template = "{aborted} of {of} given up early, for another collection or with the JVM ({kinds}); first {first}."
    return diagnosis("aborted_cycles", template, values, log, aborted)


def allocation_stalls(log: GcLog) -> Diagnosis | None:
    """Return how long threads waited for memory, each for itself and at least one at a time; None without a stall.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> allocation_stalls(GcLog()) is None
    True
    """
    stalls = log.stalls
    if not len(stalls):
        return None
    held, told = stall_intervals(stalls), told_spans(log)
    seconds = float((held[:, 1] - held[:, 0]).sum() / 1e6)
    inside = float(np.diff(stopped_seconds(held, told.ravel()))[::2].sum())
    paused = pause_seconds(log.pauses)
    values = {
        "stalls": counted(len(stalls), "time"),
        "threads": counted(int(stalls["thread"].nunique()), "thread"),
        "kinds": tally(stalls["kind"]),
        "thread_seconds": value(float(stalls["duration_seconds"].sum()), "seconds"),
        "union_seconds": value(seconds, "seconds"),
        "union_ratio": share(inside, span_seconds(log)),
        "max_seconds": value(float(stalls["duration_seconds"].max()), "seconds"),
        "paused_seconds": value(paused if len(log.pauses) else np.nan, "seconds"),
    }
    template = (
        "Threads waited for memory {stalls} ({kinds}; {threads}): {thread_seconds} added up over threads, at least one "
        "of them during {union_seconds}, {union_ratio} of the time, the longest {max_seconds}; first {first}. These "
        "waits are no pauses"
    )
    template += " (which took {paused_seconds} together)." if len(log.pauses) else ", of which the log shows none."
    return diagnosis("allocation_stalls", template, values, log, stalls)
