"""The header of a log of JDK 8 and before."""

import pytest

from analysis.sources.gclog.legacy.facts import header_facts, heap_fact


def test_facts_of_flags():
    facts = dict(header_facts(b"CommandLine flags: -XX:G1HeapRegionSize=2097152 -XX:+UseG1GC -XX:+UseParallelGCNot"))
    assert (facts["collector"], facts["region_bytes"]) == ("G1", 2097152.0)
    assert header_facts(b"INFO CommandLine flags: -XX:+UseG1GC") == []


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        (" concurrent mark-sweep generation total 700K, used 0K [0x1, 0x2, 0x3)", ("collector", "CMS")),
        (" tenured generation   total 700K, used 0K [0x1, 0x2, 0x3)", ("collector", "Serial")),
        (" garbage-first heap   total 700K, used 0K [0x1, 0x2, 0x3)", ("collector", "G1")),
        (" par new generation   total 700K, used 0K [0x1, 0x2, 0x3)", None),  # of CMS, or of the serial old collector
        ("  region size 2048K, 7 young (14336K), 1 survivors (2048K)", ("region_bytes", 2048 * 1024.0)),
    ],
)
def test_facts_of_a_listing_of_the_heap(line, fact):
    assert heap_fact(line.encode()) == fact
