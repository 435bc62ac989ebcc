"""The command line: exit codes and what is said, never a traceback; a run that fails leaves the last report alone."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.conftest import A, D
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
    assert "postmortem capture DIR, live or --from PATH" in said
    assert "there is an incident already" in run(2, "new", folder)
    assert "no evidence has been captured" in run(4, "report", folder)
    assert sorted(p.name for p in folder.iterdir()) == ["incident.yaml", "narrative.md"]


def test_capture_without_a_source_and_from_nowhere(tmp_path):
    assert "postmortem new DIR" in run(2, "capture", tmp_path)
    run(0, "new", tmp_path / "new")
    assert "postmortem capture DIR --from PATH" in run(2, "capture", tmp_path / "new")
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


def test_check_names_what_lies_in_raw_unread(changed):
    folder = changed()
    (folder / "raw" / "gc" / "second[bold].log").write_text("x", encoding="utf-8")
    assert "not read: raw/gc/second[bold].log is not in the manifest" in run(0, "check", folder)


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
    assert all(name in said for name in ("new", "capture", "check", "report", "suspects"))
    run(2, "reprot")


INCIDENT = ("--incident", "2026-11-22T18:30:00Z", "2026-11-22T18:39:30Z")
BASELINE = ("--baseline", "2026-11-22T18:00:00Z", "2026-11-22T18:30:00Z")


@pytest.fixture
def table(tmp_path):
    index = pd.date_range("2026-11-22T18:00:00Z", periods=80, freq="30s")
    names = ["web|latency|p95", "db|cpu|usage", "[bold]x", "flat"]
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(80, 4)), columns=names)
    frame.iloc[61:, :2] += 40
    frame["flat"] = 1.0
    frame.insert(0, "time", index.strftime("%Y-%m-%dT%H:%M:%SZ"))
    frame.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def document(code, *arguments):
    """What stands on stdout: one JSON document and nothing else, whatever happened."""
    found = postmortem("suspects", *map(str, arguments), "--json")
    assert found.returncode == code, found.stderr
    assert "Traceback" not in found.stderr
    return json.loads(found.stdout, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))


def test_suspects_of_an_incident_in_words():
    said = run(0, "suspects", A)
    first = said.splitlines()[0] if said[0].isdigit() else said
    assert "series of 11 entities compared with the baseline: istio-proxy (payment-api) ranks first" in first
    assert "its throttled periods went from 0 % to 100 %" in said
    assert "would by chance" in said
    assert "not ranked: " in said
    assert "ABSTAINED" not in said


def test_suspects_of_a_quiet_time_abstain():
    said = run(0, "suspects", D)
    assert "no suspect: the objective was not missed for long enough" in said
    assert "ABSTAINED" in said


def test_suspects_as_json():
    found = document(0, A)
    assert not found["abstained"]
    assert [e["rank"] for e in found["entities"]] == list(range(1, len(found["entities"]) + 1))
    assert set(found["series"][0]) >= {
        "series", "entity", "kind", "rank", "score", "effect", "onset", "lead_seconds", "co_movement", "p_value",
        "q_value", "reason",
    }  # fmt: skip
    assert set(found["entities"][0]) >= {"entity", "rank", "score", "series", "reason"}
    assert set(found["not_ranked"][0]) == {"series", "reason"}
    assert found["series"][0]["onset"].endswith("Z")
    assert None in [s["p_value"] for s in found["series"]]
    assert found["symptom"] == "payment-api|errors|bad requests"
    assert found["expected_by_chance"] > 0


def test_suspects_of_a_table_with_symptom_and_graph(table, tmp_path):
    (tmp_path / "g.csv").write_text("caller,callee\nweb,db\nweb,ghost\n", encoding="utf-8")
    graph = ("--graph", tmp_path / "g.csv")
    found = document(0, table, *INCIDENT, *BASELINE, "--symptom", "web|latency|p95", *graph)
    assert found["entities"][0]["entity"] == "db"
    assert found["incident"] == {"start": INCIDENT[1], "end": INCIDENT[2]}
    assert {n["series"]: n["reason"] for n in found["not_ranked"]} == {
        "web|latency|p95": "it is the symptom", "flat": "it never changes (1)",
    }  # fmt: skip
    assert any("ghost" in r for r in found["remarks"])
    assert "[bold]x" in run(0, "suspects", table, *INCIDENT, *BASELINE)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--incident and --baseline missing"),
        ((*INCIDENT, "--baseline", *INCIDENT[1:]), 2, "incident and baseline overlap"),
        ((*INCIDENT, *BASELINE, "--symptom", "web|latency|p59"), 2, "no series is named"),
        ((*INCIDENT, *BASELINE, "--graph", "nowhere.csv"), 2, "no such file"),
        ((*INCIDENT, "--baseline", "2026-11-22T18:00:00", "2026-11-22T18:30:00Z"), 2, "time without an offset"),
        (
            ("--incident", "2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z", *BASELINE),
            2,
            "no sample lies in the incident",
        ),
        (("--unknown",), 2, "No such option"),
    ],
)
def test_suspects_that_cannot_be_ranked_say_why_on_stdout_or_stderr(table, arguments, code, said):
    found = document(code, table, *arguments)["error"]
    assert said in found["what"]
    assert found["next"]
    assert said in run(code, "suspects", table, *arguments)


def test_suspects_of_nothing(tmp_path):
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    assert document(4, tmp_path / "empty.csv")["error"]["what"] == "the file is empty"
    assert "no incident here" in document(2, tmp_path)["error"]["what"]
    assert "no such file" in run(2, "suspects", tmp_path / "none.csv")


def test_suspects_of_a_time_that_an_author_names():
    found = document(0, D, "--incident", "2026-11-22T18:32:10Z", "2026-11-22T18:33:20Z")
    assert found["incident"]["start"] == "2026-11-22T18:32:10Z"
