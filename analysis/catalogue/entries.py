"""Entries of a catalogue's files as they are written, and how one becomes metrics under their full names."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import msgspec

from analysis.catalogue.model import Absence, Expression, Kind, Metric, Role, Way

__all__ = ["Dialect", "Entry", "Question", "metrics_of", "problems_of"]

Part = Literal["count", "sum", "max", "bucket", "quantile", "active_count", "duration_sum"]
NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FOREIGN = re.compile(
    r"\(\?|\\[^.]|[*+?}][*+?]|\{,|\[\[:"
)  # what RE2 and Python read differently, or one of them not at all
PLACE = re.compile(r"\$(\w+)")
PLACES = frozenset({"sel", "nsel", "dbsel", "w"})
KNOWN_PLACES = ", ".join(f"${place}" for place in sorted(PLACES))
AT_ENDS = re.compile(r"@\s*(start|end)\s*\(\s*\)")


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line under `metrics`: a name or a pattern; `parts` are the series that a timer or histogram is stored as."""

    name: str = ""
    pattern: str = ""
    kind: Kind
    unit: str
    role: Role
    parts: tuple[Part, ...] = ()
    scale: float = 1.0
    fix: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    heavy: bool | None = None
    indexed: bool = False
    optional: bool = False
    personal: tuple[str, ...] = ()
    note: str = ""


class Dialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dialect of a question, and what all of its metrics share."""

    scope: str
    metrics: tuple[Entry, ...]
    source: str = ""
    shift_seconds: tuple[float, float] | None = None
    note: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question of a file; only `id` is needed where it adds to a question that is there."""

    id: str
    question: str = ""
    required: bool | None = None
    whole: bool | None = None
    caveat: str = ""
    dialects: dict[str, Dialect] = {}
    absences: tuple[Absence, ...] = ()
    expressions: tuple[Expression, ...] = ()


class _As(NamedTuple):
    """How a part of a timer is stored: the end of its name, its kind, unit, role, and whether it is never missed."""

    end: str
    kind: Kind
    unit: str
    role: Role
    optional: bool = False


def metrics_of(dialect: str, given: Dialect, ways: tuple[Way, ...]) -> tuple[Metric, ...]:
    """Return the metrics of one dialect of one question, every part of a timer under its own name.

    Parameters
    ----------
    dialect : str
        Its name.
    given : Dialect
        As it was written.
    ways : tuple of Way
        Of its scope.

    Examples
    --------
    >>> entry = Entry(name="call_seconds", parts=("count", "bucket"), kind="summary", unit="seconds", role="seconds")
    >>> [(m.pattern, m.role, m.heavy) for m in metrics_of("own", Dialect(scope="pod", metrics=(entry,)), ())]
    [('call_seconds_count', 'calls', False), ('call_seconds_bucket', 'spread', True)]
    """
    found = []
    for entry in given.metrics:
        for part in [_as(p, entry) for p in entry.parts] or [_As("", entry.kind, entry.unit, entry.role)]:
            pattern = f"{entry.name}{part.end}" if entry.name else entry.pattern
            heavy = part.end == "_bucket" if entry.heavy is None else entry.heavy
            found.append(
                Metric(
                    pattern=pattern, plain=bool(entry.name), dialect=dialect, source=given.source, kind=part.kind,
                    unit=part.unit, role=part.role, ways=ways, scale=entry.scale if part.unit == entry.unit else 1.0,
                    shift_seconds=given.shift_seconds, fix=entry.fix, has=entry.has, lacks=entry.lacks, heavy=heavy,
                    indexed=entry.indexed, optional=entry.optional or part.optional, personal=entry.personal,
                    note=". ".join(filter(None, (entry.note, given.note))),
                )
            )  # fmt: skip
    return tuple(found)


def _as(part: Part, entry: Entry) -> _As:
    if part == "count":
        return _As("_count", entry.kind, "count", "calls" if entry.role == "seconds" else entry.role)
    if part == "bucket":
        return _As("_bucket", "histogram", "count", "spread", optional=True)
    if part == "max":
        return _As("_max", "gauge", entry.unit, "longest", optional=True)
    if part == "quantile":
        return _As("", "summary", entry.unit, "context", optional=True)
    return _As(f"_{part}", "gauge" if part == "active_count" else entry.kind, _unit(part, entry), entry.role)


