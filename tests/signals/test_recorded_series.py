"""Series are told apart by target and mode; stale markers are ends, not samples."""

import numpy as np
import pytest

from analysis.signals.recorded_series import STALE_BITS, Target, recorded

STALE = np.array([STALE_BITS], "u8").view("f8")[0]
QUIET = np.array([0x7FF8000000000000], "u8").view("f8")[0]


def test_targets_are_jobs_instances_and_modes():
    labels = [{"__name__": "a", "job": "j", "instance": "1"}, {"__name__": "a", "job": "j"}, {}]
    found = recorded(labels, np.zeros(0, "i4"), np.zeros(0, "i8"), np.zeros(0), modes=("raw", "range", "raw"))
    assert found.targets == (Target("", "", "raw"), Target("j", "", "range"), Target("j", "1", "raw"))
    assert found.target_of.tolist() == [2, 1, 0]
    assert found.names == ("a", "a", "")


def test_a_stale_marker_is_an_end_and_another_nan_is_a_sample():
    values = np.array([1.0, STALE, 2.0, QUIET, STALE])
    found = recorded([{"__name__": "a"}, {"__name__": "b"}], np.array([0, 0, 0, 1, 1]), np.arange(5), values)
    assert found.times.tolist() == [0, 2, 3]
    assert np.isnan(found.values).tolist() == [False, False, True]
    assert found.ended.tolist() == [1, 4]


def test_stale_markers_that_were_taken_out_before_are_given_beside():
    labels = [{"__name__": "a", "pod": "x"}, {"__name__": "a", "pod": "y"}]
    stale = [({"pod": "y", "__name__": "a"}, 7), ({"pod": "y", "__name__": "a"}, 5), ({"__name__": "unknown"}, 9)]
    assert recorded(labels, np.zeros(2, "i4"), np.arange(2), np.ones(2), stale=stale).ended.tolist() == [-1, 7]


def test_modes_of_another_number_of_series_are_refused():
    with pytest.raises(ValueError, match="1 modes of 2 series"):
        recorded([{}, {}], np.zeros(0, "i4"), np.zeros(0, "i8"), np.zeros(0), modes=["raw"])
