"""Kubernetes, as its API still knows it: events and rollouts into raw/kubernetes/."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.incident import Incident
from analysis.live.lists import joined_lists, one_list
from analysis.store import WORK, Entry, Manifest, add_file, replace_atomically

__all__ = ["take_cluster"]

EVENTS, DEPLOYMENTS = "kubernetes-events", "kubernetes-deployments"


def take_cluster(
    incident: Incident, manifest: Manifest, fetched_at: str, progress: Callable[[str], object]
) -> tuple[Manifest, tuple[str, ...]]:
    """Freeze the events, Deployments and ReplicaSets that the API knows, with what an earlier capture took of them.

    Parameters
    ----------
    incident : Incident
        Under sources.kubernetes: kubeconfig, context, namespaces; without a kubeconfig nothing is done.
    manifest : Manifest
        What is there.
    fetched_at : str
        Time of the capture [ISO-8601 UTC].
    progress : callable
        Called with a line for each file.

    Returns
    -------
    (Manifest, tuple of str)
        With the files; what could not be had, and why.
    """
    asked = incident.spec.sources.kubernetes
    if asked.kubeconfig is None:
        return manifest, ()
    from analysis.sources.kubernetes_api import fetch_kubernetes

    progress("asking Kubernetes for events and rollouts")
    try:
        found, problems = fetch_kubernetes(asked.kubeconfig, context=asked.context, namespaces=asked.namespaces)
    except AnalysisError as error:
        return manifest, (f"kubernetes: {error}",)
    rollouts = [found[name] for name in ("deployments.json", "replicasets.json") if name in found]
    documents = {EVENTS: found.get("events.json"), DEPLOYMENTS: one_list(*rollouts) if rollouts else None}
    places = {EVENTS: asked.events or "raw/kubernetes/events.json"}
    places[DEPLOYMENTS] = asked.deployments or "raw/kubernetes/deployments.json"
    for kind, document in documents.items():
        if document is not None:
            entry = Entry(Path(places[kind]).relative_to("raw").as_posix(), kind, "kubernetes", "", 0, fetched_at, {})
            manifest = _frozen(incident, manifest, document, entry)
            progress(f"frozen       {places[kind]}  ({kind})")
    return manifest, tuple(f"kubernetes: {p}" for p in problems)


def _frozen(incident: Incident, manifest: Manifest, document: bytes, entry: Entry) -> Manifest:
    """Add a document to what was captured of its kind before; the earlier file stays, superseded."""
    before = [e for e in manifest.current(entry.kind) if e.source == entry.source and (incident.raw / e.path).is_file()]
    for earlier in before:
        document = joined_lists((incident.raw / earlier.path).read_bytes(), document)
    waiting = incident.raw / WORK / Path(entry.path).name
    replace_atomically(waiting, partial(Path.write_bytes, data=document))
    try:
        return add_file(incident.raw, manifest, waiting, entry)
    finally:
        waiting.unlink()
