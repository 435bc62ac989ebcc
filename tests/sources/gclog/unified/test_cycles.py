"""Cycles by their begin and end, by one line, and by their parts."""

import numpy as np
import pandas as pd
import pytest

from analysis.sources.chunks import Chunk
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.unified.lines import read_unified

AT = "[2026-11-22T18:04:{:06.3f}+0000][{:.3f}s][info]"


def read(tmp_path, rows):
    path = tmp_path / "gc.log"
    path.write_text("".join(f"{AT.format(second, second)}{text}\n" for second, text in rows))
    return read_gc_log(path)[0]


def test_zgc_lasts_from_begin_to_end(tmp_path):
    log = read(tmp_path, [
        (1.0, "[gc] Using The Z Garbage Collector"), (2.0, "[gc,start] GC(0) Garbage Collection (Warmup)"),
        (2.1, "[gc,phases] GC(0) Pause Mark Start 0.010ms"), (2.2, "[gc,phases] GC(0) Concurrent Mark 50.000ms"),
        (2.5, "[gc] GC(0) Garbage Collection (Warmup) 20M(20%)->10M(10%)"),
    ])  # fmt: skip
    (cycle,) = log.cycles.to_dict("records")
    assert (cycle["kind"], cycle["cause"], cycle["collector"], cycle["aborted"]) == ("zgc", "Warmup", "ZGC", False)
    assert cycle["duration_seconds"] == pytest.approx(0.5)
    assert (cycle["heap_before_bytes"], cycle["heap_after_bytes"]) == (20 * 2**20, 10 * 2**20)
    assert log.phases["name"].tolist() == ["Mark"]


def test_minor_runs_inside_major_and_may_be_aborted(tmp_path):
    log = read(tmp_path, [
        (2.0, "[gc,start] GC(0) Major Collection (Proactive)"),
        (2.1, "[gc,start] GC(1) Minor Collection (Allocation Rate)"),
        (2.2, "[gc,phases] GC(1) y: Pause Mark Start 0.010ms"),
        (2.3, "[gc] GC(1) Minor Collection (Allocation Rate) 20M(20%)->10M(10%) 0.200s"),
        (2.9, "[gc] GC(0) Major Collection (Proactive) Aborted"),
    ])  # fmt: skip
    assert log.cycles["kind"].tolist() == ["minor", "major"]
    assert log.cycles["aborted"].tolist() == [False, True]
    assert log.cycles["start"].iloc[1] == pd.Timestamp("2026-11-22T18:04:02Z")
    assert set(log.cycles["collector"]) == {"GenZGC"}


def test_marking_of_g1_by_its_last_line_or_aborted(tmp_path):
    log = read(tmp_path, [
        (2.0, "[gc] GC(3) Concurrent Mark Cycle"), (2.1, "[gc,marking] GC(3) Concurrent Mark From Roots 90.000ms"),
        (2.2, "[gc] GC(3) Pause Remark 9M->8M(64M) 1.000ms"), (2.5, "[gc] GC(3) Concurrent Mark Cycle 500.000ms"),
        (3.0, "[gc] GC(5) Concurrent Mark Cycle"), (3.1, "[gc,marking] GC(5) Concurrent Mark Abort"),
        (3.2, "[gc] GC(5) Concurrent Mark Cycle 200.000ms"),
    ])  # fmt: skip
    assert log.cycles[["kind", "aborted"]].to_numpy().tolist() == [
        ["concurrent_mark", False],
        ["concurrent_mark", True],
    ]
    assert log.phases["name"].tolist() == ["Mark From Roots"]


def test_cms_and_shenandoah_by_their_parts(tmp_path):
    log = read(tmp_path, [
        (2.0, "[gc] GC(7) Pause Initial Mark 9M->9M(64M) 2.000ms"), (2.1, "[gc] GC(7) Concurrent Mark 90.000ms"),
        (2.3, "[gc] GC(7) Pause Remark 9M->8M(64M) 1.000ms"), (2.5, "[gc] GC(7) Concurrent Reset 1.000ms"),
        (3.0, "[gc] GC(8) Pause Init Mark (unload classes) 0.100ms"),
        (3.4, "[gc] GC(8) Concurrent cleanup 41M->40M(96M) 0.020ms"),
        (3.5, "[gc] GC(8) Concurrent cleanup 59M->51M(96M) 0.010ms"),
    ])  # fmt: skip
    assert log.cycles["kind"].tolist() == ["cms", "shenandoah"]
    assert log.cycles["duration_seconds"].tolist() == pytest.approx([0.502, 0.5001])
    assert log.cycles["heap_after_bytes"].tolist()[1] == 51 * 2**20


def cycles_in(*lines: str):
    return read_unified([Chunk("\n".join(lines).encode() + b"\n", cut=False)]).cycles


def test_a_cycle_of_shenandoah_begins_for_what_the_last_trigger_says():
    cycle = "[{0}.1s][gc] GC({0}) Pause Init Mark 0.1ms", "[{0}.2s][gc] GC({0}) Concurrent marking 9.5ms"
    said = (
        "Explicit GC request (System.gc())",
        "Free (9M) is below minimum threshold (12M)",
        "Handle Allocation Failure",
    )
    lines = [x for i, why in enumerate(said) for x in (f"[{i}.0s][gc] Trigger: {why}", *(c.format(i) for c in cycle))]
    assert list(cycles_in(*lines)["cause"]) == ["System.gc()", "", "Allocation Failure"]
    assert list(cycles_in("[1.0s][gc] Trigger (Global): GC request (System.gc())", *lines[1:3])["cause"]) == [
        "System.gc()"
    ]


def test_a_cycle_of_cms_that_a_full_collection_took_over_is_aborted():
    begin = "[1.1s][gc] GC(4) Pause Initial Mark 9M->9M(64M) 0.1ms", "[1.5s][gc] GC(4) Concurrent Mark 99.5ms"
    full = "[1.6s][gc] GC(5) Pause Full (Allocation Failure) 60M->9M(64M) 50.5ms"
    assert list(cycles_in(*begin, full)["aborted"]) == [True]
    assert list(cycles_in(*begin)["aborted"]) == [False]
    assert list(cycles_in(*begin, "[1.5s][gc] GC(4) Concurrent Reset 0.5ms", full)["aborted"]) == [False]


def test_a_cycle_whose_begin_is_not_logged_has_no_length():
    cycles = cycles_in("[9.5s][gc] GC(7) Garbage Collection (Warmup) 50M(31%)->58M(36%)")
    assert list(cycles["kind"]) == ["zgc"]
    assert np.isnan(cycles["duration_seconds"][0])
    assert cycles["heap_after_bytes"] == [58 * 2**20]
