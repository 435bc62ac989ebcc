"""Saved answers of Performance Insights for a pack: numbers, times and ids stay, statements become fingerprints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from analysis.pack.files import CannotRedactError, differences, write_as_named
from analysis.pack.scrub import Scrubber
from analysis.sources.performance_insights.documents import answers_of
from analysis.sources.performance_insights.reader import read_performance_insights
from analysis.sources.performance_insights.statements import LIST, MOST_BYTES
from analysis.sql.fingerprint import fingerprint

__all__ = ["check_insights", "pack_insights"]

TIMES = ("AlignedStartTime", "AlignedEndTime")
IDS = ("id", "db_id", "tokenized_id")


def pack_insights(source: Path, target: Path, scrub: Scrubber) -> tuple[str, ...]:
    """Write the answers of a file with redacted dimensions; return what was left out.

    Raises
    ------
    EvidenceError
        If it is no file of answers.
    """
    answers, others = answers_of(source)
    made = [_answer(answer.content, scrub) for answer in answers]
    write_as_named(target, msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    return (f"{others} documents that are no answers",) if others else ()


def _answer(content: dict[str, Any], scrub: Scrubber) -> dict[str, Any]:
    made: dict[str, Any] = {name: _time(content[name]) for name in TIMES if name in content}
    if isinstance(content.get("Identifier"), str):
        made["Identifier"] = scrub.text(content["Identifier"])
    if content.get("NextToken"):
        made["NextToken"] = "?"
    if isinstance(content.get("MetricList"), list):
        made["MetricList"] = [_metric(entry, scrub) for entry in content["MetricList"]]
    elif isinstance(content.get("Keys"), list):
        if isinstance(content.get("PartitionKeys"), list):
            made["PartitionKeys"] = [_key(entry, scrub) for entry in content["PartitionKeys"]]
        made["Keys"] = [_key(entry, scrub) for entry in content["Keys"]]
    elif isinstance(content.get("Dimensions"), list):
        made["Dimensions"] = [_detail(entry, scrub) for entry in content["Dimensions"]]
    return made


def _time(value: Any) -> Any:
    return value if isinstance(value, int | float) else str(value)[:40]


def _value(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else "?"


def _metric(entry: Any, scrub: Scrubber) -> Any:
    key = entry.get("Key") if isinstance(entry, dict) else None
    points = entry.get("DataPoints") if isinstance(entry, dict) else None
    if not isinstance(key, dict) or not isinstance(points, list):
        return None
    named = {"Metric": key.get("Metric")} | (
        {"Dimensions": _dimensions(key["Dimensions"], scrub)} if isinstance(key.get("Dimensions"), dict) else {}
    )
    kept = [
        {n: _time(p[n]) if n == "Timestamp" else _value(p[n]) for n in ("Timestamp", "Value") if n in p}
        if isinstance(p, dict)
        else None
        for p in points
    ]
    return {"Key": named, "DataPoints": kept}


def _key(entry: Any, scrub: Scrubber) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("Dimensions"), dict):
        return None
    made: dict[str, Any] = {"Dimensions": _dimensions(entry["Dimensions"], scrub)}
    if "Total" in entry:
        made["Total"] = _value(entry["Total"])
    if isinstance(entry.get("Partitions"), list):
        made["Partitions"] = [_value(v) for v in entry["Partitions"]]
    if isinstance(entry.get("AdditionalMetrics"), dict):
        made["AdditionalMetrics"] = {scrub.text(k): _value(v) for k, v in entry["AdditionalMetrics"].items()}
    return made


def _detail(entry: Any, scrub: Scrubber) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("Dimension"), str):
        return None
    name, value = entry["Dimension"], entry.get("Value")
    made = {"Dimension": name, "Status": scrub.text(str(entry.get("Status", "")))}
    if isinstance(value, str):
        made["Value"] = _dimension(name, value, scrub, whole=True)
    return made


def _dimensions(given: dict[str, Any], scrub: Scrubber) -> dict[str, str]:
    return {name: _dimension(name, value, scrub) for name, value in given.items() if isinstance(value, str)}


def _dimension(name: str, value: str, scrub: Scrubber, *, whole: bool = False) -> str:
    last = name.rpartition(".")[2]
    if last == "statement":
        return _statement(value, scrub, cut=not whole and len(value.encode("utf-8", "replace")) >= MOST_BYTES)
    if last in IDS:
        return value
    return scrub.client(value) if name == "db.host.name" else scrub.text(value)


def _statement(text: str, scrub: Scrubber, *, cut: bool) -> str:
    """Return the fingerprint as the reader makes it, no longer than a statement that is taken for whole."""
    dialect = "mysql" if "`" in text and "'" not in text else "postgresql"
    shape = fingerprint(text.replace(LIST, "?"), cut=cut, dialect=dialect)
    scrub.names.count("statement", text)
    if not cut and len(shape.encode()) >= MOST_BYTES:
        for loose, tight in ((", ", ","), (" = ", "=")):  # layout only: its fingerprint is the same
            shape = shape.replace(loose, tight)
    return shape


def check_insights(before: Sequence[Path], after: Sequence[Path]) -> None:
    """Read the answers and their copies together, and compare all that an analysis gets.

    Raises
    ------
    CannotRedactError
        If a number, a time, a wait or a statement differs; names of hosts and users may.
    """
    old, _ = read_performance_insights(before)
    new, _ = read_performance_insights(after)
    wrong = list[str]()
    for name in ("load", "partitions", "statistics", "counters"):
        passed = ("key", "label", "partition")
        wrong += differences(getattr(old, name), getattr(new, name), {}, passed_over=passed)
    wrong += differences(old.keys, new.keys, {}, passed_over=("key", "label"))
    if wrong:
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")
