"""What is said of the clocks, and which counter saw the logged requests."""

from dataclasses import replace

import pytest

from analysis.clock_offset import clock_observation, request_counters
from analysis.hypotheses.case import Case
from analysis.sources.prometheus import EMPTY
from tests.conftest import A, D
from tests.variants import add, drop_series, evidence_of, relabel, shift, with_samples

SERVER, FRONTEND, MESH = (
    "http_server_requests_seconds_count",
    "haproxy_frontend_http_requests_total",
    "istio_requests_total",
)


def said(evidence):
    return clock_observation(Case.of(evidence))


@pytest.mark.parametrize("seconds", [-30.0, 0.0, 17.3])
def test_a_states_the_offset_and_corrects_nothing(seconds):
    evidence = evidence_of(A)
    found = said(with_samples(evidence, shift(evidence.samples, seconds)))
    amount = found.values["offset_seconds"].value
    assert amount == pytest.approx(abs(seconds), abs=1.0)
    assert ("behind" if seconds > 0 else "ahead of" if seconds < 0 else "agree") in found.statement
    assert ("nothing was corrected" in found.statement) == (seconds != 0)
    assert ("has no order" in found.statement) == (abs(seconds) > 1)
    assert found.values["offset_low_seconds"].value <= amount <= found.values["offset_high_seconds"].value


def test_d_is_too_constant_to_tell():
    assert "cannot be estimated" in said(evidence_of(D)).statement


def test_without_samples_requests_or_a_counter():
    evidence = evidence_of(A)
    assert said(with_samples(evidence, EMPTY)) is None
    assert said(replace(evidence, requests=evidence.requests.iloc[:0])) is None
    table = drop_series(evidence.samples, lambda labels: labels["__name__"] in (SERVER, FRONTEND))
    assert "no counter of the same requests" in said(with_samples(evidence, table)).statement


def test_the_frontend_that_saw_as_many_requests_stands_in():
    evidence = evidence_of(A)
    table = drop_series(evidence.samples, lambda labels: labels["__name__"] == SERVER)
    metric, by_start, steps = request_counters(Case.of(with_samples(evidence, table)))
    assert (metric, by_start, len(steps)) == (FRONTEND, True, 1)
    assert said(with_samples(evidence, table)).values["offset_seconds"].value < 1.0


def test_the_mesh_counts_as_the_destination_alone():
    evidence = evidence_of(A)
    table = relabel(
        evidence.samples,
        lambda lab: {**lab, "__name__": MESH, "reporter": "destination"} if lab["__name__"] == SERVER else lab,
    )
    both = [({**s.labels, "reporter": "source"}, s.times, 3 * s.values) for s in table.named(MESH)]
    found = said(with_samples(evidence, add(table, both)))
    assert found.values["metric"].text == MESH
    assert found.values["offset_seconds"].value < 1.0


def test_a_counter_of_many_more_requests_is_not_this_log():
    evidence = evidence_of(A)
    table = drop_series(evidence.samples, lambda labels: labels["__name__"] == FRONTEND)
    more = [({**s.labels, "uri": "/elsewhere"}, s.times, 5 * s.values) for s in table.named(SERVER)]
    assert request_counters(Case.of(with_samples(evidence, add(table, more))))[2] == ()
