"""What the first lines of a GC log of JDK 8 and before say of the JVM: version, memory, flags."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["CREATED", "HEADER", "header_facts", "heap_fact"]

HEADER = re.compile(rb"(?:Java HotSpot\(TM\)|OpenJDK) .{0,80}?VM \([^)]{0,80}\) for ")
CREATED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GC log file (created|has reached)")
VERSION = re.compile(rb" JRE \((?:Zulu [^)]*\)? ?\()?([^)\s]{1,80})")
MEMORY = re.compile(rb"Memory: .{0,40}?physical (\d{1,15})k")
FLAGS = re.compile(rb"CommandLine flags: (.*)")
NUMBERS = {"heap_max_bytes": re.compile(rb"-XX:MaxHeapSize=(\d{1,18})\b"),
           "workers": re.compile(rb"-XX:ParallelGCThreads=(\d{1,6})\b"),
           "region_bytes": re.compile(rb"-XX:G1HeapRegionSize=(\d{1,12})\b")}  # fmt: skip
COLLECTORS = {b"-XX:+UseG1GC": "G1", b"-XX:+UseShenandoahGC": "Shenandoah", b"-XX:+UseConcMarkSweepGC": "CMS",
              b"-XX:+UseParallelGC": "Parallel", b"-XX:+UseParallelOldGC": "Parallel",
              b"-XX:+UseSerialGC": "Serial"}  # fmt: skip
LONGEST_FLAGS = 8192
REGION = re.compile(rb"\s+region size (\d{1,9})K")
GENERATION = re.compile(rb"\s(concurrent mark-sweep generation|PS\w+|tenured generation|garbage-first heap) +total ")
OF = {b"concurrent mark-sweep generation": "CMS", b"tenured generation": "Serial", b"garbage-first heap": "G1"}


def header_facts(line: bytes) -> list[tuple[str, Any]]:
    """Return (column of lives, value) of all that a line of the header says; none if it is no such line.

    Examples
    --------
    >>> header_facts(b"Memory: 4k page, physical 2048k(1024k free), swap 0k(0k free)")
    [('memory_bytes', 2097152.0)]
    >>> header_facts(b"CommandLine flags: -XX:MaxHeapSize=1048576 -XX:+UseG1GC")[1:]
    [('heap_max_bytes', 1048576.0), ('collector', 'G1')]
    """
    if HEADER.match(line):
        version = VERSION.search(line)
        return [("version", version[1].decode("utf-8", "replace"))] if version else []
    if memory := MEMORY.match(line):
        return [("memory_bytes", float(memory[1]) * 1024)]
    if flags := FLAGS.match(line):
        text = flags[1][:LONGEST_FLAGS]
        facts: list[tuple[str, Any]] = [("flags", text.decode("utf-8", "replace").strip())]
        facts += [(name, float(found[1])) for name, one in NUMBERS.items() if (found := one.search(text))]
        named = set(text.split())
        return facts + [("collector", name) for flag, name in COLLECTORS.items() if flag in named][:1]
    return []


def heap_fact(line: bytes) -> tuple[str, Any] | None:
    """Return (column of lives, value) of what a line of a listing of the heap says; None if it says nothing of them.

    Examples
    --------
    >>> heap_fact(b"  region size 1024K, 7 young (7168K)"), heap_fact(b" PSYoungGen      total 7K, used 5K [0, 1)")
    (('region_bytes', 1048576.0), ('collector', 'Parallel'))
    """
    if found := GENERATION.match(line):
        return "collector", OF.get(found[1], "Parallel")
    if found := REGION.match(line):
        return "region_bytes", float(found[1]) * 1024
    return None
