"""GC logs of JDK 8 and before, whole: what each collector writes, split over lines and into each other."""

import numpy as np
import pytest

from analysis.sources.gclog.legacy.lines import read_legacy
from analysis.sources.gclog.rows import NO_CLOCK

K = 1024
DAY = "2026-11-22T18:04:30.{:03d}+0000: 7.{:03d}: "

PARALLEL = [
    DAY.format(100, 100)
    + "[GC (Allocation Failure) [PSYoungGen: 900K->90K(1000K)] 2900K->2190K(5000K), 0.0250000 secs] "
    "[Times: user=0.04 sys=0.01, real=0.03 secs] ",
    DAY.format(125, 125) + "[Full GC (Ergonomics) [PSYoungGen: 90K->0K(1000K)] [ParOldGen: 2100K->700K(4000K)] "
    "2190K->700K(5000K), [Metaspace: 33K->32K(60K)], 0.2000000 secs] [Times: user=0.40 sys=0.00, real=0.20 secs] ",
]
CMS = [
    "1.000: [GC (CMS Initial Mark) [1 CMS-initial-mark: 70K(100K)] 80K(150K), 0.0020000 secs] "
    "[Times: user=0.01 sys=0.00, real=0.00 secs] ",
    "1.002: [CMS-concurrent-mark-start]",
    "1.502: [CMS-concurrent-mark: 0.400/0.500 secs] [Times: user=0.90 sys=0.00, real=0.50 secs] ",
    "1.502: [CMS-concurrent-preclean-start]",
    "1.600: [GC (Allocation Failure) 1.600: [ParNew1.602: [CMS-concurrent-preclean: 0.050/0.100 secs] "
    "[Times: user=0.10 sys=0.00, real=0.10 secs] ",
    ": 45K->5K(50K), 0.0100000 secs] 115K->78K(150K), 0.0110000 secs] [Times: user=0.02 sys=0.00, real=0.01 secs] ",
    "1.700: [GC (CMS Final Remark) [YG occupancy: 9 K (50 K)]1.700: [Rescan (parallel) , 0.0010000 secs]"
    "1.701: [weak refs processing, 0.0001000 secs][1 CMS-remark: 73K(100K)] 82K(150K), 0.0030000 secs] "
    "[Times: user=0.01 sys=0.00, real=0.01 secs] ",
    "1.703: [CMS-concurrent-sweep-start]",
    "1.803: [CMS-concurrent-sweep: 0.100/0.100 secs] [Times: user=0.10 sys=0.00, real=0.10 secs] ",
    "1.803: [CMS-concurrent-reset-start]",
    "1.833: [CMS-concurrent-reset: 0.030/0.030 secs] [Times: user=0.03 sys=0.00, real=0.03 secs] ",
]
FAILED = [
    "8.000: [GC [1 CMS-initial-mark: 90K(100K)] 95K(150K), 0.0010000 secs]",
    "8.001: [CMS-concurrent-mark-start]",
    "8.100: [GC 8.100: [ParNew (promotion failed)",
    "Desired survivor size 12345 bytes, new threshold 1 (max 15)",
    "- age   1:      54321 bytes,      54321 total",
    ": 50K->50K(50K), 0.2000000 secs]8.300: [CMS8.400: [CMS-concurrent-mark: 0.290/0.399 secs] "
    "[Times: user=0.60 sys=0.00, real=0.40 secs] ",
    " (concurrent mode failure): 98K->40K(100K), 1.5000000 secs] 140K->40K(150K), "
    "[CMS Perm : 20K->19K(30K)], 1.7100000 secs] [Times: user=1.90 sys=0.02, real=1.71 secs] ",
]
G1 = [
    "2.000: [GC pause (G1 Evacuation Pause) (young) (initial-mark)",
    "Desired survivor size 1048576 bytes, new threshold 15 (max 15)",
    " 2.000: [G1Ergonomics (CSet Construction) start choosing CSet, _pending_cards: 12, target pause time: 200.00 ms]",
    " (to-space exhausted), 0.0500000 secs]",
    "   [Parallel Time: 44.4 ms, GC Workers: 3]",
    "      [GC Worker Start (ms): Min: 2000.1, Avg: 2000.2, Max: 2000.3, Diff: 0.2]",
    "   [Eden: 8.0M(8.0M)->0.0B(6.0M) Survivors: 1024.0K->2048.0K Heap: 20.0M(32.0M)->15.5M(32.0M)]",
    " [Times: user=0.12 sys=0.01, real=0.05 secs] ",
    "2.050: Total time for which application threads were stopped: 0.0510000 seconds, "
    "Stopping threads took: 0.0002000 seconds",
    "2.051: [GC concurrent-root-region-scan-start]",
    "2.061: [GC concurrent-root-region-scan-end, 0.0100000 secs]",
    "2.061: [GC concurrent-mark-start]",
    "2.361: [GC concurrent-mark-end, 0.3000000 secs]",
    "2.370: [GC remark 2.370: [Finalize Marking, 0.0001000 secs] 2.370: [GC ref-proc, 0.0002000 secs], 0.0040000 secs]",
    " [Times: user=0.01 sys=0.00, real=0.00 secs] ",
    "2.380: [GC cleanup 16M->14M(32M), 0.0010000 secs]",
    " [Times: user=0.00 sys=0.00, real=0.00 secs] ",
    "2.382: [GC concurrent-cleanup-start]",
    "2.383: [GC concurrent-cleanup-end, 0.0010000 secs]",
    "2.500: [Full GC (System.gc())  15M->9000K(32M), 0.5000000 secs]",
    "   [Eden: 4096.0K(6.0M)->0.0B(8.0M) Survivors: 2048.0K->0.0B Heap: 15.4M(32.0M)->9000.0K(32.0M)], "
    "[Metaspace: 3000K->2900K(10000K)]",
]


