"""The time to reach a safepoint."""

import pytest

from analysis.hypotheses.gc.diagnoses.safepoints import slow_safepoints
from tests.gc_logs import made_log


def stop(end, seconds, reaching, **more):
    return {"end": end, "seconds": seconds, "reaching_seconds": reaching, "operation": "ThreadDump", **more}


def test_half_a_second_to_reach_five_milliseconds_of_work():
    found = slow_safepoints(made_log(safepoints=[stop(1, 0.002, 0.0001), stop(9, 0.505, 0.5, line=77)]))
    assert found.line == 77
    assert found.values["max_seconds"].value == pytest.approx(0.5)
    assert "The slowest took 500 ms to reach for 5 ms of work (operation ThreadDump" in found.statement


def test_of_two_that_end_at_once_the_slower_is_named_where_it_stands():
    found = slow_safepoints(made_log(safepoints=[stop(9, 0.305, 0.3, line=76), stop(9, 0.505, 0.5, line=77)]))
    assert "(operation ThreadDump), at 17:39:32.495 UTC (gc.log, line 77). Loops" in found.statement


def test_a_long_pause_with_a_short_way_to_it_is_none():
    assert slow_safepoints(made_log(safepoints=[stop(9, 2.0, 0.15)])) is None


def test_many_short_ways_that_take_a_hundredth_of_the_time():
    rows = [stop(i, 0.03, 0.025) for i in range(1, 61)]
    found = slow_safepoints(made_log(safepoints=rows))
    assert found.values["slow"].value == 0
    assert found.values["reaching_seconds"].value == pytest.approx(1.5)
    assert slow_safepoints(made_log(safepoints=rows[:30])) is None


def test_a_few_short_safepoints_of_a_moment_are_no_matter():
    rows = [stop(0.01 * i, 0.004, 0.003) for i in range(1, 9)]
    assert slow_safepoints(made_log(safepoints=rows, lives=[{"start": 0, "end": 0.1}])) is None


def test_safepoints_that_do_not_say_how_long_it_took_to_reach_them():
    assert slow_safepoints(made_log(safepoints=[stop(1, 3.0, float("nan"))])) is None
