"""Promotion a second, and what of it the next collection of the old generation frees."""

import numpy as np
import pytest

from analysis.signals.gc import known_spans
from analysis.signals.gc_promotion import premature_promotion, promotion_rate
from analysis.window import Window
from tests.gc_logs import at, made_log
from tests.signals.test_gc_heap import MIB, pause

HUNDRED = Window(at(0), at(100))


def old(before, after):
    return {"old_before_bytes": before * MIB, "old_after_bytes": after * MIB, "promoted_bytes": (after - before) * MIB}


def test_the_rate_is_of_young_collections_and_a_shrinking_old_generation_is_nought():
    log = made_log(pauses=[
        pause(10, 200, 100, **old(50, 90)), pause(20, 200, 100, **old(90, 80)),
        pause(30, 200, 20, kind="full", **old(80, 10)),
        pause(40, 200, 20, kind="young_concurrent_start", **old(10, 20)),
    ])  # fmt: skip
    found = promotion_rate(log.pauses, HUNDRED, known_spans(log.lives))
    assert (found.n, found.known_seconds) == (3, 100.0)
    assert found.bytes_per_second == pytest.approx(0.5 * MIB)


def test_a_rate_is_unknown_where_most_pauses_do_not_tell():
    rows = [pause(10, 200, 100), pause(20, 200, 100), pause(30, 200, 100, **old(10, 20))]
    log = made_log(pauses=rows)
    assert np.isnan(promotion_rate(log.pauses, HUNDRED, known_spans(log.lives)).bytes_per_second)
    assert np.isnan(promotion_rate(log.pauses, HUNDRED, np.zeros((0, 2), "i8")).bytes_per_second)


def test_mixed_pauses_promote_too_and_do_not_tell_how_much():
    rows = [pause(10, 200, 100, **old(10, 20)), pause(20, 200, 100, kind="mixed", **old(20, 10))]
    known = known_spans(made_log().lives)
    assert promotion_rate(made_log(pauses=rows).pauses, HUNDRED, known).bytes_per_second == pytest.approx(0.1 * MIB)
    more = [*rows, pause(30, 200, 100, kind="mixed", **old(10, 5))]
    assert np.isnan(promotion_rate(made_log(pauses=more).pauses, HUNDRED, known).bytes_per_second)


def test_sizes_that_were_rounded_apart_are_no_sweep():
    rows = [pause(10, 0, 0, **old(0, 40)), pause(20, 0, 0, **old(39.99, 80)),
            pause(30, 0, 0, kind="full", **old(79.99, 20))]  # fmt: skip
    found = premature_promotion(made_log(pauses=rows).pauses)
    assert found.collections == 1
    assert found.freed_bytes == pytest.approx(59.99 * MIB)


def test_a_full_collection_ends_the_account():
    log = made_log(pauses=[
        pause(10, 0, 0, **old(0, 30)), pause(20, 0, 0, **old(30, 60)), pause(30, 0, 0, kind="full", **old(60, 20)),
        pause(40, 0, 0, **old(20, 30)), pause(50, 0, 0, kind="full", **old(30, 10)), pause(60, 0, 0, **old(10, 90)),
    ])  # fmt: skip
    found = premature_promotion(log.pauses)
    assert found.collections == 2
    assert (found.promoted_bytes, found.freed_bytes) == (70 * MIB, 50 * MIB)
    assert found.ratio == pytest.approx(5 / 7)


def test_a_run_of_mixed_pauses_is_one_collection():
    log = made_log(pauses=[
        pause(10, 0, 0, **old(0, 40)), pause(20, 0, 0, kind="mixed", **old(40, 30)),
        pause(30, 0, 0, kind="mixed", **old(30, 5)), pause(40, 0, 0, **old(5, 15)),
    ])  # fmt: skip
    found = premature_promotion(log.pauses)
    assert (found.promoted_bytes, found.freed_bytes, found.collections) == (40 * MIB, 35 * MIB, 1)


def test_a_concurrent_sweep_is_seen_between_pauses():
    log = made_log(
        pauses=[pause(10, 0, 0, **old(0, 40)), pause(20, 0, 0, **old(10, 12)), pause(30, 0, 0, **old(12, 13))]
    )
    found = premature_promotion(log.pauses)
    assert (found.promoted_bytes, found.freed_bytes, found.collections) == (40 * MIB, 30 * MIB, 1)
    assert np.isnan(premature_promotion(log.pauses.iloc[:0]).ratio)
