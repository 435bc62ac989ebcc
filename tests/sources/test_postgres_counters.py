"""Snapshots of pg_stat_database: units, old versions, shared rows, garbage."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.postgres_counters import DATABASE_COLUMNS, no_database_counters, read_database_counters
from tests.conftest import CORPUS, missing

HEAD = "ts,datname,numbackends,xact_commit,blks_hit,active_time,sessions,stats_reset"
ROWS = [
    "2026-11-22T18:00:00+00:00,shop,3,100,900,1500.5,7,",
    "2026-11-22T18:00:00.004+00:00,,,5,10,,,",
    "2026-11-22 20:00:10+02,shop,4,150,990,2500.5,8,2026-11-22T18:00:05Z",
]


def write(tmp_path, *rows, head=HEAD, name="pg_stat_database.csv"):
    path = tmp_path / name
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def test_units_snapshots_and_what_all_databases_share(tmp_path):
    frame, report = read_database_counters(write(tmp_path, *ROWS))
    assert (report.recognised, report.unrecognised) == (3, 0)
    assert frame["database"].tolist() == ["shop", "", "shop"]
    assert frame["active_seconds"].tolist()[::2] == [1.5005, 2.5005]
    assert np.isnan(frame["active_seconds"].iloc[1])
    assert frame.index.nunique() == 2  # rows of one snapshot share its instant
    assert frame["stats_reset"].isna().tolist() == [True, True, False]
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert {n: str(t) for n, t in frame.dtypes.items()} == {n: str(t) for n, t in DATABASE_COLUMNS.items()}
    assert frame["temp_bytes"].isna().all()


def test_parquet_and_compressed_files_read_alike(tmp_path):
    plain = write(tmp_path, *ROWS)
    squeezed = tmp_path / "pg_stat_database.csv.gz"
    squeezed.write_bytes(gzip.compress(plain.read_bytes()))
    table = pd.read_csv(plain)
    table["ts"] = pd.to_datetime(table["ts"], utc=True, format="ISO8601")
    table["stats_reset"] = pd.to_datetime(table["stats_reset"], utc=True)
    table.to_parquet(tmp_path / "pg_stat_database.parquet")
    expected = read_database_counters(plain)[0]
    for path in (squeezed, tmp_path / "pg_stat_database.parquet"):
        pd.testing.assert_frame_equal(read_database_counters(path)[0], expected)


def test_versions_before_14_say_that_no_load_is_told(tmp_path):
    path = write(tmp_path, "2026-11-22T18:00:00Z,shop,1", "2026-11-22T18:00:10Z,shop,2", head="ts,datname,xact_commit")
    frame, report = read_database_counters(path)
    assert frame["active_seconds"].isna().all()
    assert any("before 14" in note for note in report.notes)


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("ts,datname", "2026-11-22T18:00:00Z,shop", "xact_commit"),
        ("ts,datname,xact_commit", "2026-11-22T18:00:00,shop,1", "no offset"),
        ("", "", "columns are missing"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, head, row, expected):
    with pytest.raises(EvidenceError, match=expected):
        read_database_counters(write(tmp_path, row, head=head))


def test_broken_rows_are_counted_and_not_shown(tmp_path):
    rows = [*ROWS, "yesterday,secret,1,1,1,1,1,", "2026-11-22T18:00:20Z,secret,1,none,1,1,1,", "2026-11-22T18:00:30Z,x"]
    frame, report = read_database_counters(write(tmp_path, *rows))
    assert (len(frame), report.recognised, report.unrecognised) == (3, 3, 3)
    assert not any("secret" in sample for sample in report.samples)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.text("0123456789,-:TZ+.ea\"'\n\0é ", max_size=60), max_size=8))
def test_garbage_is_counted(tmp_path, rows):
    path = write(tmp_path, *rows)
    try:
        frame, report = read_database_counters(path)
    except EvidenceError:
        return
    assert len(frame) == report.recognised
    assert report.records == report.recognised + report.unrecognised
    assert (frame.select_dtypes("number").fillna(0) >= 0).all().all()


def test_the_recording_is_read_whole():
    path = CORPUS / "db" / "recorded" / "pg_stat_database.csv"
    if not path.is_file():
        missing(f"the recording ({path})")
    frame, report = read_database_counters(path)
    assert (len(frame), report.unrecognised, report.notes) == (65, 0, ())
    assert frame["sessions"].iloc[0] == 124
    assert frame["active_seconds"].iloc[0] == pytest.approx(46.473672)
    assert no_database_counters().empty
