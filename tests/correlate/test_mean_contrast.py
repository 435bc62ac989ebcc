"""The error of a difference of means, its p and its interval against the formulas written out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate import mean_contrast
from tests import oracles, oracles_change
from tests.correlate.test_longrun import series

FEW = settings(max_examples=15, deadline=None, derandomize=True)


@FEW
@given(st.integers(0, 999), st.integers(5, 10), st.integers(5, 8))
def test_contrast_p_and_half_width(seed, n, m):
    a, b = series(seed, n, 1), series(seed + 1, m)
    found = mean_contrast.contrast_spread(a[None], b[None])
    weights, variances, freedoms, size = oracles_change.contrast_spread(a.tolist(), b.tolist())
    assert found.n_effective[0] == pytest.approx(size, rel=1e-6)
    assert mean_contrast.p_value(np.array([0.7]), found)[0] == pytest.approx(
        oracles_change.mixture_p(0.7, weights, variances, freedoms), rel=1e-6
    )
    reach = mean_contrast.half_width(found)
    assert mean_contrast.p_value(reach, found)[0] == pytest.approx(0.05, abs=1e-6)


def test_no_rows():
    none = mean_contrast.contrast_spread(np.zeros((0, 20)), np.zeros((0, 10)))
    assert len(mean_contrast.half_width(none)) == len(mean_contrast.p_value(np.zeros(0), none)) == 0


def test_rows_do_not_meet():
    x = np.stack([series(s, 30) for s in range(4)])
    together = mean_contrast.contrast_spread(x[:, :20], x[:, 20:]).n_effective
    alone = [mean_contrast.contrast_spread(r[None, :20], r[None, 20:]).n_effective[0] for r in x]
    assert together == pytest.approx(alone)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_effective_size_of_ar1(phi):
    rows = oracles.ar1(np.random.default_rng(3), phi, (200, 600))
    size = np.median(mean_contrast.contrast_spread(rows[:, :300], rows[:, 300:]).n_effective)
    assert size == pytest.approx(600 * (1 - phi) / (1 + phi), rel=0.1)


@FEW
@given(st.integers(0, 999), st.integers(-30, 30).map(lambda k: 2.0**k), st.integers(-100, 100))
def test_unit_and_origin_change_neither_p_nor_size(seed, scale, offset):
    a, b = series(seed, 40, 5)[None], series(seed + 1, 30)[None]
    one = mean_contrast.contrast_spread(a, b)
    other = mean_contrast.contrast_spread((a + offset) * scale, (b + offset) * scale)
    assert other.n_effective == pytest.approx(one.n_effective, rel=1e-6)
    reach = [mean_contrast.half_width(v)[0] for v in (one, other)]
    assert reach[1] == pytest.approx(reach[0] * scale, rel=1e-6)
    p = [mean_contrast.p_value(np.array([0.5 * k]), v)[0] for k, v in ((1.0, one), (scale, other))]
    assert p[1] == pytest.approx(p[0], rel=1e-6)


@pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0], [3.0] * 9, [math.nan] * 9])
def test_nothing_to_learn_is_nan(x):
    found = mean_contrast.contrast_spread(np.array(x, dtype=float)[None], series(0, 20)[None])
    assert np.isnan(found.n_effective[0])
    assert np.isnan(mean_contrast.p_value(np.array([1.0]), found)[0])
    assert np.isnan(mean_contrast.half_width(found)[0])


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("seed", range(3))
def test_the_half_width_is_where_p_falls_to_one_less_the_level(seed, level):
    found = mean_contrast.contrast_spread(series(seed, 30)[None], series(seed + 1, 20)[None])
    reach = mean_contrast.half_width(found, level=level)
    assert mean_contrast.p_value(reach, found)[0] == pytest.approx(1 - level, abs=1e-7)
