"""Answers of get-resource-metrics to blocks: one metric by one group, its total and its keys, pages joined."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from analysis.sources.lines import Tally
from analysis.sources.performance_insights.documents import Answer, instant

__all__ = ["PERIODS", "Block", "blocks_of", "group_of", "joined", "load_metric"]

PERIODS = (1, 60, 300, 3600, 86400)  # what a request may ask for [s]
SAME = 1e-9
Dimensions = tuple[tuple[str, str], ...]


@dataclass
class Block:
    """One query of a request: points by dimensions (none: the total) and time [us]; NaN where there is no value."""

    metric: str
    group: str
    identifier: str
    start: int | None
    end: int | None
    files: list[str]
    points: dict[Dimensions, dict[int, float]] = field(default_factory=dict)
    open: bool = False

    @property
    def stamps(self) -> list[int]:
        """Return all times of the block, ascending [us]."""
        return sorted({at for series in self.points.values() for at in series})

    @property
    def period(self) -> float:
        """Return the seconds that a point stands for: the least distance of two; NaN where nothing tells."""
        stamps = self.stamps
        apart = min((b - a for a, b in pairwise(stamps)), default=0) / 1e6
        if not apart and self.start is not None and self.end is not None and stamps:
            apart = (self.end - self.start) / 1e6
        fitting = [p for p in PERIODS if apart >= p and math.isclose(apart % p, 0, abs_tol=1e-6)]
        return float(fitting[-1]) if fitting else math.nan


def load_metric(metric: str) -> bool:
    """Return whether a metric counts sessions.

    Examples
    --------
    >>> load_metric("db.load.avg"), load_metric("db.sampledload.avg"), load_metric("os.cpuUtilization.total.avg")
    (True, True, False)
    """
    return metric.startswith(("db.load.", "db.sampledload."))


def group_of(dimensions: Dimensions) -> str:
    """Return the group of dimensions, the name without its last part; "" for none.

    Examples
    --------
    >>> group_of((("db.wait_event.name", "CPU"), ("db.wait_event.type", "CPU"))), group_of((("db.name", "a"),))
    ('db.wait_event', 'db')
    """
    return dimensions[0][0].rpartition(".")[0] if dimensions else ""


def blocks_of(answer: Answer, tally: Tally) -> list[Block]:
    """Return the blocks of one answer; points without a usable time or value are counted.

    Raises
    ------
    EvidenceError
        If its times have no offset.
    """
    content, found = answer.content, list[Block]()
    edges = [instant(content.get(name), answer.file) for name in ("AlignedStartTime", "AlignedEndTime")]
    identifier = content.get("Identifier")
    for number, entry in enumerate(content["MetricList"]):
        key = entry.get("Key") if isinstance(entry, dict) else None
        points = entry.get("DataPoints") if isinstance(entry, dict) else None
        if not isinstance(key, dict) or not isinstance(key.get("Metric"), str) or not isinstance(points, list):
            tally.miss(f"MetricList[{number}]", "no Key with a Metric, or no DataPoints")
            continue
        dimensions = _dimensions(key.get("Dimensions"))
        group, metric = group_of(dimensions), key["Metric"]
        block = found[-1] if found and _continues(found[-1], metric, group, dimensions) else None
        if block is None:
            named = identifier if isinstance(identifier, str) else ""
            block = Block(metric, group, named, edges[0], edges[1], [answer.file], open=bool(content.get("NextToken")))
            found.append(block)
        block.group = block.group or group
        series = block.points.setdefault(dimensions, {})
        for place, point in enumerate(points):
            _add(series, point, tally, f"MetricList[{number}].DataPoints[{place}]", answer.file)
    return found


def _continues(block: Block, metric: str, group: str, dimensions: Dimensions) -> bool:
    """Return whether an entry belongs to the block before: the keys that follow a total."""
    return bool(dimensions) and block.metric == metric and block.group in ("", group)


def _dimensions(given: Any) -> Dimensions:
    if not isinstance(given, dict):
        return ()
    return tuple(sorted((name, value) for name, value in given.items() if isinstance(value, str)))


def _add(series: dict[int, float], point: Any, tally: Tally, where: str, file: str) -> None:
    at = instant(point.get("Timestamp"), file) if isinstance(point, dict) else None
    value = point.get("Value") if isinstance(point, dict) else None
    known = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
    if at is None or (value is not None and not known and not isinstance(value, float)):
        tally.miss(where, "no usable Timestamp or Value")
        return
    tally.recognised += 1
    if at not in series or math.isnan(series[at]):
        series[at] = float(value) if known and value is not None else math.nan


def joined(blocks: list[Block]) -> tuple[list[Block], list[str]]:
    """Return blocks with the pages of one request as one, and the files that only repeat what was there.

    Pages have the same instance, metric, group and aligned times, and no point in common but equal ones; an answer to
    another question (a Filter is not said in the answer) differs in its values and stays its own.

    Examples
    --------
    >>> page = lambda at, last: Block("db.load.avg", "", "db-A", 0, 9, ["f"], {(): {at: 1.0}}, last)
    >>> found, twice = joined([page(1, True), page(2, False), page(2, False)])
    >>> len(found), found[0].points, found[0].open, twice
    (1, {(): {1: 1.0, 2: 1.0}}, False, ['f'])
    """
    kept, twice = list[Block](), list[str]()
    for block in blocks:
        target = next((k for k in kept if _same_request(k, block)), None)
        if target is None:
            kept.append(block)
            continue
        new = [(d, at) for d, series in block.points.items() for at in series if at not in target.points.get(d, {})]
        twice += [] if new else block.files
        for dimensions, series in block.points.items():
            target.points.setdefault(dimensions, {}).update(series)
        target.group = target.group or block.group
        target.open = target.open and block.open
        target.files += [f for f in block.files if f not in target.files]
    return kept, twice


def _same_request(one: Block, other: Block) -> bool:
    if (one.metric, one.identifier, one.start, one.end) != (other.metric, other.identifier, other.start, other.end):
        return False
    if one.group != other.group and (other.group or not other.points.keys() <= {()} or not one.open):
        return False
    if one.start is None and not one.open:
        return False
    differ = (
        abs(value - one.points[d][at]) > SAME
        for d, series in other.points.items()
        if d in one.points
        for at, value in series.items()
        if at in one.points[d]
    )
    return not any(differ) and (one.open or _repeats(one, other))


def _repeats(one: Block, other: Block) -> bool:
    """Return whether all of the other's points are in the first: the same answer, saved twice."""
    return all(at in one.points.get(d, {}) for d, series in other.points.items() for at in series)
