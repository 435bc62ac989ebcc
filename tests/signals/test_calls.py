"""Calls per source and destination: every dialect, counted once; counters born late, reset, and with gaps."""

import numpy as np
import pytest

from analysis.signals.calls import calls_of, rises_on, scrapes
from tests.conftest import A, B
from tests.signals.samples import at, table
from tests.variants import evidence_of

POD = {"namespace": "shop", "pod": "api-7d9c6b5f4-x2k8p"}
T = np.arange(0, 60, 5.0)
N = len(T)


def read(*rows):
    samples = table(*rows)
    return calls_of(samples.named, samples.names)


def timer(name, calls, seconds, **labels):
    who = {**POD, **labels}
    return [(f"{name}_count", who, T, calls), (f"{name}_sum", who, T, seconds)]


STEADY, SLOW = np.arange(N) * 10.0, np.arange(N) * 2.0


def test_timers_of_any_prefix_with_a_label_that_names_the_destination():
    (found,) = read(*timer("outbound_call_duration_seconds", STEADY, SLOW, destination="cart", operation="query"))
    assert (found.destination, found.operation, found.pod) == ("cart", "query", POD["pod"])
    assert found.calls.tolist() == [10.0] * (N - 1)
    assert found.seconds.tolist() == [2.0] * (N - 1)
    assert found.failed.tolist() == [0.0] * (N - 1)
    (other,) = read(*timer("remote_call_duration_seconds", STEADY, SLOW, target="http://cart.shop.svc:8080/x"))
    assert (other.destination, other.metric) == ("cart", "remote_call_duration_seconds_sum")


@pytest.mark.parametrize(
    ("name", "labels", "destination"),
    [
        ("http_client_requests_seconds", {"client_name": "risk", "status": "200", "uri": "/a"}, "risk"),
        ("lettuce_command_completion_seconds", {"remote": "cache.data.svc:6379", "command": "GET"}, "cache"),
        ("http_client_request_duration_seconds", {"server_address": "10.0.0.7:80"}, "10.0.0.7"),
        ("db_client_operation_duration_seconds", {"server_address": "orders.db.example"}, "orders"),
    ],
)
def test_client_libraries(name, labels, destination):
    (found,) = read(*timer(name, STEADY, SLOW, **labels))
    assert found.destination == destination
    assert found.seconds.sum() == pytest.approx(2.0 * (N - 1))


def istio(count, seconds, reporter, code="200", flags="-", **labels):
    who = {
        **POD, "reporter": reporter, "source_workload": "api", "source_workload_namespace": "shop",
        "destination_workload": "cart", "destination_workload_namespace": "data", "response_code": code,
        "response_flags": flags, **labels,
    }  # fmt: skip
    return [
        ("istio_requests_total", who, T, count), ("istio_request_duration_milliseconds_sum", who, T, 1e3 * seconds),
    ]  # fmt: skip


def test_a_mesh_reports_each_request_twice_and_it_is_counted_once():
    (found,) = read(*istio(STEADY, SLOW, "source"), *istio(STEADY, SLOW / 10, "destination"))
    assert found.workload == "api"
    assert found.calls.tolist() == [10.0] * (N - 1)
    assert found.seconds == pytest.approx(np.full(N - 1, 2.0))


def test_response_codes_and_flags_say_which_calls_failed():
    (found,) = read(
        *istio(STEADY, SLOW, "source"), *istio(np.arange(N) * 1.0, SLOW, "source", code="503", flags="UF"),
        *istio(np.arange(N) * 2.0, SLOW, "source", code="0", flags="DC"),
    )  # fmt: skip
    assert found.calls.tolist() == [13.0] * (N - 1)
    assert found.failed.tolist() == [3.0] * (N - 1)


def test_envoy_clusters_with_their_connects_and_failures():
    cluster = {"cluster_name": "outbound|6379||cart.data.svc.cluster.local", **POD}
    rows = [
        ("envoy_cluster_upstream_rq_time_count", cluster, T, STEADY),
        ("envoy_cluster_upstream_rq_time_sum", cluster, T, 1e3 * SLOW),
        ("envoy_cluster_upstream_rq_timeout", cluster, T, np.arange(N) * 1.0),
        ("envoy_cluster_upstream_cx_connect_fail", cluster, T, np.arange(N) * 2.0),
        ("envoy_cluster_upstream_cx_connect_ms_count", cluster, T, np.arange(N) * 1.0),
        ("envoy_cluster_upstream_cx_connect_ms_sum", cluster, T, np.arange(N) * 4.0),
    ]
    connect, request = sorted(read(*rows), key=lambda c: c.operation)
    assert (connect.operation, request.operation, request.destination) == ("connect", "request", "cart")
    assert request.failed.tolist() == [3.0] * (N - 1)
    assert connect.seconds == pytest.approx(np.full(N - 1, 0.004))


