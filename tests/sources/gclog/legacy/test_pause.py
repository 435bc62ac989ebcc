"""The text of a stop of JDK 8 and before: what failed in it, and whose CPU times those are that it holds."""

import math

import pytest

from analysis.sources.gclog.legacy.lines import read_legacy
from analysis.sources.gclog.legacy.pause import read_pauses
from analysis.sources.gclog.legacy.records import Record


def pause_of(text: str):
    return read_pauses(Record((7,), text.encode()))[0]


@pytest.mark.parametrize(
    "text",
    [
        "1.500: [GC (Allocation Failure) --[PSYoungGen: 90K->90K(99K)] 190K->260K(299K), 0.0300000 secs]",
        "1.500: [GC (Allocation Failure) -- 190K->260K(299K), 0.0300000 secs]",
        "1.500: [GC-- 190K->260K(299K), 0.0300000 secs]",
        "1.500: [GC (Allocation Failure) , 0.0300000 secs]",  # the serial young collection, without details
        "1.500: [GC , 0.0300000 secs]",
    ],
)
def test_a_promotion_that_failed(text):
    pause = pause_of(text)
    assert (pause.kind, pause.evacuation_failure) == ("young", "promotion_failed")


@pytest.mark.parametrize("text", ["1.500: [GC remark, 0.03 secs]", "1.500: [GC pause (young), 0.03 secs]"])
def test_a_pause_of_g1_without_sizes_did_not_fail(text):
    assert pause_of(text).evacuation_failure == ""


def test_cpu_times_of_a_phase_that_the_pause_cut_off_are_not_its_own():
    begin = "1.500: [GC 1.500: [ParNew: 9K->9K(9K), 0.1 secs]1.600: [CMS [Times: user=0.70 sys=0.01, real=0.90 secs] "
    rest = "(concurrent mode failure): 90K->20K(99K), 0.4 secs] 99K->20K(108K), 0.5 secs]"
    assert math.isnan(pause_of(begin + rest).user_seconds)
    assert pause_of(begin + rest + " [Times: user=0.40 sys=0.02, real=0.50 secs]").user_seconds == 0.40


def test_references_between_the_name_of_an_area_and_its_size_are_no_other_area():
    inside = "".join(f"1.7: [{kind}Reference, 3 refs, 0.1 secs]" for kind in ("Soft", "Weak", "Final", "Phantom"))
    text = f"1.5: [GC 1.5: [DefNew: 8K->8K(9K), 0.1 secs]1.6: [Tenured{inside}: 90K->20K(99K), 0.4 secs] 98K->20K(108K)"
    pause = pause_of(text + ", [Perm : 3K->3K(4K)], 0.5 secs]")
    assert (pause.kind, pause.old_before_bytes, pause.heap_after_bytes) == ("full", 90 * 1024, 20 * 1024)


@pytest.mark.parametrize("causes", ["(System.gc()) ", ""])
def test_details_that_follow_a_full_collection_of_g1_in_k_are_its_own(causes):
    rows = read_legacy(
        [
            f"1.500: [Full GC {causes} 9000K->5000K(20480K), 0.2500000 secs]".encode(),
            b"   [Eden: 1024.0K(2048.0K)->0.0B(4096.0K) Survivors: 1024.0K->0.0B "
            b"Heap: 9000.0K(20480.0K)->5000.5K(20480.0K)]"
            b", [Metaspace: 70K->60K(99K)]",
            b" [Times: user=0.30 sys=0.01, real=0.25 secs]",
            b"1.900: [GC pause (young), 0.0100000 secs]",
        ]
    )
    pauses = {name: list(cells) for name, cells in rows.pauses.items()}
    assert pauses["kind"] == ["full", "young"]
    assert (pauses["user_seconds"][0], pauses["heap_after_bytes"][0]) == (0.30, 5000.5 * 1024)
    assert (pauses["young_before_bytes"][0], pauses["metaspace_after_bytes"][0]) == (2048 * 1024, 60 * 1024)
    assert math.isnan(pauses["user_seconds"][1])


def test_a_file_that_begins_inside_a_pause_says_so():
    heap = b" concurrent mark-sweep generation total 700K, used 0K [0x1, 0x2, 0x3)"
    rest = b": 8K->1K(9K), 0.1 secs] 80K->70K(99K), 0.1 secs] [Times: user=0.1 sys=0.0, real=0.1 secs]"
    stop = b"14.1: Total time for which application threads were stopped: 0.25 seconds"
    rows = read_legacy([rest, heap, stop])
    assert (rows.unrecognised, rows.notes[0]) == ([], "the file begins inside a pause")
    assert ("collector", "CMS") in {(name, value) for _, name, value in rows.facts}
    assert read_legacy([rest, rest]).unrecognised == [2]
    assert read_legacy([b"1.5: [GC 9K->5K(9K), 0.1 secs]", rest.partition(b" [Times")[0]]).unrecognised == [2]


def test_a_stop_that_breaks_off_a_detail_of_g1_is_a_stop():
    stop = b"2026-11-22T18:04:30.123+0000: 7.5: Total time for which application threads were stopped: 0.25 seconds"
    rows = read_legacy([b"      [GC Worker Start (ms): Min: 7.0, Avg: 7" + stop])
    assert (rows.safepoints["total_seconds"], rows.safepoints["line"]) == ([0.25], [1])
