"""Rates over a life."""

from analysis.gc.rates import heap_rates, mmu_points, rates_in, whole_life
from analysis.signals.gc import stop_intervals
from analysis.window import Window
from tests.gc_logs import at, made_log


def test_the_window_of_a_life_holds_its_first_pause_and_its_last():
    log = made_log(lives=[{"start": 5, "end": 10}], pauses=[{"end": 6, "seconds": 2}, {"end": 11, "seconds": 0}])
    window = whole_life(log)
    assert window.start < at(4)
    assert window.end == at(11)
    assert whole_life(made_log(lives=[{"start": 5, "end": 5}])) is None


def test_windows_longer_than_the_life_are_left_out():
    log = made_log(lives=[{"start": 0, "end": 3}], pauses=[{"end": 1, "seconds": 0.1}])
    points = mmu_points(log, stop_intervals(log.pauses, log.safepoints))
    assert max(p["window_seconds"] for p in points) == 2.0


def test_promotion_and_what_the_last_collections_left():
    rows = [{"end": i, "kind": "young", "promoted_bytes": 1e6} for i in range(1, 20)]
    rows.append({"end": 20, "kind": "full", "heap_after_bytes": 5e6})
    found = heap_rates(made_log(pauses=rows, lives=[{"start": 0, "end": 20}]))
    assert abs(found["promotion_bytes_per_second"] - 950_000) <= 1
    assert (found["live_set_bytes"], found["live_set_n"]) == (5_000_000, 1)
    assert found["allocation_bytes_per_second"] is None


def test_what_few_collections_of_the_old_left_and_no_mixed_one_after_them():
    rows = [{"end": 5, "kind": "mixed", "heap_after_bytes": 9e6}]
    assert heap_rates(made_log(pauses=rows, lives=[{"start": 0, "end": 20}]))["live_set_bytes"] == 9_000_000
    cycles = [{"end": 4, "kind": "major", "heap_after_bytes": 6e6}]
    found = heap_rates(made_log(pauses=rows, cycles=cycles, lives=[{"start": 0, "end": 20}]))
    assert found["live_set_bytes"] == 6_000_000
    assert found["live_set_n"] == 1


def test_the_last_collection_is_neither_the_least_nor_the_most():
    rows = [{"end": 5 * i, "kind": "full", "heap_after_bytes": size} for i, size in enumerate((4e6, 9e6, 2e6, 7e6), 1)]
    found = heap_rates(made_log(pauses=[*rows, {"end": 21, "kind": "full"}], lives=[{"start": 0, "end": 30}]))
    sizes = [found[f"live_set_{name}bytes"] for name in ("least_", "most_", "")]
    assert sizes == [2_000_000, 9_000_000, 7_000_000]
    assert (found["live_set_n"], found["live_set_end"]) == (4, "2026-11-22T17:39:44.000000Z")
    undated = heap_rates(made_log(pauses=rows, lives=[{"start": 0, "end": 30, "time_quality": "unknown"}]))
    assert (undated["live_set_n"], undated["live_set_end"]) == (4, None)


def test_without_stamps_what_needs_no_clock_is_known():
    rows = [{"end": i, "kind": "full", "user_seconds": 0.5, "sys_seconds": 0.25, "heap_after_bytes": 1e6 * i}
            for i in range(1, 5)]  # fmt: skip
    rows.append({"end": 4, "kind": "full", "user_seconds": 9.0, "sys_seconds": 9.0, "nested": True})
    found = heap_rates(made_log(pauses=rows, lives=[{"start": 0, "end": 9, "cpus": 2.0, "time_quality": "none"}]))
    assert (found["gc_cpu_seconds"], found["gc_cpu_ratio"]) == (3.0, None)
    assert (found["live_set_least_bytes"], found["live_set_most_bytes"]) == (1_000_000, 4_000_000)
    assert found["allocation_bytes_per_second"] is found["promotion_bytes_per_second"] is None
    silent = [{"end": 1, "kind": "full"}]
    assert heap_rates(made_log(pauses=silent, lives=[{"start": 0, "end": 9, "time_quality": "none"}]))[
        "gc_cpu_seconds"] is None  # fmt: skip


def test_of_a_window_only_what_ended_in_it():
    rows = [{"end": i, "kind": "young", "promoted_bytes": 1e6, "user_seconds": 0.5, "sys_seconds": 0.0}
            for i in range(1, 101)]  # fmt: skip
    log = made_log(pauses=[*rows, {"end": 50.5, "kind": "full", "heap_after_bytes": 5e6}],
                   lives=[{"start": 0, "end": 60, "cpus": 4.0}, {"start": 60, "end": 100}])  # fmt: skip
    found = rates_in(log, Window(at(20), at(40)))
    assert found["promotion_bytes_per_second"] == 1_000_000
    assert (found["live_set_bytes"], found["gc_cpu_seconds"]) == (None, 10.0)
    assert found["gc_cpu_ratio"] == 10.0 / (4 * 20)
    assert set(rates_in(log, Window(at(200), at(300))).values()) == {None, 0}
    untimed = made_log(pauses=rows, lives=[{"start": 0, "end": 60, "time_quality": "none"}])
    assert set(rates_in(untimed, Window(at(20), at(40))).values()) == {None, 0}
