"""Tables, answers, events, requests and samples of a pack: numbers exactly, texts redacted, the rest said."""

import gzip
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.pack.files import CannotRedactError, csv_bytes, differences, write_as_named
from analysis.pack.insights import check_insights, pack_insights
from analysis.pack.kubernetes import pack_deployments, pack_events
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.requests import pack_requests
from analysis.pack.samples import pack_samples, pack_series
from analysis.pack.scrub import Scrubber
from analysis.pack.tables import pack_table
from analysis.sources.access_log import read_access_log
from analysis.sources.k6 import read_k6_json
from analysis.sources.kubernetes import read_deployments, read_events
from analysis.sources.lines import ReadReport
from analysis.sources.postgres import read_sessions, read_statements
from analysis.sources.prometheus import SampleTable, read_samples, write_samples
from analysis.sources.prometheus.sample_files import read_series
from analysis.sources.request_rows import RequestRows, Work
from tests.conftest import A
from tests.pack import canaries

NO_REPORT = ReadReport("x", 0, 0, 0, (), False, ())


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


@settings(max_examples=40)
@given(st.lists(st.tuples(
    st.integers(1_600_000_000_000_000, 1_900_000_000_000_000),
    st.one_of(st.floats(0, 3e7), st.just(float("nan"))), st.text(max_size=20), st.booleans(),
    st.one_of(st.floats(0, 1e9), st.just(float("nan"))),
), min_size=1, max_size=20))  # fmt: skip
def test_any_request_reads_the_same(tmp_path_factory, rows):
    made = RequestRows()
    for us, seconds, route, failed, rows_read in rows:
        made.add(us, seconds, "200", route, "pod-1", failed=failed)
        made.worked(Work(3.0, rows_read, 0.1 / 3, float("nan"), route))
    target = tmp_path_factory.mktemp("requests") / "x.csv.gz"
    pack_requests(made.frame(), NO_REPORT, target, Scrubber(Pseudonyms(bytes(32))))  # compares what it reads again
    again, _ = read_access_log(target, "csv")
    assert again["duration_seconds"].equals(made.frame()["duration_seconds"])
    assert again["database_seconds"].tolist() == [0.1 / 3] * len(rows)


def test_requests_of_k6_read_the_same(tmp_path, scrub):
    frame, report = read_k6_json(A / "raw/requests/k6_results.json.gz")
    pack_requests(frame, report, tmp_path / "x.csv.gz", scrub)
    pd.testing.assert_frame_equal(read_access_log(tmp_path / "x.csv.gz", "csv")[0], frame)


def test_sessions_keep_their_form(tmp_path, scrub):
    source, target = tmp_path / "ash.parquet", tmp_path / "out.parquet"
    pq.write_table(canaries.sessions(), source)
    assert pack_table(source, target, scrub, read=read_sessions) == ("column customer_note: not one that is read",)
    made = pq.read_table(target)
    assert not made.schema.metadata and "customer_note" not in made.column_names
    assert set(made["query"].to_pylist()) == {"select * from t where a = ? and b = ?"}
    assert made["query_id"].to_pylist() == pq.read_table(source)["query_id"].to_pylist()


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".csv.zst"])
def test_snapshots_keep_their_form(tmp_path, scrub, suffix):
    source, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_as_named(source, canaries.snapshots_csv().encode())
    assert pack_table(source, target, scrub, read=read_statements) == ("column remark: not one that is read",)
    assert read_statements(target)[0]["query"].unique().tolist() == ["select ? from t"]


def test_other_samplers_names_are_understood(tmp_path, scrub):
    table = canaries.sessions().rename_columns(
        [{"ts": "ash_time", "usename": "who"}.get(n, n) for n in canaries.sessions().column_names]
    )
    pq.write_table(table, tmp_path / "a.parquet")
    mapping = {"user": "who"}
    pack_table(
        tmp_path / "a.parquet", tmp_path / "b.parquet", scrub, mapping=mapping, read=lambda p: read_sessions(p, mapping)
    )
    assert set(read_sessions(tmp_path / "b.parquet", mapping)[0]["user"]) == {"app"}


def test_answers_read_the_same(tmp_path, scrub):
    (tmp_path / "pi.json").write_text(canaries.insights())
    pack_insights(tmp_path / "pi.json", tmp_path / "out.json.gz", scrub)
    check_insights([tmp_path / "pi.json"], [tmp_path / "out.json.gz"])
    made = gzip.decompress((tmp_path / "out.json.gz").read_bytes()).decode()
    assert "select * from t where mail = ?" in made and "Remark" not in made and "A1B2" in made
    content = json.loads((tmp_path / "pi.json").read_text())
    content[0]["MetricList"][0]["DataPoints"][0]["Value"] = 9.0
    (tmp_path / "pi.json").write_text(json.dumps(content))
    with pytest.raises(CannotRedactError):
        check_insights([tmp_path / "pi.json"], [tmp_path / "out.json.gz"])


