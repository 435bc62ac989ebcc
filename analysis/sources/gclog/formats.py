"""How lines of the two formats of GC logs look: unified logging, and what JDK 8 and before wrote."""

from __future__ import annotations

import re

__all__ = ["LEGACY", "UNIFIED"]

UNIFIED = re.compile(
    rb"^GC\(\d{1,9}\) |\] ?GC\(\d{1,9}\) |\[(?:gc|safepoint)(?:,[a-z,]+)? *\] |^Safepoint \"|\] Safepoint \""
    rb"|Z GC\(\d{1,9}\) |\] (?:(?:Entering|Leaving) safepoint region|Total time for which app|Application time: )"
    rb"|[\]Z] Using (?:G1|Serial|Parallel|Conc|The Z|Shen)",
    re.MULTILINE,
)
LEGACY = re.compile(
    rb"(?:^|[\s:\]])\[(?:Full GC|GC)[\s\[(-]|\[GCAdaptive|\[CMS-concurrent|\[GC concurrent"
    rb"|\[(?:PSYoungGen|ParNew|DefNew|Times): |^\{Heap before "
    rb"|^(?:[0-9TZ.,:+-]+ )*(?:Total time for which application threads were stopped|Application time: )"
    rb"|^(?:Java HotSpot|OpenJDK)[^\n]{0,200}\bJRE \(|^CommandLine flags: |GC log file (?:created|has reached)"
    rb"|: \[(?:Pause|Concurrent) |^GC STATISTICS|^Cancelling concurrent GC",
    re.MULTILINE,
)
