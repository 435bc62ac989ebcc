"""CPU time of collections, and a quota that stretches them: the closed form against a simulation."""

import numpy as np
import pytest

from analysis.signals.gc_quota import gc_work, quota_real_seconds
from tests.signals.test_gc import EPOCH, frame


def test_work_needs_cpu_times():
    columns = {"duration_seconds": [0.1, 0.5], "user_seconds": [0.1, np.nan], "sys_seconds": [0.05, np.nan],
               "nested": [False, False]}  # fmt: skip
    work = gc_work(frame([(0, 5), (10, 15)], **columns), EPOCH, workers=2.0)
    assert (work.n, work.paused_seconds) == (1, 0.1)
    assert work.efficiency_ratio == pytest.approx(0.75)
    assert np.isnan(gc_work(frame([], **{k: [] for k in columns}), EPOCH, workers=2.0).cpu_seconds)


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


@pytest.mark.parametrize("case", [(0.4, 8, 2.0), (0.12, 4, 0.5), (0.6, 4, 1.0), (0.4, 2, 2.0), (0.3, 1, 0.5)])
def test_a_quota_stretches_a_collection_as_the_simulation_says(case):
    assert quota_real_seconds(*case) == pytest.approx(simulated(*case), abs=0.001)
