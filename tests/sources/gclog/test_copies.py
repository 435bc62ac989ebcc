"""What is told twice counts once: a file named twice, copied, sent again, in part or line by line."""

import gzip

import pandas as pd
import pytest

from analysis.sources.gclog.reader import read_gc_log, read_gc_logs
from tests.conftest import A


@pytest.fixture
def lines():
    path = next(p for p in sorted((A / "raw" / "gc").glob("*.log*")))
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).splitlines()


def written(tmp_path, name, lines):
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def same_stops(log, whole):
    pd.testing.assert_frame_equal(
        log.pauses[["start", "duration_seconds", "kind"]], whole.pauses[["start", "duration_seconds", "kind"]]
    )
    assert len(log.safepoints) == len(whole.safepoints)
    assert len(log.lives) == len(whole.lives) == 1


def test_copies_of_a_log_count_once(tmp_path, lines):
    half = len(lines) // 2
    path = written(tmp_path, "gc.log", lines)
    whole, _ = read_gc_log(path)
    packed = tmp_path / "gc.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    sets = {
        "named twice": [path, path],
        "packed too": [packed, path],
        "copied while it grew": [path, written(tmp_path, "copy", lines[:half])],
        "cut and copied": [written(tmp_path, "one", lines[: half + 40]), written(tmp_path, "two", lines[half:])],
        "rotated, in any order": [written(tmp_path, "b", lines[half:]), written(tmp_path, "a", lines[:half])],
    }
    for name, paths in sets.items():
        log, reports = read_gc_logs(paths)
        same_stops(log, whole)
        assert log.holes.empty == whole.holes.empty, name
        assert all(r.lines == r.records for r in reports), name


def test_lines_that_come_twice_in_a_file_count_once_and_it_is_said(tmp_path, lines):
    whole, _ = read_gc_log(written(tmp_path, "gc.log", lines))
    for told in (lines + lines, [line for line in lines for _ in range(2)]):
        log, report = read_gc_log(written(tmp_path, "gc.log", told))
        same_stops(log, whole)
        assert any("twice" in note for note in report.notes)
        assert report.lines == 2 * len(lines)


def test_two_logs_without_stamps_of_one_length_are_two(tmp_path):
    one, two = ([b"GC(%d) Pause Full (x) 9M->5M(64M) %d.0ms" % (n, n + k) for n in range(9)] for k in (1, 2))
    log, _ = read_gc_logs([written(tmp_path, "one", one), written(tmp_path, "two", two)])
    assert len(log.pauses) == 18
    log, reports = read_gc_logs([written(tmp_path, "one", one), written(tmp_path, "two", one)])
    assert len(log.pauses) == 9
    assert any("read once" in note for note in reports[0].notes)
