"""An edge: one pair is sick, while its source is well elsewhere and its destination with others."""

import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.edge_fault import examine
from tests.calls_cases import other_caller, without
from tests.conftest import A, B, C, D
from tests.variants import drop_series, evidence_of, with_samples


def edge(evidence):
    (found,), _ = examine(Case.of(evidence))
    return found


def bare(evidence):
    return without(evidence, "redis_", "pg_", sessions=False)


@pytest.mark.parametrize(
    ("folder", "verdict", "words"),
    [
        (A, "refuted", "got worse together: it is not a single pair"), (B, "refuted", "not a single pair"),
        (C, "refuted", "postgres: its own account"), (D, "not_testable", "no incident to explain"),
    ],
)  # fmt: skip
def test_the_recordings(folder, verdict, words):
    found = edge(evidence_of(folder))
    assert found.verdict == verdict
    assert words in found.statement


def test_a_destination_that_others_reach_well_is_on_a_sick_edge():
    found = edge(other_caller(bare(evidence_of(C)), sick=False))
    assert found.verdict == "supported"
    assert found.values["destination"].value == "postgres"


def test_a_destination_that_is_sick_for_others_too_is_not():
    assert edge(other_caller(bare(evidence_of(C)), sick=True)).verdict == "refuted"


def test_without_other_callers_metrics_and_path_it_is_open():
    spoiled = without(bare(evidence_of(C)), "haproxy_")
    table = drop_series(spoiled.samples, lambda labels: labels.get("operation") == "connect")
    assert edge(with_samples(spoiled, table)).verdict == "insufficient"


def test_calls_that_were_not_recorded():
    assert edge(without(evidence_of(A), "outbound_", "http_client", "lettuce")).verdict == "not_testable"
