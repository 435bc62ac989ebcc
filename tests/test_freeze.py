"""Samples into raw/: the union, its manifest, and nothing touched where nothing is new."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from analysis.errors import EvidenceError
from analysis.freeze import New, freeze_samples, typical_step_seconds
from analysis.sources.prometheus import EMPTY, SampleTable, read_samples
from analysis.sources.prometheus.stored import stored_of
from analysis.store import Entry, Manifest, read_manifest, settle
from analysis.verify import verify

ENTRY = Entry("", "", "http://server", "", 0, "2026-11-22T18:00:00Z", {})


def table(name, *seconds):
    times = np.array(seconds, "i8") * 1_000_000
    return SampleTable(({"__name__": name},), np.zeros(len(times), "i4"), times, np.arange(len(times), dtype=float))


def freeze(raw, manifest, *tables):
    new = tuple(stored_of(t, "", "", "raw") for t in tables)
    return freeze_samples(raw, New(new), partial(replace, versions=(("us", "1"),)), manifest, entry=ENTRY)


def test_the_union_is_frozen_with_its_hashes(tmp_path):
    first = freeze(tmp_path, Manifest(), table("up", 0, 5, 10))
    second = freeze(tmp_path, first, table("up", 10, 15), table("down", 0))
    found = read_samples(tmp_path / "series.parquet", tmp_path / "samples.parquet")
    assert next(iter(found.named("up"))).times.tolist() == [0, 5_000_000, 10_000_000, 15_000_000]
    assert found.names == {"up", "down"}
    assert verify(tmp_path, second) == ()
    assert set(map(repr, read_manifest(tmp_path).entries)) == set(map(repr, second.entries))
    assert second.entry("samples.parquet").detail["step_seconds"] == 5.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "samples.parquet", "series.parquet"]


def test_without_anything_new_the_files_stay_and_the_manifest_is_written(tmp_path):
    first = freeze(tmp_path, Manifest(), table("up", 0, 5))
    before = (tmp_path / "samples.parquet").stat()
    again = freeze(tmp_path, replace(first, versions=()))
    assert (tmp_path / "samples.parquet").stat().st_mtime_ns == before.st_mtime_ns
    assert again.versions == (("us", "1"),)


def test_files_that_wait_for_their_place_are_said_until_they_are_put_there(tmp_path):
    freeze(tmp_path, Manifest(), table("up", 0, 5))
    waiting = tmp_path / ".capture" / "commit"
    waiting.mkdir(parents=True)
    for name in ("samples.parquet", "manifest.json"):
        (tmp_path / name).replace(waiting / name)
    with pytest.raises(EvidenceError, match="cut short"):
        read_manifest(tmp_path)
    settle(tmp_path)
    assert verify(tmp_path, read_manifest(tmp_path)) == ()
    assert not (tmp_path / ".capture").exists()


def test_the_typical_step_is_unknown_without_targets():
    assert typical_step_seconds(EMPTY) is None
    assert typical_step_seconds(table("up", 3)) is None
