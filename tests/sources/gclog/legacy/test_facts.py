"""The header of a log of JDK 8 and before."""

from analysis.sources.gclog.legacy.facts import header_facts


def test_facts_of_flags():
    facts = dict(header_facts(b"CommandLine flags: -XX:G1HeapRegionSize=2097152 -XX:+UseG1GC -XX:+UseParallelGCNot"))
    assert (facts["collector"], facts["region_bytes"]) == ("G1", 2097152.0)
    assert header_facts(b"INFO CommandLine flags: -XX:+UseG1GC") == []
