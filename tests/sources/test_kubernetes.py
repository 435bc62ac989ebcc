"""Kubernetes events, deployments, and rollouts from events."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError
from analysis.sources.kubernetes import (
    DEPLOYMENT_COLUMNS,
    EVENT_COLUMNS,
    read_deployments,
    read_events,
    rollouts_from_events,
)

CORPUS = Path(os.environ.get("POSTMORTEM_CORPUS", Path(__file__).parents[3] / "shared" / "data"))
FOLDER = CORPUS / "lab" / "A-sidecar-throttle"
START = pd.Timestamp("2026-11-22T18:00:00Z")


@pytest.fixture
def recording():
    if not FOLDER.is_dir():
        pytest.skip("the recording A-sidecar-throttle is not here: set POSTMORTEM_CORPUS to the folder that holds lab/")
    return FOLDER


def core(seconds=0, message="m", kind="Pod", name="api-0", **more):
    stamp = (START + pd.Timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return {
        "kind": "Event", "involvedObject": {"kind": kind, "namespace": "shop", "name": name}, "reason": "Unhealthy",
        "message": message, "type": "Warning", "firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1,
        "eventTime": None, "metadata": {"namespace": "shop"}, **more,
    }  # fmt: skip


def scaled(seconds, message, deployment="api"):
    return core(seconds, message, "Deployment", deployment, reason="ScalingReplicaSet")


def read(folder, text, reader=read_events):
    path = folder / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reader(path)


def events(folder, *items):
    return read(folder, json.dumps({"kind": "List", "items": items}))


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def test_the_recorded_events(recording):
    frame, report = read_events(recording / "events.json")
    assert (len(frame), report.unrecognised, report.truncated) == (263, 0, False)
    assert dtypes(frame) == EVENT_COLUMNS
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert frame.index.is_monotonic_increasing
    folded = frame[frame["count"] == 19].iloc[0]  # spans from start-up to the incident
    assert (folded["end"] - folded.name).total_seconds() == 565


def test_rollouts_of_the_events_are_the_recorded_deployments(recording):
    listed, report = read_deployments(recording / "deployments.csv")
    assert (len(listed), report.unrecognised) == (3, 0)
    found = rollouts_from_events(read_events(recording / "events.json")[0])
    columns = ["finished_at", "namespace", "deployment", "replicas"]
    pd.testing.assert_frame_equal(found[columns], listed[columns])


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


def rollouts(folder, *items):
    return rollouts_from_events(events(folder, *items)[0])


@pytest.mark.parametrize("message", ["to 1", "to 1 from 0", "from 0 to 1"])
def test_a_stuck_rollout_is_one_in_every_wording(tmp_path, message):
    found = rollouts(tmp_path, scaled(0, f"Scaled up replica set api-new {message}"))
    assert found["replicas"].tolist() == [1.0]
    assert dtypes(found) == DEPLOYMENT_COLUMNS


def test_an_autoscaler_is_no_rollout(tmp_path):
    grown = scaled(600, "Scaled up replica set api-old to 9")
    assert rollouts(tmp_path, core(0, kind="ReplicaSet", name="api-old"), grown).empty
    assert rollouts(tmp_path, core(0, name="api-old-x2k8p"), grown).empty
    assert rollouts(tmp_path, scaled(600, "Scaled up replica set api-old to 9 from 5")).empty
    assert rollouts(tmp_path, scaled(600, "Scaled down replica set api-old to 2 from 5")).empty


def test_a_rollback_is_a_rollout_again(tmp_path):
    found = rollouts(
        tmp_path,
        scaled(0, "Scaled up replica set api-b to 2"),
        scaled(20, "Scaled down replica set api-a to 0"),
        scaled(300, "Scaled up replica set api-a to 2"),
        scaled(330, "Scaled down replica set api-b to 0"),
    )
    assert [(t - START).total_seconds() for t in found.index] == [0, 300]
    assert [(t - START).total_seconds() for t in found["finished_at"]] == [20, 330]


def test_deployments_and_pauses_are_kept_apart(tmp_path):
    steps = [(0, "x"), (60, "x"), (121, "y")]
    items = [scaled(s, f"Scaled up replica set {d}-{rs} to 1", d) for d in ("api", "web") for s, rs in steps]
    found = rollouts(tmp_path, *items)
    assert found["deployment"].tolist() == ["api", "web", "api", "web"]
    assert [(e - t).total_seconds() for t, e in zip(found.index, found["finished_at"], strict=True)] == [60, 60, 0, 0]


def test_no_events_give_no_rollouts(tmp_path):
    found = rollouts(tmp_path)
    assert found.empty
    assert dtypes(found) == DEPLOYMENT_COLUMNS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("2026-11-22T18:00:00Z"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["items", "object", "involvedObject", "reason", "firstTimestamp", "count", "series", "message"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


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
            if reader is read_events:
                assert dtypes(rollouts_from_events(frame)) == DEPLOYMENT_COLUMNS


def test_the_frame_of_rollouts_is_that_of_deployments(tmp_path):
    listed, _ = read(tmp_path, "started_at,namespace,deployment\n2026-11-22T18:00:00Z,shop,api\n", read_deployments)
    found = rollouts(tmp_path, scaled(0, "Scaled up replica set api-b to 2"))
    assert list(listed.columns) == list(found.columns)
    assert listed.index.name == found.index.name
    assert str(listed.index.dtype) == str(found.index.dtype) == "datetime64[us, UTC]"
