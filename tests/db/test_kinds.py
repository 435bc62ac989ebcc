"""What a file is, by its content."""

import contextlib
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.db.kinds import LOG, kind_of, one_kind
from analysis.errors import AnalysisError, EvidenceError, NoDataError, SpecError
from tests.db import servers

POOL = "2026-11-22T18:00:00Z a - Connection is not available, request timed out after 3001ms.\n"
PI = {"AlignedStartTime": 1.0, "Identifier": "db-A", "MetricList": []}
CONTENTS = {
    "ts,pid,state,wait_event_type,wait_event,query\n": "ash",
    '"sample_ts","pid","wait_event"\n': "ash",
    "ts,userid,dbid,queryid,query,calls,total_exec_time\n": "pgss",
    json.dumps(PI): "pi",
    json.dumps([PI], indent=2): "pi",
    '{"Dimensions": [{"Dimension": "db.sql.statement", "Value": "x", "Status": "AVAILABLE"}]}': "pi",
    POOL: "hikari",
    "INFO started\n" * 500 + POOL: "hikari",
    servers.stderr(servers.story(), "%m [%p] "): LOG,
    servers.csvlog(servers.story()): LOG,
    servers.jsonlog(servers.story()): LOG,
    servers.cnpg(servers.story()): LOG,
    servers.stderr([servers.timed(1, 2, 3, "SELECT 'MetricList' AS \"MetricList\"")], "%m "): LOG,
    "": LOG,
}


@pytest.mark.parametrize(("content", "kind"), CONTENTS.items())
def test_the_content_tells(tmp_path, content, kind):
    (path := tmp_path / "x").write_text(content)
    assert kind_of(path) == kind
    path.write_bytes(gzip.compress(content.encode()))
    assert kind_of(path) == kind


def test_parquet_by_its_columns(tmp_path):
    pq.write_table(pa.table({"ts": ["x"], "queryid": [1], "calls": [2]}), tmp_path / "a.bin")
    assert kind_of(tmp_path / "a.bin") == "pgss"
    pq.write_table(pa.table({"ts": ["x"], "b": [1]}), tmp_path / "b.bin")
    with pytest.raises(EvidenceError, match="no known kind"):
        kind_of(tmp_path / "b.bin")
    (tmp_path / "c.bin").write_bytes(b"PAR1 and no more")
    with pytest.raises(EvidenceError, match="no known kind"):
        kind_of(tmp_path / "c.bin")


def test_a_given_kind_is_believed_and_a_wrong_one_refused(tmp_path):
    (path := tmp_path / "x").write_text("")
    assert [one_kind([path], k) for k in ("csvlog", "pi", "auto", None)] == ["csvlog", "pi", LOG, LOG]
    with pytest.raises(SpecError, match="no such kind"):
        one_kind([path], "oracle")
    with pytest.raises(NoDataError, match="not read yet"):
        one_kind([path], "mysql-slow")


def test_a_slow_log(tmp_path):
    (path := tmp_path / "slow.log").write_text("# User@Host: a[a] @ h []\n# Query_time: 1\nSELECT 1;\n")
    with pytest.raises(NoDataError, match="not read yet"):
        one_kind([path], None)


def test_several_kinds(tmp_path):
    (one := tmp_path / "a").write_text(POOL)
    (other := tmp_path / "b").write_text(json.dumps(PI))
    with pytest.raises(SpecError, match="several kinds") as failed:
        one_kind([one, other], None)
    assert failed.value.where == "a: hikari, b: pi"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_or_are_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    with contextlib.suppress(AnalysisError):
        assert kind_of(path) in ("ash", "pgss", "pi", "hikari", "mysql-slow", LOG)
