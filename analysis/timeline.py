"""What happened, in order of time: rollouts, pushes, limits removed, warnings, bad intervals."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.findings import value
from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollouts import removals
from analysis.series import iso
from analysis.signals.mesh import pushes_under_way

__all__ = ["TimelineRow", "timeline"]


@dataclass(frozen=True)
class TimelineRow:
    """Something that happened: when, what, and the file that says so."""

    time: pd.Timestamp
    end: pd.Timestamp | None
    kind: str
    what: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return the row as it stands in report.json."""
        end = iso(self.end) if self.end is not None else None
        return {"time": iso(self.time), "end": end, "kind": self.kind, "what": self.what, "source": self.source}


def _rows(frame: pd.DataFrame) -> Iterator[tuple[pd.Timestamp, dict[Hashable, Any]]]:
    """Yield time and cells of each row."""
    return zip(pd.DatetimeIndex(frame.index), frame.to_dict("records"), strict=True)


def timeline(case: Case) -> tuple[TimelineRow, ...]:
    """Return what happened according to the evidence and the spec, in order of time.

    Parameters
    ----------
    case : Case
        Evidence and episodes.
    """
    evidence, rows = case.evidence, list[TimelineRow]()
    for start, row in _rows(evidence.deployments):
        what = f"{row['namespace']}/{row['deployment']}" + (f" revision {row['revision']}" if row["revision"] else "")
        end = row["finished_at"] if pd.notna(row["finished_at"]) else None
        rows.append(TimelineRow(start, end, "deployment", what, evidence.files.get("deployments", "")))
    for begin, row in _rows(pushes_under_way(lambda name: list(evidence.samples.named(name)))):
        took = value(row["xds_convergence_seconds"], "seconds").text
        several = f"{row['arrived']:.0f} configuration pushes, on average {took} until the proxies held them"
        what = f"configuration push, {took} until the proxies held it" if row["arrived"] <= 1 else several
        rows.append(TimelineRow(begin, row["end"], "push", what, evidence.files.get("prometheus", "")))
    for (namespace, workload, container), cpus in case.groups.items():
        for since in sorted({r.since for r in removals(cpus)}):
            what = f"{container} of {namespace}/{workload} runs without a CPU limit from here on"
            rows.append(TimelineRow(since, None, "limit_removed", what, evidence.files.get("prometheus", "")))
    for change in case.incident.spec.changes:
        rows.append(TimelineRow(change.time, None, change.kind, change.what, "incident.yaml"))
    warnings = evidence.events[evidence.events["type"] == "Warning"]
    for first, row in _rows(warnings):
        count = f" ({row['count']} times until {iso(row['end'])})" if row["count"] > 1 else ""
        what = f"{row['reason']}: {row['kind']} {row['namespace']}/{row['name']}: {row['message']}{count}"
        rows.append(TimelineRow(first, row["end"], "warning", what, evidence.files.get("events", "")))
    for episode in case.symptom.episodes:
        what = f"bad requests: {episode.bad:,} of {episode.requests:,}"
        rows.append(
            TimelineRow(episode.window.start, episode.window.end, "symptom", what, evidence.files.get("requests", ""))
        )
    return tuple(sorted(rows, key=lambda r: (r.time, r.kind, r.what)))
