"""Snapshots of counters: increments, a reset, a window."""

import pandas as pd
import pytest

from analysis.db.document import Asked
from analysis.db.snapshots import snapshots_document
from analysis.errors import NoDataError
from analysis.sources.postgres import read_statements
from tests.conftest import C


def snapshots(tmp_path, rows):
    lines = ["ts,userid,dbid,toplevel,queryid,query,calls,total_exec_time,rows"]
    lines += [
        f"2026-11-22T18:00:{s:02d}Z,1,1,{top},{q},SELECT a{q} + 7,{calls},{ms},{calls * 2}"
        for s, q, top, calls, ms in rows
    ]
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines))
    return read_statements(path)[0]


def test_increments_a_reset_and_what_is_nested(tmp_path):
    table = snapshots(tmp_path, [(0, 1, "t", 10, 100.0), (10, 1, "t", 30, 400.0), (20, 1, "t", 5, 50.0),
                                 (0, 2, "f", 1, 1.0), (10, 2, "f", 900, 900.0), (20, 2, "f", 900, 900.0),
                                 (20, 3, "t", 4, 8.0)])  # fmt: skip
    found = snapshots_document(table, {})
    assert [(f["text"], f["calls"], f["total_seconds"]) for f in found["fingerprints"]] == [
        ("select a1 + ?", 25, 0.35), ("select a3 + ?", 4, 0.008)
    ]  # fmt: skip
    assert (found["statements"]["n"], found["statements"]["rows_sent"]) == (29, 58)
    assert found["fingerprints"][0]["max_seconds"] is None


def test_a_window_takes_whole_steps(tmp_path):
    table = snapshots(tmp_path, [(s, 1, "t", s, float(s)) for s in (0, 10, 20, 30)])
    start = int(pd.Timestamp("2026-11-22T18:00:05Z").as_unit("us").asm8.astype("i8"))
    assert snapshots_document(table, {}, Asked(start_us=start))["statements"]["n"] == 20
    with pytest.raises(NoDataError, match="there are 1 snapshots"):
        snapshots_document(table, {}, Asked(start_us=start + 20_000_000))


def test_a_bundled_recording():
    found = snapshots_document(read_statements(C / "raw" / "db" / "pg_stat_statements.parquet")[0], {})
    assert found["statements"]["n"] == sum(f["calls"] for f in found["fingerprints"]) > 1000
    assert found["statements"]["total_seconds"] > 0
