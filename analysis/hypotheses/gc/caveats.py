"""What a reader of a finding on GC pauses must know besides: what the log does not tell, and whose it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.findings import Finding, Value, sentence
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.gaps import gap_caveat
from analysis.hypotheses.gc.jvms import Jvm
from analysis.hypotheses.gc.onset import ROSE_BEFORE, ROSE_LATER
from analysis.hypotheses.gc.stall_words import stall_caveat
from analysis.signals.requests import Episode

__all__ = ["caveats_of"]


def caveats_of(case: Case, episode: Episode, pods: tuple[Jvm, ...], finding: Finding) -> tuple[str, ...]:
    """Return the caveats of a finding, those of its quota apart.

    Parameters
    ----------
    case : Case
        With containers and baseline.
    episode : Episode
        The one that the finding tells of.
    pods : tuple of Jvm
        The JVMs that it tells of.
    finding : Finding
        With its tests.
    """
    return tuple(_all(case, episode, pods, finding))


def _all(case: Case, episode: Episode, pods: tuple[Jvm, ...], finding: Finding) -> Iterator[str]:
    if finding.verdict == "supported":
        yield "This does not show why the collector had so much to do: traffic, a leak or a small heap."
        yield "The covered time includes requests that queued behind a stop."
        if text := stall_caveat(finding.values):
            yield text
    elif finding.verdict == "insufficient" and any(p.stalls_in(episode.window) for p in pods):
        yield "Names of threads in the request log, or in traces, would tell which requests waited for memory."
    for window, name in ((episode.window, "bad interval"), (case.incident.baseline, "baseline")):
        said = (gap_caveat(p, window, name) for p in sorted(pods, key=lambda p: p.known_ratio(window)))
        yield from (text for text in [next(said, None)] if text)
    if _by_timing(finding) and "gc_clock_seconds" not in finding.values:
        yield "The clock of the GC log was not compared with that of the requests."
    if any(p.named_by_file for p in pods):
        yield "Its GC logs overlap in time: each is taken for a JVM of its own. Name the pod of each in the spec."
    yield from _unknown_container(case, finding)
    if any(len(p.pauses) and not np.isfinite(p.pauses["user_seconds"]).any() for p in pods):
        yield "The log has no CPU times: whether a pause was work or waiting for a CPU is not known."
    if any(int(p.lives["unrecognised"].sum()) for p in pods):
        yield "Some lines of the GC log were not understood."


def _by_timing(finding: Finding) -> bool:
    """Return whether a finding is refuted because its stops rose at another time."""
    return finding.verdict == "refuted" and any(t.reason in (ROSE_BEFORE, ROSE_LATER) for t in finding.tests)


def _unknown_container(case: Case, finding: Finding) -> Iterator[str]:
    """Yield that no sample knows a container that the spec names, though others of its workload were recorded."""
    e = finding.entity
    known = sorted(
        {name for namespace, workload, name in case.groups if (namespace, workload) == (e.namespace, e.workload)}
    )
    if e.container and known and e.container not in known:
        words = {"container": e.container, "workload": e.workload, "known": ", ".join(known)}
        values = {key: Value(text, "name", text) for key, text in words.items()}
        yield sentence("No sample knows a container {container} of {workload}: those recorded are {known}.", values)
