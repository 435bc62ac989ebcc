"""Lives of JVMs: which stretches of which files one JVM wrote, and with which collector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from analysis.sources.gclog.rows import NO_CLOCK
from analysis.sources.gclog.segments import RESTART_SECONDS, SAME_START_US, Segment

__all__ = ["Life", "collector_of", "lives_of"]

LATE_NUMBERS = 5  # the number of a concurrent collection is logged after later ones
GENERATIONAL = {"ZGC": "GenZGC", "Shenandoah": "GenShenandoah"}
OF_KIND = (("z_", "ZGC"), ("shen_", "Shenandoah"), ("degenerated", "Shenandoah"), ("young_concurrent", "G1"),
           ("young_prepare", "G1"), ("mixed", "G1"), ("cleanup", "G1"))  # fmt: skip
OF_CYCLE = {"zgc": "ZGC", "minor": "GenZGC", "major": "GenZGC", "concurrent_mark": "G1", "undo": "G1"}
Life = list[Segment]


def lives_of(found: Sequence[Segment]) -> list[Life]:
    """Return stretches joined to lives, both in order of time.

    Stretches of different files are of one life where the JVM started at the same time by clock and uptime; without
    both, where the uptime or clock goes on and the numbers of collections go on.

    Parameters
    ----------
    found : sequence of Segment
        Of all files.
    """
    order = sorted(found, key=_key)
    lives: list[Life] = []
    for segment in order:
        mine = next((life for life in reversed(lives) if _same_life(life[-1], segment)), None)
        if mine is None:
            lives.append([segment])
        else:
            mine.append(segment)
    return lives


def _key(segment: Segment) -> tuple[float, float]:
    clock, uptime = segment.begin
    return (clock if np.isfinite(clock) else 0.0, uptime if np.isfinite(uptime) and not np.isfinite(clock) else 0.0)


def _same_life(before: Segment, after: Segment) -> bool:
    apart = abs(before.offset_us - after.offset_us)
    if apart > SAME_START_US:
        return False
    if after.uptimes[0] < before.uptimes[1] - RESTART_SECONDS:
        return _overlap(before, after)
    if np.isfinite(apart):
        return True
    if "collector" in after.facts or before.place.name == after.place.name:
        return False
    if [np.isfinite(x) for x in before.begin] != [np.isfinite(x) for x in after.begin]:
        return False  # one has a clock or an uptime, the other has not
    last, first = before.gcids[1], after.gcids[0]
    return last < 0 or first < 0 or first >= last - LATE_NUMBERS


def _overlap(one: Segment, two: Segment) -> bool:
    """Return whether two files have stamps in common: snapshots of one growing log."""
    if one.place.name == two.place.name:
        return False
    known = np.isfinite(one.uptime_seconds) & (one.clock_us != NO_CLOCK)
    stamps = {*zip(one.clock_us[known].tolist(), one.uptime_seconds[known].tolist(), strict=True)}
    return any(pair in stamps for pair in zip(two.clock_us.tolist(), two.uptime_seconds.tolist(), strict=True))


def collector_of(life: Life) -> str:
    """Return the collector that a life names, else the one that its rows are of; "" unknown.

    Parameters
    ----------
    life : list of Segment
        Of one JVM.

    Examples
    --------
    >>> collector_of([])
    ''
    """
    facts = {name: value for segment in reversed(life) for name, value in segment.facts.items()}
    name = facts.get("collector") or facts.get("hint") or ""
    kinds: Counter[str] = Counter()
    for segment in life if not name else []:
        pauses, cycles = segment.table("pauses"), segment.table("cycles")
        kinds.update(c for c in pauses.get("collector", ()) if c)
        for kind in pauses.get("kind", ()):
            kinds.update(c for head, c in OF_KIND if kind.startswith(head))
        kinds.update("G1" for cause in pauses.get("cause", ()) if cause.startswith("G1 "))
        kinds.update(OF_CYCLE[kind] for kind in cycles.get("kind", ()) if kind in OF_CYCLE)
    name = name or (kinds.most_common(1)[0][0] if kinds else "")
    return GENERATIONAL.get(name, name) if facts.get("generational") else name
