"""Percentiles of lengths against numpy's, and what a window and a nested pause leave out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_lengths import lengths_by_kind, lengths_of, pause_lengths
from tests.signals.test_gc import EPOCH, frame


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=400))
def test_percentiles_are_measured_lengths(values):
    seconds = np.array(values)
    found = lengths_of(np.r_[seconds, np.nan])
    expected = [float(np.quantile(seconds, q, method="inverted_cdf")) for q in (0.5, 0.95, 0.99)]
    assert [found.p50_seconds, found.p95_seconds, found.p99_seconds] == expected
    assert (found.n, found.max_seconds) == (len(values), seconds.max())
    assert found.total_seconds == pytest.approx(seconds.sum())


def test_without_a_pause_no_length_is_known_and_the_sum_is_nought():
    found = lengths_of(np.array([]))
    assert (found.n, found.total_seconds) == (0, 0.0)
    assert np.isnan(found[2:]).all()


def test_nested_pauses_and_those_of_other_times_are_left_out():
    pauses = frame(
        [(0, 10), (2, 8), (20, 50), (90_000_000, 90_000_500)],
        duration_seconds=[1e-5, 6e-6, 3e-5, 5e-4], nested=[False, True, False, False], kind=["full", "young"] * 2,
    )  # fmt: skip
    assert pause_lengths(pauses, EPOCH).n == 2
    table = lengths_by_kind(pauses, EPOCH)
    assert table[["kind", "n", "max_seconds"]].to_numpy().tolist() == [["full", 2, 3e-5]]
    assert lengths_by_kind(pauses.iloc[:0], EPOCH).columns.tolist() == table.columns.tolist()
