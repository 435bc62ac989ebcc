"""The whole analysis of an incident in one call: evidence -> symptom -> hypotheses -> ranked ledger -> headline."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.clock_offset import clock_observation
from analysis.collect import Evidence, load
from analysis.findings import Finding, Observation, Value, sentence, value
from analysis.headline import headline, impact
from analysis.hypotheses import examined
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import jvms
from analysis.incident import Incident
from analysis.ledger import Row, ledger
from analysis.sensitivity import fragile_under, sensitivity
from analysis.series import Coverage, coverage_of
from analysis.timeline import TimelineRow, timeline

__all__ = ["Investigation", "investigate"]

RUN_VARIABLE = "POSTMORTEM_RUN"  # a folder with results that `postmortem report` computed once for its notebooks
RESULT = "investigation.pickle"


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
    def ledger(self) -> tuple[Row, ...]:
        """What became of every suspect that an engineer would name, those not tested too."""
        return ledger(self.findings)

    @property
    def problems(self) -> tuple[str, ...]:
        """What makes the analysis partial: declared sources that are missing, an unknown service, no requests."""
        found = [f"{p.source}: {p.reason}" for p in self.evidence.problems]
        service = self.incident.spec.service
        if self.case.groups and not self.case.service_seen:
            seen = sorted({"/".join(key[:2]) for key in self.case.groups})
            found.append(
                f"service {service.namespace}/{service.workload} is not in the evidence; containers were recorded for: "
                f"{', '.join(seen)}"
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
    ranked, observations = examined(case)
    values = impact(case)
    return Investigation(
        case,
        ranked,
        (*_baseline_note(evidence, case), *_cut_note(case), *observations, *filter(None, [clock_observation(case)])),
        headline(case, ranked, values),
        values,
        timeline(case),
        _coverage(case),
    )


def _baseline_note(evidence: Evidence, case: Case) -> tuple[Observation, ...]:
    """Say where the baseline was cut because a bad interval had begun in it."""
    cut = (evidence.incident.baseline.end - case.incident.baseline.end).total_seconds()
    if cut <= 0:
        return ()
    values = {"cut_seconds": value(cut, "seconds")}
    text = "The last {cut_seconds} of the baseline lie in the bad interval already: they are left out of it."
    return (Observation("baseline_cut", sentence(text, values), values),)


def _cut_note(case: Case) -> tuple[Observation, ...]:
    """Say where bad requests went on beyond the window: the numbers of the impact are of the window only."""
    if not case.symptom.episodes:
        return ()
    first, last, window = case.symptom.episodes[0], case.symptom.episodes[-1], case.incident.window
    times = {"begin": first.begin_us if first.begin_us < window.start_us else None,
             "finish": last.finish_us if last.finish_us > window.end_us else None}  # fmt: skip
    at = {k: f"{pd.Timestamp(t, unit='us', tz='UTC'):%H:%M:%S} UTC" for k, t in times.items() if t is not None}
    if not at:
        return ()
    values = {k: Value(text, "time", text) for k, text in at.items()}
    parts = {"begin": "began before the window, at {begin}", "finish": "went on after the window, until {finish}"}
    text = "Bad requests " + " and ".join(parts[k] for k in at) + "; the impact counts those in the window only."
    return (Observation("window_cuts", sentence(text, values), values),)


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
    for (_, workload, container), logs in jvms(case).items():
        ends = pd.date_range(window.start, window.end, freq="5s", inclusive="right")
        known = [np.array([any(a < t <= b for a, b in jvm.known) for t in ends.as_unit("us").asi8]) for jvm in logs]
        name = f"GC log of {container or workload}"
        rows += [coverage_of(pd.Series(1.0, ends).where(k), window, name=name, step_seconds=5.0) for k in known]
    sampled = pd.DatetimeIndex(case.evidence.sessions.index.unique())
    if len(sampled):
        rows.append(coverage_of(pd.Series(1.0, index=sampled), window, name="samples of database sessions"))
    return tuple(rows)
