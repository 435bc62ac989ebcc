"""Decorations of lines: every subset, behind any prefix, and what is none of the collector's."""

import itertools
import math

import pytest

from analysis.sources.gclog.decorations import decorations

FIELDS = [
    ("[2026-11-22T18:04:30.123+0900]", "clock"), ("[12.345s]", "uptime"), ("[a-host]", ""), ("[4711]", ""),
    ("[info ]", ""), ("[gc,start    ]", "tags"),
]  # fmt: skip


@pytest.mark.parametrize("chosen", [c for n in range(1, 7) for c in itertools.combinations(FIELDS, n)], ids=str)
def test_any_subset_of_decorations(chosen):
    found = decorations("".join(text for text, _ in chosen).encode() + b" GC(7) Pause Young (Normal)")
    kinds = {kind for _, kind in chosen}
    assert found.is_gc
    assert found.text == b"GC(7) Pause Young (Normal)"
    assert bool(found.clock) == ("clock" in kinds)
    assert math.isnan(found.uptime_seconds) == ("uptime" not in kinds)
    assert (found.tags == b"gc,start") == ("tags" in kinds)
    assert not found.collected


@pytest.mark.parametrize(
    ("line", "clock", "uptime"),
    [
        (b"[1795370670123ms][gc] GC(0) x", b"1795370670123", math.nan),
        (b"[123ms][gc] GC(0) x", b"", 0.123),
        (b"[984028236040ns][1500000000ns][gc] GC(0) x", b"", 1.5),
        (b"2026-11-22T18:04:30.123456789Z stdout F [0.5s][gc] GC(0) x", b"2026-11-22T18:04:30.123456789Z", 0.5),
        (b"2026-11-22T18:04:30.1Z GC(0) x", b"2026-11-22T18:04:30.1Z", math.nan),
        (b"gc-app-1  | [0.5s][gc] GC(0) x", b"", 0.5),
        (b"[pod/api-1/app] [2026-11-22T18:04:30.1+0000][0.5s][gc] GC(0) x", b"2026-11-22T18:04:30.1+0000", 0.5),
        (b"[pod/api-1/app] [gc] GC(0) x", b"", math.nan),
        (b"GC(0) x", b"", math.nan),
    ],
)
def test_clocks_and_prefixes(line, clock, uptime):
    found = decorations(line)
    assert found.is_gc
    assert (found.clock, found.uptime_seconds) == (clock, pytest.approx(uptime, nan_ok=True))


@pytest.mark.parametrize(
    "line",
    [
        b"2026-11-22 18:04:31.750  INFO [payment-api,,] c.e.App : Pause between retries 12.5ms",
        b"[2026-11-22T18:04:30.123+0000][1.2s][info][class,load] java.lang.Object source: jrt:/java.base",
        b"[1.2s][info][os,cpu] CPUs: 4 total, 2 available", b"", b"[", b"[[[[", b"[gc", b"] GC(",
    ],
)  # fmt: skip
def test_what_is_not_of_the_collector(line):
    assert not decorations(line).is_gc


def test_a_clock_that_is_none_raises():
    with pytest.raises(ValueError, match=r"month|not a time|hour|Invalid"):
        _ = decorations(b"[2026-13-45T18:04:30.123+0000][gc] GC(0) x").clock_us


def test_a_time_in_brackets_before_a_gap_is_that_of_the_collector():
    found = decorations(b"[2026-11-22T18:04:30.123Z] [1.500s][info][gc] GC(7) Pause Full (x) 9M->5M(64M) 1.0ms")
    assert (found.clock, found.uptime_seconds, found.collected) == (b"2026-11-22T18:04:30.123Z", 1.5, True)
    found = decorations(b"[2026-11-22T18:04:31Z] [2026-11-22T18:04:30.123+0000][gc] GC(7) Pause Remark 1.0ms")
    assert (found.clock, found.collected) == (b"2026-11-22T18:04:30.123+0000", False)
