"""Connection pools in their dialects: gauges, time to get a connection, timeouts."""

import numpy as np
import pytest

from analysis.signals.pool import pools_of, waiting
from tests.conftest import C
from tests.signals.samples import at, table
from tests.variants import evidence_of

T = np.arange(0, 60, 5.0)
N = len(T)
WHO = {"namespace": "shop", "pod": "api-0", "pool": "main"}


def test_hikari_by_micrometer():
    rows = [
        ("hikaricp_connections_pending", WHO, T, 3.0), ("hikaricp_connections_active", WHO, T, 8.0),
        ("hikaricp_connections_max", WHO, T, 8.0),
        ("hikaricp_connections_acquire_seconds_sum", WHO, T, np.arange(N) * 10.0),
        ("hikaricp_connections_acquire_seconds_count", WHO, T, np.arange(N) * 5.0),
        ("hikaricp_connections_timeout_total", WHO, T[6:], np.full(6, 4.0)),
    ]  # fmt: skip
    (pool,) = pools_of(table(*rows).named)
    assert (pool.pod, pool.name) == ("api-0", "main")
    assert np.nansum(pool.timeouts) == 4, "born in the window: its first value is an increase"
    assert waiting(pool, at(T))[1:-2] == pytest.approx(np.full(N - 4, 2.0), rel=0.01)


def test_without_acquire_times_the_gauge_is_read():
    (pool,) = pools_of(table(("hikaricp_pending_threads", WHO, T, 3.0)).named)
    assert waiting(pool, at(T)).tolist() == [3.0] * (N - 1)
    assert np.isnan(pool.limit).all()
    (short,) = pools_of(table(("jdbc_connections_pending", {"name": "main", **WHO}, T[:5], 3.0)).named)
    assert np.isnan(waiting(short, at(T))[6:]).all()


def test_opentelemetry_counts_used_connections_by_state():
    who = {"namespace": "shop", "pod": "api-0", "db_client_connection_pool_name": "main"}
    rows = [
        ("db_client_connection_pending_requests", who, T, 1.0),
        ("db_client_connection_count", {**who, "db_client_connection_state": "idle"}, T, 6.0),
        ("db_client_connection_count", {**who, "db_client_connection_state": "used"}, T, 2.0),
    ]
    (pool,) = pools_of(table(*rows).named)
    assert pool.active.tolist() == [2.0] * N


def test_c_ran_full():
    evidence = evidence_of(C)
    (pool,) = pools_of(evidence.samples.named)
    during = (pool.times > evidence.incident.window.start_us) & (pool.times <= evidence.incident.window.end_us)
    assert np.nansum(pool.timeouts) == 817
    assert (pool.active[during] >= pool.limit[during]).mean() > 0.8
