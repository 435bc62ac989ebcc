"""A server's side: its own account, spared others, the path where it has no metrics; the healthy are refuted."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.server_side_fault import MOST_FINDINGS, examine
from tests.calls_cases import DATABASE, other_caller, swapped, without
from tests.conftest import A, B, C, D
from tests.variants import drop_series, evidence_of, with_samples


def servers(evidence):
    return {f.id: f for f in examine(Case.of(evidence))[0]}


def bare(evidence):
    return without(evidence, "redis_", "pg_", sessions=False)


def test_c_the_database_holds_the_time_by_its_own_account():
    found = servers(evidence_of(C))
    database = found[DATABASE]
    assert (database.verdict, database.role) == ("supported", "localisation")
    assert all(t.passed for t in database.tests)
    assert database.explained_ratio > 0.8
    assert "while redis and risk-api did not get worse" in database.statement
    assert "holds 100 % of the time of the calls" in database.statement
    assert {f.verdict for name, f in found.items() if name != DATABASE} == {"refuted"}


@pytest.mark.parametrize("folder", [A, B])
def test_healthy_servers_are_refuted_with_their_own_words(folder):
    found = servers(evidence_of(folder))
    assert {found[f"server_side_fault:data/{name}"].verdict for name in ("redis", "postgres")} == {"refuted"}
    assert "supported" not in {f.verdict for f in found.values()}
    assert " us a call (" in found["server_side_fault:data/redis"].statement


def test_d_names_each_server_and_says_that_there_is_nothing_to_explain():
    found = servers(evidence_of(D))
    assert set(found) == {DATABASE, "server_side_fault:data/redis", "server_side_fault:risk-api"}
    assert {f.verdict for f in found.values()} == {"not_testable"}


def test_without_its_own_metrics_the_path_may_tell():
    found = servers(bare(evidence_of(C)))["server_side_fault:postgres"]
    assert found.verdict == "supported"
    assert "no metrics of its own" in found.statement
    assert found.caveats
    assert found.values["connect_share_ratio"].value < 0.1


def test_without_metrics_and_path_neither_server_nor_edge_is_named():
    spoiled = without(bare(evidence_of(C)), "haproxy_")
    table = drop_series(spoiled.samples, lambda labels: labels.get("operation") == "connect")
    found = servers(with_samples(spoiled, table))["server_side_fault:postgres"]
    assert found.verdict == "insufficient"
    assert "nothing tells the server from the way to it" in found.statement


def test_no_name_carries_meaning():
    found = servers(swapped(bare(evidence_of(C)), "postgres", "risk-api"))
    assert found["server_side_fault:risk-api"].verdict == "supported"
    assert found["server_side_fault:postgres"].verdict == "refuted"


def test_other_callers_that_are_sick_there_speak_for_the_server():
    assert servers(other_caller(bare(evidence_of(C)), sick=True))["server_side_fault:postgres"].verdict == "supported"
    well = servers(other_caller(bare(evidence_of(C)), sick=False))["server_side_fault:postgres"]
    assert well.verdict == "refuted"


def test_taking_its_account_away_weakens_it_or_leaves_what_the_path_says():
    evidence = evidence_of(C)
    assert servers(without(evidence, sessions=False))[DATABASE].verdict == "insufficient"
    assert servers(without(evidence, "hikaricp_"))[DATABASE].verdict == "insufficient"


def test_many_destinations_are_few_findings():
    from tests.calls_cases import noise_destinations, own_pod

    evidence = evidence_of(C)
    found = servers(noise_destinations(evidence, 60, 1, pod=own_pod(evidence)))
    assert len(found) <= MOST_FINDINGS + 1
    assert found[DATABASE].verdict == "supported"
    assert found["server_side_fault:other destinations"].verdict == "insufficient"


def test_calls_that_were_not_recorded():
    (found,) = servers(without(evidence_of(C), "outbound_", "http_client", "lettuce")).values()
    assert found.verdict == "not_testable"
    assert np.all([t.passed is None for t in found.tests])


def test_sampled_sessions_are_an_account_even_where_no_exporter_watches_the_database():
    found = servers(without(evidence_of(C), "pg_"))["server_side_fault:postgres"]
    assert found.verdict == "supported"
    assert "pg_stat_activity" in found.statement
