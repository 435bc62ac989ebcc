"""The worth of pairs against the double sum over all known steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.effective_pairs import effective_pairs, lag_one
from tests import oracles, oracles_timing

EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True)
VALUES = st.integers(-8, 8).map(float) | st.just(float("nan"))
PAIRS = st.lists(st.tuples(VALUES, VALUES), max_size=25).map(lambda v: np.array(v, dtype=float).reshape(-1, 2).T)


@EXAMPLES
@given(PAIRS)
def test_both_are_the_formulas(xy):
    x, y = xy
    assert lag_one(x) == pytest.approx(oracles_timing.lag_one(x.tolist()), abs=1e-9)
    assert effective_pairs(x, y) == pytest.approx(oracles_timing.effective_pairs(x.tolist(), y.tolist()), rel=1e-6)


@EXAMPLES
@given(PAIRS, st.integers(-9, 9), st.sampled_from([-2.0, 0.125, 1024.0]))
def test_neither_has_a_unit_nor_an_order(xy, offset, scale):
    x, y = xy
    assert lag_one(x * scale + offset) == pytest.approx(lag_one(x), abs=1e-9)
    assert effective_pairs(x * scale + offset, y) == pytest.approx(effective_pairs(x, y), rel=1e-6)
    assert effective_pairs(y, x) == pytest.approx(effective_pairs(x, y), rel=1e-6)
    assert 0 <= effective_pairs(x, y) <= np.count_nonzero(np.isfinite(x) & np.isfinite(y))


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_the_worth_of_long_series_is_the_closed_form(phi):
    x, y = (oracles.ar1(np.random.default_rng(seed), phi, (100, 500)) for seed in (1, 2))
    found = np.median([effective_pairs(a, b) for a, b in zip(x, y, strict=True)])
    assert found == pytest.approx(500 * (1 - phi**2) / (1 + phi**2), rel=0.06)


@pytest.mark.parametrize("x", [[], [1.0], [np.nan] * 9, [3.0] * 9, [1.0, np.nan, 2.0, np.nan, 4.0]])
def test_nothing_known_of_neighbours_is_no_autocorrelation(x):
    assert lag_one(np.array(x, dtype=float)) == 0.0
