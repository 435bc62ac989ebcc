"""Rollouts, and the stretch in which each acted: from its start to its finish, with the pushes that it set off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.hypotheses.case import Case
from analysis.signals.mesh import UnderWay
from analysis.signals.stretches import union

__all__ = ["STEP_SECONDS", "Rollout", "recorded_span", "rollouts_of", "stretch_end", "stretch_of"]

STEP_SECONDS = 5.0  # of the grid: finer than a rollout is known
DEBOUNCE_US = 10_000_000  # a control plane waits at most this long before it pushes a change (Istio's default)


@dataclass(frozen=True)
class Rollout:
    """One rollout: of what, when [us], how many replicas; `end` is None where its finish was not recorded."""

    namespace: str
    workload: str
    start: int
    end: int | None
    replicas: float

    @property
    def name(self) -> str:
        """Return namespace/workload."""
        return f"{self.namespace}/{self.workload}"


def rollouts_of(frame: pd.DataFrame) -> tuple[Rollout, ...]:
    """Return the rollouts of a frame of deployments, in order of time.

    Parameters
    ----------
    frame : DataFrame
        As of `sources.kubernetes.read_deployments`.
    """
    starts = pd.DatetimeIndex(frame.index).as_unit("us").asi8.tolist()
    rows = zip(starts, *(frame[c] for c in ("namespace", "deployment", "finished_at", "replicas")), strict=True)
    return tuple(
        Rollout(str(where), str(what), start, None if pd.isna(end) else int(end.value // 1000), float(replicas))
        for start, where, what, end, replicas in rows
    )


def recorded_span(case: Case, rollouts: Sequence[Rollout]) -> tuple[int, int]:
    """Return from when to when anything was recorded [us]."""
    index = pd.DatetimeIndex(case.symptom.requests.index).as_unit("us").asi8
    times = [*(r.start for r in rollouts), case.incident.baseline.start_us, case.incident.window.end_us]
    times += [int(index[0]), int(index[-1])] if len(index) else []
    return min(times), max(times)


def stretch_of(
    case: Case, rollout: Rollout, pushes: UnderWay, *, until: int | None = None, lasting: bool = False
) -> UnderWay:
    """Return when the rollout acted: from its start to its finish, with the pushes that it set off.

    A workload that the bad requests pass acts on with its new version, until its next rollout. A finish that was not
    recorded leaves what follows unknown.
    """
    first, last = recorded_span(case, [rollout])
    last = max(last, rollout.start + 1, rollout.end or 0) + round(STEP_SECONDS * 1e6)
    first = min(first, rollout.start)
    next_one = last if until is None else until
    known = np.array([[first, last]], "i8")
    if lasting:
        whole = np.array([[rollout.start, max(next_one, rollout.start + 1)]], "i8")
        return UnderWay(whole, whole, whole, known)
    finish = rollout.end
    if finish is None:
        begun = np.array([[rollout.start, rollout.start + 1]], "i8")
        known = np.array([[first, rollout.start + 1], [max(next_one, rollout.start + 1), last]], "i8")
        return UnderWay(begun, begun, np.array([[rollout.start, max(next_one, rollout.start + 1)]], "i8"), union(known))
    own = np.array([[rollout.start, max(finish, rollout.start + 1)]], "i8")
    low, mid, high = (_joined(own, part, next_one) for part in pushes[:3])
    return UnderWay(low, mid, high, known)


def _joined(own: np.ndarray, pushes: np.ndarray, until: int) -> np.ndarray:
    """Return the rollout with the chain of pushes that begin in it, or at most the control plane's wait after it."""
    start, reach = int(own[0, 0]), int(own[0, 1])
    parts = [own]
    for begin, end in pushes.tolist():
        if start <= begin <= min(reach + DEBOUNCE_US, until) and begin < until:
            parts.append(np.array([[begin, end]], "i8"))
            reach = max(reach, end)
    return union(np.concatenate(parts))


def stretch_end(stretches: np.ndarray) -> int:
    """Return when the last of disjoint stretches ends [us]; 0 without any.

    Examples
    --------
    >>> stretch_end(np.array([[1, 2], [5, 9]]))
    9
    """
    return int(stretches[-1, 1]) if len(stretches) else 0
