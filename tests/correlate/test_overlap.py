"""Counts of coarse steps in fine intervals, against every placement of every hit on its slots."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.overlap import counts_within
from tests import oracles

EXAMPLES = settings(max_examples=80, deadline=None, derandomize=True)


@st.composite
def coarse(draw, steps=3, slots=5):
    """Edges on whole slots, hits and slots of each step; a slot of step j is widths[j] long."""
    k = draw(st.integers(1, steps))
    s = draw(st.lists(st.integers(1, slots), min_size=k, max_size=k))
    c = [draw(st.integers(0, n)) for n in s]
    widths = draw(st.lists(st.integers(1, 3), min_size=k, max_size=k))
    edges = np.cumsum([0, *(n * w for n, w in zip(s, widths, strict=True))]).astype(float)
    joints = [edges[j] + i * widths[j] for j in range(k) for i in range(s[j])] + [edges[-1]]
    a, b = sorted((draw(st.sampled_from(joints)), draw(st.sampled_from(joints))))
    return edges, np.array(c, float), np.array(s, float), float(a), float(b)


def within(a, b, edges, c, s):
    return [float(v[0]) for v in counts_within(np.array([a]), np.array([b]), edges, c, s)]


@EXAMPLES
@given(coarse())
def test_bounds_are_those_of_every_placement(drawn):
    edges, c, s, a, b = drawn
    slow = oracles.counts_within(a, b, edges, c.astype(int).tolist(), s.astype(int).tolist())
    assert within(a, b, edges, c, s) == pytest.approx(slow, abs=1e-9)


def random_case(seed, k=40, m=200):
    rng = np.random.default_rng(seed)
    edges = np.cumsum(np.r_[rng.uniform(-5, 5), rng.uniform(0.1, 5, k)])
    s = rng.integers(0, 60, k).astype(float)
    c = np.floor(s * rng.uniform(0, 1, k))
    a = rng.uniform(edges[0] - 5, edges[-1] + 5, m)
    return edges, c, s, a, a + rng.exponential(8, m)


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_the_bounds(seed):
    edges, c, s, a, b = random_case(seed)
    low, mid, high, capacity = counts_within(a, b, edges, c, s)
    assert (low >= 0).all()
    assert (low <= mid + 1e-9).all()
    assert (mid <= high + 1e-9).all()
    assert (high <= capacity + 1e-9).all()
    assert (capacity <= s.sum() + 1e-9).all()


@pytest.mark.parametrize("seed", range(8))
def test_a_partition_adds_up(seed):
    edges, c, s, *_ = random_case(seed)
    cuts = np.sort(np.random.default_rng(seed + 100).uniform(edges[0], edges[-1], 57))
    cuts = np.r_[edges[0] - 1, cuts, edges[-1] + 1]
    low, mid, high, capacity = counts_within(cuts[:-1], cuts[1:], edges, c, s)
    assert mid.sum() == pytest.approx(c.sum())
    assert capacity.sum() == pytest.approx(s.sum())
    assert low.sum() <= c.sum() + 1e-9 <= high.sum() + 2e-9


@pytest.mark.parametrize("seed", range(4))
def test_a_longer_interval_holds_no_less(seed):
    edges, c, s, a, b = random_case(seed)
    for one, other in zip(counts_within(a, b, edges, c, s), counts_within(a - 0.7, b + 0.4, edges, c, s), strict=True):
        assert (other >= one - 1e-9).all()


def test_the_steps_themselves_are_certain():
    edges, c, s, *_ = random_case(1)
    low, mid, high, capacity = counts_within(edges[:-1], edges[1:], edges, c, s)
    assert low == pytest.approx(c, abs=1e-9)
    assert mid == pytest.approx(c)
    assert high == pytest.approx(c)
    assert capacity == pytest.approx(s)


def test_unknown_steps_hold_no_slots():
    edges, c, s, a, b = random_case(2)
    holes = np.arange(len(c)) % 3 == 0
    for unknown in ((np.where(holes, np.nan, c), s), (c, np.where(holes, np.nan, s))):
        known = np.where(holes, 0.0, c), np.where(holes, 0.0, s)
        for one, other in zip(counts_within(a, b, edges, *unknown), counts_within(a, b, edges, *known), strict=True):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize(("a", "b"), [(-9, -3), (-3, 0), (10, 11), (20, 30), (4, 4), (5, 5), (0, 0)])
def test_nothing_lies_outside_or_in_a_point(a, b):
    assert within(a, b, np.array([0.0, 5, 10]), np.array([5.0, 25]), np.array([50.0, 50])) == [0, 0, 0, 0]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6, 1.8e15])
def test_huge_and_tiny_units(scale):
    edges = np.array([0.0, 5, 10]) * scale
    found = within(3 * scale, 7 * scale, edges, np.array([10.0, 50]), np.array([50.0, 50]))
    assert found == pytest.approx([20, 24, 30, 40])


def test_no_intervals_and_identical_runs():
    edges, c, s, a, b = random_case(3)
    assert all(v.shape == (0,) for v in counts_within(np.zeros(0), np.zeros(0), edges, c, s))
    first, second = (counts_within(a, b, edges, c, s) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(first, second, strict=True))
