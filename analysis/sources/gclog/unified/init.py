"""What unified logging says of the JVM itself: collector, version, processors, memory, heap."""

from __future__ import annotations

import re
from typing import Any

from analysis.sources.gclog.unified.pause import UNITS

__all__ = ["facts_of"]

COLLECTORS = {
    b"G1": "G1", b"Serial": "Serial", b"Parallel": "Parallel", b"Concurrent Mark Sweep": "CMS",
    b"The Z Garbage Collector": "ZGC", b"Shenandoah": "Shenandoah", b"Epsilon": "Epsilon",
}  # fmt: skip
VERSION = re.compile(rb"Version: (\S{1,80})")
CPUS = re.compile(rb"CPUs: (\d{1,6}) total(?:, (\d{1,6}) available)?")
SIZE = re.compile(
    rb"(Memory|Heap Max Capacity|Max Capacity|Maximum heap size|Heap [Rr]egion [Ss]ize|Soft Max Capacity):?"
    rb" (\d{1,15})([BKMGT])\b"
)
SIZES = {b"Memory": "memory_bytes", b"Heap Max Capacity": "heap_max_bytes", b"Max Capacity": "heap_max_bytes",
         b"Maximum heap size": "heap_max_bytes", b"Heap Region Size": "region_bytes",
         b"Heap region size": "region_bytes"}  # fmt: skip
WORKERS = re.compile(rb"(?:Parallel Workers|GC Workers|GC Workers for Young Generation|GC threads): (\d{1,6})")
TRIGGER = re.compile(  # of Shenandoah; what a heuristic says is no cause
    rb"Trigger(?: \((?:Young|Old|Global)\))?: "
    rb"(?:(?:(?:Explicit|Implicit) )?GC request \((.{1,80})\)|Handle (Allocation Failure)|(Metadata GC Threshold))?"
)
GENERATIONAL = re.compile(rb"GC Workers for Old Generation|Mode: Generational")


def facts_of(text: bytes) -> list[tuple[str, Any]]:
    """Return what a line says of the JVM: columns of `frames.LIFE_COLUMNS` and their values; why a cycle begins.

    Parameters
    ----------
    text : bytes
        What follows the decorations.

    Examples
    --------
    >>> facts_of(b"Using G1"), facts_of(b"CPUs: 8 total, 2 available"), facts_of(b"Memory: 512M")
    ([('collector', 'G1')], [('cpus', 2.0)], [('memory_bytes', 536870912.0)])
    >>> facts_of(b"Using 2 workers of 2 for evacuation"), facts_of(b"Trigger: Explicit GC request (System.gc())")
    ([], [('trigger', 'System.gc()')])
    """
    if text.startswith(b"Using "):
        name = text[6:].strip()
        return [("collector", short) for long, short in COLLECTORS.items() if name.startswith(long)][:1]
    if found := VERSION.match(text):
        return [("version", found[1].decode("utf-8", "replace"))]
    if found := CPUS.match(text):
        return [("cpus", float(found[2] or found[1]))]
    if (found := SIZE.match(text)) and found[1] in SIZES:
        return [(SIZES[found[1]], int(found[2]) * UNITS[found[3]])]
    if found := TRIGGER.match(text):
        return [("trigger", next((cause.decode("utf-8", "replace") for cause in found.groups() if cause), ""))]
    if found := WORKERS.match(text):
        return [("workers", float(found[1]))]
    return [("generational", True)] if GENERATIONAL.match(text) else []
