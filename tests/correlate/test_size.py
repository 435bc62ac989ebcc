"""Sizes against the formula in loops; no unit, no origin, no sign."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.size import (
    FLOOR_RANGE,
    FLOOR_STD,
    IQR_OF_NORMAL,
    change_sizes,
    placement_sizes,
    row_median,
)
from tests import oracles_suspects as oracles

EXAMPLES = settings(max_examples=120, deadline=None, derandomize=True)
FLOORS = FLOOR_STD, FLOOR_RANGE, IQR_OF_NORMAL
VALUES = st.integers(-40, 40).map(lambda v: v / 8) | st.sampled_from([0.0, math.nan])
LISTS = st.lists(VALUES, min_size=1, max_size=16)


def rows(*values):
    return np.array(values, dtype=float)


@EXAMPLES
@given(st.lists(VALUES, max_size=12))
def test_median_is_the_formula(values):
    assert row_median(rows(values))[0] == pytest.approx(oracles.median(values), nan_ok=True)


@EXAMPLES
@given(LISTS, LISTS, st.integers(1, 20))
def test_size_is_the_formula(before, during, recent):
    found = change_sizes(rows(before), rows(during), recent)
    shift, scale, size = oracles.change_size(before, during, recent, FLOORS)
    assert found.size[0] == pytest.approx(size, nan_ok=True, abs=1e-9)
    assert found.shift[0] == pytest.approx(shift, nan_ok=True, abs=1e-12)
    if not math.isnan(scale):
        assert found.scale[0] == pytest.approx(scale, abs=1e-9)
        assert (found.usual[0], found.during[0]) == pytest.approx((oracles.median(before), oracles.median(during)))


@EXAMPLES
@given(LISTS, LISTS, st.integers(1, 20), st.integers(-30, 30).map(lambda k: 2.0**k), st.integers(-64, 64))
def test_size_has_no_unit_and_no_origin_and_turns_with_the_sign(before, during, recent, scale, origin):
    a, b = rows(before), rows(during)
    one = change_sizes(a, b, recent).size
    other = change_sizes(-scale * (a + origin), -scale * (b + origin), recent).size
    assert other == pytest.approx(-one, nan_ok=True, rel=1e-9, abs=1e-9)
    assert np.isnan(one[0]) or abs(one[0]) <= 1 / FLOOR_RANGE + 1e-9


@EXAMPLES
@given(LISTS, st.randoms(), st.integers(1, 16))
def test_the_order_within_the_level_just_before_does_not_matter(before, random, recent):
    during = rows([9.0, 7.0])
    head, tail = before[:-recent], before[-recent:]
    random.shuffle(head)
    random.shuffle(tail)
    assert change_sizes(rows(head + tail), during, recent).size == pytest.approx(
        change_sizes(rows(before), during, recent).size, nan_ok=True, abs=1e-9
    )


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_flat_series_that_steps_is_large_and_finite(unit):
    found = change_sizes(np.full((1, 20), unit), np.full((1, 3), 2 * unit), 3)
    assert found.size[0] == pytest.approx(1 / FLOOR_RANGE)
    assert change_sizes(np.full((1, 20), unit), np.full((1, 3), unit), 3).size[0] == 0


def test_what_was_so_just_before_has_not_changed():
    before = rows([0.0] * 20 + [9.0] * 5)
    assert change_sizes(before, rows([9.0] * 5), 5).shift[0] == 0
    assert change_sizes(before, rows([5.0] * 5), 5).shift[0] == 0


@EXAMPLES
@given(st.lists(VALUES, min_size=4, max_size=24), LISTS, st.integers(1, 4), st.integers(1, 6))
def test_placements_are_the_formula(before, during, length, recent):
    starts = np.arange(1, len(before) - length + 1)
    sizes = change_sizes(rows(before), rows(during), 3)
    found = placement_sizes(rows(before), sizes, starts, (length, recent))
    assert found.shape == (1, len(starts))
    for j, start in enumerate(starts):
        least = oracles.change_size(before, during, 3, (0.0, *FLOORS[1:]))[1]
        expected = oracles.placement_size(before, least, int(start), (length, recent))
        assert found[0, j] == pytest.approx(expected, abs=1e-9)


def test_rows_do_not_meet():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 30)), rng.normal(size=(5, 6))
    together = change_sizes(a, b, 6).size
    assert [change_sizes(a[i : i + 1], b[i : i + 1], 6).size[0] for i in range(5)] == pytest.approx(together.tolist())


def test_nothing_given():
    assert change_sizes(np.empty((0, 5)), np.empty((0, 2)), 3).size.shape == (0,)
    assert np.isnan(change_sizes(rows([math.nan]), rows([1.0]), 3).size[0])
    assert np.isnan(row_median(np.empty((2, 0)))).all()


@pytest.mark.parametrize("unit", [1e-150, 1e150, 1e200, 1e300])
def test_very_large_and_small_units(unit):
    before = rows([1.0, 2, 3, 2, 1, 2, 3, 2])
    assert change_sizes(before * unit, rows([20.0]) * unit, 3).size[0] == pytest.approx(
        change_sizes(before, rows([20.0]), 3).size[0]
    )
