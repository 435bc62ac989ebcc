"""The offset between two clocks: recovered where the rate varies, refused where it does not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.hypotheses.case import Case
from analysis.signals.clocks import clock_offset, steps_of
from tests.conftest import A
from tests.variants import evidence_of

SPAN, RATE = 600, 16


def poisson(rng):
    return np.sort(rng.uniform(0, SPAN * 1e6, RATE * SPAN))


def wandering(rng):
    level, done = 0.0, []
    for second in range(SPAN):
        level = 0.95 * level + 0.1 * rng.normal()
        done.append((second + rng.uniform(0, 1, rng.poisson(RATE * np.exp(level)))) * 1e6)
    return np.sort(np.concatenate(done))


def constant(rng):
    return np.sort(np.arange(RATE * SPAN) / RATE * 1e6 + rng.normal(0, 5e3, RATE * SPAN))


def seen(rng, done, step=5.0, seconds=0.0, kept=1.0):
    """What a log whose clock is ahead holds, and what scrapes of a counter at the server saw."""
    scrapes = (np.arange(3, SPAN, step) * 1e6 + rng.integers(0, 10_000)).astype("i8")
    server = np.sort(done - rng.exponential(1e4, len(done)))
    log = done[rng.random(len(done)) < kept] + seconds * 1e6
    return log.astype("i8"), [steps_of(scrapes, np.searchsorted(server, scrapes).astype(float))]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.floats(-30, 30), st.sampled_from([5.0, 15.0]))
def test_a_shift_is_recovered_within_a_step(seed, seconds, step):
    rng = np.random.default_rng(seed)
    found = clock_offset(*seen(rng, wandering(rng), step, seconds))
    assert abs(found.seconds - seconds) <= step
    assert found.low <= found.seconds <= found.high
    assert found.reason == ""


@pytest.mark.parametrize(("kind", "kept"), [(poisson, 1.0), (wandering, 1.0), (poisson, 0.6)])
def test_the_interval_covers_the_truth(kind, kept):
    hits = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(-30, 30)
        found = clock_offset(*seen(rng, kind(rng), seconds=truth, kept=kept), seed=seed)
        hits.append(found.low <= truth <= found.high)
    assert np.mean(hits) >= 0.9


def test_a_constant_rate_tells_nothing():
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found.append(clock_offset(*seen(rng, constant(rng), seconds=7.0), seed=seed))
    assert np.mean([np.isnan(f.seconds) for f in found]) >= 0.9
    assert all(f.reason for f in found if np.isnan(f.seconds))


def test_a_counter_of_other_requests_tells_nothing():
    claimed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        _, steps = seen(rng, poisson(rng))
        claimed += np.isfinite(clock_offset(poisson(rng).astype("i8"), steps, seed=seed).seconds)
    assert claimed <= 2


@pytest.mark.parametrize("seconds", [-30.0, 0.0, 12.3, 30.0])
def test_the_recording_with_a_log_whose_clock_is_off(seconds):
    evidence = evidence_of(A)
    case = Case.of(evidence)
    series = [s for s in evidence.samples.named("http_server_requests_seconds_count") if s.labels["status"] == "200"]
    steps = steps_of(series[0].times, sum(s.values for s in series))
    done = pd.DatetimeIndex(evidence.requests.index).as_unit("us").asi8 + int(seconds * 1e6)
    held = [[e.window.start_us - 1e7, e.window.end_us + 1e7] for e in case.symptom.episodes]
    found = clock_offset(done, [steps], leave_out=np.array(held))
    assert abs(found.seconds - seconds) <= 5.0  # a scrape
    assert found.low - 0.5 <= seconds <= found.high + 0.5


def test_too_little_is_said():
    assert "steps" in clock_offset(np.arange(10), []).reason
    assert "steps" in clock_offset(np.arange(10), [steps_of(np.arange(9), np.arange(9.0))]).reason
    flat = steps_of(np.arange(30) * 5_000_000, np.arange(30.0) * 80)
    assert np.isnan(clock_offset(np.zeros(0, "i8"), [flat]).seconds)
    apart = clock_offset(np.arange(100) * 10**6 + 10**12, [flat])
    assert np.isnan(apart.seconds)
    assert apart.reason


def test_steps_leave_out_restarts_and_unknown_samples():
    nan = float("nan")
    assert steps_of(np.arange(5), np.array([1.0, nan, 4, 2, 3])).tolist() == [[0, 2, 3], [3, 4, 1]]
    assert steps_of(np.arange(1), np.array([1.0])).shape == (0, 3)
