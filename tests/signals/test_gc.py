"""Stops of a JVM: the union of pauses and safepoints, the share of time by overlap, what is unknown."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc import (
    cause_table,
    known_spans,
    paused_ratio,
    stop_intervals,
    stop_statistics,
    stopped_seconds,
    throughput_ratio,
)
from analysis.signals.stretches import union
from analysis.sources.gclog.reader import read_gc_log
from analysis.window import Window
from tests.conftest import A, B

EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 15)).map(lambda v: (v[0], v[0] + v[1])), max_size=8)
EPOCH = Window("1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z")


def array(spans):
    return np.array(spans, dtype="i8").reshape(-1, 2)


def frame(spans, **columns):
    at = [pd.to_datetime([s[i] for s in spans], unit="us", utc=True) for i in (0, 1)]
    return pd.DataFrame({"start": at[0], **columns}, index=at[1])


def stopped_units(spans):
    return {unit for a, b in spans for unit in range(a, b)}


@EXAMPLES
@given(SPANS)
def test_the_union_is_that_of_whole_units(spans):
    found = union(array(spans))
    assert stopped_units(found.tolist()) == stopped_units(spans)
    assert (np.diff(found.ravel()) > 0).all()


@EXAMPLES
@given(SPANS, SPANS, st.lists(st.integers(0, 80), min_size=2, max_size=6, unique=True).map(sorted))
def test_the_ratio_is_that_of_whole_units(spans, known, edges):
    stops, seen = stopped_units(spans) & stopped_units(known), stopped_units(known)
    inside = union(array([(u, u + 1) for u in sorted(stops)]))
    found = paused_ratio(inside, np.array(edges), union(array(known)))
    for a, b, ratio in zip(edges[:-1], edges[1:], found, strict=True):
        step = set(range(a, b))
        if 2 * len(step & seen) < len(step):
            assert np.isnan(ratio)
        else:
            assert ratio == pytest.approx(len(step & stops) / len(step & seen))


@EXAMPLES
@given(SPANS, st.lists(st.integers(0, 80), max_size=6))
def test_stopped_seconds_are_those_before(spans, times):
    found = stopped_seconds(union(array(spans)), np.array(times, dtype=float))
    assert found * 1e6 == pytest.approx([len([u for u in stopped_units(spans) if u < t]) for t in times])


def test_a_pause_in_a_safepoint_counts_once_whatever_its_rounded_stamp_says():
    safepoints, pauses = frame([(1_000, 5_400)]), frame([(1_200, 5_900), (9_000, 9_500)])
    assert stop_intervals(pauses, safepoints).tolist() == [[1_000, 5_400], [9_000, 9_500]]
    assert stop_intervals(pauses, safepoints.iloc[:0]).tolist() == [[1_200, 5_900], [9_000, 9_500]]
    assert stop_intervals(pauses.iloc[:0], safepoints.iloc[:0]).shape == (0, 2)


def in_a_safepoint(pause, safepoints):
    """Whether the middle of a pause lies in safepoints, those that touch taken together."""
    middle, reach = pause[0] + pause[1], None
    for a, b in sorted(s for s in safepoints if s[1] > s[0]):
        reach = [a, b] if reach is None or a > reach[1] else [reach[0], max(reach[1], b)]
        if 2 * reach[0] <= middle <= 2 * reach[1]:
            return True
    return False


@EXAMPLES
@given(SPANS, SPANS, SPANS, SPANS, st.tuples(st.integers(0, 80), st.integers(1, 60)))
def test_a_window_of_lives_and_holes_is_that_of_whole_units(pauses, safepoints, lives, holes, window):
    stops = stop_intervals(frame(pauses), frame(safepoints))
    held = stopped_units(safepoints) | stopped_units(p for p in pauses if not in_a_safepoint(p, safepoints))
    assert stopped_units(stops.tolist()) == held
    known = known_spans(frame(lives), frame(holes))
    seen = stopped_units(lives) - stopped_units(holes)
    assert stopped_units(known.tolist()) == seen
    first, last = window[0], sum(window)
    asked = Window(*(pd.Timestamp(t, unit="us", tz="UTC") for t in (first, last)))
    inside = set(range(first, last))
    ended = [b - a for a, b in stops.tolist() if first < b <= last]
    found = stop_statistics(stops, asked, known)
    assert (found.n, found.total_seconds * 1e6) == (len(ended), pytest.approx(sum(ended)))
    if not inside & seen:
        assert np.isnan(found.ratio)
    else:
        assert found.ratio == pytest.approx(min(len(inside & held) / len(inside & seen), 1.0))


@pytest.mark.parametrize("folder", [A, B])
def test_the_union_of_a_recording_is_the_sum_of_its_safepoints(folder):
    log, _ = read_gc_log(folder / "raw" / "gc" / "gc.log.gz")
    stops = stop_intervals(log.pauses, log.safepoints)
    assert (stops[:, 1] - stops[:, 0]).sum() / 1e6 == pytest.approx(log.safepoints["total_seconds"].sum(), rel=1e-3)


def test_outside_the_lives_nothing_is_known():
    lives = pd.DataFrame(
        {n: pd.to_datetime(v, unit="us", utc=True) for n, v in (("start", [0, 30]), ("end", [10, 40]))}
    )
    assert known_spans(lives).tolist() == [[0, 10], [30, 40]]
    ratio = paused_ratio(array([]), np.arange(5) * 10, known_spans(lives))
    assert ratio.tolist()[:1] == [0.0]
    assert np.isnan(ratio[1:3]).all()
    assert ratio[3] == 0.0


def test_statistics_of_a_window():
    stops = array([(i * 100_000, i * 100_000 + 1_000 * (i + 1)) for i in range(50)])
    s = stop_statistics(stops, EPOCH, array([(0, 60_000_000)]))
    assert (s.n, s.max_seconds, s.p99_seconds) == (50, 0.05, 0.05)
    assert s.total_seconds == pytest.approx(sum(range(1, 51)) / 1e3)
    assert s.ratio == pytest.approx(s.total_seconds / 60)
    none = stop_statistics(stops, Window("1970-01-02T00:00:00Z", "1970-01-02T00:01:00Z"), array([(0, 60_000_000)]))
    assert none.n == 0
    assert np.isnan([none.max_seconds, none.p99_seconds, none.ratio]).all()


def test_throughput_is_what_is_left_of_the_known_time_and_never_below_nought():
    known = array([(0, 30_000_000)])
    assert throughput_ratio(array([(0, 3_000_000)]), EPOCH, known) == pytest.approx(0.9)
    assert throughput_ratio(array([(0, 60_000_000)]), EPOCH, known) == 0.0
    assert np.isnan(throughput_ratio(array([]), EPOCH, array([])))


def test_causes_leave_nested_pauses_out():
    columns = {
        "kind": ["young", "full", "young"], "cause": ["a", "b", "a"], "duration_seconds": [0.1, 0.5, 0.3],
        "user_seconds": [0.1, np.nan, 0.2], "sys_seconds": [0.0, np.nan, 0.1], "nested": [False, True, False],
    }  # fmt: skip
    table = cause_table(frame([(0, 5), (10, 15), (20, 25)], **columns), EPOCH)
    assert table[["kind", "n"]].to_numpy().tolist() == [["young", 2]]
    assert table.loc[0, ["total_seconds", "user_seconds"]].tolist() == pytest.approx([0.4, 0.3])
