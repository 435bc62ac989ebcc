"""The whole logs of the JVMs of an incident, under the names that figures and tables give them."""

from __future__ import annotations

from typing import NamedTuple

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import Jvm, jvms
from analysis.sources.gclog.frames import GcLog

__all__ = ["NamedLog", "named_logs"]


class NamedLog(NamedTuple):
    """A JVM by its name ("container of workload", with the pod where there are several), and all that it logged."""

    name: str
    jvm: Jvm
    log: GcLog


def named_logs(case: Case) -> tuple[NamedLog, ...]:
    """Return every JVM that left a GC log, with its log.

    Parameters
    ----------
    case : Case
        With `evidence.gc_logs`.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> [n.name for n in named_logs(Case.of(load(Incident.load("data/incidents/B-gc-pressure"))))]
    ['app of payment-api']
    """
    return tuple(
        NamedLog(
            f"{container or workload} of {workload}" + (f" ({jvm.pod})" if jvm.pod else ""),
            jvm,
            jvm.log,
        )
        for (_, workload, container), pods in jvms(case).items()
        for jvm in pods
    )
