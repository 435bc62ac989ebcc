"""Files by `from`: one file each, copied, superseded where it changed, and what is not there is said."""

from analysis.incident import Incident
from analysis.live.files import take_files
from analysis.store import Manifest
from tests.live import small

NOW = "2026-11-22T18:30:00Z"


def incident(tmp_path, *sources):
    folder = small.incident(tmp_path / "i", "http://localhost:9")
    with (folder / "incident.yaml").open("a", encoding="utf-8") as stream:
        stream.writelines(f"  {line}\n" for line in sources)
    return Incident.load(folder)


def test_files_are_taken_from_where_they_are_written(tmp_path):
    (tmp_path / "gc.log").write_text("first")
    found = incident(tmp_path, "gc_logs: [{path: raw/gc/app.log, from: ../gc.l*, container: app}]")
    manifest, problems = take_files(found, Manifest(), NOW, print)
    assert problems == ()
    assert (found.raw / "gc" / "app.log").read_text() == "first"
    same, _ = take_files(found, manifest, NOW, print)
    assert same.entries == manifest.entries
    (tmp_path / "gc.log").write_text("first and more")
    more, _ = take_files(found, manifest, NOW, print)
    assert [e.superseded_by for e in more.entries] == ["gc/app-2.log", None]
    assert (found.raw / "gc" / "app.log").read_text() == "first"


def test_what_is_not_there_or_is_several_is_said(tmp_path):
    for n in (1, 2):
        (tmp_path / f"k6-{n}.json").write_text("{}")
    found = incident(
        tmp_path, "requests: [{kind: k6-json, path: raw/requests/a.json, from: ../k6-*.json}]",
        "database: [{kind: csvlog, path: raw/db/pg.csv, from: /nowhere/pg.csv}]",
    )  # fmt: skip
    manifest, problems = take_files(found, Manifest(), NOW, print)
    assert manifest == Manifest()
    assert problems == (
        "raw/db/pg.csv: 0 files are at /nowhere/pg.csv; one is expected",
        "raw/requests/a.json: 2 files are at ../k6-*.json: k6-1.json, k6-2.json; one is expected",
    )
