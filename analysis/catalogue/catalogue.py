"""The catalogue's files to `Catalogue`: those of the package, and one of the author's own that adds to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from analysis.catalogue import entries
from analysis.catalogue.entries import metrics_of, problems_of
from analysis.catalogue.model import Catalogue, Question, Way
from analysis.errors import SpecError
from analysis.strict_yaml import parse_yaml

__all__ = ["load_catalogue"]

FORMAT = 1
KEYS = frozenset({"format", "scopes", "questions"})
FOLDER = Path(__file__).parent
LAST = "families.yaml"  # what takes the names that no other question has


def load_catalogue(extra: Path | None = None) -> Catalogue:
    """Return the catalogue of the package, with what a file of the author's own adds to it.

    Parameters
    ----------
    extra : Path, optional
        A file of the same form. A question of an id that is there gains the dialects, absences and expressions; those
        of a name that is there are replaced. Other questions are added before the families.

    Raises
    ------
    SpecError
        If a file is broken; all problems at once, with file, question and field.

    Examples
    --------
    >>> catalogue = load_catalogue()
    >>> catalogue.question("cpu_throttling").dialects
    ('cadvisor', 'kube-state-metrics', 'opentelemetry')
    """
    files = (*_own_files(), *([_read(extra)] if extra else []))
    digest, problems = hashlib.sha256(), list[str]()
    scopes: dict[str, tuple[Way, ...]] = {}
    found: dict[str, entries.Question] = {}
    for path, data, document in files:
        digest.update(data + b"\0")
        scopes |= _scopes(document, path, problems)
        for question in _questions(document, path, problems):
            there = found.get(question.id)
            if there is not None and path is not extra:
                problems.append(f"{path.name}: question {question.id}: it is asked twice")
            found[question.id] = question if there is None else _added(there, question)
    names = frozenset(scopes)
    asked = [f"question {q.id}: {wrong}" for q in found.values() for wrong in _incomplete(q) + problems_of(q, names)]
    if problems or asked:
        raise SpecError(
            "the catalogue of metrics is broken",
            where=extra.name if extra else "the catalogue's own files",
            expected="questions with dialects, as in the files of analysis/catalogue",
            next="correct the fields that are named",
            problems=tuple(problems + asked),
        )
    order = sorted(found.values(), key=lambda q: (bool(q.whole), not q.required))
    return Catalogue(f"{FORMAT}-{digest.hexdigest()[:12]}", tuple(_built(q, scopes) for q in order))


@cache
def _own_files() -> tuple[tuple[Path, bytes, dict[str, Any]], ...]:
    """Return the package's own files, read once; nobody changes what they hold."""
    return tuple(_read(p) for p in sorted(FOLDER.glob("*.yaml"), key=lambda p: (p.name == LAST, p.name)))


def _read(path: Path) -> tuple[Path, bytes, dict[str, Any]]:
    data = _bytes(path)
    return path, data, _document(data, path)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(
            f"the catalogue's file cannot be read: {error.strerror or error}",
            where=str(path),
            expected="a YAML file",
            next="correct the path",
        ) from None


def _document(data: bytes, path: Path) -> dict[str, Any]:
    try:
        raw = parse_yaml(data.decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SpecError(
            f"the catalogue's file is not YAML: {getattr(error, 'problem', None) or error}",
            where=path.name + (f", line {mark.line + 1}" if mark else ""),
            expected="YAML in UTF-8",
            next="correct the line",
        ) from None
    unknown = set(raw) - KEYS if isinstance(raw, dict) else set[str]()
    if not isinstance(raw, dict) or raw.get("format") != FORMAT or unknown:
        told = f"unknown keys: {', '.join(map(str, sorted(unknown, key=str)))}" if unknown else "another format"
        raise SpecError(
            f"no file of a catalogue ({told})",
            where=path.name,
            expected=f"format: {FORMAT}, then questions or scopes",
            next="see the files of analysis/catalogue",
        )
    return raw


def _scopes(document: Mapping[str, Any], path: Path, problems: list[str]) -> dict[str, tuple[Way, ...]]:
    try:
        return msgspec.convert(document.get("scopes", {}), dict[str, tuple[Way, ...]])
    except msgspec.ValidationError as error:
        problems.append(f"{path.name}: scopes: {_told(error)}")
        return {}


def _questions(document: Mapping[str, Any], path: Path, problems: list[str]) -> list[entries.Question]:
    raw, found = document.get("questions", []), []
    if not isinstance(raw, list):
        problems.append(f"{path.name}: questions: a list is expected")
        return []
    for number, item in enumerate(raw, 1):
        name = item.get("id", number) if isinstance(item, dict) else number
        try:
            found.append(msgspec.convert(item, entries.Question))
        except msgspec.ValidationError as error:
            problems.append(f"{path.name}: question {name}: {_told(error, _dialect_at_fault(item))}")
    return found


def _dialect_at_fault(item: object) -> str:
    """Return the first dialect of a question that cannot be read; msgspec does not name the keys of a mapping."""
    dialects = item.get("dialects") if isinstance(item, dict) else None
    for name, dialect in dialects.items() if isinstance(dialects, dict) else ():
        try:
            msgspec.convert(dialect, entries.Dialect)
        except msgspec.ValidationError:
            return str(name)
    return "..."


def _told(error: msgspec.ValidationError, dialect: str = "...") -> str:
    """Return a message with the field before it, as other errors have it."""
    text, _, where = str(error).partition(" - at `$")
    field = where.rstrip("`").lstrip(".").replace("dialects[...]", f"dialects.{dialect}")
    return f"{field or 'itself'}: {text}"


def _added(there: entries.Question, more: entries.Question) -> entries.Question:
    """Return a question with what another file adds to it; the other's words win where it has any."""
    absences = {a.missing: a for a in (*there.absences, *more.absences)}
    expressions = {e.id: e for e in (*there.expressions, *more.expressions)}
    return entries.Question(
        id=there.id,
        question=more.question or there.question,
        required=there.required if more.required is None else more.required,
        whole=there.whole if more.whole is None else more.whole,
        caveat=more.caveat or there.caveat,
        dialects={**there.dialects, **more.dialects},
        absences=tuple(absences.values()),
        expressions=tuple(expressions.values()),
    )


def _incomplete(question: entries.Question) -> list[str]:
    found = [] if question.question else ["question: the question in words is missing"]
    return found if question.dialects else [*found, "dialects: none is given"]


def _built(question: entries.Question, scopes: Mapping[str, tuple[Way, ...]]) -> Question:
    metrics = [m for name, d in question.dialects.items() for m in metrics_of(name, d, scopes[d.scope])]
    return Question(
        id=question.id,
        question=question.question,
        metrics=tuple(metrics),
        required=bool(question.required),
        whole=bool(question.whole),
        caveat=question.caveat,
        absences=question.absences,
        expressions=question.expressions,
    )
