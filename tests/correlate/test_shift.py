"""Circular-shift tests against loops over all shifts, and their false-positive rate on independent series."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.shift import (
    _contrast_variances,
    contrast_shift_test,
    mid_ranks,
    rank_shift_test,
    shift_p_value,
    studentised_contrast_test,
)
from tests import oracles, oracles_timing

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
SMALL = st.integers(-4, 4).map(float)  # few values, so many ties
WIDE = st.floats(-1e12, 1e12, allow_nan=False).map(lambda v: round(v, 3))


def pairs(values, low=0, high=18):
    return st.integers(low, high).flatmap(
        lambda n: st.tuples(*(st.lists(values, min_size=n, max_size=n).map(lambda v: np.array(v, dtype=float)),) * 2)
    )


@EXAMPLES
@given(st.lists(SMALL | WIDE, max_size=30))
def test_mid_ranks_count_the_smaller_ones(x):
    x = np.array(x, dtype=float)
    assert mid_ranks(x).tolist() == oracles.mid_ranks(x).tolist()
    assert mid_ranks(x).sum() == len(x) * (len(x) + 1) / 2


@EXAMPLES
@given(pairs(SMALL) | pairs(WIDE))
def test_rank_test_is_the_loop_over_all_shifts(xy):
    found, (rho, p) = rank_shift_test(*xy), oracles.rank_shift_test(*xy)
    assert found.n == len(xy[0])
    assert (found.value, found.p_value) == pytest.approx((rho, p), abs=1e-9, nan_ok=True)
    if not math.isnan(p):
        assert -1 <= found.value <= 1
        assert 1 / found.n - 1e-12 <= found.p_value <= 1


@EXAMPLES
@given(pairs(SMALL, low=3))
def test_contrast_test_is_the_loop_over_all_shifts(xy):
    found, (value, p) = contrast_shift_test(*xy), oracles.contrast_shift_test(*xy)
    assert (found.value, found.p_value) == pytest.approx((value, p), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [3, 4, 17, 60, 61])
def test_both_tests_on_random_walks(seed, n):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, n)).cumsum(axis=1)
    weights = np.where(np.arange(n) < n // 3, 1 / (n // 3), -1 / (n - n // 3))
    assert rank_shift_test(x, y)[:2] == pytest.approx(oracles.rank_shift_test(x, y), abs=1e-9)
    assert contrast_shift_test(x, weights)[:2] == pytest.approx(oracles.contrast_shift_test(x, weights), abs=1e-9)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_steps_are_not_decidable(n):
    x = np.arange(n, dtype=float)
    for test in (rank_shift_test(x, x), contrast_shift_test(x, x + 1)):
        assert math.isnan(test.value)
        assert math.isnan(test.p_value)
        assert test.n == n


@pytest.mark.parametrize("constant", [0.0, 0.1, 1234567.1, -1e300])
def test_a_constant_has_no_rank_correlation(constant):
    x, y = np.full(30, constant), np.arange(30.0)
    for found in (rank_shift_test(x, y), rank_shift_test(y, x), rank_shift_test(x, x)):
        assert math.isnan(found.value)
        assert math.isnan(found.p_value)


def test_without_weights_there_is_no_contrast():
    assert math.isnan(contrast_shift_test(np.arange(9.0), np.zeros(9)).p_value)


@EXAMPLES
@given(pairs(SMALL, low=3))
def test_ranks_see_only_the_order(xy):
    x, y = xy
    same = rank_shift_test(x, y)
    for transform in (lambda v: 5 * v - 2, lambda v: v**3 + v, np.exp, lambda v: 1e250 * v):
        assert rank_shift_test(transform(x), y) == pytest.approx(same, nan_ok=True)
        assert rank_shift_test(x, transform(y)) == pytest.approx(same, nan_ok=True)


@EXAMPLES
@given(pairs(SMALL, low=3), st.integers(0, 17))
def test_shifting_both_changes_nothing(xy, k):
    moved = [np.roll(v, k) for v in xy]
    assert rank_shift_test(*moved) == pytest.approx(rank_shift_test(*xy), abs=1e-9, nan_ok=True)
    assert contrast_shift_test(*moved) == pytest.approx(contrast_shift_test(*xy), abs=1e-9, nan_ok=True)


@EXAMPLES
@given(pairs(SMALL, low=3))
def test_the_sign_turns_with_the_series(xy):
    x, y = xy
    assert rank_shift_test(-x, y).value == pytest.approx(-rank_shift_test(x, y).value, nan_ok=True)
    assert contrast_shift_test(-x, y).value == pytest.approx(-contrast_shift_test(x, y).value, nan_ok=True)


@EXAMPLES
@given(st.floats(-10, 10), st.lists(st.floats(-10, 10), max_size=30))
def test_p_lies_between_one_shift_and_all(observed, shifted):
    p = shift_p_value(observed, np.array(shifted))
    assert 1 / (1 + len(shifted)) <= p <= 1
    assert p >= shift_p_value(observed + 1, np.array(shifted))


def test_two_runs_are_identical():
    x, y = np.random.default_rng(3).standard_normal((2, 240))
    assert rank_shift_test(x, y) == rank_shift_test(x.copy(), y.copy())
    assert contrast_shift_test(x, y) == contrast_shift_test(x.copy(), y.copy())


# ---- calibration: nominal 5 %, 600 pairs, so the standard error is 0.9 points


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9])
def test_independent_series_pass_by_chance_only(phi):
    x, y = (oracles.ar1(np.random.default_rng(seed), phi, (600, 120)) for seed in (11, 12))
    ranks = np.mean([rank_shift_test(a, b).p_value <= 0.05 for a, b in zip(x, y, strict=True)])
    contrast = np.mean([contrast_shift_test(a, b).p_value <= 0.05 for a, b in zip(x, y, strict=True)])
    assert 0.02 <= ranks <= 0.08
    assert 0.02 <= contrast <= 0.09


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9])
def test_a_pulse_is_passed_by_chance_only(phi):
    x = oracles.ar1(np.random.default_rng(13), phi, (600, 120))
    pulse = np.r_[np.zeros(50), np.ones(20), np.zeros(50)]
    ranks = np.mean([rank_shift_test(a, pulse).p_value <= 0.05 for a in x])
    contrast = np.mean([contrast_shift_test(a, pulse / 20 - (1 - pulse) / 100).p_value <= 0.05 for a in x])
    assert 0.02 <= ranks <= 0.08
    assert 0.02 <= contrast <= 0.08


def test_a_true_association_is_found():
    noise = oracles.ar1(np.random.default_rng(14), 0.5, (200, 120))
    pulse = np.r_[np.zeros(50), np.ones(20), np.zeros(50)]
    power = np.mean([rank_shift_test(a + 3 * pulse, pulse).p_value <= 0.05 for a in noise])
    assert power >= 0.95


# ---- contrasts in their own standard error


@EXAMPLES
@given(st.integers(0, 10**6), st.integers(3, 14), st.sampled_from([0.0, 0.3, 0.9, 0.98]))
def test_variances_are_the_double_sum_without_a_circle(seed, n, phi):
    w = np.random.default_rng(seed).standard_normal(n)
    slow = [oracles_timing.contrast_variance(w, phi, k) for k in range(n)]
    assert _contrast_variances(w, phi) == pytest.approx(slow, rel=1e-6, abs=1e-9 * float(w @ w))


@EXAMPLES
@given(st.integers(0, 10**6), st.sampled_from([1e-9, -4.0, 1e9]), st.integers(-9, 9))
def test_the_studentised_contrast_has_no_unit_origin_or_sign(seed, scale, offset):
    x = np.random.default_rng(seed).standard_normal(60)
    w = np.where(np.arange(60) < 20, 1 / 20, -1 / 40)
    one, other = studentised_contrast_test(x, w), studentised_contrast_test(scale * (x + offset), w)
    assert one.value == pytest.approx(contrast_shift_test(x, w).value, abs=1e-9)
    assert (other.value / scale, other.p_value) == pytest.approx((one.value, one.p_value), abs=1e-6)
    assert studentised_contrast_test(x, -w).p_value == pytest.approx(one.p_value)


@pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0], [4.0] * 60, list(range(60)), list(range(19))])
def test_a_studentised_contrast_that_cannot_be_decided(x):
    x = np.array(x, dtype=float)
    w = np.where(np.arange(len(x)) < len(x) // 2, 1.0, -1.0)
    assert math.isnan(studentised_contrast_test(x, np.roll(w, len(x) // 4)).p_value)
    assert math.isnan(studentised_contrast_test(x, np.zeros(len(x))).p_value)


@pytest.mark.parametrize(("phi", "n"), [(0.0, 120), (0.5, 120), (0.8, 500)])
def test_long_halves_are_passed_by_chance_only(phi, n):
    w = np.where(np.arange(n) < n // 2, -2 / n, 2 / n)
    x = oracles.ar1(np.random.default_rng(15), phi, (400, n))
    assert 0.02 <= np.mean([studentised_contrast_test(v, w).p_value <= 0.05 for v in x]) <= 0.08
