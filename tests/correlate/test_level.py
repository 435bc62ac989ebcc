"""Hodges-Lehmann and Cliff's delta against all pairs; intervals and p on series whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.level import LevelShift, level_shift, level_shifts, pairwise
from tests import oracles, oracles_change

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
VALUES = st.integers(-40, 40).map(lambda v: v / 8) | st.just(math.nan)


def arrays(low=0, high=25):
    return st.lists(VALUES, min_size=low, max_size=high).map(lambda v: np.array(v, dtype=float))


@EXAMPLES
@given(arrays(), arrays())
def test_shift_and_delta_are_those_of_all_pairs(before, after):
    found = level_shift(before, after)
    assert found.shift == pytest.approx(oracles_change.hodges_lehmann(before.tolist(), after.tolist()), nan_ok=True)
    assert found.delta == pytest.approx(oracles_change.cliffs_delta(before.tolist(), after.tolist()), nan_ok=True)
    assert math.isnan(found.p_value) == math.isnan(found.shift_low) == math.isnan(found.delta_low)
    assert math.isnan(found.p_value) == (not found.n_effective >= 10)
    if not math.isnan(found.p_value):
        assert 0 <= found.p_value <= 1
        assert found.shift_low <= found.shift <= found.shift_high
        assert -1 <= found.delta_low <= found.delta <= found.delta_high <= 1


@EXAMPLES
@given(st.integers(0, 99), st.integers(-8, 8).map(lambda k: 2.0**k), st.integers(-9, 9))
def test_unit_and_origin(seed, scale, offset):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 64, 40) / 8, rng.integers(0, 64, 25) / 8 + seed % 3
    one, other = level_shift(a, b), level_shift(a * scale + offset, b * scale + offset)
    assert other[:3] == pytest.approx([v * scale for v in one[:3]], nan_ok=True)
    assert other[3:] == pytest.approx(one[3:], nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_other_way_round_only_the_sign_changes(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=40), rng.normal(size=40) + 0.5
    one, other = level_shift(a, b), level_shift(b, a)
    assert one.shift == pytest.approx(-other.shift)
    assert (one.delta_low, one.delta_high) == pytest.approx((-other.delta_high, -other.delta_low))
    assert one.p_value == pytest.approx(other.p_value)


@pytest.mark.parametrize("seed", range(5))
def test_p_is_that_of_the_aligned_placements(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=12), rng.normal(size=9) + seed / 4
    b[3] = math.nan
    shift = oracles_change.hodges_lehmann(a.tolist(), b.tolist())
    aligned = [oracles_change.placements(x.tolist(), y.tolist()) for x, y in ((a, b - shift), (b - shift, a))]
    *mixture, size = oracles_change.contrast_spread(*aligned)
    found = level_shift(a, b)
    assert found.n_effective == pytest.approx(size, rel=1e-6)
    if size >= 10:
        p = oracles_change.mixture_p(oracles_change.cliffs_delta(a.tolist(), b.tolist()) / 2, *mixture)
        assert found.p_value == pytest.approx(p, rel=1e-5)


def test_gaps_infinities_and_rows():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(3, 50)), rng.normal(size=(3, 30))
    a[:, 7], b[1, 4] = np.nan, np.inf
    rows = level_shifts(a, b)
    for i in range(3):
        assert level_shift(a[i], b[i]) == pytest.approx(LevelShift(*(v[i] for v in rows)))
    b[1, 4] = np.nan
    assert level_shift(a[1], b[1]).shift == pytest.approx(rows[0][1])


@pytest.mark.parametrize(("n", "m"), [(0, 0), (1, 1), (0, 9), (30, 1), (30, 2)])
def test_too_little_is_refused(n, m):
    assert math.isnan(level_shift(np.arange(n) % 3 * 1.0, np.ones(m)).p_value)


def test_constants_are_measured_but_not_decided():
    found = level_shift(np.zeros(40), np.ones(40))
    assert (found.shift, found.delta) == (1.0, 1.0)
    assert math.isnan(found.p_value)
    assert pairwise(np.zeros(0), np.ones(2))[0].tolist() == []


@pytest.mark.parametrize(("phi", "n"), [(0.0, 100), (0.5, 200), (0.8, 400)])
def test_calibration_and_coverage(phi, n):
    x = oracles.ar1(np.random.default_rng(41), phi, (400, n))
    _, low, high, _, delta_low, delta_high, p, _ = level_shifts(x[:, : n // 2], x[:, n // 2 :])
    assert 0.02 <= np.mean(p < 0.05) <= 0.08  # 400 replicates; the benchmark has the sharp bounds
    assert 0.92 <= np.mean((low <= 0) & (high >= 0)) <= 0.98
    assert 0.92 <= np.mean((delta_low <= 0) & (delta_high >= 0)) <= 0.98


def test_a_shift_is_found():
    x = oracles.ar1(np.random.default_rng(42), 0.5, (100, 120))
    assert np.mean(level_shifts(x[:, :60], x[:, 60:] + 2 / math.sqrt(0.75))[6] < 0.05) >= 0.95
