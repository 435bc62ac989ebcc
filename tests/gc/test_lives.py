"""One life in numbers: the shape, unknown is null, what is nested counts once."""

import json

import numpy as np
import pytest

from analysis.gc.lives import life_document, life_names
from tests.gc_logs import lives_of, made_log

SHAPE = {"jvm", "collector", "jdk", "start", "end", "time_quality", "pauses", "stw_seconds", "throughput_ratio",
         "safepoints", "stalls", "full_gc", "evacuation_failures", "findings"}  # fmt: skip
G1 = [{"start": 0, "end": 100, "collector": "G1", "version": "17.0.15+6-Debian", "cpus": 2.0}]


def young(end, seconds=0.1, **more):
    return {"end": end, "seconds": seconds, "kind": "young", "cause": "G1 Evacuation Pause", **more}


def document(**tables):
    found = life_document(made_log(**{"lives": G1, **tables}), 0, "gc.log#1")
    json.dumps(found, allow_nan=False)
    return found


def test_the_shape():
    found = document(pauses=[young(1), young(5, cause="")], safepoints=[{"end": 1, "seconds": 0.2}])
    assert set(found) >= SHAPE
    assert set(found["pauses"]) >= {"n", "total_seconds", "p50", "p95", "p99", "max", "by_kind", "by_cause"}
    assert set(found["safepoints"]) >= {"n", "total_seconds", "ttsp_max_seconds"}
    assert set(found["stalls"]) >= {"n", "thread_seconds", "union_seconds"}
    assert (found["jdk"], found["version"]) == ("17.0.15", "17.0.15+6-Debian")
    assert (found["start"], found["end"]) == ("2026-11-22T17:39:24.000000Z", "2026-11-22T17:41:04.000000Z")
    assert found["pauses"]["by_kind"] == {"young": 2}
    assert found["pauses"]["by_cause"] == {"G1 Evacuation Pause": 1}
    assert found["safepoints"]["ttsp_max_seconds"] is None


def test_what_stopped_is_a_union_and_nested_pauses_count_once():
    rows = [young(10, 1.0), young(9.9, 0.5, kind="full", nested=True), young(50, 2.0)]
    found = document(pauses=rows, safepoints=[{"end": 10.1, "seconds": 1.2}])
    assert (found["pauses"]["n"], found["pauses"]["nested"], found["full_gc"]) == (2, 1, 1)
    assert found["pauses"]["total_seconds"] == 3.0
    assert found["stw_seconds"] == pytest.approx(3.2)
    assert found["throughput_ratio"] == pytest.approx(1 - 3.2 / 100)
    assert [c["kind"] for c in found["causes"]] == ["young"]


def test_percentiles_are_those_of_numpy():
    lengths = np.random.default_rng(1).gamma(2, 0.01, 200)
    found = document(pauses=[young(i / 3, x) for i, x in enumerate(lengths, start=1)])["pauses"]
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1)):
        assert found[name] == pytest.approx(np.quantile(lengths, q), abs=1e-6)


def test_missing_lines_are_not_time_without_a_stop():
    found = document(pauses=[young(10, 1.0)], holes=[(20, 70)])
    assert found["duration_seconds"] == 50
    assert found["throughput_ratio"] == pytest.approx(1 - 1 / 50)


def test_pauses_that_would_not_be_logged_are_unknown_and_stalls_are_not():
    lives = [{"start": 0, "end": 10, "collector": "GenZGC"}]
    stalls = [{"end": 4, "seconds": 2, "kind": "allocation", "thread": t} for t in "ab"]
    found = document(lives=lives, stalls=stalls, cycles=[{"end": 5, "kind": "minor", "collector": "GenZGC"}])
    assert found["pauses"]["n"] is None
    assert (found["full_gc"], found["evacuation_failures"]) == (None, None)
    assert (found["stw_seconds"], found["throughput_ratio"]) == (None, None)
    assert found["stalls"]["thread_seconds"] == 4
    assert (found["stalls"]["union_seconds"], found["stalls"]["union_ratio"]) == (2, 0.2)
    assert [f["name"] for f in found["findings"]] == ["allocation_stalls"]


def test_stalls_by_what_was_waited_for_and_as_a_share_of_a_life_whose_pauses_are_not_logged():
    kinds = ("allocation", "allocation", "relocation")
    stalls = [{"end": 2 + 2 * i, "seconds": 1, "kind": kind, "thread": "a"} for i, kind in enumerate(kinds)]
    lives, cycles = [{"start": 0, "end": 10, "collector": "GenZGC"}], [{"end": 5, "kind": "minor"}]
    found = document(lives=lives, stalls=stalls, cycles=cycles, holes=[(0, 10)])["stalls"]
    assert found["by_kind"] == {
        "allocation": {"n": 2, "thread_seconds": 2}, "relocation": {"n": 1, "thread_seconds": 1}
    }  # fmt: skip
    assert found["union_ratio"] == 0.3
    assert document(lives=[{"start": 0, "end": 1, "collector": ""}])["stalls"]["by_kind"] == {}


def test_an_uptime_alone_gives_no_times_of_day():
    found = document(lives=[{**G1[0], "time_quality": "unknown"}], pauses=[young(10, 1.0)])
    assert (found["start"], found["end"]) == (None, None)
    assert found["throughput_ratio"] == pytest.approx(0.99)


def test_without_stamps_rates_are_unknown():
    found = document(lives=[{**G1[0], "time_quality": "none"}], pauses=[young(10, 1.0)])
    assert (found["throughput_ratio"], found["mmu"], found["gc_cpu_ratio"]) == (None, [], None)
    assert found["stw_seconds"] == 1


def test_above_one_line_in_a_hundred_nothing_is_said():
    rows = [young(10, 1.0, kind="full")]
    said = document(lives=[{**G1[0], "recognised": 99, "unrecognised": 1}], pauses=rows)
    assert [f["name"] for f in said["findings"]] == ["full_gc"]
    assert said["findings_withheld"] is None
    unread = document(lives=[{**G1[0], "recognised": 98, "unrecognised": 2}], pauses=rows)
    assert unread["findings"] == []
    assert unread["findings_withheld"] == "2 % of its lines were not understood"


def test_least_utilisation_allocation_and_the_share_of_cpu():
    rows = [young(i, 0.5, heap_before_bytes=40e6, heap_after_bytes=20e6, user_seconds=0.5, sys_seconds=0.1)
            for i in range(1, 100)]  # fmt: skip
    found = document(pauses=rows)
    at = {p["window_seconds"]: p["utilisation_ratio"] for p in found["mmu"]}
    assert at[0.5] == 0
    assert at[1.0] == pytest.approx(0.5)
    assert found["allocation_bytes_per_second"] == pytest.approx(20e6, rel=0.02)
    assert found["gc_cpu_ratio"] == pytest.approx(99 * 0.6 / 200)


def test_lives_are_named_by_the_file_that_they_begin_in():
    lives = lives_of({"start": 0, "end": 1}, {"start": 2, "end": 3}, {"start": 4, "end": 5, "file": "b.log"})
    assert life_names(lives) == ("gc.log#1", "gc.log#2", "b.log#1")


def test_each_life_has_its_own_numbers():
    lives = [{"start": 0, "end": 50, "collector": "G1"}, {"start": 60, "end": 100, "collector": "Serial"}]
    log = made_log(lives=lives, pauses=[young(10), young(70, kind="full", life=1)])
    first, second = (life_document(log, i, "x") for i in (0, 1))
    assert (first["collector"], first["full_gc"], second["collector"], second["full_gc"]) == ("G1", 0, "Serial", 1)
