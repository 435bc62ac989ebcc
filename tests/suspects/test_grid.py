"""Placing samples on one grid: nothing is filled, nothing lost to jitter; rates against an oracle that loops."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.suspects.grid import Grid, common_grid, cumulated, placed, rates

SECOND = 1_000_000
STEP = 5 * SECOND


def rates_oracle(times, values):
    gaps = sorted(b - a for a, b in pairwise(times))
    usual = (gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]) / 2 if gaps else 0
    out = [float("nan")] * len(times)
    for i in range(1, len(times)):
        gap = times[i] - times[i - 1]
        if 0 < gap <= 2.5 * usual:
            rise = values[i] - values[i - 1] if values[i] >= values[i - 1] else values[i]
            out[i] = rise / (gap / 1e6)
    return out


@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1e6)), min_size=0, max_size=40))
def test_rates_agree_with_the_oracle(steps):
    times = np.cumsum([s * SECOND for s, _ in steps]).astype("i8")
    values = np.array([v for _, v in steps], dtype=float)
    np.testing.assert_allclose(rates(times, values), rates_oracle(times.tolist(), values.tolist()), rtol=1e-9)


@given(st.integers(0, STEP - 1), st.integers(0, 2**32 - 1))
def test_a_jittering_scrape_fills_each_step_once(phase, seed):
    n = 50
    jitter = np.random.default_rng(seed).integers(-20_000, 20_001, n)
    times = STEP * np.arange(1, n + 1) + phase + jitter
    grid = Grid(STEP, STEP, n + 2)
    found = placed(times, np.arange(n, dtype=float), grid)
    known = found[np.isfinite(found)]
    assert known.tolist() == np.arange(n).tolist()
    stamps = grid.first + grid.step * np.flatnonzero(np.isfinite(found))
    late = stamps - (times - jitter)
    assert (late >= -20_001).all()  # never stamped before it was known, but for the jitter
    assert (late <= STEP + 20_001).all()


def test_a_gap_stays_a_gap_and_several_in_a_step_give_their_mean():
    grid = Grid(STEP, STEP, 6)
    found = placed(np.array([5, 10, 25]) * SECOND, np.array([1.0, 2.0, 3.0]), grid)
    assert np.array_equal(found, [1, 2, np.nan, np.nan, 3, np.nan], equal_nan=True)
    found = placed(np.array([1, 2, 4, 13]) * SECOND, np.array([1.0, 2.0, 6.0, 9.0]), grid)
    assert np.array_equal(found, [3, np.nan, 9, np.nan, np.nan, np.nan], equal_nan=True)


def test_a_slow_series_is_not_spread_over_the_steps_between():
    times = np.arange(15, 120, 15) * SECOND
    found = placed(times, np.ones(len(times)), Grid(STEP, STEP, 30))
    assert np.isfinite(found).sum() == len(times)


@pytest.mark.parametrize("values", [[], [float("nan")] * 3])
def test_nothing_known_is_nothing_placed(values):
    assert np.isnan(placed(np.arange(len(values)) * STEP, np.array(values), Grid(STEP, STEP, 4))).all()


def test_the_common_grid_has_the_usual_step_and_needs_two_samples():
    times = np.r_[np.arange(0, 100, 5), np.arange(0, 90, 30)] * SECOND
    ids = np.r_[np.zeros(20), np.ones(3)]
    grid = common_grid(times, ids, 7 * SECOND, 33 * SECOND)
    assert (grid.first, grid.step, grid.n) == (10 * SECOND, STEP, 6)
    assert str(grid.stamps[0]) == "1970-01-01 00:00:10+00:00"
    assert common_grid(np.array([5, 5]), np.array([0, 1]), 0, 100) is None


@given(st.lists(st.integers(-100, 500), max_size=30))
def test_changes_are_counted_where_they_happened(seconds):
    grid = Grid(STEP, STEP, 40)
    times = np.sort(np.array(seconds, dtype="i8")) * SECOND
    want = [sum(0 < t <= stamp for t in times.tolist()) for stamp in (STEP * np.arange(1, 41)).tolist()]
    assert cumulated(times, grid).tolist() == want
