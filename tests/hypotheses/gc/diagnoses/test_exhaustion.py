"""Full collections that free next to nothing: named at the largest heap only, silent on healthy and unknown ones."""

import pytest

from analysis.hypotheses.gc.diagnoses.exhaustion import heap_exhausted, left_full
from analysis.hypotheses.gc.diagnoses.named import diagnose
from analysis.window import Window
from tests.gc_logs import at, made_log

MEBI = 2.0**20


def full(end, after, committed=100, **more):
    sizes = {"heap_after_bytes": after * MEBI, "heap_committed_bytes": committed * MEBI}
    return {"end": end, "seconds": 2.0, "kind": "full", "cause": "Allocation Failure", **sizes, **more}


def life(limit=float("nan")):
    return {"start": 0, "end": 100, "heap_max_bytes": limit * MEBI}


def test_what_was_left_of_what_and_the_share_of_the_time():
    rows = [full(10, 50), full(20, 92), full(30, 95), full(40, 98)]
    found = heap_exhausted(made_log(pauses=rows, lives=[life(102)]))
    assert (found.name, found.line) == ("heap_exhausted", 11)
    assert found.statement.startswith(
        "3 of 4 full collections left at least 90 % of the heap, at its largest, in use: 92 MiB to 98 MiB of 100 MiB; "
        "6 s together, 6 % of the time, the longest 2 s; first at 17:39:42.000 UTC (gc.log, line 11)."
    )


def test_two_are_too_few_and_below_nine_tenths_is_not_full():
    assert heap_exhausted(made_log(pauses=[full(10, 95), full(20, 95)])) is None
    assert left_full(made_log(pauses=[full(10, 89.9), full(20, 90)])).tolist() == [False, True]


@pytest.mark.parametrize(("limit", "named"), [(float("nan"), True), (110, True), (112, False), (4096, False)])
def test_a_heap_below_its_limit_may_grow(limit, named):
    log = made_log(pauses=[full(10 * i, 95) for i in (1, 2, 3)], lives=[life(limit)])
    assert (heap_exhausted(log) is not None) is named


def test_the_most_committed_is_that_of_the_whole_life_not_of_the_window_or_of_another_life():
    rows = [full(10 * i, 95) for i in (1, 2, 3)]
    window = Window(at(0), at(40))
    assert heap_exhausted(made_log(pauses=rows), window) is not None
    assert heap_exhausted(made_log(pauses=[*rows, full(50, 20, 102)]), window) is None
    assert heap_exhausted(made_log(pauses=[*rows, full(50, 20, 101)]), window) is not None
    lives = [{"start": 0, "end": 45}, {"start": 46, "end": 100}]
    assert heap_exhausted(made_log(pauses=[*rows, full(50, 20, 102, life=1)], lives=lives), window) is not None


def test_a_window_counts_its_own_and_its_own_time():
    log = made_log(pauses=[full(10 * i, 95) for i in range(1, 9)])
    found = heap_exhausted(log, Window(at(39), at(60)))
    assert found.values["n"].value == 3
    assert found.values["time_ratio"].value == pytest.approx(5 / 21)  # of the first a second lies before
    assert heap_exhausted(log, Window(at(60), at(80))) is None


def test_healthy_logs_and_unknown_sizes_are_silent():
    small = [full(10 * i, 5, cause="System.gc()") for i in range(1, 9)]
    young = [full(10 * i, 95, kind="young") for i in range(1, 9)]
    unknown = [full(10 * i, float("nan")) for i in (1, 2, 3)] + [full(10 * i, 95, float("nan")) for i in (4, 5, 6)]
    for rows in (small, young, unknown, []):
        assert heap_exhausted(made_log(pauses=rows)) is None


def test_unknown_sizes_beside_known_ones_are_counted():
    rows = [*(full(10 * i, 95) for i in (1, 2, 3)), full(40, float("nan"))]
    said = heap_exhausted(made_log(pauses=rows)).statement
    assert said.startswith("3 of 4 full collections (of 1 the sizes are unknown) left")


def test_it_is_named_first_among_all():
    names = [d.name for d in diagnose(made_log(pauses=[full(10 * i, 95) for i in (1, 2, 3)]))]
    assert names == ["heap_exhausted", "full_gc"]
