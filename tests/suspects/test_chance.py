"""Placements and p-values against loops over all shifts; their rate of false alarms on noise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.suspects.chance import (
    LEAST_EFFECTIVE,
    MOST_PLACEMENTS,
    STRETCHES,
    head_chance,
    placement_p_value,
    placement_starts,
)
from tests import oracles_suspects as oracles
from tests.suspects import autoregressive

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
VALUES = st.integers(-9, 9).map(float) | st.just(math.nan)
SERIES = st.lists(VALUES, min_size=1, max_size=40)


@EXAMPLES
@given(st.integers(1, 3000), st.integers(1, 400))
def test_placements_lie_within_the_baseline(n_before, n_during):
    starts, length = placement_starts(n_before, n_during)
    assert 1 <= length <= max(1, min(n_during, n_before // STRETCHES))
    assert len(starts) <= MOST_PLACEMENTS
    assert all(length <= s <= n_before - length for s in starts)
    assert len(starts) >= min(STRETCHES - 2, n_before // 2 - 1)


@EXAMPLES
@given(st.floats(0, 9), st.lists(st.floats(0, 9), max_size=9))
def test_chance_counts_the_incident_itself(head, placements):
    expected = (1 + sum(p >= head for p in placements)) / (1 + len(placements))
    assert head_chance(head, np.array(placements)) == expected


@EXAMPLES
@given(SERIES, st.integers(0, 30), st.integers(1, 12))
def test_p_is_the_share_of_shifts(values, first, length):
    inside = [first <= i < first + length for i in range(len(values))]
    found = placement_p_value(np.array(values), np.array(inside))
    outside = [v for v, i in zip(values, inside, strict=True) if not i and not math.isnan(v)]
    within = [v for v, i in zip(values, inside, strict=True) if i and not math.isnan(v)]
    if not within or len(outside) < LEAST_EFFECTIVE or len({*outside, *within}) == 1:
        assert math.isnan(found)
    elif abs(oracles.effective_size(outside) - LEAST_EFFECTIVE) > 1e-9:
        refused = oracles.effective_size(outside) < LEAST_EFFECTIVE
        assert found == pytest.approx(math.nan if refused else oracles.placement_p(values, inside), nan_ok=True)
        assert refused or 0 < found <= 1


@EXAMPLES
@given(SERIES, st.integers(-20, 20).map(lambda k: 2.0**k), st.integers(-50, 50), st.sampled_from([1, -1]))
def test_p_has_no_unit_no_origin_and_no_sign(values, scale, origin, sign):
    x, inside = np.array(values), np.arange(len(values)) >= len(values) - 4
    one = placement_p_value(x, inside)
    assert placement_p_value(sign * scale * (x + origin), inside) == pytest.approx(one, nan_ok=True)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("m", [30, 150])
def test_false_alarms_on_noise(phi, m):
    n = m + 30 * 10  # at least 30 independent values outside
    x, inside = autoregressive(n, 1200, phi, 7), np.arange(n) >= n - m
    p = np.array([placement_p_value(column, inside) for column in x.T])
    assert np.isnan(p).mean() < 0.01
    assert 0.03 <= np.mean(p[np.isfinite(p)] <= 0.05) <= 0.07


def test_the_test_refuses_what_is_worth_fewer_than_ten_values():
    inside = np.arange(60) >= 50
    p = [placement_p_value(column, inside) for column in autoregressive(60, 200, 0.95, 3).T]
    assert np.isnan(p).mean() > 0.9
    assert math.isnan(placement_p_value(np.arange(9.0), np.arange(9) >= 6))
    assert math.isnan(placement_p_value(np.ones(60), inside))
    assert math.isnan(placement_p_value(np.array([]), np.array([], dtype=bool)))


@pytest.mark.parametrize("unit", [1e-15, 1e15])
def test_whether_it_refuses_has_no_unit(unit):
    x, inside = autoregressive(60, 1, 0.99, 3)[:, 0], np.arange(60) >= 50
    assert math.isnan(placement_p_value(x, inside))
    assert math.isnan(placement_p_value(x * unit, inside))
