"""Percentiles of lengths between those that were measured, and none without any."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_lengths import lengths_of


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=400))
def test_percentiles_lie_between_the_lengths_around_them(values):
    seconds = np.sort(values)
    found = lengths_of(np.r_[values, np.nan])
    for q, got in ((0.5, found.p50_seconds), (0.95, found.p95_seconds), (0.99, found.p99_seconds)):
        place = q * (len(seconds) - 1)
        low, high = seconds[int(np.floor(place))], seconds[int(np.ceil(place))]
        assert got == pytest.approx(low + (place - np.floor(place)) * (high - low))
    assert (found.n, found.max_seconds) == (len(values), seconds[-1])
    assert found.total_seconds == pytest.approx(seconds.sum())


def test_without_a_pause_no_length_is_known_and_the_sum_is_nought():
    found = lengths_of(np.array([]))
    assert (found.n, found.total_seconds) == (0, 0.0)
    assert np.isnan(found[2:]).all()
