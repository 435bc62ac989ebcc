"""Answers of Performance Insights: totals, keys and what no key holds; pages, cuts, gaps and times."""

import gzip
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError, NoDataError, SpecError
from analysis.signals.pi_load import best_request, insights_aas_sessions
from analysis.sources.performance_insights import read_performance_insights
from analysis.sources.performance_insights.frames import OTHER
from tests.sources.performance_insights.answers import START, metrics, saved

GOOD = {"": [1.0, 2.0, 3.0], "CPU": [0.5, 1.0, 1.0], "IO:WALSync": [0.5, 0.5, 1.5]}


def read(folder, *documents, **options):
    return read_performance_insights([saved(folder, f"{n}.json", d) for n, d in enumerate(documents)], **options)


def values(insights, label):
    return insights.load[insights.load["label"] == label]["value"].tolist()


def test_the_rest_is_the_total_less_all_keys(tmp_path):
    insights, (report,) = read(tmp_path, metrics(GOOD))
    assert values(insights, OTHER) == pytest.approx([0.0, 0.5, 0.5])
    assert insights.load["period_seconds"].unique().tolist() == [60.0]
    assert insights.load.index[0] == pd.Timestamp(START + 60, unit="s", tz="UTC")
    assert (report.recognised, report.unrecognised, report.truncated, report.notes) == (9, 0, False, ())


def test_stamps_of_start_time_are_moved_by_a_period(tmp_path):
    ends, starts = (read(tmp_path, metrics(GOOD), alignment=a)[0].load.index for a in ("END_TIME", "START_TIME"))
    assert ((starts - ends) == pd.Timedelta(60, unit="s")).all()
    with pytest.raises(SpecError, match="alignment"):
        read(tmp_path, metrics(GOOD), alignment="start")


def test_seconds_and_offsets_give_equal_frames(tmp_path):
    frames = [read(tmp_path, metrics(GOOD, iso=offset))[0].load for offset in ("", "3", "-5")]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])


def test_times_without_an_offset_are_refused(tmp_path):
    answer = metrics(GOOD)
    answer["MetricList"][0]["DataPoints"][0]["Timestamp"] = "2026-11-22T17:44:00"
    with pytest.raises(EvidenceError, match="offset"):
        read(tmp_path, answer)


def test_a_missing_value_is_unknown_and_a_gap_is_no_row(tmp_path):
    answer = metrics({"": [1.0, None, 3.0, 4.0, 5.0], "CPU": [1.0, 1.0, None, 1.0, 1.0]})
    for entry in answer["MetricList"]:
        del entry["DataPoints"][3]
    insights, (report,) = read(tmp_path, answer)
    assert np.isnan(values(insights, "")[1])
    assert np.isnan(values(insights, OTHER)[1:3]).all()
    assert len(values(insights, "CPU")) == 4
    assert any("without a value" in note for note in report.notes)
    assert any("missing within" in note for note in report.notes)
    assert not report.truncated


def test_pages_of_a_request_are_one_in_any_form(tmp_path):
    whole = metrics(GOOD)
    one, two = (json.loads(json.dumps(whole)) for _ in range(2))
    one["NextToken"] = "abc"
    for entry in one["MetricList"]:
        del entry["DataPoints"][2:]
    for entry in two["MetricList"]:
        del entry["DataPoints"][:2]
    expected, _ = read(tmp_path, whole)
    for made in (
        read(tmp_path, one, two),
        read(tmp_path, [one, two]),
        read_performance_insights([saved(tmp_path, "p", one, two)]),
    ):
        pd.testing.assert_frame_equal(made[0].load, expected.load)
        assert not any(report.truncated for report in made[1])
    _, (report,) = read(tmp_path, one)
    assert report.truncated
    assert any("NextToken" in note for note in report.notes)


def test_an_answer_given_twice_counts_once_and_another_question_is_apart(tmp_path):
    filtered = metrics({"": [0.1, 0.2, 0.3], "CPU": [0.1, 0.2, 0.3]})
    insights, reports = read(tmp_path, metrics(GOOD), metrics(GOOD, iso="3"), filtered)
    assert insights.load["request"].nunique() == 2
    assert any("repeats" in note for note in reports[1].notes)
    assert best_request(insights.load) == 0


def test_a_silent_cut_is_said(tmp_path):
    answer = metrics({"": [0.5] * 350}, period=1, end=START + 620)
    _, (report,) = read(tmp_path, answer)
    assert report.truncated
    assert any("350" in note and "270 s before the end" in note for note in report.notes)
    _, (whole,) = read(tmp_path, metrics({"": [0.5] * 350}, period=1))
    assert not whole.truncated


def test_keys_above_the_total_are_reported_and_kept(tmp_path):
    insights, (report,) = read(tmp_path, metrics({"": [1.0, 1.0], "CPU": [2.0, 1.000001]}))
    assert values(insights, OTHER) == [-1.0, 0.0]
    assert any("more than the total" in note for note in report.notes)


