"""What runs beside the application in unified logging: phases, begin and end of cycles, stalls of threads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.unified.pause import (
    LONGEST_SECONDS,
    WITHIN,
    array_of,
    floats,
    size_bytes,
    whole_numbers,
)  # fmt: skip

__all__ = ["CYCLES", "Told", "phase_columns", "stall_of", "told_by"]

NAN = float("nan")
PHASE = re.compile(
    rb"Concurrent ([^:]{1,200}?)(?: \(\d[^)]*\))?(?: (\d+)([BKMGT])->(\d+)([BKMGT])\(\d+[BKMGT]\))?"
    rb"(?: (\d{1,12}(?:[.,]\d{1,9})?)ms)?\s*"
)
COLLECTION = re.compile(
    rb"(Garbage|Minor|Major) Collection \(((?:[^()]|\([^()]*\))*)\)(?: (\d+)([BKMGT])\(\d+%\)->(\d+)([BKMGT])\(\d+%\))?"
    rb"( Aborted)?(?: (\d{1,9}[.,]\d{1,9})s)?\s*"
)
STALL = re.compile(rb"(Allocation|Relocation) Stall \((.*)\) (\d{1,12}(?:[.,]\d{1,9})?)ms\s*")
CYCLES = {"Mark Cycle": "concurrent_mark", "Cycle": "concurrent_mark", "Undo Cycle": "undo"}
KINDS = {b"Garbage": "zgc", b"Minor": "minor", b"Major": "major"}
PLAIN = re.compile(  # events without a length, and what is said of events, at any level: understood, and no row
    rb"To-space exhausted|(?:Start|End) GC cycle|Cancelling GC|Trigger|Good progress|Bad progress|Attempting "
    rb"|Initiate concurrent cycle|Uncommit|Relocation Stall|Allocation Stall|Clearing All SoftReferences"
    rb"|Promotion failed|Failed to |At end of |(?:Young|Old) Generation|Cancel|Abort|Concurrent$|Relocate"
    rb"|Rendezvous|Coalescing|Class unloading|Skipped |Terminating |Bootstrap cycle|Squelching|Transfer"
    rb"|Immediate |Collectable |Free |Degenerated GC upgrading|(?:Young|Old) invoke=|[YC]G occupancy|Restor(?:ed|ing) "
    rb"|:: |Reclaimed |GenerationalEvacuationTask|Update refs worker |(?:Setting|Changing) affiliation |Expanding "
    rb"|Shrinking |(?:Conc|Parallel)GCThreads|Initialize mark |Expanded |Allocated |Choose old |Global GC |Old-gen"
    rb"|Augmenting |Cannot finish degeneration|Heap Dump |Class Histogram |Clear Bitmap |Soft Max |(?:AS)?PSYoung "
    rb"|Concurrent active time|GC cancellation|Verify |Out Of Memory|DefNewEpilogue|TenuredGeneration|Tenured: "
    rb"|Can not |Generation: |G1 full GC for |After Metaspace GC|Undo page |Mark se|GC request "
    rb"|Garbage collection disabled|Boosting |From compute_new_size|Capturing "
)


class Told(NamedTuple):
    """What a line tells: `kind` is phase, begin or end (of a cycle), abort, exhausted or plain; [bytes], [s]."""

    kind: str
    name: str = ""
    cause: str = ""
    before_bytes: float = NAN
    after_bytes: float = NAN
    duration_seconds: float = NAN
    aborted: bool = False


@lru_cache(maxsize=4096)  # begins of phases and cycles come again
def told_by(text: bytes) -> Told | None:
    """Return what a line of a collection tells that is no pause; None if it is not known.

    Parameters
    ----------
    text : bytes
        After ``GC(n)`` and the letter of the generation.

    Raises
    ------
    ValueError
        If a length is longer than a day.

    Examples
    --------
    >>> told_by(b"Concurrent Mark (0.100s, 0.250s) 150.0ms")[:2]
    ('phase', 'Mark')
    >>> told_by(b"Major Collection (Proactive) 9M(30%)->4M(13%) 0.050s")[:5]
    ('end', 'major', 'Proactive', 9437184.0, 4194304.0)
    >>> told_by(b"Concurrent Mark Abort").kind, told_by(b"Restored 7 marks").kind, told_by(b"What is this")
    ('abort', 'plain', None)
    """
    if text.startswith(b"Concurrent ") and (found := PHASE.fullmatch(text)):
        name, before, b, after, a, millis = found.groups()
        label = name.decode("utf-8", "replace").strip()
        if label == "Mark Abort":
            return Told("abort")
        if WITHIN.search(text) or label in ("Mark Reset For Overflow", "Mark Reset for Overflow", "Undo Mark"):
            return Told("plain")
        if millis is None:
            return Told("begin" if label in CYCLES else "plain", CYCLES.get(label, label))
        seconds = _seconds(millis, 1e-3)
        kind = "end" if label in CYCLES else "phase"
        return Told(kind, CYCLES.get(label, label), "", size_bytes(before, b), size_bytes(after, a), seconds)
    if found := COLLECTION.fullmatch(text):
        which, cause, before, b, after, a, aborted, text_seconds = found.groups()
        length = NAN if text_seconds is None else _seconds(text_seconds)
        sizes = size_bytes(before, b), size_bytes(after, a)
        kind = "end" if before or aborted else "begin"
        return Told(kind, KINDS[which], cause.decode("utf-8", "replace"), *sizes, length, aborted is not None)
    if text.startswith(b"To-space exhausted"):
        return Told("exhausted")
    return Told("plain") if PLAIN.match(text) else None


def phase_columns(found: Sequence[tuple[bytes, bytes, bytes]]) -> Columns:
    """Return phases as columns: number of the collection, name, length [s]; NaN where it is longer than a day.

    Examples
    --------
    >>> phase_columns([(b"3", b"Scan Root Regions ", b"1.5")])["name"].tolist()
    ['Scan Root Regions']
    """
    gcids, names, millis = zip(*found, strict=True)
    seconds = np.round(floats(millis) / 1e3, 9)
    return {
        "gcid": whole_numbers(gcids),
        "name": array_of(list(map(_name, names))),
        "duration_seconds": np.where(seconds <= LONGEST_SECONDS, seconds, NAN),
    }


@lru_cache(maxsize=4096)
def _name(text: bytes) -> str:
    return text.decode("utf-8", "replace").strip()


def stall_of(text: bytes) -> list[Any] | None:
    """Return a thread's wait for memory: kind, thread, length [s]; None if the line tells of none.

    Raises
    ------
    ValueError
        If it is longer than a day.

    Examples
    --------
    >>> stall_of(b"Allocation Stall (main) 12.5ms")
    ['allocation', 'main', 0.0125]
    """
    found = STALL.fullmatch(text)
    if found is None:
        return None
    return [found[1].decode().lower(), found[2].decode("utf-8", "replace"), _seconds(found[3], 1e-3)]


def _seconds(text: bytes, unit: float = 1.0) -> float:
    seconds = float(text.replace(b",", b".")) * unit
    if not seconds <= LONGEST_SECONDS:
        raise ValueError("longer than a day")
    return round(seconds, 9)
