"""Co-movement and departures against loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.suspects.timing import FEWEST_PAIRS, STAYS, co_movement, first_departures
from tests import oracles_suspects as oracles

EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
VALUES = st.integers(-40, 40).map(lambda v: v / 8) | st.sampled_from([0.0, math.nan])
PAIRS = st.lists(st.tuples(VALUES, VALUES), max_size=16)


@EXAMPLES
@given(PAIRS)
def test_co_movement_is_the_formula(pairs):
    x, y = [p[0] for p in pairs], [p[1] for p in pairs]
    found = co_movement(np.array([x], dtype=float), np.array(y, dtype=float))[0]
    assert found == pytest.approx(oracles.pearson(x, y, FEWEST_PAIRS), nan_ok=True, abs=1e-9)


@EXAMPLES
@given(PAIRS, st.integers(-30, 30).map(lambda k: 2.0**k), st.integers(-512, 512), st.randoms())
def test_co_movement_has_no_unit_no_origin_and_no_order(pairs, scale, origin, random):
    x, y = np.array(pairs, dtype=float).reshape(-1, 2).T
    order = random.sample(range(len(x)), len(x))
    one, other = co_movement(x[None], y)[0], co_movement(-scale * (x[None, order] + origin), y[order])[0]
    assert other == pytest.approx(-one, nan_ok=True, abs=1e-9)
    assert co_movement(y[None], x)[0] == pytest.approx(one, nan_ok=True, abs=1e-9)
    assert np.isnan(one) or -1 <= one <= 1


@pytest.mark.parametrize("origin", [0.0, 0.1, 1e6, 1e12])
def test_a_far_origin_hides_no_movement_and_a_constant_has_none(origin):
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    assert co_movement(y[None] * 100 + origin, y)[0] == pytest.approx(1.0, abs=1e-6)
    assert np.isnan(co_movement(np.full((1, 60), origin), y)[0])


@EXAMPLES
@given(st.lists(VALUES, max_size=16), VALUES, VALUES)
def test_departure_is_the_loop(values, usual, shift):
    usual = 0.0 if math.isnan(usual) else usual
    found = first_departures(np.array([values], dtype=float), np.array([usual]), np.array([shift]))
    assert found.tolist() == [oracles.first_departure(values, usual, shift, STAYS)]


@EXAMPLES
@given(st.lists(VALUES, max_size=16), st.integers(-8, 8), st.integers(-20, 20).map(lambda k: 2.0**k))
def test_departure_has_no_unit_and_no_sign(values, shift, scale):
    x = np.array([values], dtype=float)
    one = first_departures(x, np.array([1.0]), np.array([float(shift)]))
    assert first_departures(-scale * x, np.array([-scale]), np.array([-scale * shift])).tolist() == one.tolist()


def test_one_outlier_is_no_departure_and_a_gap_hides_none():
    usual, shift = np.zeros(4), np.full(4, 9.0)
    x = np.array([[0, 9, 0, 0, 0.0], [0, 9, np.nan, 9, 9], [9, 9, 9, 9, 9], [0, 0, 0, 0, 9]])
    assert first_departures(x, usual, shift).tolist() == [-1, 1, 0, 4]


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (1, 1)])
def test_nothing_given(shape):
    assert first_departures(np.zeros(shape), np.zeros(shape[0]), np.ones(shape[0])).tolist() == [-1] * shape[0]
    assert np.isnan(co_movement(np.zeros(shape), np.zeros(shape[1]))).all()