def read(lines):
    rows = read_legacy([line.encode() for line in lines])
    rows.pauses = {name: list(cells) for name, cells in rows.pauses.items()}
    return rows


def cells(columns, *names):
    return list(zip(*(columns[name] for name in names), strict=True))


def understood(rows):
    return not rows.unrecognised and not rows.foreign


def test_parallel():
    rows = read(PARALLEL)
    assert cells(rows.pauses, "kind", "generation", "collector", "cause") == [
        ("young", "young", "Parallel", "Allocation Failure"), ("full", "all", "Parallel", "Ergonomics"),
    ]  # fmt: skip
    assert rows.pauses["stamp_seconds"] == pytest.approx([7.125, 7.325])
    assert rows.pauses["uptime_seconds"] == [7.1, 7.125]
    assert rows.pauses["clock_us"][1] - rows.pauses["clock_us"][0] == 200_000
    assert rows.pauses["old_before_bytes"] == [2000 * K, 2100 * K]
    assert rows.pauses["promoted_bytes"][0] == 100 * K
    assert rows.pauses["metaspace_after_bytes"][1] == 32 * K
    assert rows.pauses["user_seconds"] == [0.04, 0.4]
    assert understood(rows)


def test_cms_with_a_phase_that_ends_inside_a_pause():
    rows = read(CMS)
    assert rows.pauses["kind"] == ["initial_mark", "young", "remark"]
    assert rows.pauses["heap_after_bytes"] == [80 * K, 78 * K, 82 * K]
    assert rows.pauses["duration_seconds"] == [0.002, 0.011, 0.003]
    assert rows.pauses["real_seconds"] == [0.0, 0.01, 0.01]
    assert rows.phases["name"] == ["mark", "preclean", "sweep", "reset"]
    assert rows.phases["duration_seconds"] == [0.5, 0.1, 0.1, 0.03]
    assert rows.phases["stamp_seconds"] == [1.502, 1.602, 1.803, 1.833]
    (cycle,) = cells(rows.cycles, "kind", "collector", "aborted", "cause", "duration_seconds", "heap_before_bytes")
    assert cycle == ("cms", "CMS", False, "CMS Initial Mark", pytest.approx(0.833), 80 * K)
    assert understood(rows)


def test_a_failed_promotion_and_the_collection_that_it_becomes_are_one_stop():
    rows = read(FAILED)
    assert rows.pauses["kind"] == ["initial_mark", "full"]
    assert rows.pauses["duration_seconds"][1] == 1.71
    assert rows.pauses["evacuation_failure"][1] == "promotion_failed"
    assert rows.pauses["cause"][1] == "concurrent mode failure"
    assert rows.pauses["young_after_bytes"][1] == 0
    assert rows.pauses["metaspace_before_bytes"][1] == 20 * K
    assert cells(rows.cycles, "aborted", "cause") == [(True, "concurrent mode failure")]
    assert rows.cycles["duration_seconds"] == pytest.approx([1.81])
    assert understood(rows)


