"""The error of an autocorrelated mean against sums over all pairs and frequencies."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate import longrun
from tests import oracles_change

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


@pytest.mark.parametrize(("share", "phi"), [(1.0, 0.8), (0.5, 0.9), (1.0, 0.0)])
def test_block_factor(share, phi):
    grid = longrun.candidates()
    at = np.argmin(np.abs(grid[0] - share) + np.abs(grid[1] - phi))
    weight = (np.arange(len(grid[0])) == at) * 1.0
    above, below = (oracles_change.expected_periodogram(float(grid[0][at]), float(grid[1][at]), n, 0) for n in (60, 5))
    assert longrun.block_factor(weight, n=60, block=5) == pytest.approx(above / below)


@FEW
@given(st.integers(0, 999), st.sampled_from([2.0, 8.0, 30.0]), st.integers(5, 200))
def test_guarded_is_the_formula(seed, scale, n):
    rng = np.random.default_rng(seed)
    weight, size = rng.exponential(size=(3, 156)) ** 3, scale * rng.exponential(size=(3, 156))
    weight /= weight.sum(axis=1, keepdims=True)
    found = longrun.guarded(weight, size, np.full(3, float(n)))
    slow = [oracles_change.guarded(w.tolist(), s.tolist(), n) for w, s in zip(weight, size, strict=True)]
    assert np.allclose(found, slow)
    assert np.allclose(found.sum(axis=1), 1)


def test_guarded_keeps_what_excludes_nothing():
    weight = longrun.candidates()[2][None]
    assert np.array_equal(longrun.guarded(weight, np.full(weight.shape, np.nan), np.array([60.0])), weight)
    none = longrun.guarded(weight, np.full(weight.shape, 1.0), np.array([60.0]))[0]
    assert none[longrun.candidates()[0] > 0.75].sum() == 0


@pytest.mark.parametrize("n", [1, 2, 3, 10, 61])
def test_the_variance_of_a_mean_in_closed_form_is_the_sum_over_all_pairs(n):
    slow = [oracles_change.expected_periodogram(s, f, n, 0) / n for s, f, _ in oracles_change.candidates()]
    assert longrun.mean_shares(n) == pytest.approx(slow, rel=1e-9)
