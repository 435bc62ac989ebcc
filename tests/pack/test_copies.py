"""The spec and the manifest of a pack, the archive, and the words for a terminal."""

import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from analysis.asked import Asked
from analysis.incident import Incident
from analysis.pack.archive import publish, written_zip
from analysis.pack.manifest_copy import manifest_copy, without_urls
from analysis.pack.packed import LeftOut, Packed, PackedFile, PackError, Suspicion
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.scrub import Scrubber
from analysis.pack.spec_copy import references_in, spec_copy
from analysis.pack.words import packed_lines
from analysis.store import Entry, Manifest
from tests.conftest import A
from tests.pack import canaries


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


def test_the_spec_keeps_what_the_author_said(scrub, tmp_path):
    spec = Incident.load(A).spec
    made = spec_copy(spec, {"requests": [{"kind": "csv", "path": "raw/requests/x.csv.gz"}]}, scrub)
    (tmp_path / "incident.yaml").write_text(made.text, encoding="utf-8")
    again = Incident.load(tmp_path).spec
    assert again.model_copy(update={"sources": spec.sources}) == spec
    assert [r.path for r in again.sources.requests] == ["raw/requests/x.csv.gz"] and made.left_out == ()


def test_the_spec_loses_what_leads_into_the_house(scrub, tmp_path):
    given = canaries.spec()
    given["sources"]["prometheus"] |= {"tenant": "t", "headers": {"X-Key": "file:/run/secrets/x"}}
    (tmp_path / "incident.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    spec = Incident.load(tmp_path).spec
    assert set(references_in(spec.model_dump())) == {"env:CANARY_PASSWORD", "file:/run/secrets/x"}
    made = spec_copy(spec, {}, scrub)
    assert made.left_out == ("sources.prometheus: it leads into the house",)
    assert not [v for v in ("env:", "file:", "canary.internal", canaries.CANARIES["host"]) if v in made.text]


def test_the_questions_stay_without_the_server(scrub, tmp_path):
    asked = Asked(
        "up/up", "targets", "", 'up{instance="10.0.0.7:90",user="kim"}', "raw", "remote_read", "partial",
        reason='Post "http://store.corp:9091/read": refused by 10.0.0.8', required=True, warnings=("http://x.corp/y",),
        series=3, address="ab" * 32, source="http://prometheus.internal:9090",
    )  # fmt: skip
    entry = Entry("gc/gc.log", "gc-log", "gc.log", "0" * 64, 1, "2026-11-22T18:00:00Z", {"query": 'up{user="kim"}'})
    server = {
        "name": "http://prometheus.corp:9090",
        "flavour": "prometheus",
        "version": "2.42.0",
        "url": "http://y.corp",
        "oldest_time": "2026-11-07T00:00:00Z",
        "not_there": ["mysql: metric not found"],
        "dialects": {"cpu_throttling": ["cadvisor"]},
    }
    (tmp_path / "raw/gc").mkdir(parents=True)
    (tmp_path / "raw/gc/gc.log").write_text("x")
    file = PackedFile("raw/gc/gc.log", "raw/gc/gc.log", "gc-log", 1, 1)
    original = Manifest((entry,), ({"file": "app of kim@example.org.log", "reason": "unknown"},), (), (asked,), server)
    made = manifest_copy(original, tmp_path, [file], [LeftOut("raw/a", "why")], scrub, "f" * 64)
    shown = repr(made)
    assert not [v for v in ("corp", "kim", "10.0.0", "internal", "ab" * 32) if v in shown]
    kept = {k: server[k] for k in ("flavour", "version", "oldest_time", "not_there", "dialects")}
    assert made.server == kept  # what is not there is told in the pack's report, too
    assert made.pack["server_left_out"] == ["name", "url"] and made.pack["original_manifest_sha256"] == "f" * 64
    assert (made.queries[0].status, made.queries[0].series, made.queries[0].required) == ("partial", 3, True)
    assert {s["file"] for s in made.skipped} >= {"raw/a"}
    host = scrub.label("instance", "10.0.0.7:90")
    assert host in made.queries[0].promql


def test_the_words_of_a_server_lose_their_addresses(scrub):
    assert without_urls("fine", scrub) == "fine"
    assert "corp" not in without_urls("see https://kim:x@a.corp/b?c=d, then http://b.corp.", scrub)


def test_a_zip_depends_on_its_files_only(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "raw").mkdir(parents=True)
        for file in ("b", "raw/a.gz") if name == "one" else ("raw/a.gz", "b"):
            (tmp_path / name / file).write_text(file)
        written_zip(tmp_path / name, tmp_path / f"{name}.zip", "top")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.zip").namelist() == ["top/b", "top/raw/a.gz"]


def test_a_folder_is_replaced_whole_or_stays(tmp_path, monkeypatch):
    made, place = tmp_path / "made", tmp_path / "place"
    for folder, text in ((made, "new"), (place, "old")):
        (folder / "raw").mkdir(parents=True)
        (folder / "raw" / "manifest.json").write_text('{"pack": {"is_pack": true}}')
        (folder / "a").write_text(text)
    real = Path.rename

    def fails(self, target):
        if self == made:
            raise OSError("no")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="no"):
        publish(made, place, force=True)
    assert (place / "a").read_text() == "old"
    monkeypatch.undo()
    assert publish(made, place, force=True) and (place / "a").read_text() == "new"
    shutil.copytree(place, made)
    assert not publish(made, place, force=False)
    (tmp_path / "file").write_text("x")
    with pytest.raises(PackError, match=r"a folder is in the way|something else"):
        publish(tmp_path / "file", place, force=True)


def test_the_lines_are_few_and_say_all():
    left = tuple(LeftOut(f"raw/{n}", "why") for n in range(50))
    packed = Packed(Path("x.zip"), 2_500_000, (), left, (Suspicion("a", 1, "k"),), ("n",), published=True)
    lines = packed_lines(packed)
    assert lines[0] == "0 files, 2.5 MB: x.zip" and "and 30 more, in raw/manifest.json of the pack" in lines
    assert lines[-2:] == ["accepted: a, line 1: k", "note: n"]
