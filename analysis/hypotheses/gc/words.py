"""What may be said about GC pauses: values, and sentences by verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.correlate.event_overlap import EventOverlap
from analysis.correlate.known import mean_of_known
from analysis.findings import Test, Value, number, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.explained import ENOUGH
from analysis.hypotheses.gc.exposure import ALPHA, Exposure
from analysis.hypotheses.gc.gaps import ALL
from analysis.hypotheses.gc.jvms import Jvm
from analysis.hypotheses.gc.stall_words import stall_clause, stall_values
from analysis.incident import Window
from analysis.signals.gc import pauses_in, stop_statistics
from analysis.signals.requests import Episode

__all__ = ["GcTrial", "state", "trial_values"]

LEAST = 0.001  # a smaller share is said to be less than this
COLLECTING = ("young", "mixed", "full", "degenerated")  # kinds of pause that are whole collections


@dataclass(frozen=True)
class GcTrial:
    """What was measured of the JVMs of one container on one episode; `of` counts them all, `pods` the suspected.

    `unusable`: lines were not understood, or their clock is wrong: the share that was stopped is then not known.
    """

    episode: Episode
    pods: tuple[Jvm, ...]
    of: int
    magnitude: Test
    exposure: Exposure
    overlap: EventOverlap | None
    unusable: bool = False


def trial_values(case: Case, key: tuple[str, str, str], trial: GcTrial) -> dict[str, Value]:
    """Return the numbers of a trial that sentences may use.

    Parameters
    ----------
    case : Case
        For the baseline.
    key : (str, str, str)
        Namespace, workload, container.
    trial : GcTrial
        What was measured.
    """
    window, baseline = trial.episode.window, case.incident.baseline
    during = [stop_statistics(p.stops, window, p.known) for p in trial.pods]
    before = [stop_statistics(p.stops, baseline, p.known) for p in trial.pods]
    m, x = trial.magnitude, trial.exposure
    silent = trial.unusable or any(p.silent for p in trial.pods)
    paused = float("nan") if silent else mean_of_known([s.ratio for s in during])
    covers = min(p.known_ratio(window) for p in trial.pods)
    words = {
        "container": key[2] or key[1],
        "workload": key[1],
        "collector": trial.pods[0].collectors or "unknown",
        "enough": "enough to explain them" if (m.value or 0.0) >= ENOUGH else "",
        "top_cause": _top_cause(trial.pods, window),
    }
    numbers = {
        "pods": value(len(trial.pods), "count"),
        "pods_of": value(trial.of, "count"),
        "paused_ratio": value(paused, "ratio"),
        "paused_baseline_ratio": value(mean_of_known([s.ratio for s in before]), "ratio"),
        "stops": value(sum(s.n for s in during), "count"),
        "stop_total_seconds": value(sum(s.total_seconds for s in during), "seconds"),
        "stop_max_seconds": value(float(np.fmax.reduce([s.max_seconds for s in during])), "seconds"),
        "stop_max_baseline_seconds": value(float(np.fmax.reduce([s.max_seconds for s in before])), "seconds"),
        "stop_p_ninety_nine_seconds": value(float(np.fmax.reduce([s.p99_seconds for s in during])), "seconds"),
        "explained_ratio": value(_or_nan(m.value), "ratio"),
        "explained_low_ratio": value(_or_nan(m.low), "ratio"),
        "explained_high_ratio": value(_or_nan(m.high), "ratio"),
        "exposure_bad_seconds": value(x.bad_seconds, "seconds"),
        "exposure_good_seconds": value(x.good_seconds, "seconds"),
        "exposure_reach_seconds": value(x.reach_seconds, "seconds"),
        "exposure_p": _chance(x.p_value),
    } | ({} if covers >= ALL else {"log_covers_ratio": value(covers, "ratio")})
    return {name: Value(text, "name", text) for name, text in words.items()} | (
        numbers | stall_values(case, trial.pods, window) | _overlap_values(trial.overlap)
    )


def _or_nan(x: float | None) -> float:
    return float("nan") if x is None else x


def _chance(p: float) -> Value:
    return Value(p, "p", number(p, 2)) if np.isfinite(p) else Value(None, "p", "unknown")


def _overlap_values(found: EventOverlap | None) -> dict[str, Value]:
    """Return how many of the bad requests overlapped a stop, for how long, and what chance would give."""
    if found is None or not np.isfinite(found.overlap_p_value):
        return {}
    seconds, expected = found.overlap / 1e6, found.expected_overlap / 1e6
    return {
        "overlapping_ratio": value(found.share, "ratio"),
        "overlapping_expected_ratio": value(found.expected_share, "ratio"),
        "overlap_seconds": value(seconds, "seconds"),
        "overlap_expected_seconds": value(expected, "seconds"),
        "attributable_seconds": value(max(seconds - expected, 0.0), "seconds"),
        "overlap_p": _chance(found.overlap_p_value),
    }


def _top_cause(pods: tuple[Jvm, ...], window: Window) -> str:
    """Return kind and cause of the pauses that took most of the time; empty without pauses."""
    seconds: dict[tuple[str, str], float] = {}
    for jvm in pods:
        inside = pauses_in(jvm.pauses, window)
        columns = (inside[name].tolist() for name in ("kind", "cause", "duration_seconds"))
        for kind, cause, length in zip(*columns, strict=True):
            seconds[kind, cause] = seconds.get((kind, cause), 0.0) + length
    if not seconds:
        return ""
    kind, cause = max(seconds, key=lambda name: seconds[name])
    what = "collections" if kind.startswith(COLLECTING) else "pauses"
    name = kind.removeprefix("z_").removeprefix("shen_").replace("_", " ")
    return f"{name} {what}" + (f" ({cause})" if cause else "")


def state(verdict: str, tests: tuple[Test, ...], values: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """Return the sentence that the tests allow, no stronger: its template, and the values that it needs besides.

    Parameters
    ----------
    verdict : str
        By rule.
    tests : tuple of Test
        The five tests.
    values : dict of str to Value
        What was computed.
    """
    which = " in {pods} of {pods_of} pods" if values["pods_of"].value != 1 else ""
    when = " {which_episodes}" if values["which_episodes"].text else ""
    part = "part of the bad interval that the log covers ({log_covers_ratio})"
    bad = part if "log_covers_ratio" in values else "time in which requests were bad"
    share = f"{{paused_ratio}} of the {bad}, {{paused_baseline_ratio}} of the baseline"
    stalls = stall_clause(values)
    also, what = (f"; {stalls}", "stops and stalls") if stalls else ("", "stops")
    failures = [t for t in tests if t.passed is False]
    if verdict == "supported":
        text = "The JVM of {container}" + which + when + f" stood still for {share}"
        text += ", {stop_max_seconds} at longest" if values["stop_max_seconds"].value is not None else ""
        text += ", most of it in {top_cause}" if values["top_cause"].text else ""
        text += f"{also}; the {what} cover {{explained_ratio}} of the bad requests' excess time "
        text += "[{explained_low_ratio} to {explained_high_ratio}]"
        return text + (", {enough} with the queueing behind each stop." if values["enough"].text else "."), {}
    if verdict == "refuted":
        return _against(failures, values, f"Stops of {{container}}{which}{when} covered {share}{also}", what)
    doubt = next((t for t in tests if t.passed is None and t.name in ("timing", "magnitude")), None)
    if doubt is not None:
        question = f"{doubt.name}: {doubt.reason}"
        text = "Whether GC pauses of {container} made requests bad cannot be decided; {open_question}."
        if values["paused_ratio"].value is not None:
            text += f" Stops covered {share}{also}."
        elif stalls:
            text += f" {stalls[0].upper()}{stalls[1:]}."
        return text, {"open_question": Value(doubt.name, "name", question)}
    if failures:
        against = f"{failures[0].name}: {failures[0].words}"
        text = "The JVM of {container}" + which + when + f" stood still for {share}{also}, but one test speaks against "
        return text + "it ({against}).", {"against": Value(failures[0].name, "name", against)}
    text = "The JVM of {container}" + which + when + f" stood still for {share}{also}; neither dose, specificity nor "
    return text + "reversal could confirm that it made requests bad.", {}


def _against(failures: list[Test], values: dict[str, Value], text: str, what: str) -> tuple[str, dict[str, Value]]:
    """Return the sentence of a refuted suspect: how little there was, or what failed."""
    kinds = {t.name: t for t in failures}
    more: dict[str, Value] = {}
    they, stop = ("they", "stop") if what == "stops" else (what, "stop or stall")
    high = values["explained_high_ratio"].value
    if isinstance(high, float) and high < LEAST:
        more = {"explained_least_ratio": value(LEAST, "ratio")}
        text += f"; {they} cover less than {{explained_least_ratio}} of the bad requests' excess time"
    elif high is not None:
        text += f"; {they} cover at most {{explained_high_ratio}} of the bad requests' excess time"
    elif "timing" in kinds:
        against = kinds["timing"].words
        return text + ": {against}.", {"against": Value(kinds["timing"].reason, "name", against)}
    p = values.get("overlap_p")
    if p is not None and isinstance(p.value, float) and p.value > ALPHA:
        return text + (
            f". Bad requests spent no more time in a {stop} than with the same {what} shifted in time "
            "(p = {overlap_p})."
        ), more
    if "timing" in kinds or "specificity" in kinds:
        first = kinds.get("timing") or kinds["specificity"]
        return text + ", and {against}.", more | {"against": Value(first.reason, "name", first.words)}
    return text + ".", more
