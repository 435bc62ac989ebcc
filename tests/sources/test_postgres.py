"""Samples of pg_stat_activity and snapshots of pg_stat_statements."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.postgres import (
    SESSION_COLUMNS,
    STATEMENT_COLUMNS,
    no_sessions,
    no_statements,
    read_sessions,
    read_statements,
)
from tests.conftest import A, B, C, D

ACTIVITY, STATEMENTS = "raw/db/pg_stat_activity.parquet", "raw/db/pg_stat_statements.parquet"
HEADER = "ts,pid,state,wait_event_type,wait_event,blocked_by,query"


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def sessions(tmp_path, *rows, header=HEADER):
    path = tmp_path / "ash.csv"
    path.write_text("\n".join([header, *rows]))
    return read_sessions(path)


@pytest.mark.parametrize(
    ("folder", "rows", "samples"), [(A, 8394, 846), (B, 3051, 306), (C, 4162, 306), (D, 2059, 206)]
)
def test_the_recorded_samples(folder, rows, samples):
    frame, report = read_sessions(folder / ACTIVITY)
    assert (len(frame), frame.index.nunique(), report.unrecognised, report.truncated) == (rows, samples, 0, False)
    assert dtypes(frame) == SESSION_COLUMNS
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert frame.index.is_monotonic_increasing
    assert not frame.reset_index().duplicated(["time", "pid"]).any()
    apart = np.diff(frame.index.unique().asi8) / 1e6
    assert abs(float(np.median(apart)) - 1) < 0.01
    assert apart.min() > 0.5


def test_who_blocks_whom_is_read_as_process_ids():
    frame, _ = read_sessions(C / ACTIVITY)
    waiting = frame[frame["wait_type"] == "Lock"]
    assert set(waiting["blocked_by"]) == {"", "3308", "3619"}
    assert (waiting["blocked_by"] == "").sum() == 4


@pytest.mark.parametrize(("folder", "rows", "snapshots"), [(A, 3134, 57), (B, 1154, 21), (C, 1194, 21), (D, 769, 14)])
def test_the_recorded_snapshots(folder, rows, snapshots):
    frame, report = read_statements(folder / STATEMENTS)
    assert (len(frame), frame.index.nunique(), report.unrecognised) == (rows, snapshots, 0)
    assert dtypes(frame) == {name: str(np.dtype(t)) if t != "str" else "str" for name, t in STATEMENT_COLUMNS.items()}
    assert frame["query_id"].str.fullmatch(r"-?\d+").all()


def test_parquet_and_compressed_csv_of_one_recording_agree(corpus):
    folder = corpus / "db" / "recorded"
    one, two = (read_sessions(folder / name)[0] for name in ("ash.parquet", "ash.csv.zst"))
    pd.testing.assert_frame_equal(one, two)
    assert set(one["backend"]) >= {"client backend", "walwriter", "autovacuum launcher"}
    assert one.index.nunique() == 641
    assert one["query_id"].str.len().max() == 20


def test_rows_without_what_is_needed_are_counted_and_their_text_is_not_shown(tmp_path):
    good = "2026-11-22T18:00:00Z,7,active,,,,select 1"
    bad = [",7,active,,,,secret", "2026-11-22T18:00:00Z,,active,,,,secret", "2026-11-22T18:00:00,7,active,,,,secret"]
    frame, report = sessions(tmp_path, good, *bad)
    assert (len(frame), report.unrecognised, report.recognised) == (1, 3, 1)
    assert "secret" not in str(report)
    assert any("without an offset" in note for note in report.notes)


@pytest.mark.parametrize("written", ["{12,34}", "12 34", "[12, 34]", "12.0,34.0", "0 12 34"])
def test_blockers_in_any_way_to_write_a_list(tmp_path, written):
    frame, _ = sessions(tmp_path, f'2026-11-22T18:00:00Z,7,active,Lock,tuple,"{written}",q')
    assert frame["blocked_by"].tolist() == ["12 34"]


def test_what_a_reader_must_know_is_noted(tmp_path):
    row = "2026-11-22T18:00:00Z,7,,,,,"
    _, report = sessions(tmp_path, row)
    assert any("show no state" in note for note in report.notes)
    assert any("no idle session" in note for note in report.notes)
    header = "ts,pid,state,wait_event_type,wait_event"
    _, report = sessions(tmp_path, "2026-11-22T18:00:00Z,7,idle,,", header=header)
    assert any("blocked_by" in note for note in report.notes)
    assert not any("no idle" in note for note in report.notes)


def test_wrong_columns_say_what_is_expected(tmp_path):
    with pytest.raises(EvidenceError, match="wait_event_type") as error:
        sessions(tmp_path, "1,2,3", header="ts,pid,state")
    assert "wait_event" in error.value.expected
    (tmp_path / "s.csv").write_text("ts,queryid\n1,2\n")
    with pytest.raises(EvidenceError, match="calls"):
        read_statements(tmp_path / "s.csv")


def test_times_without_any_offset_are_refused(tmp_path):
    with pytest.raises(EvidenceError, match="its times have no offset"):
        sessions(tmp_path, *[f"2026-11-22T18:00:0{i},7,active,,,,q" for i in range(3)])
    stamp = pa.array([1_795_370_670_000_000] * 2, pa.timestamp("us"))
    text = {name: ["active"] * 2 for name in ("state", "wait_event_type", "wait_event")}
    pq.write_table(pa.table({"ts": stamp, "pid": [1, 2], **text}), tmp_path / "a.parquet")
    with pytest.raises(EvidenceError, match="its times have no offset"):
        read_sessions(tmp_path / "a.parquet")
    (tmp_path / "s.csv").write_text("ts,queryid,calls,total_exec_time\n2026-11-22T18:00:00,1,1,1\n")
    with pytest.raises(EvidenceError, match="its times have no offset"):
        read_statements(tmp_path / "s.csv")


def test_counters_before_postgresql_thirteen(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("ts,queryid,calls,total_time,toplevel\n2026-11-22T18:00:00Z,-5,3,1500,f\n")
    frame, report = read_statements(path)
    assert frame["execution_seconds"].tolist() == [1.5]
    assert frame["toplevel"].tolist() == [False]
    assert frame["wal_bytes"].isna().all()
    assert any("two snapshots" in note for note in report.notes)


def test_an_empty_table_is_the_frame_without_rows(tmp_path):
    frame, report = sessions(tmp_path)
    pd.testing.assert_frame_equal(frame, no_sessions())
    assert report.notes[0] == "there are no records in the file"
    (tmp_path / "s.csv").write_text("ts,queryid,calls,total_exec_time\n")
    pd.testing.assert_frame_equal(read_statements(tmp_path / "s.csv")[0], no_statements())


def test_an_integer_column_with_nulls_loses_no_digit(tmp_path):
    stamp = pa.array([1_795_370_670_000_000] * 2, pa.timestamp("us", tz="UTC"))
    text = {name: ["active"] * 2 for name in ("state", "wait_event_type", "wait_event")}
    ids = pa.array([-7235693764237052107, None], pa.int64())
    pq.write_table(pa.table({"ts": stamp, "pid": [1, 2], "query_id": ids, **text}), tmp_path / "a.parquet")
    assert read_sessions(tmp_path / "a.parquet")[0]["query_id"].tolist() == ["-7235693764237052107", ""]


cell = st.sampled_from(["", "7", "-1", "x", "1e400", "2026-11-22T18:00:00Z", "nan", "{", "\x00", "active", "Lock"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.lists(cell, min_size=0, max_size=9), max_size=8))
def test_garbage_rows_are_counted_or_refused(tmp_path, rows):
    try:
        frame, report = sessions(tmp_path, *(",".join(row) for row in rows))
    except EvidenceError:
        return
    assert report.recognised + report.unrecognised == report.records
    assert len(frame) == report.recognised


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_garbage_bytes_are_refused_or_empty(tmp_path, data):
    path = tmp_path / "garbage"
    for prefix in (b"", b"PAR1", b"\x1f\x8b", HEADER.encode() + b"\n"):
        path.write_bytes(prefix + data)
        for read in (read_sessions, read_statements):
            try:
                frame, _ = read(path)
            except EvidenceError:
                continue
            assert frame.index.name == "time"