def test_load_and_sampled_load_are_apart_and_counters_by_name(tmp_path):
    answer, cpu = (
        metrics(GOOD),
        {"Key": {"Metric": "os.general.numVCPUs.avg"}, "DataPoints": [{"Timestamp": START + 60, "Value": 2}]},
    )
    sampled = json.loads(json.dumps(answer["MetricList"][0]))
    sampled["Key"]["Metric"] = "db.sampledload.avg"
    answer["MetricList"] += [sampled, cpu]
    insights, _ = read(tmp_path, answer)
    assert set(insights.load["metric"]) == {"db.load.avg", "db.sampledload.avg"}
    assert insights.counters[["name", "value"]].to_numpy().tolist() == [["os.general.numVCPUs.avg", 2.0]]


def sql_answer(statement):
    answer = metrics({"": [1.0], "x": [1.0]}, group="db.sql")
    answer["MetricList"][1]["Key"]["Dimensions"] = {"db.sql.id": "A1", "db.sql.statement": statement}
    return answer


def test_a_cut_statement_is_never_taken_for_whole_and_completed_from_the_details(tmp_path):
    long = "select a from t where b = 'kim@example.org' and " + " and ".join(f"c{n} = {n}" for n in range(80))
    cut = long.encode()[:500].decode()
    details = {"Dimensions": [{"Dimension": "db.sql.statement", "Value": long, "Status": "AVAILABLE"}]}
    alone, whole = (read(tmp_path, *given)[0].keys.iloc[0] for given in ([sql_answer(cut)], [sql_answer(cut), details]))
    assert alone["truncated"]
    assert alone["text"].endswith("…")
    assert not whole["truncated"]
    assert whole["text"].endswith("c79 = ?")
    assert alone["fingerprint"] != whole["fingerprint"]
    short = read(tmp_path, sql_answer("select 1"))[0].keys.iloc[0]
    assert (short["text"], short["truncated"]) == ("select ?", False)


def test_nothing_personal_is_left(tmp_path):
    insights, reports = read(
        tmp_path,
        sql_answer("select a from t where b = 'kim@example.org' /* request_id=7 */"),
        metrics({"": [1.0], "kim@example.org": [1.0]}, group="db.user"),
    )
    shown = insights.load.to_csv() + insights.keys.to_csv() + str(reports)
    assert "kim@" not in shown
    assert "request_id" not in shown


def test_partitions_belong_to_partition_keys_in_order(tmp_path):
    names = [
        {"Dimensions": {"db.wait_event.name": n, "db.wait_event.type": n.split(":")[0]}} for n in ("CPU", "Lock:tuple")
    ]
    keys = [
        {
            "Dimensions": {"db.sql_tokenized.id": "A1", "db.sql_tokenized.statement": "select ?"},
            "Total": 2.0,
            "Partitions": [0.5, 1.0],
            "AdditionalMetrics": {"db.sql_tokenized.stats.calls_per_sec.avg": 3.0},
        },
        {"Dimensions": {}, "Total": 1.0},
    ]
    insights, (report,) = read(
        tmp_path, {"AlignedStartTime": START, "AlignedEndTime": START + 60, "PartitionKeys": names, "Keys": keys}
    )
    parts = insights.partitions.set_index("partition")["aas_sessions"]
    assert parts.to_dict() == {"": 2.0, "CPU": 0.5, "Lock:tuple": 1.0, OTHER: 0.5}
    assert insights.statistics["value"].tolist() == [3.0]
    assert (report.recognised, report.unrecognised) == (1, 1)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "not json", '{"MetricList": [', "[[[[[[]]]]]]", "[" * 100_000]
)
def test_what_is_no_answer_is_a_clear_error(tmp_path, text):
    path = tmp_path / "pi.json"
    path.write_text(text)
    with pytest.raises(EvidenceError) as error:
        read_performance_insights([path])
    assert "pi.json" in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_no_file_is_an_error():
    with pytest.raises(NoDataError):
        read_performance_insights([])


FIELDS = [
    "MetricList", "Key", "Metric", "Dimensions", "DataPoints", "Timestamp", "Value", "Keys", "Total", "PartitionKeys",
    "Partitions", "AlignedEndTime",
]  # fmt: skip
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8), st.just(START)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JUNK, st.sampled_from(["MetricList", "Keys", "Dimensions", ""]))
def test_any_json_is_read_counted_or_refused(tmp_path, junk, name):
    try:
        insights, reports = read_performance_insights([saved(tmp_path, "junk.json", {name: [junk]} if name else junk)])
    except AnalysisError:
        return
    assert reports[0].records == reports[0].recognised + reports[0].unrecognised
    assert str(insights.load.index.dtype) == "datetime64[us, UTC]"


