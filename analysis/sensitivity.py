"""Would the verdicts differ had the incident been written down a little differently? Each finding under variations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd

from analysis.collect import Evidence
from analysis.findings import Finding, value
from analysis.hypotheses import examined
from analysis.hypotheses.case import Case
from analysis.incident import Window
from analysis.signals.requests import Episode
from analysis.sources.prometheus import SampleTable

__all__ = ["AS_WRITTEN", "NOT_COMPARABLE", "Variation", "compared", "fragile_under", "sensitivity", "variations"]

AS_WRITTEN = "as written"
NOT_COMPARABLE = "not_comparable"
REACH_SECONDS = 600.0  # an author's window may well be ten minutes off
INWARD = 0.25  # of the window, at most: an incident of two minutes is not drawn ten minutes too long
LEAST = 0.05  # of the window: less room than this is no variation
THRESHOLD = 0.25  # a quarter more, a quarter less
FIELDS_UNIT = {
    "slower_than_seconds": "seconds", "more_statements_than": "count", "objective_ratio": "ratio",
    "min_duration_seconds": "seconds",
}  # fmt: skip
FIELDS = tuple(FIELDS_UNIT)
COLUMNS = ("variation", "detail", "finding", "verdict", "explained_ratio")


class Variation(NamedTuple):
    """One way in which the incident could have been written: its name, what it means here, and the evidence so read.

    `evidence` is None where the recording leaves no room for it.
    """

    name: str
    detail: str
    kind: Literal["window", "step", "threshold"]
    evidence: Evidence | None


class _Result(Protocol):
    @property
    def case(self) -> Case: ...

    @property
    def findings(self) -> tuple[Finding, ...]: ...


def sensitivity(evidence: Evidence, investigation: _Result) -> pd.DataFrame:
    """Return the verdict of every finding under every variation.

    Parameters
    ----------
    evidence : Evidence
        From `collect.load`.
    investigation : Investigation
        What `examine` found on it.

    Returns
    -------
    DataFrame
        Columns variation, detail, finding (its id), verdict, explained_ratio [ratio]; the rows of "as written" first,
        then those of each variation, findings in their order.

    Notes
    -----
    A verdict is compared on the bad intervals as written: intervals that only a variation finds are left out, since
    they ask another question. "not_comparable", and no flip: the recording leaves no room; the moved window holds
    none of the intervals that the finding is about, or too little of them; the finding does not exist there. A
    threshold that makes the incident vanish is a flip: then the claim rests on that threshold. Each variation changes
    one thing.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> from analysis.investigation import examine
    >>> evidence = load(Incident.load("data/incidents/D-quiet-control"))
    >>> sorted(set(sensitivity(evidence, examine(evidence))["verdict"]))
    ['not_comparable', 'not_testable']
    """
    case, findings = investigation.case, investigation.findings
    rows: list[tuple[str, str, str, str, float]] = [(AS_WRITTEN, "", f.id, f.verdict, _share(f)) for f in findings]
    for variation in variations(evidence):
        found = _examined(variation, case) if findings else {}
        for finding in findings:
            other = found.get(finding.id) if _kept(variation, case, finding) else None
            verdict, share = (other.verdict, _share(other)) if other else (NOT_COMPARABLE, float("nan"))
            rows.append((variation.name, variation.detail, finding.id, verdict, share))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({**dict.fromkeys(COLUMNS, "str"), "explained_ratio": "f8"})


def fragile_under(frame: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return finding -> the variations that change its verdict, in their order; a finding without any is left out.

    Parameters
    ----------
    frame : DataFrame
        From `sensitivity`.

    Examples
    --------
    >>> rows = [("as written", "", "h:a", "supported", 1.0), ("step x2", "", "h:a", "insufficient", 0.4)]
    >>> fragile_under(pd.DataFrame(rows, columns=["variation", "detail", "finding", "verdict", "explained_ratio"]))
    {'h:a': ('step x2',)}
    """
    written = frame[frame["variation"] == AS_WRITTEN].set_index("finding")["verdict"].to_dict()
    found: dict[str, list[str]] = {}
    for row in frame.to_dict("records"):
        if row["verdict"] not in (NOT_COMPARABLE, written[row["finding"]]):
            found.setdefault(row["finding"], []).append(row["variation"])
    return {finding: tuple(names) for finding, names in found.items()}


def compared(frame: pd.DataFrame) -> dict[str, int]:
    """Return finding -> under how many variations its verdict could be compared.

    Parameters
    ----------
    frame : DataFrame
        From `sensitivity`.

    Examples
    --------
    >>> rows = [("as written", "h:a", "refuted"), ("end later", "h:a", "not_comparable"), ("step x2", "h:a", "refuted")]
    >>> compared(pd.DataFrame(rows, columns=["variation", "finding", "verdict"]))
    {'h:a': 1}
    """
    varied = frame[frame["variation"] != AS_WRITTEN]
    return {str(k): int(v) for k, v in (varied["verdict"] != NOT_COMPARABLE).groupby(varied["finding"]).sum().items()}


