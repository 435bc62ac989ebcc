"""Onsets against loops; the chance of a near rise against all placements."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.onset import chance_of_near, rises, sustained
from tests import oracles

EXAMPLES = settings(max_examples=120, deadline=None, derandomize=True)
VALUES = st.sampled_from([0.0, 0.2, 0.5, 0.6, 1.0, 1e300, float("nan")])


@EXAMPLES
@given(st.lists(st.booleans(), max_size=40), st.integers(1, 6))
def test_sustained_is_the_loop(above, steps):
    assert sustained(np.array(above, dtype=bool), steps).tolist() == oracles.sustained(above, steps)


@EXAMPLES
@given(st.lists(VALUES, max_size=40), st.integers(1, 6))
def test_rises_is_the_loop(values, steps):
    found = rises(np.array(values, dtype=float), 0.0, 1.0, steps=steps).tolist()
    assert found == oracles.rises(values, 0.0, 1.0, steps)


@EXAMPLES
@given(st.lists(st.integers(-20, 20), max_size=40), st.integers(-30, 30), st.sampled_from([0.25, 1.0, 1024.0]))
def test_rises_has_neither_unit_nor_zero(values, offset, scale):
    x = np.array(values, dtype=float)
    assert rises(x * scale + offset, offset, 10 * scale + offset).tolist() == rises(x, 0, 10).tolist()


@pytest.mark.parametrize("series", [[], [0.0], [np.nan], [np.nan] * 5, [0.4] * 9])
def test_nothing_rises(series):
    assert rises(np.array(series, dtype=float), 0, 1).tolist() == []


def test_a_series_that_begins_high_rises_at_its_first_step_once():
    assert rises(np.ones(9), 0, 1).tolist() == [0]
    assert rises(np.array([0, 1.0]), 0, 1).tolist() == [1]


def test_a_single_spike_is_no_rise_and_a_gap_does_not_hide_one():
    assert rises(np.array([0, 1, 0, 0, 0, 0.0]), 0, 1).tolist() == []
    assert rises(np.array([0, 1, np.nan, 1, 1, 0]), 0, 1).tolist() == [1, 3]


@EXAMPLES
@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 6))
def test_chance_is_never_below_the_share_of_shifts(marks, distance):
    exact = oracles.chance_of_near(marks, distance)
    assert chance_of_near(sum(marks), distance, len(marks)) >= exact - 1e-12


@EXAMPLES
@given(st.integers(0, 5), st.integers(0, 4), st.integers(0, 7))
def test_chance_is_the_share_of_shifts_where_rises_do_not_meet(count, distance, spare):
    gap = 2 * distance + 1 + spare
    marks = ([True] + [False] * (gap - 1)) * count + [False] * 5
    assert chance_of_near(count, distance, len(marks)) == pytest.approx(oracles.chance_of_near(marks, distance))


def test_chance_at_the_ends():
    assert chance_of_near(0, 5, 100) == 0.0
    assert chance_of_near(100, 5, 100) == 1.0
    assert chance_of_near(1, 1000, 100) == 1.0
    assert np.isnan(chance_of_near(1, 1, 0))


@EXAMPLES
@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 99))
def test_chance_grows_with_count_and_distance(count, distance, n):
    chance = chance_of_near(count, distance, n)
    assert 0 <= chance <= chance_of_near(count + 1, distance, n) <= 1
    assert chance <= chance_of_near(count, distance + 1, n)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_chance_is_calibrated_for_rises_placed_at_random(count):
    """The observed distance of the nearest rise is as rare as its chance says: P(chance <= a) <= a, for any a."""
    rng, n, place = np.random.default_rng(31), 240, 120
    chances = []
    for _ in range(3000):
        distance = int(np.abs(rng.choice(n, count, replace=False) - place).min())
        chances.append(chance_of_near(count, distance, n))
    for level in (0.05, 0.1, 0.2):
        assert level / 3 <= np.mean(np.array(chances) <= level) <= level + 0.015
