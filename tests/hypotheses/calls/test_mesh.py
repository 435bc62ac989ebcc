"""A recording in a mesh's names with further sources: which pod, workload, node, server, edge, or everything."""

import numpy as np
import pytest

from analysis.hypotheses.calls.dose import scenes_of
from analysis.hypotheses.case import Case
from tests.calls_cases import findings_of, own_pod
from tests.conftest import A, C
from tests.mesh_sources import Caller, mesh_of, with_callers
from tests.other_incidents import at_another_time
from tests.variants import add, ar1, evidence_of, thin, with_samples

ALL = ("postgres", "redis", "risk-api")
WEB = Caller("web", "web-6c5d4b3f2-q7w8x", "n2")
MATE = Caller("web", "web-6c5d4b3f2-b4c5d", "n1", sick=ALL)
SIBLINGS = [Caller("payment-api", f"payment-api-7d9c6b5f4-{x}", "n1") for x in ("aaaaa", "bbbbb", "ccccc")]
CLIENT = "client_side_fault:payments/payment-api"
EDGE = "edge_fault:payments/payment-api"
SERVER = "server_side_fault:postgres"


def found(folder, *callers, seed=0, node="n1", accounts=False):
    return findings_of(with_callers(mesh_of(evidence_of(folder), node=node, accounts=accounts), callers, seed=seed))


def supported(findings):
    return {name for name, f in findings.items() if f.verdict == "supported"}


def specificity(finding):
    return {t.name: t for t in finding.tests}["specificity"]


def test_without_a_control_no_client_is_named_in_a_mesh_either():
    assert findings_of(mesh_of(evidence_of(A)))[CLIENT].verdict == "insufficient"


@pytest.mark.parametrize("seed", range(4))
def test_another_caller_that_is_well_is_the_control_of_the_client(seed):
    findings = found(A, WEB, seed=seed)
    client = findings[CLIENT]
    assert client.verdict == "supported"
    assert client.values["place"].value == "client workload"
    assert client.values["source_share_ratio"].value > 0.9
    assert client.values["source_share_p_value"].value < 0.01
    assert "payments/web-6c5d4b3f2-q7w8x did not get worse" in client.statement
    assert "the node may be at fault" in client.statement, "all of it runs on one node, where nobody else calls"
    assert {f.verdict for name, f in findings.items() if name.startswith(("server_side", "edge"))} == {"refuted"}


