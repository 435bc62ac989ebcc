"""What a plain search finds in a log of JDK 11 or later: lengths of pauses, safepoints and stalls, lines."""

import re
from typing import NamedTuple

PAUSE = re.compile(rb"^(?:.*\] )?GC\(\d+\) (?:[YyOo]: )?Pause .*?([\d.]+)ms *$", re.M)
PART = re.compile(rb"\((?:VM Thread|\w+#\d+)\) [\d.]+ms *$", re.M)  # of a pause of ZGC, by the thread that ran it
SAFEPOINT = re.compile(rb'^.*Safepoint ".*Total: +(\d+) ns', re.M)
STOPPED = re.compile(rb"^.*Total time for which application threads were stopped: ([\d.]+) seconds", re.M)
STALL = re.compile(rb"^.* (?:Allocation|Relocation) Stall \(.*\) ([\d.]+)ms *$", re.M)


class Truth(NamedTuple):
    """Seconds of pauses, of safepoints, of stalls, and how many lines there are."""

    pauses: list[float]
    safepoints: list[float]
    stalls: list[float]
    lines: int


def count(data: bytes) -> Truth:
    """Return what a plain search finds."""
    stops = [float(x) / 1e9 for x in SAFEPOINT.findall(data)] + [float(x) for x in STOPPED.findall(data)]
    whole = b"\n".join(line for line in data.splitlines() if not PART.search(line))
    stalls = [float(x) / 1e3 for x in STALL.findall(data)]
    return Truth([float(x) / 1e3 for x in PAUSE.findall(whole)], stops, stalls, len(data.splitlines()))
