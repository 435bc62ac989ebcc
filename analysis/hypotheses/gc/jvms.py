"""The JVMs that left a GC log: whose they are, when they stood still, and what of their logs is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.collect import GcSource
from analysis.hypotheses.case import Case
from analysis.incident import Window
from analysis.signals.gc import joined, known_spans, stop_intervals, stopped_seconds

__all__ = ["Jvm", "jvms"]

MOST_UNREAD = 0.01  # of a log's lines; beyond it, what was not understood may be what mattered


@dataclass(frozen=True, eq=False)
class Jvm:
    """One JVM: the logs of one pod and container, rotated or of several lives.

    Parameters
    ----------
    pod : str
        "" where the spec names none.
    paths : tuple of str
        Files of the log.
    stops : ndarray of int64, shape (k, 2)
        When it stood still [us], disjoint and in order.
    known : ndarray of int64, shape (j, 2)
        The stretches that the logs tell of [us].
    pauses, lives : DataFrame
        As in `sources.gc_log.GcLog`.
    """

    pod: str
    paths: tuple[str, ...]
    stops: np.ndarray
    known: np.ndarray
    pauses: pd.DataFrame
    lives: pd.DataFrame

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

    def known_ratio(self, window: Window) -> float:
        """Share of a window that the logs tell of."""
        edges = np.array([window.start_us, window.end_us])
        return float(np.diff(stopped_seconds(self.known, edges))[0]) / window.duration_seconds


def jvms(case: Case) -> dict[tuple[str, str, str], tuple[Jvm, ...]]:
    """Return the JVMs by namespace, workload and container, pods in order of name.

    A log without a pod is the service's. Files of one container and pod are one JVM: rotated, or of several lives.

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
        key: tuple(_jvm(pod, sources) for pod, sources in sorted(pods.items())) for key, pods in sorted(found.items())
    }


def _jvm(pod: str, sources: list[GcSource]) -> Jvm:
    logs = [s.log for s in sources]
    stops = joined(np.concatenate([stop_intervals(log.pauses, log.safepoints) for log in logs]))
    known = joined(np.concatenate([known_spans(log.lives) for log in logs]))
    lives = pd.concat([log.lives for log in logs], ignore_index=True) if len(logs) > 1 else logs[0].lives
    pauses = pd.concat([log.pauses for log in logs]).sort_index(kind="stable") if len(logs) > 1 else logs[0].pauses
    return Jvm(pod, tuple(s.path for s in sources), stops, known, pauses, lives)
