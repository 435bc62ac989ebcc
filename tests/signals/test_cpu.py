"""CPU throttling on simulated containers with known truth, and on every shape of series that cAdvisor gives."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.cpu import classify, container_cpus, stall_bound_seconds
from tests import oracles
from tests.cfs_simulator import simulate
from tests.signals.samples import WHO, counters, table, window

EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True)
INF = float("inf")
WHOLE = window(0, 60)
PERIODS, THROTTLED = "container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total"
USAGE, QUOTA = "container_cpu_usage_seconds_total", "container_spec_cpu_quota"
T = np.arange(0, 65, 5.0)  # thirteen samples, twelve steps


@functools.cache
def bursty(limit=0.5, work=90.0, threads=3):
    """Twenty single-thread jobs at once, every second for a minute."""
    return simulate([(k, [work / 20] * 20) for k in range(60)], limit=limit, threads=threads, seconds=60)


def one(*rows):
    (found,) = container_cpus(table(*rows).named)
    return found


def class_of(cpu, where=WHOLE):
    limit = cpu.limit_cores
    return classify(cpu.ratio(where), cpu.usage_cores(where) / limit, limited=not math.isnan(limit))


# ---- the simulated regimes


@pytest.mark.parametrize(
    ("limit", "work", "use", "ratio", "active"),
    [
        (0.1, 15, 0.15, 0.33, 0.30),
        (0.1, 30, 0.30, 0.50, 0.40),
        (0.5, 90, 0.18, 0.33, 0.30),
        (1.0, 250, 0.25, 0.50, 0.40),
        (2.0, 250, 0.125, 0.33, 0.30),
    ],
)
def test_bursts_throttle_a_container_that_hardly_uses_its_limit(limit, work, use, ratio, active):
    cpu = one(*counters(bursty(limit, work), limit))
    assert cpu.limit_cores == pytest.approx(limit)
    assert cpu.usage_cores(WHOLE) / limit == pytest.approx(use, abs=0.01)
    assert cpu.ratio(WHOLE) == pytest.approx(ratio, abs=0.02)
    assert cpu.active_share(WHOLE) == pytest.approx(active, abs=0.02)
    assert class_of(cpu) == "bursty"


def test_the_figures_are_those_of_the_simulation():
    run = bursty()
    cpu = one(*counters(run, 0.5))
    assert cpu.ratio(WHOLE) == pytest.approx(run.ratio)
    assert cpu.active_share(WHOLE) == pytest.approx(run.active_share)
    assert cpu.usage_cores(WHOLE) == pytest.approx(run.cores)
    assert cpu.throttled_seconds.value.sum() == pytest.approx(run.throttled_seconds[-1])
    assert (cpu.namespace, cpu.pod, cpu.container) == tuple(WHO.values())
    assert cpu.duplicates == 0


def test_saturated():
    run = simulate([(0, [2000.0] * 20)], limit=0.5, threads=3, seconds=60)
    cpu = one(*counters(run, 0.5))
    assert cpu.usage_cores(WHOLE) == pytest.approx(0.5, abs=0.01)
    assert cpu.ratio(WHOLE) > 0.98
    assert cpu.active_share(WHOLE) == pytest.approx(1, abs=0.01)
    assert class_of(cpu) == "saturated"


def test_clean():
    run = simulate([(k, [2.0] * 20) for k in range(60)], limit=0.5, threads=3, seconds=60)  # 40 of 50 CPU-ms
    assert run.stops == []
    assert class_of(one(*counters(run, 0.5))) == "clean"


def test_light():
    seldom = [(k, [90 / 20 if k % 5 == 0 else 1.0] * 20) for k in range(60)]
    cpu = one(*counters(simulate(seldom, limit=0.5, threads=3, seconds=60), 0.5))
    assert 0.01 < cpu.ratio(WHOLE) <= 0.1
    assert class_of(cpu) == "light"


def test_mixed():
    half = [(k / 5, [70 / 20] * 20) for k in range(300)]  # 70 of 100 CPU-ms every 200 ms
    cpu = one(*counters(simulate(half, limit=0.5, threads=3, seconds=60), 0.5))
    assert cpu.usage_cores(WHOLE) / 0.5 == pytest.approx(0.7, abs=0.01)
    assert class_of(cpu) == "mixed"


def test_unlimited_is_undefined_not_zero():
    run = simulate([(k, [4.5] * 20) for k in range(60)], limit=INF, threads=3, seconds=60)
    assert run.periods[-1] == 0
    cpu = one(*counters(run, INF))
    assert math.isnan(cpu.limit_cores)
    assert math.isnan(cpu.ratio(WHOLE))
    assert math.isnan(cpu.active_share(WHOLE))
    assert cpu.usage_cores(WHOLE) == pytest.approx(0.09, abs=0.005)
    assert class_of(cpu) == "unlimited"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("limit", "threads"), [(0.1, 2), (0.5, 4), (1.0, 3), (2.0, 8)])
@pytest.mark.parametrize("step_ms", [0.5, 1])
def test_no_stop_is_longer_than_its_bound(seed, limit, threads, step_ms):
    rng = np.random.default_rng(seed)
    at = np.sort(rng.uniform(0, 5, 25))
    bursts = [(t, rng.exponential(20 * limit, rng.integers(1, 20))) for t in at]
    run = simulate(bursts, limit=limit, threads=threads, seconds=6, step_ms=step_ms)
    assert len(run.stops) >= 5
    assert run.longest_stop_seconds <= stall_bound_seconds(limit, threads) + 0.001
    assert run.throttled[-1] <= run.periods[-1]
    assert run.usage[-1] <= limit * 6 + limit * 0.1 + 1e-9


@pytest.mark.parametrize(
    ("limit", "threads", "stop_ms"),
    [(0.1, 2, 95), (0.5, 3, 83.3), (0.5, 4, 87.5), (1, 3, 66.7), (2, 3, 33.3), (2, 8, 75), (4, 8, 50)],
)
def test_simultaneous_work_reaches_the_bound(limit, threads, stop_ms):
    bound = stall_bound_seconds(limit, threads)
    assert bound == pytest.approx(stop_ms / 1e3, abs=6e-5)
    assert bound == pytest.approx(oracles.stall_bound(limit * 0.1, threads, 0.1))
    run = simulate([(0, [500.0] * threads)], limit=limit, threads=threads, seconds=1)
    assert run.longest_stop_seconds == pytest.approx(bound, abs=0.001)


def test_one_burst_takes_as_long_as_the_closed_form_says():
    """D CPU-ms with a full quota q on n threads: (k - 1) P + (D - (k - 1) q) / n, k = ceil(D / q)."""
    for work, limit, threads in ((90, 0.5, 3), (400, 2, 8), (120, 0.5, 4), (600, 1, 4), (400, 2, 2)):
        run = simulate([(0, [work / threads] * threads)], limit=limit, threads=threads, seconds=3)
        k = math.ceil(work / (limit * 100))
        expected = (k - 1) * 100 + (work - (k - 1) * limit * 100) / threads
        assert run.delays == pytest.approx([expected * 1e3], abs=1500)


# ---- bound and class as functions


@EXAMPLES
@given(st.floats(0.01, 64), st.integers(1, 128), st.sampled_from([0.01, 0.1, 1.0]))
def test_the_bound_lies_within_the_period(limit, threads, period):
    bound = stall_bound_seconds(limit, threads, period)
    assert bound == pytest.approx(oracles.stall_bound(limit * period, threads, period), abs=1e-12)
    assert 0 <= bound < period
    assert (bound == 0) == (threads <= limit)
    assert bound <= stall_bound_seconds(limit, threads + 1, period)


@pytest.mark.parametrize(("limit", "threads"), [(0.5, 1), (1.0, 2), (1.5, 2), (2.0, 3)])
def test_unknown_threads_give_the_smallest_bound(limit, threads):
    assert stall_bound_seconds(limit, float("nan")) == stall_bound_seconds(limit, threads) > 0


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_without_a_limit_there_is_no_bound(limit):
    assert math.isnan(stall_bound_seconds(limit, 4))


EDGES = [0.0, 0.01, math.nextafter(0.01, 1), 0.1, math.nextafter(0.1, 1), 0.6, math.nextafter(0.6, 0), 0.9, 1.0, 3.0]
ANY = st.sampled_from([*EDGES, INF, float("nan")]) | st.floats(0, 2)


@EXAMPLES
@given(ANY, ANY, st.booleans())
def test_every_pair_of_numbers_has_the_class_of_the_table(ratio, use, limited):
    found = classify(ratio, use, limited=limited)
    assert found == oracles.cpu_class(ratio, use, limited)
    assert found is not None or (math.isnan(use) and ratio > 0.1)


# ---- the series of cAdvisor


def steady(who=WHO, times=T, ratio=0.5, factor=1.0, **labels):
    """Ten periods per 5 s, a share of them throttled, 0.2 cores."""
    elapsed = 100.0 + 10 * factor * np.arange(len(times))
    labels = {**who, **labels}
    return [
        (PERIODS, labels, times, elapsed),
        (THROTTLED, labels, times, 7 + (elapsed - 100) * ratio),
        (USAGE, {**labels, "cpu": "total"}, times, 3 + 0.2 * factor * times),
        (QUOTA, labels, times, 50_000),
    ]


def test_pod_level_rows_do_not_count():
    pod = {k: v for k, v in WHO.items() if k != "container"}
    pause = {**WHO, "container": "POD"}
    rows = [*steady(), *steady(pod), *steady({**WHO, "container": ""}), *steady(pause)]
    found = container_cpus(table(*rows).named)
    assert [c.container for c in found] == ["istio-proxy"]
    assert found[0].ratio(WHOLE) == pytest.approx(0.5)
    assert found[0].usage_cores(WHOLE) == pytest.approx(0.2)
    assert found[0].duplicates == 0


def test_per_cpu_usage_rows_do_not_count():
    rows = [(USAGE, {**WHO, "cpu": f"cpu{i:02}"}, T, 0.1 * T) for i in range(4)]
    cpu = one(*steady(), *rows)
    assert cpu.usage_cores(WHOLE) == pytest.approx(0.2)
    assert cpu.duplicates == 0
    alone = (USAGE, WHO, T, 0.3 * T)  # without the label cpu: the total
    assert one(alone).usage_cores(WHOLE) == pytest.approx(0.3)


def test_a_container_scraped_twice_counts_once():
    cpu = one(*steady(job="kubelet"), *steady(job="cadvisor"))
    assert cpu.duplicates == 4
    assert len(cpu.periods.end) == len(cpu.usage.end) == 12
    assert cpu.periods.value.sum(axis=0).tolist() == [120, 60]
    assert cpu.usage_cores(WHOLE) == pytest.approx(0.2)


def test_the_longer_of_two_scrapes_is_kept():
    cpu = one(*steady(job="a", times=T[:4]), *steady(job="b"))
    assert len(cpu.periods.end) == 12
    assert cpu.duplicates == 4


def test_a_restart_joins_two_series_without_a_step_between():
    cpu = one(*steady(id="first", times=T[:6]), *steady(id="second", times=T[6:]))
    assert cpu.duplicates == 0
    assert len(cpu.periods.end) == 11  # five and six: none across the restart
    assert (cpu.periods.end - cpu.periods.start == 5_000_000).all()
    assert (np.diff(cpu.periods.end) > 0).all()
    assert cpu.periods.value.sum(axis=0).tolist() == [110, 55]
    assert cpu.active_share(WHOLE) == pytest.approx(0.2)


def test_a_reset_within_a_series_is_no_fall():
    elapsed = np.r_[np.arange(7) * 10 + 1000.0, np.arange(6) * 10 + 4.0]
    rows = [(PERIODS, WHO, T, elapsed), (THROTTLED, WHO, T, np.r_[np.arange(7) * 5 + 900.0, np.arange(6) * 5 + 2.0])]
    cpu = one(*rows)
    assert cpu.periods.value[6].tolist() == [4, 2]
    assert cpu.periods.value.sum(axis=0).tolist() == [114, 57]


@pytest.mark.parametrize("seed", range(4))
def test_periods_are_the_loop_over_common_samples(seed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((2, 13)) < 0.15, 0, rng.integers(0, 9, (2, 13))).cumsum(axis=1).astype(float)
    values[:, 7:] -= values[:, 7:8] * (seed % 2)
    keep = rng.random((2, 13)) < 0.8
    rows = [(name, WHO, T[k], v[k]) for name, v, k in zip((PERIODS, THROTTLED), values, keep, strict=True)]
    common = keep.all(axis=0)
    slow = [oracles.increments(v[common].tolist())[1:] for v in values]
    assert one(*rows).periods.value.T.tolist() == slow


def test_unknown_samples_make_one_long_step():
    rows = steady()
    hole = np.where(np.isin(np.arange(13), (4, 5)), np.nan, rows[0][3])
    cpu = one((PERIODS, WHO, T, hole), *rows[1:])
    assert len(cpu.periods.end) == 10
    assert (cpu.periods.end - cpu.periods.start).max() == 15_000_000
    assert cpu.periods.value.sum(axis=0).tolist() == [120, 60]


def test_the_limit_is_that_of_the_quota_then_that_of_the_spec():
    spec = ("kube_pod_container_resource_limits", {**WHO, "resource": "cpu", "unit": "core"}, T, 0.75)
    memory = ("kube_pod_container_resource_limits", {**WHO, "resource": "memory", "unit": "byte"}, T, 1e9)
    assert one(*steady(), spec, memory).limit_cores == pytest.approx(0.5)
    assert one(*steady()[:3], spec, memory).limit_cores == pytest.approx(0.75)
    assert math.isnan(one(*steady()[:3], memory).limit_cores)
    with_period = one(*steady(), ("container_spec_cpu_period", WHO, T, 20_000))
    assert with_period.limit_cores == pytest.approx(2.5)
    assert with_period.period_seconds == pytest.approx(0.02)


def test_the_labels_of_the_exporter_are_not_those_of_the_pod_it_speaks_of():
    labels = {"namespace": "monitoring", "pod": "kube-state-metrics-0", "container": "main", "resource": "cpu"}
    labels |= {f"exported_{k}": v for k, v in WHO.items()}
    cpu = one(*steady()[:3], ("kube_pod_container_resource_limits", labels, T, 2.0))
    assert cpu.limit_cores == 2.0
    assert cpu.container == "istio-proxy"


def test_a_removed_limit_is_seen_as_no_limit_from_then_on():
    cpu = one(*steady()[:3], (QUOTA, WHO, T, np.where(T < 30, 50_000, -1)))
    assert len(cpu.limit.value) == 6
    assert cpu.limit_series().index[-1] < window(0, 30).end


def test_threads_come_from_the_proxy_before_the_kernel():
    threads = ("container_threads", WHO, T, 9)
    assert math.isnan(one(*steady()).threads)
    assert one(*steady(), threads).threads == 9
    assert one(*steady(), threads, ("envoy_server_concurrency", WHO, T, 2)).threads == 2


def test_throttled_seconds_may_exceed_the_wall_and_change_nothing():
    cpu = one(*steady(), ("container_cpu_cfs_throttled_seconds_total", WHO, T, 3 * T))
    assert cpu.throttled_seconds.value.sum() == 180
    assert cpu.ratio(WHOLE) == pytest.approx(0.5)


@pytest.mark.parametrize("left", [[PERIODS], [THROTTLED], [USAGE], [QUOTA]])
def test_absent_series_are_unknown(left):
    cpu = one(*(row for row in steady() if row[0] in left))
    assert cpu.periods.value.shape == (0, 2)
    assert math.isnan(cpu.ratio(WHOLE))
    assert math.isnan(cpu.active_share(WHOLE))
    assert len(cpu.throttled_ratio_series()) == 0
    assert math.isnan(cpu.usage_cores(WHOLE)) == (left != [USAGE])
    assert math.isnan(cpu.limit_cores) == (left != [QUOTA])


@pytest.mark.parametrize("times", [T[:0], T[:1]])
def test_fewer_than_two_samples_give_no_step(times):
    found = container_cpus(table(*steady(times=times)).named)
    assert [len(c.periods.end) + len(c.usage.end) for c in found] in ([], [0])


def test_nothing_in_nothing_out():
    assert container_cpus(table().named) == ()
    assert container_cpus(table(("up", WHO, T, 1.0)).named) == ()


def test_idle_steps_have_no_ratio():
    elapsed = np.array([0, 0, 0, 10, 20, 20, 30])
    cpu = one((PERIODS, WHO, T[:7], elapsed), (THROTTLED, WHO, T[:7], elapsed // 2))
    series = cpu.throttled_ratio_series()
    assert series.isna().tolist() == [True, True, False, False, True, False]
    assert series.dropna().tolist() == [0.5] * 3
    assert math.isnan(cpu.ratio(window(0, 10)))
    assert classify(cpu.ratio(window(0, 10)), 0.0) == "clean"


def test_a_ratio_is_a_ratio_of_sums():
    cpu = one((PERIODS, WHO, [0, 5, 10], [0, 1, 101]), (THROTTLED, WHO, [0, 5, 10], [0, 1, 11]))
    assert cpu.ratio(window(0, 10)) == pytest.approx(11 / 101)


def test_a_window_takes_the_steps_that_end_in_it():
    cpu = one(*steady())
    assert cpu.periods.within(window(10, 20)).sum() == 2
    assert cpu.periods.value[cpu.periods.within(window(10, 20))].sum(axis=0).tolist() == [20, 10]
    assert math.isnan(cpu.ratio(window(100, 200)))
    assert cpu.usage_series().tolist() == pytest.approx([0.2] * 12)


def test_containers_come_sorted_and_runs_are_identical():
    others = [{**WHO, "pod": p, "container": c} for p in ("b-0", "a-0") for c in ("z", "app")]
    rows = [row for who in others for row in steady(who)]
    found, again = (container_cpus(table(*r).named) for r in (rows, rows[::-1]))
    assert [(c.pod, c.container) for c in found] == [("a-0", "app"), ("a-0", "z"), ("b-0", "app"), ("b-0", "z")]
    for one_, other in zip(found, again, strict=True):
        assert np.array_equal(one_.periods.value, other.periods.value)
        assert np.array_equal(one_.usage.value, other.usage.value)
