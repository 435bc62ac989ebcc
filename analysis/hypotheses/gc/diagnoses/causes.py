"""Collections by what asked for them: full ones, those that somebody asked for, metadata, humongous objects."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.findings import Value, value
from analysis.hypotheses.gc.diagnoses.diagnosis import Diagnosis, counted, diagnosis, share, size, tally
from analysis.hypotheses.gc.diagnoses.numbers import numbers_of
from analysis.sources.gclog.frames import GcLog

__all__ = ["explicit_gc", "full_gc", "gc_locker", "humongous_allocations", "metadata_threshold", "requested_gc"]

EXPLICIT = ("System.gc()", "System")  # as JDK 7 and later, and as JDK 6 write it
REQUESTED = (
    "Diagnostic Command", "Heap Inspection Initiated GC", "Heap Dump Initiated GC", "JvmtiEnv ForceGarbageCollection",
)  # fmt: skip
METADATA = ("Metadata GC Threshold", "Metadata GC Clear Soft References", "Last ditch collection")
HUMONGOUS = "G1 Humongous Allocation"
LOCKER = "GCLocker Initiated GC"
LEAST_PAUSES = 20  # a share of fewer says little
HUMONGOUS_RATIO = 0.1
LOCKER_RATIO = 0.1


class Caused(NamedTuple):
    """Collections of some causes: cause of each, their pauses outside others, and the rows that show them."""

    causes: pd.Series
    pauses: pd.DataFrame
    rows: pd.DataFrame

    @property
    def n(self) -> int:
        """How many collections."""
        return len(self.causes)


def _outer(log: GcLog, causes: tuple[str, ...]) -> pd.DataFrame:
    """Return the pauses of some causes that are not inside another pause."""
    return log.pauses[log.pauses["cause"].isin(causes) & ~log.pauses["nested"]]


def full_gc(log: GcLog) -> Diagnosis | None:
    """Return the collections of the whole heap with all threads stopped, by cause; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM. One inside another pause is counted too.

    Examples
    --------
    >>> full_gc(GcLog()) is None
    True
    """
    found = log.pauses[log.pauses["kind"] == "full"]
    if not len(found):
        return None
    values = numbers_of(found, log) | {"full": counted(len(found), "full collection")}
    template = (
        "{full} by cause: {causes}; {total_seconds} together, {share_ratio} of the time paused, the longest "
        "{max_seconds}; first {first}."
    )
    return diagnosis("full_gc", template, values, log, found)


def explicit_gc(log: GcLog) -> Diagnosis | None:
    """Return the collections that code asked for with System.gc(); None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM. Pauses, or cycles where the collector answers with a concurrent one.

    Examples
    --------
    >>> explicit_gc(GcLog()) is None
    True
    """
    return _asked_for(
        log, EXPLICIT, "explicit_gc",
        "by System.gc() (or Runtime.gc()): the application, a library, distributed garbage collection of RMI, direct "
        "buffers that ran out, in old JVMs jcmd too; who called, the log does not tell.",
    )  # fmt: skip


def requested_gc(log: GcLog) -> Diagnosis | None:
    """Return the collections that a tool asked for: a heap dump or histogram, jcmd, an agent; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> requested_gc(GcLog()) is None
    True
    """
    return _asked_for(
        log, REQUESTED, "requested_gc",
        "from outside the application ({causes}): jcmd, jmap, a profiler or another agent.",
    )  # fmt: skip


def _asked_for(log: GcLog, causes: tuple[str, ...], name: str, who: str) -> Diagnosis | None:
    found = _collections(log, causes)
    if not found.n:
        return None
    values = _numbers(found, log) | {"asked": counted(found.n, "collection")}
    return diagnosis(name, f"{{asked}} asked for {who} {_took(found)}; first {{first}}.", values, log, found.rows)


def _collections(log: GcLog, causes: tuple[str, ...]) -> Caused:
    """Return the collections of some causes: one that is a young pause and then a full one counts once."""
    outer = log.pauses[~log.pauses["nested"].to_numpy(dtype=bool)]
    following = outer.groupby("life", sort=False)[["kind", "cause"]].shift(-1)
    half = (outer["kind"] != "full") & (following["kind"] == "full") & (following["cause"] == outer["cause"])
    pauses, cycles = _outer(log, causes), log.cycles[log.cycles["cause"].isin(causes)]
    unnumbered = (cycles["gcid"] == -1) & bool(len(pauses))
    alone = cycles[~cycles["gcid"].isin(set(pauses["gcid"]) - {-1}) & ~unnumbered]  # its pauses carry the cause already
    named = pd.concat([outer["cause"][outer["cause"].isin(causes) & ~half], alone["cause"]])
    return Caused(named, pauses, pauses if len(pauses) else alone)


def _numbers(found: Caused, log: GcLog) -> dict[str, Value]:
    longest = float(found.pauses["duration_seconds"].max()) if len(found.pauses) else np.nan
    return numbers_of(found.rows, log) | {
        "causes": tally(found.causes),
        "total_seconds": value(float(found.pauses["duration_seconds"].sum()), "seconds"),
        "max_seconds": value(longest, "seconds"),
    }


def _took(found: Caused) -> str:
    """Return the words for how long pauses took; of cycles beside the threads none has the cause."""
    if not len(found.pauses):
        return "Done beside the threads, with short pauses"
    return "{total_seconds} of pauses together, the longest {max_seconds}"


def metadata_threshold(log: GcLog) -> Diagnosis | None:
    """Return the collections that class metadata caused; None without any.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> metadata_threshold(GcLog()) is None
    True
    """
    found = _collections(log, METADATA)
    if not found.n:
        return None
    known = found.pauses["metaspace_after_bytes"].dropna()
    values = _numbers(found, log) | {
        "collections": counted(found.n, "collection"),
        "metaspace_bytes": size(float(known.iloc[-1]) if len(known) else np.nan),
    }
    used = "; metaspace after the last: {metaspace_bytes}" if len(known) else ""
    template = (
        f"{{collections}} caused by class metadata ({{causes}}). {_took(found)}; first {{first}}{used}. A few at start "
        "are usual and end where MetaspaceSize is as large as what is loaded; a last ditch collection means that its "
        "maximum is reached."
    )
    return diagnosis("metadata_threshold", template, values, log, found.rows)


def humongous_allocations(log: GcLog) -> Diagnosis | None:
    """Return the share of G1's pauses that humongous objects caused, from twenty pauses and a tenth on; else None.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> humongous_allocations(GcLog()) is None
    True
    """
    of = int((~log.pauses["nested"]).sum())
    found = _outer(log, (HUMONGOUS,))
    if of < LEAST_PAUSES or len(found) < HUMONGOUS_RATIO * of:
        return None
    regions = log.lives["region_bytes"].dropna()
    region = float(regions.iloc[-1]) if len(regions) else np.nan
    values = numbers_of(found, log) | {
        "pauses": counted(len(found), "pause"),
        "caused_ratio": share(len(found), of),
        "region_bytes": size(region),
        "half_region_bytes": size(region / 2),
    }
    template = (
        "{pauses} of {of} ({caused_ratio}) caused by humongous objects: such as take half a region or more "
        "({half_region_bytes}, regions are {region_bytes}) and fill regions of their own; {total_seconds} together, "
        "the longest {max_seconds}; first {first}. Larger regions (G{one}HeapRegionSize) or smaller arrays avoid them."
    )
    return diagnosis("humongous_allocations", template, values | {"one": value(1, "count")}, log, found)


def gc_locker(log: GcLog) -> Diagnosis | None:
    """Return the share of pauses that native code delayed, from twenty pauses and a tenth on; else None.

    Parameters
    ----------
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> gc_locker(GcLog()) is None
    True
    """
    of, found = int((~log.pauses["nested"]).sum()), _outer(log, (LOCKER,))
    if of < LEAST_PAUSES or len(found) < LOCKER_RATIO * of:
        return None
    values = numbers_of(found, log) | {"pauses": counted(len(found), "pause"), "caused_ratio": share(len(found), of)}
    template = (
        "{pauses} of {of} ({caused_ratio}) had to wait for threads in a critical region of native code, which keep "
        "memory in its place. The pauses took {total_seconds} together, the longest {max_seconds}; how long they had "
        "to wait the log does not tell; first {first}."
    )
    return diagnosis("gc_locker", template, values, log, found)
