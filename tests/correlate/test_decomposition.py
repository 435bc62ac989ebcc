"""Shares of a matrix against the classical sums; the six kinds of failure of one matrix; what cannot be told."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.decomposition import decomposition
from tests import oracles_timing

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10**6)


def shares(d):
    return d.row_share, d.column_share, d.interaction_share


@EXAMPLES
@given(SEEDS, st.integers(2, 6), st.integers(2, 6))
def test_a_full_matrix_gives_the_classical_shares(seed, r, c):
    m = np.random.default_rng(seed).integers(0, 5, (r, c)).astype(float)
    if np.ptp(m):
        assert shares(decomposition(m)) == pytest.approx(oracles_timing.two_way(m), abs=1e-9)
        assert decomposition(m).shared == pytest.approx(0, abs=1e-9)


@EXAMPLES
@given(SEEDS, st.sampled_from([1e-9, -3.0, 1e9]), st.integers(-5, 5))
def test_unit_origin_order_and_transposition(seed, scale, offset):
    rng = np.random.default_rng(seed)
    m = rng.standard_normal((5, 4))
    m[rng.random(m.shape) < 0.15] = np.nan
    one = decomposition(m)
    for other in (scale * (m + offset), m[rng.permutation(5)][:, rng.permutation(4)]):
        assert decomposition(other) == pytest.approx(one, rel=1e-6, abs=1e-8, nan_ok=True)
    turned = decomposition(m.T)
    assert (turned.row_share, turned.row_p_value) == pytest.approx((one.column_share, one.column_p_value), nan_ok=True)


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        (slice(3, 4), slice(None), (1.0, 0.0, 0.0)),
        (slice(0, 6), slice(None), (0.99, 0.0, 0.01)),
        (slice(None), slice(2, 3), (0.0, 1.0, 0.0)),
        (slice(3, 4), slice(2, 3), (0.15, 0.07, 0.78)),
    ],
)
def test_the_kinds_of_failure(rows, columns, expected):
    found = []
    for seed in range(20):
        p = np.full((12, 6), 0.001)
        p[rows, columns] = 0.3
        found.append(shares(decomposition(np.random.default_rng(seed).binomial(400, p) / 400)))
    assert np.mean(found, axis=0) == pytest.approx(expected, abs=0.015)


def test_without_controls_the_shares_are_those_of_noise_and_p_says_so():
    found = [decomposition(np.random.default_rng(s).binomial(400, 0.3, (12, 6)) / 400) for s in range(200)]
    assert np.mean([d.row_share for d in found]) == pytest.approx(11 / 71, abs=0.02)
    assert np.mean([d.row_p_value <= 0.05 for d in found]) <= 0.09
    assert np.mean([d.column_p_value <= 0.05 for d in found]) <= 0.09


@pytest.mark.parametrize(
    "m", [np.ones((4, 1)), np.arange(5.0)[None], np.zeros((0, 3)), np.full((3, 3), np.nan), np.ones((3, 3))]
)
def test_one_row_one_column_and_no_variation_are_undecidable(m):
    assert all(math.isnan(v) for v in decomposition(m)[:6])


def test_rows_without_values_do_not_count_and_groups_apart_cannot_be_compared():
    m = np.random.default_rng(0).standard_normal((2, 4))
    assert math.isnan(decomposition(np.r_[m[:1], np.full((5, 4), np.nan)]).row_share)
    apart = np.array([[1.0, 2, np.nan, np.nan], [3, 5, np.nan, np.nan], [np.nan, np.nan, 1, 7], [np.nan, np.nan, 2, 9]])
    assert math.isnan(decomposition(apart).row_share)


def test_gaps_keep_a_row_a_row():
    m = np.zeros((6, 5))
    m[2] = 1.0
    m[0, 0] = m[2, 3] = m[5, 1] = np.nan
    found = decomposition(m)
    assert found.row_share + found.shared == pytest.approx(1.0)
    assert found.row_share > 0.9
    assert found.row_p_value < 1e-6
