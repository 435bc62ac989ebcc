"""Arrivals: by the start of requests, unknown outside the log, and the mix of routes."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.traffic import arrival_times, arrivals_per_second, route_mix


def log(ends, durations, route="/"):
    index = pd.DatetimeIndex(pd.to_datetime(np.asarray(ends, dtype="i8"), unit="us", utc=True)).as_unit("us")
    return pd.DataFrame({"duration_seconds": durations, "route": route}, index=index)


def test_held_requests_complete_in_a_burst_and_arrive_evenly():
    began = np.arange(0, 600) * 100_000  # ten a second for a minute
    held = (began >= 20_000_000) & (began < 40_000_000)
    ends = np.where(held, 40_000_000, began + 10_000)
    table = log(ends, (ends - began) / 1e6).sort_index()
    edges = np.arange(0, 60_000_001, 5_000_000)
    assert np.nanmax(np.abs(arrivals_per_second(table, edges) - 10)) < 0.3


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 5)), min_size=1, max_size=30))
def test_every_known_arrival_is_counted_once(rows):
    table = log([e for e, _ in rows], [d for _, d in rows])
    times = arrival_times(table)
    assert times.tolist() == sorted(e - round(d * 1e6) for e, d in rows)
    edges = np.arange(times[0] - 1, times[-1] + 1_000_000, 250_000)
    rate = arrivals_per_second(table, edges)
    inside = edges[1:][np.isfinite(rate)]
    if len(inside):
        first = edges[np.flatnonzero(np.isfinite(rate))[0]]
        assert round(np.nansum(rate) * 0.25) == ((times > first) & (times <= inside[-1])).sum()


def test_an_unknown_duration_counts_at_the_end_and_no_log_is_unknown():
    assert arrival_times(log([5], [float("nan")])).tolist() == [5]
    assert np.isnan(arrivals_per_second(log([], []), np.array([0, 1, 2]))).all()
    assert len(arrivals_per_second(log([], []), np.array([0]))) == 0


def test_beyond_the_log_arrivals_are_unknown():
    table = log(np.arange(10, 21) * 1_000_000, 0.0)
    edges = np.arange(0, 31, 5) * 1_000_000
    assert np.isfinite(arrivals_per_second(table, edges)).tolist() == [False, False, True, True, False, False]


def test_the_mix_of_routes():
    table = log(np.arange(6), 0.1, ["/a", "/a", "/b", "/a", "/b", "/c"])
    half = np.array([True, True, True, False, False, False])
    found = route_mix(table, half, ~half)
    assert round(found.moved_ratio, 9) == round(1 / 3, 9)
    assert found.after["/c"] == 1 / 3
    assert found.before["/c"] == 0
    assert np.isnan(route_mix(table, half & False, half).moved_ratio)
