"""The JVMs that left a GC log: whose they are, when they stood still, and what of their logs is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

import numpy as np
import pandas as pd

from analysis.collect import GcSource
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.diagnoses.parts import joined
from analysis.incident import Window
from analysis.signals.gc import known_spans, stop_intervals, stopped_seconds, without
from analysis.signals.gc_stalls import stall_intervals
from analysis.signals.stretches import union
from analysis.sources.gclog.frames import GcLog

__all__ = ["Jvm", "jvms"]

OVERLAP_US = 1_000_000  # files of one JVM, one after the other, may overlap by as much
SAME_START_SECONDS = 2.0  # files that say their JVM began at the same time are of one life
MOST_UNREAD = 0.01  # of a log's lines; beyond it, what was not understood may be what mattered


@dataclass(frozen=True, eq=False)
class Jvm:
    """One JVM: the logs of one pod and container, rotated or of several lives.

    Logs that overlap in time are of JVMs that ran beside each other: each is one, named by its file.

    Parameters
    ----------
    pod : str
        "" where the spec names none; the name of the file where several such JVMs ran beside each other.
    paths : tuple of str
        Files of the log.
    stops : ndarray of int64, shape (k, 2)
        When it stood still [us], disjoint and in order.
    known : ndarray of int64, shape (j, 2)
        The stretches that the logs tell of, without those of which lines are missing [us].
    log : GcLog
        All that the files tell, `life` counted through.
    named_by_file : bool
        Whether the pod is the name of a file.
    """

    pod: str
    paths: tuple[str, ...]
    stops: np.ndarray
    known: np.ndarray
    log: GcLog
    named_by_file: bool = False

    @property
    def pauses(self) -> pd.DataFrame:
        """Pauses, as in `GcLog`."""
        return self.log.pauses

    @property
    def lives(self) -> pd.DataFrame:
        """Lives, as in `GcLog`."""
        return self.log.lives

    @cached_property
    def stalled(self) -> np.ndarray:
        """When at least one thread waited for memory [us], shape (k, 2)."""
        return stall_intervals(self.log.stalls)

    @cached_property
    def held(self) -> np.ndarray:
        """When it stood still or at least one thread waited for memory [us], shape (k, 2)."""
        return union(np.concatenate([self.stops, self.stalled])) if len(self.stalled) else self.stops

    def stalls_in(self, window: Window) -> bool:
        """Whether a thread waited for memory in a window."""
        return bool(((self.stalled[:, 1] > window.start_us) & (self.stalled[:, 0] < window.end_us)).any())

    @property
    def silent(self) -> bool:
        """Whether the logs tell of collections and hold no stop at all: such lines were filtered away."""
        return bool(len(self.lives)) and not len(self.stops) and (bool(len(self.stalled)) or not len(self.known))

    @property
    def workers(self) -> float:
        """Number of collecting threads; NaN unknown."""
        found = self.lives["workers"].dropna()
        return float(found.iloc[-1]) if len(found) else float("nan")

    @property
    def collectors(self) -> str:
        """Names of the collectors that the logs name, "" for none."""
        return ", ".join(sorted(set(self.lives["collector"]) - {""}))

    def unread_ratio(self, window: Window) -> float:
        """Share of lines not understood, of the lives that touch a window; NaN for none."""
        if len(self.lives) and not self.lives["unrecognised"].to_numpy().any():
            return 0.0
        start, end = (pd.DatetimeIndex(self.lives[name]) for name in ("start", "end"))
        touching = self.lives[(end > window.start) & (start < window.end)]
        lines = float(touching["recognised"].sum() + touching["unrecognised"].sum())
        return float(touching["unrecognised"].sum()) / lines if lines else float("nan")

    def gaps(self, window: Window) -> np.ndarray:
        """Stretches of a window that the logs do not tell of [us], shape (k, 2), in order."""
        return without(np.array([[window.start_us, window.end_us]]), self.known)

    def known_ratio(self, window: Window) -> float:
        """Share of a window that the logs tell of."""
        edges = np.array([window.start_us, window.end_us])
        return float(np.diff(stopped_seconds(self.known, edges))[0]) / window.duration_seconds


def jvms(case: Case) -> dict[tuple[str, str, str], tuple[Jvm, ...]]:
    """Return the JVMs by namespace, workload and container, pods in order of name.

    A log without a pod is the service's. Files of one container and pod are one JVM: rotated, or of several lives.
    Where they overlap in time they are several JVMs: files of the same life are told by when it began.

    Parameters
    ----------
    case : Case
        With `evidence.gc_logs`.
    """
    service = case.incident.spec.service
    found: dict[tuple[str, str, str], dict[str, list[GcSource]]] = {}
    for source in case.evidence.gc_logs:
        workload = case.workload(service.namespace, source.pod) if source.pod else service.workload
        key = (service.namespace, workload, source.container)
        found.setdefault(key, {}).setdefault(source.pod, []).append(source)
    return {
        key: tuple(jvm for pod, sources in sorted(pods.items()) for jvm in _jvms_of(pod, sources))
        for key, pods in sorted(found.items())
    }


def _jvms_of(pod: str, sources: list[GcSource]) -> tuple[Jvm, ...]:
    """Return the JVM of some files; one for each life, named by its first file, where they overlap in time."""
    groups: list[list[GcSource]] = []
    for source in sources:
        mine = next((g for g in groups if any(_same_life(source, other) for other in g)), None)
        groups += [[source]] if mine is None else []
        if mine is not None:
            mine.append(source)
    beside = any(_beside(a, b) for i, a in enumerate(groups) for b in groups[:i])
    if not beside:
        return (_jvm(pod, sources),)
    names = [PurePath(g[0].path).name for g in groups]
    names = names if len(set(names)) == len(names) else [g[0].path for g in groups]
    named = sorted(zip(names, groups, strict=True), key=lambda pair: pair[0])
    return tuple(_jvm(" ".join((pod, name)).strip(), group, named_by_file=True) for name, group in named)


def _same_life(a: GcSource, b: GcSource) -> bool:
    """Return whether two files tell of a life that began at the same time."""
    first, second = (_began_seconds(x.log.lives) for x in (a, b))
    return bool((np.abs(first[:, None] - second[None, :]) <= SAME_START_SECONDS).any())


def _began_seconds(lives: pd.DataFrame) -> np.ndarray:
    start = pd.DatetimeIndex(lives["start"]).as_unit("us").asi8 / 1e6
    return np.asarray(start - lives["uptime_seconds"].to_numpy(dtype=float))


def _beside(a: Sequence[GcSource], b: Sequence[GcSource]) -> bool:
    """Return whether lives of some files and of others overlap by more than a moment."""
    first, second = (union(np.concatenate([known_spans(s.log.lives) for s in group])) for group in (a, b))
    both = without(first, without(first, second))
    return bool(len(both)) and int((both[:, 1] - both[:, 0]).sum()) > OVERLAP_US


def _jvm(pod: str, sources: list[GcSource], *, named_by_file: bool = False) -> Jvm:
    logs = [s.log for s in sources]
    stops = union(np.concatenate([stop_intervals(log.pauses, log.safepoints) for log in logs]))
    known = union(np.concatenate([_known(log) for log in logs]))
    return Jvm(pod, tuple(s.path for s in sources), stops, known, joined(logs), named_by_file)


def _known(log: GcLog) -> np.ndarray:
    """Return what a log tells of: the stops in its holes too, for they are logged, and all where it tells of stalls."""
    known = known_spans(log.lives, log.holes)
    if not len(known) and len(log.stalls):
        return known_spans(log.lives)
    return union(np.concatenate([known, stop_intervals(log.pauses, log.safepoints)])) if len(log.holes) else known
