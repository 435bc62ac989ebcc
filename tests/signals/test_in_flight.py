"""Calls under way from counters of those that ended: conserved, against a slow overlap, and Little's law."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.in_flight import finished, in_flight, occupancy


@given(st.lists(st.floats(0, 1e3), min_size=3, max_size=30), st.integers(1, 8))
def test_what_was_counted_is_conserved_on_any_grid(counted, parts):
    times = np.arange(len(counted) + 1) * 1_000_000
    edges = np.linspace(0, times[-1], parts * len(counted) + 1).astype("i8")
    assert finished(times, np.array(counted), edges).sum() == pytest.approx(sum(counted), abs=1e-6)
    coarse = np.array([0, times[-1]])
    assert finished(times, np.array(counted), coarse)[0] == pytest.approx(sum(counted))


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 60), st.floats(0, 5)), max_size=12), st.integers(2, 9))
def test_occupancy_is_the_overlap_of_each_span_with_each_step(spans, steps):
    start = np.array([s[0] for s in spans], dtype=float)
    end = start + np.array([s[1] for s in spans], dtype=float)
    weight = np.array([s[2] for s in spans], dtype=float)
    edges = np.linspace(10, 100, steps)
    slow = [
        sum(w * max(0.0, min(b, e) - max(a, s)) for s, e, w in zip(start, end, weight, strict=True)) / (b - a)
        for a, b in pairwise(edges)
    ]
    assert occupancy(start, end, weight, edges) == pytest.approx(np.array(slow), abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 12.0))
def test_calls_under_way_follow_little_s_law(seed, mean):
    """Arrivals at a constant rate: under way = rate x duration, however many steps a call lasts."""
    rng = np.random.default_rng(seed)
    rate = float(rng.integers(5, 50))
    times = np.arange(0, 61) * 5_000_000
    calls = np.full(60, rate * 5)
    found = in_flight(times, calls, calls * mean, times)
    settled = slice(0, 60 - int(np.ceil(mean / 5)) - 1)
    assert found[settled] == pytest.approx(rate * mean, rel=1e-6)


def test_a_long_call_was_under_way_before_the_scrape_that_counts_it_and_gaps_stay():
    times = np.arange(0, 31, 5) * 1_000_000
    calls, seconds = np.array([0, 0, 0, 1.0, 0, 0]), np.array([0, 0, 0, 10.0, 0, 0])
    found = in_flight(times, calls, seconds, times)
    assert found.sum() * 5 == pytest.approx(10.0)
    assert found[1] > 0.4
    assert found[4:].tolist() == [0, 0]
    calls[2] = np.nan
    assert np.isnan(in_flight(times, calls, seconds, times)[2])
