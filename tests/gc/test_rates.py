"""Rates over a life."""

from analysis.gc.rates import heap_rates, mmu_points, whole_life
from analysis.signals.gc import stop_intervals
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
    assert found["live_set_bytes"] == 5_000_000
    assert found["allocation_bytes_per_second"] is None
