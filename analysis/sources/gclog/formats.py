"""How lines of the two formats of GC logs look: unified logging, and what JDK 8 and before wrote."""

from __future__ import annotations

import re

__all__ = ["LEGACY", "OTHERS", "UNIFIED"]

UNIFIED = re.compile(
    rb"^GC\(\d{1,9}\) |\] ?GC\(\d{1,9}\) |\[(?:gc|safepoint)(?:,[a-z,]+)? *\] |^Safepoint \"|\] Safepoint \""
    rb"|(?:Z|[+-]\d\d:?\d\d) GC\(\d{1,9}\) "
    rb"|\] (?:(?:Entering|Leaving) safepoint region|Total time for which app|Application time: )"
    rb"|[\]Z] Using (?:G1|Serial|Parallel|Conc|The Z|Shen)",
    re.MULTILINE,
)
LEGACY = re.compile(
    rb"(?:^|[\s:\]])\[(?:Full GC|GC)[\s\[(\d-]|\[GCAdaptive|\[CMS-concurrent|\[GC concurrent"
    rb"|\[(?:PSYoungGen|ParNew|DefNew|Times): |^\{Heap before "
    rb"|^(?:[0-9TZ.,:+-]+ )*(?:Total time for which application threads were stopped|Application time: )"
    rb"|^(?:Java HotSpot|OpenJDK)[^\n]{0,200}\bJRE \(|^CommandLine flags: |GC log file (?:created|has reached)"
    rb"|: \[(?:Pause|Concurrent) |^GC STATISTICS|^Cancelling concurrent GC",
    re.MULTILINE,
)
OTHERS = {  # who else writes logs of garbage collection
    "OpenJ9 or IBM's JVM": re.compile(rb"<verbosegc |<exclusive-start |<gc-start "),
    "JRockit": re.compile(rb"\[(?:OC|YC)#\d"),
    "Go": re.compile(rb"^gc \d+ @[\d.]+s \d+%: ", re.MULTILINE),
    "Node.js": re.compile(rb" ms: (?:Scavenge|Mark-(?:sweep|Compact)) "),
    "Android": re.compile(rb" GC freed \d+\(|\bGC_(?:CONCURRENT|FOR_ALLOC) freed "),
    "CPython": re.compile(rb"^gc: (?:collecting generation|done, )", re.MULTILINE),
}
