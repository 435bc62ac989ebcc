"""The whole analysis of an incident in one call: evidence -> symptom -> hypotheses -> ranked ledger -> headline."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.collect import Evidence, load
from analysis.findings import Finding, Observation, Value, rank, sentence, value
from analysis.hypotheses import hypotheses
from analysis.hypotheses.case import Case
from analysis.hypotheses.rollouts import removals
from analysis.incident import Incident
from analysis.sensitivity import fragile_under, sensitivity
from analysis.series import Coverage, coverage_of, iso
from analysis.signals.mesh import pushes_under_way

__all__ = ["Investigation", "TimelineRow", "investigate"]

RUN_VARIABLE = "POSTMORTEM_RUN"  # a folder with results that `postmortem report` computed once for its notebooks
RESULT = "investigation.pickle"

# suspects that an engineer would name and that this version has no test for: what would decide them
NOT_EXAMINED = (
    ("GC pauses", "gc-log", "the GC log with the bad requests"),
    ("DB load and locks", "postgres-ash", "samples of active sessions"),
    ("client or server side", "prometheus-samples", "calls and errors by source and destination"),
    ("configuration pushes and deployments as triggers", "kubernetes-deployments", "rollouts and pushes"),
    ("traffic share and needless calls", "", "mesh request counts by source and destination"),
    ("timeouts", "", "the configured timeouts and the latency of each call"),
)


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


@dataclass(frozen=True)
class Investigation:
    """The results of one analysis; every notebook and the report read them, none computes them again.

    Parameters
    ----------
    case : Case
        Evidence, symptom and containers.
    findings : tuple of Finding
        Ranked.
    observations : tuple of Observation
        What is worth knowing and accuses nobody.
    headline : str
        One sentence.
    values : dict of str to Value
        Numbers of the headline and the impact.
    timeline : tuple of TimelineRow
        In order of time.
    coverage : tuple of Coverage
        Of every signal that was tested.
    sensitivity : DataFrame or None
        Verdicts under variations of the incident, from `sensitivity`; None where `examine` was called alone.
    """

    case: Case
    findings: tuple[Finding, ...]
    observations: tuple[Observation, ...]
    headline: str
    values: dict[str, Value]
    timeline: tuple[TimelineRow, ...]
    coverage: tuple[Coverage, ...]
    sensitivity: pd.DataFrame | None = None

    @property
    def incident(self) -> Incident:
        """The incident."""
        return self.case.incident

    @property
    def evidence(self) -> Evidence:
        """The evidence."""
        return self.case.evidence

    @property
    def incident_found(self) -> bool | None:
        """Whether the objective was missed for long enough; None if that could not be measured."""
        return bool(self.case.symptom.episodes) if self.case.symptom.measurable else None

    @property
    def problems(self) -> tuple[str, ...]:
        """What makes the analysis partial: declared sources that are missing, an unknown service, no requests."""
        found = [f"{p.source}: {p.reason}" for p in self.evidence.problems]
        service = self.incident.spec.service
        if self.evidence.samples.labels and not self.case.service_seen:
            seen = sorted({"/".join(key[:2]) for key in self.case.groups})
            found.append(
                f"service {service.namespace}/{service.workload} is not in the evidence; containers were recorded for: "
                f"{', '.join(seen) or 'none'}"
            )
        if not self.case.symptom.measurable:
            found.append("symptom: no request was recorded in the incident window")
        return tuple(found)

    def save(self, folder: Path) -> None:
        """Write the results for the notebooks of one run."""
        (folder / RESULT).write_bytes(pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL))


def investigate(
    folder: str | Path,
    *,
    start: str | None = None,
    end: str | None = None,
    baseline_start: str | None = None,
    baseline_end: str | None = None,
) -> Investigation:
    """Analyse an incident folder.

    Parameters
    ----------
    folder : str or Path
        The incident folder, with incident.yaml and raw/.
    start, end, baseline_start, baseline_end : str, optional
        ISO-8601 with an offset; replace the times of the spec.

    Returns
    -------
    Investigation
        With ranked findings, each under variations of the incident too. Inside a run of `postmortem report` the
        results of that run are read, not made again.

    Raises
    ------
    SpecError, EvidenceError, NoDataError
        If the spec is wrong, the evidence was altered, or there is none in the window.

    Examples
    --------
    >>> result = investigate("data/incidents/D-quiet-control")
    >>> result.incident_found
    False
    """
    times = {"start": start, "end": end, "baseline_start": baseline_start, "baseline_end": baseline_end}
    incident = Incident.load(folder, **{k: v or None for k, v in times.items()})
    run = os.environ.get(RUN_VARIABLE)
    if run and (Path(run) / RESULT).is_file():
        found = pickle.loads((Path(run) / RESULT).read_bytes())
        same = found.incident.folder.resolve() == incident.folder.resolve()
        if same and (found.incident.window, found.incident.baseline) == (incident.window, incident.baseline):
            return found  # type: ignore[no-any-return]
    return _varied(examine(load(incident)))


def examine(evidence: Evidence) -> Investigation:
    """Test every hypothesis on evidence that is loaded already.

    Parameters
    ----------
    evidence : Evidence
        From `collect.load`.

    Examples
    --------
    >>> examine(load(Incident.load("data/incidents/D-quiet-control"))).findings[0].verdict
    'not_testable'
    """
    case = Case.of(evidence)
    findings: list[Finding] = []
    observations: list[Observation] = []
    for run in hypotheses().values():
        some, seen = run(case)
        findings += some
        observations += seen
    ranked = rank(findings)
    values = _impact(case)
    observations.append(_not_examined(evidence))
    return Investigation(
        case, ranked, tuple(observations), _headline(case, ranked, values), values, _timeline(case), _coverage(case)
    )


def _varied(found: Investigation) -> Investigation:
    """Return the results with what variations of the incident change: a verdict that does not hold is fragile."""
    frame = sensitivity(found.evidence, found)
    changed = fragile_under(frame)
    findings = tuple(replace(f, fragile=changed.get(f.id, ())) for f in found.findings)
    headline, values = found.headline, dict(found.values)
    first = next((f for f in findings if f.rank == 1), None)
    if first is not None and first.fragile:
        told, names = headline.removesuffix("."), ", ".join(first.fragile)
        values["cause_fragile_under"] = Value(names, "name", names)
        template = "{told}; this is fragile: it changes with {cause_fragile_under}."
        headline = sentence(template, {**values, "told": Value(told, "name", told)})
    return replace(found, findings=findings, headline=headline, values=values, sensitivity=frame)


def _impact(case: Case) -> dict[str, Value]:
    episodes, spec = case.symptom.episodes, case.incident.spec.symptom
    table = case.symptom.requests
    inside = table[case.incident.window.holds(pd.DatetimeIndex(table.index))]
    requests, bad = sum(e.requests for e in episodes), sum(e.bad for e in episodes)
    ratio = bad / requests if requests else float("nan")
    unit = "requests" if spec.source == "requests" else f"samples of {spec.source}"
    return {
        "unit": Value(unit, "name", unit),
        "service": Value(case.incident.spec.service.workload, "name", case.incident.spec.service.workload),
        "requests_in_window": value(len(inside), "count"),
        "bad_in_window": value(int(inside["bad"].sum()), "count"),
        "bad_requests": value(bad, "count"),
        "requests": value(requests, "count"),
        "failed_requests": value(sum(e.failed for e in episodes), "count"),
        "slow_requests": value(sum(e.slow for e in episodes), "count"),
        "bad_ratio": value(ratio, "ratio"),
        "duration_seconds": value(sum(e.window.duration_seconds for e in episodes), "seconds"),
        "episodes": value(len(episodes), "count"),
        "objective_ratio": value(spec.objective_ratio, "ratio"),
        "min_duration_seconds": value(spec.min_duration_seconds, "seconds"),
        "slower_than_seconds": value(spec.slower_than_seconds or float("nan"), "seconds"),
        "burn_rate": value(ratio / (1 - spec.objective_ratio) if requests else float("nan"), "count"),
    }


def _bad_words(case: Case) -> str:
    spec = case.incident.spec.symptom
    if spec.source != "requests":
        return "exceeded what the objective allows"
    slow = "took longer than {slower_than_seconds}" if spec.slower_than_seconds is not None else ""
    return " or ".join(filter(None, ["failed" if spec.failed else "", slow]))


def _headline(case: Case, findings: tuple[Finding, ...], values: dict[str, Value]) -> str:
    if not case.symptom.measurable:
        return sentence("{service}: the symptom could not be measured: no request was recorded in the window.", values)
    if not case.symptom.episodes:
        text = "{service}: no incident: {bad_in_window} of {requests_in_window} {unit} " + _bad_words(case)
        text += ", never beyond the objective of {objective_ratio} for {min_duration_seconds}."
        return sentence(text, values)
    text = "{service}: {bad_ratio} of {unit} " + _bad_words(case) + " for {duration_seconds}"
    first = next((f for f in findings if f.rank == 1), None)
    if first is None:
        counts = Counter(f.verdict for f in findings)
        values["examined"] = value(len(findings), "count")
        values["refuted"] = value(counts["refuted"], "count")
        return sentence(text + "; none of the {examined} suspects examined is supported, {refuted} refuted.", values)
    needed = ("container", "explained_all_ratio", "throttled_ratio", "which_episodes")
    values.update({f"cause_{k}": first.values[k] for k in needed})
    text += (
        "; container {cause_container} was held by its CPU limit in {cause_throttled_ratio} of its periods"
        + (" {cause_which_episodes}" if values["cause_which_episodes"].text else "")
        + ", and the stops cover {cause_explained_all_ratio} of the bad requests' excess time."
    )
    return sentence(text, values)


def _not_examined(evidence: Evidence) -> Observation:
    parts = []
    for name, kind, need in NOT_EXAMINED:
        there = evidence.manifest.current(kind, kind.replace("-samples", "-series")) if kind else ()
        state = "" if not kind else "; its file was captured" if there else "; its file was not captured"
        parts.append(f"{name} (needs {need}{state})")
    return Observation("not_examined", "Not examined by this version: " + "; ".join(parts) + ".")


def _rows(frame: pd.DataFrame) -> Iterator[tuple[pd.Timestamp, dict[Hashable, Any]]]:
    """Yield time and cells of each row."""
    return zip(pd.DatetimeIndex(frame.index), frame.to_dict("records"), strict=True)


def _timeline(case: Case) -> tuple[TimelineRow, ...]:
    evidence, rows = case.evidence, list[TimelineRow]()
    for start, row in _rows(evidence.deployments):
        what = f"{row['namespace']}/{row['deployment']}" + (f" revision {row['revision']}" if row["revision"] else "")
        end = row["finished_at"] if pd.notna(row["finished_at"]) else None
        rows.append(TimelineRow(start, end, "deployment", what, evidence.files.get("deployments", "")))
    for begin, row in _rows(pushes_under_way(lambda name: list(evidence.samples.named(name)))):
        what = f"configuration push, {value(row['xds_convergence_seconds'], 'seconds').text} until the proxies held it"
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


def _coverage(case: Case) -> tuple[Coverage, ...]:
    window, rows = case.incident.window, []
    table = case.symptom.requests
    seconds = pd.Series(1.0, index=pd.DatetimeIndex(table.index)).resample("5s", label="right", closed="right").sum()
    rows.append(coverage_of(seconds.where(seconds > 0), window, name="requests", step_seconds=5.0))
    for (namespace, workload, container), cpus in case.groups.items():
        for cpu in cpus:
            if len(cpu.periods.end):
                who = f"{namespace}/{workload}/{container}" + (f" in {cpu.pod}" if len(cpus) > 1 else "")
                elapsed = cpu.throttled_ratio_series()
                rows.append(coverage_of(elapsed.fillna(0.0), window, name=f"cpu_throttled_ratio of {who}"))
    return tuple(rows)
