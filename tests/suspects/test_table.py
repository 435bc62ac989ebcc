"""Any wide table: the time column by name or content, every epoch, and what is refused with a way out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError, NoDataError, SpecError
from analysis.suspects.table import describe, read_frame, read_graph, read_table
from analysis.suspects.wide import rank_wide
from analysis.window import Window

START = pd.Timestamp("2026-11-22T18:00:00Z")
INDEX = pd.date_range(START, periods=80, freq="30s", unit="us")
INCIDENT = ("2026-11-22T18:30:00Z", "2026-11-22T18:39:30Z")
BASELINE = ("2026-11-22T18:00:00Z", "2026-11-22T18:30:00Z")


def body():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(80, 3)), columns=["api|latency|p95", "db|cpu|usage", "plain"])
    frame.iloc[61:, :2] += 40
    return frame


def written(path, times, name="time"):
    frame = body()
    frame.insert(0, name, times)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


TIMES = {
    "iso Z": INDEX.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "iso offset": INDEX.tz_convert("Asia/Seoul").map(lambda t: t.isoformat()),
    "s": INDEX.asi8 // 1_000_000,
    "float s": INDEX.asi8 / 1e6,
    "ms": INDEX.asi8 // 1000,
    "us": INDEX.asi8,
    "ns": INDEX.asi8 * 1000,
}


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
@pytest.mark.parametrize("how", TIMES)
def test_every_form_of_time_is_the_same_time(tmp_path, how, suffix):
    path = written(tmp_path / f"table{suffix}", TIMES[how])
    frame = read_frame(path)
    assert (frame.index == INDEX).all()
    assert (str(frame.index.tz), frame.index.unit) == ("UTC", "us")
    np.testing.assert_allclose(frame.to_numpy(), body().to_numpy())


@pytest.mark.parametrize("name", ["Timestamp", "TS", "when exactly", "_t"])
def test_the_time_column_is_found_by_name_or_content(tmp_path, name):
    assert read_frame(written(tmp_path / "t.csv", TIMES["iso Z"], name)).shape == (80, 3)


def test_an_index_of_times_needs_no_column(tmp_path):
    frame = body().set_axis(INDEX)
    frame.to_parquet(tmp_path / "t.parquet")
    assert (read_frame(tmp_path / "t.parquet").index == INDEX).all()


def test_naive_times_are_refused_and_a_zone_is_the_way_out(tmp_path):
    path = written(tmp_path / "t.csv", INDEX.strftime("%Y-%m-%d %H:%M:%S"))
    with pytest.raises(SpecError, match="times without an offset") as error:
        read_frame(path)
    assert "--timezone UTC" in error.value.next
    assert (read_frame(path, "UTC").index == INDEX).all()
    assert read_frame(path, "Asia/Seoul").index[0] == START - pd.Timedelta("9h")
    with pytest.raises(SpecError, match="no such time zone: Nowhere"):
        read_frame(path, "Nowhere")
    naive = written(tmp_path / "t.parquet", INDEX.tz_localize(None))
    with pytest.raises(SpecError, match="times without an offset"):
        read_frame(naive)
    assert (read_frame(naive, "UTC").index == INDEX).all()


def test_an_hour_that_the_clock_skips_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,a\n2026-03-29 02:30:00,1\n2026-03-29 03:30:00,2\n", encoding="utf-8")
    with pytest.raises(SpecError, match="do not fit the zone"):
        read_frame(path, "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3,4\n", "no column holds times"),
        ("begin,end,a\n2026-11-22T18:00:00Z,2026-11-22T18:01:00Z,1\n", "2 columns hold times: begin, end"),
        ("time,a\n1,2\n2,3\n", "numbers that are no times"),
        ("time,a\n2026-11-22T18:00:00Z,1\n2026-11-22T18:00:30,2\n", "some times have an offset and some have none"),
        ("time,a\n2026-11-22T18:00:00Z,1\nsoon,2\n", "not all are times"),
        ("time,a\n2026-11-22T18:00:00Z,1\n,2\n", "a time is missing"),
    ],
)
def test_what_is_no_time_is_refused(tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=said) as error:
        read_frame(tmp_path / "t.csv")
    assert "t.csv" in error.value.where
    assert error.value.expected
    assert error.value.next


def test_files_that_cannot_be_used(tmp_path):
    with pytest.raises(SpecError, match="no such file"):
        read_frame(tmp_path / "none.csv")
    for name, content, kind in (
        ("empty.csv", b"", NoDataError), ("head.csv", b"time,a\n", NoDataError),
        ("alone.csv", b"time\n2026-11-22T18:00:00Z\n", NoDataError), ("bad.parquet", b"PAR1xx", EvidenceError),
        ("bad.csv", b"\xff\xfe\x00\x01", EvidenceError),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        with pytest.raises(kind) as error:
            read_frame(tmp_path / name)
        assert str(tmp_path) not in str(error.value)


def test_two_columns_of_one_name_are_refused_where_they_are_ranked(tmp_path):
    frame = body()
    frame.columns = ["a", "b", "a"]
    frame.insert(0, "time", TIMES["s"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(SpecError, match="stand more than once: a"):
        rank_wide(read_table(tmp_path / "t.csv", INCIDENT, BASELINE))


@pytest.mark.parametrize("order", [slice(None, None, -1), [*range(79), 78]])
def test_times_out_of_order_or_twice_are_stated_not_repaired(tmp_path, order):
    frame = body().assign(time=TIMES["s"]).iloc[order]
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(SpecError, match="a time stands"):
        rank_wide(read_table(tmp_path / "t.csv", INCIDENT, BASELINE))


@pytest.mark.parametrize("sep", [";", "\t"])
def test_other_separators(tmp_path, sep):
    body().assign(time=TIMES["s"]).to_csv(tmp_path / "t.csv", index=False, sep=sep)
    assert read_frame(tmp_path / "t.csv").shape == (80, 3)


def test_names_are_split_and_the_changed_entities_lead(tmp_path):
    wide = read_table(written(tmp_path / "t.csv", TIMES["s"]), INCIDENT, BASELINE, symptom="api|latency|p95")
    assert (wide.incident, wide.baseline) == (Window(*INCIDENT), Window(*BASELINE))
    assert wide.about["entity"].tolist() == ["api", "db", "plain"]
    assert wide.about["kind"].tolist() == ["latency", "cpu", "other"]
    assert rank_wide(wide).entities["entity"].tolist() == ["db", "plain"]


def test_windows_are_needed_and_checked(tmp_path):
    path = written(tmp_path / "t.csv", TIMES["s"])
    with pytest.raises(SpecError, match="--incident and --baseline missing") as error:
        read_table(path, None, None)
    assert "2026-11-22T18:00:00+00:00 to 2026-11-22T18:39:30+00:00" in error.value.expected
    with pytest.raises(SpecError, match="--baseline missing"):
        read_table(path, INCIDENT, None)
    with pytest.raises(SpecError, match="without an offset") as error:
        read_table(path, ("2026-11-22T18:30:00", INCIDENT[1]), BASELINE)
    assert error.value.where == "--incident START"
    with pytest.raises(SpecError, match="the window is empty"):
        read_table(path, INCIDENT[::-1], BASELINE)


def test_the_graph_is_read_and_its_columns_are_checked(tmp_path):
    (tmp_path / "g.csv").write_text("caller,callee,n\napi,db,3\n", encoding="utf-8")
    assert read_graph(tmp_path / "g.csv").values.tolist() == [["api", "db"]]
    (tmp_path / "g.csv").write_text("from,to\napi,db\n", encoding="utf-8")
    with pytest.raises(SpecError, match="no column 'caller'"):
        read_graph(tmp_path / "g.csv")


def test_kinds_have_other_names_too():
    names = ["a|mem|x", "a|net|x", "a|edge_latency|x", "a|requests|x", "a|error|x", "a|Weird|x", "a|cpu", "|cpu|x"]
    assert describe(names)["kind"].tolist() == [
        "memory", "network", "latency", "load", "errors", "other", "cpu", "cpu",
    ]  # fmt: skip


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_garbage_is_refused_in_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("garbage") / "t.csv"
    path.write_bytes(content)
    try:
        read_frame(path)
    except (SpecError, EvidenceError, NoDataError) as error:
        assert error.what
        assert error.next
