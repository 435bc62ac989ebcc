"""Chunks of unified logging to rows: nothing depends on where a chunk is cut."""

import gzip

import numpy as np
import pytest

from analysis.sources.chunks import Chunk, chunks
from analysis.sources.gclog.unified.lines import read_unified
from tests.conftest import A, B, C, D

TABLES = ("pauses", "safepoints", "cycles", "phases", "stalls")


def rows_of(path, block):
    return read_unified(chunks(path, block=block))


def assert_same(one, two):
    assert (one.lines, one.blank, one.foreign, one.unrecognised) == (
        two.lines,
        two.blank,
        two.foreign,
        two.unrecognised,
    )
    for name in TABLES:
        first, second = getattr(one, name), getattr(two, name)
        for column in first:
            np.testing.assert_array_equal(
                np.asarray(first[column]), np.asarray(second[column]), err_msg=f"{name} {column}"
            )
    assert len(one.begun["gcid"]) == len(two.begun["gcid"])


@pytest.mark.parametrize("folder", [A, B, C, D])
def test_chunks_of_any_size_give_the_same_rows(folder, tmp_path):
    path = tmp_path / "gc.log"
    path.write_bytes(gzip.decompress((folder / "raw" / "gc" / "gc.log.gz").read_bytes()))
    whole = rows_of(path, 1 << 20)
    for block in (700, 5_000, 77_777):
        assert_same(rows_of(path, block), whole)


def test_own_logs_of_the_corpus_too(corpus, tmp_path):
    for name in (
        "jdk11-cms-cmf.log",
        "jdk17-g1-dec-none.log",
        "jdk21-zgc-gen-nodetail.log",
        "jdk17-g1-kubectl-timestamps.log",
    ):
        path = corpus / "gc" / "generated" / name
        whole = rows_of(path, 1 << 20)
        for block in (900, 33_333):
            assert_same(rows_of(path, block), whole)


def test_without_areas_the_stops_are_the_same(tmp_path):
    path = B / "raw" / "gc" / "gc.log.gz"
    whole, bare = read_unified(chunks(path)), read_unified(chunks(path), areas=False)
    assert "young_after_bytes" in whole.pauses
    assert "young_after_bytes" not in bare.pauses
    for name in ("line", "duration_seconds", "user_seconds", "heap_after_bytes"):
        np.testing.assert_array_equal(whole.pauses[name], bare.pauses[name])


def test_details_of_debug_lines_are_no_pauses_and_no_misses(tmp_path):
    head = "[2026-11-22T18:04:30.123+0000][1.5s]"
    path = tmp_path / "gc.log"
    path.write_text(
        f"{head}[debug][gc,phases] GC(1) Pause Roots Setup (VM Thread) 0.008ms\n"
        f"{head}[debug][gc       ] GC(1) Boosting workers\n{head}[info ][gc,phases] GC(1) Pause Mark Start 0.010ms\n"
    )
    rows = read_unified(chunks(path))
    assert rows.pauses["kind"] == ["z_mark_start"]
    assert rows.unrecognised == []


def rows_in(*lines: str):
    return read_unified([Chunk("\n".join(lines).encode() + b"\n", cut=False)])


def test_details_of_zgc_name_the_thread_that_ran_them_and_are_no_pauses():
    """Without the level a log at debug says ``Pause`` of parts of pauses too."""
    rows = rows_in(
        "[2.1s][gc,phases] GC(0) Pause Mark Start 0.150ms",
        "[2.1s][gc,phases] GC(0) Pause Roots Setup (VM Thread) 0.019ms",
        "[2.1s][gc,phases] GC(0) Pause Roots Universe (ZWorker#1) 0.006ms",
        "[2.1s][gc,phases] GC(0) Concurrent Mark Roots (ZWorker#0) 0.006ms",
        "[2.2s][gc,start ] Allocation Stall (alloc-1)",
    )
    assert list(rows.pauses["kind"]) == ["z_mark_start"]
    assert len(rows.phases["line"]) == 0
    assert rows.unrecognised == []


def test_traversal_of_shenandoah_and_collections_of_a_native_image():
    rows = rows_in(
        "[1.0s][info][gc] GC(0) Pause Init Traversal 1.500ms",
        "[1.2s][info][gc] GC(0) Pause Final Traversal 2.500ms",
        "[2.0s] GC(1) Pause Incremental GC (Collect on allocation) 8.50M->4.25M 0.750ms",
        "[3.0s] GC(2) Full GC (Collect on allocation) 9.00M->3.00M 4.125ms",
    )
    assert list(rows.pauses["kind"]) == ["shen_init_mark", "shen_final_mark", "young", "full"]
    assert rows.pauses["heap_before_bytes"][2:].tolist() == [8.5 * 2**20, 9.0 * 2**20]
    assert rows.pauses["cause"][3] == "Collect on allocation"


def test_the_suffix_of_a_pause_says_that_shenandoah_is_generational():
    told = [rows_in(f"[1.0s][info][gc] GC(0) Pause Init Mark{kind} 1.5ms").facts for kind in (" (Young)", "")]
    assert told == [[(1, "generational", True)], []]
