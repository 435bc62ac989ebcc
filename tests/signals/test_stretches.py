"""Unions of stretches and their share of steps, against counting single microseconds."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.stretches import share_of_steps, union

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda p: [p[0], p[0] + p[1]]), max_size=8)


def as_array(pairs):
    return np.array(pairs, dtype="i8").reshape(-1, 2)


def moments(pairs):
    return {t for start, end in pairs for t in range(start, end)}


@given(PAIRS)
def test_a_union_is_disjoint_in_order_and_covers_the_same(pairs):
    found = union(as_array(pairs))
    assert moments(found.tolist()) == moments(pairs)
    assert (found[:, 1] > found[:, 0]).all()
    assert (found[1:, 0] > found[:-1, 1]).all()


@given(PAIRS, st.lists(st.integers(0, 80), min_size=2, max_size=8, unique=True).map(sorted))
def test_the_share_of_a_step_is_what_counting_gives(pairs, edges):
    held = moments(pairs)
    expected = [len(held & set(range(a, b))) / (b - a) for a, b in pairwise(edges)]
    np.testing.assert_allclose(share_of_steps(as_array(pairs), np.array(edges)), expected, atol=1e-12)


def test_nothing_covers_nothing():
    assert share_of_steps(as_array([]), np.array([0, 1, 2])).tolist() == [0, 0]
    assert len(share_of_steps(as_array([[0, 1]]), np.array([5]))) == 0
