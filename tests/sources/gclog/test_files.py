"""Formats, first stamps and the order of files."""

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
