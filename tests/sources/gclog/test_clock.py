"""Stamps to times: from the wall clock, from uptime and start, and when the clock was set back."""

import numpy as np
import pytest

from analysis.sources.gclog.clock import clock_of
from analysis.sources.gclog.rows import NO_CLOCK

DAY = 1_795_305_600_000_000


def test_the_wall_clock_counts_where_there_is_one_and_the_uptime_fills():
    clock, uptime = np.array([DAY, NO_CLOCK, DAY + 3_000_000]), np.array([10.0, 11.5, 13.0])
    found = clock_of(clock, uptime)
    assert (found.quality, found.by_uptime) == ("exact", False)
    assert found.times_us(clock, uptime).tolist() == [DAY, DAY + 1_500_000, DAY + 3_000_000]
    assert clock_of(clock, uptime, collected=True).quality == "derived"


@pytest.mark.parametrize(
    ("start", "quality", "first"), [(None, "unknown", 10_000_000), (DAY, "derived", DAY + 10_000_000)]
)
def test_an_uptime_alone_needs_the_start(start, quality, first):
    none, uptime = np.full(2, NO_CLOCK), np.array([10.0, 11.0])
    found = clock_of(none, uptime, jvm_start_us=start)
    assert found.quality == quality
    assert found.times_us(none, uptime).tolist() == [first, first + 1_000_000]


def test_without_any_stamp_there_is_no_time():
    none = np.full(2, NO_CLOCK)
    assert clock_of(none, np.full(2, np.nan), jvm_start_us=DAY).quality == "none"


def test_a_clock_set_back_gives_way_to_the_uptime_and_one_set_forward_does_not():
    uptime = np.arange(5.0) * 60
    back = DAY + (np.array([0, 60, 120, 30, 90]) * 1e6).astype("i8")
    found = clock_of(back, uptime)
    assert found.by_uptime
    assert (found.stepped_seconds, found.quality) == (pytest.approx(-150), "derived")
    assert (np.diff(found.times_us(back, uptime)) == 60_000_000).all()
    forward = DAY + (np.array([0, 60, 120, 3600, 3660]) * 1e6).astype("i8")
    found = clock_of(forward, uptime)
    assert (found.by_uptime, found.quality) == (False, "exact")
    assert found.stepped_seconds == pytest.approx(3420)
    assert found.times_us(forward, uptime).tolist() == forward.tolist()


def test_jitter_of_the_write_is_no_step():
    uptime = np.arange(100.0)
    clock = DAY + (uptime * 1e6).astype("i8") - np.random.default_rng(1).integers(0, 900_000, 100)
    assert not clock_of(clock, uptime).by_uptime


def test_times_follow_the_clock_that_most_lines_agree_on_or_the_later_one():
    uptime = np.array([100.0, 110.0, 120.0, 130.0])
    even = DAY + (np.array([0, 10, -580, -570]) * 1e6).astype("i8")
    assert clock_of(even, uptime).times_us(even, uptime).tolist()[2:] == even.tolist()[2:]
    most = DAY + (np.array([0, 10, 20, -570]) * 1e6).astype("i8")
    assert clock_of(most, uptime).times_us(most, uptime).tolist()[:3] == most.tolist()[:3]


def test_a_jump_of_the_clock_is_no_gap():
    uptime = np.arange(10.0)
    clock = DAY + (uptime * 1e6).astype("i8") + np.where(uptime > 4, 5_000_000, 0)
    found = clock_of(clock, uptime)
    assert found.stepped_seconds == 5
    assert [found.jumped((DAY, DAY + n * 1_000_000)) for n in (3, 5, 7)] == [False, True, False]
    assert not clock_of(clock[:4], uptime[:4]).jumped((DAY, DAY))
