"""CPU of pauses as a share of what the JVM may use; what has no CPU times is not nought."""

import numpy as np
import pytest

from analysis.signals.gc_cpu import gc_cpu
from tests.signals.test_gc import EPOCH, array, frame

KNOWN = array([(0, 60_000_000)])


def pauses(user, sys, nested=(False, False)):
    return frame([(0, 100_000), (200_000, 500_000)], duration_seconds=[0.1, 0.3], user_seconds=user, sys_seconds=sys,
                 nested=list(nested))  # fmt: skip


def test_the_share_is_of_all_cpus_and_all_the_known_time():
    found = gc_cpu(pauses([0.2, 0.4], [0.0, 0.1]), EPOCH, KNOWN, cpus=2.0)
    assert (found.n, found.user_seconds, found.sys_seconds) == pytest.approx((2, 0.6, 0.1))
    assert found.ratio == pytest.approx(0.7 / 120)
    assert found.told_ratio == 1.0


def test_pauses_without_cpu_times_are_said_and_a_nested_one_counts_once():
    few = gc_cpu(pauses([0.2, np.nan], [0.0, np.nan]), EPOCH, KNOWN, cpus=2.0)
    assert (few.told_ratio, few.user_seconds) == pytest.approx((0.25, 0.2))
    assert np.isnan(few.ratio)
    assert gc_cpu(pauses([0.2, 0.4], [0.0, 0.1], (False, True)), EPOCH, KNOWN, cpus=2.0).n == 1
    nothing = gc_cpu(pauses([np.nan] * 2, [np.nan] * 2), EPOCH, KNOWN, cpus=2.0)
    assert nothing.n == 0
    assert np.isnan([nothing.ratio, nothing.user_seconds]).all()


def test_without_cpus_or_a_log_the_share_is_unknown_and_without_pauses_it_is_nought():
    some = pauses([0.2, 0.4], [0.0, 0.1])
    assert np.isnan(gc_cpu(some, EPOCH, KNOWN, cpus=float("nan")).ratio)
    assert np.isnan(gc_cpu(some, EPOCH, array([]), cpus=2.0).ratio)
    assert gc_cpu(some.iloc[:0], EPOCH, KNOWN, cpus=2.0).ratio == 0.0
