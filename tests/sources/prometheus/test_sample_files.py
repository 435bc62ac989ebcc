"""The two files of the store: bit for bit, with question, unit and mode; older files are read, spoiled ones refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.prometheus import EMPTY
from analysis.sources.prometheus.sample_files import read_rows, read_samples, read_series, write_samples
from analysis.sources.prometheus.samples import STALE, SampleTable, table_of
from tests.conftest import A, B, C, D

T0 = 1_795_370_400_000_000  # us


def table(*series):
    """Rows of (labels, times [s], values)."""
    ids = np.repeat(np.arange(len(series), dtype="i4"), [len(t) for _, t, _ in series])
    times = np.array([T0 + t * 10**6 for _, ts, _ in series for t in ts], "i8")
    values = np.array([v for _, _, vs in series for v in vs], "f8")
    return SampleTable(tuple(labels for labels, _, _ in series), ids, times, values)


@pytest.fixture
def files(tmp_path):
    return tmp_path / "series.parquet", tmp_path / "samples.parquet"


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=40))
def test_every_pattern_of_bits_survives(tmp_path_factory, patterns):
    folder = tmp_path_factory.mktemp("s")
    values = np.array([*patterns, int(STALE), 0x7FF8000000000001, 1 << 63], "u8").view("f8")
    ids = np.zeros(len(values), "i4")
    written = SampleTable(({"__name__": "up"},), ids, np.arange(len(values), dtype="i8") - 3, values)
    write_samples(written, folder / "a", folder / "b")
    again = read_samples(folder / "a", folder / "b")
    assert again.values.view("u8").tolist() == values.view("u8").tolist()
    assert again.times.tolist() == written.times.tolist()


def test_question_unit_and_mode_stand_beside_the_labels(files):
    written = table(({"__name__": "up", "a": "1"}, [1], [1.0]), ({"pod": "x"}, [1, 2], [0.1, 0.2]))
    write_samples(written, *files, query_ids=["up", "ratio"], units=[None, "ratio"], modes=["raw", "range"])
    frame = read_series(files[0])
    assert list(frame.columns) == ["series_id", "query_id", "labels", "unit", "mode"]
    assert frame.to_dict("list") == {
        "series_id": [0, 1], "query_id": ["up", "ratio"], "labels": [{"__name__": "up", "a": "1"}, {"pod": "x"}],
        "unit": [None, "ratio"], "mode": ["raw", "range"],
    }  # fmt: skip
    assert read_rows(*files)[1].labels == written.labels
    assert [s.values.tolist() for s in read_samples(*files).named("ratio", pod="x")] == [[0.1, 0.2]]


def test_what_is_not_said_is_raw_of_unknown_unit_and_answers_for_its_own_name(files):
    write_samples(table(({"__name__": "up"}, [1], [1.0])), *files)
    assert read_series(files[0]).iloc[0, 1:].tolist() == ["up", {"__name__": "up"}, None, "raw"]
    write_samples(EMPTY, *files)
    assert (len(read_series(files[0])), read_samples(*files).labels) == (0, ())


def test_raw_and_grid_of_one_series_are_one_and_raw_holds(files):
    both = table(({"__name__": "up"}, [1, 3], [1.0, 3.0]), ({"__name__": "up"}, [2, 3, 4], [20.0, 30.0, 40.0]))
    for modes in (["raw", "range"], ["range", "raw"]):
        write_samples(both, *files, modes=modes)
        found = read_samples(*files)
        assert found.labels == ({"__name__": "up"},)
        assert ((found.times - T0) // 10**6).tolist() == [1, 2, 3, 4]
        assert found.values.tolist() == [1.0, 20.0, 3.0 if modes[0] == "raw" else 30.0, 40.0]
    assert len(read_rows(*files)[1].labels) == 2


def test_files_of_others_may_be_in_any_order_and_of_any_width(files):
    write_samples(table(({"__name__": "a"}, [1], [1.0]), ({"__name__": "b"}, [1, 2], [2.0, 3.0])), *files)
    body = pa.table({
        "value": pa.array([3, 1, 2], pa.int64()), "series_id": pa.array([1, 0, 1], pa.int64()),
        "time": pa.array([T0 + 2, T0 + 1, T0 + 1]).cast(pa.timestamp("us", tz="Asia/Seoul")),
    })  # fmt: skip
    pq.write_table(body, files[1])
    found = read_samples(*files)
    assert (found.ids.tolist(), found.values.tolist()) == ([0, 1, 1], [1.0, 2.0, 3.0])
    assert (found.ids.dtype, found.values.dtype) == ("int32", "float64")


def test_files_without_mode_and_unit_are_read(files):
    write_samples(table(({"__name__": "a"}, [1], [1.0])), *files)
    pq.write_table(pq.read_table(files[0]).drop_columns(["mode", "unit"]), files[0])
    assert read_series(files[0])[["unit", "mode"]].to_numpy().tolist() == [[None, "raw"]]
    assert len(read_samples(*files).times) == 1


@pytest.mark.parametrize("folder", [A, B, C, D])
def test_the_bundled_files_are_read_as_they_always_were(folder):
    raw = folder / "raw"
    found = read_samples(raw / "series.parquet", raw / "samples.parquet")
    head, body = pq.read_table(raw / "series.parquet"), pq.read_table(raw / "samples.parquet")
    assert [sorted(labels.items()) for labels in found.labels] == [sorted(r) for r in head["labels"].to_pylist()]
    assert found.ids.tolist() == body["series_id"].to_pylist()
    assert (found.values.view("u8") == body["value"].to_numpy().view("u8")).all()
    assert (found.times == body["time"].cast(pa.int64()).to_numpy()).all()


@pytest.mark.parametrize(("column", "content", "says"), [
    ("series_id", pa.array([1], pa.int32()), "not numbered"),
    ("mode", pa.array(["sometimes"]), "neither raw nor range"),
    ("labels", pa.array(["text"]), "no labels"),
    ("labels", pa.array([None], pa.map_(pa.string(), pa.string())), "no labels"),
    ("query_id", pa.array([None], pa.string()), "no query"),
])  # fmt: skip
def test_a_spoiled_file_of_series_is_refused(files, column, content, says):
    write_samples(table(({"__name__": "a"}, [1], [1.0])), *files)
    head = pq.read_table(files[0])
    pq.write_table(head.set_column(head.column_names.index(column), column, content), files[0])
    with pytest.raises(EvidenceError, match=says) as caught:
        read_samples(*files)
    assert caught.value.where == "series.parquet"


@pytest.mark.parametrize(("column", "content", "says"), [
    ("series_id", pa.array([None], pa.int32()), "empty cells in series_id"),
    ("series_id", pa.array([7], pa.int32()), "a series that is not there"),
    ("series_id", pa.array(["a"]), "series_id is string"),
    ("time", pa.array([None], pa.timestamp("us", tz="UTC")), "empty cells in time"),
    ("time", pa.array([5], pa.timestamp("us")), "sample times are"),
    ("value", pa.array(["a"]), "value is string"),
])  # fmt: skip
def test_a_spoiled_file_of_samples_is_refused(files, column, content, says):
    write_samples(table(({"__name__": "a"}, [1], [1.0])), *files)
    body = pq.read_table(files[1])
    pq.write_table(body.set_column(body.column_names.index(column), column, content), files[1])
    with pytest.raises(EvidenceError, match=says) as caught:
        read_samples(*files)
    assert caught.value.where == "samples.parquet"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=40))
def test_what_is_written_of_a_table_is_the_table(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("s")
    labels = [{"__name__": "m", "i": str(i)} for i in range(5)]
    ids, times = np.array([r[0] for r in rows], "i4"), np.array([r[1] for r in rows], "i8")
    made = table_of(labels, ids, times, np.arange(len(rows), dtype="f8"))
    write_samples(made, folder / "a", folder / "b")
    again = read_samples(folder / "a", folder / "b")
    assert again.labels == made.labels
    assert (again.ids == made.ids).all()
    assert (again.times == made.times).all()
    assert (again.values == made.values).all()
