"""Stalls: threads added up and at least one at a time, against whole units counted one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_stalls import (
    stall_intervals,
    stall_statistics,
    stalled_by_thread,
    stalled_ratio,
    stalled_threads,
)
from analysis.signals.stretches import union
from analysis.window import Window
from tests.signals.test_gc import SPANS, array, frame, stopped_units

EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
ALL = np.array([[0, 200]])
SHORT = Window(pd.Timestamp(10, unit="us", tz="UTC"), pd.Timestamp(50, unit="us", tz="UTC"))
EDGES = st.lists(st.integers(0, 80), min_size=2, max_size=6, unique=True).map(sorted)


def stalls_of(spans):
    return frame(spans, thread=[f"worker {i % 3}" for i in range(len(spans))])


@EXAMPLES
@given(SPANS, EDGES)
def test_steps_count_threads_and_time_as_whole_units_do(spans, edges):
    stalls = stalls_of(spans)
    threads, share = stalled_threads(stalls, np.array(edges), ALL), stalled_ratio(stalls, np.array(edges), ALL)
    for a, b, n, ratio in zip(edges[:-1], edges[1:], threads, share, strict=True):
        inside = [len(set(range(*s)) & set(range(a, b))) for s in spans]
        assert n == pytest.approx(sum(inside) / (b - a))
        assert ratio == pytest.approx(len(stopped_units(spans) & set(range(a, b))) / (b - a))


@EXAMPLES
@given(SPANS)
def test_a_window_counts_what_of_stalls_lies_in_it(spans):
    found = stall_statistics(stalls_of(spans), SHORT, ALL)
    window = set(range(10, 50))
    inside = [len(set(range(*s)) & window) for s in spans]
    assert found.thread_seconds * 1e6 == pytest.approx(sum(inside))
    assert found.union_seconds * 1e6 == pytest.approx(len(stopped_units(spans) & window))
    assert found.ratio * 40 == pytest.approx(len(stopped_units(spans) & window))
    assert found.mean_threads * 40 == pytest.approx(sum(inside))
    table = stalled_by_thread(stalls_of(spans), SHORT, ALL)
    assert table["seconds"].sum() == pytest.approx(found.thread_seconds)
    assert found.union_seconds <= found.thread_seconds + 1e-12


def test_parallel_waits_of_many_threads_are_never_more_than_all_of_the_time():
    stalls = stalls_of([(0, 100)] * 40)
    found = stall_statistics(stalls, Window(pd.Timestamp(0, tz="UTC"), pd.Timestamp(100, unit="us", tz="UTC")), ALL)
    assert (found.n, found.threads, found.ratio, found.mean_threads) == (40, 3, 1.0, 40.0)
    assert stall_intervals(stalls).tolist() == [[0, 100]]


def test_what_the_log_does_not_tell_is_unknown():
    stalls, edges = stalls_of([(0, 5)]), np.array([0, 10, 20])
    known = union(array([(0, 10)]))
    assert np.isnan(stalled_threads(stalls, edges, known)[1])
    assert np.isnan(stalled_ratio(stalls, edges, known)[1])
    nothing = stall_statistics(stalls.iloc[:0], SHORT, array([]))
    assert (nothing.n, nothing.thread_seconds) == (0, 0.0)
    assert np.isnan([nothing.ratio, nothing.mean_threads, nothing.max_seconds]).all()
    assert stalled_by_thread(stalls.iloc[:0], SHORT, ALL).empty