def test_the_same_calls_of_several_libraries_and_proxies_are_counted_once():
    cluster = {"cluster_name": "outbound|80||cart.data.svc.cluster.local"}
    found = read(
        *timer("outbound_call_duration_seconds", STEADY, SLOW, destination="cart", operation="command"),
        *timer("lettuce_command_completion_seconds", STEADY, SLOW, remote="cart.data.svc:6379", command="GET"),
        *timer("lettuce_command_completion_seconds", STEADY, SLOW, remote="other:6379", command="GET"),
        *istio(STEADY, SLOW, "source"), *timer("envoy_cluster_upstream_rq_time", STEADY, SLOW, **cluster),
    )  # fmt: skip
    assert [(c.destination, c.metric) for c in found] == [
        ("cart", "outbound_call_duration_seconds_sum"), ("other", "lettuce_command_completion_seconds_sum"),
    ]  # fmt: skip


def test_tcp_connections_have_no_duration():
    labels = {**POD, "reporter": "source", "destination_service": "db.data"}
    (found,) = read(("istio_tcp_connections_opened_total", labels, T, STEADY))
    assert np.isnan(found.seconds).all()
    assert found.calls.sum() == 10 * (N - 1)


def test_a_counter_of_failures_born_late_was_zero_before_and_its_first_value_is_an_increase():
    rows = timer("outbound_call_duration_seconds", STEADY, SLOW, destination="cart", operation="query")
    late = ("outbound_call_errors_total", {**POD, "destination": "cart", "kind": "timeout"}, T[4:], [33.0, *[40.0] * 7])
    (found,) = read(*rows, late)
    assert found.failed.tolist() == [0, 0, 0, 33.0, 7.0, 0, 0, 0, 0, 0, 0]


def test_failures_are_counted_once_where_a_destination_has_several_operations():
    rows = [
        row
        for operation in ("connect", "query", "update")
        for row in timer("outbound_call_duration_seconds", STEADY, SLOW, destination="db", operation=operation)
    ]
    errors = ("outbound_call_errors_total", {**POD, "destination": "db"}, T, STEADY)
    found = {c.operation: float(c.failed.sum()) for c in read(*rows, errors)}
    assert found == {"connect": 0.0, "query": 110.0, "update": 0.0}


def test_in_a_the_errors_are_all_of_those_in_the_log_and_in_b_too():
    samples = evidence_of(A).samples
    lost = {}
    for c in calls_of(samples.named, samples.names):
        lost[c.destination] = lost.get(c.destination, 0) + np.nansum(c.failed)
    assert lost == {"redis": 738, "postgres": 297, "risk-api": 59}
    samples = evidence_of(B).samples
    assert sum(np.nansum(c.failed) for c in calls_of(samples.named, samples.names) if c.destination == "redis") == 14


def test_a_reset_and_a_gap():
    row = table(("c", POD, T, [0, 10, 20, 3, 13, 23, 33, 43, 53, 63, 73, 83]))
    (series,) = row.named("c")
    assert rises_on(series, at(T)).tolist()[:5] == [10, 10, 3, 10, 10]
    times = np.delete(at(T), [5, 6, 7])
    gap = table(("c", POD, np.delete(T, [5, 6, 7]), np.delete(np.arange(N) * 10.0, [5, 6, 7])))
    (series,) = gap.named("c")
    found = rises_on(series, times)
    assert np.isnan(found[4])
    assert np.isfinite(np.delete(found, 4)).all()
    (missing,) = table(("c", POD, T[:6], np.arange(6.0))).named("c")
    assert np.isnan(rises_on(missing, at(T))[6:]).all(), "a counter that ended is not known to stand still"


def test_a_level_that_is_no_count_of_events_is_unknown_before_its_first_sample():
    (series,) = table(("c", POD, T[4:], np.arange(8.0))).named("c")
    assert np.isnan(rises_on(series, at(T), events=False)[:4]).all()
    assert rises_on(series, at(T[:1])).tolist() == []
    assert len(scrapes([])) == 0
