"""Configuration pushes from the two counters of Istio's convergence histogram."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.mesh import changes_seen, push_seconds, push_steps, pushes_under_way, under_way
from tests.signals.samples import ZERO, ZERO_US, table

COUNT, SUM = "pilot_proxy_convergence_time_count", "pilot_proxy_convergence_time_sum"
A, B = {"pod": "istiod-a"}, {"pod": "istiod-b"}
T = np.arange(0, 60, 10.0)


def seconds(index):
    return [(t - ZERO).total_seconds() for t in index]


def test_every_step_with_an_arrival_is_one_stretch():
    found = pushes_under_way(table((COUNT, A, T, [5, 5, 9, 9, 10, 10]), (SUM, A, T, [1, 1, 3, 3, 10, 10])).named)
    assert seconds(found["end"]) == [20, 40]
    assert seconds(found.index) == [19.5, 33]
    assert found["xds_convergence_seconds"].tolist() == [0.5, 7.0]
    assert str(found.index.tz) == "UTC"
    assert found.index.unit == "us"
    assert found.index.name == "time"


def test_a_restarted_control_plane_counts_from_zero():
    found = pushes_under_way(table((COUNT, A, T, [50, 50, 2, 2, 2, 2]), (SUM, A, T, [90, 90, 3, 3, 3, 3])).named)
    assert found["xds_convergence_seconds"].tolist() == [1.5]


def test_two_control_planes_in_order_of_time():
    rows = [(COUNT, B, T, [0, 1, 1, 1, 1, 1]), (SUM, B, T, [0, 4, 4, 4, 4, 4])]
    rows = [(COUNT, A, T, [0, 0, 0, 0, 0, 2]), (SUM, A, T, [0, 0, 0, 0, 0, 2]), *rows]
    found = pushes_under_way(table(*rows).named)
    assert found["xds_convergence_seconds"].tolist() == [4.0, 1.0]
    assert found.index.is_monotonic_increasing


def test_only_times_that_both_counters_saw():
    found = pushes_under_way(table((COUNT, A, [0, 10, 20], [0, 3, 4]), (SUM, A, [0, 20], [0, 8])).named)
    assert seconds(found["end"]) == [20]
    assert found["xds_convergence_seconds"].tolist() == [2.0]


@pytest.mark.parametrize("rows", [[], [(COUNT, A, T, np.arange(6))], [(SUM, A, T, np.arange(6))]])
def test_without_the_counters_there_are_no_stretches(rows):
    found = pushes_under_way(table(*rows).named)
    assert len(found) == 0
    assert list(found.columns) == ["end", "xds_convergence_seconds", "arrived"]
    assert isinstance(found.index, pd.DatetimeIndex)


def test_no_arrival_no_stretch():
    assert len(pushes_under_way(table((COUNT, A, T, 7), (SUM, A, T, 3)).named)) == 0


BUCKET = "pilot_proxy_convergence_time_bucket"


def steps(*rows):
    return push_steps(table(*rows).named)


def test_a_counter_born_while_its_target_was_up_counts_from_zero():
    who = {"job": "istiod", "instance": "i", "pod": "istiod-a"}
    rows = [(COUNT, who, [30, 40], [2, 2]), (SUM, who, [30, 40], [8, 8])]
    assert len(pushes_under_way(table(*rows).named)) == 0  # nobody knows since when it counts
    (found,) = steps(*rows, ("up", who, T, 1))
    assert found.arrived.tolist() == [0, 0, 2, 0]
    assert (found.start[0] - ZERO_US) / 1e6 == 0  # known to be none since the target was up
    other = {**who, "instance": "j"}
    (found,) = steps(*rows, ("up", other, T, 1))
    assert found.arrived.tolist() == [0]


def test_unknown_samples_make_one_long_step():
    nan = float("nan")
    (found,) = steps((COUNT, A, T, [0, nan, nan, 1, 1, 1]), (SUM, A, T, [0, nan, nan, 4, 4, 4]))
    assert found.arrived.tolist() == [1, 0, 0]
    sure = under_way([found])
    assert len(sure.low) == 0  # four seconds somewhere in thirty: nowhere certainly
    assert ((sure.high - ZERO_US) / 1e6).tolist() == [[-4, 30]]
    assert ((sure.known - ZERO_US) / 1e6).tolist() == [[0, 50]]


def test_a_restart_that_one_counter_alone_shows():
    (found,) = steps((COUNT, A, T, [5, 5, 6, 6, 6, 6]), (SUM, A, T, [90, 90, 3, 3, 3, 3]))
    assert found.arrived.tolist() == [0, 6, 0, 0, 0]
    assert found.seconds.tolist() == [0, 3, 0, 0, 0]


def test_the_push_time_stands_in_for_the_convergence_time():
    names = [n.replace("proxy_convergence", "xds_push") for n in (COUNT, SUM)]
    (found,) = steps((names[0], A, T, [0, 1, 1, 1, 1, 1]), (names[1], A, T, [0, 2, 2, 2, 2, 2]))
    assert found.mean_seconds[0] == 2
    found = steps(
        (names[0], A, T, [0, 1, 1, 1, 1, 1]), (names[1], A, T, [0, 2, 2, 2, 2, 2]),
        (COUNT, A, T, [0, 1, 1, 1, 1, 1]), (SUM, A, T, [0, 7, 7, 7, 7, 7]),
    )  # fmt: skip
    assert [p.mean_seconds[0] for p in found] == [7]


def test_buckets_bound_the_longest_push():
    rows = [(COUNT, A, T, [0, 4, 4, 4, 4, 4]), (SUM, A, T, [0, 8, 8, 8, 8, 8])]
    assert steps(*rows)[0].longest_seconds[0] == 8  # one might have taken it all
    within = [(BUCKET, {**A, "le": le}, T, [0, n, n, n, n, n]) for le, n in (("1", 1), ("3", 4), ("+Inf", 4))]
    assert steps(*rows, *within)[0].longest_seconds[0] == 3
    beyond = [(BUCKET, {**A, "le": "1"}, T, [0, 1, 1, 1, 1, 1])]
    assert steps(*rows, *beyond)[0].longest_seconds[0] == 8


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0.1, 40)), min_size=1, max_size=6), st.integers(1, 15))
def test_what_is_certain_was_under_way_and_what_was_is_possible(pushes, step):
    """The truth lies between: pushes of known begin and end, seen through a scrape every few seconds."""
    scrapes = np.arange(-60, 120 + step, step, dtype=float)
    ends = np.array([begin + length for begin, length in pushes])
    lengths = np.array([length for _, length in pushes])
    count = [(ends <= t).sum() for t in scrapes]
    total = [lengths[ends <= t].sum() for t in scrapes]
    (found,) = steps((COUNT, A, scrapes, count), (SUM, A, scrapes, total))
    sure = under_way([found])
    for t in np.arange(-60, 120, 0.37):
        truly = ((ends - lengths < t) & (t < ends)).any()
        certain, possible = (
            ((part[:, 0] < ZERO_US + t * 1e6) & (ZERO_US + t * 1e6 < part[:, 1])).any()
            for part in (sure.low, sure.high)
        )
        near = (np.abs(np.r_[ends - lengths, ends] - t) < 1e-3).any()
        assert near or (not certain or truly)
        assert near or (not truly or possible)


def test_only_pushes_that_took_longer_and_arrived_within():
    (found,) = steps((COUNT, A, T, [0, 1, 1, 2, 2, 2]), (SUM, A, T, [0, 1, 1, 9, 9, 9]))
    assert ((under_way([found], longer_than_seconds=1.0).mid - ZERO_US) / 1e6).tolist() == [[22, 30]]
    early = (ZERO_US, ZERO_US + 15_000_000)
    assert ((under_way([found], within=early).mid - ZERO_US) / 1e6).tolist() == [[9, 10]]


def test_changes_are_summed_over_types_and_unknown_without_a_trigger():
    rows = [("pilot_push_triggers", {**A, "type": kind}, T, np.arange(6)) for kind in ("endpoint", "config")]
    span = (ZERO_US + 10_000_000, ZERO_US + 30_000_000)
    assert changes_seen(table(*rows).named, span) == 4
    assert np.isnan(changes_seen(table().named, span))


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0.5, 30)), min_size=1, max_size=4, unique_by=lambda p: p[0]))
def test_the_length_of_pushes_under_way_against_each_moment(pushes):
    count, total = np.zeros(7), np.zeros(7)
    for place, length in pushes:
        count[place + 1 :] += 1
        total[place + 1 :] += length
    scrapes = np.arange(0, 70, 10.0)
    (found,) = steps((COUNT, A, scrapes, count), (SUM, A, scrapes, total))
    edges = ZERO_US + np.arange(-40, 71, 5) * 1_000_000
    spans = [(10 * (place + 1) - length, 10 * (place + 1), length) for place, length in pushes]
    for i, value in enumerate(push_seconds([found], edges)):
        left, right = -40 + 5 * i, -35 + 5 * i
        parts = [length * max(0.0, min(end, right) - max(begin, left)) / 5 for begin, end, length in spans]
        assert value == pytest.approx(max(parts), abs=1e-4)
