"""The command line: exit codes and what is said, never a traceback; a run that fails leaves the last report alone."""

import pytest
import yaml

from tests.conftest import A
from tests.report.conftest import postmortem


@pytest.fixture
def changed(copy_of):
    """A copy of A with changes to its spec."""

    def change(**changes):
        folder = copy_of(A)
        spec = yaml.load((folder / "incident.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        spec.update(changes)
        (folder / "incident.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
        return folder

    return change


def run(code, *arguments):
    found = postmortem(*map(str, arguments))
    assert found.returncode == code, found.stderr
    assert "Traceback" not in found.stdout + found.stderr
    if code in (2, 4):
        assert found.stdout == ""
    return found.stdout + found.stderr


def test_new_and_new_again_and_nothing_captured_yet(tmp_path):
    folder = tmp_path / "demo"
    said = run(0, "new", folder)
    assert f"wrote {folder / 'incident.yaml'}" in said
    assert "postmortem capture DIR --from PATH" in said
    assert "there is an incident already" in run(2, "new", folder)
    assert "no evidence has been captured" in run(4, "report", folder)
    assert sorted(p.name for p in folder.iterdir()) == ["incident.yaml", "narrative.md"]


def test_capture_without_a_source_and_from_nowhere(tmp_path):
    said = run(2, "capture", tmp_path)
    assert "--from PATH" in said
    assert "no such folder" in run(2, "capture", tmp_path, "--from", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "nothing to capture" in run(4, "capture", tmp_path, "--from", tmp_path / "empty")


def test_capture_says_what_was_frozen_and_what_was_passed_over(tmp_path):
    source = tmp_path / "lab"
    source.mkdir()
    (source / "gc.log").write_text("x\n", encoding="utf-8")
    (source / "[bold]truth.json").write_text("{}", encoding="utf-8")
    said = run(0, "capture", tmp_path / "incident", "--from", source)
    assert "frozen       gc.log  (gc-log)" in said
    assert "passed over  [bold]truth.json" in said
    assert "1 files, 0.0 MB frozen" in said
    assert "postmortem new DIR" in said


def test_check_of_a_good_incident():
    said = run(0, "check", A)
    assert "A-sidecar-throttle: the spec is valid; 10 files as captured" in said
    assert "Coverage in the incident window" in said
    assert "100%" in said
    assert "k6_results.json.gz" in said


def test_check_of_a_bad_spec_lists_every_problem(changed):
    said = run(2, "check", changed(timezone="Nowhere", titel="x", service={"namespace": "payments"}))
    assert "3 problems in the spec" in said
    assert "titel: unknown key: did you mean 'title'?" in said
    assert "service.workload: missing" in said


def test_check_with_a_declared_source_that_is_missing_is_partial(changed):
    folder = changed(sources={"gc_logs": [{"path": "raw/gc/other.log"}]})
    said = run(3, "check", folder)
    assert "incomplete: raw/gc/other.log: declared in incident.yaml, but not there" in said


def test_check_of_a_service_that_was_not_recorded_says_what_was(changed):
    said = run(3, "check", changed(service={"namespace": "shop", "workload": "checkout"}))
    assert "service shop/checkout is not in the evidence" in said
    assert "payments/payment-api" in said


def test_no_incident_and_a_time_without_an_offset(tmp_path):
    assert "no incident here" in run(2, "check", tmp_path / "none")
    said = run(2, "report", A, "--start", "2026-11-22T18:05:00", "--output", tmp_path / "out")
    assert "window.start: time without an offset" in said
    assert not (tmp_path / "out").exists()


def last_report(folder):
    (folder / "report").mkdir()
    for name in ("report.html", "report.json"):
        (folder / "report" / name).write_text("the last one", encoding="utf-8")
    return lambda: {p.name: p.read_text(encoding="utf-8") for p in (folder / "report").iterdir()}


def test_a_window_outside_the_data_leaves_the_last_report_alone(copy_of):
    folder = copy_of(A)
    report = last_report(folder)
    before = report()
    said = run(4, "report", folder, "--start", "2026-11-23T18:00:00Z", "--end", "2026-11-23T18:10:00Z")
    assert "there is no data in the incident window" in said
    assert "the evidence covers 2026-11-22T17:57:27" in said
    assert report() == before


def test_altered_evidence_is_named_and_leaves_the_last_report_alone(copy_of):
    folder = copy_of(A)
    report = last_report(folder)
    before = report()
    path = folder / "raw" / "kubernetes" / "events.json"
    path.write_bytes(path.read_bytes() + b" ")
    said = run(2, "report", folder)
    assert "altered after its capture: raw/kubernetes/events.json" in said
    assert report() == before


def test_help_names_the_commands_and_an_unknown_one_is_refused():
    said = run(0, "--help")
    assert all(name in said for name in ("new", "capture", "check", "report"))
    run(2, "reprot")
