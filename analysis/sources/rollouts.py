"""Rollouts that Kubernetes events show, where there is no list of deployments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.sources.kubernetes import DEPLOYMENT_COLUMNS
from analysis.sources.times import timed_frame

__all__ = ["rollouts_from_events"]

ROLLOUT_GAP_SECONDS = 60.0
SCALED = re.compile(r"Scaled (up|down) replica set (\S+)(?: from ([0-9]{1,9}))? to ([0-9]{1,9})(?: from ([0-9]{1,9}))?")
CLOCK_SKEW_US = 5_000_000  # a pod that seems this much older than its replica set is not older


def rollouts_from_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return the rollouts that events show, in the shape of `read_deployments`, for evidence without a list of them.

    Events ScalingReplicaSet of one deployment that are at most 60 s apart are one rollout, if a new replica set is
    scaled up: one that was not seen before, in any event, or had been scaled down to 0 (a rollback). `finished_at` is
    the last event of the rollout; revision, image, user and status are unknown. An autoscaler that adds pods to a
    replica set of which no earlier event is there cannot be told from a rollout, unless the message says from how many.

    Parameters
    ----------
    events : DataFrame
        As of `read_events`.

    Examples
    --------
    >>> from analysis.sources.kubernetes import EVENT_COLUMNS
    >>> row = (1795370672000000, 1, "Deployment", "shop", "api", "ScalingReplicaSet", "Normal")
    >>> events = timed_frame([row[0]], [(*row, "Scaled up replica set api-5d to 2")], EVENT_COLUMNS)
    >>> rollouts_from_events(events)[["deployment", "replicas"]].values.tolist()
    [['api', 2.0]]
    """
    scaling = events[(events["kind"] == "Deployment") & (events["reason"] == "ScalingReplicaSet")]
    seen = _first_seen(events)
    times: list[int] = []
    rows: list[tuple[Any, ...]] = []
    for (namespace, deployment), group in scaling.groupby(["namespace", "name"], sort=True):
        known: set[str] = set()
        for steps in _split(group):
            found = _rollout(steps, known, str(namespace), seen)
            if found:
                start, end, replicas = found
                times.append(start)
                rows.append((end, str(namespace), str(deployment), "", "", float(replicas), "", ""))
    return timed_frame(times, rows, DEPLOYMENT_COLUMNS)


Step = tuple[int, int, str]  # first and last time [us], message


def _split(group: pd.DataFrame) -> Iterator[list[Step]]:
    """Yield runs of scaling events that are at most ROLLOUT_GAP_SECONDS apart."""
    firsts = pd.DatetimeIndex(group.index).as_unit("us").asi8.tolist()
    lasts = pd.DatetimeIndex(group["end"]).as_unit("us").asi8.tolist()
    run: list[Step] = []
    until = 0
    for step in zip(firsts, lasts, group["message"], strict=True):
        if run and step[0] - until > ROLLOUT_GAP_SECONDS * 1e6:
            yield run
            run = []
        until = max(step[1], until if run else step[1])
        run.append(step)
    if run:
        yield run


def _first_seen(events: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return when each replica set was first seen in its own events or in those of its pods [us]."""
    seen: dict[tuple[str, str], int] = {}
    firsts = pd.DatetimeIndex(events.index).as_unit("us").asi8.tolist()
    for us, kind, namespace, name in zip(firsts, events["kind"], events["namespace"], events["name"], strict=True):
        if kind in ("Pod", "ReplicaSet"):
            seen.setdefault((namespace, name.rpartition("-")[0] if kind == "Pod" else name), us)
    return seen


def _rollout(
    steps: list[Step], known: set[str], namespace: str, seen: dict[tuple[str, str], int]
) -> tuple[int, int, int] | None:
    """Return start, end [us] and replicas if a new replica set is scaled up; keep `known` up to date."""
    start, new, replicas = 0, "", 0
    for first, _, message in steps:
        found = SCALED.match(message)
        if not found:
            continue
        direction, name, before, count, before_after = found.groups()
        already = int(before or before_after or 0) > 0 or seen.get((namespace, name), first) < first - CLOCK_SKEW_US
        if direction == "up" and name not in known and not already:
            start, new, replicas = start or first, name, int(count)
        elif direction == "up" and name == new:
            replicas = max(replicas, int(count))
        known.add(name)
        if direction == "down" and count == "0":
            known.discard(name)
            seen.pop((namespace, name), None)
    return (start, max(last for _, last, _ in steps), replicas) if new else None
