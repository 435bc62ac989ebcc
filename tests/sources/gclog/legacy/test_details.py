"""Lines that tell of no stop: details of the collector, and what an application wrote."""

import pytest

from analysis.sources.gclog.legacy.details import is_detail, is_of_gc, says_nothing


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
        '1.250: Setting _needs_gc. Thread "VM Thread" 2 locked.', " (CMS-concurrent-mark yielded 3 times)",
        '1.250: Thread "jni" is performing GC after exiting critical section, 0 locked',
        " [2 iterations, 1 waits, 77 cards)] (CMS-concurrent-abortable-preclean yielded 0 times)",
        "2026-11-22T18:04:30.123+0000: 1.250: [adjust roots, 0.0012000 secs]",
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


@pytest.mark.parametrize(
    "line", ["1.250: Total time for which app", "1.250: Application time: ", "1.250: [GC pause (you"]
)
def test_what_may_be_the_rest_of_an_event_is_no_detail(line):
    assert not is_detail(line.encode())
    assert is_of_gc(line.encode())


def test_references_that_a_concurrent_phase_of_cms_looked_at_say_nothing():
    assert says_nothing(b", 0.1 secs]1.250: [Preclean WeakReferences, 0.1 secs]1.251: ")
    assert not says_nothing(b", 0.1 secs]1.250: [CMS: ")
