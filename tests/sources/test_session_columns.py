"""Samples of other samplers under our names."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EvidenceError, SpecError
from analysis.sources.postgres import SESSION_COLUMNS, read_sessions
from analysis.sources.session_columns import ALIASES, OUR_NAMES, in_our_names

AT = "2026-11-22 17:43:04.1+00"


def read(tmp_path, header, *rows, **options):
    path = tmp_path / "ash.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return read_sessions(path, **options)


def test_pgsentinel(tmp_path):
    header = (
        "ash_time,datname,pid,usename,application_name,client_addr,backend_start,wait_event_type,wait_event,state,"
        "query,queryid,backend_type,blockers,blockerpid"
    )
    frame, report = read(
        tmp_path,
        header,
        f"{AT},d,7,u,a,10.0.0.1,{AT},Lock,tuple,active,select 1,-7235693764237052108,client backend,1,9",
        f"{AT},d,8,u,a,10.0.0.1,{AT},CPU,CPU,active,select 1,5,client backend,0,",
    )
    assert frame["blocked_by"].tolist() == ["9", ""]
    assert frame["query_id"].tolist() == ["-7235693764237052108", "5"]
    assert frame["wait_type"].tolist() == ["Lock", "CPU"]
    assert report.unrecognised == 0


def test_pg_wait_sampling_has_no_state(tmp_path):
    frame, report = read(
        tmp_path, "pid,ts,event_type,event,queryid", f"7,{AT},IO,WALSync,5", f"8,{AT},Client,ClientRead,0"
    )
    assert frame["state"].tolist() == ["active", "idle"]
    assert any("no state was recorded" in note for note in report.notes)


def test_oracle_in_utc_and_without_an_offset(tmp_path):
    header = "SAMPLE_TIME_UTC,SESSION_ID,SESSION_TYPE,SQL_ID,SESSION_STATE,EVENT,WAIT_CLASS,BLOCKING_SESSION,PROGRAM"
    at = "2026-11-22 17:43:04.100"
    frame, report = read(
        tmp_path,
        header,
        f"{at},7,FOREGROUND,abc,ON CPU,,,,app",
        f"{at},8,FOREGROUND,abd,WAITING,db file sequential read,User I/O,,app",
        f"{at},9,FOREGROUND,abd,WAITING,enq: TX - row lock contention,Application,7,app",
        f"{at},3,BACKGROUND,,WAITING,rdbms ipc message,Idle,,",
    )
    assert frame["wait_type"].tolist() == ["", "IO", "Lock", "Client"]
    assert set(frame["state"]) == {"active"}
    assert frame["blocked_by"].tolist() == ["", "", "7", ""]
    assert frame["backend"].tolist() == ["client backend"] * 3 + ["background process"]
    assert frame.index[0] == pd.Timestamp("2026-11-22T17:43:04.1Z")
    assert any("translated" in note for note in report.notes)
    with pytest.raises(EvidenceError, match="offset"):
        read(tmp_path, header.replace("_UTC", ""), f"{at},7,FOREGROUND,abc,ON CPU,,,,app")


def test_a_mapping_names_what_is_not_known_in_csv_and_parquet(tmp_path):
    header, row = "when,backend,doing,wclass,wname,who", f"{AT},7,active,IO,WALSync,kim"
    mapping = {
        "time": "when",
        "pid": "backend",
        "state": "doing",
        "wait_type": "wclass",
        "wait_event": "wname",
        "user": "who",
    }
    frame, _ = read(tmp_path, header, row, mapping=mapping)
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    pq.write_table(pa.table({name: [cell] for name, cell in cells.items()}), tmp_path / "ash.parquet")
    other, _ = read_sessions(tmp_path / "ash.parquet", mapping)
    pd.testing.assert_frame_equal(frame, other)
    assert frame["user"].tolist() == ["kim"]
    assert list(frame.columns) == list(SESSION_COLUMNS)


def test_a_wrong_mapping_is_a_clear_error(tmp_path):
    with pytest.raises(SpecError, match="no column of ours: pidd"):
        read(tmp_path, "a", "1", mapping={"pidd": "a"})
    with pytest.raises(EvidenceError, match="no column b"):
        read(tmp_path, "a", "1", mapping={"pid": "b"})
    with pytest.raises(EvidenceError, match="columns are missing"):
        read(tmp_path, "a", "1")


def test_a_mapping_wins_over_a_column_of_the_name():
    table = in_our_names(pa.table({"pid": ["1"], "backend_no": ["7"]}), {"pid": "backend_no"}, "f").table
    assert table.column("pid").to_pylist() == ["7"]


def test_every_name_of_ours_has_its_aliases():
    assert set(OUR_NAMES.values()) == set(ALIASES)


@given(st.lists(st.sampled_from([w for ways in ALIASES.values() for w in ways] + ["x", "PID"]), unique=True))
def test_no_name_comes_twice(names):
    table = in_our_names(pa.table({name: ["1"] for name in names}), None, "f").table
    wanted = [name for name in table.column_names if name in ALIASES]
    assert set(wanted) <= set(ALIASES)
    assert len(table.column_names) == len(set(table.column_names))