def test_g1():
    rows = read(G1)
    assert rows.pauses["kind"] == ["young_concurrent_start", "remark", "cleanup", "full"]
    assert rows.pauses["evacuation_failure"] == ["to_space_exhausted", "", "", ""]
    assert rows.pauses["workers"][0] == 3
    assert rows.pauses["heap_after_bytes"][0] == 15.5 * K * K
    assert rows.pauses["young_committed_bytes"][0] == 8 * K * K
    assert rows.pauses["real_seconds"][:3] == [0.05, 0.0, 0.0]
    assert rows.pauses["metaspace_committed_bytes"][3] == 10000 * K
    assert cells(rows.safepoints, "total_seconds", "reaching_seconds", "stamp_seconds") == [(0.051, 0.0002, 2.05)]
    assert rows.phases["name"] == ["root-region-scan", "mark", "cleanup"]
    (cycle,) = cells(rows.cycles, "kind", "aborted", "duration_seconds", "heap_after_bytes")
    assert cycle == ("concurrent_mark", False, pytest.approx(0.333), 14 * K * K)
    assert understood(rows)


def test_a_young_collection_before_a_remark_is_nested_in_it():
    rows = read(
        [
            "3.000: [GC (CMS Final Remark) [YG occupancy: 40 K (50 K)]{Heap before GC invocations=3 (full 1):",
            " par new generation   total 50K, used 40K [0x00000000f6400000, 0x00000000f9800000, 0x00000000f9800000)",
            "3.000: [GC (CMS Final Remark) 3.000: [ParNew: 40K->5K(50K), 0.0100000 secs] 90K->60K(150K), 0.011 secs] "
            "[Times: user=0.02 sys=0.00, real=0.01 secs] ",
            "}",
            "3.012: [Rescan (parallel) , 0.0010000 secs][1 CMS-remark: 55K(100K)] 60K(150K), 0.0150000 secs] "
            "[Times: user=0.03 sys=0.00, real=0.02 secs] ",
        ]
    )
    assert cells(rows.pauses, "kind", "nested", "duration_seconds", "real_seconds") == [
        ("remark", False, 0.015, 0.02), ("young", True, 0.011, 0.01),
    ]  # fmt: skip
    assert understood(rows)


@pytest.mark.parametrize("number", ["0.0330000", "0,0330000"])
@pytest.mark.parametrize(
    ("stamps", "clock", "uptime"),
    [
        ("2026-11-22T18:04:30.500+0000: 7.500: ", True, 7.533),
        ("2026-11-22T23:34:30,500+0530: 7,500: ", True, 7.533),
        ("2026-11-22T18:04:30.500+0000: ", True, np.nan),
        ("7.500: #12: ", False, 7.533),
        ("", False, np.nan),
    ],
)
def test_any_stamps(stamps, clock, uptime, number):
    rows = read([f"{stamps}[GC 9K->5K(20K), {number} secs]"])
    assert rows.pauses["duration_seconds"] == [0.033]
    np.testing.assert_allclose(rows.pauses["stamp_seconds"], [uptime])
    assert (rows.pauses["clock_us"][0] == 1_795_370_670_533_000) == clock
    assert (rows.pauses["clock_us"][0] == NO_CLOCK) == (not clock)
    assert rows.pauses["gcid"] == [12 if "#" in stamps else -1]


def test_marks_of_cms_without_details_alternate():
    young, mark = "[GC 50K->20K(100K), 0.01 secs]", "[GC 30K(100K), 0.001 secs]"
    rows = read([mark, young, mark, mark, "[Full GC 90K->20K(100K), 0.5 secs]", mark, mark])
    assert rows.pauses["kind"] == [
        "initial_mark", "young", "remark", "initial_mark", "full", "initial_mark", "remark",
    ]  # fmt: skip
    assert set(rows.pauses["collector"]) == {"CMS"}


def test_a_pause_without_an_end_is_no_pause_but_said():
    rows = read(["1.000: [GC 1.000: [ParNew", *PARALLEL, "9.000: [Full GC 9.000: [CMS"])
    assert len(rows.pauses["line"]) == 2
    assert cells(rows.begun, "line", "stamp_seconds") == [(1, 1.0), (4, 9.0)]
    assert rows.unrecognised == [1]  # the other one may well be whole in the file that follows
    assert rows.holes == [(1, 2)]
    assert rows.notes == ["the file ends inside a pause"]


