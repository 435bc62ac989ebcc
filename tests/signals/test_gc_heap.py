"""The heap as collections left it: overlapping ones are one, rounding is known, the live set is of old collections."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.gc_heap import collections_of, heap_series, live_set, rounding_bytes
from tests.gc_logs import made_log, us

MIB = 2.0**20


def pause(end, before, after, **more):
    return {"end": end, "seconds": 0.1, "kind": "young", "heap_before_bytes": before * MIB,
            "heap_after_bytes": after * MIB} | more  # fmt: skip


def cycle(end, seconds, before, after, **more):
    return {"end": end, "seconds": seconds, "collector": "ZGC", "kind": "zgc", "heap_before_bytes": before * MIB,
            "heap_after_bytes": after * MIB} | more  # fmt: skip


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=60), st.sampled_from([1.0, 2.0**10, MIB, 2.0**30]))
def test_a_log_of_whole_units_is_never_held_to_be_finer(counts, unit):
    found = rounding_bytes(np.array(counts) * unit)
    assert (found >= unit).all()


def test_one_round_number_does_not_make_a_log_coarse_and_decimals_change_their_letter():
    assert rounding_bytes(np.array([900.0, 1024.0, 1023.0]) * MIB).tolist() == [MIB] * 3
    mixed = np.round(np.array([900.3 * MIB, 1.2 * 2**30, 512.7 * MIB]))
    assert rounding_bytes(mixed) == pytest.approx([MIB / 10, 2**30 / 10, MIB / 10])
    assert np.isnan(rounding_bytes(np.array([np.nan, 0.0]))).all()


def test_a_minor_cycle_inside_a_major_one_is_no_collection_of_its_own():
    log = made_log(cycles=[cycle(10, 6, 80, 40, collector="GenZGC", kind="major"),
                           cycle(8, 2, 90, 70, collector="GenZGC", kind="minor"),
                           cycle(20, 2, 100, 50, collector="GenZGC", kind="minor")])  # fmt: skip
    found = collections_of(log.pauses, log.cycles)
    assert found[["start", "end", "before", "after", "stopped"]].to_numpy().tolist() == [
        [us(4), us(10), 80 * MIB, 40 * MIB, False], [us(18), us(20), 100 * MIB, 50 * MIB, False]]  # fmt: skip


def test_a_cycle_of_a_collector_that_stops_threads_to_free_tells_nothing_of_the_heap():
    log = made_log(pauses=[pause(5, 80, 40), pause(9, 90, 50)],
                   cycles=[cycle(10, 8, 80, 40, collector="CMS", kind="cms")])  # fmt: skip
    assert len(collections_of(log.pauses, log.cycles)) == 2
    series = heap_series(log.pauses, log.cycles)
    assert series["used_bytes"].tolist() == [80 * MIB, 40 * MIB, 90 * MIB, 50 * MIB]
    assert series["after"].tolist() == [False, True, False, True]
    assert series.index.is_monotonic_increasing


def test_lives_are_kept_apart_and_a_nested_pause_is_part_of_its_outer_one():
    lives = ({"start": 0, "end": 10}, {"start": 20, "end": 30})
    log = made_log(lives=lives, pauses=[pause(5, 80, 40), pause(5, 80, 40, nested=True), pause(25, 60, 30, life=1)])
    assert collections_of(log.pauses, log.cycles)["life"].tolist() == [0, 1]


def test_the_live_set_is_of_collections_of_old_objects_that_ended():
    log = made_log(
        pauses=[pause(5, 80, 40), pause(6, 80, 30, kind="full"), pause(7, 80, 35, kind="mixed"),
                pause(8, 1, 1, kind="full", heap_after_bytes=float("nan"))],
        cycles=[cycle(9, 1, 80, 20), cycle(12, 1, 80, 10, aborted=True), cycle(15, 1, 80, 10, kind="minor")],
    )  # fmt: skip
    found = live_set(log.pauses, log.cycles)
    assert found["heap_after_bytes"].tolist() == [30 * MIB, 35 * MIB, 20 * MIB]
    assert found["kind"].tolist() == ["full", "mixed", "zgc"]
    assert live_set(log.pauses.iloc[:0], log.cycles.iloc[:0]).index.name == "end"
