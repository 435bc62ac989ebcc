"""Timeouts of pools: rows to sums."""

import pandas as pd

from analysis.db.document import Asked
from analysis.db.pools import pools_document

NAN = float("nan")


def frame():
    index = pd.to_datetime(["2026-11-22T18:00:01Z", "2026-11-22T18:00:02Z", "2026-11-22T18:00:03Z"]).as_unit("us")
    return pd.DataFrame({"pool": ["a", "a", "b"], "waited_seconds": [3.0, NAN, NAN], "total": [8.0, 9.0, NAN],
                         "active": [8.0, 9.0, NAN], "idle": [0.0, 0.0, NAN], "waiting": [5.0, 7.0, NAN]},
                        index=index)  # fmt: skip


def test_failures_are_rows_that_say_how_long_else_all():
    found = pools_document(frame(), {})["pool_timeouts"]
    assert [(p["pool"], p["n"], p["waited_max_seconds"], p["waiting_max"]) for p in found] == [
        ("a", 1, 3.0, 7), ("b", 1, None, None)
    ]  # fmt: skip


def test_a_window():
    end = int(frame().index[0].value // 1000)
    found = pools_document(frame(), {}, Asked(end_us=end))
    assert [p["n"] for p in found["pool_timeouts"]] == [1]
    assert found["window"]["start"] == found["window"]["end"] == "2026-11-22T18:00:01.000000Z"
    assert pools_document(frame(), {}, Asked(end_us=0))["pool_timeouts"] == []
