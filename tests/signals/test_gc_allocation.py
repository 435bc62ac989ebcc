"""Allocation between collections: sums that telescope, rounding that is not a rate, and what cannot be known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_allocation import allocated, allocation_rate, allocation_series
from analysis.window import Window
from tests.gc_logs import at, made_log, us
from tests.signals.test_gc_heap import MIB, cycle, pause


def table_of(log):
    return allocated(log.pauses, log.cycles, log.holes)


def window(first, last):
    return Window(at(first), at(last))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=2, max_size=25))
def test_the_sum_is_what_was_used_before_less_what_was_left(sizes):
    rows, used = [], 0
    total = 0
    for i, (grown, freed) in enumerate(sizes):
        total += grown if i else 0
        used += grown
        left = max(used - freed, 0)
        rows.append(pause(i + 1.0, used, left))
        used = left
    found = table_of(made_log(pauses=rows))
    assert found["bytes"].sum() == pytest.approx(total * MIB)
    assert (found["bytes"] >= 0).all()
    edges = np.array([us(x) for x in np.linspace(0, 30, 7)])
    rate, _ = allocation_series(found, edges)
    whole = allocation_rate(found, window(0, 30))
    known = np.isfinite(rate)
    assert not known.any() or np.isfinite(whole.bytes_per_second) or whole.error_bytes_per_second > 0


def test_a_rate_is_over_pauses_too_and_a_step_takes_its_part():
    log = made_log(pauses=[pause(10, 200, 100), pause(20, 500, 100), pause(30, 300, 100)])
    found = table_of(log)
    assert found["bytes"].tolist() == [0, 400 * MIB, 0, 200 * MIB, 0]
    rate = allocation_rate(found, window(10, 30))
    assert (rate.n, rate.known_seconds) == (2, pytest.approx(20.0))
    assert rate.bytes_per_second == pytest.approx(30 * MIB)
    assert rate.error_bytes_per_second == pytest.approx(2 * np.sqrt(4 / 12) * MIB / 20)
    series, error = allocation_series(found, np.array([us(x) for x in (0, 10, 20, 30, 40)]))
    assert np.isnan(series[[0, 3]]).all()
    assert series[1:3] * 10 == pytest.approx([400 * MIB, 200 * MIB], rel=0.02)
    assert (error[1:3] > 0).all()


def test_what_rounding_alone_could_be_is_no_rate():
    rows = [pause(i / 10 + 1, 100 + i % 2, 100 + i % 2, seconds=0.001) for i in range(4)]
    rate = allocation_rate(table_of(made_log(pauses=rows)), window(0, 10))
    assert np.isnan(rate.bytes_per_second)
    assert rate.error_bytes_per_second > 0


def test_a_sweep_that_freed_in_between_leaves_a_stretch_unknown_unless_the_young_generation_tells():
    lower = [pause(10, 200, 150), pause(20, 120, 100), pause(30, 180, 100)]
    found = table_of(made_log(pauses=lower))
    assert found["bytes"].tolist() == [0, 0, 80 * MIB, 0]
    assert allocation_rate(found, window(0, 40)).known_seconds == pytest.approx(10.2)
    told = [row | {"young_before_bytes": 90 * MIB, "young_after_bytes": 10 * MIB} for row in lower]
    assert table_of(made_log(pauses=told))["bytes"].tolist() == [0, 80 * MIB, 0, 80 * MIB, 0]


def test_of_cms_what_a_sweep_frees_does_not_hide_what_was_allocated():
    generation = {"young_before_bytes": 90 * MIB, "young_after_bytes": 10 * MIB, "collector": "CMS"}
    swept = [pause(10, 200, 120) | generation, pause(20, 170, 90) | generation, pause(30, 200, 110) | generation]
    mark = pause(15, 160, 160, kind="initial_mark", collector="CMS")  # tells of no generation
    found = table_of(made_log(pauses=[*swept, mark]))
    assert found["bytes"].tolist() == [0, 80 * MIB, 0, 110 * MIB, 0]  # 80 in the young, 30 of these straight to the old
    bare = [{k: v for k, v in row.items() if not k.startswith("young")} for row in swept]
    assert np.isnan(allocation_rate(table_of(made_log(pauses=bare)), window(0, 40)).bytes_per_second)


def test_time_in_concurrent_cycles_is_not_known():
    log = made_log(cycles=[cycle(10, 5, 80, 40), cycle(20, 5, 90, 50), cycle(30, 5, 130, 50)])
    found = table_of(log)
    assert found["bytes"].tolist() == [50 * MIB, 80 * MIB]
    rate = allocation_rate(found, window(0, 40))
    assert rate.known_seconds == pytest.approx(10.0)
    assert rate.bytes_per_second == pytest.approx(13 * MIB)


def test_nothing_is_told_between_lives_or_over_missing_lines():
    lives = ({"start": 0, "end": 10}, {"start": 20, "end": 30})
    rows = [pause(5, 80, 40), pause(9, 90, 40), pause(25, 700, 30, life=1), pause(28, 90, 30, life=1)]
    assert table_of(made_log(lives=lives, pauses=rows))["bytes"].sum() == 110 * MIB
    assert table_of(made_log(lives=lives, pauses=rows, holes=[(6, 7)]))["bytes"].sum() == 60 * MIB
    empty = table_of(made_log())
    assert np.isnan(allocation_rate(empty, window(0, 10)).bytes_per_second)
    assert np.isnan(allocation_series(empty, np.array([us(0), us(1)]))[0]).all()
