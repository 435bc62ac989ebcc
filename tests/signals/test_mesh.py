"""Configuration pushes from the two counters of Istio's convergence histogram."""

import numpy as np
import pandas as pd
import pytest

from analysis.signals.mesh import pushes_under_way
from tests.signals.samples import ZERO, table

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
    assert list(found.columns) == ["end", "xds_convergence_seconds"]
    assert isinstance(found.index, pd.DatetimeIndex)


def test_no_arrival_no_stretch():
    assert len(pushes_under_way(table((COUNT, A, T, 7), (SUM, A, T, 3)).named)) == 0
