"""Onsets against loops; the chance of a near rise against all placements."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.onset import chance_of_near, chance_of_near_time, onsets, rises, sustained
from tests import oracles, oracles_timing

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


def test_a_single_spike_is_no_rise_and_neither_a_gap_nor_a_dip_makes_a_second_one():
    assert rises(np.array([0, 1, 0, 0, 0, 0.0]), 0, 1).tolist() == []
    assert rises(np.array([0, 1, np.nan, 1, 1, 0]), 0, 1).tolist() == [1]
    assert rises(np.array([0, 1, 1, 0, 1, 1, 0]), 0, 1).tolist() == [1]
    assert rises(np.array([0, 1, 1, 0, 0, 1, 1]), 0, 1).tolist() == [1, 5]


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


@given(st.integers(0, 9), st.floats(0, 100), st.floats(0.1, 1000))
def test_chance_in_time_is_its_formula(count, width, span):
    assert chance_of_near_time(count, width, span) == min(1.0, count * width / span)
    assert np.isnan(chance_of_near_time(count, width, 0.0))


@pytest.mark.parametrize("count", [1, 3])
def test_chance_in_time_is_calibrated(count):
    rng = np.random.default_rng(8)
    distance = np.abs(rng.uniform(0, 100, (40_000, count)) - 50).min(axis=1)
    chances = np.array([chance_of_near_time(count, 2 * d, 100.0) for d in distance])
    for level in (0.05, 0.2):
        assert level / 2 <= np.mean(chances <= level) <= level + 0.015


# ---- departures of many series


def panel(seed, n=60, k=12, first=40):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, k))
    starts = rng.integers(first, n - 6, k)
    x += (np.arange(n)[:, None] >= starts) * rng.choice([-8.0, 8.0], k)
    return x, first, starts


@EXAMPLES
@given(st.lists(st.sampled_from([0.0, 1.0, 2.9, 3.5, 4.0, 5.0, 9.0]), min_size=6, max_size=12))
def test_the_departure_is_the_best_of_all_stretches(later):
    base = np.tile([-1.0, 0.0, 1.0], 7)
    z = np.array(later) / 1.0
    found = onsets(np.r_[base, z][:, None], len(base), spread=np.ones(1))
    if found.start[0] >= 0:
        start, _ = oracles_timing.departure(z.tolist(), float(found.height[0]))
        gain = [found.height[0] * (min(v, 2 * found.height[0]) - found.height[0] / 2) for v in z]
        chosen, best = int(found.start[0]) - len(base), start
        assert sum(gain[min(chosen, best) : max(chosen, best)]) == pytest.approx(0, abs=1e-9)
        assert (z > 3).sum() >= 3
    else:
        assert not (z > 3).all()  # the best stretch may hold two steps only, whatever lies apart from it


@pytest.mark.parametrize("seed", range(5))
def test_steps_are_found_within_one_step(seed):
    x, first, starts = panel(seed)
    found = onsets(x, first)
    assert (np.abs(found.start - starts) <= 1).all()
    assert (found.before == found.start - 1).all()
    assert ((found.low <= found.start) & (found.start <= found.high)).all()
    assert (found.confidence > 0.9).all()


@EXAMPLES
@given(st.integers(0, 10**6), st.sampled_from([1e-9, 0.5, -1.0, 1e9]), st.integers(-5, 5))
def test_unit_origin_sign_and_order_of_series_do_not_matter(seed, scale, offset):
    x, first, _ = panel(seed)
    one, order = onsets(x, first), np.random.default_rng(seed).permutation(x.shape[1])
    other = onsets((scale * (x + offset))[:, order], first)
    assert other.start.tolist() == one.start[order].tolist()
    assert other.confidence == pytest.approx(one.confidence[order], abs=1e-6)
    assert other.height == pytest.approx(np.sign(scale) * one.height[order], rel=1e-6)


@pytest.mark.parametrize("fill", [np.nan, 0.0, 7.5, np.inf])
def test_what_is_flat_or_unknown_departs_nowhere(fill):
    found = onsets(np.full((30, 2), fill), 20)
    assert found.start.tolist() == found.before.tolist() == [-1, -1]
    assert np.isnan(found.confidence).all()


def test_a_flat_baseline_is_left_by_any_other_value_and_a_spike_is_no_departure():
    x = np.zeros((30, 2))
    x[24:, 0] = 1e-6
    x[24, 1] = 50.0
    assert onsets(x, 20).start.tolist() == [24, -1]


def test_a_gap_before_the_departure_widens_its_resolution():
    x = np.r_[np.tile([0.0, 1.0], 10), 0, 0, np.nan, np.nan, np.nan, 9, 9, 9, 9][:, None]
    found = onsets(x, 20)
    assert (int(found.start[0]), int(found.before[0])) == (25, 21)


def test_three_points_after_the_baseline_are_enough():
    assert onsets(np.r_[np.tile([0.0, 1.0], 10), 9, 9, 9][:, None], 20).start.tolist() == [20]
    assert onsets(np.zeros((5, 0)), 2).start.shape == (0,)
    for first in (0, 5):
        with pytest.raises(ValueError, match="a baseline and something to search"):
            onsets(np.zeros((5, 1)), first)
