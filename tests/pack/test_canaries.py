"""No canary of any kind of evidence is in the pack, in no form; and what the evidence says is the same."""

import json
import zipfile

import pytest
import yaml

from analysis.collect import load
from analysis.incident import Incident
from analysis.pack import PackError, pack
from analysis.pack.packed import Packed
from analysis.sources.prometheus import read_samples
from analysis.store import read_manifest
from analysis.verify import verify
from tests.pack import canaries


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = canaries.incident(tmp_path_factory.mktemp("canary") / "incident")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY_PASSWORD", canaries.CANARIES["password"])
        return folder, pack(folder, folder.parent / "out"), pack(folder, folder.parent / "out.zip")


def test_no_canary_is_in_the_pack_in_any_form(made):
    _, as_folder, as_zip = made
    values = [*canaries.CANARIES.values(), "canaryhost", "prometheus.canary.internal", "/var/log/canary"]
    assert canaries.found_in(as_folder.output, values) == []
    assert canaries.found_in(as_zip.output, values) == []


def test_the_canaries_were_there_to_be_found(made):
    folder, _, _ = made
    found = {value for value, _ in canaries.found_in(folder, canaries.CANARIES.values())}
    assert found == set(canaries.CANARIES.values())


def test_every_kind_of_evidence_is_in_the_pack(made):
    _, packed, _ = made
    assert packed.left_out == ()
    assert {f.kind for f in packed.files} == {
        "prometheus-series", "prometheus-samples", "gc-log", "postgres-ash", "pg-stat-statements", "postgres-log",
        "performance-insights", "kubernetes-events", "kubernetes-deployments", "csv", "spec", "narrative", "manifest",
    }  # fmt: skip
    assert [f.path for f in packed.files] == sorted(f.path for f in packed.files)
    assert packed.changed["address"] and packed.changed["statement"]


def test_the_pack_is_read_without_problems_and_says_the_same(made):
    folder, packed, _ = made
    before, after = load(Incident.load(folder)), load(Incident.load(packed.output))
    assert after.problems == () == before.problems
    assert before.requests["duration_seconds"].tolist() == after.requests["duration_seconds"].tolist()
    assert before.requests.index.equals(after.requests.index)
    assert before.requests["route"].nunique() == after.requests["route"].nunique()
    assert len(before.gc_logs) == len(after.gc_logs) == 2
    assert before.samples.values.tolist() == after.samples.values.tolist()
    assert before.database_log.texts.index.equals(after.database_log.texts.index)
    assert len(before.database_log.connections) == len(after.database_log.connections) > 0
    assert len(before.database_log.lock_waits) == len(after.database_log.lock_waits) > 0


def test_one_address_has_one_pseudonym_in_all_sources(made):
    _, packed, _ = made
    evidence = load(Incident.load(packed.output))
    labels = {(s["__name__"], s["job"]): s for s in evidence.samples.labels if s["__name__"] == "up"}
    host = labels["up", "api"]["instance"].removesuffix(":9090")
    assert host.startswith("2") and host != canaries.CANARIES["host"]
    assert labels["up", "node"]["instance"] == f"ip-{host.replace('.', '-')}.ec2.internal:9090"
    assert host in set(evidence.sessions["client"]) & set(evidence.database_log.statements["client"].astype(str))
    assert all(host in message for message in evidence.events["message"])
    spec = yaml.safe_load((packed.output / "incident.yaml").read_text())
    assert spec["signals"]["errors"]["promql"] == f'error_ratio{{instance="{host}:9090"}}'


def test_two_series_that_differ_in_a_literal_stay_two(made):
    folder, packed, _ = made
    before, after = (read_samples(f / "raw/series.parquet", f / "raw/samples.parquet") for f in (folder, packed.output))
    assert len({tuple(sorted(x.items())) for x in after.labels}) == len(before.labels)


def test_the_spec_leads_nowhere(made):
    _, packed, _ = made
    text = (packed.output / "incident.yaml").read_text()
    assert "env:" not in text and "http" not in text and "from:" not in text and "mapping" not in text
    said = next(f.left_out for f in packed.files if f.path == "incident.yaml")
    assert any("prometheus" in what for what in said)


def test_the_manifest_says_what_it_is(made):
    folder, packed, _ = made
    manifest = read_manifest(packed.output / "raw")
    assert verify(packed.output / "raw", manifest) == ()
    assert manifest.pack["is_pack"] and manifest.pack["rules_version"] >= 1
    assert len(manifest.pack["original_manifest_sha256"]) == 64
    assert manifest.pack["left_out"]["raw/requests/access.csv.gz"] == ["1 records that were not understood"]
    assert (folder / ".pack-key").stat().st_mode & 0o777 == 0o600
    assert ".pack-key" not in {p.name for p in packed.output.rglob("*")}


def test_the_zip_holds_the_same_files(made):
    _, as_folder, as_zip = made
    with zipfile.ZipFile(as_zip.output) as packed:
        inside = {n.partition("/")[2]: packed.read(n) for n in packed.namelist()}
    assert inside == {
        p.relative_to(as_folder.output).as_posix(): p.read_bytes() for p in as_folder.output.rglob("*") if p.is_file()
    }
    assert isinstance(as_zip, Packed) and json.dumps(as_zip.as_dict())


def test_the_result_shows_no_canary(made):
    _, packed, _ = made
    told = json.dumps(packed.as_dict()) + (packed.output / "raw/manifest.json").read_text()
    assert not [v for v in canaries.CANARIES.values() if v in told]


def test_a_secret_in_the_narrative_is_refused_even_if_warnings_are_accepted(made, tmp_path, monkeypatch):
    folder, _, _ = made
    monkeypatch.setenv("CANARY_PASSWORD", "What happened")
    with pytest.raises(PackError, match="must not leave") as error:
        pack(folder, tmp_path / "out.zip", accept_warnings=True)
    assert "narrative.md" in str(error.value) and "env:CANARY_PASSWORD" in str(error.value)
    assert list(tmp_path.iterdir()) == []
