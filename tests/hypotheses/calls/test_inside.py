"""The servers' own account: the gap between the clocks (M5), serial servers, silent ones, the path."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.calls.inside import connect_ratio, gap_share, inside_ratio, own_load, served_seconds
from analysis.signals.servers import PathSplit, ServerClock
from analysis.sources.postgres import no_sessions
from tests.conftest import A, C
from tests.hypotheses.calls.test_levels import BASELINE, EPISODE, T, calls
from tests.signals.samples import at
from tests.variants import evidence_of


def test_m5_client_1480_ms_server_1_1_ms():
    rng = np.random.default_rng(0)
    count = rng.poisson(100, 60).astype(float)
    client = count * 1.480 * np.exp(0.3 * rng.normal(size=60))
    client *= count.sum() * 1.480 / client.sum()
    server = count * 1.1e-3 * np.exp(0.2 * rng.normal(size=60))
    share, low, high = gap_share(client, count, server, count)
    assert share == pytest.approx(0.999, abs=0.001)
    assert 0.998 < low <= share <= high <= 1


def test_the_gap_needs_calls_on_both_sides():
    some, none = np.ones(10), np.zeros(10)
    assert np.isnan(gap_share(some, some, some, none)).all()
    assert np.isnan(gap_share(some * np.nan, some, some, some)).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99), st.floats(0.2, 5))
def test_calls_that_one_side_alone_counts_do_not_shift_the_gap(seed, part, more):
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 100, 30).astype(float)
    share, _, _ = gap_share(count * 2.0, count, count * 2.0 * part * more, count * more)
    assert share == pytest.approx(1 - part, abs=1e-9)


def test_a_busy_serial_server_holds_all_that_wait_for_it():
    queue = np.array([30.0, 30.0, 0.5])
    assert inside_ratio(np.array([1.0, 1.0, 0.0]), queue, serial=True) == pytest.approx(60 / 60.5)
    assert inside_ratio(np.array([1.0, 1.0, 0.0]), queue, serial=False) == pytest.approx(2 / 60.5)
    assert np.isnan(inside_ratio(queue, np.zeros(3), serial=False))
    assert inside_ratio(queue * 9, queue, serial=False) == 1.0


def clock(seconds, count, product="redis"):
    return ServerClock("data", "cache", product, "m", True, at(T), np.atleast_2d(count), np.atleast_2d(seconds))


def test_a_silent_server_is_not_a_healthy_one():
    n = len(T) - 1
    fine = clock(np.full(n, 0.5), np.full(n, 10.0))
    assert own_load(fine, no_sessions(), at(T), (BASELINE, EPISODE))[0] == "m"
    silent = clock(np.where(T[1:] > 320, np.nan, 0.5), np.full(n, 10.0))
    source, load = own_load(silent, no_sessions(), at(T), (BASELINE, EPISODE))
    assert source == ""
    assert np.isnan(load).all()
    assert served_seconds(fine, EPISODE) == pytest.approx(0.05)
    assert np.isnan(served_seconds(clock(np.full(n, 0.5), np.full(n, np.nan)), EPISODE))


def test_the_path():
    n = len(T)
    late = T > 300
    path = PathSplit("shop", "api-0", "be_cart", "m", at(T), np.where(late, 0.002, 0.001), np.where(late, 2.0, 0.01))
    rows, grid, windows = [calls(1.0)], at(T), (BASELINE, EPISODE)
    assert connect_ratio(rows, [path], grid, windows) == pytest.approx(0.0005, abs=1e-4)
    slow = PathSplit("shop", "api-0", "be_cart", "m", at(T), np.where(late, 1.5, 0.001), np.where(late, 2.0, 0.01))
    assert connect_ratio(rows, [slow], grid, windows) > 0.5
    other = PathSplit("shop", "web-0", "be_cart", "m", at(T), np.zeros(n), np.where(late, 2.0, 0.01))
    assert np.isnan(connect_ratio(rows, [other], grid, windows)), "the proxy of another pod says nothing"
    own = [calls(np.where(late[1:], 2.0, 0.01)), calls(0.001, operation="connect")]
    assert connect_ratio(own, [], grid, windows) == 0


@pytest.mark.parametrize(("folder", "least", "most"), [(A, 0.2, 10), (C, 0.0, 0.1)])
def test_the_recordings_path_is_free_in_c_and_not_in_a(folder, least, most):
    from analysis.hypotheses.calls.dose import scenes_of
    from analysis.hypotheses.case import Case

    (scene,) = scenes_of(Case.of(evidence_of(folder)))
    known = [d.connect_ratio for d in scene.worse if np.isfinite(d.connect_ratio)]
    assert known
    assert all(least <= x <= most for x in known)
