"""Slope and Mann-Kendall against all pairs; calibration on series without a trend."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.trend import block_means, trend
from tests import oracles, oracles_change

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
VALUES = st.integers(-40, 40).map(lambda v: v / 8) | st.just(math.nan)
ARRAYS = st.lists(VALUES, max_size=40).map(lambda v: np.array(v, dtype=float))


@EXAMPLES
@given(ARRAYS)
def test_trend_is_the_formula_on_its_block_means(x):
    found = trend(x)
    if math.isnan(found.slope):
        assert math.isnan(found.p_value)
        return
    means = block_means(x, found.block)
    at = np.flatnonzero(np.isfinite(means))
    y = means[at].tolist()
    assert found.slope == pytest.approx(oracles_change.theil_sen(y, at * found.block), abs=1e-12)
    score, _ = oracles_change.mann_kendall(y)
    assert found.tau == pytest.approx(score / (len(y) * (len(y) - 1) / 2))
    assert math.isnan(found.p_value) or (0 <= found.p_value <= 1 and found.slope_low <= found.slope <= found.slope_high)


@pytest.mark.parametrize("seed", range(6))
def test_p_is_mann_kendalls_with_widened_variance(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=60) + 0.02 * seed * np.arange(60)
    found = trend(x)
    expected = oracles_change.trend_p(x.tolist(), found.block, block_means(x, found.block).tolist())
    assert found.p_value == pytest.approx(expected, rel=1e-6)


@EXAMPLES
@given(st.integers(0, 99), st.integers(-20, 20).map(lambda k: 2.0**k), st.integers(-9, 9))
def test_unit_origin_and_direction(seed, scale, offset):
    x = np.random.default_rng(seed).integers(-64, 64, 50) / 8
    one, other = trend(x), trend(scale * (x + offset))
    assert other.slope == pytest.approx(one.slope * scale, abs=1e-9 * scale)
    assert (other.p_value, other.tau) == pytest.approx((one.p_value, one.tau), nan_ok=True)
    assert trend(-x).p_value == pytest.approx(one.p_value, nan_ok=True)


@pytest.mark.parametrize("x", [[], [1.0], [1, 2, 3], [2.0] * 30, [math.nan] * 30, [math.nan] * 27 + [1, 2, 3]])
def test_nothing_to_learn_is_nan(x):
    found = trend(np.array(x, dtype=float))
    assert math.isnan(found.slope)
    assert math.isnan(found.p_value)


def test_slow_and_short_is_refused_but_measured():
    rows = oracles.ar1(np.random.default_rng(2), 0.95, (100, 60))
    found = [trend(r) for r in rows]
    assert np.mean([math.isnan(f.p_value) for f in found]) >= 0.75
    assert all(math.isfinite(f.slope) for f in found)


@pytest.mark.parametrize(("phi", "n"), [(0.0, 100), (0.5, 200), (0.8, 400)])
def test_calibration(phi, n):
    found = [trend(r) for r in oracles.ar1(np.random.default_rng(5), phi, (300, n))]
    assert np.mean([f.p_value < 0.05 for f in found]) <= 0.08
    assert np.mean([f.slope_low <= 0 <= f.slope_high for f in found]) >= 0.92
