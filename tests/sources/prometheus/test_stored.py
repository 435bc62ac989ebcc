"""Captures that add up: nothing raw is lost, nothing stands twice, the order of captures is no matter."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sources.prometheus.sample_files import read_samples
from analysis.sources.prometheus.samples import EMPTY, STALE, SampleTable, table_of
from analysis.sources.prometheus.stored import (
    EMPTY_STORED,
    LOOK_BACK_US,
    Stored,
    merge_captures,
    read_stored,
    stored_of,
    write_stored,
)

S = 1_000_000
LABELS = [{"__name__": "m", "pod": p} for p in "abc"] + [{"pod": "a"}]


def value_of(labels, time_us):
    """What a series had at a moment: the same in every capture."""
    return float(hash((tuple(sorted(labels.items())), time_us)) % 1009)


def capture(rows, mode, query="q"):
    labels = [LABELS[i] for i, _ in rows]
    times = np.array([t * S for _, t in rows], "i8")
    values = np.array([value_of(found, t) for found, t in zip(labels, times.tolist(), strict=True)], "f8")
    return stored_of(table_of(labels, np.arange(len(rows)), times, values), query, "", mode)


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2000)), max_size=30)
CAPTURES = st.lists(st.tuples(ROWS, st.sampled_from(["raw", "range"])).map(lambda c: capture(*c)), max_size=4)


def moments(stored):
    """(labels, query if it names the series, mode, time) -> bits of the value."""
    table = stored.table
    found = [
        ((tuple(sorted(table.labels[i].items())), stored.modes[i], t), v)
        for i, t, v in zip(table.ids.tolist(), table.times.tolist(), table.values.view("u8").tolist(), strict=True)
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def raw_of(stored):
    return {key: value for key, value in moments(stored).items() if key[1] == "raw"}


def expected(captures):
    """The slow way: all raw moments; of the grid those that no raw sample explains."""
    every = {}
    for one in captures:
        for key, value in moments(one).items():
            every.setdefault(key, value)
    kept = {}
    for (labels, mode, time), value in every.items():
        known = [t for found, how, t in every if found == labels and how == "raw"]
        copied = any(0 <= time - t <= LOOK_BACK_US for t in known) and any(t >= time for t in known)
        if mode == "raw" or not copied:
            kept[labels, mode, time] = value
    return kept


@settings(max_examples=150)
@given(CAPTURES)
def test_the_union_is_what_the_slow_way_says_in_any_order_and_grouping(captures):
    kept = expected(captures)
    for order in list(permutations(captures))[:6]:
        whole = merge_captures(EMPTY_STORED, *order)
        assert moments(whole) == kept
        one_by_one = EMPTY_STORED
        for one in order:
            one_by_one = merge_captures(one_by_one, one)
        assert moments(one_by_one) == kept
        assert one_by_one.table.labels == whole.table.labels
        assert moments(merge_captures(whole, *order)) == kept
        assert raw_of(whole) == {k: v for one in captures for k, v in raw_of(one).items()}
        table = whole.table
        assert (np.diff(table.ids) >= 0).all()
        assert (np.diff(table.times)[np.diff(table.ids) == 0] > 0).all()


@settings(max_examples=30)
@given(CAPTURES)
def test_what_is_read_has_no_moment_twice_and_all_that_is_raw(tmp_path_factory, captures):
    folder = tmp_path_factory.mktemp("s")
    whole = merge_captures(EMPTY_STORED, *captures)
    write_stored(whole, folder / "a", folder / "b")
    again = read_stored(folder / "a", folder / "b")
    assert (moments(again), again.modes, again.query_ids) == (moments(whole), whole.modes, whole.query_ids)
    table = read_samples(folder / "a", folder / "b")
    assert len({tuple(sorted(found.items())) for found in table.labels}) == len(table.labels)
    assert len(set(zip(table.ids.tolist(), table.times.tolist(), strict=True))) == len(table.times)
    for labels, _, time in raw_of(whole):
        (series,) = table.named(dict(labels).get("__name__", "q"), pod=dict(labels)["pod"])
        assert time in series.times


def one(mode, seconds, values, query="q", unit=None, labels=None):
    table = SampleTable((labels or {"__name__": "m"},), np.zeros(len(seconds), "i4"), np.array(seconds, "i8") * S,
                        np.array(values, "f8"))  # fmt: skip
    return stored_of(table, query, unit, mode)


def test_what_was_captured_first_holds():
    both = merge_captures(one("raw", [1, 2], [1.0, 2.0]), one("raw", [2, 3], [9.0, 3.0]), one("raw", [2], [8.0]))
    assert both.table.values.tolist() == [1.0, 2.0, 3.0]


def test_between_two_raw_captures_the_grid_stays():
    raw = one("raw", [0, 10, 5000, 5010], [1.0] * 4)
    grid = one("range", [-10, 5, 310, 311, 2000, 4999, 5005, 5010, 5011], [2.0] * 9)
    both = merge_captures(grid, raw)
    assert both.modes == ("range", "raw")
    assert (both.table.times[both.table.ids == 0] // S).tolist() == [-10, 311, 2000, 4999, 5011]


def test_stale_markers_are_raw_samples():
    values = np.array([1.0, 0.0, 3.0])
    values.view("u8")[1] = STALE
    both = merge_captures(one("raw", [1, 2, 3], values), one("raw", [4], [1.0]))
    assert both.table.values.view("u8")[1] == STALE


def test_series_without_a_name_are_told_apart_by_their_question():
    first, second = (
        one("range", [1], [1.0], "a", labels={"pod": "x"}),
        one("range", [1], [2.0], "b", labels={"pod": "x"}),
    )
    both = merge_captures(first, second)
    assert (both.query_ids, both.table.values.tolist()) == (("a", "b"), [1.0, 2.0])


def test_of_a_series_of_two_questions_the_first_and_the_known_unit_are_kept():
    both = merge_captures(
        one("raw", [1], [1.0], "a"), one("raw", [2], [2.0], "b", "seconds"), one("raw", [3], [2.0], "c", "x")
    )
    assert (both.query_ids, both.units, len(both.table.times)) == (("a",), ("seconds",), 3)


def test_a_question_names_its_series_or_they_name_themselves():
    assert stored_of(one("raw", [1], [1.0]).table, "", "", "raw").query_ids == ("m",)
    assert stored_of(EMPTY, "q", "s", "raw") == EMPTY_STORED
    with pytest.raises(ValueError, match="one query, unit and mode for each series"):
        Stored(one("raw", [1], [1.0]).table)
    assert merge_captures(EMPTY_STORED).table.labels == ()
