"""Who recorded rollouts, and does that source cover the incident: a list, Kubernetes events, or their generations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollouts import LEAD_SECONDS
from analysis.incident import Window
from analysis.sources.kubernetes import DEPLOYMENT_COLUMNS
from analysis.sources.times import timed_frame

__all__ = ["Record", "generation_changes", "rollout_record"]

GENERATION, UNAVAILABLE = "kube_deployment_metadata_generation", "kube_deployment_status_replicas_unavailable"
REPLICAS = "kube_deployment_spec_replicas"
SAME_SECONDS = 60.0  # a change of the generation this near to a recorded start is that rollout


class Record(NamedTuple):
    """The `rollouts` (as of `read_deployments`), the `source` that says so, and whether it `covers` the incident.

    `gap` says why nothing can be concluded from an absence where the source does not cover it.
    """

    rollouts: pd.DataFrame
    source: str
    covers: bool
    gap: str


def rollout_record(case: Case) -> Record:
    """Return the rollouts of the recording and how far their absence can be believed.

    Parameters
    ----------
    case : Case
        With evidence and incident.

    Notes
    -----
    An empty list proves nothing by itself: nobody knows whether it was cut. Generations of deployments cover the time
    of their samples. Events expire (an hour by default): they cover the incident if one that had ended before it is
    still there, and one lies after it. Changes of a generation stand in for rollouts where no other source has any,
    and say when one was finished where the list does not.
    """
    evidence, window = case.evidence, case.incident.window
    need = Window(window.start - pd.Timedelta(seconds=LEAD_SECONDS), window.end)
    source = evidence.files.get("deployments", "")
    expiring = bool(source) and source == evidence.files.get("events", "")
    kept = expiring and _events_cover(evidence.events, need)
    listed = evidence.deployments
    if len(listed) and not expiring and not listed["finished_at"].isna().any():
        return Record(listed, source or "the evidence", covers=True, gap="")
    by_generation, covers = generation_changes(case, need)
    if len(evidence.deployments):
        said = source or "the evidence"
        gap = f"{said} holds no rollout near the incident, but events expire" if expiring and not kept else ""
        rollouts = _with_ends(evidence.deployments, by_generation)
        return Record(rollouts, said, covers=covers or kept or not expiring, gap=gap)
    if len(by_generation):
        gap = "" if covers else f"{GENERATION} was not recorded throughout the incident"
        return Record(by_generation, GENERATION, covers=covers, gap=gap)
    if covers:
        return Record(by_generation, GENERATION, covers=True, gap="")
    if expiring:
        if kept:
            return Record(by_generation, source, covers=True, gap="")
        gap = f"{source} holds no rollout, but events expire, and none shows that those of the incident were still kept"
        return Record(by_generation, source, covers=False, gap=gap)
    gap = f"{source} lists no rollout, and nothing shows that it covers the time" if source else (
        "no source of rollouts was recorded: neither a list, nor events, nor generations of deployments"
    )  # fmt: skip
    return Record(by_generation, source, covers=False, gap=gap)


def generation_changes(case: Case, need: Window) -> tuple[pd.DataFrame, bool]:
    """Return rollouts that generations of deployments show, and whether their samples cover a window.

    Parameters
    ----------
    case : Case
        With samples of kube-state-metrics.
    need : Window
        To be covered by the generations of at least one deployment.

    Returns
    -------
    (DataFrame, bool)
        A rollout begins at the sample before the change, and ends when no replica is unavailable any more. A change of
        the number of replicas moves the generation too, and is none.
    """
    named = case.evidence.samples.named
    waiting, wanted = ({_who(s.labels): s for s in named(metric)} for metric in (UNAVAILABLE, REPLICAS))
    times: list[int] = []
    rows: list[tuple[object, ...]] = []
    covers = False
    for series in named(GENERATION):
        good = np.isfinite(series.values)
        when, values = series.times[good], series.values[good]
        if not len(when):
            continue
        step = float(np.median(np.diff(when))) if len(when) > 1 else 0.0
        whole = bool((np.diff(when[(when > need.start_us - step) & (when < need.end_us + step)]) < 3 * step).all())
        covers |= whole and bool(when[0] <= need.start_us + step and when[-1] >= need.end_us - step)
        namespace, deployment = _who(series.labels)
        for j in np.flatnonzero(np.diff(values) > 0).tolist():
            before, after = (_value_at(wanted.get((namespace, deployment)), int(t)) for t in (when[j], when[j + 1]))
            if before == after or not np.isfinite([before, after]).all():
                times.append(int(when[j]))
                end = _ready(waiting.get((namespace, deployment)), int(when[j]))
                rows.append((end, namespace, deployment, "", "", after, "", ""))
    return timed_frame(times, rows, DEPLOYMENT_COLUMNS), covers


def _with_ends(rollouts: pd.DataFrame, by_generation: pd.DataFrame) -> pd.DataFrame:
    """Return rollouts whose finish was not recorded with the end that their replicas show, where they do."""
    if not rollouts["finished_at"].isna().any() or not len(by_generation):
        return rollouts
    ends = list(rollouts["finished_at"])
    for i, (start, row) in enumerate(rollouts.iterrows()):
        same = by_generation[
            (by_generation["namespace"] == row["namespace"]) & (by_generation["deployment"] == row["deployment"])
        ]
        near = same[abs(same.index - start) <= pd.Timedelta(seconds=SAME_SECONDS)]["finished_at"].dropna()
        if pd.isna(ends[i]) and len(near):
            ends[i] = near.iloc[0]
    return rollouts.assign(finished_at=pd.Series(ends, index=rollouts.index, dtype=rollouts["finished_at"].dtype))


def _who(labels: dict[str, str]) -> tuple[str, str]:
    return labels.get("exported_namespace", labels.get("namespace", "")), labels.get("deployment", "")


def _value_at(series: object, time: int) -> float:
    """Return the value of a series at or last before a time [us], NaN if there is none."""
    times, values = getattr(series, "times", np.zeros(0, "i8")), getattr(series, "values", np.zeros(0))
    place = int(np.searchsorted(times, time, side="right")) - 1
    return float(values[place]) if place >= 0 else float("nan")


def _ready(series: object, start: int) -> int | None:
    """Return when replicas that were unavailable after a time were all there again [us]; None if that is not seen."""
    times, values = getattr(series, "times", np.zeros(0, "i8")), getattr(series, "values", np.zeros(0))
    after = times > start
    missing = np.flatnonzero(after & (values > 0))
    if not len(missing):
        return None
    back = np.flatnonzero((values == 0) & (np.arange(len(values)) > missing[0]))
    return int(times[back[0]]) if len(back) else None


def _events_cover(events: pd.DataFrame, need: Window) -> bool:
    """Return whether an event that had ended before a window is still there, and one lies after it."""
    if not len(events):
        return False
    ends = pd.DatetimeIndex(events["end"])
    return bool(ends.min() <= need.start and ends.max() >= need.end)
