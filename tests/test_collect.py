"""Capture and load: files of a lab frozen and read back, several formats of the same requests, and what is missing."""

import gzip
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from analysis.capture import capture_from
from analysis.collect import load
from analysis.errors import AnalysisError, EvidenceError, NoDataError, SpecError
from analysis.incident import Incident
from analysis.investigation import examine, investigate
from analysis.store import read_manifest
from analysis.verify import verify
from tests.conftest import A
from tests.variants import evidence_of, keep_samples

PROXY = "cpu_throttling:payments/payment-api/istio-proxy"


def write_lab_samples(table, path):
    names = np.array([found["__name__"] for found in table.labels], dtype=object)
    texts = np.array([json.dumps({k: v for k, v in found.items() if k != "__name__"}) for found in table.labels])
    pq.write_table(
        pa.table({
            "timestamp": pa.array(table.times, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            "metric": pa.array(names[table.ids], pa.string()),
            "labels": pa.array(texts[table.ids].tolist(), pa.string()),
            "value": pa.array(table.values),
        }),
        path,
    )  # fmt: skip


@pytest.fixture(scope="session")
def lab_of_a(tmp_path_factory):
    """A's evidence as the folder of a lab, before any capture."""
    folder = tmp_path_factory.mktemp("lab")
    write_lab_samples(evidence_of(A).samples, folder / "prometheus_samples.parquet")
    for path in (A / "raw").rglob("*"):
        if path.is_file() and path.parent != A / "raw":
            shutil.copyfile(path, folder / path.name)
    (folder / "truth.json").write_text("{}", encoding="utf-8")
    (folder / "overview.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def lab(lab_of_a, tmp_path):
    """A copy of the lab's folder that a test may change."""
    return shutil.copytree(lab_of_a, tmp_path / "lab")


@pytest.fixture
def incident(tmp_path):
    """An incident folder with A's spec (its sources replaced) and no evidence."""

    def make(sources=None, **changes):
        folder = tmp_path / "incident"
        folder.mkdir(exist_ok=True)
        spec = yaml.load((A / "incident.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        spec["sources"] = sources or {}
        spec.update(changes)
        (folder / "incident.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
        return folder

    return make


def reasons(evidence):
    return {p.source: p.reason for p in evidence.problems}


def test_a_captured_lab_gives_what_the_bundled_incident_gives(lab_of_a, incident):
    folder = incident()
    shutil.copyfile(A / "incident.yaml", folder / "incident.yaml")
    lines = []
    manifest = capture_from(folder, lab_of_a, progress=lines.append)
    assert {e.path for e in manifest.entries} == {e.path for e in read_manifest(A / "raw").entries}
    kinds = {e.path: e.kind for e in read_manifest(A / "raw").entries}
    assert {e.path: e.kind for e in manifest.entries} == kinds
    assert {s["file"] for s in manifest.skipped} == {"truth.json", "overview.png"}
    assert all(s["reason"] for s in manifest.skipped)
    assert [line for line in lines if "truth.json" in line] == ["passed over  truth.json"]
    result, bundled = investigate(folder), examine(evidence_of(A))
    assert result.evidence.samples.labels == bundled.evidence.samples.labels
    assert [f.as_dict() for f in result.findings] == [f.as_dict() for f in bundled.findings]
    assert result.headline == bundled.headline
    assert result.problems == ()
    assert not list(folder.rglob("truth.json"))


def test_capturing_twice_adds_nothing(lab_of_a, incident):
    folder = incident()
    first = capture_from(folder, lab_of_a)
    bytes_before = {p: p.read_bytes() for p in (folder / "raw").rglob("*") if p.is_file() and p.suffix != ".json"}
    second = capture_from(folder, lab_of_a)
    assert {
        p: p.read_bytes() for p in (folder / "raw").rglob("*") if p.is_file() and p.suffix != ".json"
    } == bytes_before
    assert {(e.path, e.sha256) for e in second.entries} == {(e.path, e.sha256) for e in first.entries}
    assert second.skipped == first.skipped
    assert not list((folder / "raw").rglob(".*"))


def test_a_later_capture_gives_the_union_of_samples(lab, incident):
    folder, table = incident(), evidence_of(A).samples
    middle = int(np.median(table.times))
    for keep in (table.times <= middle, table.times > middle - 60_000_000):
        write_lab_samples(keep_samples(table, keep), lab / "prometheus_samples.parquet")
        manifest = capture_from(folder, lab)
    found = load(Incident.load(folder)).samples
    assert found.labels == table.labels
    assert np.array_equal(found.times, table.times)
    assert np.array_equal(found.values, table.values, equal_nan=True)
    detail = manifest.entry("samples.parquet").detail
    assert (detail["samples"], detail["series"], detail["step_seconds"]) == (len(table.times), len(table.labels), 5.0)
    assert verify(folder / "raw", manifest) == ()


def test_samples_split_over_two_files_are_one_table(lab, incident):
    folder, table = incident(), evidence_of(A).samples
    (lab / "prometheus_samples.parquet").unlink()
    for name, keep in (("a", table.ids % 2 == 0), ("b", table.ids % 2 == 1)):
        write_lab_samples(keep_samples(table, keep), lab / f"prometheus_samples_{name}.parquet")
    capture_from(folder, lab)
    found = load(Incident.load(folder)).samples
    assert len(found.times) == len(table.times)
    assert found.labels == table.labels


def test_the_json_of_k6_is_preferred_to_its_csv(lab_of_a, incident):
    folder = incident()
    capture_from(folder, lab_of_a)
    found = load(Incident.load(folder))
    assert found.files["requests"] == "raw/requests/k6_results.json.gz"
    assert len(found.requests) == len(evidence_of(A).requests)


def test_the_csv_of_k6_alone_is_read(lab, incident):
    (lab / "k6_results.json.gz").unlink()
    folder = incident()
    capture_from(folder, lab)
    found = load(Incident.load(folder))
    assert found.files["requests"] == "raw/requests/k6_results.csv.gz"
    assert len(found.requests) == len(evidence_of(A).requests)


def starts(requests):
    return requests.index - pd.to_timedelta((requests["duration_seconds"] * 1e6).round(), unit="us")


def envoy_lines(requests):
    for start, seconds, status in zip(starts(requests), requests["duration_seconds"], requests["status"], strict=True):
        stamp = start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        code = status if status.isdecimal() else "0"
        yield f'[{stamp}] "POST /pay?n=1 HTTP/1.1" {code} - 12 345 {round(seconds * 1000)} 1 "-" "k6" "id" "pay" "-"'


def test_an_envoy_log_alone_gives_the_same_verdict(lab, incident):
    for name in ("k6_results.json.gz", "k6_results.csv.gz"):
        (lab / name).unlink()
    text = "\n".join(envoy_lines(evidence_of(A).requests)) + "\n"
    (lab / "proxy-access.log.gz").write_bytes(gzip.compress(text.encode()))
    folder = incident({"requests": [{"kind": "envoy", "path": "raw/requests/proxy-access.log.gz"}]})
    assert capture_from(folder, lab).entry("requests/proxy-access.log.gz").kind == "envoy"
    result = investigate(folder)
    assert (result.findings[0].id, result.findings[0].verdict, result.findings[0].rank) == (PROXY, "supported", 1)
    assert result.problems == ()
    assert len(result.evidence.requests) == len(evidence_of(A).requests)
    assert {f.verdict for f in result.findings if f.hypothesis == "cpu_throttling"} == {"supported", "refuted"}


def test_a_csv_with_a_mapping_alone_gives_the_same_verdict(lab, incident):
    for name in ("k6_results.json.gz", "k6_results.csv.gz"):
        (lab / name).unlink()
    requests = evidence_of(A).requests
    table = pd.DataFrame({
        "began": [t.isoformat() for t in starts(requests)],
        "took": (requests["duration_seconds"] * 1e3).to_numpy(),
        "broken": np.where(requests["failed"], "true", "false"),
    })  # fmt: skip
    table.to_csv(lab / "calls.csv", index=False)
    mapping = {"time": "began", "time_is": "start", "duration": "took", "duration_unit": "ms", "failed": "broken"}
    folder = incident({"requests": [{"kind": "csv", "path": "raw/requests/calls.csv", "mapping": mapping}]})
    capture_from(folder, lab)
    result = investigate(folder)
    assert (result.findings[0].id, result.findings[0].verdict, result.findings[0].rank) == (PROXY, "supported", 1)
    assert result.problems == ()
    assert result.values["bad_requests"].value == examine(evidence_of(A)).values["bad_requests"].value


def test_an_envoy_log_is_known_by_its_content(lab, incident):
    text = "\n".join(envoy_lines(evidence_of(A).requests.iloc[:50])) + "\n"
    (lab / "istio-proxy.log").write_text(text, encoding="utf-8")
    (lab / "application.log").write_text("INFO started\nINFO ready\n", encoding="utf-8")
    manifest = capture_from(incident(), lab)
    assert manifest.entry("requests/istio-proxy.log").kind == "envoy"
    assert "application.log" in {s["file"] for s in manifest.skipped}


def test_a_declared_source_that_is_missing_is_a_problem_and_the_rest_is_used(lab_of_a, incident):
    folder = incident({
        "requests": [{"kind": "k6-json", "path": "raw/requests/k6_results.json.gz"},
                     {"kind": "nginx", "path": "raw/requests/nginx.log"}],
        "gc_logs": [{"path": "raw/gc/other.log"}],
        "database": [{"kind": "postgres-ash", "path": "raw/db/none.parquet"}],
        "kubernetes": {"events": "raw/kubernetes/none.json", "deployments": "raw/kubernetes/none.csv"},
    })  # fmt: skip
    capture_from(folder, lab_of_a)
    result = investigate(folder)
    assert set(reasons(result.evidence)) == {
        "raw/requests/nginx.log", "raw/gc/other.log", "raw/db/none.parquet", "raw/kubernetes/none.json",
        "raw/kubernetes/none.csv",
    }  # fmt: skip
    assert all("not there" in r or "No such file" in r for r in reasons(result.evidence).values())
    assert len(result.problems) == 5
    assert result.findings[0].id == PROXY


def test_declared_prometheus_without_samples_is_a_problem(lab, incident):
    (lab / "prometheus_samples.parquet").unlink()
    folder = incident({"prometheus": {"url": "env:PROM_URL"}})
    capture_from(folder, lab)
    evidence = load(Incident.load(folder))
    assert "no samples were captured" in reasons(evidence)["prometheus"]
    assert len(evidence.requests)


def test_a_declared_log_that_was_never_captured_is_refused(lab_of_a, incident):
    folder = incident({"requests": [{"kind": "csv", "path": "raw/requests/own.csv"}]})
    capture_from(folder, lab_of_a)
    (folder / "raw" / "requests" / "own.csv").write_text("end,duration_seconds\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"raw/requests/own\.csv is not in the manifest"):
        load(Incident.load(folder))


def test_a_captured_file_that_is_gone_is_a_problem(lab_of_a, incident):
    folder = incident()
    capture_from(folder, lab_of_a)
    for path in ("requests/k6_results.json.gz", "kubernetes/events.json"):
        (folder / "raw" / path).unlink()
    evidence = load(Incident.load(folder))
    found = {s: r for s, r in reasons(evidence).items() if "listed in the manifest, but not there" in r}
    assert set(found) == {"raw/requests/k6_results.json.gz", "raw/kubernetes/events.json"}
    assert evidence.files["requests"] == "raw/requests/k6_results.csv.gz"
    assert len(evidence.events) == 0


def test_missing_samples_are_a_problem(lab_of_a, incident):
    folder = incident()
    capture_from(folder, lab_of_a)
    (folder / "raw" / "series.parquet").unlink()
    evidence = load(Incident.load(folder))
    assert set(reasons(evidence)) == {"raw/series.parquet"}
    assert evidence.samples.span is None


def test_a_log_that_was_cut_is_used_as_far_as_it_goes(lab, incident):
    (lab / "k6_results.csv.gz").unlink()
    path = lab / "k6_results.json.gz"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    folder = incident()
    capture_from(folder, lab)
    evidence = load(Incident.load(folder))
    assert reasons(evidence)["raw/requests/k6_results.json.gz"].startswith("cut short")
    whole = evidence_of(A).requests
    assert 0 < len(evidence.requests) < len(whole)
    assert evidence.requests.index.isin(whole.index).all()


def test_without_deployments_rollouts_are_read_from_events(lab, incident):
    (lab / "deployments.csv").unlink()
    folder = incident()
    capture_from(folder, lab)
    evidence = load(Incident.load(folder))
    assert evidence.files["deployments"] == "raw/kubernetes/events.json"
    assert set(evidence.deployments["deployment"]) <= set(evidence_of(A).deployments["deployment"])
    assert len(evidence.deployments) > 0
    assert "deployment" in {row.kind for row in examine(evidence).timeline}


def test_nothing_in_the_window_says_what_is_covered(lab_of_a, incident):
    folder = incident(
        window={"start": "2026-11-23T18:00:00Z", "end": "2026-11-23T19:00:00Z"},
        baseline={"start": "2026-11-23T16:00:00Z", "end": "2026-11-23T17:00:00Z"},
    )
    capture_from(folder, lab_of_a)
    with pytest.raises(NoDataError, match="no data in the incident window") as caught:
        load(Incident.load(folder))
    assert caught.value.expected.startswith("the evidence covers 2026-11-22T17:57:27")
    assert caught.value.where == "2026-11-23T18:00:00Z to 2026-11-23T19:00:00Z"


def test_no_raw_is_no_data(incident):
    with pytest.raises(NoDataError, match="no evidence has been captured"):
        load(Incident.load(incident()))


def test_evidence_without_samples_and_requests_is_no_data(lab, incident):
    for path in lab.iterdir():
        if path.name not in ("gc.log.gz", "events.json"):
            path.unlink()
    folder = incident()
    capture_from(folder, lab)
    with pytest.raises(NoDataError) as caught:
        load(Incident.load(folder))
    assert caught.value.expected == "no samples and no requests could be read"


def test_half_written_samples_are_refused_by_name_and_nothing_is_frozen(lab, incident):
    path = lab / "prometheus_samples.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    folder = incident()
    with pytest.raises(EvidenceError, match="not readable as Parquet") as caught:
        capture_from(folder, lab)
    assert caught.value.where == "prometheus_samples.parquet"
    assert not (folder / "raw" / "manifest.json").exists()
    write_lab_samples(evidence_of(A).samples, path)  # once it is whole, the same folder can be captured
    assert capture_from(folder, lab).entry("samples.parquet")
    assert len({e.path for e in read_manifest(folder / "raw").entries}) == len(list(read_manifest(A / "raw").entries))


def test_altered_evidence_is_neither_read_nor_added_to(lab_of_a, incident):
    folder = incident()
    capture_from(folder, lab_of_a)
    (folder / "raw" / "gc" / "gc.log.gz").write_bytes(b"")
    for call in (lambda: load(Incident.load(folder)), lambda: capture_from(folder, lab_of_a)):
        with pytest.raises(EvidenceError, match=r"altered after its capture: raw/gc/gc\.log\.gz"):
            call()


@pytest.mark.parametrize("kind", ["nowhere", "file"])
def test_a_source_that_is_no_folder_is_refused(incident, tmp_path, kind):
    path = tmp_path / "source"
    if kind == "file":
        path.write_text("x", encoding="utf-8")
    with pytest.raises(SpecError, match="no such folder"):
        capture_from(incident(), path)


@pytest.mark.parametrize("names", [(), ("truth.json", "overview.png", "notes.txt")])
def test_a_folder_with_nothing_that_is_known_is_refused(incident, tmp_path, names):
    source = tmp_path / "source"
    source.mkdir()
    for name in names:
        (source / name).write_text("{}", encoding="utf-8")
    folder = incident()
    with pytest.raises(NoDataError, match="nothing to capture"):
        capture_from(folder, source)
    assert not (folder / "raw" / "manifest.json").exists()


def test_a_capture_needs_no_spec(lab_of_a, tmp_path):
    manifest = capture_from(tmp_path / "bare", lab_of_a)
    assert manifest.entry("requests/k6_results.json.gz")


def test_a_spec_that_is_wrong_stops_the_capture(lab_of_a, incident):
    with pytest.raises(AnalysisError, match="problem"):
        capture_from(incident(timezone="Nowhere"), lab_of_a)


def test_a_file_passed_over_once_and_known_now_leaves_the_list(lab, incident):
    (lab / "calls.txt").write_text("end,duration_seconds,status\n2026-11-22T18:05:00Z,0.2,200\n", encoding="utf-8")
    folder = incident()
    assert "calls.txt" in {s["file"] for s in capture_from(folder, lab).skipped}
    incident({"requests": [{"kind": "csv", "path": "raw/requests/calls.txt"}]})
    manifest = capture_from(folder, lab)
    assert "calls.txt" not in {s["file"] for s in manifest.skipped}
    assert manifest.entry("requests/calls.txt").kind == "csv"


def test_events_with_nothing_in_them_and_unreadable_ones(lab, incident):
    (lab / "events.json").write_text("{", encoding="utf-8")
    folder = incident()
    capture_from(folder, lab)
    evidence = load(Incident.load(folder))
    assert "raw/kubernetes/events.json" in reasons(evidence)
    assert len(evidence.events) == 0
    assert examine(replace(evidence, problems=())).findings[0].id == PROXY


def test_a_second_capture_that_fails_leaves_the_first_as_it_was(lab, incident):
    folder = incident()
    capture_from(folder, lab)
    before = {p: p.read_bytes() for p in (folder / "raw").rglob("*") if p.is_file()}
    shutil.copyfile(lab / "prometheus_samples.parquet", lab / "prometheus_samples_1.parquet")
    (lab / "prometheus_samples_2.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(EvidenceError, match="Parquet"):
        capture_from(folder, lab)
    assert {p: p.read_bytes() for p in (folder / "raw").rglob("*") if p.is_file()} == before
    assert load(Incident.load(folder)).problems == ()


def test_a_declared_log_is_read_as_it_was_captured_last(lab, incident):
    log = "end,duration_seconds,status\n2026-11-22T18:05:00Z,0.1,200\n"
    (lab / "k6_results.json.gz").unlink()
    (lab / "k6_results.csv.gz").unlink()
    (lab / "c.csv").write_text(log)
    folder = incident({"requests": [{"kind": "csv", "path": "./raw/requests/c.csv"}]})
    capture_from(folder, lab)
    assert len(load(Incident.load(folder)).requests) == 1
    (lab / "c.csv").write_text(log + "2026-11-22T18:05:01Z,0.1,200\n")
    capture_from(folder, lab)
    assert len(load(Incident.load(folder)).requests) == 2
    (lab / "c.csv").write_text(log)
    capture_from(folder, lab)
    assert len(load(Incident.load(folder)).requests) == 1


def test_declared_kubernetes_files_are_captured_under_their_own_names(lab, incident):
    (lab / "events.json").rename(lab / "kube.json")
    folder = incident({"kubernetes": {"events": "raw/kubernetes/kube.json"}})
    capture_from(folder, lab)
    evidence = load(Incident.load(folder))
    assert evidence.problems == ()
    assert len(evidence.events) == 263
    (folder / "raw" / "kubernetes" / "late.csv").write_text("started_at,namespace,deployment\n")
    spec = (
        (folder / "incident.yaml").read_text().replace("events:", "deployments: raw/kubernetes/late.csv\n    events:")
    )
    (folder / "incident.yaml").write_text(spec)
    with pytest.raises(EvidenceError, match="not in the manifest"):
        load(Incident.load(folder))
