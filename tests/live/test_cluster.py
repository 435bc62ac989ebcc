"""Kubernetes in a live capture: what the API knows is frozen, what it forgot stays."""

import json
from importlib.util import find_spec

import pytest

from analysis.incident import Incident
from analysis.live.cluster import take_cluster
from analysis.sources import kubernetes_api
from analysis.sources.kubernetes import read_deployments
from analysis.store import Manifest, write_manifest
from tests.conftest import missing
from tests.live import small
from tests.sources.kubernetes_server import Api, certificates, event, kubeconfig, serving
from tests.sources.workload_items import deployment, replica_set


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    if find_spec("kubernetes") is None:
        missing("the package kubernetes")
    monkeypatch.setattr(kubernetes_api, "PAUSE_SECONDS", 0.0)
    tls = certificates(tmp_path)
    with serving(Api(), tls) as api:
        api.lists["/apis/apps/v1/deployments"] = [deployment(2)]
        api.lists["/apis/apps/v1/replicasets"] = [replica_set(1, 0, "a:1"), replica_set(2, 300, "a:2")]
        config = kubeconfig(tmp_path / "config", api.url, folder=tls)
        folder = small.incident(tmp_path / "i", "http://localhost:9")
        with (folder / "incident.yaml").open("a", encoding="utf-8") as stream:
            stream.write(f"  kubernetes: {{kubeconfig: '{config}'}}\n")
        yield api, Incident.load(folder)


def test_events_and_rollouts_are_frozen_and_what_the_api_forgot_stays(cluster):
    api, incident = cluster
    api.lists["/api/v1/events"] = [event(1), event(2)]
    manifest, problems = take_cluster(incident, Manifest(), "2026-11-22T18:30:00Z", print)
    assert problems == ()
    assert [e.kind for e in manifest.entries] == ["kubernetes-events", "kubernetes-deployments"]
    api.lists["/api/v1/events"] = [event(2), event(3)]
    later, _ = take_cluster(incident, manifest, "2026-11-22T19:30:00Z", print)
    rollouts, report = read_deployments(incident.raw / "kubernetes" / "deployments.json")
    assert (rollouts["revision"].tolist(), report.unrecognised) == (["1", "2"], 0)
    newest = later.current("kubernetes-events")[-1]
    items = json.loads((incident.raw / newest.path).read_bytes())["items"]
    assert len(items) == 3
    assert len(later.entries) == 3  # the rollouts did not change
    assert not list((incident.raw / ".capture").iterdir())
    write_manifest(incident.raw, later)


def test_what_is_refused_is_said_and_the_rest_is_frozen(cluster):
    api, incident = cluster
    api.refuse = {"events": (403, {}, api.status(403, "no rights"))}
    manifest, problems = take_cluster(incident, Manifest(), "2026-11-22T18:30:00Z", print)
    assert [e.kind for e in manifest.entries] == ["kubernetes-deployments"]
    assert problems
    assert problems[0].startswith("kubernetes: events")


def test_an_api_that_is_not_there_is_said(cluster):
    _, incident = cluster
    spec = incident.folder / "incident.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("{kubeconfig:", "{context: nowhere, kubeconfig:"))
    manifest, problems = take_cluster(Incident.load(incident.folder), Manifest(), "2026-11-22T18:30:00Z", print)
    assert manifest == Manifest()
    assert "nowhere" in problems[0]
