"""Tables of the notebook of GC pauses."""

from dataclasses import replace

import pytest

from analysis.investigation import examine
from analysis.views.gc import causes_view, lives_view, stops_view
from tests.conftest import B
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_b():
    return examine(evidence_of(B))


def test_stops_of_both_windows(of_b):
    rows = stops_view(of_b).data["rows"]
    assert [r[:3] for r in rows] == [
        ["app of payment-api", "incident", "47 %"],
        ["app of payment-api", "baseline", "1.24 %"],
    ]


def test_causes_with_the_baseline_beside(of_b):
    rows = causes_view(of_b).data["rows"]
    assert [r[1:5] for r in rows] == [
        ["full", "Allocation Failure", "21", "0"],
        ["young", "Allocation Failure", "68", "78"],
    ]


def test_lives_and_what_was_not_understood(of_b):
    (row,) = lives_view(of_b).data["rows"]
    assert row[1:5] == ["Serial", "17.0.15+6-Debian-1deb12u1", "2", "1"]
    assert row[-1] == "0 of 2,809"


def test_without_a_log_the_tables_are_empty():
    result = examine(replace(evidence_of(B), gc_logs=()))
    assert [view(result).data["rows"] for view in (stops_view, causes_view, lives_view)] == [[], [], []]
