"""The longest pause with its line, and the stretch that stood still most against a count over all stretches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gc.worst import longest_pause, worst_stretch
from analysis.signals.gc import stop_intervals
from tests.gc_logs import made_log, us


def worst(log):
    return worst_stretch(log, stop_intervals(log.pauses, log.safepoints))


def test_the_longest_pause_has_its_line_and_its_start():
    rows = [{"end": 1, "seconds": 0.5, "kind": "young"}, {"end": 9, "seconds": 2.0, "kind": "full", "line": 77}]
    found = longest_pause(made_log(pauses=[*rows, {"end": 20, "duration_seconds": float("nan"), "kind": "young"}]))
    assert (found["duration_seconds"], found["kind"], found["cause"], found["line"]) == (2.0, "full", None, 77)
    assert found["start"] == "2026-11-22T17:39:31.000000Z"
    assert longest_pause(made_log()) is None
    assert longest_pause(made_log(pauses=[{"end": 1, "duration_seconds": float("nan")}])) is None


def test_an_uptime_is_no_time_of_day():
    lives = [{"start": 0, "end": 100, "time_quality": "unknown", "uptime_seconds": 3.0}]
    log = made_log(lives=lives, pauses=[{"end": 36, "seconds": 0.5, "uptime_seconds": 39.0}])
    assert (longest_pause(log)["start"], longest_pause(log)["uptime_seconds"]) == (None, 39.0)
    assert longest_pause(log)["start_uptime_seconds"] == 38.5
    assert (worst(log)["start"], worst(log)["length_seconds"], worst(log)["stopped_seconds"]) == (None, 10, 0.5)


@pytest.mark.parametrize(("lasted", "length"), [(4, None), (5, 1), (50, 10), (299, 10), (300, 60), (10**8, 60)])
def test_the_length_fits_the_life(lasted, length):
    log = made_log(lives=[{"start": 0, "end": lasted}], pauses=[{"end": 2, "seconds": 0.5}])
    found = worst(log)
    assert (found and found["length_seconds"]) == length
    assert worst(made_log(lives=[{"start": 0, "end": lasted}])) is None


def test_without_stamps_there_is_no_stretch():
    log = made_log(lives=[{"start": 0, "end": 400, "time_quality": "none"}], pauses=[{"end": 2, "seconds": 0.5}])
    assert worst(log) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 90)), min_size=1, max_size=20))
def test_no_minute_stood_still_longer(rows):
    log = made_log(lives=[{"start": 0, "end": 1000}], pauses=[{"end": e, "seconds": s} for e, s in rows])
    stops = stop_intervals(log.pauses, log.safepoints)
    first = int(stops[0, 0]) // 60_000_000 * 60_000_000
    by_minute = [
        sum(max(0, min(b, at + 60_000_000) - max(a, at)) for a, b in stops.tolist()) / 1e6
        for at in range(first, us(1001), 60_000_000)
    ]
    found = worst(log)
    assert found["stopped_seconds"] == pytest.approx(max(by_minute))
    at = first + int(np.argmax(np.round(by_minute, 6))) * 60_000_000
    assert found["start"].startswith(str(np.datetime64(at, "us"))[:19])
