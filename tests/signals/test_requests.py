"""Bad requests, bins and episodes: against loops, on noise, and at the edges."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.incident import Window
from analysis.signals.requests import bad_requests, bins, find_episodes
from tests import oracles
from tests.signals.samples import ZERO_US, at, window

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def requests(seconds, bad, failed=None, slow=None):
    index = pd.DatetimeIndex(pd.to_datetime(at(seconds), unit="us", utc=True)).as_unit("us")
    bad = np.asarray(bad, dtype=bool)
    columns = {"bad": bad, "failed": bad if failed is None else failed, "slow": ~bad & bad if slow is None else slow}
    return pd.DataFrame(columns, index=index)


def steady(rate, duration, bad):
    """Return `rate` requests per second; `bad(seconds)` says which are bad."""
    seconds = (np.arange(round(rate * duration)) + 0.5) / rate
    return requests(seconds, bad(seconds))


def found(table, duration, objective=0.99, least=30.0):
    return find_episodes(table, window(0, duration), objective_ratio=objective, min_duration_seconds=least)


def edges_of(episode):
    """First and last bad completion [s]."""
    return (episode.window.start_us + 1 - ZERO_US) / 1e6, (episode.window.end_us - ZERO_US) / 1e6


# ---- which requests are bad


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize("limit", [None, 1.5])
def test_bad_is_failed_or_slow_as_the_objective_says(failed, limit):
    rows = [(0.1, False), (1.5, False), (1.500001, False), (0.1, True), (9.0, True), (np.nan, False)]
    table = pd.DataFrame(rows, columns=["duration_seconds", "failed"], index=pd.to_datetime(at(range(6)), unit="us"))
    out = bad_requests(table, failed=failed, slower_than_seconds=limit)
    slow = [limit is not None and d > limit for d, _ in rows]
    assert out["slow"].tolist() == slow
    assert out["bad"].tolist() == [s or (f and failed) for s, (_, f) in zip(slow, rows, strict=True)]
    assert list(table.columns) == ["duration_seconds", "failed"]  # the input stays as it was


def test_bad_requests_of_none():
    table = requests([], []).assign(duration_seconds=np.zeros(0))
    assert len(bad_requests(table, failed=True, slower_than_seconds=1.0)) == 0


# ---- bins


@EXAMPLES
@given(
    st.lists(st.tuples(st.integers(-3, 25), st.booleans()), max_size=40),
    st.lists(st.integers(0, 22), min_size=2, max_size=8, unique=True).map(sorted),
)
def test_bins_are_the_loop(rows, edges):
    rows = sorted(rows)
    times, bad = [ZERO_US + t for t, _ in rows], [b for _, b in rows]
    table = pd.DataFrame({"bad": np.array(bad, bool)}, index=pd.to_datetime(np.array(times, "i8"), unit="us", utc=True))
    cuts = ZERO_US + np.array(edges)
    assert [v.tolist() for v in bins(table, cuts)] == list(oracles.bins(times, bad, cuts.tolist()))


# ---- episodes against the loop


def as_rows(episodes):
    return [(e.window.start_us + 1, e.window.end_us, e.requests, e.bad) for e in episodes]


@pytest.mark.parametrize("seed", range(25))
def test_episodes_are_the_loop(seed):
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.uniform(-20, 320, 500))
    p = np.where((seconds > 100) & (seconds < 100 + 12 * (seed % 9)), 0.3, 0.02)
    p = np.where((seconds > 230) & (seed % 3 == 0), 0.1, p)
    bad = rng.random(500) < p
    objective, least = (0.99, 30.0) if seed % 2 else (0.95, 20.0)
    episodes = found(requests(seconds, bad), 300, objective, least)
    slow = oracles.episodes(at(seconds).tolist(), bad, (ZERO_US, ZERO_US + 300_000_000), objective, least * 1e6)
    assert as_rows(episodes) == slow
    assert [e.id for e in episodes] == list(range(1, len(slow) + 1))


def test_the_loop_finds_none_one_and_several():
    """The comparison above is worth something only if its cases differ."""
    sizes = set()
    for seed in range(25):
        rng = np.random.default_rng(seed)
        seconds = np.sort(rng.uniform(-20, 320, 500))
        p = np.where((seconds > 100) & (seconds < 100 + 12 * (seed % 9)), 0.3, 0.02)
        p = np.where((seconds > 230) & (seed % 3 == 0), 0.1, p)
        objective, least = (0.99, 30.0) if seed % 2 else (0.95, 20.0)
        sizes.add(len(found(requests(seconds, rng.random(500) < p), 300, objective, least)))
    assert {0, 1, 2} <= sizes


# ---- episodes that must be found, and such that must not


def test_a_plain_incident_keeps_its_edges_and_counts():
    table = steady(10, 600, lambda t: (t > 200) & (t < 290))
    table["failed"] = table["bad"] & (np.arange(len(table)) % 3 == 0)
    table["slow"] = table["bad"]
    (one,) = found(table, 600)
    assert edges_of(one) == pytest.approx((200.05, 289.95))
    assert one.requests == one.bad == 900
    assert (one.failed, one.slow) == (300, 600)  # slow: without failing


def test_two_incidents_a_minute_apart_are_two():
    table = steady(10, 600, lambda t: ((t > 100) & (t < 160)) | ((t > 220) & (t < 280)))
    first, second = found(table, 600)
    assert (first.id, second.id) == (1, 2)
    assert edges_of(first) == pytest.approx((100.05, 159.95))
    assert edges_of(second) == pytest.approx((220.05, 279.95))


def test_two_bursts_closer_than_the_least_duration_are_one():
    table = steady(10, 600, lambda t: ((t > 100) & (t < 140)) | ((t > 155) & (t < 200)))
    assert [e.bad for e in found(table, 600)] == [850]


def test_fourteen_bad_in_five_seconds_are_none():
    seconds = (np.arange(6000) + 0.5) / 10
    bad = np.zeros(6000, dtype=bool)
    bad[3000:3042:3] = True  # 14 within 4.0 s
    assert bad.sum() == 14
    assert found(requests(seconds, bad), 600) == ()


@pytest.mark.parametrize("seed", range(8))
def test_a_slow_burn_over_the_window_is_found(seed):
    rng = np.random.default_rng(seed)
    table = steady(20, 600, lambda t: rng.random(len(t)) < 0.03)
    episodes = found(table, 600)
    assert len(episodes) >= 1
    covered = sum(e.window.duration_seconds for e in episodes)
    assert covered > 0.5 * 600
    assert all(e.bad / e.requests > 0.01 for e in episodes)


@pytest.mark.parametrize("rate", [1, 5, 20])
def test_sparse_noise_below_the_objective_is_no_episode(rate):
    """Bad requests at a tenth of what the objective allows, 40 windows of twenty minutes."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table = steady(rate, 1200, lambda t, rng=rng: rng.random(len(t)) < 0.001)
        assert found(table, 1200) == ()


