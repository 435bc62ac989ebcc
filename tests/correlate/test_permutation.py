"""Permutation p-values against complete enumeration."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.permutation import block_permutation_p, circular_shift_p, decorrelation_block
from tests import oracles, oracles_change

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


@EXAMPLES
@given(st.lists(st.integers(-20, 20), min_size=10, max_size=25), st.integers(0, 99))
def test_shifts_are_all_shifts(x, seed):
    x = np.array(x, dtype=float)
    y = np.random.default_rng(seed).integers(-5, 5, len(x)) * 1.0
    assert circular_shift_p(x, lambda rows: rows @ y) == pytest.approx(
        oracles_change.circular_shift_p(x.tolist(), lambda v: float(np.dot(v, y)))
    )


@pytest.mark.parametrize("seed", range(3))
def test_some_shifts_are_near_all_of_them(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 600))
    one = circular_shift_p(x, lambda rows: rows @ y)
    assert circular_shift_p(x, lambda rows: rows @ y, shifts=299) == pytest.approx(one, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_blocks_agree_with_every_order(seed):
    """Ten blocks have 3.6 million orders; a statistic of two blocks' places has 90 from each start."""
    rng = np.random.default_rng(seed)
    x = np.repeat(rng.integers(-6, 6, 10), 2) * 1.0

    def statistic(rows):
        return rows[:, 0] + rows[:, 1] - rows[:, 2] - rows[:, 3]

    turned = [np.roll(x, -s).reshape(10, 2).sum(axis=1) for s in range(20)]
    every = [abs(a - b) for blocks in turned for a, b in itertools.permutations(blocks, 2)]
    expected = np.mean([v >= abs(x[:2].sum() - x[2:4].sum()) - 1e-9 for v in every])
    assert block_permutation_p(x, statistic, block=2, permutations=2999) == pytest.approx(expected, abs=0.05)


def test_enumeration_of_few_values_by_the_slow_version():
    x = [3.0, 1.0, 0.0, 2.0]
    assert oracles_change.block_permutation_p(x, lambda v: v[0] - v[1], 1) == pytest.approx(
        np.mean([abs(a - b) >= 2 for a, b in itertools.permutations(x, 2)])
    )


def test_every_row_is_a_permutation_and_runs_are_kept():
    seen = []

    def statistic(rows):
        seen.append(rows)
        return rows[:, 0]

    block_permutation_p(np.arange(43.0), statistic, block=4, permutations=50)
    assert (np.sort(seen[1], axis=1) == np.arange(43)).all()
    assert (np.sum(np.diff(seen[1], axis=1) % 43 == 1, axis=1) >= 32).all()  # eleven blocks, ten seams


@EXAMPLES
@given(st.integers(0, 99), st.integers(-9, 9).map(lambda k: 2.0**k))
def test_unit_and_seed(seed, scale):
    x = np.random.default_rng(seed).integers(-9, 9, 40) * 1.0
    weights = np.repeat([-1.0, 1.0], 20)
    one = block_permutation_p(x, lambda rows: rows @ weights, block=2, permutations=99)
    assert one == block_permutation_p(scale * x, lambda rows: rows @ weights, block=2, permutations=99)
    assert 0.01 <= one <= block_permutation_p(x, lambda rows: rows @ weights, block=2, permutations=99, widen=1.5) <= 1


def test_ties_count_against_the_observed():
    assert block_permutation_p(np.ones(40), lambda rows: rows.sum(axis=1), block=2) == 1.0
    assert circular_shift_p(np.ones(40), lambda rows: rows[:, 0]) == 1.0


@pytest.mark.parametrize("x", [[], [1.0], [1.0] * 9])
def test_too_little_is_refused(x):
    x = np.array(x, dtype=float)
    assert math.isnan(circular_shift_p(x, lambda rows: rows.sum(axis=1)))
    assert math.isnan(block_permutation_p(x, lambda rows: rows.sum(axis=1), block=1))
    assert decorrelation_block(x).block == 0


def test_unknown_statistics_and_wrong_blocks():
    x = np.r_[np.arange(39.0), np.nan]
    assert math.isnan(circular_shift_p(x, lambda rows: rows.sum(axis=1)))
    with pytest.raises(ValueError, match="at least 1"):
        block_permutation_p(x, lambda rows: rows.sum(axis=1), block=0)


@pytest.mark.parametrize(("phi", "n"), [(0.0, 100), (0.8, 400)])
def test_blocks_are_calibrated(phi, n):
    p, weights = [], np.repeat([-2 / n, 2 / n], n // 2)
    for row in oracles.ar1(np.random.default_rng(9), phi, (200, n)):
        blocks = decorrelation_block(row - np.repeat([row[: n // 2].mean(), row[n // 2 :].mean()], n // 2))
        p.append(block_permutation_p(row, lambda rows: rows @ weights, **blocks._asdict(), permutations=99))
    assert np.mean(np.array(p) <= 0.05) <= 0.095
