"""Weights, discounts and change events against the formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.suspects.inputs import KINDS
from analysis.suspects.scoring import (
    CLEAR,
    DISCOUNT,
    RESOURCES,
    STILL,
    UNLIKE,
    event_score,
    likeness,
    path_discounts,
    weigh,
)
from tests import oracles_suspects as oracles

EXAMPLES = settings(max_examples=120, deadline=None, derandomize=True)
NODES = "abcd"
ROWS = st.lists(
    st.tuples(st.integers(0, 30).map(float), st.sampled_from(NODES), st.sampled_from(KINDS)), min_size=1, max_size=8
)
CALLS = st.dictionaries(
    st.sampled_from(NODES), st.lists(st.sampled_from(NODES + "x"), min_size=1, max_size=3, unique=True)
)


@pytest.mark.parametrize("symptom", [None, *KINDS])
def test_likeness(symptom):
    for kind, weight in zip(KINDS, likeness(np.array(KINDS), symptom), strict=True):
        assert weight == (1 if symptom is None or kind == symptom or kind in RESOURCES else UNLIKE)


@EXAMPLES
@given(st.lists(st.tuples(st.floats(-40, 40), st.just(1.0) | st.just(UNLIKE), st.floats(-1, 1) | st.just(math.nan))))
def test_weigh_is_the_formula(rows):
    size, like, r = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    expected = [abs(s) * w * (1 - STILL + STILL * (0 if math.isnan(c) else abs(c))) for s, w, c in rows]
    assert weigh(size, like, r).tolist() == pytest.approx(expected, rel=1e-8, abs=1e-300)
    assert weigh(size, like, None).tolist() == pytest.approx([abs(s) * w for s, w, _ in rows], rel=1e-8, abs=1e-300)


@EXAMPLES
@given(ROWS, CALLS)
def test_discounts_are_the_formula(rows, calls):
    scores, entities, kinds = (np.array([row[i] for row in rows], dtype=object) for i in range(3))
    found, by = path_discounts(scores.astype(float), entities, kinds, calls)
    lane = (*RESOURCES, "event")
    assert found.tolist() == [oracles.discount(e, k, rows, calls, DISCOUNT, lane) for _, e, k in rows]
    for caller, callee in by.items():
        assert callee in calls[caller]


@EXAMPLES
@given(st.lists(st.integers(1, 59), max_size=6, unique=True).map(sorted), st.integers(0, 59))
def test_event_score_is_the_formula(changes, onset):
    found = event_score(np.array(changes, dtype=int), onset, 60)
    assert found == pytest.approx(oracles.event_score(changes, onset, 60, CLEAR), nan_ok=True)
    assert 0 <= found[0] <= CLEAR


def test_more_changes_and_more_distance_count_less():
    one, two, far = (event_score(np.array(c), 50, 100)[0] for c in ([48], [10, 48], [30]))
    assert one > two > far
    assert event_score(np.array([51]), 50, 100)[0] == 0
    assert event_score(np.array([], dtype=int), 0, 0)[0] == 0
