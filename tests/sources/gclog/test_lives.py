"""Which stretches are one life, whose collector it is."""

import numpy as np
import pytest

from analysis.sources.gclog.copies import once
from analysis.sources.gclog.files import Place
from analysis.sources.gclog.lives import collector_of, lives_of
from analysis.sources.gclog.rows import NO_CLOCK, Rows
from analysis.sources.gclog.segments import segments

DAY = 1_795_305_600_000_000


def stretch(name, clocks, uptimes, *, gcids=None, facts=()):
    n = len(uptimes)
    table = {
        "line": np.arange(1, n + 1), "stamp_seconds": np.array(uptimes, dtype="f8"),
        "kind": np.array(["young"] * n, object),
        "clock_us": np.array([NO_CLOCK if c is None else DAY + int(c * 1e6) for c in clocks]), "cause": [""] * n,
        "gcid": np.arange(n) if gcids is None else np.array(gcids), "duration_seconds": np.zeros(n),
    }  # fmt: skip
    rows = Rows(pauses=table, lines=n, facts=[(1, *fact) for fact in facts])
    return segments(rows, [Place(name, 0, n)])[0]


def names(lives):
    return [[s.place.name for s in life] for life in lives]


def test_the_same_start_is_the_same_life_in_order_of_the_clock():
    late, early = stretch("b", [20, 30], [20, 30]), stretch("a", [1, 10], [1, 10])
    other = stretch("c", [15, 25], [2, 12])
    assert names(lives_of([late, other, early])) == [["a", "b"], ["c"]]


def test_a_crash_loop_of_a_second_is_several_lives():
    runs = [stretch(f"run{i}", [i * 1.5 + 0.1, i * 1.5 + 1.3], [0.1, 1.3]) for i in range(3)]
    assert names(lives_of(runs)) == [["run0"], ["run1"], ["run2"]]


@pytest.mark.parametrize(
    ("gcids", "expected"), [([2, 3], [["a", "b"]]), ([0, 1], [["a", "b"]]), ([9, 10], [["a", "b"]])]
)
def test_without_a_clock_uptime_and_numbers_go_on(gcids, expected):
    one, two = stretch("a", [None] * 2, [1, 10]), stretch("b", [None] * 2, [20, 30], gcids=gcids)
    assert names(lives_of([two, one])) == expected
    fresh = stretch("b", [None] * 2, [20, 30], facts=[("collector", "G1")])
    assert names(lives_of([one, fresh])) == [["a"], ["b"]]
    again = stretch("b", [None] * 2, [20, 30], gcids=[0, 1])
    far = stretch("a", [None] * 2, [1, 10], gcids=[400, 401])
    assert names(lives_of([far, again])) == [["a"], ["b"]]


def test_copies_are_left_out():
    one, two = stretch("a", [1, 2], [1, 2]), stretch("copy", [1, 2], [1, 2])
    kept, notes = once([one, two])
    assert [s.place.name for s in kept] == ["a"]
    assert notes == ["copy holds what a holds: read once"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([("collector", "ZGC"), ("generational", True)], "GenZGC"), ([("collector", "Shenandoah")], "Shenandoah"),
        ([("hint", "Parallel")], "Parallel"), ([("collector", "G1"), ("hint", "CMS")], "G1"), ([], ""),
    ],
)  # fmt: skip
def test_collectors(facts, expected):
    assert collector_of([stretch("a", [1], [1], facts=facts)]) == expected
