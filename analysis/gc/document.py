"""The document of `postmortem gc`: lives, coverage, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.errors import NoDataError
from analysis.gc.events import events_of
from analysis.gc.lives import life_document, life_names
from analysis.sources.gclog.frames import GcLog
from analysis.sources.lines import ReadReport

__all__ = ["as_document", "refuse_empty"]


def as_document(log: GcLog, coverage: dict[str, Any], *, events: bool = False) -> dict[str, Any]:
    """Return what `postmortem gc --json` prints.

    Parameters
    ----------
    log : GcLog
        Of all files.
    coverage : dict
        From `coverage.coverage_of`.
    events : bool
        Whether to list every pause.

    Returns
    -------
    dict
        lives, coverage, and events if asked for.

    Examples
    --------
    >>> sorted(as_document(GcLog(), {}))
    ['coverage', 'lives']
    """
    names = life_names(log.lives)
    document = {
        "lives": [life_document(log, i, name) for i, name in enumerate(names)],
        "coverage": coverage,
    }
    return document | {"events": events_of(log, names)} if events else document


def refuse_empty(log: GcLog, reports: Sequence[ReadReport]) -> None:
    """Raise where nothing of a GC log was found, with what was in its place.

    Parameters
    ----------
    log : GcLog
        Of all files.
    reports : sequence of ReadReport
        One a file.

    Raises
    ------
    NoDataError
        If no line of any file was understood as one of a GC log.

    Examples
    --------
    >>> refuse_empty(GcLog(), [ReadReport("app.log", 0, 0, 0, (), False, ())])
    Traceback (most recent call last):
    analysis.errors.NoDataError: no line of a GC log was understood
      where:    app.log
      expected: a log of HotSpot: -Xlog:gc* (JDK 9 and later) or -XX:+PrintGCDetails (JDK 8 and before)
      next:     name the GC log itself; where it was mixed with another log, its lines are found
    """
    if len(log.lives) and any(r.recognised for r in reports):
        return
    names = ", ".join(r.file for r in reports[:5]) + (", ..." if len(reports) > 5 else "")
    raise NoDataError(
        "no line of a GC log was understood",
        where=names or "no file",
        expected="a log of HotSpot: -Xlog:gc* (JDK 9 and later) or -XX:+PrintGCDetails (JDK 8 and before)",
        next="name the GC log itself; where it was mixed with another log, its lines are found",
    )
