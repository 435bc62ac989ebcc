"""gctoolkit's unit tests: how many events of each of its types a log holds."""

import pandas as pd

from analysis.sources.gclog.frames import GcLog
from tests.sources.gclog.score.answers import Answer, NotCompared, Row
from tests.sources.gclog.score.jifa import enum
from tests.sources.gclog.score.reads import Read

PHASES = {  # its types of concurrent phases -> names of ours, in capitals
    "ConcurrentMark": ["MARK"], "Concurrent_Preclean": ["PRECLEAN"], "Abortable_Preclean": ["ABORTABLE_PRECLEAN"],
    "Concurrent_Sweep": ["SWEEP"], "Concurrent_Reset": ["RESET"], "G1GCConcurrentMark": ["MARK"],
    "G1GCConcurrentCleanup": ["CLEANUP", "REBUILD_REMEMBERED_SETS"],
    "ConcurrentRootRegionScan": ["SCAN_ROOT_REGIONS"], "ConcurrentClearClaimedMarks": ["CLEAR_CLAIMED_MARKS"],
    "ConcurrentCleanupForNextMark": ["CLEANUP_FOR_NEXT_MARK"],
}  # fmt: skip
KINDS = {
    "InitialMark": ["initial_mark"], "Remark": ["remark"], "G1GCRemark": ["remark"], "G1GCCleanup": ["cleanup"],
    "Mixed": ["mixed"], "G1GCYoungInitialMark": ["young_concurrent_start"],
}  # fmt: skip
YOUNG = {"Young", "ParNew", "DefNew", "PSYoungGen"}
ALIKE = ("FullGC/PSFull", "ConcurrentModeFailure")
FULL = {"FullGC/PSFull", "Full", "SystemGC", "ConcurrentModeFailure", "ConcurrentModeInterrupted"}


def answer(row: Row, read: Read, rows: list[Row]) -> Answer | NotCompared:
    """Answer one row.

    A full collection out of a young one, without a concurrent phase under way, is ConcurrentModeFailure to gctoolkit if
    it stands on one line, and FullGC if it does not: these two types are compared as their sum.
    """
    if row.quantity == "n_event_types":
        return NotCompared("how many types gctoolkit tells apart, a number of its own classes")
    wanted = {r.quantity[2:-1]: float(r.value) for r in rows if r.quantity.startswith("n[")}
    name = row.quantity[2:-1]
    count = count_of(name, read.log)
    if count is None:
        return NotCompared("an unknown type of gctoolkit's")
    return Answer(count, sum(wanted.get(n, 0) for n in ALIKE) if name in ALIKE else wanted[name])


def count_of(name: str, log: GcLog) -> int | None:
    pauses = log.pauses
    kinds = pauses["kind"]
    if name in PHASES:
        ended = log.phases["name"].map(enum).isin(PHASES[name]).sum()
        return int(ended + (log.cycles["aborted"].sum() if name == "G1GCConcurrentMark" else 0))  # aborted marks too
    if name in KINDS:
        return int(kinds.isin(KINDS[name]).sum())
    failed = pauses["evacuation_failure"] == "promotion_failed"
    if name == "ParNewPromotionFailed":
        return int(failed.sum())
    if name in YOUNG:
        return int((kinds.eq("young") & ~failed).sum())
    return int(full_of(name, log).sum()) if name in FULL else None


def full_of(name: str, log: GcLog) -> pd.Series:
    """Return which pauses are full collections of a type; one that cuts a cycle short interrupts it."""
    pauses = log.pauses
    full, cause = pauses["kind"].eq("full"), pauses["cause"].str.lower()
    cms = log.cycles.loc[log.cycles["aborted"] & log.cycles["collector"].eq("CMS")].index
    asked = cause.str.startswith("system")
    interrupted = cause.str.contains("mode interrupted") | (asked & pauses.index.isin(cms))
    system = asked & ~interrupted
    of_type = {"SystemGC": system, "ConcurrentModeInterrupted": interrupted}
    return full & of_type.get(name, ~(system | interrupted))
