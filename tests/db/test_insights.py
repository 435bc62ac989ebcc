"""Performance Insights to load by wait and by statement."""

import json

import pytest

from analysis.db.document import Asked
from analysis.db.insights import insights_document
from analysis.db.run import db_document
from analysis.sources.performance_insights.reader import read_performance_insights
from tests.conftest import missing

T0 = 1795369380


def points(values, period=1):
    return [{"Timestamp": T0 + (i + 1) * period, "Value": v} for i, v in enumerate(values) if v is not None]


def metrics(total, keys, *, end=None, period=1):
    rows = [{"Key": {"Metric": "db.load.avg"}, "DataPoints": points(total, period)}]
    rows += [{"Key": {"Metric": "db.load.avg", "Dimensions": d}, "DataPoints": points(v, period)} for d, v in keys]
    return {
        "AlignedStartTime": T0,
        "AlignedEndTime": end or T0 + len(total) * period,
        "Identifier": "db-A",
        "MetricList": rows,
    }


def wait(kind, name):
    return {"db.wait_event.type": kind, "db.wait_event.name": name}


def sql(key, text):
    return {"db.sql_tokenized.id": key, "db.sql_tokenized.db_id": "1", "db.sql_tokenized.statement": text}


@pytest.fixture
def read(tmp_path):
    def call(*answers, asked=Asked()):  # noqa: B008
        paths = [tmp_path / f"{i}.json" for i in range(len(answers))]
        for path, answer in zip(paths, answers, strict=True):
            path.write_text(json.dumps(answer))
        return insights_document(read_performance_insights(paths)[0], {}, asked)

    return call


def test_keys_and_what_they_leave_out_sum_to_the_load(read):
    found = read(metrics([4.0, 2.0], [(wait("CPU", "CPU"), [1.0, 1.0]), (wait("IO", "IO:WALSync"), [2.0, 0.5])]))
    assert found["aas"]["sessions"] == 3.0
    assert [(w["wait"], w["class"], w["sessions"]) for w in found["aas"]["by_wait"]] == [
        ("IO:WALSync", "IO", 1.25), ("CPU", "CPU", 1.0), ("(other)", "(other)", 0.75)
    ]  # fmt: skip
    assert found["statements"]["n"] is None
    assert found["window"]["duration_seconds"] == 2.0


def test_statements_of_one_fingerprint_are_one(read):
    found = read(metrics([3.0], [(sql("A", "SELECT a FROM t WHERE b = ?"), [1.0]),
                                 (sql("B", "select a from t where b = 17"), [1.5])]))  # fmt: skip
    assert [(f["text"], f["aas_sessions"], f["calls"]) for f in found["fingerprints"]] == [
        ("select a from t where b = ?", 2.5, None), ("(other)", 0.5, None)
    ]  # fmt: skip


def test_a_filtered_answer_is_not_the_load(read):
    whole = metrics([4.0] * 3, [(wait("CPU", "CPU"), [4.0] * 3)])
    part = metrics([1.0] * 3, [(wait("Lock", "Lock:tuple"), [1.0] * 3)])
    assert read(part, whole)["aas"]["sessions"] == 4.0
    assert [w["wait"] for w in read(part, whole)["aas"]["by_wait"]] == ["CPU"]


def test_a_gap_is_not_zero(read):
    assert read(metrics([4.0, None, 2.0], []))["aas"]["sessions"] == 3.0


def test_a_window(read):
    answer = metrics([1.0, 2.0, 6.0], [])
    assert read(answer, asked=Asked(start_us=(T0 + 2) * 10**6))["aas"]["sessions"] == 6.0
    assert read(answer, asked=Asked(start_us=(T0 + 9) * 10**6))["aas_reason"] == "there is no load in these files"


def test_keys_alone_are_a_lower_bound(read):
    answer = {"AlignedStartTime": T0, "AlignedEndTime": T0 + 60, "PartitionKeys": [
        {"Dimensions": wait("CPU", "CPU")}, {"Dimensions": wait("Lock", "Lock:tuple")}],
        "Keys": [{"Dimensions": sql("A", "COMMIT"), "Total": 2.0, "Partitions": [0.5, 1.5]},
                 {"Dimensions": sql("B", "SELECT 1"), "Total": 0.25, "Partitions": [0.25, 0.0]}]}  # fmt: skip
    found = read(answer)
    assert (found["aas"]["sessions"], found["aas"]["lower_bound"]) == (2.25, True)
    assert [(w["wait"], w["sessions"]) for w in found["aas"]["by_wait"]] == [("Lock:tuple", 1.5), ("CPU", 0.75)]
    assert [(f["text"], f["total_seconds"]) for f in found["fingerprints"]] == [("commit", 120.0), ("select ?", 15.0)]


def test_a_file_cut_at_350_points_is_said(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(metrics([1.0] * 350, [], end=T0 + 3600)))
    document, error = db_document([path])
    assert error is None
    assert document["coverage"]["truncated"] is True
    assert "350" in " ".join(document["coverage"]["notes"])


def test_epoch_and_offset_files_of_the_recording_are_equal(corpus):
    folder = corpus / "db" / "recorded" / "pi"
    if not folder.is_dir():
        missing("the recording of a database (POSTMORTEM_CORPUS)")
    names = (
        "get-resource-metrics.db.wait_event.60s.json",
        "get-resource-metrics.db.wait_event.60s.cli2-iso-offset.json",
    )
    one, other = (db_document([folder / name])[0] for name in names)
    assert one["aas"]["sessions"] > 2
    assert (one["aas"], one["window"]) == (other["aas"], other["window"])
    everything, _ = db_document(sorted(folder.glob("*.json")))
    assert everything["aas"]["vcpus"] == 2
    assert not any(secret in json.dumps(everything) for secret in ("@example.com", "4111-1111", "request_id="))
