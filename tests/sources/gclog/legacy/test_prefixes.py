"""What was put before every line of a log of JDK 8 and before."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.legacy.lines import read_legacy
from analysis.sources.gclog.legacy.prefixes import prefix_of, without_prefix

G1 = [
    "%d.001: [GC pause (G1 Evacuation Pause) (young), 0.0100000 secs]",
    "   [Parallel Time: 7.0 ms, GC Workers: 3]",
    "      [GC Worker Start (ms): Min: 7.0, Avg: 7.0, Max: 7.1, Diff: 0.1]",
    "   [Eden: 9.0M(9.0M)->0.0B(8.0M) Survivors: 1024.0K->2.0M Heap: 20.0M(40.0M)->12.0M(40.0M)]",
    " [Times: user=0.02 sys=0.01, real=0.01 secs] ",
    "%d.011: Total time for which application threads were stopped: 0.0120000 seconds",
]
LOG = [(line % at if "%" in line else line).encode() for at in range(5, 12) for line in G1]
NAMES = ("kind", "uptime_seconds", "duration_seconds", "young_after_bytes", "workers", "real_seconds")


@pytest.mark.parametrize(
    "of", ["%6d\t", "%d:", "gc.log:%d:", "app_%d  | ", "> ", "    ", "\t", "12:00:%02d,123 INFO [out] "]
)
def test_a_prefix_is_taken_off_and_nothing_else(of):
    prefixes = [(of % line if "%" in of else of).encode() for line in range(1, len(LOG) + 1)]
    assert list(without_prefix(one + line for one, line in zip(prefixes, LOG, strict=True))) == LOG


@given(st.text(string.ascii_letters + "|=/-_@ ", min_size=1, max_size=20).filter(lambda text: text.strip()))
def test_a_log_behind_any_words_says_the_same(words):
    rows, plain = read_legacy(words.encode() + b"| " + line for line in LOG), read_legacy(LOG)
    assert all(list(rows.pauses[name]) == list(plain.pauses[name]) for name in NAMES)
    assert (rows.unrecognised, rows.foreign) == ([], [])
    assert rows.safepoints["stamp_seconds"] == plain.safepoints["stamp_seconds"]


def test_a_log_without_a_prefix_and_one_with_a_few_lines_of_others_stay_as_they_are():
    assert prefix_of(LOG) is None
    assert prefix_of([*LOG, b"stdout: 7.000: [GC 9K->5K(9K), 0.1 secs]"]) is None
    assert prefix_of([]) is None


def test_lines_without_the_prefix_of_the_others_are_left_alone():
    lines = [b"out: " + line for line in LOG] + [b"4.5: [GC 9K->5K(9K), 0.1 secs]"]
    assert list(without_prefix(lines)) == [*LOG, lines[-1]]


def test_blanks_before_one_event_make_it_no_detail():
    rows = read_legacy([b"   [GC (Metadata GC Threshold) [PSYoungGen: 9K->5K(9K)] 9K->5K(20K), 0.0100000 secs]"])
    assert rows.pauses["cause"] == ["Metadata GC Threshold"]


def test_special_signs_of_a_prefix_stand_for_themselves():
    lines = [b"(a+b)* [%d] $ %b" % (i, line) for i, line in enumerate(LOG)]
    assert re.compile(prefix_of(lines).pattern).match(b"aab [7] $ ") is None
    assert list(without_prefix(lines)) == LOG
