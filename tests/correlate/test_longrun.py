"""The error of an autocorrelated mean against sums over all pairs and frequencies."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate import longrun
from tests import oracles, oracles_change

FEW = settings(max_examples=15, deadline=None, derandomize=True)


def series(seed, n, gaps=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) + np.repeat(rng.normal(size=n), 2)[:n]
    x[rng.choice(n, gaps, replace=False)] = np.nan
    return x


def test_candidates():
    assert np.allclose(np.array(longrun.candidates()).T, oracles_change.candidates())


@FEW
@given(st.integers(0, 999), st.integers(4, 11), st.integers(0, 1), st.integers(1, 2))
def test_stretch_is_the_formula(seed, n, gaps, skip):
    x = series(seed, n, gaps)
    logs, variance = longrun.stretch_spread(x[None], skip=skip)
    if n <= 2 * skip:
        assert np.isnan(variance).all()
        return
    slow = oracles_change.stretch_spread(x.tolist(), skip)
    assert logs[0] == pytest.approx(slow[0], abs=1e-8)
    assert variance[0] == pytest.approx(slow[1], rel=1e-8)


@FEW
@given(st.integers(0, 999), st.integers(5, 10), st.integers(5, 8))
def test_contrast_p_and_half_width(seed, n, m):
    a, b = series(seed, n, 1), series(seed + 1, m)
    found = longrun.contrast_spread(a[None], b[None])
    weights, variances, freedoms, size = oracles_change.contrast_spread(a.tolist(), b.tolist())
    assert found.n_effective[0] == pytest.approx(size, rel=1e-6)
    assert longrun.p_value(np.array([0.7]), found)[0] == pytest.approx(
        oracles_change.mixture_p(0.7, weights, variances, freedoms), rel=1e-6
    )
    reach = longrun.half_width(found)
    assert longrun.p_value(reach, found)[0] == pytest.approx(0.05, abs=1e-6)


@FEW
@given(st.integers(0, 999), st.integers(-30, 30).map(lambda k: 2.0**k), st.integers(-100, 100))
def test_unit_and_origin_do_not_matter(seed, scale, offset):
    x = series(seed, 40, 5)
    one, other = longrun.stretch_spread(x[None]), longrun.stretch_spread((x + offset)[None] * scale)
    assert other[0][0] == pytest.approx(one[0][0], abs=1e-6)
    assert other[1][0] == pytest.approx(one[1][0] * scale**2, rel=1e-6)


@pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0], [3.0] * 9, [math.nan] * 9, [0.1 + 0.2] * 7])
def test_nothing_to_learn_is_nan(x):
    x = np.array(x, dtype=float)
    logs, variance = longrun.stretch_spread(x[None])
    assert (logs == 0).all()
    assert np.isnan(variance).all()
    found = longrun.contrast_spread(x[None], series(0, 20)[None])
    assert np.isnan(found.n_effective[0])
    assert np.isnan(longrun.p_value(np.array([1.0]), found)[0])


def test_no_rows():
    none = longrun.contrast_spread(np.zeros((0, 20)), np.zeros((0, 10)))
    assert len(longrun.half_width(none)) == len(longrun.p_value(np.zeros(0), none)) == 0


def test_rows_do_not_meet():
    x = np.stack([series(s, 30) for s in range(4)])
    together = longrun.contrast_spread(x[:, :20], x[:, 20:]).n_effective
    alone = [longrun.contrast_spread(r[None, :20], r[None, 20:]).n_effective[0] for r in x]
    assert together == pytest.approx(alone)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_effective_size_of_ar1(phi):
    rows = oracles.ar1(np.random.default_rng(3), phi, (200, 600))
    size = np.median(longrun.contrast_spread(rows[:, :300], rows[:, 300:]).n_effective)
    assert size == pytest.approx(600 * (1 - phi) / (1 + phi), rel=0.1)


@pytest.mark.parametrize(("share", "phi"), [(1.0, 0.8), (0.5, 0.9), (1.0, 0.0)])
def test_block_factor(share, phi):
    grid = longrun.candidates()
    at = np.argmin(np.abs(grid[0] - share) + np.abs(grid[1] - phi))
    weight = (np.arange(len(grid[0])) == at) * 1.0
    above, below = (oracles_change.expected_periodogram(float(grid[0][at]), float(grid[1][at]), n, 0) for n in (60, 5))
    assert longrun.block_factor(weight, n=60, block=5) == pytest.approx(above / below)