def test_half_of_the_objective_seldom_makes_an_episode():
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        hits += bool(found(steady(5, 1200, lambda t, rng=rng: rng.random(len(t)) < 0.005), 1200))
    assert hits <= 3


@pytest.mark.parametrize("objective", [0.9, 0.99, 0.999])
def test_no_requests_and_no_bad_ones(objective):
    assert found(requests([], []), 600, objective) == ()
    assert found(steady(10, 600, lambda t: t < 0), 600, objective) == ()


def test_nothing_is_lost_at_the_edges_of_the_window():
    """The window is (0, 100]: a request at 0 lies before it, one at 100 in it, though 100 is no multiple of a bin."""
    seconds = np.arange(0, 101.0)
    (one,) = found(requests(seconds, np.ones(101, dtype=bool)), 100)
    assert edges_of(one) == (1.0, 100.0)
    assert one.requests == one.bad == 100
    (late,) = found(requests(seconds, seconds >= 63), 100, least=35.0)
    assert edges_of(late) == (63.0, 100.0)
    (early,) = found(requests(seconds, seconds <= 38), 100, least=35.0)
    assert edges_of(early) == (1.0, 38.0)


def test_requests_outside_the_window_do_not_matter():
    inside = steady(10, 600, lambda t: (t > 200) & (t < 290))
    outside = requests([-50.0, -1.0, 601.0, 900.0], [True] * 4)
    both = pd.concat([outside[:2], inside, outside[2:]])
    assert as_rows(found(both, 600)) == as_rows(found(inside, 600))


def test_a_window_shorter_than_the_least_duration_has_no_episode():
    assert found(steady(10, 20, lambda t: t > 0), 20) == ()


@EXAMPLES
@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.05, 0.3]))
def test_what_is_found_keeps_the_promises(seed, share):
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.uniform(0, 400, 300))
    table = requests(seconds, rng.random(300) < share)
    episodes = found(table, 400)
    assert as_rows(episodes) == as_rows(found(table.copy(), 400))
    for one in episodes:
        inside = table[one.window.holds(table.index)]
        assert (len(inside), int(inside["bad"].sum())) == (one.requests, one.bad)
        assert one.window.duration_seconds >= 30
        assert one.bad > 0.01 * one.requests
        assert inside["bad"].iloc[0]
        assert inside["bad"].iloc[-1]
    assert all(a.window.end_us <= b.window.start_us for a, b in itertools.pairwise(episodes))


def sick(bad_from, bad_to, seconds=600, per_second=10):
    """Ten requests a second, those between two seconds bad."""
    end = pd.date_range("2026-11-22T18:00:00.1Z", periods=seconds * per_second, freq=f"{1000 // per_second}ms").as_unit(
        "us"
    )
    at = np.arange(len(end)) / per_second
    bad = (at >= bad_from) & (at < bad_to)
    return pd.DataFrame({"bad": bad, "failed": bad, "slow": False}, index=end)


def window_of(first, last):
    start = pd.Timestamp("2026-11-22T18:00:00Z")
    return Window(start + pd.Timedelta(seconds=first), start + pd.Timedelta(seconds=last))


AROUND = window_of(0, 600)
RULE = {"objective_ratio": 0.99, "min_duration_seconds": 30}


@pytest.mark.parametrize(("first", "last"), [(280, 400), (320, 500), (200, 350), (310, 360)])
def test_a_stretch_that_the_window_cuts_is_followed_beyond_it(first, last):
    (found,) = find_episodes(sick(300, 380), window_of(first, last), around=AROUND, **RULE)
    assert found.window == find_episodes(sick(300, 380), window_of(first, last), **RULE)[0].window
    origin = pd.Timestamp("2026-11-22T18:00:00Z").value // 1000
    assert (found.begin_us - origin) / 1e6 == pytest.approx(300, abs=0.2)
    assert (found.finish_us - origin) / 1e6 == pytest.approx(380, abs=0.2)


def test_an_earlier_stretch_by_itself_is_not_joined():
    table = sick(300, 380)
    table.loc[sick(270, 275)["bad"], "bad"] = True  # 25 quiet seconds lie between
    (found,) = find_episodes(table, window_of(290, 400), around=AROUND, **RULE)
    assert (found.begin_us - pd.Timestamp("2026-11-22T18:00:00Z").value // 1000) / 1e6 == pytest.approx(300, abs=0.2)


def test_without_room_around_a_stretch_reaches_as_far_as_the_window():
    (found,) = find_episodes(sick(300, 380), window_of(320, 360), **RULE)
    assert found.reach is None
    assert found.extent == found.window
