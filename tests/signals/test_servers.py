"""Each server's own account of its time: exporters, proxies, timers, sessions; and which server a name means."""

import numpy as np
import pandas as pd
import pytest

from analysis.signals.servers import busy, clock_of, path_splits, server_clocks, session_load
from analysis.signals.workloads import workload_of
from tests.conftest import A, C
from tests.signals.samples import ZERO, at, table
from tests.variants import evidence_of

T = np.arange(0, 60, 5.0)
N = len(T)


def clocks(*rows):
    samples = table(*rows)
    return server_clocks(samples.named, samples.names, lambda ns, pod: workload_of(pod))


def cache(seconds, calls, **labels):
    who = {"namespace": "data", "pod": "cache-0", "cmd": "get", **labels}
    return [("redis_commands_duration_seconds_total", who, T, seconds), ("redis_commands_total", who, T, calls)]


def test_a_serial_server_is_busy_for_a_share_of_time_at_most_all_of_it():
    (clock,) = clocks(*cache(np.arange(N) * 2.5, np.arange(N) * 100.0))
    assert (clock.namespace, clock.name, clock.product, clock.serial) == ("data", "cache", "redis", True)
    assert busy(clock, at(T))[1:-1] == pytest.approx(np.full(N - 3, 0.5), rel=1e-3)
    (full,) = clocks(*cache(np.arange(N) * 50.0, np.arange(N) * 100.0))
    assert busy(full, at(T)).max() == 1.0


def test_one_long_command_is_counted_when_it_ends_but_was_busy_before():
    slept = np.where(np.arange(N) >= 6, 12.0, 0.0)
    (clock,) = clocks(*cache(slept, np.where(np.arange(N) >= 6, 1.0, 0.0), cmd="debug"))
    load = busy(clock, at(T))
    assert load[3:6].min() >= 0.5
    assert load[7:].max() == 0


def test_the_time_of_a_mesh_s_destination_and_of_a_workload_s_own_requests():
    mesh = {
        "reporter": "destination", "destination_workload": "cart", "destination_workload_namespace": "shop",
        "pod": "cart-0", "response_code": "200",
    }  # fmt: skip
    rows = [("istio_requests_total", mesh, T, np.arange(N) * 10.0)]
    rows += [("istio_request_duration_milliseconds_sum", mesh, T, np.arange(N) * 100.0)]
    source = {**mesh, "reporter": "source"}
    rows += [("istio_request_duration_milliseconds_sum", source, T, np.arange(N) * 9e5)]
    rows += [
        ("http_server_requests_seconds_sum", {"namespace": "shop", "pod": "web-0", "uri": "/"}, T, np.arange(N) * 5.0)
    ]
    rows += [
        ("http_server_requests_seconds_count", {"namespace": "shop", "pod": "web-0", "uri": "/"}, T, np.arange(N) * 10)
    ]
    found = {c.name: c for c in clocks(*rows)}
    assert set(found) == {"cart", "web"}
    assert busy(found["cart"], at(T))[2:-2] == pytest.approx(np.full(N - 5, 0.02), rel=0.05)
    assert busy(found["web"], at(T))[2:-2] == pytest.approx(np.full(N - 5, 1.0), rel=0.05)


def test_active_time_of_a_database_in_milliseconds_without_a_count():
    who = {"namespace": "data", "pod": "postgres-0", "datname": "shop"}
    (clock,) = clocks(("pg_stat_database_active_time", who, T, np.arange(N) * 10_000.0))
    assert busy(clock, at(T)) == pytest.approx(np.full(N - 1, 2.0), rel=1e-3)
    assert np.isnan(clock.calls).all()


def test_a_server_that_is_silent_is_unknown():
    short = [(name, labels, T[:4], values[:4]) for name, labels, _, values in cache(SLOPE, SLOPE)]
    up = [("redis_commands_duration_seconds_total", {"namespace": "data", "pod": "cache-0", "cmd": "info"}, T, SLOPE)]
    (clock,) = clocks(*short, *up)
    assert np.isfinite(busy(clock, at(T))).all(), "one command that is still counted tells that the server answers"
    (alone,) = clocks(*short)
    assert np.isnan(busy(alone, at(T))[5:]).all()
    (point,) = clocks(*[(n, x, T[:1], v[:1]) for n, x, _, v in cache(SLOPE, SLOPE)])
    assert np.isnan(busy(point, at(T))).all()


SLOPE = np.arange(N) * 1.0


def test_which_server_a_name_means():
    found = clocks(
        *cache(SLOPE, SLOPE), ("pg_stat_database_active_time", {"namespace": "data", "pod": "ledger-db-0"}, T, SLOPE),
        ("http_server_requests_seconds_sum", {"namespace": "shop", "pod": "risk-api-0", "uri": "/"}, T, SLOPE),
    )  # fmt: skip
    assert clock_of("cache", found).name == "cache"
    assert clock_of("ledger", found).name == "ledger-db"
    assert clock_of("postgres", found).name == "ledger-db", "the product, where one such server exists"
    assert clock_of("redis-main", found).name == "cache"
    assert clock_of("risk", found).name == "risk-api"
    assert clock_of("elsewhere", found) is None
    two = (*found, *clocks(*[(n, {**x, "pod": "sessions-0"}, t, v) for n, x, t, v in cache(SLOPE, SLOPE)]))
    assert clock_of("redis", two) is None, "of two servers of a product neither is meant"


def test_sessions_that_wait_for_their_client_are_not_inside_the_database():
    time = pd.DatetimeIndex([ZERO + pd.Timedelta(seconds=s + 0.3) for s in (0, 0, 0, 1, 1, 1)])
    rows = pd.DataFrame(
        {"state": ["active", "idle", "active", "active", "active", "idle in transaction"],
         "wait_type": ["", "Client", "Client", "Lock", "IO", "Client"]}, index=time,
    )  # fmt: skip
    load = session_load(rows, at([-1, 0.5, 1.5, 2.5]))
    assert load.tolist()[:2] == [1.0, 2.0]
    assert np.isnan(load[2])


def test_the_recordings():
    samples = evidence_of(A).samples
    found = server_clocks(samples.named, samples.names, lambda ns, pod: workload_of(pod))
    assert {(c.name, c.product) for c in found} == {("redis", "redis"), ("postgres", "postgres"), ("payment-api", "")}
    paths = {p.destination: p for p in path_splits(samples.named, samples.names)}
    assert set(paths) == {"be_risk", "inbound", "outbound_postgres", "outbound_redis"}
    during = evidence_of(A).incident.window
    inside = (paths["be_risk"].times > during.start_us) & (paths["be_risk"].times <= during.end_us)
    assert paths["be_risk"].connect_seconds[inside].max() > 0.05
    evidence = evidence_of(C)
    edges = np.array([evidence.incident.window.start_us, evidence.incident.window.end_us])
    assert session_load(evidence.sessions, edges)[0] > 5


def test_the_split_of_an_envoy_cluster_comes_from_sums_and_counts():
    who = {"namespace": "shop", "pod": "api-0", "cluster_name": "outbound|80||cart.shop.svc.cluster.local"}
    per_step = {"cx_connect_ms_sum": 4, "cx_connect_ms_count": 2, "rq_time_sum": 500, "rq_time_count": 10}
    samples = table(*((f"envoy_cluster_upstream_{name}", who, T, SLOPE * k) for name, k in per_step.items()))
    (path,) = path_splits(samples.named, samples.names)
    assert path.destination == "cart"
    assert path.connect_seconds == pytest.approx(np.full(N - 1, 0.002))
    assert path.response_seconds == pytest.approx(np.full(N - 1, 0.05))
