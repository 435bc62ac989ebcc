"""Gaps against every placement of the stretch: loops, invariances, planted gaps found, random gaps not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.missingness import missingness_by_series, missingness_test
from tests import oracles_evidence as oracles

EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True)


@st.composite
def rasters(draw, low=0, high=40):
    n, series = draw(st.integers(low, high)), draw(st.integers(1, 3))
    row = st.lists(st.integers(0, 5).map(lambda v: v > 0), min_size=series, max_size=series)
    present = draw(st.lists(row, min_size=n, max_size=n))
    a, b = sorted((draw(st.integers(0, n)), draw(st.integers(0, n))))
    at = np.arange(n)
    return np.array(present, bool).reshape(n, series), (at >= a) & (at < b)


@EXAMPLES
@given(rasters())
def test_one_test_is_the_loop_over_all_placements(drawn):
    present, inside = drawn
    slow = oracles.missingness(present.tolist(), inside.tolist())
    assert tuple(missingness_test(present, inside)) == pytest.approx(slow, nan_ok=True)


@EXAMPLES
@given(rasters())
def test_each_series_is_a_test_of_its_own(drawn):
    present, inside = drawn
    found = missingness_by_series(present, inside)
    for i in range(present.shape[1]):
        alone = missingness_test(present[:, i], inside)
        assert tuple(float(v[i]) for v in found) == pytest.approx(tuple(map(float, alone)), nan_ok=True)


@EXAMPLES
@given(rasters(low=20), st.integers(0, 60))
def test_shifting_both_changes_no_p_and_no_share(drawn, k):
    present, inside = drawn
    moved = missingness_test(np.roll(present, k, axis=0), np.roll(inside, k))
    assert moved[:4] == pytest.approx(missingness_test(present, inside)[:4], nan_ok=True)


@EXAMPLES
@given(rasters(low=20))
def test_order_and_repetition_of_series_change_nothing(drawn):
    present, inside = drawn
    same = missingness_test(present, inside)
    assert missingness_test(present[:, ::-1], inside) == pytest.approx(same, nan_ok=True)
    assert missingness_test(np.repeat(present, 4, axis=1), inside) == pytest.approx(same, nan_ok=True)


@EXAMPLES
@given(rasters(low=20))
def test_reversing_time_changes_only_the_seam(drawn):
    present, inside = drawn
    back = missingness_test(present[::-1], inside[::-1])
    assert back == pytest.approx(missingness_test(present, inside), nan_ok=True)


@EXAMPLES
@given(rasters(low=20))
def test_p_is_a_share_of_placements_and_never_zero(drawn):
    present, inside = drawn
    p = missingness_test(present, inside).p_value
    assert math.isnan(p) or (1 / len(inside) - 1e-12 <= p <= 1 and (p * len(inside)) % 1 == pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(
    ("present", "inside"),
    [
        (np.ones(50, bool), np.arange(50) > 40),  # nothing missing
        (np.zeros(50, bool), np.arange(50) > 40),  # nothing there
        (np.arange(50) > 3, np.zeros(50, bool)),  # no step inside
        (np.arange(50) > 3, np.ones(50, bool)),  # none outside
        (np.arange(19) > 3, np.arange(19) < 3),  # no shift is rare enough
        (np.zeros(0, bool), np.zeros(0, bool)),
        (np.ones(1, bool), np.ones(1, bool)),
        (np.ones((50, 0), bool), np.arange(50) > 40),  # no series
    ],
)
def test_too_little_is_undecidable(present, inside):
    assert math.isnan(missingness_test(present, inside).p_value)


def test_no_series_give_empty_arrays():
    found = missingness_by_series(np.ones((30, 0), bool), np.arange(30) < 3)
    assert [v.shape for v in found] == [(0,)] * 5


def test_what_is_no_presence_is_refused():
    for present, inside in (
        (np.ones(30), np.ones(30, bool)),
        (np.ones(30, bool), np.ones(30)),
        (np.ones(30, bool), np.ones(29, bool)),
        (np.ones((30, 1, 1), bool), np.ones(30, bool)),
    ):
        with pytest.raises(ValueError, match=r"expected|agree"):
            missingness_test(present, inside)


@pytest.mark.parametrize("seed", range(20))
def test_gaps_planted_in_the_stretch_are_found(seed):
    rng = np.random.default_rng(seed)
    present = oracles.gaps(rng, 240, 8, 0.02, 3)
    inside = (np.arange(240) >= 150) & (np.arange(240) < 180)
    present[np.ix_(inside, range(4))] &= rng.random((30, 4)) < 0.6
    found = missingness_test(present, inside)
    assert found.p_value <= 0.05
    assert found.difference > 0.1


def test_one_short_gap_in_a_long_stretch_is_an_accident():
    at = np.arange(200)
    inside = (at >= 100) & (at < 150)
    assert missingness_test(~((at >= 110) & (at < 120)), inside).p_value == pytest.approx(41 / 200)
    assert missingness_test(~((at >= 102) & (at < 149)), inside).p_value == pytest.approx(4 / 200)


@pytest.mark.parametrize("length", [1, 10])
def test_random_gaps_are_not(length):
    present = oracles.gaps(np.random.default_rng(7), 240, 500, 0.1, length)
    found = missingness_by_series(present, (np.arange(240) >= 150) & (np.arange(240) < 180))
    assert np.mean(found.p_value <= 0.05) <= 0.05


def test_many_series_are_those_of_one_batch(monkeypatch):
    present = oracles.gaps(np.random.default_rng(8), 60, 40, 0.1, 4)
    inside = np.arange(60) < 9
    whole = missingness_by_series(present, inside)
    monkeypatch.setattr("analysis.correlate.missingness.BATCH", 7)
    for one, other in zip(missingness_by_series(present, inside), whole, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
