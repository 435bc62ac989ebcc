"""The other rollouts of a recording as controls of one: of such a size, under the same conditions, was anybody hurt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.correlate.known import mean_of_known
from analysis.findings import Measured, Test, Value, failed, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.harm import limits_removed
from analysis.hypotheses.triggers.rollout_stretch import Rollout, stretch_end, stretch_of
from analysis.hypotheses.triggers.words import name
from analysis.signals.mesh import UnderWay

__all__ = ["controls_test"]

MIN_CONTROLS = 3
COMPARABLE = 0.5  # of the replicas
LEAST_US = 60_000_000  # so long after a control's start requests are looked at


def controls_test(
    case: Case, rollout: Rollout, rollouts: Sequence[Rollout], pushes: UnderWay
) -> tuple[Test, dict[str, Value]]:
    """Compare with the recording's other rollouts of such a size and under the same conditions: was anybody hurt."""
    allowed = 1 - case.incident.spec.symptom.objective_ratio
    changed = limits_removed(case)
    comparable, harmless, told = 0, 0, []
    for other in (r for r in rollouts if r != rollout):
        share = _bad_after(case, other, stretch_end(stretch_of(case, other, pushes).mid))
        if not np.isfinite(share):
            continue
        first, second = sorted((other.start, rollout.start))
        apart = any(first < time <= second for time in changed)
        told.append(_told(other, share, ", after a CPU limit was removed" if apart else ""))
        if other.replicas >= COMPARABLE * rollout.replicas and not apart:
            comparable += 1
            harmless += share <= allowed
    listed = "; ".join(told[:5]) or "none"
    values = {"controls": name(listed), "comparable_rollouts": value(comparable, "count")}
    measured = Measured(harmless / comparable if comparable else float("nan"), "ratio", None, None, comparable, None)
    words = f"{harmless} of {comparable} rollouts of such a size passed without harm (others: {listed})"
    if case.on_path(rollout.namespace, rollout.workload):
        return undecided("specificity", f"a new version has no like: other rollouts are no controls ({listed})"), values
    if comparable < MIN_CONTROLS:
        few = f"too few rollouts of such a size and under the same conditions to compare with: {words}"
        return undecided("specificity", few, measured if comparable else None), values
    if 2 * harmless > comparable:
        return failed("specificity", measured, words, reason="such rollouts come without harm"), values
    return undecided("specificity", words, measured), values


def _bad_after(case: Case, other: Rollout, end: int) -> float:
    """Return the share of bad requests from a rollout on, for a minute at least; NaN where an episode lies in it."""
    end = max(end, other.start + LEAST_US)
    if any(e.window.start_us < end and e.window.end_us > other.start for e in case.symptom.episodes):
        return float("nan")
    table = case.symptom.requests
    times = pd.DatetimeIndex(table.index).as_unit("us").asi8
    return mean_of_known(table["bad"].to_numpy(dtype=float)[(times > other.start) & (times <= end)])


def _told(other: Rollout, share: float, apart: str) -> str:
    pods = f", {other.replicas:.0f} {'pod' if other.replicas == 1 else 'pods'}" if np.isfinite(other.replicas) else ""
    when = f"{pd.Timestamp(other.start, unit='us', tz='UTC'):%H:%M:%S} UTC"
    return f"{other.name} at {when}{pods}{apart}: {value(share, 'ratio').text} of requests bad"
