"""The client's side: destinations together, a control or no name, noise, shifted and missing evidence, mesh names."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.client_side_fault import examine
from tests.calls_cases import CLIENT, findings_of, noise_destinations, other_caller, own_pod, verdicts_of, without
from tests.conftest import A, B, C, D
from tests.mesh_variant import in_mesh_names
from tests.other_incidents import at_another_time
from tests.variants import evidence_of, moved, thin, with_samples, with_window

NAMESPACES = {"postgres": "data", "redis": "data", "risk-api": "payments"}


def client(evidence):
    (found,), _ = examine(Case.of(evidence))
    return found


def test_a_all_destinations_together_while_their_servers_are_well():
    found = client(evidence_of(A))
    assert (found.id, found.role, found.verdict) == (CLIENT, "localisation", "supported")
    assert all(t.passed for t in found.tests)
    assert "3 of 3 destinations" in found.statement
    assert "5.9 us a call (12 us before)" in found.statement
    assert found.explained_ratio > 0.9
    magnitude = found.tests[1]
    assert 0.4 < magnitude.low < magnitude.value
    assert magnitude.p_value <= 0.05


def test_b_all_destinations_fail_together_with_the_bulk_of_the_bad_requests():
    found = client(evidence_of(B))
    assert found.verdict == "supported"
    assert all(t.passed for t in found.tests)
    assert "together with the bulk" in found.tests[0].words


def test_c_is_refuted_by_the_destinations_that_were_spared():
    found = client(evidence_of(C))
    assert found.verdict == "refuted"
    assert "redis and risk-api, through the same client, did not get worse, but postgres did" in found.statement


def test_d_has_nothing_to_explain():
    assert client(evidence_of(D)).verdict == "not_testable"


@pytest.mark.parametrize("folder", [A, B])
def test_without_a_control_no_client_is_named(folder):
    found = client(without(evidence_of(folder), "redis_", "pg_", sessions=False))
    assert found.verdict == "insufficient"
    words = {t.name: t.words for t in found.tests}
    assert "without a control no client is named" in words["specificity"]


def test_another_caller_that_is_as_sick_speaks_against_the_client():
    spoiled = other_caller(without(evidence_of(A), "redis_", "pg_", sessions=False), sick=True)
    found = client(spoiled)
    assert found.verdict == "refuted"
    assert "other callers" in {t.name: t.words for t in found.tests}["specificity"]
    well = client(other_caller(without(evidence_of(A), "redis_", "pg_", sessions=False), sick=False))
    assert {t.name: t.passed for t in well.tests}["specificity"] is True


def test_evidence_that_is_taken_away_weakens_it():
    evidence = evidence_of(A)
    assert client(without(evidence, "outbound_", "http_client", "lettuce")).verdict == "not_testable"
    assert client(without(evidence, "outbound_")).verdict == "supported", "the libraries count the same calls"


@pytest.mark.parametrize("seconds", [-600, -300, -120, -60, 60, 120, 300, 600])
@pytest.mark.parametrize("folder", [A, B, C])
def test_calls_of_another_time_support_nothing(folder, seconds):
    assert "supported" not in verdicts_of(at_another_time(evidence_of(folder), seconds)).values()


@pytest.mark.parametrize("seconds", [-20, 20])
@pytest.mark.parametrize("folder", [A, C])
def test_a_window_that_is_a_little_off_changes_no_verdict(folder, seconds):
    evidence = evidence_of(folder)
    assert verdicts_of(with_window(evidence, moved(evidence.incident.window, seconds))) == verdicts_of(evidence)


@pytest.mark.parametrize("seconds", [15, 30, 60])
@pytest.mark.parametrize("folder", [A, B, C])
def test_a_slower_scrape_says_the_same_or_nothing(folder, seconds):
    evidence = evidence_of(folder)
    recorded = verdicts_of(evidence)
    for name, verdict in verdicts_of(with_samples(evidence, thin(evidence.samples, seconds))).items():
        assert verdict in (recorded[name], "insufficient", "not_testable")


@pytest.mark.parametrize("seconds", [1.0, 0.002])
@pytest.mark.parametrize("folder", [A, B, C])
def test_five_hundred_noise_destinations_of_the_service_itself_move_no_verdict(folder, seconds):
    evidence = evidence_of(folder)
    recorded = verdicts_of(evidence)
    noisy = verdicts_of(noise_destinations(evidence, 500, 7, pod=own_pod(evidence), seconds=seconds))
    shown = {name: verdict for name, verdict in recorded.items() if name in noisy}
    assert {name: noisy[name] for name in shown} == shown
    assert {recorded[name] for name in recorded.keys() - shown.keys()} <= {"refuted"}  # the healthy share a card
    assert "supported" not in {v for name, v in noisy.items() if name not in recorded}
    assert len(noisy) <= len(recorded) + 10


def test_noise_of_other_pods_moves_nothing():
    evidence = evidence_of(A)
    assert verdicts_of(noise_destinations(evidence, 500, 3, pod="batch-{i}-0")) == verdicts_of(evidence)


@pytest.mark.parametrize("envoy", [True, False])
@pytest.mark.parametrize("folder", [A, B, C])
def test_the_names_of_a_mesh_give_the_same_verdicts(folder, envoy):
    evidence = evidence_of(folder)
    found = findings_of(in_mesh_names(evidence, namespaces=NAMESPACES, envoy=envoy))
    assert {name: f.verdict for name, f in found.items()} == verdicts_of(evidence)
    assert any("istio_request_duration_milliseconds_sum" in line for line in found[CLIENT].evidence)


def test_every_number_of_every_sentence_is_a_value():
    for folder in (A, B, C):
        for f in findings_of(evidence_of(folder)).values():
            assert "{" not in f.statement
            assert all(t.passed is not None or t.reason for t in f.tests), f.id
            for v in f.values.values():
                assert not isinstance(v.value, float) or np.isfinite(v.value) or v.text == "unknown"
