"""A life of the JVM: what it says of itself, and when its lines vouch for no pause."""

import math

import pytest

from analysis.sources.gc_life import Life, collector_of, holes_of, take_init, time_of
from analysis.sources.gc_lines import decorations

FIRST = b"[2026-11-22T18:00:00.000+0000][0.010s][info][gc] Using G1"
LATER = b"[2026-11-22T18:05:00.000+0000][300.010s][info][gc,heap,exit] Heap"


def life():
    return Life(decorations(FIRST), FIRST, 0.01, "G1")


@pytest.mark.parametrize("name", ["G1", "Serial", "Parallel"])
def test_the_collector_is_what_the_line_names(name):
    assert collector_of(f"Using {name}".encode()) == name
    assert collector_of(b"Using x") is None


def test_what_gc_init_says_is_taken():
    found = life()
    for name, said in ((b"Version", b"17.0.15+6"), (b"CPUs", b"2"), (b"Parallel Workers", b"4")):
        take_init(found, name, said)
    assert (found.version, found.cpus, found.workers) == ("17.0.15+6", 2.0, 4.0)


def test_a_time_is_never_before_the_first_line_and_a_broken_line_has_that_of_the_first():
    found = life()
    assert time_of(LATER, found) - found.first.end_us == 300_000_000
    assert time_of(b"broken", found) == found.first.end_us


def test_a_life_without_collections_has_no_hole_and_knows_nothing_of_cpus():
    found = life()
    assert math.isnan(found.cpus)
    assert holes_of(found) == []
