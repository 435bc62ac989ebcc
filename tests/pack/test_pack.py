"""The pack of the bundled incidents says what they say; it is published whole or not at all."""

import hashlib
import shutil
import zipfile

import pytest

from analysis.errors import EvidenceError
from analysis.investigation import investigate
from analysis.pack import PackError, pack
from analysis.pack import pack as packing
from analysis.pack.words import packed_lines
from tests.conftest import A, B, C, D
from tests.recorded_database import PHASES, RECORDED, captured


def said(folder):
    result = investigate(folder)
    findings = [{k: v for k, v in f.as_dict().items() if k != "evidence"} for f in result.findings]
    return findings, result.headline, list(result.ledger), result.problems


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda f: f.name)
def test_the_pack_says_the_same_as_the_original(folder, copy_of, tmp_path):
    packed = pack(copy_of(folder), tmp_path / "pack")
    assert said(packed.output) == said(folder)
    assert {entry.path for entry in packed.left_out} == {"raw/db/postgresql.log.gz", "raw/requests/k6_results.csv.gz"}


@pytest.mark.slow
def test_the_pack_of_a_recorded_database_says_the_same(corpus, tmp_path):
    assert RECORDED.is_dir()
    folder = captured(tmp_path / "incident", *PHASES["A"])
    packed = pack(folder, tmp_path / "pack")
    assert packed.left_out == ()
    assert said(packed.output) == said(folder)


def test_the_same_folder_gives_the_same_bytes(copy_of, tmp_path):
    folder = copy_of(D)
    one, other = pack(folder, tmp_path / "one.zip"), pack(folder, tmp_path / "other.zip")
    with zipfile.ZipFile(one.output) as a, zipfile.ZipFile(other.output) as b:
        contents = [{n.partition("/")[2]: z.read(n) for n in z.namelist()} for z in (a, b)]
    assert contents[0] == contents[1]
    before = hashlib.sha256(one.output.read_bytes()).digest()
    one.output.unlink()
    assert pack(folder, tmp_path / "one.zip").published
    assert hashlib.sha256(one.output.read_bytes()).digest() == before
    assert not pack(folder, tmp_path / "one.zip").published


def test_without_the_key_the_pseudonyms_are_others(copy_of, tmp_path):
    folder = copy_of(D)
    one = pack(folder, tmp_path / "one").output / "raw/kubernetes/deployments.csv"
    (folder / ".pack-key").unlink()
    other = pack(folder, tmp_path / "other").output / "raw/kubernetes/deployments.csv"
    assert one.read_text() != other.read_text()


def test_the_default_place_is_beside_the_folder_and_the_lines_name_it(copy_of, tmp_path):
    packed = pack(copy_of(D))
    assert packed.output == tmp_path / "D-quiet-control-pack.zip"
    assert str(packed.output) in packed_lines(packed)[0]


def test_nothing_is_written_in_the_folder_but_the_key(copy_of, tmp_path):
    folder = copy_of(D)
    before = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    pack(folder, tmp_path / "pack")
    after = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert {p.name for p in after.keys() - before.keys()} == {".pack-key"}
    assert {k: after[k] for k in before} == before


def test_something_else_is_replaced_only_by_force(copy_of, tmp_path):
    folder, place = copy_of(D), tmp_path / "there.zip"
    place.write_text("mine")
    with pytest.raises(PackError, match="something else is there"):
        pack(folder, place)
    assert place.read_text() == "mine"
    assert pack(folder, place, force=True).published and zipfile.is_zipfile(place)
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "mine").write_text("mine")
    with pytest.raises(PackError, match="something else is there"):
        pack(folder, tmp_path / "dir")
    for place in ("dir", "there.zip/x"):
        with pytest.raises(PackError):
            pack(folder, tmp_path / place, force=True)
    assert (tmp_path / "dir" / "mine").read_text() == "mine"  # nothing that is no pack is ever thrown away
    (tmp_path / "dir" / "mine").unlink()
    (tmp_path / "dir").rmdir()
    pack(folder, tmp_path / "dir")
    (tmp_path / "dir" / "incident.yaml").write_text("changed")
    pack(folder, tmp_path / "dir", force=True)
    assert (tmp_path / "dir" / "incident.yaml").read_text() != "changed"
    assert {p.name for p in tmp_path.iterdir()} == {"incident", "there.zip", "dir"}


def test_a_pack_does_not_belong_into_its_folder(copy_of):
    folder = copy_of(D)
    for place in (folder / "x.zip", folder / "raw" / "y", folder, folder.parent):
        with pytest.raises(PackError, match="does not belong"):
            pack(folder, place)


@pytest.mark.parametrize("stop", ["hits_in", "written_zip", "manifest_copy"])
def test_an_interrupted_pack_leaves_nothing(stop, copy_of, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    module = __import__("analysis.pack.pack", fromlist=["pack"])
    monkeypatch.setattr(module, stop, interrupted)
    with pytest.raises(KeyboardInterrupt):
        packing(copy_of(D), tmp_path / "out.zip")
    assert {p.name for p in tmp_path.iterdir()} == {"incident"}


def test_words_that_look_personal_must_be_accepted(copy_of, tmp_path):
    folder = copy_of(D)
    (folder / "narrative.md").write_text("# What\n\nAsk kim@example.org, or 10.0.0.7.\n", encoding="utf-8")
    with pytest.raises(PackError, match="your own words") as error:
        pack(folder, tmp_path / "out.zip")
    assert "narrative.md, line 3: e-mail address" in str(error.value) and "kim@" not in str(error.value)
    assert not (tmp_path / "out.zip").exists()
    packed = pack(folder, tmp_path / "out.zip", accept_warnings=True)
    assert sorted(s.kind for s in packed.suspicions) == ["address of a host", "e-mail address"]
    assert any("accepted: narrative.md" in line for line in packed_lines(packed))


def test_altered_evidence_is_not_packed(copy_of, tmp_path):
    folder = copy_of(D)
    (folder / "raw/kubernetes/events.json").write_text("{}")
    with pytest.raises(EvidenceError, match="altered"):
        pack(folder, tmp_path / "out.zip")


def test_what_is_missing_or_unreadable_is_left_out_and_said(copy_of, tmp_path):
    folder = copy_of(D)
    (folder / "raw/kubernetes/events.json").unlink()
    packed = pack(folder, tmp_path / "pack")
    assert ("raw/kubernetes/events.json.gz", "listed, but not there") in [tuple(e) for e in packed.left_out]
    problems = " ".join(investigate(packed.output).problems)
    assert "raw/kubernetes/events.json.gz" in problems  # declared, and not there: said in the report of the pack too


def test_the_report_is_packed_only_if_asked_for(copy_of, tmp_path):
    folder = copy_of(D)
    (folder / "report").mkdir()
    (folder / "report" / "report.json").write_text('{"node": "10.0.0.7"}')
    assert any("report/" in note for note in pack(folder, tmp_path / "one").notes)
    with pytest.raises(PackError, match="your own words"):
        pack(folder, tmp_path / "two", include_report=True)
    packed = pack(folder, tmp_path / "two", include_report=True, accept_warnings=True)
    assert (packed.output / "report" / "report.json").is_file()


def test_a_pack_can_be_packed_again(copy_of, tmp_path):
    first = pack(copy_of(D), tmp_path / "first")
    again = shutil.copytree(first.output, tmp_path / "again")
    assert said(pack(again, tmp_path / "second").output) == said(D)
