"""Coincidence of marks against the loop over all shifts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.coincidence import coincidence
from tests import oracles, oracles_timing

EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True)
ROWS = st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([True, True, True, False])), max_size=40)


@EXAMPLES
@given(ROWS)
def test_it_is_the_loop_over_all_shifts(rows):
    marks, target, seen = np.array(rows, dtype=bool).reshape(-1, 3).T
    found = coincidence(marks, target, seen)
    efficiency, deadtime, p = oracles_timing.coincidence(marks, target, seen) if len(rows) else (math.nan,) * 3
    assert (found.efficiency_ratio, found.deadtime_ratio) == pytest.approx((efficiency, deadtime), nan_ok=True)
    if not math.isnan(found.p_value):
        assert found.p_value == pytest.approx(p)
        assert found.n_eff >= 10


@EXAMPLES
@given(ROWS, st.integers(0, 39))
def test_shifting_both_changes_neither_share_nor_p(rows, k):
    marks, target, _ = np.array(rows, dtype=bool).reshape(-1, 3).T
    one, other = coincidence(marks, target), coincidence(np.roll(marks, k), np.roll(target, k))
    assert other[:2] == pytest.approx(one[:2], nan_ok=True)
    if not math.isnan(one.p_value + other.p_value):
        assert other.p_value == one.p_value


@pytest.mark.parametrize(("marks", "target"), [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("n", [0, 1, 19, 60])
def test_what_never_or_always_holds_is_undecidable(marks, target, n):
    found = coincidence(np.full(n, bool(marks)), np.full(n, bool(target)))
    assert math.isnan(found.p_value)
    assert math.isnan(found.efficiency_ratio) == (n == 0 or not target)


def test_one_long_stretch_in_each_is_worth_too_little():
    stretch = (np.arange(100) >= 40) & (np.arange(100) < 80)
    found = coincidence(stretch, stretch)
    assert found.efficiency_ratio == 1.0
    assert found.deadtime_ratio == 0.4
    assert math.isnan(found.p_value)


def test_repeated_coincidence_is_found_and_chance_is_not():
    at = np.random.default_rng(1).random(200) < 0.08
    assert coincidence(at, at).p_value == 1 / 200
    x, y = (oracles.ar1(np.random.default_rng(seed), 0.5, (400, 120)) > 1.5 for seed in (41, 42))
    assert np.mean([coincidence(a, b).p_value <= 0.05 for a, b in zip(x, y, strict=True)]) <= 0.07
