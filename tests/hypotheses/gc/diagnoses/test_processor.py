"""CPU times of pauses: too little of it, or too much of it in the kernel."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.hypotheses.gc.diagnoses.processor import cpu_starvation, system_time
from tests.gc_logs import made_log


def log_of(seconds, user, kernel, *, n=40, workers=2.0):
    row = {"seconds": seconds, "kind": "young", "user_seconds": user, "sys_seconds": kernel, "workers": workers}
    return made_log(pauses=[{"end": i + 1, **row} for i in range(n)])


def test_less_than_one_cpu_in_pauses_that_always_have_work():
    found = cpu_starvation(log_of(0.1, 0.03, 0.01))
    assert found.values["cpu_ratio"].value == pytest.approx(0.4)
    assert "2 threads of the collector got 1.6 s of CPU: 40 % of one CPU" in found.statement
    assert "container_cpu_cfs_throttled_periods_total" in found.statement
    assert "throttl" not in found.statement.replace("container_cpu_cfs_throttled_periods_total", "")


def test_the_place_is_that_of_the_worst_pause_and_not_of_the_first():
    row = {"seconds": 0.1, "user_seconds": 0.03, "sys_seconds": 0.0}
    rows = [{"end": i + 1, **row} for i in range(20)]
    found = cpu_starvation(made_log(pauses=[*rows, {"end": 30, **row, "seconds": 0.9, "line": 777}]))
    assert "in the worst pause for 870 ms, at 17:39:53.100 UTC (gc.log, line 777). Whether" in found.statement
    assert found.line == 777


def test_the_threads_of_a_jvm_that_tells_them_once():
    nan = float("nan")
    log = log_of(0.1, 0.03, 0.01, workers=nan)
    assert "long together, the threads of the collector got" in cpu_starvation(log).statement
    told = replace(log, lives=log.lives.assign(workers=4.0))
    assert "4 threads of the collector got" in cpu_starvation(told).statement


@pytest.mark.parametrize(("seconds", "user", "n"), [(0.1, 0.1, 40), (0.2, 0.03, 4), (0.004, 0.0, 60), (0.1, 0.09, 40)])
def test_enough_cpu_too_few_pauses_and_what_grains_explain(seconds, user, n):
    assert cpu_starvation(log_of(seconds, user, 0.0, n=n)) is None


def test_pauses_of_one_thread_counted_in_grains_are_not_starved():
    rng = np.random.default_rng(5)
    for _ in range(15):
        real = rng.uniform(0.002, 0.05, 60)
        user = np.floor(real / 0.01 + rng.uniform(size=60)) * 0.01  # ticks that fell into the pause
        rows = [{"end": i + 1, "seconds": r, "user_seconds": u, "sys_seconds": 0.0} for i, (r, u) in
                enumerate(zip(real, user, strict=True))]  # fmt: skip
        assert cpu_starvation(made_log(pauses=rows)) is None


def test_pauses_without_cpu_times_tell_nothing():
    assert cpu_starvation(log_of(0.1, float("nan"), float("nan"))) is None
    assert system_time(log_of(0.1, float("nan"), 0.5)) is None


def test_more_in_the_kernel_than_in_the_collector():
    found = system_time(log_of(0.1, 0.03, 0.09))
    assert found.values["sys_ratio"].value == pytest.approx(0.75)
    assert system_time(log_of(0.1, 0.06, 0.05)) is None
