"""Deployments and ReplicaSets as the API has them, written by hand."""

import pandas as pd

from tests.sources.kubectl import START

REVISION = "deployment.kubernetes.io/revision"


def stamp(seconds):
    return (START + pd.Timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def template(*images):
    names = ("app", "proxy")
    return {"template": {"spec": {"containers": [
        {"name": n, "image": i, "env": []} for n, i in zip(names, images, strict=False)
    ]}}}  # fmt: skip


def replica_set(revision, seconds, *images, name="api", history="", replicas=0, **more):
    notes = {REVISION: str(revision), "deployment.kubernetes.io/desired-replicas": "4"}
    notes |= {"deployment.kubernetes.io/revision-history": history} if history else {}
    return {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{revision}", "namespace": "shop", "creationTimestamp": stamp(seconds),
            "annotations": notes,
            "ownerReferences": [{"kind": "Deployment", "name": name, "controller": True}], **more,
        },
        "spec": {"replicas": replicas, **template(*images)},
    }  # fmt: skip


def deployment(revision, *images, name="api", ended=None, reason="NewReplicaSetAvailable", fields=()):
    conditions = [{"type": "Available"}, {"type": "Progressing", "status": "True", "reason": reason}]
    if ended is not None:
        conditions[1]["lastUpdateTime"] = stamp(ended)
    meta = {
        "name": name,
        "namespace": "shop",
        "creationTimestamp": stamp(-9000),
        "annotations": {REVISION: str(revision)},
    }
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta | {"managedFields": list(fields)},
        "spec": {"replicas": 4, **template(*images)}, "status": {"conditions": conditions},
    }  # fmt: skip
