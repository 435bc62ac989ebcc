"""Evidence that is missing, altered, or that no capture put there is named."""

import pytest

from analysis.errors import EvidenceError
from analysis.store import Entry, Manifest, add_file, write_manifest
from analysis.verify import unlisted, verify


def entry(path):
    return Entry(path, "gc-log", path.rpartition("/")[2], "", 0, "2026-11-22T18:00:00Z", {})


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def test_altered_files_are_refused_by_name_all_of_them(raw, foreign):
    manifest = add_file(raw, Manifest(), foreign("one", "a"), entry("gc/a"))
    manifest = add_file(raw, manifest, foreign("two", "b"), entry("gc/b"))
    manifest = add_file(raw, manifest, foreign("three", "c"), entry("gc/c"))
    (raw / "gc" / "a").write_text("ONE", encoding="utf-8")
    (raw / "gc" / "c").write_text("", encoding="utf-8")
    with pytest.raises(EvidenceError) as caught:
        verify(raw, manifest)
    assert caught.value.what.endswith("raw/gc/a, raw/gc/c")


def test_missing_files_are_listed_and_come_back_with_the_next_capture(raw, foreign):
    manifest = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    (raw / "gc" / "gc.log").unlink()
    assert verify(raw, manifest) == ("gc/gc.log",)
    again = add_file(raw, manifest, foreign("one"), entry("gc/gc.log"))
    assert [e.path for e in again.entries] == ["gc/gc.log"]
    assert verify(raw, again) == ()


def test_what_no_capture_put_there_is_named(raw, foreign):
    manifest = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    write_manifest(raw, manifest)
    assert unlisted(raw, manifest) == ()
    for path in ("gc/second.log", "notes.txt", ".DS_Store", ".capture/parts/1.parquet"):
        (raw / path).parent.mkdir(parents=True, exist_ok=True)
        (raw / path).write_text("x", encoding="utf-8")
    assert unlisted(raw, manifest) == ("gc/second.log", "notes.txt")