def test_long_statements_of_answers_read_the_same(tmp_path, scrub):
    points = [{"Timestamp": 1795369440.0 + 60 * n, "Value": 0.5} for n in range(3)]
    entries = [{"Key": {"Metric": "db.load.avg"}, "DataPoints": points}]
    for n, length in enumerate((480, 495, 499, 500, 520)):
        text = ("select * from t where " + " and ".join(f"c{i}='x'" for i in range(99)))[:length]
        entries.append(
            {
                "Key": {"Metric": "db.load.avg", "Dimensions": {"db.sql.id": f"S{n}", "db.sql.statement": text}},
                "DataPoints": points,
            }
        )
    (tmp_path / "pi.json").write_text(json.dumps({"MetricList": entries}))
    pack_insights(tmp_path / "pi.json", tmp_path / "out.json.gz", scrub)
    check_insights([tmp_path / "pi.json"], [tmp_path / "out.json.gz"])


def test_events_and_deployments_read_the_same(tmp_path, scrub):
    pack_events(A / "raw/kubernetes/events.json", tmp_path / "e.json.gz", scrub)
    before, after = read_events(A / "raw/kubernetes/events.json")[0], read_events(tmp_path / "e.json.gz")[0]
    assert (
        before.index.equals(after.index)
        and before["end"].equals(after["end"])
        and before["count"].equals(after["count"])
    )
    (tmp_path / "d.csv").write_text(canaries.deployments())
    pack_deployments(tmp_path / "d.csv", tmp_path / "out.csv", scrub)
    row = read_deployments(tmp_path / "out.csv")[0].iloc[0]
    assert (
        row["image"].startswith("anon-") and row["image"].endswith("/shop/api:1.3") and row["user"].startswith("anon-")
    )
    assert row["replicas"] == 3 and "remark" not in (tmp_path / "out.csv").read_text()


def test_samples_are_bit_for_bit_the_same(tmp_path, scrub):
    table = canaries.samples()
    table.values[:3] = [float("nan"), float("inf"), -0.0]
    table.values[4] = np.array([0x7FF0000000000002], dtype="u8").view("f8")[0]  # a stale marker
    write_samples(table, tmp_path / "series.parquet", tmp_path / "samples.parquet")
    (tmp_path / "out").mkdir()
    pack_series(tmp_path / "series.parquet", tmp_path / "out/series.parquet", scrub)
    pack_samples(tmp_path / "samples.parquet", tmp_path / "out/samples.parquet")
    made = read_samples(tmp_path / "out/series.parquet", tmp_path / "out/samples.parquet")
    before = read_samples(tmp_path / "series.parquet", tmp_path / "samples.parquet")
    assert made.values.view("u8").tolist() == before.values.view("u8").tolist()
    assert made.times.tolist() == before.times.tolist() and made.ids.tolist() == before.ids.tolist()
    assert [x["__name__"] for x in made.labels] == [x["__name__"] for x in before.labels]


def test_samples_that_hold_more_than_numbers_are_refused(tmp_path, scrub):
    pq.write_table(pa.table({"series_id": [1], "note": ["kim"]}), tmp_path / "a.parquet")
    with pytest.raises(CannotRedactError, match="more than numbers"):
        pack_samples(tmp_path / "a.parquet", tmp_path / "b.parquet")
    pq.write_table(pa.table({"series_id": [1]}).replace_schema_metadata({"by": "kim"}), tmp_path / "a.parquet")
    with pytest.raises(CannotRedactError, match="remarks"):
        pack_samples(tmp_path / "a.parquet", tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_text("no")
    with pytest.raises(CannotRedactError):
        pack_series(tmp_path / "c.parquet", tmp_path / "b.parquet", scrub)


def test_differences_are_named():
    frame = pd.DataFrame({"a": [1.0], "b": ["x"], "c": pd.Categorical(["k"]), "d": [True]})
    assert differences(frame, frame, {}) == []
    assert differences(frame, frame.assign(b="y", d=False), {}) == ["b", "d"]
    assert differences(frame, frame.assign(b="y"), {"b": lambda _: "y"}) == []
    assert differences(frame, frame.iloc[:0], {}) == ["0 rows of 1"]
    assert differences(frame, frame.set_axis([7]), {}, passed_over=("a",)) == ["the times"]
    assert csv_bytes(["a"], [["x\ny"]]) == b'a\n"x\ny"\n'


def test_series_of_a_live_capture_keep_their_question_and_mode(tmp_path, scrub):
    labels = (
        {"pod": "a"},
        {"pod": "a"},
        {"__name__": "up", "instance": "10.0.0.7:90"},
        {"__name__": "up", "instance": "10.0.0.7:90"},
    )
    table = SampleTable(labels, np.arange(4, dtype="i4"), np.arange(4) * 1_000_000, np.arange(4.0))
    told = {
        "query_ids": ["mine", "other", "up", "up"],
        "units": ["s", None, None, None],
        "modes": ["range", "range", "range", "raw"],
    }
    write_samples(table, tmp_path / "series.parquet", tmp_path / "samples.parquet", **told)
    assert pack_series(tmp_path / "series.parquet", tmp_path / "out.parquet", scrub) == ()
    before, after = read_series(tmp_path / "series.parquet"), read_series(tmp_path / "out.parquet")
    for name in ("series_id", "query_id", "unit", "mode"):
        assert before[name].tolist() == after[name].tolist()
    host = scrub.label("instance", "10.0.0.7:90")
    assert after["labels"].tolist() == [{"pod": "a"}] * 2 + [{"__name__": "up", "instance": host}] * 2