def test_of_a_pause_without_an_end_in_which_a_collection_ended_that_part_is_kept():
    rows = read(["1.000: [GC 1.000: [ParNew (promotion failed): 50K->50K(50K), 0.2000000 secs]1.200: [CMS", *PARALLEL])
    assert cells(rows.pauses, "line", "kind", "duration_seconds", "evacuation_failure")[0] == (
        1, "full", 0.2, "promotion_failed",
    )  # fmt: skip
    assert rows.begun["line"] == [1]
    assert rows.holes == [(1, 2)]
    assert rows.notes == ["pauses without an end (1) are as long as the part of them that was told"]


def test_a_carriage_return_inside_a_line_ends_none():
    rows = read_legacy([b"10 %\r20 %\r", b"1.000: [GC 9K->5K(20K),\r0.1 secs]", b"done"])
    assert (rows.lines, rows.foreign) == (3, [1, 3])
    assert list(rows.pauses["line"]) == [2]


def test_what_is_not_of_the_log_is_foreign_even_inside_a_pause():
    lines = [*CMS[:5], "18:04:31 INFO [main] started in 12 ms", *CMS[5:], "Done."]
    rows = read(lines)
    assert rows.foreign == [6, len(lines)]
    assert rows.unrecognised == []
    assert rows.pauses["duration_seconds"] == read(CMS).pauses["duration_seconds"]


def test_lines_of_the_collector_that_say_nothing_known_are_counted_with_samples():
    rows = read(["1.000: [GC strange] secs]", "", *PARALLEL, "1.000: what"])
    assert rows.unrecognised == [1, 5]
    assert rows.samples[0] == (1, b"1.000: [GC strange]")
    assert (rows.lines, rows.blank) == (5, [2])


@pytest.mark.parametrize("number", ["99999999.0", "86401.0"])
def test_numbers_longer_than_a_day_are_broken_numbers(number):
    rows = read([f"1.000: [GC 9K->5K(20K), {number} secs]"])
    assert not rows.pauses
    assert rows.unrecognised == [1]


def test_lines_may_end_with_a_carriage_return():
    wanted = read(CMS)
    for end in ("\r\n", "\r"):
        rows = read_legacy([part.encode() for part in end.join(CMS).split("\n")])
        assert list(rows.pauses["line"]) == wanted.pauses["line"]
        assert list(rows.pauses["duration_seconds"]) == wanted.pauses["duration_seconds"]
        assert rows.lines == len(CMS)


def test_facts_of_the_header_and_where_a_jvm_begins():
    header = [
        'OpenJDK 64-Bit Server VM (25.9-b1) for linux-amd64 JRE (1.8.0_9-b1), built on Nov 22 2026 by "me"',
        "Memory: 4k page, physical 1024k(512k free), swap 0k(0k free)",
        "CommandLine flags: -XX:MaxHeapSize=5120000 -XX:ParallelGCThreads=2 -XX:+UseParallelGC ",
    ]
    rows = read([*header, *PARALLEL, *header, *PARALLEL])
    assert {name: value for line, name, value in rows.facts if line < 4} == {
        "version": "1.8.0_9-b1", "memory_bytes": 1024.0 * K, "heap_max_bytes": 5120000.0, "workers": 2.0,
        "collector": "Parallel", "flags": "-XX:MaxHeapSize=5120000 -XX:ParallelGCThreads=2 -XX:+UseParallelGC",
    }  # fmt: skip
    assert rows.stamps["begin_lines"] == [1, 6]
    assert understood(rows)


def test_stops_without_stamps_follow_what_was_printed_before():
    stop = "Total time for which application threads were stopped: {} seconds"
    rows = read(
        [PARALLEL[0], stop.format("0.0260000"), "Application time: 0.5000000 seconds", stop.format("0.0010000")]
    )
    assert rows.safepoints["stamp_seconds"] == pytest.approx([7.125, 7.626])
    np.testing.assert_allclose(rows.safepoints["since_last_seconds"], [np.nan, 0.5])
    assert rows.notes == ["stops without a stamp (2) are placed beside the lines around them"]


def test_stops_before_the_first_stamp_are_placed_there():
    rows = read(["Total time for which application threads were stopped: 0.1 seconds", *PARALLEL])
    assert rows.safepoints["stamp_seconds"] == [7.1]


def test_several_records_on_one_line():
    rows = read(
        ["1.000: [GC 9K->5K(20K), 0.1 secs] 2.000: [Full GC 5K->4K(20K), 0.2 secs]3.000: [GC 6K->4K(20K), 0.1 secs]"]
    )
    assert rows.pauses["kind"] == ["young", "full", "young"]
    assert rows.pauses["uptime_seconds"] == [1.0, 2.0, 3.0]
