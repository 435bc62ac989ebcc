"""Where one JVM ends in a file and another begins."""

import numpy as np
import pytest

from analysis.sources.gclog.files import Place
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.rows import NO_CLOCK, Rows
from analysis.sources.gclog.segments import segments


def rows_of(uptimes, *, gcids=None, begins=(), lengths=None):
    n = len(uptimes)
    table = {
        "line": np.arange(1, n + 1) * 10, "clock_us": np.full(n, NO_CLOCK),
        "stamp_seconds": np.array(uptimes, dtype="f8"),
        "gcid": np.arange(n) if gcids is None else np.array(gcids), "kind": ["young"] * n,
        "duration_seconds": np.zeros(n) if lengths is None else np.array(lengths),
    }  # fmt: skip
    stamps = {"line": np.zeros(0, dtype="i8"), "clock_us": np.zeros(0, dtype="i8"), "stamp_seconds": np.zeros(0)}
    return Rows(pauses=table, stamps=stamps | {"begin_lines": list(begins)}, lines=10 * n + 5)


def spans(rows):
    return [(s.first, s.last) for s in segments(rows, [Place("gc.log", 0, rows.lines)])]


def test_one_jvm_is_one_stretch():
    assert spans(rows_of([1.0, 2.0, 3.0])) == [(1, 35)]
    assert spans(Rows()) == [(1, 1)]


def test_an_uptime_that_falls_begins_another_where_it_named_its_collector():
    assert spans(rows_of([50.0, 60.0, 1.0])) == [(1, 29), (30, 35)]
    assert spans(rows_of([50.0, 60.0, 1.0], begins=[22])) == [(1, 21), (22, 35)]


def test_threads_write_out_of_order_and_long_pauses_are_stamped_late():
    assert spans(rows_of([50.0, 49.2, 51.0])) == [(1, 35)]
    assert spans(rows_of([50.0, 44.0, 51.0], lengths=[7.0, 0.0, 0.0])) == [(1, 35)]


@pytest.mark.parametrize(("begins", "expected"), [([], [(1, 35)]), ([15], [(1, 14), (15, 35)]), ([5], [(1, 35)])])
def test_a_collector_that_is_named_begins_another_only_after_collections(begins, expected):
    assert spans(rows_of([np.nan] * 3, gcids=[7, 8, 9], begins=begins)) == expected


def test_without_uptimes_numbers_that_begin_again_tell():
    assert spans(rows_of([np.nan] * 4, gcids=[5, 6, 0, 1])) == [(1, 29), (30, 45)]
    assert spans(rows_of([np.nan] * 4, gcids=[0, 1, 0, 1])) == [(1, 45)]


def test_tables_facts_and_counts_are_those_of_the_stretch():
    rows = rows_of([50.0, 60.0, 1.0])
    rows.facts += [(2, "version", "17"), (31, "version", "21"), (32, "version", "22")]
    first, second = segments(rows, [Place("gc.log", 0, rows.lines)])
    assert (first.facts, second.facts) == ({"version": "17"}, {"version": "21"})
    assert second.table("pauses")["line"].tolist() == [30]
    assert second.table("stalls") == {}
    assert (first.count([1, 29, 30]), first.gcids, second.begin[1]) == (2, (0, 1), 1.0)
    assert np.isnan(first.offset_us)


def test_lines_of_two_jvms_that_are_mixed_are_two_stretches():
    uptime = np.repeat(np.arange(1.0, 41.0), 2)
    clock = (uptime * 1e6).astype("i8") + np.tile([10_000_000, 90_000_000], 40)
    table = {"line": np.arange(1, 81), "clock_us": clock, "stamp_seconds": uptime}
    one, two = segments(Rows(stamps=table, lines=81), [Place("gc.log", 0, 81)])
    assert [s.lines for s in (one, two)] == [40, 41]
    assert one.count([1, 2, 3]) == 2
    assert two.count([1, 2, 3, 81]) == 2
    assert (one.uptime_seconds.tolist(), one.begin[0], two.begin[0]) == (list(range(1, 41)), 11e6, 91e6)


def test_a_row_without_a_stamp_has_that_of_the_row_before():
    table = {"line": [1, 2, 3], "clock_us": [7, NO_CLOCK, 9], "stamp_seconds": [1.0, np.nan, 3.0]}
    (found,) = segments(Rows(stamps=table, lines=3), [Place("gc.log", 0, 3)])
    assert found.clock_us.tolist() == [7, 7, 9]
    assert found.uptime_seconds.tolist() == [1, 1, 3]


def test_a_jvm_that_ends_before_its_first_collection_is_one(tmp_path):
    """The next one has a collector, a version and a time of its own, though no event stands between them."""
    path = tmp_path / "gc.log"
    first = [
        "[2026-11-22T18:00:00.004+0000][0.004s][info][gc,init] CardTable entry size: 512",
        "[2026-11-22T18:00:00.005+0000][0.005s][info][gc     ] Using Parallel",
        "[2026-11-22T18:00:00.006+0000][0.006s][info][gc,init] Version: 25.0.1+8 (release)",
        "[2026-11-22T18:00:02.200+0000][2.200s][info][gc,heap,exit] Heap",
    ]
    second = [
        "[2026-11-22T18:04:00.004+0000][0.004s][info][gc,init] CardTable entry size: 512",
        "[2026-11-22T18:04:00.005+0000][0.005s][info][gc     ] Using G1",
        "[2026-11-22T18:04:00.006+0000][0.006s][info][gc,init] Version: 27.0.1+1 (release)",
        "[2026-11-22T18:04:01.500+0000][1.500s][info][gc     ] GC(0) Pause Young (Normal) (G1 Evacuation Pause) "
        "9M->5M(64M) 4.250ms",
    ]
    path.write_text("\n".join([*first, *second, ""]))
    log, report = read_gc_log(path)
    assert log.lives["collector"].tolist() == ["Parallel", "G1"]
    assert log.lives["version"].tolist() == ["25.0.1+8", "27.0.1+1"]
    assert log.lives["lines"].tolist() == [4, 4]
    assert log.pauses["collector"].tolist() == ["G1"]
    assert not any("clock" in note for note in report.notes)
