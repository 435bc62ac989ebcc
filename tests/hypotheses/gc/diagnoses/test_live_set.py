"""What collections leave: grows, does not, cannot be told."""

import numpy as np
import pytest

from analysis.hypotheses.gc.diagnoses.live_set import left_over, live_set_growth, live_set_trend
from tests.gc_logs import made_log

MEBI = 2.0**20


def full(sizes, *, kind="full"):
    return [{"end": 10.0 * i + 1, "seconds": 0.1, "kind": kind, "heap_after_bytes": s} for i, s in enumerate(sizes)]


def test_growth_with_its_interval():
    rng = np.random.default_rng(2)
    sizes = (200 + 2 * np.arange(60) + rng.normal(0, 4, 60)) * MEBI
    log = made_log(pauses=full(sizes), lives=[{"start": 0, "end": 600, "heap_max_bytes": 512 * MEBI}])
    found = live_set_growth(log)
    low, mid, high = (found.values[f"growth_{p}bytes"].value / MEBI for p in ("low_", "", "high_"))
    assert low < mid < high
    assert low < 118 < high
    assert "in a heap of at most 512 MiB" in found.statement
    assert "leak" not in found.statement.split(". A cache")[0]


def test_a_level_live_set_is_seldom_named():
    rng = np.random.default_rng(3)
    named = sum(live_set_growth(made_log(pauses=full((200 + rng.normal(0, 30, 40)) * MEBI))) is not None
                for _ in range(12))  # fmt: skip
    assert named <= 2


def test_growth_of_less_than_a_twentieth_is_not_worth_a_sentence():
    rng = np.random.default_rng(4)
    sizes = (200 + 0.1 * np.arange(60) + rng.normal(0, 0.2, 60)) * MEBI
    assert live_set_growth(made_log(pauses=full(sizes))) is None


def test_a_heap_that_fills_at_the_start_is_not_named():
    noise = np.random.default_rng(7).normal(0, 4, 60)
    rows = [{**r, "end": i / 2} for i, r in enumerate(full((200 + 2 * np.arange(60) + noise) * MEBI))]
    assert live_set_growth(made_log(pauses=rows)) is None


def test_a_heap_that_filled_and_stayed_is_not_named():
    noise = np.random.default_rng(8).normal(0, 10, 60)
    level = 200 + 150 * np.minimum(np.arange(60) / 20, 1)
    assert live_set_trend(left_over(made_log(pauses=full((level + noise) * MEBI)))).slope_low > 0
    assert live_set_growth(made_log(pauses=full((level + noise) * MEBI))) is None
    assert live_set_growth(made_log(pauses=full((200 + 4 * np.arange(60) + noise) * MEBI))) is not None


def test_of_cycles_beside_threads_it_is_said_that_traffic_looks_alike():
    sizes = (200 + 4 * np.arange(60) + np.random.default_rng(8).normal(0, 4, 60)) * MEBI
    for collector, said in (("ZGC", True), ("G1", False)):
        life = {"start": 0, "end": 600, "collector": collector}
        found = live_set_growth(made_log(pauses=full(sizes), lives=[life]))
        assert ("more traffic looks alike" in found.statement) is said


def test_too_few_collections_and_all_at_one_time():
    sizes = (200 + 20 * np.arange(11)) * MEBI
    log = made_log(pauses=full(sizes))
    assert live_set_trend(left_over(log)) is None
    assert live_set_growth(log) is None
    at_once = [{**row, "end": 1.0} for row in full([MEBI] * 20)]
    assert live_set_trend(left_over(made_log(pauses=at_once))) is None


def test_cycles_count_where_no_full_collection_does_and_aborted_ones_never():
    rows = [{"end": i + 1, "kind": "zgc", "heap_after_bytes": MEBI, "aborted": i < 3} for i in range(20)]
    assert len(left_over(made_log(cycles=rows, pauses=full([MEBI] * 3)))) == 17
    mixed = made_log(pauses=full([MEBI] * 15, kind="mixed"))
    assert len(left_over(mixed)) == 15


def test_each_jvm_on_its_own():
    first, second = full([100 * MEBI] * 30), full([200 * MEBI] * 30)
    rows = [*first, *({**r, "end": r["end"] + 400, "life": 1} for r in second)]
    log = made_log(pauses=rows, lives=[{"start": 0, "end": 300}, {"start": 400, "end": 700}])
    assert live_set_growth(log) is None


def test_the_slope_is_per_second():
    noise = np.random.default_rng(6).normal(0, 0.5, 40)
    left = left_over(made_log(pauses=full((100 + np.arange(40) + noise) * MEBI)))
    assert live_set_trend(left).slope == pytest.approx(0.1 * MEBI, rel=0.05)


def test_the_first_is_told_by_its_start():
    sizes = (200 + 4 * np.arange(60) + np.random.default_rng(8).normal(0, 4, 60)) * MEBI
    assert "first at 17:39:24.900 UTC" in live_set_growth(made_log(pauses=full(sizes))).statement
