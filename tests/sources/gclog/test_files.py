"""Formats, first stamps and the order of files."""

import numpy as np
import pytest

from analysis.errors import EvidenceError
from analysis.sources.gclog.files import Place, in_order, opened, whole_lines

UNIFIED = "[{}][{:.3f}s][gc] GC({}) Pause Full (Ergonomics) 9M->5M(64M) 11.3ms\n"
LEGACY = "{:.3f}: [GC 2048K->1024K(8192K), 0.2500000 secs]\n"


def file_of(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return opened(path, name)


def at(second, up, gcid=0):
    return UNIFIED.format(f"2026-11-22T18:04:{second:02d}.000+0000", up, gcid)


def test_formats_and_first_stamps(tmp_path):
    file = file_of(tmp_path, "a", "an application's line\n" + at(30, 5.5))
    assert (file.kind, file.uptime_seconds) == ("unified", 5.5)
    assert file.started_us == pytest.approx(1_795_370_670e6 - 5.5e6)
    file = file_of(tmp_path, "b", LEGACY.format(7.25))
    assert (file.kind, file.uptime_seconds) == ("legacy", 7.25)
    with pytest.raises(EvidenceError, match="no line of a GC log"):
        file_of(tmp_path, "c", "nothing\n")
    with pytest.raises(EvidenceError, match="empty"):
        file_of(tmp_path, "d", "")


def test_files_of_one_start_are_a_group_in_order(tmp_path):
    files = [
        file_of(tmp_path, "late", at(40, 15.0)), file_of(tmp_path, "early", at(30, 5.0)),
        file_of(tmp_path, "other", at(35, 1.0)), file_of(tmp_path, "old", LEGACY.format(9.0)),
        file_of(tmp_path, "older", LEGACY.format(2.0)),
    ]  # fmt: skip
    groups = [[f.place.name for f in group] for group in in_order(files)]
    assert sorted(groups) == [["early", "late"], ["older", "old"], ["other"]]


def test_places_and_open_ends(tmp_path):
    files = [file_of(tmp_path, "a", at(30, 5.0) + at(31, 6.0, 1)[:-1]), file_of(tmp_path, "b", at(32, 7.0, 2))]
    assert [part.data.count(b"\n") for part in whole_lines(files)] == [1, 0, 1]
    assert [(f.place.before, f.place.lines) for f in files] == [(0, 2), (2, 1)]
    assert files[0].open_end.endswith(b"11.3ms")
    assert files[1].open_end == b""


def test_a_place_holds_and_counts_its_lines():
    place = Place("a", before=10, lines=5)
    assert [place.holds(n) for n in (10, 11, 15, 16)] == [False, True, True, False]
    assert place.count([1, 11, 12, 99]) == 2


def test_files_follow_one_another_by_the_clock_though_starts_are_rounded(tmp_path):
    late = file_of(tmp_path, "late", at(40, 15.001))  # by it the JVM began a millisecond earlier
    groups = in_order([late, file_of(tmp_path, "early", at(30, 5.0))])
    assert [[f.place.name for f in group] for group in groups] == [["early", "late"]]


def test_lines_of_jdk_8_lose_the_time_of_who_collected_them_and_are_dated_by_it(tmp_path):
    wrapped = "".join(f"2026-11-22T18:04:3{n}.250Z stdout F {LEGACY.format(7.25 + n)}" for n in range(3))
    file = file_of(tmp_path, "gc.log", wrapped)
    assert file.kind == "legacy"
    assert file.place.began_us == 1_795_370_670.25e6 - 7.25e6
    assert b"".join(part.data for part in whole_lines([file])).decode() == "".join(
        LEGACY.format(7.25 + n) for n in range(3)
    )
    assert np.isnan(file_of(tmp_path, "plain", LEGACY.format(7.25)).place.began_us)


@pytest.mark.parametrize(
    ("who", "line"),
    [
        ("OpenJ9", '<exclusive-start id="2" timestamp="2026-11-22T18:04:31.123" intervalms="12.5">'),
        ("Go", "gc 1 @0.012s 2%: 0.015+0.50+0.003 ms clock, 4->4->0 MB, 5 MB goal, 8 P"),
        ("Node.js", "[12:0x55]  123 ms: Scavenge 2.3 (3.0) -> 1.9 (4.0) MB, 1.0 / 0.0 ms allocation failure;"),
        ("CPython", "gc: collecting generation 2..."),
    ],
)
def test_the_log_of_another_machine_is_named(tmp_path, who, line):
    with pytest.raises(EvidenceError, match=who):
        file_of(tmp_path, "gc.log", f"{line}\n" * 9)
