"""Answers of describe-dimension-keys: the load of each key over a window, by wait."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from analysis.sources.lines import Tally
from analysis.sources.performance_insights.documents import Answer, instant
from analysis.sources.performance_insights.frames import OTHER
from analysis.sources.performance_insights.statements import Key, key_of

__all__ = ["Parts", "partitions_of"]

ROUNDING = 2e-6


class Parts(NamedTuple):
    """Rows of `PerformanceInsights.partitions` and `.statistics`, the ends of their windows [us], their keys."""

    keys: list[Key]
    ends: list[int]
    rows: list[tuple[Any, ...]]
    statistic_ends: list[int]
    statistics: list[tuple[Any, ...]]


def partitions_of(answer: Answer, wholes: Sequence[str], tally: Tally) -> Parts:
    """Return the keys of an answer: their total, each partition, and as "(other)" what no partition holds.

    The i-th partition of a key belongs to the i-th partition key.

    Raises
    ------
    EvidenceError
        If its times have no offset.

    Examples
    --------
    >>> content = {"AlignedStartTime": 1795369380, "AlignedEndTime": 1795369440,
    ...     "PartitionKeys": [{"Dimensions": {"db.wait_event.name": "CPU", "db.wait_event.type": "CPU"}}],
    ...     "Keys": [{"Dimensions": {"db.user.name": "app"}, "Total": 1.5, "Partitions": [1.0]}]}
    >>> parts = partitions_of(Answer("keys", "pi.json", content), (), Tally("pi.json"))
    >>> [(row[5], row[7]) for row in parts.rows]
    [('', 1.5), ('CPU', 1.0), ('(other)', 0.5)]
    """
    content, found = answer.content, Parts([], [], [], [], [])
    start, end = (instant(content.get(name), answer.file) for name in ("AlignedStartTime", "AlignedEndTime"))
    if end is None:
        tally.miss("AlignedEndTime", "no usable time: what it describes is not known")
        return found
    seconds = (end - start) / 1e6 if start is not None else math.nan
    partition_keys = content.get("PartitionKeys")
    names = [_named(entry, wholes) for entry in partition_keys] if isinstance(partition_keys, list) else []
    for number, entry in enumerate(content["Keys"]):
        key = _named(entry, wholes)
        total = _number(entry.get("Total")) if isinstance(entry, dict) else math.nan
        values = entry.get("Partitions") if isinstance(entry, dict) else None
        listed = values if isinstance(values, list) else []
        if key is None or math.isnan(total) or len(listed) not in (0, len(names)):
            tally.miss(f"Keys[{number}]", "no Dimensions or Total, or not as many Partitions as PartitionKeys")
            continue
        tally.recognised += 1
        found.keys.append(key)
        shown = [(name, _number(value)) for name, value in zip(names, listed, strict=bool(listed)) if name is not None]
        before = (seconds, key.group, key.key, key.fingerprint)
        rows: list[tuple[Any, ...]] = [(*before, "", "", "", total, True, False)]
        rows += [(*before, name.group, name.label, name.type, value, False, False) for name, value in shown]
        if shown:
            rest = total - sum(value for _, value in shown)
            rest = 0.0 if -ROUNDING * (len(shown) + 1) <= rest < 0 else rest
            rows.append((*before, shown[0][0].group, OTHER, OTHER, rest, False, True))
        found.rows.extend(rows)
        found.ends.extend([end] * len(rows))
        more = entry.get("AdditionalMetrics")
        for metric, value in more.items() if isinstance(more, dict) else ():
            found.statistics.append((seconds, key.group, key.key, str(metric), _number(value)))
            found.statistic_ends.append(end)
    return found


def _named(entry: Any, wholes: Sequence[str]) -> Key | None:
    given = entry.get("Dimensions") if isinstance(entry, dict) else None
    if not isinstance(given, dict):
        return None
    dimensions = sorted((name, value) for name, value in given.items() if isinstance(value, str))
    return key_of(dimensions[0][0].rpartition(".")[0], dimensions, wholes) if dimensions else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
