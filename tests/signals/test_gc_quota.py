"""CPU time of collections, and a quota that stretches them: the closed form against a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_quota import (
    PauseWork,
    join_works,
    pause_work,
    quota_real_seconds,
    quota_work,
    usual_efficiency,
)
from tests.signals.test_gc import EPOCH, frame

CASES = [(0.4, 8, 2.0), (0.12, 4, 0.5), (0.6, 4, 1.0), (0.4, 2, 2.0)]
REAL, FREE = [0.125, 0.205, 0.525, 0.2], [0.05, 0.03, 0.15, 0.2]


def work(seconds, cpu, workers=2.0, *, kind="young", heap=np.nan, step_us=1_000_000):
    seconds = np.atleast_1d(np.asarray(seconds, dtype=float))
    n = len(seconds)
    start = np.arange(n) * step_us
    spans = np.stack([start, start + np.round(seconds * 1e6).astype("i8")], axis=1)
    rest = (np.broadcast_to(np.asarray(x), n).copy() for x in (kind, seconds, cpu, workers, heap))
    return PauseWork(spans, *rest, 0)


def test_work_needs_cpu_times():
    columns = {"duration_seconds": [0.1, 0.5], "user_seconds": [0.1, np.nan], "sys_seconds": [0.05, np.nan],
               "nested": [False, False], "kind": ["young", "young"]}  # fmt: skip
    found = pause_work(frame([(0, 100_000), (200_000, 700_000)], **columns), EPOCH, workers=2.0)
    assert (len(found.seconds), found.left_out) == (1, 1)
    assert found.efficiency_ratio == pytest.approx(0.75)
    told = frame([(0, 100_000), (200_000, 700_000)], **columns, workers=[3.0, 3.0])
    assert pause_work(told, EPOCH, workers=2.0).efficiency_ratio == pytest.approx(0.5)
    nothing = pause_work(frame([], **{k: [] for k in columns}), EPOCH, workers=2.0)
    assert len(nothing.seconds) == 0
    assert np.isnan(nothing.efficiency_ratio)


def simulated(cpu_seconds, workers, limit_cores, period=0.1, tick=0.0005):
    """Return how long the collection takes, tick by tick: the slow way."""
    left, quota, t = cpu_seconds, limit_cores * period, 0.0
    while left > 1e-9:
        if round(t % period, 6) in (0.0, period):
            quota = limit_cores * period
        use = min(left, workers * tick, quota)
        left, quota = left - use, quota - use
        t += tick
    return t


@pytest.mark.parametrize(("case", "real"), [*zip(CASES, REAL, strict=True), ((0.3, 1, 0.5), None)])
def test_a_quota_stretches_a_collection_as_the_simulation_says(case, real):
    cpu, workers, limit = case
    found = quota_real_seconds(np.array([cpu]), np.array([float(workers)]), limit)[0]
    assert found == pytest.approx(simulated(*case), abs=0.001)
    assert real is None or found == pytest.approx(real, abs=0.001)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(0.001, 3), st.integers(1, 32), st.floats(0.1, 16))
def test_a_quota_never_makes_a_collection_faster_nor_waits_longer_than_its_periods(cpu, workers, limit):
    found = float(quota_real_seconds(np.array([cpu]), np.array([float(workers)]), limit)[0])
    assert cpu / workers - 1e-9 <= found
    assert found <= max(cpu / workers, cpu / limit) + 0.1 + 1e-9


@pytest.mark.parametrize(("case", "real", "free"), list(zip(CASES, REAL, FREE, strict=True)))
def test_the_closed_forms_are_found_from_a_log(case, real, free):
    cpu, workers, limit = case
    now = work([real] * 20, cpu, float(workers))
    held = np.stack([np.arange(4) * 5_000_000, np.arange(1, 5) * 5_000_000], axis=1), np.full(4, 25.0)
    found = quota_work(now, work([free] * 20, cpu, float(workers)), held, limit_cores=limit)
    assert found.expected_seconds / 20 == pytest.approx(free, abs=0.001)
    assert found.alone_seconds / 20 == pytest.approx(real, abs=0.001)
    assert found.stretched_seconds / 20 == pytest.approx(real - free, abs=0.001)
    assert found.attributable_seconds / 20 == pytest.approx(real - free, abs=0.001)
    assert found.of_quota_ratio >= 0.8 - 1e-9
    assert found.alike_ratio == 1.0


def test_no_more_is_attributed_than_throttled_periods_last():
    now, before = work([1.0, 1.0], 0.2), work([0.1] * 10, 0.2)
    steps = np.array([[0, 1_000_000], [1_000_000, 2_000_000]])
    found = quota_work(now, before, (steps, np.array([2.0, 0.0])), limit_cores=1.0)
    assert found.stretched_seconds == pytest.approx(1.8)
    assert found.attributable_seconds == pytest.approx(0.2)


def test_a_collector_alone_takes_what_is_said_at_most_and_a_period_less_at_least():
    """Millisecond steps of a quota, the pause beginning anywhere in a period that is full until then."""
    for cpu, workers, limit in ((0.4, 8, 2.0), (0.12, 4, 0.5), (0.6, 4, 1.0), (0.4, 2, 2.0)):
        most = float(quota_real_seconds(np.array([cpu]), np.array([float(workers)]), limit)[0])
        took = []
        for phase in range(100):
            left, done, t = limit * 100.0, 0.0, phase
            while done < cpu * 1000 - 1e-6:
                left = limit * 100.0 if t % 100 == 0 else left
                step = min(workers, left, cpu * 1000 - done)
                done, left, t = done + step, left - step, t + 1
            took.append((t - phase) / 1000)
        assert took[0] == pytest.approx(most, abs=0.002)
        assert max(took) <= most + 0.002
        assert min(took) >= most - 0.1 - 0.002


def test_efficiency_is_that_of_the_same_kind_and_of_a_like_heap():
    heap = np.arange(60) * 1e6
    young = work([0.1] * 60, np.where(heap < 30e6, 0.2, 0.1), heap=heap)
    now = work([0.1, 0.1], 0.1, heap=np.array([2e6, 58e6]))
    assert usual_efficiency(young, now)[0] == pytest.approx([1.0, 0.5])
    other, alike = usual_efficiency(young, work([0.1], 0.1, kind="full"))
    assert other == pytest.approx([0.75])
    assert alike.tolist() == [False]


def test_few_pauses_tell_no_efficiency():
    before = work([0.1] * 4, 0.2)
    assert np.isnan(usual_efficiency(before, work([0.1], 0.1))[0]).all()
    assert np.isnan(usual_efficiency(work([0.001] * 50, 0.0), work([0.1], 0.1))[0]).all()
    found = quota_work(work([0.1], 0.1), before, (np.zeros((0, 2)), np.zeros(0)), limit_cores=1.0)
    assert np.isnan([found.expected_seconds, found.attributable_seconds]).all()
    nothing = work([0.1], 0.1).chosen(np.zeros(1, dtype=bool))
    assert quota_work(nothing, before, (np.zeros((0, 2)), np.zeros(0)), limit_cores=1.0).n == 0


def test_jvms_add_up():
    now, before = work([0.4] * 5, 0.2), work([0.1] * 10, 0.2)
    held = np.array([[0, 10_000_000]]), np.array([50.0])
    one, two = (quota_work(now, before, held, limit_cores=limit) for limit in (1.0, 2.0))
    both = join_works([one, two])
    assert both.n == 10
    assert both.paused_seconds == pytest.approx(4.0)
    assert both.of_quota_ratio == pytest.approx(2.0 / (5 * 0.4 * 1.0 + 5 * 0.4 * 2.0))
    assert join_works([one]) == one
