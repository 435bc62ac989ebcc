"""Rollouts that events show."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.sources.kubernetes import DEPLOYMENT_COLUMNS, read_deployments, read_events
from analysis.sources.rollouts import rollouts_from_events
from tests.sources.kubectl import JSON, START, core, dtypes, events, read, scaled


def test_rollouts_of_the_events_are_the_recorded_deployments(recording):
    listed, report = read_deployments(recording / "deployments.csv")
    assert (len(listed), report.unrecognised) == (3, 0)
    found = rollouts_from_events(read_events(recording / "events.json")[0])
    columns = ["finished_at", "namespace", "deployment", "replicas"]
    pd.testing.assert_frame_equal(found[columns], listed[columns])


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


def test_the_frame_of_rollouts_is_that_of_deployments(tmp_path):
    listed, _ = read(tmp_path, "started_at,namespace,deployment\n2026-11-22T18:00:00Z,shop,api\n", read_deployments)
    found = rollouts(tmp_path, scaled(0, "Scaled up replica set api-b to 2"))
    assert list(listed.columns) == list(found.columns)
    assert listed.index.name == found.index.name
    assert str(listed.index.dtype) == str(found.index.dtype) == "datetime64[us, UTC]"


@given(st.one_of(st.binary(max_size=80), JSON.map(lambda v: json.dumps(v).encode())), st.binary(max_size=10))
@settings(max_examples=80, deadline=None)
def test_whatever_was_read_as_events_gives_the_frame_of_rollouts(tmp_path_factory, data, more):
    path = tmp_path_factory.mktemp("soup") / "file"
    for content in (data, data + b"\n" + more):
        path.write_bytes(content)
        try:
            frame, _ = read_events(path)
        except AnalysisError:
            continue
        assert dtypes(rollouts_from_events(frame)) == DEPLOYMENT_COLUMNS