def _unit(part: Part, entry: Entry) -> str:
    return "count" if part == "active_count" else entry.unit


def problems_of(question: Question, scopes: frozenset[str]) -> list[str]:
    """Return what is wrong with a question of a file, each with its field; nothing: it can be used.

    Parameters
    ----------
    question : Question
        As it was written.
    scopes : frozenset of str
        Scopes that exist.

    Examples
    --------
    >>> entry = Entry(name="call seconds", kind="gauge", unit="seconds", role="level")
    >>> problems_of(Question(id="calls", dialects={"own": Dialect(scope="pods", metrics=(entry,))}), frozenset({"pod"}))
    ["dialects.own.scope: 'pods' is none of pod", "dialects.own.metrics.1.name: 'call seconds' is no name of a metric"]
    """
    found = []
    for name, dialect in question.dialects.items():
        where = f"dialects.{name}"
        if dialect.scope not in scopes:
            found.append(f"{where}.scope: {dialect.scope!r} is none of {', '.join(sorted(scopes))}")
        if dialect.shift_seconds and not 0 <= dialect.shift_seconds[0] <= dialect.shift_seconds[1]:
            found.append(f"{where}.shift_seconds: least and most, not {list(dialect.shift_seconds)}")
        for number, entry in enumerate(dialect.metrics, 1):
            found += [f"{where}.metrics.{number}.{text}" for text in _wrong_entry(entry)]
        found += [f"{where}.metrics: {name} stands twice" for name in _twice(dialect)]
    names = [n for dialect in question.dialects.values() for n in _written(dialect)]
    for absence in question.absences:
        if bool(absence.otherwise) != bool(absence.beside):
            found.append(f"absences.{absence.missing}: beside and otherwise come together")
        if absence.missing not in names:
            found.append(f"absences.{absence.missing}: no dialect of the question has this name")
    for expression in question.expressions:
        found += [f"expressions.{expression.id}.{text}" for text in _wrong_expression(expression)]
        unknown = [d for d in expression.expr if d not in question.dialects]
        found += [f"expressions.{expression.id}.expr.{d}: the question has no such dialect" for d in unknown]
    return found


def _written(dialect: Dialect) -> list[str]:
    return [pattern for entry in dialect.metrics for pattern in _patterns(entry)]


def _patterns(entry: Entry) -> list[str]:
    return [f"{entry.name}{_as(part, entry).end}" for part in entry.parts] or [entry.name or entry.pattern]


def _twice(dialect: Dialect) -> list[str]:
    names = _written(dialect)
    return sorted({name for name in names if names.count(name) > 1})


def _wrong_entry(entry: Entry) -> list[str]:
    found = []
    if bool(entry.name) == bool(entry.pattern):
        found.append("name: either a name or a pattern, and not both")
    elif entry.name and not NAME.fullmatch(entry.name):
        found.append(f"name: {entry.name!r} is no name of a metric")
    elif entry.pattern and (wrong := _wrong_pattern(entry.pattern)):
        found.append(f"pattern: {wrong}")
    if entry.parts and entry.pattern:
        found.append("parts: parts are those of a name; write the ends into the pattern")
    if not 0 < entry.scale < float("inf"):
        found.append("scale: base units per stored unit, above 0")
    for field in ("fix", "has", "lacks", "personal"):
        found += [f"{field}: {label!r} is no label" for label in getattr(entry, field) if not LABEL.fullmatch(label)]
    return found


def _wrong_pattern(pattern: str) -> str:
    if found := FOREIGN.search(pattern):
        return f"{found[0]!r} is not read alike by every server; use groups, classes and | only"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return f"no expression: {error}"
    if pattern[:1] == "^" or pattern[-1:] == "$":
        return "it is anchored already; leave ^ and $ out"
    return "it fits the empty name" if compiled.fullmatch("") else ""


def _wrong_expression(expression: Expression) -> list[str]:
    found = []
    for dialect, text in expression.expr.items():
        unknown = sorted(set(PLACE.findall(text)) - PLACES)
        found += [f"expr.{dialect}: ${name} is none of {KNOWN_PLACES}" for name in unknown]
        if bool(AT_ENDS.search(text)) != expression.whole_window:
            found.append(f"expr.{dialect}: whole_window is true where @ start() or @ end() is used, and only there")
    return found if expression.expr else ["expr: no dialect"]
