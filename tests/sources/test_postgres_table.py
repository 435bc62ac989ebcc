"""Tables of PostgreSQL's views: columns as text, numbers, times; rows as samples."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.postgres_table import NOT_A_TIME, instants, numbers, open_table, texts, times

WANTED = {"time": ("time", "ts"), "pid": ("pid",)}


def test_parquet_csv_and_compressed_csv_are_read_alike(tmp_path):
    rows = "ts,pid,note\n2026-11-22T18:00:00Z,7,a\n2026-11-22T18:00:01Z,8,\n"
    (tmp_path / "a.csv").write_text(rows)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(rows.encode()))
    found = pa.table({"ts": ["2026-11-22T18:00:00Z", "2026-11-22T18:00:01Z"], "pid": [7, 8], "note": ["a", None]})
    pq.write_table(found, tmp_path / "c.parquet")
    for name in ("a.csv", "b.csv.gz", "c.parquet"):
        table, cut = open_table(tmp_path / name, WANTED)
        assert not cut
        assert texts(table, "pid").tolist() == ["7", "8"]
        assert texts(table, "note").tolist() == ["a", ""]
        assert np.diff(times(table, "time")[0]).tolist() == [1_000_000]


def test_a_cut_stream_keeps_the_whole_rows(tmp_path):
    rows = "ts,pid\n" + "".join(f"2026-11-22T18:{i // 60:02d}:{i % 60:02d}Z,{i + 1}\n" for i in range(3000))
    data = gzip.compress(rows.encode())
    (tmp_path / "a.csv.gz").write_bytes(data[: len(data) // 2])
    table, cut = open_table(tmp_path / "a.csv.gz", WANTED)
    assert cut
    assert 0 < len(table) < 3000
    assert texts(table, "pid").tolist() == [str(i + 1) for i in range(len(table))]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"when,pid\n1,2\n", "columns are missing: time"),
        ("a.csv", b"ts,pid,pid\n1,2,3\n", "a column comes twice"),
        ("a.csv", b"", "columns are missing"),
        ("a.parquet", b"PAR1 and then nothing", "not readable as Parquet"),
        ("a.parquet", b"<html>404</html>", "not readable as Parquet"),
        ("a.parquet", b"", "not readable as Parquet"),
        ("a.csv.zip", b"PK\x03\x04....", "compressed as zip"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EvidenceError, match=says) as error:
        open_table(tmp_path / name, WANTED)
    assert error.value.expected
    assert str(tmp_path) not in str(error.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be read"):
        open_table(tmp_path / "none", WANTED)


def test_ids_keep_their_digits_and_broken_ones_are_unknown():
    exact = pa.table({"id": pa.array([-7235693764237052108, None, 5], pa.int64())})
    assert texts(exact, "id").tolist() == ["-7235693764237052108", "", "5"]
    assert texts(pa.table({"id": [3308.0, None, -7.235693764237052e18]}), "id").tolist() == ["3308", "", ""]
    assert texts(pa.table({"id": [[1, 2], None]}), "id").tolist() == ["1 2", ""]
    assert texts(pa.table({"id": pa.array(["a", None, "a"]).dictionary_encode()}), "id").tolist() == ["a", "", "a"]
    assert texts(exact, "other").tolist() == ["", "", ""]


def test_numbers_and_times_that_are_none_are_unknown():
    table = pa.table({"n": ["1.5", "", "x"], "t": ["2026-11-22 18:00:00.5+09", "2026-11-22 18:00:00", "soon"]})
    assert np.isnan(numbers(table, "n")).tolist() == [False, True, True]
    found, naive = times(table, "t")
    assert naive == 1
    assert (found == NOT_A_TIME).tolist() == [False, True, True]
    stamps = pa.array([1_795_370_670_000_000, None], pa.timestamp("us"))
    assert times(pa.table({"t": stamps}), "t")[1] == 1  # a timestamp without a zone is not used
    assert times(pa.table({"t": stamps.cast(pa.timestamp("ns", tz="UTC"))}), "t")[0][0] == 1_795_370_670_000_000
    assert (times(table, "other")[0] == NOT_A_TIME).all()


@given(
    st.lists(st.floats(-0.25, 0.25), min_size=3, max_size=20),
    st.integers(1, 12),
    st.floats(0, 0.2),
    st.integers(0, 999_999),
)
def test_rows_of_one_sample_share_its_instant_though_they_straddle_a_second(late, sessions, spread, phase):
    """Samples a second apart, late or early by up to a quarter, each read over up to a fifth of a second."""
    first = phase + np.round((np.arange(len(late)) + np.array(late)) * 1e6).astype("i8")
    within = np.round(np.linspace(0, spread * 1e6, sessions)).astype("i8")
    us = (first[:, None] + within).ravel()
    keys = np.tile(np.arange(sessions), len(late)).tolist()
    assert instants(us, keys).tolist() == np.repeat(first, sessions).tolist()


def test_without_a_key_that_comes_again_rows_that_lie_close_are_one_sample():
    us = np.array([0, 50_000, 5_000_000, 5_050_000])
    assert instants(us, [1, 2, 3, 4]).tolist() == [0, 0, 5_000_000, 5_000_000]
    assert instants(np.zeros(0, "i8"), []).tolist() == []


def test_a_key_may_come_twice_in_a_snapshot_where_it_is_not_unique():
    us = np.array([0, 100, 200, 15_000_000, 15_000_100, 15_000_200])
    keys = ["a", "a", "b", "a", "a", "b"]
    assert len(set(instants(us, keys, once=False).tolist())) == 2
    assert len(set(instants(us, keys).tolist())) == 4
