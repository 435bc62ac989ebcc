"""What is said of a CPU quota beside the pauses: the counters decide, not the log."""

from __future__ import annotations

import numpy as np

from analysis.findings import Value, sentence
from analysis.hypotheses.gc.quota import BOTH, GC_WORK, INDUCED, STARVED, STRETCHED, THROTTLED

__all__ = ["quota_caveats"]

STARVED_RATIO = 0.5  # of the baseline's efficiency: a log alone shows that threads waited for a CPU
KNOWN_ALIKE = 0.5  # of the time paused; below, what is usual is that of other kinds of pause

COUNTED = (
    "Its container was held by the CPU quota in {container_throttled_ratio} of its periods at the same time "
    "(container_cpu_cfs_throttled_periods_total). "
)
WAITED = (
    "Collecting threads used {gc_efficiency_ratio} of the time of their pauses, {gc_efficiency_baseline_ratio} in the "
    "baseline: they waited for a CPU. "
)
STRETCH = (
    "Pauses took {gc_pause_seconds}, and {gc_expected_seconds} with the CPU that they got in the baseline: up to "
    "{gc_attributable_seconds} may be waiting for the quota and not collecting."
)
ALONE = (
    " Its {gc_workers} collecting threads use up a limit of {gc_limit_cores}: with the whole quota for themselves "
    "these pauses take up to {gc_alone_seconds}, {gc_expected_seconds} without a limit."
)
BURNT = (
    "The collector used {gc_of_quota_ratio} of the quota of the periods in which it paused: with {gc_workers} threads "
    "and a limit of {gc_limit_cores} it can be what burns the quota."
)
WORK = "Pauses took {gc_pause_seconds}, no longer than their CPU time needs: they were work of the collector."
LONGER_STILL = " They took longer still: others of the container used it up as well."


def quota_caveats(values: dict[str, Value]) -> tuple[str, ...]:
    """Return what the quota may have done to the pauses, naming the counters that decide it.

    Parameters
    ----------
    values : dict of str to Value
        From `quota.quota_values`.

    Notes
    -----
    A pause that took long for little CPU time proves that its threads waited for a CPU, not what for: a quota, a
    neighbour or swap.

    Examples
    --------
    >>> quota_caveats({})
    ()
    """
    if not values:
        return ()
    verdict, throttled = str(values["gc_quota_verdict"].value), _number(values, "container_throttled_ratio")
    if verdict == STARVED:
        text = _starved(values)
    elif verdict not in (GC_WORK, STRETCHED, INDUCED, BOTH):
        text = _unknown(values)
    elif throttled >= THROTTLED:
        text = COUNTED + {GC_WORK: WORK, BOTH: STRETCH + ALONE + LONGER_STILL}.get(verdict, "")
        text += _stretched(values) if verdict == STRETCHED else _induced(values) if verdict == INDUCED else ""
    else:
        text = ""
    if text and _number(values, "gc_alike_ratio") < KNOWN_ALIKE and "{gc_expected_seconds}" in text:
        text += " That is of other kinds of pause: the baseline has too few of these."
    return (sentence(text, values),) if text else ()


def _stretched(values: dict[str, Value]) -> str:
    text = STRETCH
    if _number(values, "gc_workers") <= _number(values, "gc_limit_cores") * (1 + 1e-9):
        text += " Its collecting threads ({gc_workers}) alone cannot use up the limit ({gc_limit_cores})."
    return text + " Others of the container used it up. A neighbour on the node at the same time would look alike."


def _induced(values: dict[str, Value]) -> str:
    if _number(values, "gc_alone_seconds") > _number(values, "gc_expected_seconds"):
        return STRETCH + ALONE + " The collector itself uses up the quota that holds it."
    return BURNT


def _starved(values: dict[str, Value]) -> str:
    if not _number(values, "container_throttled_ratio") >= THROTTLED:
        return WAITED + (
            "Not for the quota: its container was held in {container_throttled_ratio} of its periods. A neighbour on "
            "the node or swap can do that; load and swap of the node tell."
        )
    return COUNTED + WAITED + (
        "The throttled periods of the same time hold {gc_attributable_seconds} of {gc_stretched_seconds} at most: the "
        "rest is another's doing, as a neighbour's on the node, or swap."
    )  # fmt: skip


def _unknown(values: dict[str, Value]) -> str:
    """Return what is left open: why, where the container was throttled; that threads waited, where no counter tells."""
    throttled = _number(values, "container_throttled_ratio")
    if throttled >= THROTTLED:
        return COUNTED + "Whether that stretched the pauses is not known: {gc_quota_reason}."
    if _number(values, "gc_efficiency_ratio") < STARVED_RATIO * _number(values, "gc_efficiency_baseline_ratio"):
        if np.isfinite(throttled):
            return WAITED + "Not for the quota: its container was held in {container_throttled_ratio} of its periods."
        return WAITED + (
            "Whether for the quota only container_cpu_cfs_throttled_periods_total tells, which is not recorded."
        )
    return ""


def _number(values: dict[str, Value], name: str) -> float:
    found = values.get(name)
    return float(found.value) if found is not None and isinstance(found.value, (int, float)) else float("nan")