@pytest.mark.parametrize("accounts", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_every_caller_failing_at_all_destinations_is_never_the_client(seed, accounts):
    callers = [WEB._replace(sick=ALL), Caller("batch", "batch-5f4d3c2b1-zzzzz", "n3", sick=ALL)]
    findings = found(A, *callers, seed=seed, accounts=accounts)
    client = findings[CLIENT]
    assert client.verdict in ("refuted", "insufficient")
    assert client.values["place"].value == "everywhere"
    assert "other callers of the same destinations got worse as well" in specificity(client).words
    assert not supported(findings) & {CLIENT, EDGE, SERVER}


def test_all_on_one_node_that_fail_together_are_everything_not_the_node():
    client = found(A, WEB._replace(sick=ALL, node="n1"), accounts=True)[CLIENT]
    assert client.values["place"].value == "everywhere"
    assert client.verdict != "supported"


@pytest.mark.parametrize("seed", range(3))
def test_one_sick_pod_of_the_service_is_named(seed):
    client = found(A, *SIBLINGS, seed=seed)[CLIENT]
    pod = own_pod(evidence_of(A))
    assert client.verdict == "supported"
    assert client.values["place"].value == "client pod"
    assert client.entity.pods == (pod,)
    assert f"pod {pod} of payment-api" in client.statement
    assert all(s.pod in client.statement for s in SIBLINGS)


def test_the_whole_workload_is_named_where_all_of_its_pods_are_sick():
    sick = [s._replace(sick=ALL) for s in SIBLINGS]
    client = found(A, *sick, WEB)[CLIENT]
    assert (client.verdict, client.values["place"].value) == ("supported", "client workload")
    assert "all 4 pods of payment-api" in client.statement
    alone = found(A, *sick)[CLIENT]
    assert alone.verdict == "insufficient", "its own sick pods are no control"
    assert "without a control" in specificity(alone).words


@pytest.mark.parametrize("seed", range(3))
def test_a_node_that_two_failing_workloads_share_is_named(seed):
    client = found(A, SIBLINGS[0]._replace(node="n2"), WEB, MATE, seed=seed)[CLIENT]
    assert (client.verdict, client.values["place"].value) == ("supported", "node")
    assert f"on node n1, which fails with payments/{MATE.pod} on the same node" in client.statement
    assert client.entity.pods == (own_pod(evidence_of(A)),)


@pytest.mark.parametrize("seed", range(4))
def test_a_server_at_which_the_second_caller_fails_as_well(seed):
    findings = found(C, WEB._replace(sick=("postgres",)), seed=seed)
    assert supported(findings) == {SERVER, *(n for n in findings if n.startswith("connection_pool"))}
    assert findings[SERVER].values["place"].value == "server"
    assert findings[SERVER].values["destination_share_ratio"].value > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_an_edge_where_the_second_caller_is_well(seed):
    findings = found(C, WEB, seed=seed)
    assert findings[EDGE].verdict == "supported"
    assert findings[EDGE].values["place"].value == "edge"
    assert findings[SERVER].verdict == "refuted"
    assert findings[CLIENT].verdict == "refuted"


def test_a_caller_of_little_of_it_is_too_little_of_a_control():
    client = found(A, WEB._replace(calls=("postgres",)))[CLIENT]
    assert client.verdict == "insufficient"


def test_a_source_that_the_mesh_does_not_know_is_no_control():
    assert found(A, WEB._replace(workload="unknown", pod="", node=""))[CLIENT].verdict == "insufficient"


@pytest.mark.parametrize("seconds", [-600, -120, -60, 60, 120, 600])
@pytest.mark.parametrize("folder", [A, C])
def test_the_mesh_at_another_time_supports_nothing(folder, seconds):
    evidence = with_callers(mesh_of(evidence_of(folder)), [WEB, MATE, *SIBLINGS])
    assert not supported(findings_of(at_another_time(evidence, seconds)))


def test_a_slower_scrape_of_the_mesh_says_the_same_or_nothing():
    evidence = with_callers(mesh_of(evidence_of(A)), [WEB, *SIBLINGS])
    recorded = {name: f.verdict for name, f in findings_of(evidence).items()}
    for seconds in (15, 30, 60):
        for name, f in findings_of(with_samples(evidence, thin(evidence.samples, seconds))).items():
            assert f.verdict in (recorded[name], "insufficient", "not_testable"), (name, seconds)


def noise_callers(evidence, count, seed):
    """Add callers of the same destinations whose mean duration wanders as an AR(1) of phi .9."""
    rng = np.random.default_rng(seed)
    added = []
    for s in evidence.samples.named("istio_request_duration_milliseconds_count", reporter="source"):
        if s.labels["source_workload"] != "payment-api":
            continue
        wander = np.exp(0.5 * ar1(rng, len(s.times), 0.9, count))
        made = np.arange(len(s.times)) * 50.0
        for i in range(count):
            labels = {**s.labels, "source_workload": f"noise-{i}", "pod": f"noise-{i}-0", "response_code": "200"}
            for name, values in (
                ("istio_requests_total", made),
                ("istio_request_duration_milliseconds_sum", np.cumsum(50 * 20 * wander[i])),
            ):
                added.append(({**labels, "__name__": name}, s.times, values))
    return with_samples(evidence, add(evidence.samples, added))


@pytest.mark.parametrize(("folder", "callers"), [(A, (WEB,)), (A, (WEB._replace(sick=ALL),)), (C, (WEB,))])
def test_callers_whose_calls_wander_make_no_other_verdict_supported(folder, callers):
    evidence = with_callers(mesh_of(evidence_of(folder)), callers)
    recorded = supported(findings_of(evidence))
    for seed in range(3):
        assert supported(findings_of(noise_callers(evidence, 12, seed))) <= recorded | {CLIENT}


def test_the_service_is_asked_once_and_others_by_pod():
    (scene,) = scenes_of(Case.of(with_callers(mesh_of(evidence_of(A)), [WEB, *SIBLINGS])))
    assert [s.pod for s in scene.pods] == [own_pod(evidence_of(A))]
    assert {who for who, _ in scene.controls} == {"payments/web", *(f"payments/{s.pod}" for s in SIBLINGS)}
    assert len(scene.place.controls) == 4
