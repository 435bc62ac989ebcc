"""One line of a GC log: its decorations, and the numbers of pauses and safepoints."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sources.gc_lines import decorations, is_old_format, pause_line, safepoint_line


def test_decorations_hold_in_any_subset():
    found = decorations(b"[2026-11-22T18:04:30.123+0900][1.5s][984028236040ns][host][17][23][info][gc,start  ] GC(0) x")
    assert (found.clock, found.uptime_seconds, found.is_gc) == (b"2026-11-22T18:04:30.123+0900", 1.5, True)
    assert found.text == b"GC(0) x"
    assert decorations(b"[123ms][gc] Using G1").uptime_seconds == 0.123
    assert decorations(b"[2500000000ns][gc] Using G1").uptime_seconds == 2.5
    assert math.isnan(decorations(b"[gc] Using G1").uptime_seconds)
    assert decorations(b"[1795370670123ms] GC(0) x").end_us == 1795370670123000


@pytest.mark.parametrize(
    "line", [b"", b"[", b"[]", b"[]]][[", b"x" * 5000, b"[info] app", b"[a][b][c] text", b"\xff\xfe"]
)
def test_what_is_no_line_of_the_collector(line):
    assert decorations(line).is_gc is False
    assert is_old_format(line) is False


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from("BKMGT"), st.integers(0, 9_999_999))
@settings(max_examples=100, deadline=None)
def test_sizes_and_lengths_survive(before, after, unit, micros):
    text = f"Pause Full (Ergonomics) {before}{unit}->{after}{unit}({before}{unit}) {micros / 1000:.3f}ms".encode()
    found = pause_line(text)
    scale = 1024 ** "BKMGT".index(unit)
    assert (found.before_bytes, found.after_bytes, found.committed_bytes) == (
        before * scale,
        after * scale,
        before * scale,
    )
    assert found.duration_seconds == pytest.approx(micros / 1e6, abs=1e-9)


@pytest.mark.parametrize(
    "text", [b"Pause Young", b"Pause Full (Ergonomics) 1M->1M(1M) ms", b"Pause Init Mark 1.0ms", b"x"]
)
def test_what_is_no_pause_is_refused(text):
    with pytest.raises(ValueError, match="no pause"):
        pause_line(text)


def test_a_safepoint_is_read_by_its_names_not_by_position():
    text = b'Safepoint "A b", Total: 5000 ns, Threads: 0 runnable, 10 total, Reaching safepoint: 1000 ns'
    assert safepoint_line(text) == ("A b", 1e-6, 5e-6)
    with pytest.raises(ValueError, match="without a total"):
        safepoint_line(b'Safepoint "A", Reaching safepoint: 1 ns')
    with pytest.raises(ValueError, match="no safepoint"):
        safepoint_line(b"Application time: 0.5 seconds")
