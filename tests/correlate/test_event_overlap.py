"""Overlap of intervals with events against a count of whole units; length bias; uniform p without a relation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.event_overlap import _clipped, _count, _merged, _rotated, _running_total, _time, event_overlap
from tests import oracles_timing

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
PAIR = st.tuples(st.integers(-5, 45), st.integers(1, 20)).map(lambda v: (v[0], v[0] + v[1]))
PAIRS = st.lists(PAIR, max_size=8)


def array(pairs):
    return np.array(pairs, dtype=float).reshape(-1, 2)


@EXAMPLES
@given(PAIRS, PAIRS)
def test_count_and_time_are_those_of_whole_units(intervals, events):
    found = event_overlap(array(intervals), array(events), (0.0, 40.0), draws=9)
    assert (found.overlapping, found.overlap) == pytest.approx(oracles_timing.overlap(intervals, events, 0, 40))


@EXAMPLES
@given(PAIRS, PAIRS, st.integers(0, 39))
def test_so_it_is_at_every_shift(intervals, events, offset):
    asked = _clipped(array(intervals), 0.0, 40.0)
    asked = asked[np.argsort(asked[:, 0])]
    moved = _rotated(_merged(_clipped(array(events), 0.0, 40.0)), float(offset), 40.0)
    slow = oracles_timing.overlap(intervals, events, 0, 40, offset)
    assert (_count(asked, moved), _time(*_running_total(asked), moved)) == pytest.approx(slow)
    assert (np.diff(moved.ravel()) >= 0).all()


@EXAMPLES
@given(PAIRS, PAIRS, st.integers(-100, 100), st.sampled_from([0.25, 1024.0]), st.randoms())
def test_neither_unit_nor_origin_nor_order_matters(intervals, events, offset, scale, random):
    one = event_overlap(array(intervals), array(events), (0.0, 40.0), draws=19)
    random.shuffle(intervals)
    moved = [(array(v) + offset) * scale for v in (intervals, events)]
    other = event_overlap(*moved, (offset * scale, (offset + 40) * scale), draws=19)
    assert (other.overlapping, other.p_value) == pytest.approx((one.overlapping, one.p_value), nan_ok=True)
    assert other.overlap == pytest.approx(one.overlap * scale)


def test_without_intervals_or_events_nothing_is_expected():
    some = np.array([[1.0, 2.0]])
    for intervals, events in (
        (np.zeros((0, 2)), some),
        (some, np.zeros((0, 2))),
        (some * np.nan, some),
        (some + 99, some),
    ):
        found = event_overlap(intervals, events, (0.0, 10.0))
        assert math.isnan(found.p_value)
        assert found.overlapping == 0


def test_bad_windows_and_reversed_intervals_are_refused():
    some = np.array([[1.0, 2.0]])
    with pytest.raises(ValueError, match="is empty"):
        event_overlap(some, some, (5.0, 5.0))
    with pytest.raises(ValueError, match="ends before"):
        event_overlap(some[:, ::-1], some, (0.0, 5.0))


def test_a_long_request_meets_a_short_pause_often():
    """12 pauses of 50 ms a minute, requests of 1.5 s: 1 - exp(-12 (1.5 + 0.05) / 60) = .27 overlap by chance."""
    rng = np.random.default_rng(3)
    at, pauses = rng.uniform(0, 3590, 2000), rng.uniform(0, 3599, 720)
    found = event_overlap(np.c_[at, at + 1.5], np.c_[pauses, pauses + 0.05], (0.0, 3600.0))
    assert found.expected_share == pytest.approx(1 - math.exp(-12 * 1.55 / 60), abs=0.01)
    assert found.share == pytest.approx(found.expected_share, abs=0.04)
    assert found.p_value > 0.01


def test_p_is_uniform_without_a_relation():
    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        at, pauses = rng.uniform(0, 3590, 300), rng.uniform(0, 3599, 300)
        p.append(
            event_overlap(np.c_[at, at + 1.5], np.c_[pauses, pauses + 0.05], (0, 3600), draws=99, seed=seed).p_value
        )
    below = [np.mean(np.array(p) <= level) for level in (0.05, 0.25, 0.5, 0.75)]
    assert below == pytest.approx([0.05, 0.25, 0.5, 0.75], abs=0.11)


@pytest.mark.parametrize("seed", range(5))
def test_an_injected_share_is_recovered(seed):
    rng = np.random.default_rng(seed)
    pauses = np.sort(rng.uniform(0, 3599, 300))
    at = rng.uniform(0, 3590, 2000)
    at[:600] = rng.choice(pauses, 600) - rng.uniform(0, 0.5, 600)  # these are slow because a pause fell into them
    found = event_overlap(np.c_[at, at + 0.5], np.c_[pauses, pauses + 0.1], (0.0, 3600.0))
    assert found.p_value < 0.01
    assert found.excess_share == pytest.approx(0.3, abs=0.05)
