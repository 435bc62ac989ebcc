"""Rollouts as Kubernetes keeps them: a ReplicaSet of a Deployment is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.sources.kubernetes_objects import known_times, listed, mapping, text_of
from analysis.sources.lines import NOT_UNDERSTOOD, Tally
from analysis.sources.times import NaiveTimeError

__all__ = ["rollout_rows"]

REVISIONS = ("deployment.kubernetes.io/revision", "rollout.argoproj.io/revision")
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = ("deployment.kubernetes.io/desired-replicas", "rollout.argoproj.io/desired-replicas")
OWNERS = ("Deployment", "Rollout")  # the second is Argo's
CONTROLLERS = ("kube-controller-manager", "rollouts-controller")  # they follow, they do not begin
LONGEST_TEXT = 300

_Row = tuple[int, tuple[object, ...]]  # when it began [us], and its cells


class _Set(NamedTuple):
    """A ReplicaSet: whose, of which revision and when, with its images by container and the replicas asked for."""

    owner: tuple[str, str]
    created_us: int
    revision: str
    earlier: tuple[str, ...]
    images: tuple[tuple[str, str], ...]
    replicas: float
    wanted: float


class _Deployment(NamedTuple):
    """A Deployment: its revision, when it was made and last changed, when and how its last rollout ended."""

    revision: str
    created_us: int
    changed_us: int | None
    ended_us: int | None
    state: str
    replicas: float
    images: tuple[tuple[str, str], ...]


def rollout_rows(items: Iterable[object], tally: Tally) -> tuple[list[int], list[tuple[object, ...]], tuple[str, ...]]:
    """Return the rollouts that Deployments and their ReplicaSets show, as rows of `kubernetes.DEPLOYMENT_COLUMNS`.

    Parameters
    ----------
    items : iterable of object
        Deployments and ReplicaSets in any order; either alone tells less. An object that is there twice counts once,
        the later one.
    tally : Tally
        What was understood, and items that are neither.

    Returns
    -------
    times : list of int
        When each rollout began [us]: its ReplicaSet was made. Of a rollback, whose ReplicaSet is older: when the
        Deployment was last changed by anybody but a controller, if managedFields are there (the API gives them,
        kubectl with --show-managed-fields).
    rows : list of tuple
        finished_at (of the newest only, from the condition Progressing), namespace, deployment, revision, image (the
        new ones), replicas (NaN unknown), user (unknown), status (how it ended, and what changed, in words).
    notes : tuple of str
        What could not be told.

    Examples
    --------
    >>> def made(name, at, revision, image):
    ...     owner = [{"kind": "Deployment", "name": "api"}]
    ...     note = {"deployment.kubernetes.io/revision": revision}
    ...     meta = {"name": name, "namespace": "shop", "creationTimestamp": at, "ownerReferences": owner}
    ...     spec = {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}
    ...     return {"kind": "ReplicaSet", "metadata": {**meta, "annotations": note}, "spec": spec}
    >>> sets = made("api-1", "2026-11-22T17:00:00Z", "1", "api:1"), made("api-2", "2026-11-22T18:04:32Z", "2", "api:2")
    >>> _, rows, _ = rollout_rows(sets, Tally("replicasets.json"))
    >>> [(row[3], row[4], row[7]) for row in rows]
    [('1', 'api:1', 'superseded'), ('2', 'api:2', 'app: 1 -> 2')]
    """
    sets: dict[tuple[str, str], _Set] = {}
    deployments: dict[tuple[str, str], _Deployment] = {}
    strangers = 0
    for number, item in enumerate(items, 1):
        found = mapping(item)
        try:
            kind, meta = text_of(found.get("kind")), mapping(found.get("metadata"))
            key = text_of(meta.get("namespace")), text_of(meta.get("name"))
            if kind not in ("ReplicaSet", *OWNERS) or not all(key):
                raise ValueError("neither a Deployment nor a ReplicaSet")
            if kind in OWNERS:
                deployments[key] = _deployment(found, meta)
            elif owner := _owner(meta):
                sets[key] = _replica_set(found, meta, (key[0], owner))
            else:
                strangers += 1
        except NOT_UNDERSTOOD as error:
            tally.naive += isinstance(error, NaiveTimeError)
            tally.miss(f"item {number}", repr(item)[:200])
            continue
        tally.recognised += 1
    return _rows(sets.values(), deployments, strangers)


def _owner(meta: dict[str, Any]) -> str:
    owners = [o for o in listed(meta.get("ownerReferences")) if o.get("kind") in OWNERS]
    return text_of(*(owner.get("name") for owner in owners))


def _replica_set(item: dict[str, Any], meta: dict[str, Any], owner: tuple[str, str]) -> _Set:
    notes, spec = mapping(meta.get("annotations")), mapping(item.get("spec"))
    created = known_times(meta.get("creationTimestamp"))
    if not created:
        raise ValueError("no time")
    earlier = tuple(part.strip() for part in text_of(notes.get(HISTORY)).split(",") if part.strip())
    return _Set(
        owner, created[0], text_of(*(notes.get(r) for r in REVISIONS)), earlier, _images(spec),
        _number(spec.get("replicas")), _number(text_of(*(notes.get(d) for d in DESIRED))),
    )  # fmt: skip


def _deployment(item: dict[str, Any], meta: dict[str, Any]) -> _Deployment:
    notes, spec = mapping(meta.get("annotations")), mapping(item.get("spec"))
    created = known_times(meta.get("creationTimestamp"))
    if not created:
        raise ValueError("no time")
    written = listed(meta.get("managedFields"))
    changed = known_times(
        *(w.get("time") for w in written if not w.get("subresource") and w.get("manager") not in CONTROLLERS)
    )
    conditions = listed(mapping(item.get("status")).get("conditions"))
    progress: dict[str, Any] = next((c for c in conditions if c.get("type") == "Progressing"), {})
    reason = text_of(progress.get("reason"))
    whole = reason in ("NewReplicaSetAvailable", "RolloutCompleted")
    ended = known_times(progress.get("lastUpdateTime"), progress.get("lastTransitionTime"))[:1] if whole else []
    return _Deployment(
        revision=text_of(*(notes.get(r) for r in REVISIONS)),
        created_us=created[0],
        changed_us=max(changed, default=None),
        ended_us=ended[0] if ended else None,
        state="complete" if whole else reason,
        replicas=_number(spec.get("replicas")),
        images=_images(spec),
    )


def _number(value: object) -> float:
    if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value):
        return float(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1e9 else float("nan")


def _images(spec: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    containers = listed(mapping(mapping(spec.get("template")).get("spec")).get("containers"))
    return tuple((text_of(c.get("name")), text_of(c.get("image"))) for c in containers)


def _rows(
    sets: Iterable[_Set], deployments: Mapping[tuple[str, str], _Deployment], strangers: int
) -> tuple[list[int], list[tuple[object, ...]], tuple[str, ...]]:
    by_owner: dict[tuple[str, str], list[_Set]] = {key: [] for key in deployments}
    for one in sets:
        by_owner.setdefault(one.owner, []).append(one)
    found, unknown = list[_Row](), list[str]()
    for owner, own in sorted(by_owner.items()):
        now = deployments.get(owner)
        more, lost = _of_sets(own, now) if own else _of_deployment(now)
        found += [(start, (cells[0], *owner, *cells[1:])) for start, cells in more]
        unknown += [f"{'/'.join(owner)} revision {revision}" for revision in lost]
    notes = [
        f"when {len(unknown)} rollouts began is not recorded (rollbacks, or without ReplicaSets): {_few(unknown)}"
    ] * bool(unknown)
    notes += [f"{strangers} ReplicaSets belong to no Deployment"] * bool(strangers)
    return [start for start, _ in found], [cells for _, cells in found], tuple(notes)


def _of_sets(sets: Iterable[_Set], now: _Deployment | None) -> tuple[list[_Row], list[str]]:
    """Return the rollouts of one Deployment without its name, and revisions of which nobody knows when they began."""
    found, lost = list[_Row](), list[str]()
    of = sorted(sets, key=lambda s: (_order(s.revision), s.created_us))
    before: _Set | None = None
    for one in of:
        newest = one is of[-1] and (now is None or now.revision in ("", one.revision))
        start: int | None = one.created_us
        if one.earlier:  # made once, and taken up again
            lost += one.earlier[1:]
            found.append((one.created_us, (None, one.earlier[0], _image(one.images), float("nan"), "", "superseded")))
            again = now.changed_us if now and newest else None
            start = again if again is not None and again > one.created_us else None
        if start is None:
            lost.append(one.revision)
        else:
            ended = now.ended_us if now and newest else None
            state = (now.state if now else "") if newest else "superseded"
            status = ": ".join(filter(None, (state, _changed(before, one)))) or "unknown"
            replicas = one.replicas if newest else one.wanted
            end = ended if ended is not None and ended >= start else None
            found.append((start, (end, one.revision, _image(one.images), replicas, "", status[:LONGEST_TEXT])))
        before = one
    return found, lost


def _of_deployment(now: _Deployment | None) -> tuple[list[_Row], list[str]]:
    """Return the first rollout of a Deployment without ReplicaSets; of a later one nobody knows when it began."""
    if now is None or _order(now.revision) > 1:
        return [], [now.revision] if now else []
    end = now.ended_us if now.ended_us is not None and now.ended_us >= now.created_us else None
    return [(now.created_us, (end, now.revision, _image(now.images), now.replicas, "", now.state or "unknown"))], []


def _order(revision: str) -> int:
    return int(revision) if re.fullmatch("[0-9]{1,9}", revision) else 0


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _image(images: Sequence[tuple[str, str]]) -> str:
    return ", ".join(image for _, image in images)


def _changed(before: _Set | None, after: _Set) -> str:
    """Return in words which images differ: without registries, and with the start of a digest only."""
    if before is None:
        return ""
    was, now = dict(before.images), dict(after.images)
    told = [f"{name} added" for name in now.keys() - was.keys()] + [f"{name} gone" for name in was.keys() - now.keys()]
    for name in sorted(was.keys() & now.keys()):
        if was[name] != now[name]:
            (old, old_tag), (new, new_tag) = _split(was[name]), _split(now[name])
            moved = f"{old_tag} -> {new_tag}" if old == new else f"{old}:{old_tag} -> {new}:{new_tag}"
            told.append(f"{name}: {moved}")
    return ", ".join(sorted(told)) or "images as before"


def _split(image: str) -> tuple[str, str]:
    """Return the last part of an image's name, and its tag or the start of its digest."""
    name, _, digest = image.partition("@")
    name, _, tag = name.rpartition("/")[2].partition(":")
    return name, tag or digest.removeprefix("sha256:")[:12] or "latest"