def variations(evidence: Evidence) -> tuple[Variation, ...]:
    """Return the variations of an incident: window, step, thresholds; one thing each.

    Parameters
    ----------
    evidence : Evidence
        From `collect.load`.

    Notes
    -----
    Outwards the window grows by 10 minutes or as far as requests and samples were recorded and the baseline does not
    begin; inwards it shrinks by 10 minutes or a quarter of its length. Step: every second sample is left out, so that
    counters are read half as often; requests keep their times. Thresholds: a quarter more and less of the duration
    from which a request is slow, of the share of bad requests that the objective allows, and of the least duration.
    """
    return (*_windows(evidence), _doubled_step(evidence), *_thresholds(evidence))


def _share(finding: Finding) -> float:
    return float("nan") if finding.explained_ratio is None else finding.explained_ratio


def _examined(variation: Variation, case: Case) -> dict[str, Finding]:
    """Return id -> finding of every hypothesis under a variation, on the bad intervals as written."""
    if variation.evidence is None:
        return {}
    varied = Case.of(
        variation.evidence, None if variation.kind == "step" else case.containers
    )  # the samples are the same
    if case.symptom.episodes:
        kept = _overlapping(varied.symptom.episodes, case.symptom.episodes)
        if variation.kind == "window" and not kept:
            return {}
        varied = replace(varied, symptom=replace(varied.symptom, episodes=kept))
    return {f.id: f for f in examined(varied)[0]}


def _overlapping(episodes: Sequence[Episode], written: Sequence[Episode]) -> tuple[Episode, ...]:
    kept = [
        e for e in episodes if any(e.window.start < o.window.end and o.window.start < e.window.end for o in written)
    ]
    return tuple(kept)


def _kept(variation: Variation, case: Case, finding: Finding) -> bool:
    """Return whether a window still holds a part of the bad intervals that a finding is about."""
    if variation.evidence is None:
        return False
    about = [e for e in case.symptom.episodes if e.id in finding.episodes] or case.symptom.episodes
    window = variation.evidence.incident.window
    inside = any(e.window.start < window.end and window.start < e.window.end for e in about)
    return inside or variation.kind != "window" or not about


def _span(evidence: Evidence) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return from when until when everything that was recorded at all was recorded."""
    index = evidence.requests.index
    spans = [s for s in (evidence.samples.span, (index[0], index[-1]) if len(index) else None) if s]
    return (max(s[0] for s in spans), min(s[1] for s in spans)) if spans else None


def _windows(evidence: Evidence) -> Iterator[Variation]:
    window, baseline = evidence.incident.window, evidence.incident.baseline
    first, last = _span(evidence) or (window.start, window.end)
    if baseline.end <= window.start:
        first = max(first, baseline.end)
    if baseline.start >= window.end:
        last = min(last, baseline.start)
    inward = INWARD * window.duration_seconds
    rooms = {
        "start earlier": (window.start - first).total_seconds(),
        "start later": inward,
        "end earlier": inward,
        "end later": (last - window.end).total_seconds(),
    }
    for name, room in rooms.items():
        seconds = float(np.floor(min(REACH_SECONDS, room)))
        if seconds < LEAST * window.duration_seconds:
            yield Variation(name, "the recording and the baseline leave no room", "window", None)
            continue
        step = pd.Timedelta(seconds=seconds if name.endswith("later") else -seconds)
        start, end = (
            (window.start + step, window.end) if name.startswith("start") else (window.start, window.end + step)
        )
        why = "" if seconds >= REACH_SECONDS else ", a quarter of the window" if room == inward else ", all there is"
        incident = replace(evidence.incident, window=Window(start, end))
        yield Variation(name, value(seconds, "seconds").text + why, "window", replace(evidence, incident=incident))


def _doubled_step(evidence: Evidence) -> Variation:
    table = evidence.samples
    number = np.arange(len(table.ids)) - np.searchsorted(table.ids, table.ids)
    keep = number % 2 == 0
    thin = SampleTable(table.labels, table.ids[keep], table.times[keep], table.values[keep])
    return Variation("step x2", "every second sample left out", "step", replace(evidence, samples=thin))


def _thresholds(evidence: Evidence) -> Iterator[Variation]:
    symptom = evidence.incident.spec.symptom
    slow, allowed, least = symptom.slower_than_seconds, 1 - symptom.objective_ratio, symptom.min_duration_seconds
    changes: list[tuple[str, str, float]] = []
    for factor in (1 - THRESHOLD, 1 + THRESHOLD):
        by = f"{value(factor - 1, 'ratio').text}" if factor < 1 else f"+{value(factor - 1, 'ratio').text}"
        if slow is not None and symptom.source == "requests":
            changes.append((f"slow {by}", "slower_than_seconds", slow * factor))
        if symptom.more_statements_than is not None:
            most = max(round(symptom.more_statements_than * factor), 1)
            changes.append((f"most statements {by}", "more_statements_than", most))
        if allowed * factor < 1:
            changes.append((f"allowed bad share {by}", "objective_ratio", 1 - allowed * factor))
        changes.append((f"least duration {by}", "min_duration_seconds", max(least * factor, 1.0)))
    for name, field, number in sorted(changes, key=lambda change: FIELDS.index(change[1])):
        spec = evidence.incident.spec.model_copy(update={"symptom": symptom.model_copy(update={field: number})})
        varied = replace(evidence, incident=replace(evidence.incident, spec=spec))
        yield Variation(name, value(number, FIELDS_UNIT[field]).text, "threshold", varied)
