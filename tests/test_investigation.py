"""The whole analysis: headline, impact and timeline of the recordings, and what makes a result partial."""

import gzip
import json
import pickle
from dataclasses import replace

import pandas as pd
import pytest

from analysis.errors import NoDataError, SpecError
from analysis.incident import Window
from analysis.investigation import RESULT, RUN_VARIABLE, examine, investigate
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.timed import with_times
from analysis.sources.prometheus import EMPTY
from tests.conftest import A, B, C, D
from tests.variants import drop_series, evidence_of, named, with_samples, with_window


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


def test_the_headline_of_a_says_what_who_and_how_much(of_a):
    assert of_a.headline.startswith("payment-api: 85.9 % of requests failed or took longer than 1.5 s for 2 min 8 s; ")
    assert "container istio-proxy was held by its CPU limit" in of_a.headline
    assert of_a.incident_found is True
    assert of_a.problems == ()


def test_the_impact_of_a_adds_up(of_a):
    v = {name: found.value for name, found in of_a.values.items()}
    assert v["bad_requests"] == v["failed_requests"] + v["slow_requests"]
    assert v["bad_ratio"] == v["bad_requests"] / v["requests"]
    assert v["bad_ratio"] <= 1
    assert v["burn_rate"] == pytest.approx(v["bad_ratio"] / 0.01)
    assert v["requests"] <= v["requests_in_window"]


def test_the_timeline_is_in_order_and_every_row_names_its_source(of_a):
    rows = of_a.timeline
    assert [r.time for r in rows] == sorted(r.time for r in rows)
    assert {"deployment", "push", "limit_removed", "symptom", "warning"} <= {r.kind for r in rows}
    assert all(r.source for r in rows)
    assert all(r.end is None or r.end >= r.time for r in rows)
    json.dumps([r.as_dict() for r in rows], allow_nan=False)


def test_coverage_is_never_above_one(of_a):
    assert all(0 <= c.ratio <= 1 and c.present <= c.expected for c in of_a.coverage)
    assert of_a.coverage[0].signal == "requests"


@pytest.mark.parametrize("folder", [B, C, D], ids=lambda p: p.name)
def test_no_other_recording_blames_the_cpu_limit(folder):
    result = examine(evidence_of(folder))
    assert [f for f in result.findings if f.rank and f.hypothesis == "cpu_throttling"] == []
    assert result.incident_found is (folder != D)
    assert ("no incident" in result.headline) is (folder == D)
    assert "CPU limit" not in result.headline


def test_what_is_not_tested_is_in_the_ledger(of_a):
    rows = {r.suspect: r for r in of_a.ledger}
    assert rows["GC pauses"].state == "refuted"
    untested = rows["timeouts that do not fit each other"]  # nobody looked: nothing claimed
    assert (untested.state, untested.findings) == ("not_tested", ())
    assert "timeouts of callers and servers" in untested.data


def test_without_requests_the_symptom_is_not_measurable():
    evidence = evidence_of(A)
    result = examine(replace(evidence, requests=evidence.requests.iloc[:0]))
    assert result.incident_found is None
    assert "could not be measured" in result.headline
    assert any("no request was recorded" in p for p in result.problems)
    assert not [f for f in result.findings if f.verdict == "supported"]


def test_without_samples_there_is_nothing_to_suspect_and_no_crash():
    result = examine(with_samples(evidence_of(A), EMPTY))
    assert result.incident_found is True
    told_by_samples = {"cpu_throttling", "client_side_fault", "server_side_fault", "connection_pool", "config_push"}
    assert {f.verdict for f in result.findings if f.hypothesis in told_by_samples} <= {"not_testable", "insufficient"}
    assert not [f for f in result.findings if f.rank and f.role != "trigger"]


def test_without_cfs_counters_no_mechanism_is_supported():
    found = drop_series(
        evidence_of(A).samples, named("container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total")
    )
    result = examine(with_samples(evidence_of(A), found))
    assert not [f for f in result.findings if f.rank and f.role == "mechanism"]
    assert "CPU limit" not in result.headline


def test_a_mechanism_that_could_not_be_decided_stands_in_the_headline(tmp_path):
    """The log of B is cut in the middle of the symptom: what is ranked first then may not look like the cause."""
    evidence = evidence_of(B)
    lines = gzip.decompress((B / "raw" / "gc" / "gc.log.gz").read_bytes()).splitlines(keepends=True)
    (path := tmp_path / "gc.log").write_bytes(b"".join(x for x in lines if x[1:20] < b"2026-11-22T18:22:10"))
    (source,) = evidence.gc_logs
    result = examine(replace(evidence, gc_logs=(replace(source, log=with_times(read_gc_log(path)[0])),)))
    assert [f.verdict for f in result.findings if f.hypothesis == "gc_pauses"] == ["insufficient"]
    assert "not decided for want of evidence: gc pauses of payments/payment-api/app" in result.headline
    assert "not decided" not in examine(evidence).headline


def test_an_unknown_service_is_a_problem_that_names_what_was_recorded():
    evidence = evidence_of(A)
    service = evidence.incident.spec.service.model_copy(update={"workload": "checkout"})
    spec = evidence.incident.spec.model_copy(update={"service": service})
    result = examine(replace(evidence, incident=replace(evidence.incident, spec=spec)))
    (problem,) = result.problems
    assert problem.startswith("service payments/checkout is not in the evidence")
    assert "data/postgres" in problem
    assert not [f for f in result.findings if f.rank and f.hypothesis == "cpu_throttling"]


def test_a_window_of_calm_is_no_incident():
    start = evidence_of(A).incident.baseline.start
    calm = Window(start + pd.Timedelta("3min"), start + pd.Timedelta("4min"))
    before = Window(start, start + pd.Timedelta("3min"))
    result = examine(with_window(evidence_of(A), calm, before))
    assert result.incident_found is False
    assert "no incident" in result.headline


def test_times_as_arguments_move_the_window():
    result = investigate(A, start="2026-11-22T18:04:40Z", end="2026-11-22T18:06:30Z")
    assert result.incident.window == Window("2026-11-22T18:04:40Z", "2026-11-22T18:06:30Z")
    assert result.findings[0].rank == 1
    assert investigate(A, start="").incident.window.iso_start == "2026-11-22T18:04:30Z"  # papermill's empty parameter


def test_a_window_beyond_the_data_is_no_data():
    with pytest.raises(NoDataError, match="no data in the incident window"):
        investigate(A, start="2026-11-23T18:00:00Z", end="2026-11-23T18:10:00Z")
    with pytest.raises(SpecError):
        investigate(A, start="2026-11-22T18:05:00")


def test_inside_a_run_the_results_of_that_run_are_read(of_a, tmp_path, monkeypatch):
    marked = replace(of_a, headline="from the run")
    marked.save(tmp_path)
    monkeypatch.setenv(RUN_VARIABLE, str(tmp_path))
    assert investigate(A).headline == "from the run"
    assert investigate(D).headline != "from the run"  # another incident
    assert investigate(A, start="2026-11-22T18:04:40Z").headline != "from the run"  # another window
    (tmp_path / RESULT).unlink()
    assert investigate(A).headline == of_a.headline


def test_results_are_the_same_twice_and_survive_a_pickle(of_a):
    again = pickle.loads(pickle.dumps(of_a))
    for other in (again, examine(evidence_of(A))):
        assert other.headline == of_a.headline
        assert [f.as_dict() for f in other.findings] == [f.as_dict() for f in of_a.findings]
        assert other.timeline == of_a.timeline
