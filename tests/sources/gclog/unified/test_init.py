"""What a JVM says of itself."""

import pytest

from analysis.sources.gclog.unified.init import facts_of


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (b"Using Concurrent Mark Sweep", [("collector", "CMS")]),
        (b"Using The Z Garbage Collector", [("collector", "ZGC")]),
        (b"Using 2 workers of 2 for evacuation", []),
        (b"Version: 25.0.2+10-LTS (release)", [("version", "25.0.2+10-LTS")]),
        (b"CPUs: 8 total, 2 available", [("cpus", 2.0)]), (b"CPUs: 8 total", [("cpus", 8.0)]),
        (b"Memory: 512M", [("memory_bytes", 2.0**29)]), (b"Heap Max Capacity: 2G", [("heap_max_bytes", 2.0**31)]),
        (b"Max Capacity: 192M", [("heap_max_bytes", 192 * 2.0**20)]),
        (b"Heap region size: 1M", [("region_bytes", 2.0**20)]),
        (b"Parallel Workers: 4", [("workers", 4.0)]), (b"Mode: Generational", [("generational", True)]),
        (b"GC Workers for Old Generation: 1 (dynamic)", [("generational", True)]), (b"Pre-touch: Disabled", []),
    ],
)  # fmt: skip
def test_facts(text, facts):
    assert facts_of(text) == facts
