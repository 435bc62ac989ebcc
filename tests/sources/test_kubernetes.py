"""Kubernetes events and deployments."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError
from analysis.sources.kubernetes import DEPLOYMENT_COLUMNS, EVENT_COLUMNS, no_events, read_deployments, read_events
from tests.sources.kubectl import JSON, core, dtypes, events, read


def test_the_recorded_events(recording):
    frame, report = read_events(recording / "events.json")
    assert (len(frame), report.unrecognised, report.truncated) == (263, 0, False)
    assert dtypes(frame) == EVENT_COLUMNS
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert frame.index.is_monotonic_increasing
    folded = frame[frame["count"] == 19].iloc[0]  # spans from start-up to the incident
    assert (folded["end"] - folded.name).total_seconds() == 565


def test_a_cut_recording_keeps_the_whole_events(recording, tmp_path):
    data = (recording / "events.json").read_bytes()
    frame, report = read(tmp_path, data[: len(data) // 2])
    assert report.truncated
    assert 100 < len(frame) < 263


def test_both_apis(tmp_path):
    new = {
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "eventTime": "2026-11-22T18:00:01.123456Z",
        "series": {"count": 7, "lastObservedTime": "2026-11-22T18:02:00.000000Z"}, "reason": "BackOff",
        "regarding": {"kind": "Pod", "namespace": "shop", "name": "api-1"}, "note": "back off", "type": "Warning",
        "deprecatedFirstTimestamp": None, "deprecatedCount": None,
    }  # fmt: skip
    old = core(5, count=3, lastTimestamp="2026-11-22T18:01:00Z")
    frame, report = events(tmp_path, old, new)
    assert report.recognised == 2
    assert frame["name"].tolist() == ["api-1", "api-0"]
    assert frame["count"].tolist() == [7, 3]
    assert frame["message"].tolist() == ["back off", "m"]
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:00:01.123456Z")
    assert frame["end"].tolist() == [pd.Timestamp("2026-11-22T18:02:00Z"), pd.Timestamp("2026-11-22T18:01:00Z")]


@pytest.mark.parametrize(
    "write",
    [
        lambda items: "\n".join(json.dumps(i) for i in items),
        lambda items: "\n".join(json.dumps({"type": "ADDED", "object": i}) for i in items),
        lambda items: "\n".join(json.dumps(i, indent=4) for i in items),
        lambda items: json.dumps(items),
        lambda items: json.dumps({"kind": "EventList", "items": items}, indent=1),
    ],
    ids=["lines", "watch", "objects", "array", "list"],
)
def test_every_shape_that_kubectl_writes(tmp_path, write):
    frame, report = read(tmp_path, write([core(1), core(2)]))
    assert (len(frame), report.unrecognised, report.truncated) == (2, 0, False)
    assert len(read(tmp_path, json.dumps(core()))[0]) == 1


def test_items_that_are_no_events_are_counted(tmp_path):
    naive = core(firstTimestamp="2026-11-22T18:00:00", lastTimestamp=None)
    zero = core(firstTimestamp="0001-01-01T00:00:00Z", lastTimestamp=None)
    frame, report = events(tmp_path, core(), naive, zero, {}, 3, None, core(reason=""), core(involvedObject=[]))
    assert (len(frame), report.unrecognised) == (1, 7)
    assert "without an offset" in report.notes[0]
    _, report = read(tmp_path, json.dumps(core()) + "\n{broken\n")
    assert report.samples == ("line 2: {broken",)


def test_what_is_no_json_is_an_error_and_what_is_empty_is_not(tmp_path):
    with pytest.raises(EvidenceError, match="no JSON objects") as caught:
        read(tmp_path, "LAST SEEN   TYPE   REASON")
    assert caught.value.where == "file"
    for text in ("", '{"kind":"List","items":[]}'):
        frame, report = read(tmp_path, text)
        assert frame.empty
        assert dtypes(frame) == EVENT_COLUMNS
        assert str(frame.index.dtype) == "datetime64[us, UTC]"
        assert report.notes


def test_hostile_events_do_not_stop_the_reading(tmp_path):
    hostile = core(message="<script>\x00\x1b[0m" + "x" * 10_000_000, count=10**30, series={"count": -5})
    frame, _ = events(tmp_path, hostile, core())
    assert len(frame) == 2
    assert frame["count"].tolist() == [1, 1]
    with pytest.raises(EvidenceError):
        read(tmp_path, "[" * 1_000_000)


def test_deployments_with_only_what_is_required(tmp_path):
    text = "namespace,deployment,started_at\nshop,api,2026-11-23T03:04:32+09:00\n"
    frame, _ = read(tmp_path, text, read_deployments)
    assert dtypes(frame) == DEPLOYMENT_COLUMNS
    assert frame.index[0] == pd.Timestamp("2026-11-22T18:04:32Z")
    row = frame.iloc[0]
    assert pd.isna(row["finished_at"])
    assert pd.isna(row["replicas"])
    assert (row["user"], row["status"]) == ("", "")


def test_deployments_name_missing_columns_and_count_bad_rows(tmp_path):
    with pytest.raises(EvidenceError, match="started_at") as caught:
        read(tmp_path, "time,namespace,deployment\n", read_deployments)
    assert "found: time, namespace, deployment" in str(caught.value)
    rows = [
        "started_at,finished_at,namespace,deployment,replicas",
        "2026-11-22T18:04:32Z,2026-11-22T18:06:10Z,shop,api,14",
        "2026-11-22T18:04:32,,shop,api,",
        "2026-11-22T18:04:32Z,2026-11-22T18:00:00Z,shop,api,",
        "2026-11-22T18:04:32Z,,shop,,",
        "2026-11-22T18:04:32Z,,shop,api,many",
        '2026-11-22T18:04:32Z,,"sh',
    ]
    frame, report = read(tmp_path, "\n".join(rows), read_deployments)
    assert frame["replicas"].tolist() == [14.0]
    assert (report.unrecognised, report.truncated) == (5, True)
    assert "without an offset" in report.notes[0]
    frame, report = read(tmp_path, "", read_deployments)
    assert frame.empty
    assert report.notes


@given(st.one_of(st.binary(max_size=80), JSON.map(lambda v: json.dumps(v).encode())), st.binary(max_size=10))
@settings(max_examples=80, deadline=None)
def test_byte_soup_never_raises_anything_else(tmp_path_factory, data, more):
    path = tmp_path_factory.mktemp("soup") / "file"
    for content in (data, data + b"\n" + more, b"started_at,namespace,deployment\n" + data):
        path.write_bytes(content)
        for reader in (read_events, read_deployments):
            try:
                frame, report = reader(path)
            except AnalysisError:
                continue
            assert len(frame) == report.recognised
            assert report.records == report.recognised + report.unrecognised


def test_no_events_are_those_of_an_empty_file(tmp_path):
    assert dtypes(no_events()) == EVENT_COLUMNS
    pd.testing.assert_frame_equal(no_events(), read(tmp_path, "")[0])
