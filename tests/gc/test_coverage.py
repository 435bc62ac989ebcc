"""What was read, and samples that show no secret."""

import pytest

from analysis.gc.coverage import MISSING, coverage_of, lines_of, nothing_read, redacted, unread_ratio
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.lines import ReadReport
from tests.gc_logs import made_log


@pytest.mark.parametrize(
    "secret",
    ['"bob smith"', "'bob smith'", "bob@example.org", "https://host.example/x?y=z", "/srv/data/bob/file",
     "password=hunter2", "apiKey: hunter2", "eyJhbGciOiJIUzI1NiJ9abc", "4929123412341234", '"unclosed bob'],
)  # fmt: skip
def test_what_may_be_a_secret_is_masked(secret):
    shown = redacted(f"[2.5s][info][gc] GC(3) Pause Odd {secret}")
    assert shown.startswith("[2.5s][info][gc] GC(3) Pause Odd ")
    assert not any(part in shown for part in ("bob", "hunter2", "eyJ", "4929", "host.example"))


def test_what_tells_the_format_stays():
    line = "2026-11-22T17:39:24.867+0000: 12.345: [GC (Odd Cause) 118M->102M(128M), 0.0123 secs] GC(17)"
    assert redacted(line) == line
    assert redacted("a\x1b[31m\tb") == "a [31m b"


def test_counts_of_several_files_and_the_first_three_samples():
    reports = [
        ReadReport(f"gc.log.{i}", 10, 8, 2, ("line 1: a", "line 2: b"), i == 1, ("all", f"of {i}")) for i in range(2)
    ]
    found = coverage_of(made_log(holes=[(3, 5)]), reports, lines=25)
    assert (found["files"], found["lines"], found["gc_lines"], found["unrecognised"]) == (2, 25, 20, 4)
    assert found["samples"] == ["gc.log.0 line 1: a", "gc.log.0 line 2: b", "gc.log.1 line 1: a"]
    assert found["truncated"] is True
    assert found["truncated_files"] == ["gc.log.1"]
    assert found["gaps"] == [
        {"start": "2026-11-22T17:39:27.000000Z", "end": "2026-11-22T17:39:29.000000Z", "seconds": 2.0}
    ]
    assert found["notes"] == ["all", "gc.log.0: of 0", "gc.log.1: of 1"]


def test_gaps_of_a_log_without_a_clock_have_no_times():
    log = made_log(holes=[(3, 5)], lives=[{"start": 0, "end": 9, "time_quality": "unknown"}])
    assert coverage_of(log, [], lines=0)["gaps"] == [{"start": None, "end": None, "seconds": 2.0}]


def test_lines_of_files(tmp_path):
    import gzip

    (tmp_path / "a.log").write_bytes(b"one\n\ntwo")
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    assert lines_of([tmp_path / "a.log", tmp_path / "b.log.gz"]) == 5
    (tmp_path / "c").write_bytes(b"")
    assert lines_of([tmp_path / "c"]) == 0


def test_unknown_is_null():
    assert nothing_read(1)["gc_lines"] is None
    assert unread_ratio(0, 0) == 0


def test_pauses_that_were_filtered_away_are_no_missing_lines():
    """That a log has none of its pauses is said once, and not as a gap as long as the life."""
    life, cycle = {"start": 0, "end": 9, "collector": "GenZGC"}, {"end": 5, "kind": "minor"}
    assert coverage_of(made_log(lives=[life], cycles=[cycle], holes=[(0, 9)]), [], lines=0)["gaps"] == []
    paused = made_log(lives=[life], pauses=[{"end": 5, "kind": "young"}], holes=[(0, 9)])
    assert [gap["seconds"] for gap in coverage_of(paused, [], lines=0)["gaps"]] == [9]
    assert coverage_of(made_log(holes=[(3, 3.0005)]), [], lines=0)["gaps"] == []


def test_a_log_of_collections_only_is_not_said_to_miss_lines(tmp_path):
    path = tmp_path / "gc.log"
    rows = [f"[2026-11-22T18:04:{i + 10}.250+0000][{i}.250s][info][gc] " for i in range(20)]
    text = ["Using The Z Garbage Collector"] + [
        f"GC({i}) Garbage Collection (Allocation Rate) {40 + i}M(41%)->{20 + i}M(21%)" for i in range(19)
    ]
    path.write_text("".join(f"{row}{line}\n" for row, line in zip(rows, text, strict=True)), encoding="utf-8")
    log, report = read_gc_log(path)
    assert len(log.holes)
    assert any(MISSING in note for note in report.notes)
    found = coverage_of(log, [report], lines=20)
    assert (found["gaps"], [note for note in found["notes"] if MISSING in note]) == ([], [])
