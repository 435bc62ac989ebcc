"""One row per pause line."""

from analysis.gc.events import events_of
from tests.gc_logs import made_log

SHAPE = ["start", "end", "uptime_seconds", "collector", "kind", "cause", "duration_seconds", "heap_before_bytes",
         "heap_after_bytes", "heap_committed_bytes", "nested", "file", "line"]  # fmt: skip


def test_every_pause_in_order_nested_ones_too_with_its_line():
    rows = [
        {"end": 1, "seconds": 0.5, "uptime_seconds": 1.25, "collector": "CMS", "kind": "full", "nested": True,
         "cause": "Allocation Failure", "heap_before_bytes": 2.0**20, "line": 7, "gcid": 3},
        {"end": 1.1, "seconds": 0.8, "kind": "young", "line": 8, "evacuation_failure": "both"},
    ]  # fmt: skip
    inner, outer = events_of(made_log(pauses=rows), ("gc.log#1",))
    assert list(inner)[: len(SHAPE)] == SHAPE
    assert inner["start"] == "2026-11-22T17:39:24.500000Z"
    assert inner["end"] == "2026-11-22T17:39:25.000000Z"
    assert (inner["nested"], inner["heap_before_bytes"], inner["line"]) == (True, 1048576, 7)
    assert inner["jvm"] == "gc.log#1"
    assert (outer["nested"], outer["collector"], outer["cause"], outer["gcid"]) == (False, None, None, None)
    assert (inner["evacuation_failure"], outer["evacuation_failure"]) == ("none", "both")
    assert "user_seconds" not in outer


def test_columns_that_any_pause_has_are_there_for_all():
    rows = [{"end": 1, "user_seconds": 0.5, "young_before_bytes": 9.0, "workers": 2.0}, {"end": 2}]
    first, second = events_of(made_log(pauses=rows), ("x",))
    assert (first["user_seconds"], first["young_before_bytes"], first["workers"]) == (0.5, 9, 2)
    assert list(first) == list(second)
    assert second["workers"] is None


def test_no_times_of_day_without_a_clock():
    lives = [{"start": 0, "end": 9, "time_quality": "unknown"}, {"start": 10, "end": 20}]
    rows = [{"end": 1, "uptime_seconds": 1.0}, {"end": 12, "life": 1}]
    first, second = events_of(made_log(pauses=rows, lives=lives), ("a", "b"))
    assert (first["start"], first["end"], first["uptime_seconds"]) == (None, None, 1.0)
    assert second["end"] is not None