def test_average_sessions_on_a_grid(tmp_path):
    insights, _ = read(tmp_path, metrics(GOOD))
    edges = (START + np.array([0, 30, 90, 180, 240])) * 1_000_000
    found = insights_aas_sessions(insights.load, edges, request=0)
    assert found["CPU"].tolist()[:3] == pytest.approx([0.5, 0.75, 1.0])
    assert math.isnan(found["CPU"].iloc[3])
    assert list(found.columns) == ["CPU", "IO", OTHER]
    assert best_request(insights.load, group="db.user") == -1


def test_names_are_those_of_the_service_model(corpus):
    shapes = json.loads(gzip.decompress((corpus / "db" / "pi-service-2.json.gz").read_bytes()))["shapes"]
    for shape, names in {
        "GetResourceMetricsResponse": {"AlignedStartTime", "AlignedEndTime", "Identifier", "MetricList", "NextToken"},
        "MetricKeyDataPoints": {"Key", "DataPoints"}, "ResponseResourceMetricKey": {"Metric", "Dimensions"},
        "DataPoint": {"Timestamp", "Value"}, "ResponsePartitionKey": {"Dimensions"},
        "DescribeDimensionKeysResponse": {"AlignedStartTime", "AlignedEndTime", "PartitionKeys", "Keys", "NextToken"},
        "DimensionKeyDescription": {"Dimensions", "Total", "AdditionalMetrics", "Partitions"},
        "GetDimensionKeyDetailsResponse": {"Dimensions"}, "DimensionKeyDetail": {"Value", "Dimension", "Status"},
    }.items():  # fmt: skip
        assert set(shapes[shape]["members"]) == names


@pytest.fixture(scope="module")
def recorded(corpus):
    return {p.name: p for p in sorted((corpus / "db" / "recorded" / "pi").glob("*.json"))}


@pytest.fixture(scope="module")
def everything(recorded):
    return read_performance_insights(list(recorded.values()))


def test_the_recording_reads_whole(everything, recorded):
    insights, reports = everything
    assert len(reports) == len(recorded) == 17
    assert sum(report.unrecognised for report in reports) == 0
    assert not any(report.truncated for report in reports)
    rest = insights.load[insights.load["is_residual"]]
    assert (rest["value"] >= 0).all()


def test_the_top_keys_of_a_minute_cover_most(recorded):
    insights, _ = read_performance_insights([recorded["get-resource-metrics.db.sql_tokenized.60s.json"]])
    load = insights.load
    keys = load[~load["is_total"] & ~load["is_residual"]]
    assert keys["key"].nunique() == 7
    assert keys["value"].sum() / load[load["is_total"]]["value"].sum() == pytest.approx(0.975, abs=0.001)


def test_the_two_forms_of_times_are_equal(recorded):
    names = (
        "get-resource-metrics.db.wait_event.60s.json",
        "get-resource-metrics.db.wait_event.60s.cli2-iso-offset.json",
    )
    one, other = (read_performance_insights([recorded[name]])[0].load for name in names)
    pd.testing.assert_frame_equal(one, other)


def test_the_load_of_each_phase_is_that_of_the_samples(everything, corpus):
    insights, _ = everything
    folder = corpus / "db" / "recorded"
    summary = {row["phase"]: row["aas"] for row in json.loads((folder / "ash_summary.json").read_text())}
    request, strict = best_request(insights.load), 0
    total = insights.load[(insights.load["request"] == request) & insights.load["is_total"]]["value"]
    for phase in json.loads((folder / "truth.json").read_text())["phases"]:
        expected = summary[phase["name"]]
        start, end = (pd.Timestamp(phase[name]) for name in ("start", "end"))
        edges = np.array([start.value, end.value]) // 1000
        found = float(insights_aas_sessions(insights.load, edges, request=request).iloc[0].sum())
        straddling = sum(
            total[t.ceil("s")] for t in (start, end)
        )  # a second that is cut may hold its sample on any side
        print(f"{phase['name']}: {found:.3f} against {expected:.3f}")
        assert abs(found - expected) <= 0.05 * expected + straddling / (end - start).total_seconds()
        strict += found == pytest.approx(expected, rel=0.05)
    assert strict >= 6


def test_a_recorded_file_that_is_cut_is_said(recorded, tmp_path):
    answer = json.loads(recorded["get-resource-metrics.db.wait_event.1s.json"].read_text())
    for entry in answer["MetricList"]:
        del entry["DataPoints"][350:]
    _, (report,) = read(tmp_path, answer)
    assert report.truncated
    assert any("350" in note for note in report.notes)


def test_the_examples_of_the_documents_read(corpus):
    insights, (report,) = read_performance_insights([corpus / "db" / "pi_doc_examples.json"])
    assert report.recognised > 10
    assert len(insights.counters) > 0
    assert len(insights.load) > 0
