"""A source that is missing, empty, unreadable or of another day: said as such, and never taken for health."""

import gzip
from dataclasses import replace

import pandas as pd
import pytest

from analysis.capture import capture_from
from analysis.collect import load
from analysis.errors import NoDataError
from analysis.incident import Incident
from analysis.investigation import examine
from tests.conftest import A, B, C
from tests.other_incidents import later, later_logs
from tests.variants import evidence_of

OPEN = {"insufficient", "not_testable"}


def verdicts(evidence, *hypotheses):
    return {f.id: f for f in examine(evidence).findings if f.hypothesis in hypotheses}


@pytest.fixture
def folder_of(tmp_path):
    """A recording captured anew from loose files, some of which are spoiled."""

    def made(incident, spoil):
        source, folder = tmp_path / "source", tmp_path / "incident"
        source.mkdir()
        folder.mkdir()
        raw = incident / "raw"
        for path in (*raw.glob("gc/*"), *raw.glob("db/*"), *raw.glob("kubernetes/*"), *raw.glob("requests/*json.gz")):
            (source / path.name).write_bytes(path.read_bytes())
        evidence = evidence_of(incident)
        table = evidence.samples
        import json

        labels = [json.dumps({k: v for k, v in found.items() if k != "__name__"}) for found in table.labels]
        names = [found["__name__"] for found in table.labels]
        pd.DataFrame({
            "timestamp": pd.to_datetime(table.times, unit="us", utc=True), "metric": [names[i] for i in table.ids],
            "labels": [labels[i] for i in table.ids], "value": table.values,
        }).to_parquet(source / "prometheus_samples.parquet")  # fmt: skip
        spoil(source)
        (folder / "incident.yaml").write_bytes((incident / "incident.yaml").read_bytes())
        capture_from(folder, source)
        return folder

    return made


def gone(name):
    return lambda source: (source / name).unlink()


def written(name, content):
    return lambda source: (source / name).write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        gone("gc.log.gz"),
        written("gc.log.gz", gzip.compress(b"")),
        written("gc.log.gz", gzip.compress(b"2026-11-22 18:04:05 INFO started\n" * 50)),
        written("gc.log.gz", gzip.compress(b"[0.218s][info][gc] GC(0) Pause Young (Normal) 11M->10M(226M) 19.537ms\n")),
        written("gc.log.gz", b"\x1f\x8b broken"),
    ],
    ids=["gone", "empty", "another log", "no clock", "broken"],
)
def test_a_gc_log_that_says_nothing_is_not_taken_for_no_pauses(folder_of, spoil):
    result = examine(load(Incident.load(folder_of(B, spoil))))
    found = [f for f in result.findings if f.hypothesis == "gc_pauses"]
    assert {f.verdict for f in found} <= OPEN
    row = next(r for r in result.ledger if r.suspect == "GC pauses")
    assert row.state in ("not_testable", "insufficient", "not_tested")
    assert "GC log" in row.data
    assert any("gc.log" in p for p in result.problems), result.problems


@pytest.mark.parametrize(
    "spoil",
    [
        gone("pg_stat_activity.parquet"),
        lambda source: pd.DataFrame({"a": [1]}).to_parquet(source / "pg_stat_activity.parquet"),
        lambda source: (
            pd.read_parquet(source / "pg_stat_activity.parquet")
            .iloc[:0]
            .to_parquet(source / "pg_stat_activity.parquet")
        ),
        written("pg_stat_activity.parquet", b"PAR1 broken"),
    ],
    ids=["gone", "other columns", "no rows", "broken"],
)
def test_sessions_that_were_not_sampled_are_not_taken_for_no_locks(folder_of, spoil):
    result = examine(load(Incident.load(folder_of(C, spoil))))
    found = [f for f in result.findings if f.hypothesis in ("lock_contention", "db_load")]
    assert found
    assert {f.verdict for f in found} <= OPEN
    assert not [f for f in result.findings if f.rank and f.hypothesis == "lock_contention"]


@pytest.mark.parametrize("seconds", [-86_400, 86_400])
def test_sources_of_another_day_decide_nothing(seconds):
    by = pd.Timedelta(seconds=seconds)
    evidence = evidence_of(B)
    moved = replace(evidence, gc_logs=later_logs(evidence, by), sessions=later(evidence.sessions, by))
    found = verdicts(moved, "gc_pauses", "lock_contention", "db_load")
    assert found
    assert {f.verdict for f in found.values()} <= OPEN
    assert all(any(t.reason for t in f.tests) for f in found.values())


def test_deployments_that_nobody_recorded_are_not_testable():
    evidence = evidence_of(A)
    from tests.variants import drop_series, with_samples

    table = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("kube_deployment"))
    bare = replace(
        with_samples(evidence, table),
        deployments=evidence.deployments.iloc[:0],
        events=evidence.events.iloc[:0],
        files={},
    )
    found = verdicts(bare, "deployment")
    assert {f.verdict for f in found.values()} == {"not_testable"}


def test_a_declared_source_of_a_kind_without_a_reader_is_frozen_and_no_problem(folder_of):
    folder = folder_of(A, lambda source: None)
    spec = (folder / "incident.yaml").read_text()
    row = "    - {kind: postgres-log, path: raw/db/postgresql.log.gz}\n"
    (folder / "incident.yaml").write_text(spec.replace("  kubernetes:", row + "  kubernetes:", 1))
    result = examine(load(Incident.load(folder)))
    assert result.problems == ()
    assert result.findings[0].hypothesis == "cpu_throttling"


def test_an_error_of_no_data_says_which_source_could_not_be_read_and_why(tmp_path):
    folder, source = tmp_path / "incident", tmp_path / "source"
    folder.mkdir()
    source.mkdir()
    (source / "access.csv").write_text("ts,total_ms,status\n2026-11-22T18:05:00Z,12,200\n")
    spec = (A / "incident.yaml").read_text().split("sources:")[0]
    row = "{kind: csv, path: raw/requests/access.csv, mapping: {time: ts, duration_ms: total_ms}}"
    (folder / "incident.yaml").write_text(f"{spec}sources:\n  requests: [{row}]\n")
    capture_from(folder, source)
    with pytest.raises(NoDataError, match="no data in the incident window") as caught:
        load(Incident.load(folder))
    assert "unknown key 'duration_ms': known are time" in caught.value.next
