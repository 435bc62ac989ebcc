"""Rank correlation against the loop over all shifts; the partial one against least squares; calibration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.comovement import comovement
from tests import oracles, oracles_timing

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10**6)


def series(seed, n=30, k=2, levels=None):
    v = np.random.default_rng(seed).standard_normal((k, n))
    return np.round(v * levels) if levels else v


@EXAMPLES
@given(SEEDS, st.integers(20, 33), st.sampled_from([None, 1, 3]))
def test_plain_is_the_loop_over_all_shifts(seed, n, levels):
    x, y = series(seed, n, levels=levels)
    found, (rho, p) = comovement(x, y), oracles_timing.comovement(x.tolist(), y.tolist())
    assert found.value == pytest.approx(rho, abs=1e-9, nan_ok=True)
    if found.n_eff >= 10:
        assert found.p_value == pytest.approx(p, abs=1e-9, nan_ok=True)
        assert found.low <= found.value <= found.high


@EXAMPLES
@given(SEEDS, st.sampled_from([None, 2]))
def test_partial_is_the_correlation_of_residuals(seed, levels):
    x, y, z = series(seed, 40, 3, levels)
    assert comovement(x + z, y - z, z).value == pytest.approx(oracles_timing.partial(x + z, y - z, z), abs=1e-9)


@EXAMPLES
@given(SEEDS, st.integers(0, 39))
def test_only_the_order_counts_and_the_sign_turns(seed, k):
    x, y, z = series(seed, 40, 3)
    for control in (None, z):
        one = comovement(x, y, control)
        for transform in (np.exp, lambda v: 5 * v - 2, lambda v: 1e9 * v):
            other = comovement(transform(x), y, control)
            assert (other.value, other.p_value) == pytest.approx((one.value, one.p_value), abs=1e-9, nan_ok=True)
        turned = comovement(-x, y, control)
        assert (turned.value, turned.p_value) == pytest.approx((-one.value, one.p_value), abs=1e-9, nan_ok=True)
    moved = comovement(np.roll(x, k), np.roll(y, k))
    assert moved.value == pytest.approx(comovement(x, y).value)


@EXAMPLES
@given(SEEDS)
def test_gaps_leave_the_known_pairs(seed):
    x, y = series(seed, 80)
    rng = np.random.default_rng(seed)
    x[rng.random(80) < 0.2], y[rng.random(80) < 0.2] = np.nan, np.nan
    both = np.isfinite(x) & np.isfinite(y)
    found = comovement(x, y)
    assert found.n == both.sum()
    assert found.value == pytest.approx(oracles.spearman(x[both], y[both]))
    assert math.isnan(found.p_value) or 1 / 80 <= found.p_value <= 1


@pytest.mark.parametrize("x", [[], [1.0], [np.nan] * 50, [3.0] * 50, [0.0, 1.0, 2.0]])
def test_what_does_not_vary_or_is_too_little_is_undecidable(x):
    x = np.array(x, dtype=float)
    for found in (comovement(x, np.arange(len(x)) * 1.0), comovement(np.arange(len(x)) * 1.0, x)):
        assert math.isnan(found.p_value)
        assert math.isnan(found.low)


def test_a_series_that_is_its_control_has_nothing_left():
    x, y = series(1, 60)
    assert math.isnan(comovement(x, y, x).value)
    assert math.isnan(comovement(np.arange(60.0), np.arange(60.0)).p_value)  # two trends: worth a few pairs


def test_a_third_series_explains_what_two_share():
    x, y, z = series(5, 300, 3)
    assert comovement(x + 2 * z, y + 2 * z).p_value <= 0.01
    assert comovement(x + 2 * z, y + 2 * z, z).p_value > 0.05
    assert comovement(x + 2 * z, y + x + 2 * z, z).p_value <= 0.01


def test_a_control_that_acts_by_its_square_is_held_fixed():
    x, y, z = series(6, 400, 3)
    assert comovement(x + 2 * z**2, y + 2 * z**2).p_value <= 0.01
    assert comovement(x + 2 * z**2, y + 2 * z**2, z).p_value > 0.05


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9])
def test_independent_series_pass_by_chance_only(phi):
    x, y, z = (oracles.ar1(np.random.default_rng(seed), phi, (400, 240)) for seed in (21, 22, 23))
    plain = np.mean([comovement(a, b).p_value <= 0.05 for a, b in zip(x, y, strict=True)])
    partial = np.mean([comovement(a + c, b + c, c).p_value <= 0.05 for a, b, c in zip(x, y, z, strict=True)])
    assert 0.02 <= plain <= 0.08
    assert 0.02 <= partial <= 0.085
