"""Rollouts as ReplicaSets of Deployments show them."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.kubernetes import DEPLOYMENT_COLUMNS, read_deployments
from analysis.sources.lines import Tally
from analysis.sources.replica_sets import rollout_rows
from tests.sources.kubectl import START, dtypes, read
from tests.sources.workload_items import REVISION, deployment, replica_set, stamp


def rollouts(folder, *items):
    frame, report = read(folder, json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}), read_deployments)
    assert dtypes(frame) == DEPLOYMENT_COLUMNS
    return frame, report


HOST = "registry.internal:5000/team"


def test_each_replica_set_is_a_rollout(tmp_path):
    frame, report = rollouts(
        tmp_path,
        replica_set(9, 300, f"{HOST}/api:2", "envoy:1", replicas=4), deployment(9, f"{HOST}/api:2", ended=380),
        replica_set(8, 0, f"{HOST}/api:1", "envoy:1"),
    )  # fmt: skip
    assert list(frame.index) == [START, START + pd.Timedelta(seconds=300)]
    assert frame["revision"].tolist() == ["8", "9"]
    assert frame["image"].tolist() == [f"{HOST}/api:1, envoy:1", f"{HOST}/api:2, envoy:1"]
    assert frame["status"].tolist() == ["superseded", "complete: app: 1 -> 2"]
    assert frame["replicas"].tolist() == [4.0, 4.0]
    assert pd.isna(frame["finished_at"].iloc[0])
    assert frame["finished_at"].iloc[1] == START + pd.Timedelta(seconds=380)
    assert (report.recognised, report.unrecognised, report.notes) == (3, 0, ())


def test_the_same_as_a_list_of_one_kind_or_one_after_the_other(tmp_path):
    sets, whole = [replica_set(1, 0, "a:1"), replica_set(2, 60, "a:2")], deployment(2, "a:2")
    for item in (*sets, whole):  # as items of the API
        item.pop("kind")
    text = "\n".join(
        json.dumps({"kind": kind, "apiVersion": "apps/v1", "items": items})
        for kind, items in (("DeploymentList", [whole]), ("ReplicaSetList", sets))
    )
    frame, _ = read(tmp_path, text, read_deployments)
    assert frame["status"].tolist() == ["superseded", "complete: app: 1 -> 2"]
    pretty = "".join(json.dumps(json.loads(line), indent=2) + "\n" for line in text.split("\n"))
    assert read(tmp_path, pretty, read_deployments)[0].equals(frame)
    cut, cut_report = read(tmp_path, text.split("\n")[1][:-30], read_deployments)
    assert (cut["revision"].tolist(), cut_report.truncated) == (["1"], True)


def test_replica_sets_alone(tmp_path):
    frame, _ = rollouts(tmp_path, replica_set(1, 0, "a"), replica_set(2, 60, "a@sha256:0123456789abcdef", replicas=3))
    assert frame["status"].tolist() == ["superseded", "app: latest -> 0123456789ab"]
    assert frame["replicas"].tolist() == [4.0, 3.0]
    assert frame["finished_at"].isna().all()


def test_a_restart_and_another_image_and_another_container(tmp_path):
    frame, _ = rollouts(
        tmp_path, replica_set(1, 0, "x/a:1"), replica_set(2, 60, "x/a:1"), replica_set(10, 120, "y/b:1", "p"),
        replica_set(11, 180),
    )  # fmt: skip
    assert frame["status"].tolist() == [
        "superseded", "superseded: images as before", "superseded: app: a:1 -> b:1, proxy added",
        "app gone, proxy gone",
    ]  # fmt: skip


def test_a_rollback_begins_when_somebody_changed_the_deployment(tmp_path):
    sets = replica_set(4, 0, "a:1", history="1,2", replicas=4), replica_set(3, 600, "a:2")
    fields = [
        {"manager": "kubectl-rollout", "time": stamp(900), "operation": "Update"},
        {"manager": "kube-controller-manager", "time": stamp(999), "subresource": "status"},
        {"manager": "kubectl", "time": stamp(950), "subresource": "scale"},
    ]
    frame, report = rollouts(tmp_path, *sets, deployment(4, "a:1", ended=930, fields=fields))
    assert frame["revision"].tolist() == ["1", "3", "4"]
    assert (frame.index[-1] - START).total_seconds() == 900
    assert frame["status"].tolist() == ["superseded", "superseded", "complete: app: 2 -> 1"]
    assert report.notes == (
        "when 1 rollouts began is not recorded (rollbacks, or without ReplicaSets): shop/api revision 2",
    )


def test_a_rollback_of_which_nobody_knows_when_it_began_is_said(tmp_path):
    frame, report = rollouts(tmp_path, replica_set(3, 0, "a:1", history="1"), replica_set(2, 60, "a:2"), deployment(3))
    assert frame["revision"].tolist() == ["1", "2"]
    assert "shop/api revision 3" in report.notes[0]


def test_deployments_alone(tmp_path):
    frame, report = rollouts(tmp_path, deployment(1, "a:1", name="new"), deployment(7, "a:1", name="old"))
    assert frame[["deployment", "status"]].values.tolist() == [["new", "complete"]]
    assert "shop/old revision 7" in report.notes[0]


def test_a_rollout_that_is_stuck(tmp_path):
    frame, _ = rollouts(
        tmp_path, replica_set(2, 60, "a:2", replicas=4), deployment(2, ended=700, reason="ProgressDeadlineExceeded")
    )
    assert frame["status"].tolist() == ["ProgressDeadlineExceeded"]
    assert frame["finished_at"].isna().all()


def test_a_condition_of_an_earlier_rollout_is_no_end(tmp_path):
    frame, _ = rollouts(tmp_path, replica_set(2, 60, "a:2"), deployment(2, ended=10))
    assert frame["finished_at"].isna().all()


def test_rollouts_of_argo_and_sets_of_nobody(tmp_path):
    argo = replica_set(1, 0, "a", ownerReferences=[{"kind": "Rollout", "name": "canary"}])
    argo["metadata"]["annotations"] = {"rollout.argoproj.io/revision": "5"}
    bare = replica_set(1, 0, "a", name="bare", ownerReferences=[])
    frame, report = rollouts(tmp_path, argo, bare)
    assert frame[["deployment", "revision"]].values.tolist() == [["canary", "5"]]
    assert report.notes == ("1 ReplicaSets belong to no Deployment",)


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}, 7, None, {"kind": "ReplicaSet"},
        {"kind": "ReplicaSet", "metadata": {"name": "a", "namespace": "b", "ownerReferences": [{"kind": "Deployment",
         "name": "c"}]}}, replica_set(1, 0, "a", creationTimestamp="2026-11-22T18:00:00"),
        {**deployment(1), "metadata": {"name": "a", "namespace": "b", "creationTimestamp": "yesterday"}},
    ],
)  # fmt: skip
def test_what_is_neither_is_counted(tmp_path, broken):
    frame, report = rollouts(tmp_path, broken, replica_set(1, 0, "a"))
    assert (len(frame), report.unrecognised, report.recognised) == (1, 1, 1)


def test_an_object_that_is_there_twice_counts_once(tmp_path):
    assert len(rollouts(tmp_path, replica_set(1, 0, "a"), replica_set(1, 0, "a"))[0]) == 1


def test_no_json(tmp_path):
    with pytest.raises(EvidenceError, match="no JSON objects"):
        read(tmp_path, "{ not json", read_deployments)
    assert len(read(tmp_path, '{"kind": "List", "items": []}', read_deployments)[0]) == 0


STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.sampled_from(["ReplicaSet", "Deployment", "2026-11-22T18:00:00Z", REVISION, "1", "1,2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["kind", "metadata", "name", "namespace", "annotations", "ownerReferences", "spec", "template",
                         "containers", "image", "creationTimestamp", "status", "conditions", "managedFields", "time",
                         REVISION, "items", "replicas"]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(STRANGE, max_size=4), st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), STRANGE))
def test_garbage_is_counted_and_never_an_error(items, instead):
    given_ = [*items, {**deployment(1), **instead}, {**replica_set(1, 0, "a"), **instead}]
    tally = Tally("f")
    times, rows, _ = rollout_rows(given_, tally)
    assert len(times) == len(rows)
    assert all(len(row) == len(DEPLOYMENT_COLUMNS) for row in rows)
    assert tally.recognised + tally.unrecognised == len(given_)
