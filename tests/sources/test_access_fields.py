"""What fields mean: what is known, what a mapping says, and what is refused."""

import json

import pandas as pd
import pytest

from analysis.errors import EvidenceError, SpecError
from analysis.sources.access_fields import known_plan, pick
from tests.sources.access_logs import START, one, read


def test_a_mapping_for_any_json(tmp_path):
    line = {"ts": 1795370670123, "http": {"took": 250000, "code": 200}, "bad": "true", "where": "/a", "k8s.pod": "p-0"}
    mapping = {
        "time": "ts", "time_is": "start", "duration": "http.took", "duration_unit": "us", "status": "http.code",
        "failed": "bad", "route": "where", "pod": "k8s.pod",
    }  # fmt: skip
    frame, _ = read(tmp_path, json.dumps(line), "jsonl", mapping)
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30.373Z")
    assert tuple(row)[:5] == (0.25, True, "200", "/a", "p-0")


def test_a_mapping_adds_to_what_is_known(tmp_path):
    line = {"start_time": START, "duration": 250, "response_code": 200, "worker": "w-1"}
    row = one(read(tmp_path, json.dumps(line), "jsonl", {"pod": "worker"})[0])
    assert (row.pod, row.duration_seconds) == ("w-1", 0.25)


def test_what_a_request_did_in_the_database_by_mapping_and_by_our_own_names(tmp_path):
    mapping = {
        "time": "at", "duration": "took_ms", "status": "code", "statements": "calls", "rows": "read",
        "database": "db_ms", "pool_wait": "wait_us", "request_id": "id",
    }  # fmt: skip
    lines = [
        "at,took_ms,code,calls,read,db_ms,wait_us,id",
        f"{START},250,200,7,900,120,1500,a-1",
        f"{START},1,200,x,,-1,,-",
    ]
    frame, report = read(tmp_path, lines, "csv", mapping)
    names = ["statements", "rows", "database_seconds", "pool_wait_seconds"]
    assert frame[names].iloc[0].tolist() == [7.0, 900.0, 0.12, 0.0015]
    assert frame[names].iloc[1].isna().all()
    assert frame["request_id"].tolist() == ["a-1", ""]
    assert report.unrecognised == 0
    own = {"end": START, "status": 200, "statements": 3, "database_seconds": 0.5}
    row = one(read(tmp_path, json.dumps(own), "jsonl")[0])
    assert (row.statements, row.database_seconds) == (3.0, 0.5)


def test_a_time_in_the_database_without_a_unit_is_refused(tmp_path):
    with pytest.raises(SpecError) as told:
        read(tmp_path, "at,db,code", "csv", {"time": "at", "database": "db", "status": "code"})
    assert "the unit of 'db' is not evident" in str(told.value.problems)


@pytest.mark.parametrize(("name", "value"), [("took_seconds", "0.25"), ("took_ms", "250"), ("took_us", "250000")])
def test_the_unit_is_seen_from_the_name(tmp_path, name, value):
    mapping = {"time": "at", "duration": name, "status": "code"}
    frame, _ = read(tmp_path, [f"at,{name},code", f"{START},{value},200"], "csv", mapping)
    assert one(frame).duration_seconds == 0.25


@pytest.mark.parametrize(
    ("mapping", "kind", "said"),
    [
        ({"time": "t", "duration": "took", "status": "s"}, "jsonl", "unit of 'took' is not evident"),
        ({"tiem": "t"}, "jsonl", "unknown key 'tiem'"),
        ({"time_is": "middle"}, "csv", "write start or end"),
        ({"duration_unit": "h"}, "csv", "write s, ms or us"),
        ({"time": "t"}, "envoy", "fixed format"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path, mapping, kind, said):
    with pytest.raises(SpecError, match=said):
        read(tmp_path, "{}", kind, mapping)


def test_fields_that_are_not_understood_are_named_with_what_to_write(tmp_path):
    for kind, text in (("jsonl", '{"ts":1,"took":2}'), ("csv", "ts,took\n1,2")):
        with pytest.raises(SpecError) as caught:
            read(tmp_path, text, kind)
        assert "'ts', 'took'" in str(caught.value)
        assert "sources.requests.mapping" in str(caught.value)
    with pytest.raises(SpecError, match="status: code"):
        read(tmp_path, "at\n1795370670", "csv", {"time": "at", "status": "code"})
    with pytest.raises(SpecError, match="unknown kind"):
        read(tmp_path, "", "apache")
    with pytest.raises(EvidenceError, match="no JSON objects"):
        read(tmp_path, "plain text", "jsonl")


def test_a_name_with_dots_is_a_field_before_it_is_a_path():
    assert pick({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert pick({"a": {"b": 2}}, "a.b") == 2
    assert pick({"a": [1]}, "a.b") is None


@pytest.mark.parametrize(
    ("names", "time", "starts"),
    [
        (("start_time", "response_code"), "start_time", True),
        (("time_local", "msec", "status"), "msec", False),
        (("end", "failed"), "end", False),
        (("start", "status"), "start", True),
    ],
)
def test_fields_that_are_known(names, time, starts):
    plan = known_plan(dict.fromkeys(names, ""))
    assert (plan.time, plan.starts) == (time, starts)
    assert known_plan(dict.fromkeys(names[:-1], "")) is None
