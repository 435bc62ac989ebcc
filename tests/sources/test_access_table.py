"""Requests as JSON lines and CSV."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.access_table import header, json_record
from analysis.sources.lines import Lines
from tests.sources.access_logs import START, one, read


def test_json_of_istio_and_its_connections(tmp_path):
    line = {
        "start_time": START, "duration": 250, "response_code": 0, "response_flags": "DC", "method": "GET",
        "path": "/a?b=c", "protocol": "HTTP/1.1", "kubernetes": {"pod_name": "pay-0"},
    }  # fmt: skip
    connection = {**line, "method": None, "path": None, "protocol": None}
    frame, report = read(tmp_path, [json.dumps(line), json.dumps(connection)], "jsonl")
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30.5Z")
    assert (row.duration_seconds, row.failed, row.status, row.route, row.pod) == (0.25, True, "0", "/a", "pay-0")
    assert report.notes == ("1 TCP connections left out: they are no requests",)


def test_json_of_envoy_without_method_is_not_taken_for_connections(tmp_path):
    line = {"start_time": START, "duration": "250", "response_code": "200"}
    assert one(read(tmp_path, json.dumps(line), "jsonl")[0]).duration_seconds == 0.25


@pytest.mark.parametrize(
    "time", [{"time_iso8601": "2026-11-22T18:04:30+00:00"}, {"time_local": "22/Nov/2026:18:04:30 +0000"},
             {"msec": "1795370670.000"}]
)  # fmt: skip
def test_json_of_nginx(tmp_path, time):
    line = {**time, "request_time": "0.250", "status": "499", "request_uri": "/a?b"}
    frame, _ = read(tmp_path, json.dumps(line), "jsonl")
    row = one(frame)
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:30Z")
    assert (row.duration_seconds, row.failed, row.route) == (0.25, True, "/a")


def test_canonical_csv(tmp_path):
    rows = ["end;duration_seconds;failed;route;pod", f'{START};0.25;false;"/a;b";p-0', f"{START};;true;/b;", "a;b"]
    frame, report = read(tmp_path, rows, "csv")
    assert frame["route"].tolist() == ["/a;b", "/b"]
    assert frame["failed"].tolist() == [False, True]
    assert frame["status"].tolist() == ["", ""]
    assert report.notes == ("1 requests have no usable duration",)
    assert report.samples == ("line 4: a;b",)


def test_a_start_without_duration_is_noted(tmp_path):
    frame, report = read(tmp_path, ["start,duration_seconds,status", f"{START},,200", f"{START},1,200"], "csv")
    assert frame.index[0] == pd.Timestamp(START)
    assert any("only a start" in note for note in report.notes)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_header_is_the_first_line_that_is_not_blank(separator):
    line = separator.join(["end", ' "status" ', "route"]).encode()
    assert header(Lines([b"", b" ", line], False, False)) == (["end", "status", "route"], separator, 2)


@given(st.binary(max_size=60))
def test_a_line_that_is_no_object_is_an_empty_record(line):
    assert isinstance(json_record(line), dict)
    assert json_record(b"[" + line) == json_record(b"[" * 100_000) == {}
