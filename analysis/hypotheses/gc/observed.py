"""What has a name in the GC logs of an incident, as observations: no verdict, no rank, no accusation."""

from __future__ import annotations

import numpy as np

from analysis.findings import Observation
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.diagnoses.named import diagnoses
from analysis.hypotheses.gc.jvms import MOST_UNREAD
from analysis.hypotheses.gc.logs import named_logs
from analysis.signals.gc import stopped_seconds

__all__ = ["named_in"]

MOST_JVMS = 3  # those that were held longest speak for the others


def named_in(case: Case) -> tuple[Observation, ...]:
    """Return the named diagnoses of the JVMs that were held longest in the incident window.

    A log of which too many lines were not understood says nothing here.

    Parameters
    ----------
    case : Case
        With `evidence.gc_logs`.

    Examples
    --------
    >>> from analysis.collect import load
    >>> from analysis.incident import Incident
    >>> [o.name for o in named_in(Case.of(load(Incident.load("data/incidents/B-gc-pressure"))))][:2]
    ['gc_heap_exhausted', 'gc_full_gc']
    """
    window = case.incident.window
    edges = np.array([window.start_us, window.end_us])
    logs = [n for n in named_logs(case) if not np.nan_to_num(n.jvm.unread_ratio(window)) > MOST_UNREAD]
    logs.sort(key=lambda n: -float(np.diff(stopped_seconds(n.jvm.held, edges))[0]))
    return tuple(o for n in logs[:MOST_JVMS] for o in diagnoses(n.log, window, n.name))
