"""Minimum mutator utilisation against every placement of the window, tried one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_mmu import MMU_WINDOWS_SECONDS, mmu_curve
from analysis.signals.stretches import union
from tests.signals.test_gc import SPANS, array, stopped_units

EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True)


def slow_mmu(stops, known, width):
    """Least share of running units over every whole-unit window that lies in one known stretch: the slow way."""
    shares = [
        1 - sum(u in stops for u in range(t, t + width)) / width for a, b in known for t in range(a, b - width + 1)
    ]
    return min(shares, default=float("nan"))


@EXAMPLES
@given(SPANS, SPANS, st.integers(1, 30))
def test_it_is_the_least_over_all_placements(spans, known, width):
    stretches = union(array(known))
    found = mmu_curve(union(array(spans)), stretches, (width / 1e6,))
    expected = slow_mmu(stopped_units(spans), stretches.tolist(), width)
    assert found["utilisation_ratio"].tolist() == pytest.approx([expected], nan_ok=True)


@EXAMPLES
@given(SPANS, st.integers(1, 30))
def test_the_window_that_is_named_is_as_bad(spans, width):
    stops = union(array(spans))
    row = mmu_curve(stops, np.array([[0, 100]]), (width / 1e6,)).iloc[0]
    begin = row["start"].value // 1000
    inside = sum(u in stopped_units(spans) for u in range(begin, begin + width))
    assert 1 - inside / width == pytest.approx(row["utilisation_ratio"])


def test_the_curve_of_real_times_is_exact_to_the_microsecond():
    origin = 1_795_369_164_000_000
    stops = origin + np.array([[1_000_000, 1_080_001], [1_150_000, 1_250_000], [9_000_000, 9_000_007]])
    curve = mmu_curve(stops, origin + np.array([[0, 20_000_000]]))
    assert curve["window_seconds"].tolist() == list(MMU_WINDOWS_SECONDS)
    assert curve["utilisation_ratio"].to_numpy()[:4] == pytest.approx([0, 0, 1 - 0.130001 / 0.2, 1 - 0.180001 / 0.5])
    assert np.isnan(curve["utilisation_ratio"].to_numpy()[-2:]).all()
    assert str(curve["start"].dtype) == "datetime64[us, UTC]"


def test_without_a_stop_threads_always_run_and_without_a_log_nothing_is_known():
    nothing = array([])
    assert mmu_curve(nothing, np.array([[0, 10_000_000]]), (1.0,))["utilisation_ratio"].tolist() == [1.0]
    unknown = mmu_curve(nothing, nothing)
    assert unknown["utilisation_ratio"].isna().all()
    assert unknown["start"].isna().all()


def test_a_longer_window_of_a_multiple_is_never_worse():
    rng = np.random.default_rng(3)
    begin = np.sort(rng.integers(0, 10**8, 400))
    stops = union(np.stack([begin, begin + rng.integers(1, 200_000, 400)], axis=1))
    found = mmu_curve(stops, np.array([[0, 10**8]]), (0.1, 0.2, 0.4, 0.8, 1.6, 3.2))["utilisation_ratio"].to_numpy()
    assert (np.diff(found) >= -1e-9).all()
