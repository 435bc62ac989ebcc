"""Which stretches of time a capture takes: baseline, window and a margin, and no later than now."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.errors import SpecError
from analysis.incident import Incident
from analysis.series import iso

__all__ = ["SETTLED_SECONDS", "Span", "spans_of"]

TOGETHER_SECONDS = 3600.0  # what lies between two stretches is taken, too, where it is not longer
SETTLED_SECONDS = 600.0  # samples may come this late: recording rules, remote writes, CloudWatch


@dataclass(frozen=True)
class Span:
    """First and last moment of a capture [us since epoch, UTC], both included, in whole seconds."""

    start_us: int
    end_us: int

    @property
    def seconds(self) -> float:
        """Length [s]."""
        return (self.end_us - self.start_us) / 1e6

    @property
    def iso_start(self) -> str:
        """First moment as ISO-8601 UTC."""
        return iso(pd.Timestamp(self.start_us, unit="us", tz="UTC"))

    @property
    def iso_end(self) -> str:
        """Last moment as ISO-8601 UTC."""
        return iso(pd.Timestamp(self.end_us, unit="us", tz="UTC"))


def spans_of(incident: Incident, *, margin_seconds: float, now: pd.Timestamp) -> tuple[Span, ...]:
    """Return what to capture of an incident: one stretch, or two where the baseline lies far from the window.

    Parameters
    ----------
    incident : Incident
        Its window and baseline.
    margin_seconds : float
        As much before and after each; tests such as reversal read outside both windows.
    now : Timestamp
        Nothing after it is asked for.

    Returns
    -------
    tuple of Span
        In order of time. Stretches that are less than an hour apart are one, with all between them.

    Raises
    ------
    SpecError
        If the incident lies in the future.

    Examples
    --------
    >>> incident = Incident.load("data/incidents/D-quiet-control")
    >>> (span,) = spans_of(incident, margin_seconds=60, now=pd.Timestamp("2026-11-30", tz="UTC"))
    >>> span.iso_start, span.iso_end
    ('2026-11-22T18:29:20Z', '2026-11-22T18:34:20Z')
    """
    if incident.window.start >= now:
        raise SpecError(
            "the incident lies in the future",
            where=f"{incident.window.iso_start} to {incident.window.iso_end}, now {iso(now)}",
            expected="a window that has begun",
            next="correct the window in incident.yaml, or the clock of this machine",
        )
    margin = pd.Timedelta(seconds=margin_seconds)
    stretches = sorted((w.start - margin, min(w.end + margin, now)) for w in (incident.baseline, incident.window))
    (first, middle), (again, last) = stretches
    if (again - middle).total_seconds() < TOGETHER_SECONDS:
        stretches = [(first, max(middle, last))]
    return tuple(Span(_us(a.floor("s")), _us(b.floor("s"))) for a, b in stretches if a < b)


def _us(time: pd.Timestamp) -> int:
    return int(time.as_unit("us").asm8.astype("i8"))
