"""raw/: files are added and superseded, never altered or lost, and what is altered is refused by name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.errors import EvidenceError, NoDataError
from analysis.store import (
    Entry,
    Manifest,
    add_file,
    digest,
    read_manifest,
    replace_atomically,
    write_manifest,
)
from analysis.verify import verify


def entry(path, kind="gc-log", source=None, **more):
    return Entry(path, kind, source or Path(path).name, "", 0, "2026-11-22T18:00:00Z", {}, **more)


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def test_the_manifest_is_read_back_as_written(raw):
    manifest = Manifest(
        (
            replace(entry("b/ü.log"), sha256="1" * 64, bytes=3, detail={"step_seconds": None, "series": 2}),
            entry("a.csv"),
        ),
        ({"file": "z.png", "reason": "not known"}, {"file": "a.png", "reason": "not known"}),
        (("pandas", "3"), ("pyarrow", "19")),
    )
    write_manifest(raw, manifest)
    found = read_manifest(raw)
    assert [e.path for e in found.entries] == ["a.csv", "b/ü.log"]
    assert set(map(repr, found.entries)) == set(map(repr, manifest.entries))
    assert [s["file"] for s in found.skipped] == ["a.png", "z.png"]
    assert found.versions == manifest.versions
    before = (raw / "manifest.json").read_bytes()
    write_manifest(raw, found)
    assert (raw / "manifest.json").read_bytes() == before


def test_no_manifest_is_no_data(raw):
    with pytest.raises(NoDataError, match="no evidence has been captured") as caught:
        read_manifest(raw)
    assert "postmortem capture" in caught.value.next


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t[: len(t) // 2],
        lambda t: "",
        lambda t: "[]",
        lambda t: "null",
        lambda t: t.replace('"schema_version": 1', '"schema_version": 2'),
        lambda t: t.replace('"schema_version": 1,', ""),
        lambda t: t.replace('"sha256"', '"sha1"'),
        lambda t: t.replace('"files"', '"filez"'),
        lambda t: t.replace('"versions": {}', '"versions": []'),
        lambda t: t.replace('"versions": {}', '"versions": {}, "server": {"clock_offset_seconds": "two"}'),
        lambda t: t.replace('"versions": {}', '"versions": {}, "server": {"scrape_intervals_seconds": [5]}'),
        lambda t: t.replace('"versions": {}', '"versions": {}, "server": []'),
        lambda t: t.replace('"versions": {}', '"versions": {}, "pack": {"files_left_out": 3}'),
    ],
)
def test_a_manifest_that_is_not_whole_is_refused(raw, spoil):
    write_manifest(raw, Manifest((entry("gc/gc.log"),)))
    path = raw / "manifest.json"
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(EvidenceError, match="the manifest cannot be read") as caught:
        read_manifest(raw)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "gc/../../secret"])
def test_a_path_that_leaves_raw_is_refused(raw, path):
    write_manifest(raw, Manifest((entry("gc/gc.log"), entry(path))))
    with pytest.raises(EvidenceError, match="a path leaves raw/"):
        read_manifest(raw)


def test_a_file_is_frozen_with_hash_and_size(raw, foreign):
    manifest = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    (found,) = manifest.entries
    assert (raw / found.path).read_text(encoding="utf-8") == "one"
    assert (found.bytes, found.sha256) == (3, digest(raw / "gc/gc.log"))
    assert manifest.entry("gc/gc.log") is found
    assert manifest.entry("gc/other.log") is None
    assert verify(raw, manifest) == ()


def test_the_same_file_twice_is_there_once(raw, foreign):
    once = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    assert add_file(raw, once, foreign("one"), entry("gc/gc.log")) is once
    assert [p.name for p in (raw / "gc").iterdir()] == ["gc.log"]


def test_the_same_content_of_another_kind_is_another_file(raw, foreign):
    once = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    twice = add_file(raw, once, foreign("one"), entry("db/gc.log", kind="postgres-log"))
    assert len(twice.current("gc-log", "postgres-log")) == 2


def test_a_changed_file_of_the_same_name_is_kept_beside_the_old_one(raw, foreign):
    manifest = add_file(raw, Manifest(), foreign("one", "gc.log.gz"), entry("gc/gc.log.gz"))
    manifest = add_file(raw, manifest, foreign("two", "gc.log.gz"), entry("gc/gc.log.gz"))
    manifest = add_file(raw, manifest, foreign("three", "gc.log.gz"), entry("gc/gc.log.gz"))
    assert {e.path: e.superseded_by for e in manifest.entries} == {
        "gc/gc.log.gz": "gc/gc-2.log.gz", "gc/gc-2.log.gz": "gc/gc-3.log.gz", "gc/gc-3.log.gz": None,
    }  # fmt: skip
    assert [(raw / e.path).read_text(encoding="utf-8") for e in manifest.entries] == ["one", "two", "three"]
    assert [e.path for e in manifest.current("gc-log")] == ["gc/gc-3.log.gz"]
    write_manifest(raw, manifest)
    assert verify(raw, read_manifest(raw)) == ()


def test_files_of_other_names_do_not_supersede_each_other(raw, foreign):
    manifest = add_file(raw, Manifest(), foreign("one", "a-gc.log"), entry("gc/a-gc.log"))
    manifest = add_file(raw, manifest, foreign("two", "b-gc.log"), entry("gc/b-gc.log"))
    assert len(manifest.current("gc-log")) == 2


def test_a_file_left_by_a_capture_that_was_cut_short_is_adopted(raw, foreign):
    add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))  # the manifest was never written
    manifest = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    assert [p.name for p in (raw / "gc").iterdir()] == ["gc.log"]
    assert [e.path for e in manifest.entries] == ["gc/gc.log"]
    assert verify(raw, manifest) == ()


def test_an_unknown_file_in_the_way_is_not_overwritten(raw, foreign):
    (raw / "gc").mkdir()
    (raw / "gc" / "gc.log").write_text("somebody's", encoding="utf-8")
    manifest = add_file(raw, Manifest(), foreign("one"), entry("gc/gc.log"))
    assert [e.path for e in manifest.entries] == ["gc/gc-2.log"]
    assert (raw / "gc" / "gc.log").read_text(encoding="utf-8") == "somebody's"


def test_replace_atomically_makes_the_folder_and_a_file_that_all_can_read(tmp_path):
    path = tmp_path / "a" / "b" / "c.txt"
    replace_atomically(path, lambda p: p.write_text("new", encoding="utf-8"))
    assert path.read_text(encoding="utf-8") == "new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["c.txt"]


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("old", encoding="utf-8")

    def half(p):
        p.write_text("ha", encoding="utf-8")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_atomically(path, half)
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["c.txt"]


def test_a_manifest_that_cannot_be_written_leaves_the_old_one(raw):
    write_manifest(raw, Manifest((entry("a"),)))
    before = (raw / "manifest.json").read_bytes()
    with pytest.raises(TypeError):
        write_manifest(raw, Manifest((replace(entry("b"), detail={"x": object()}),)))
    assert (raw / "manifest.json").read_bytes() == before
    assert json.loads(before)["files"][0]["path"] == "a"
    assert [p.name for p in raw.iterdir()] == ["manifest.json"]
