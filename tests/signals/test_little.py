"""Little's law of a pool: the recording's, the same from HikariCP's counters, and gaps that stay unknown."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.little import POOL_STEP_COLUMNS, pool_steps, pool_use
from tests.signals import recorded
from tests.signals.samples import ZERO, table, window


@pytest.mark.parametrize(
    ("name", "in_use", "active"),
    [(recorded.BASELINE, 0.29, 0.31), (recorded.A, 1.85, 1.63), (recorded.C, 5.99, 5.97), (recorded.E, 9.75, 10.0)],
)
def test_the_pool_of_the_recording(name, in_use, active):
    found = pool_use(recorded.pool(), recorded.phase(name))
    assert found.in_use == pytest.approx(in_use, abs=0.006)
    assert found.active_mean == pytest.approx(active, abs=0.006)
    assert found.timeouts == recorded.truth()[name]["pool_timeouts"]
    assert found.pending_max == recorded.truth()[name]["pool_pending_max"]
    assert found.limit == 10
    assert found.in_use == pytest.approx(found.acquired_per_second * found.held_seconds)
    assert found.needed == pytest.approx(1.3 * found.in_use)
    assert found.saturated == (name != recorded.BASELINE)


def steps(*rows):
    """Return steps of (second, acquired, usage seconds); a pool of ten, half of it idle."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("time")
    cells = {"max": 10.0, "active": 5.0, "idle": 5.0, "pending": 0.0, "timeouts": 0.0, "wait_seconds": 0.0}
    return pd.DataFrame(
        cells | {"acquired": [float(r[1]) for r in rows], "usage_seconds": [float(r[2]) for r in rows]}, index=index
    )


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 100)), min_size=2, max_size=30))
def test_usage_over_time_is_the_law(rows):
    found = pool_use(steps(*[(i + 1, *row) for i, row in enumerate(rows)]), window(0, len(rows)))
    assert found.seconds == pytest.approx(len(rows))
    assert found.in_use == pytest.approx(sum(u for _, u in rows) / len(rows))
    if sum(n for n, _ in rows):
        assert found.acquired_per_second * found.held_seconds == pytest.approx(found.in_use)
    assert found.saturated == (found.in_use > 8)


def test_an_unknown_step_takes_its_time_with_it():
    found = pool_use(steps((1, 10, 2), (2, 10, np.nan), (3, 10, 4)), window(0, 3))
    assert (found.steps, found.seconds, found.in_use) == (2, 2, 3)
    nothing = pool_use(steps((1, 10, np.nan)), window(5, 9))
    assert (nothing.steps, nothing.saturated) == (0, False)
    assert np.isnan([nothing.in_use, nothing.needed, nothing.limit]).all()
    assert len(POOL_STEP_COLUMNS) == 9


def test_hikari_counters_tell_the_same():
    pool = {"namespace": "shop", "pod": "api-1", "pool": "HikariPool-1"}
    at = np.arange(0, 61, 15)
    rows = [
        ("hikaricp_connections_active", pool, at, 6.0), ("hikaricp_connections_idle", pool, at, 4.0),
        ("hikaricp_connections_pending", pool, at, [0, 0, 3, 0, 0]), ("hikaricp_connections_max", pool, at, 10.0),
        ("hikaricp_connections_timeout_total", pool, at, [0, 0, 2, 2, 2]),
        ("hikaricp_connections_acquire_seconds_sum", pool, at, 3.0 * at),
        ("hikaricp_connections_acquire_seconds_count", pool, at, 30.0 * at),
        ("hikaricp_connections_usage_seconds_sum", pool, at, 6.0 * at + 70),
    ]  # fmt: skip
    (found,) = pool_steps(table(*rows).named).values()
    used = pool_use(found, window(0, 60))
    assert used.in_use == pytest.approx(6)
    assert used.acquired_per_second == pytest.approx(30)
    assert used.held_seconds == pytest.approx(0.2)
    assert used.waited_seconds == pytest.approx(0.1)
    assert (used.timeouts, used.pending_max, used.saturated) == (2, 3, True)
    named = {r[0]: r for r in rows}
    named.pop("hikaricp_connections_usage_seconds_sum")
    (without,) = pool_steps(table(*named.values()).named).values()
    assert np.isnan(pool_use(without, window(0, 60)).in_use)


def test_the_older_names_count_in_their_own_units():
    pool = {"namespace": "shop", "pod": "api-1", "pool": "p"}
    at = np.arange(0, 61, 15)
    rows = [
        ("hikaricp_active_connections", pool, at, 2.0), ("hikaricp_pending_threads", pool, at, 0.0),
        ("hikaricp_max_connections", pool, at, 4.0),
        ("hikaricp_connection_acquired_nanos_sum", pool, at, 1e7 * at),
        ("hikaricp_connection_acquired_nanos_count", pool, at, 10.0 * at),
        ("hikaricp_connection_usage_millis_sum", pool, at, 2000.0 * at),
    ]  # fmt: skip
    (found,) = pool_steps(table(*rows).named).values()
    used = pool_use(found, window(0, 60))
    assert used.in_use == pytest.approx(2)
    assert used.waited_seconds == pytest.approx(0.001)
    assert np.isnan(used.timeouts)
