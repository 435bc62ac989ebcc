"""Lines that tell of no stop: details of the collector, and what an application wrote."""

import pytest

from analysis.sources.gclog.legacy.details import is_detail, is_of_gc


@pytest.mark.parametrize(
    "line",
    [
        "Heap", " PSYoungGen      total 7K, used 5K [0x00000000f0000000, 0x00000000f1000000, 0x00000000f2000000)",
        "  eden space 7K,  50% used [0x00000000f0000000,0x00000000f1000000,0x00000000f2000000)",
        " Metaspace       used 7K, capacity 8K, committed 9K, reserved 10K", "  region size 1024K, 7 young (7168K)",
        "   1:       12345      678901  [C", "Total     1234567      7654321", "Max   Chunk Size: 12345",
        "GC locker: Trying a full collection because scavenge failed", "   [Code Root Fixup: 0.1 ms]",
        "       Avg:   0.1, Min:   0.0, Max:   0.2", "    Using 2 of 4 workers for concurrent marking",
        "Pause Final Mark (G)           =     0.05 s (a =     1234 us) (n =    40)",
        "{Heap before GC invocations=7 (full 1):",
        "TLAB totals: thrds: 7  refills: 12 max: 3",
        "AdaptiveSizePolicy::survivor space sizes: collection: 1 (1, 2) -> (3, 4)",
    ],
)  # fmt: skip
def test_known_details(line):
    assert is_detail(line.encode())


@pytest.mark.parametrize(
    "line", ["INFO started", "12:00:00 WARN slow query", "Heap of trouble", "Exception in thread main"]
)
def test_lines_of_an_application(line):
    assert not is_detail(line.encode())
    assert not is_of_gc(line.encode())
