"""Which pods of a container rose from baseline to an episode, and which pods they replaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.correlate.effect import Change, adjust_fdr, change
from analysis.hypotheses.case import Case
from analysis.incident import Window
from analysis.signals.cpu import ContainerCpu
from analysis.signals.requests import Episode

__all__ = ["PodChange", "Study", "lineage", "most_telling", "study"]

RISE_FLOOR = 0.05  # a rise of less than 5 % of periods is no rise
SPREAD_FLOOR = 0.02  # a flat baseline still has this spread: one period of fifty


@dataclass(frozen=True)
class PodChange:
    """Change of one pod's throttled ratio from baseline to one episode, with q among all pods of the evidence."""

    cpu: ContainerCpu
    change: Change
    q_value: float


@dataclass(frozen=True)
class Study:
    """One episode with what all suspects are tested on: each pod's change, and the spans of the bad requests [us]."""

    episode: Episode
    changes: dict[int, PodChange]
    requests: tuple[np.ndarray, np.ndarray]


def study(case: Case, episode: Episode) -> Study:
    """Return an episode with the change of every pod; a pod that is younger than the baseline is held against its kin.

    Parameters
    ----------
    case : Case
        All containers.
    episode : Episode
        What to compare with the baseline.
    """
    found: list[tuple[ContainerCpu, Change]] = []
    for cpus in case.groups.values():
        before = [_ratios(c, case.incident.baseline) for c in cpus]
        kin = max(before, key=len)  # after a rollout the pod of the episode has another name than that of the baseline
        for cpu, own in zip(cpus, before, strict=True):
            after = _ratios(cpu, episode.window, touching=True)
            found.append((cpu, change(own if len(own) else kin, after, floor=SPREAD_FLOOR)))
    p = np.array([c.p_value if c.difference >= RISE_FLOOR or np.isnan(c.p_value) else 1.0 for _, c in found])
    rows = [PodChange(cpu, c, float(q)) for (cpu, c), q in zip(found, adjust_fdr(p), strict=True)]
    return Study(episode, {id(row.cpu): row for row in rows}, case.bad_durations(episode))


def lineage(pods: tuple[ContainerCpu, ...], cpus: tuple[ContainerCpu, ...], window: Window) -> tuple[ContainerCpu, ...]:
    """Return the pods with those of the same container that ended before a window: whom they replaced."""
    gone = tuple(c for c in cpus if c not in pods and len(c.periods.end) and c.periods.end[-1] <= window.start_us)
    return (*pods, *gone)


def most_telling(known: list[PodChange], fdr: float) -> PodChange:
    """Return the pod that rose most beyond doubt; else one that is undecided and large; else the largest."""
    sure = [p for p in known if p.q_value <= fdr]
    undecided = [p for p in known if np.isnan(p.q_value) and p.change.difference >= RISE_FLOOR]
    return max(sure or undecided or known, key=lambda p: np.nan_to_num(p.change.difference, nan=-np.inf))


def _ratios(cpu: ContainerCpu, window: Window, *, touching: bool = False) -> np.ndarray:
    """Return the throttled ratio of the steps that end in a window (or touch it), 0/0 left out."""
    steps = cpu.periods
    chosen = (steps.end > window.start_us) & (steps.start < window.end_us) if touching else steps.within(window)
    elapsed, throttled = steps.value[chosen].reshape(-1, 2).T
    return np.asarray(np.minimum(throttled[elapsed > 0] / elapsed[elapsed > 0], 1.0))
