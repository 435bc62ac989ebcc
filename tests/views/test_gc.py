"""Tables of the notebook of GC pauses."""

from dataclasses import replace

import pytest

from analysis.investigation import examine
from analysis.views.gc import (
    causes_view,
    coverage_view,
    diagnoses_view,
    lives_view,
    safepoints_view,
    stalls_view,
    stops_view,
)  # fmt: skip
from tests.conftest import B
from tests.gc_logs import ORIGIN_US, during, made_log, table
from tests.hypotheses.gc_cases import with_logs
from tests.variants import evidence_of

TABLES = (stops_view, causes_view, safepoints_view, stalls_view, lives_view, coverage_view)


@pytest.fixture(scope="module")
def of_b():
    return examine(evidence_of(B))


@pytest.fixture(scope="module")
def of_a_made_log():
    """B with a log of ZGC: tiny pauses, long waits, in the incident window only."""
    evidence = evidence_of(B)
    return examine(with_logs(evidence, during(evidence.incident.window)))


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


def test_safepoints_by_operation_with_the_baseline_beside(of_b):
    rows = safepoints_view(of_b).data["rows"]
    assert rows
    assert sum(int(r[2]) for r in rows) == len(of_b.evidence.gc_logs[0].log.safepoints.loc[
        of_b.incident.window.holds(of_b.evidence.gc_logs[0].log.safepoints.index)])  # fmt: skip


def test_what_has_a_name_in_the_incident_window(of_b):
    items = diagnoses_view(of_b).data["items"]
    assert items[0].startswith("app of payment-api: 20 of 21 full collections left at least 90 % of the heap")
    assert items[1].startswith("app of payment-api: 21 full collections by cause: Allocation Failure 21;")


def test_lives_and_what_was_not_understood(of_b):
    (row,) = lives_view(of_b).data["rows"]
    assert row[1:5] == ["Serial", "17.0.15+6-Debian-1deb12u1", "2", "1"]
    assert row[-1].startswith("0 of 2,8")


def test_waits_of_threads_and_no_stall_in_another_log(of_b, of_a_made_log):
    assert [r[1:3] for r in stalls_view(of_a_made_log).data["rows"]] == [["worker-0", "10"], ["worker-1", "10"]]
    assert stalls_view(of_b).data["caption"].endswith(": none in any log")
    assert any("Threads waited for memory 20 times" in item for item in diagnoses_view(of_a_made_log).data["items"])


def test_what_the_log_does_not_tell_is_a_row(of_b, of_a_made_log):
    assert coverage_view(of_b).data["rows"] == []
    assert [r[1] for r in coverage_view(of_a_made_log).data["rows"]] == ["baseline"]


def test_stops_that_are_not_logged_are_unknown_and_not_none():
    evidence = evidence_of(B)
    whole = during(evidence.incident.window)
    log = replace(whole, pauses=whole.pauses.iloc[:0], cycles=table("cycles", [{"end": 1, "kind": "zgc"}]))
    result = examine(with_logs(evidence, log))
    assert [row[2:] for row in stops_view(result).data["rows"]] == [["unknown"] * 5 + ["no stops"]] * 2
    assert causes_view(result).data["caption"].endswith(": not logged by app of payment-api")
    assert safepoints_view(result).data["caption"].endswith(": not logged, so the time to reach one is unknown")


def test_many_lives_are_folded(of_b):
    assert not lives_view(of_b).data["folded"]
    evidence = evidence_of(B)
    window = evidence.incident.window
    first = (window.start_us - ORIGIN_US) / 1e6
    lives = [{"start": first + 3 * i, "end": first + 3 * i + 2} for i in range(10)]
    result = examine(with_logs(evidence, made_log(lives=lives, pauses=[{"end": first + 1, "kind": "young"}])))
    assert (len(lives_view(result).data["rows"]), lives_view(result).data["folded"]) == (10, True)


def test_of_a_log_that_was_not_understood_nothing_is_said():
    evidence = evidence_of(B)
    log = during(evidence.incident.window, unrecognised=50)
    assert "not understood" in diagnoses_view(examine(with_logs(evidence, log))).data["items"][0]


def test_without_a_log_the_tables_are_empty():
    result = examine(replace(evidence_of(B), gc_logs=()))
    assert [view(result).data["rows"] for view in TABLES] == [[] for _ in TABLES]
    assert all(view(result).data["caption"].endswith(": there is no log of use") for view in TABLES)
    assert diagnoses_view(result).data == {"items": [], "empty": "There is no log of use."}
