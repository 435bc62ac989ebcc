"""Saved answers of Performance Insights to frames: load by key with what no key holds, keys, partitions, counters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import NoDataError, SpecError
from analysis.sources.lines import ReadReport, Tally
from analysis.sources.performance_insights.blocks import Block, blocks_of, joined, load_metric
from analysis.sources.performance_insights.documents import Answer, answers_of
from analysis.sources.performance_insights.frames import (
    COUNTER_COLUMNS,
    KEY_COLUMNS,
    LOAD_COLUMNS,
    OTHER,
    PARTITION_COLUMNS,
    STATISTIC_COLUMNS,
    PerformanceInsights,
    timed,
)
from analysis.sources.performance_insights.partitions import Parts, partitions_of
from analysis.sources.performance_insights.statements import Key, key_of, whole_texts

__all__ = ["ALIGNMENTS", "read_performance_insights"]

ALIGNMENTS = ("END_TIME", "START_TIME")
ROUNDING = 2e-6  # sessions that a value may be off by: answers are rounded to six places
CUT_POINTS = range(340, 361)  # after about 350 points the API may stop without saying so


def read_performance_insights(
    paths: Sequence[Path], *, alignment: str = "END_TIME"
) -> tuple[PerformanceInsights, tuple[ReadReport, ...]]:
    """Read answers of get-resource-metrics, describe-dimension-keys and get-dimension-key-details, pages joined.

    Parameters
    ----------
    paths : sequence of Path
        JSON files, see `documents.answers_of`.
    alignment : str
        PeriodAlignment of the requests, which answers do not say: END_TIME (the API's default; a stamp ends its
        period), or START_TIME (stamps are moved by a period).

    Returns
    -------
    insights : PerformanceInsights
        Per query of a request the total, its keys, and as "(other)" the total less all keys: the API gives the top
        keys only. It is NaN where a key has no value. A stamp that an answer lacks is no row: a gap is not zero.
    reports : tuple of ReadReport
        One a file: points that were understood and not; answers that end before the time they were asked for (the
        API may stop after about 350 points without saying so), that have another page which is not there, or whose
        keys are more than the total, are noted, the first two as truncated.

    Raises
    ------
    SpecError
        If the alignment is another, or the period of an answer that is to be moved is not known.
    EvidenceError
        If a file cannot be read, is no answer, or has times without an offset.
    NoDataError
        If no file is given.

    Examples
    --------
    >>> import json, tempfile
    >>> points = [{"Timestamp": 1795369440.0 + 60 * n, "Value": 0.5} for n in range(3)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "pi.json")
    ...     answer = {"AlignedStartTime": 1795369380.0, "AlignedEndTime": 1795369560.0,
    ...               "MetricList": [{"Key": {"Metric": "db.load.avg"}, "DataPoints": points}]}
    ...     _ = path.write_text(json.dumps(answer))
    ...     insights, reports = read_performance_insights([path])
    >>> insights.load["value"].tolist(), insights.load["period_seconds"].tolist(), reports[0].truncated
    ([0.5, 0.5, 0.5], [60.0, 60.0, 60.0], False)
    """
    if alignment not in ALIGNMENTS:
        raise SpecError("unknown alignment", where="alignment", expected=" or ".join(ALIGNMENTS), next="name one")
    if not paths:
        raise NoDataError("no file", where="paths", expected="answers of aws pi", next="name at least one")
    tallies = [Tally(path.name) for path in paths]
    answers = list[tuple[int, Answer]]()
    for number, path in enumerate(paths):
        found, others = answers_of(path)
        for _ in range(others):
            tallies[number].miss("a document", "no answer with MetricList, Keys or Dimensions")
        answers += [(number, answer) for answer in found]
    notes: list[list[str]] = [[] for _ in paths]
    wholes = whole_texts(_details([(n, a) for n, a in answers if a.kind == "details"], tallies))
    parts = [partitions_of(a, wholes, tallies[n]) for n, a in answers if a.kind == "keys"]
    files: dict[int, int] = {}
    blocks = list[Block]()
    for number, answer in answers:
        if answer.kind == "metrics":
            for block in blocks_of(answer, tallies[number]):
                files[id(block)] = number
                blocks.append(block)
    blocks, twice = joined(blocks)
    cut = set[int]()
    for block in blocks:
        said = _doubts(block)
        notes[files[id(block)]] += said
        if said and (block.open or _ends_early(block)):
            cut.add(files[id(block)])
    for number, answer in answers:
        if answer.kind == "keys" and answer.content.get("NextToken"):
            cut.add(number)
            notes[number].append("another page follows (NextToken): keys are missing")
    for number, path in enumerate(paths):
        if path.name in twice:
            notes[number].append("it repeats what another answer gives, which counts once")
    insights = _frames(blocks, parts, wholes, alignment, [(notes[files[id(b)]]) for b in blocks])
    return insights, tuple(
        tally.report(*dict.fromkeys(notes[n]), truncated=n in cut) for n, tally in enumerate(tallies)
    )


def _details(answers: Iterable[tuple[int, Answer]], tallies: Sequence[Tally]) -> list[str]:
    """Return the whole statements of get-dimension-key-details; those not available are counted as understood."""
    found = list[str]()
    for number, answer in answers:
        for entry in answer.content["Dimensions"]:
            if not isinstance(entry, dict) or not isinstance(entry.get("Dimension"), str):
                tallies[number].miss("Dimensions", "no Dimension")
                continue
            tallies[number].recognised += 1
            value = entry.get("Value")
            if entry["Dimension"].endswith(".statement") and isinstance(value, str) and value:
                found.append(value)
    return found


def _ends_early(block: Block) -> bool:
    stamps, period = block.stamps, block.period
    if not stamps or block.end is None or math.isnan(period):
        return len(stamps) in CUT_POINTS and block.end is None
    return stamps[-1] < block.end - 1.5 * period * 1e6


def _doubts(block: Block) -> list[str]:
    """Return what must be known of a block: whether it is whole, values it lacks, and times at odds with END_TIME."""
    name = f"{block.metric}{' by ' + block.group if block.group else ''}"
    stamps, found = block.stamps, list[str]()
    if block.open:
        found.append(f"{name}: another page follows (NextToken) and is not there")
    if _ends_early(block):
        about = " (the API may stop at about 350 points without saying so)" if len(stamps) in CUT_POINTS else ""
        missing = (
            "" if block.end is None else f", {(block.end - stamps[-1]) / 1e6:g} s before the end that was asked for"
        )
        found.append(f"{name}: truncated after {len(stamps)} points{missing}{about}")
    if block.start is not None and stamps and stamps[0] <= block.start:
        found.append(f"{name}: its first stamp is the start: with END_TIME it would come a period later")
    absent = sum(math.isnan(value) for series in block.points.values() for value in series.values())
    if absent:
        found.append(f"{name}: {absent} points without a value are unknown")
    whole = (stamps[-1] - stamps[0]) / 1e6 / block.period + 1 if stamps and block.period > 0 else len(stamps)
    if whole - len(stamps) > 0.5:
        found.append(f"{name}: {whole - len(stamps):.0f} stamps are missing within: unknown, not zero")
    return found


def _frames(
    blocks: list[Block], parts: list[Parts], wholes: Sequence[str], alignment: str, notes: list[list[str]]
) -> PerformanceInsights:
    ends, load, counted, counters = list[int](), list[tuple[Any, ...]](), list[int](), list[tuple[Any, ...]]()
    keys: dict[tuple[str, str], Key] = {(k.group, k.key): k for part in parts for k in part.keys}
    for number, block in enumerate(blocks):
        moved, period = _moved(block, alignment), block.period
        if not load_metric(block.metric):
            for dimensions, series in block.points.items():
                name = " ".join([block.metric, *(value for _, value in dimensions if len(value) < 100)])
                counted += [at + moved for at in series]
                counters += [(number, name, value, period) for value in series.values()]
            continue
        named = {d: key_of(block.group, d, wholes) for d in block.points if d}
        keys |= {(k.group, k.key): k for k in named.values()}
        for dimensions, series in block.points.items():
            of = named.get(dimensions) or Key(block.group, "", "", "", "", "", "", truncated=False)
            ends += [at + moved for at in series]
            load += [
                (
                    number,
                    block.metric,
                    block.group,
                    of.key,
                    of.label,
                    of.type,
                    value,
                    period,
                    not dimensions,
                    False,
                )
                for value in series.values()
            ]
        rest, negative = _rest(block)
        ends += [at + moved for at in rest]
        load += [
            (number, block.metric, block.group, OTHER, OTHER, OTHER, value, period, False, True)
            for value in rest.values()
        ]
        if negative:
            notes[number].append(
                f"{block.metric} by {block.group}: at {negative} stamps the keys are more than the total"
            )
    return PerformanceInsights(
        load=timed(ends, load, LOAD_COLUMNS),
        keys=_key_frame(list(keys.values())),
        partitions=timed([e for p in parts for e in p.ends], [r for p in parts for r in p.rows], PARTITION_COLUMNS),
        statistics=timed(
            [e for p in parts for e in p.statistic_ends], [r for p in parts for r in p.statistics], STATISTIC_COLUMNS
        ),
        counters=timed(counted, counters, COUNTER_COLUMNS),
    )


def _key_frame(keys: list[Key]) -> pd.DataFrame:
    cells = list(zip(*keys, strict=True)) if keys else [()] * len(KEY_COLUMNS)
    pairs = zip(KEY_COLUMNS.items(), cells, strict=True)
    return pd.DataFrame({name: pd.Series(list(cell), dtype=dtype) for (name, dtype), cell in pairs})


def _moved(block: Block, alignment: str) -> int:
    if alignment == "END_TIME" or not block.stamps:
        return 0
    if math.isnan(block.period):
        raise SpecError(
            "the period is not known, so its stamps cannot be moved", where=block.files[0],
            expected="at least two points", next="ask for more points, or with PeriodAlignment END_TIME",
        )  # fmt: skip
    return round(block.period * 1e6)


def _rest(block: Block) -> tuple[dict[int, float], int]:
    """Return the total less all keys by stamp, NaN where a key has no value, and how often it is negative."""
    total = block.points.get(())
    keys = [series for dimensions, series in block.points.items() if dimensions]
    if total is None or not keys:
        return {}, 0
    rest = {at: whole - sum(series.get(at, math.nan) for series in keys) for at, whole in total.items()}
    allowed = ROUNDING * (len(keys) + 1)
    negative = sum(value < -allowed for value in rest.values())
    return {at: 0.0 if -allowed <= value < 0 else value for at, value in rest.items()}, negative
