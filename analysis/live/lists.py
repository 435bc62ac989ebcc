"""Kubernetes forgets events after an hour, and old ReplicaSets: a later capture adds to the earlier one."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["joined_lists", "one_list"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def joined_lists(before: bytes, now: bytes) -> bytes:
    """Return one List of the objects of two captures; of one that both have, the newer state.

    Parameters
    ----------
    before, now : bytes
        JSON Lists as the API gives them.

    Returns
    -------
    bytes
        `now` itself if it has all that was there before, or if what was there is no List.

    Examples
    --------
    >>> first = b'{"kind": "List", "items": [{"metadata": {"uid": "a"}, "count": 1}, {"metadata": {"uid": "b"}}]}'
    >>> later = b'{"kind": "List", "items": [{"metadata": {"uid": "a"}, "count": 2}]}'
    >>> [item.get("count") for item in json.loads(joined_lists(first, later))["items"]]
    [2, None]
    """
    try:
        old, new = json.loads(before), json.loads(now)
    except ValueError:
        return now
    if not isinstance(old, dict) or not isinstance(new, dict):
        return now
    known = {_identity(item) for item in new.get("items", [])}
    gone = [item for item in old.get("items", []) if _identity(item) not in known]
    if not gone:
        return now
    return json.dumps({**new, "items": [*new.get("items", []), *gone]}, indent=1).encode()


def one_list(*documents: bytes) -> bytes:
    """Return one List of the items of several, each with its kind, as `kubectl get a,b -o json` writes it.

    Environment, commands and arguments of containers, which can hold secrets, are not in it.

    Parameters
    ----------
    *documents : bytes
        Lists as the API gives them: their items do not say what they are, the List does ("DeploymentList").

    Examples
    --------
    >>> both = one_list(b'{"kind": "DeploymentList", "items": [{"spec": {}}]}', b'{"kind": "ReplicaSetList"}')
    >>> json.loads(both)["items"]
    [{'kind': 'Deployment', 'spec': {}}]
    """
    items = []
    for document in map(json.loads, documents):
        kind = {"kind": document["kind"].removesuffix("List")} if document.get("kind", "List") != "List" else {}
        version = {"apiVersion": document["apiVersion"]} if kind and "apiVersion" in document else {}
        items += [version | kind | _bare(item) for item in document.get("items") or []]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1).encode()


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what its containers are started with: values there are secrets too often."""
    bare = dict(item)
    metadata = item.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        kept = {k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED}
        bare["metadata"] = {**metadata, "annotations": kept}
    try:
        template = item["spec"]["template"]
        pod = {
            key: [_container(c) for c in value] if key in CONTAINERS and value else value
            for key, value in template["spec"].items()
        }
    except (KeyError, TypeError, AttributeError):
        return bare  # no pods are made of it
    return {**bare, "spec": {**item["spec"], "template": {**template, "spec": pod}}}


def _container(container: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in container.items() if k not in ("command", "args", "env")}
    if container.get("env"):
        kept["env"] = [{"name": e.get("name", "")} for e in container["env"]]
    return kept


def _identity(item: Any) -> str:
    """Return what tells an event: its uid, else all of it."""
    uid = item.get("metadata", {}).get("uid") if isinstance(item, dict) else None
    return str(uid) if uid else json.dumps(item, sort_keys=True)
