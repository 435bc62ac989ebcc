"""Lag of changes against the loop over lags; what steps, gaps and constants do to it; calibration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.lag import lag_of_changes
from tests import oracles, oracles_timing

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10**6)


def walks(seed, n=60, holes=0.0):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, n)).cumsum(axis=1)
    for v in (x, y):
        v[rng.random(n) < holes] = np.nan
    return x, y


@EXAMPLES
@given(SEEDS, st.sampled_from([0.0, 0.2]), st.integers(0, 6))
def test_the_lag_is_that_of_the_loop(seed, holes, max_lag):
    x, y = walks(seed, holes=holes)
    found, slow = lag_of_changes(x, y, max_lag=max_lag, draws=19), oracles_timing.lag_correlations(x, y, max_lag)
    assert found.correlation == pytest.approx(max(slow, key=abs), abs=1e-9)
    assert slow[int(found.lag) + max_lag] == pytest.approx(found.correlation, abs=1e-9)
    if not math.isnan(found.p_value):
        assert -max_lag <= found.low <= found.lag <= found.high <= max_lag
        assert 1 / 20 <= found.p_value <= 1


@EXAMPLES
@given(SEEDS, st.sampled_from([1e-9, 0.5, 1e9]), st.integers(-100, 100))
def test_it_has_neither_unit_nor_level(seed, scale, offset):
    x, y = walks(seed)
    one, other = (lag_of_changes(v, y, max_lag=4, draws=19) for v in (x, scale * (x + offset)))
    assert other == pytest.approx(one, rel=1e-6, abs=1e-9)


@EXAMPLES
@given(SEEDS)
def test_it_turns_with_the_order_and_keeps_with_the_sign(seed):
    x, y = walks(seed)
    one = lag_of_changes(x, y, max_lag=4, draws=19)
    assert lag_of_changes(y, x, max_lag=4, draws=19).lag == -one.lag
    turned = lag_of_changes(-x, y, max_lag=4, draws=19)
    assert (turned.lag, turned.low, turned.high, turned.correlation) == pytest.approx(
        (one.lag, one.low, one.high, -one.correlation)
    )


@pytest.mark.parametrize("true", [-4, 0, 3])
def test_a_true_lag_is_found(true):
    x = np.random.default_rng(2).standard_normal(130).cumsum()
    found = lag_of_changes(x[10:120], x[10 - true : 120 - true], max_lag=6)
    assert (found.lag, found.low, found.high, found.p_value) == (true, true, true, 0.001)


def test_two_steps_are_one_coincidence_and_no_more():
    """Levels that both step correlate at .98; their changes meet by chance in about 2 (2 max_lag + 1) / n of draws."""
    rng = np.random.default_rng(4)
    step = (np.arange(120) >= 60) * 20.0
    x, y = step + rng.standard_normal(120), np.roll(step, 3) + rng.standard_normal(120)
    y[:3] = rng.standard_normal(3)
    assert np.corrcoef(x, y)[0, 1] > 0.9
    found = lag_of_changes(x, y, max_lag=5)
    assert found.lag == 3
    assert found.p_value >= 0.03


@pytest.mark.parametrize("x", [[], [1.0], [np.nan] * 40, [3.0] * 40, [0.0, 1.0, 2.0]])
def test_what_does_not_change_is_undecidable(x):
    x = np.array(x, dtype=float)
    found = lag_of_changes(x, np.random.default_rng(0).standard_normal(len(x)), max_lag=2)
    assert math.isnan(found.lag)
    assert math.isnan(found.p_value)


def test_a_search_as_long_as_the_series_and_a_negative_one():
    x, y = walks(1, 20)
    assert math.isnan(lag_of_changes(x, y, max_lag=10).lag)
    with pytest.raises(ValueError, match="max_lag is -1 steps"):
        lag_of_changes(x, y, max_lag=-1)


def test_two_runs_are_identical():
    x, y = walks(3)
    assert lag_of_changes(x, y, max_lag=5) == lag_of_changes(x.copy(), y.copy(), max_lag=5)


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_independent_series_pass_by_chance_only(phi):
    x, y = (oracles.ar1(np.random.default_rng(seed), phi, (300, 120)) for seed in (31, 32))
    p = [lag_of_changes(a, b, max_lag=5, draws=99, seed=i).p_value for i, (a, b) in enumerate(zip(x, y, strict=True))]
    assert 0.015 <= np.mean(np.array(p) <= 0.05) <= 0.09
