"""Increments of counters against a loop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.counters import increments
from tests import oracles

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


@EXAMPLES
@given(st.lists(st.integers(0, 5).map(float) | st.floats(0, 1e15), max_size=40))
def test_increments_are_the_loop(values):
    found = increments(np.array(values, dtype=float)).tolist()
    assert found == pytest.approx(oracles.increments(values), nan_ok=True, rel=0, abs=0)


@EXAMPLES
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40), st.lists(st.integers(1, 39), max_size=4))
def test_resets_lose_only_what_was_counted_from_the_last_sample_to_the_reset(steps, resets):
    """A counter that is set to 0 right after a sample loses nothing, as long as it stays below its old value."""
    total, seen = 10_000.0, []
    for i, step in enumerate(steps):
        total = (0.0 if i in resets else total) + step
        seen.append(total)
    found = increments(np.array(seen))[1:]
    lossless = [s for i, s in enumerate(steps) if i > 0 and (i not in resets or seen[i] < seen[i - 1])]
    kept = [v for i, v in enumerate(found, start=1) if i not in resets or seen[i] < seen[i - 1]]
    assert kept == pytest.approx(lossless)
    assert (found >= 0).all()


@pytest.mark.parametrize(("values", "expected"), [([], []), ([7.0], [np.nan]), ([7.0, 0.0, 0.0], [np.nan, 0.0, 0.0])])
def test_short_counters(values, expected):
    assert increments(np.array(values, dtype=float)).tolist() == pytest.approx(expected, nan_ok=True)
