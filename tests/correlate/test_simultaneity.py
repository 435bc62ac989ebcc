"""All conditions at once, against the exact chance where there is one."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.simultaneity import simultaneity

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


@EXAMPLES
@given(st.integers(0, 10**6))
def test_p_is_near_the_share_of_all_shifts(seed):
    marks = np.random.default_rng(seed).random((20, 3)) < 0.3
    found = simultaneity(marks, draws=999, seed=seed)
    if math.isnan(found.p_value):
        assert (marks.sum(axis=0) % 20 == 0).any()
        return
    all_shifts = [
        int((marks[:, 0] & np.roll(marks[:, 1], i) & np.roll(marks[:, 2], j)).sum())
        for i, j in itertools.product(range(20), repeat=2)
    ]
    assert found.together == all_shifts[0]
    assert found.expected == pytest.approx(np.mean(all_shifts), abs=0.15)
    assert found.p_value == pytest.approx(np.mean(np.array(all_shifts) >= all_shifts[0]), abs=0.06)


@EXAMPLES
@given(st.integers(0, 10**6), st.integers(0, 39))
def test_shifting_all_together_changes_no_count(seed, k):
    marks = np.random.default_rng(seed).random((40, 3)) < 0.4
    assert simultaneity(np.roll(marks, k, axis=0), draws=9).together == simultaneity(marks, draws=9).together


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (19, 3), (50, 1), (50, 0)])
def test_too_little_is_undecidable(shape):
    assert math.isnan(simultaneity(np.zeros(shape, bool)).p_value)


def test_what_never_or_always_holds_is_undecidable_and_unknown_does_not_hold():
    marks = np.zeros((60, 3), bool)
    marks[20:25, :2] = True
    assert math.isnan(simultaneity(marks).p_value)
    marks[20:25, 2] = True
    known = np.ones_like(marks)
    known[22, 0] = False
    assert (simultaneity(marks).together, simultaneity(marks, known).together) == (5, 4)
    marks[:, 2] = True
    assert math.isnan(simultaneity(marks).p_value)


def test_independent_conditions_pass_by_chance_only():
    rng = np.random.default_rng(7)
    p = [simultaneity(rng.random((200, 3)) < 0.4, draws=199, seed=s).p_value for s in range(400)]
    assert 0.015 <= np.mean(np.array(p) <= 0.05) <= 0.08
