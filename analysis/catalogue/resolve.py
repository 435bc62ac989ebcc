"""Which dialects a server has: what of the catalogue is there, in which dialect, and what its absence means. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from analysis.catalogue.model import Catalogue, Metric, Question

__all__ = ["Found", "Resolved", "names_regexes", "resolve"]

LONGEST_REGEX = 4000  # characters; VictoriaMetrics refuses a question of more than 16 KiB
SHOWN = 6
WIDEST = 60  # characters of a pattern in words


class Found(NamedTuple):
    """A metric that is there.

    Parameters
    ----------
    name : str
        As it is stored.
    metrics : tuple of Metric
        What it is in each dialect that it can belong to, one each.
    series : int
        How many series it has.
    doubt : str
        Why its dialect is not known; "" where it is.
    """

    name: str
    metrics: tuple[Metric, ...]
    series: int
    doubt: str = ""

    @property
    def dialects(self) -> tuple[str, ...]:
        """Dialects that it can belong to."""
        return tuple(metric.dialect for metric in self.metrics)

    @property
    def heavy(self) -> bool:
        """Whether it goes first when there is too much: told so in each of its dialects, or buckets of a family."""
        return all(m.heavy or (not m.plain and m.role == "context" and _is_bucket(self.name)) for m in self.metrics)


def _is_bucket(name: str) -> bool:
    return name.endswith("_bucket")


@dataclass(frozen=True)
class Resolved:
    """What a server has of one question.

    Parameters
    ----------
    question : Question
        The question.
    found : tuple of Found
        Its metrics that are there, in the order of the question, then by name.
    missing : tuple of str
        What is not there and what that means, a sentence each, for the manifest and the report.
    """

    question: Question
    found: tuple[Found, ...]
    missing: tuple[str, ...]

    @cached_property
    def dialects(self) -> tuple[str, ...]:
        """Dialects that are there, in the order of the question; of an undecided metric all that it can belong to."""
        there = {name for found in self.found for name in found.dialects}
        return tuple(name for name in self.question.dialects if name in there)

    @property
    def series(self) -> int:
        """How many series there are of it."""
        return sum(found.series for found in self.found)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Of which metrics the dialect could not be decided, and why, a sentence each."""
        return tuple(f"{found.name}: {found.doubt}" for found in self.found if found.doubt)

    @property
    def status(self) -> Literal["found", "part", "absent"]:
        """found: nothing is missing; absent: nothing is there."""
        return "absent" if not self.found else "part" if self.missing else "found"


def names_regexes(catalogue: Catalogue, longest: int = LONGEST_REGEX) -> tuple[str, ...]:
    """Return expressions that together fit every name of the catalogue, to ask a server with {__name__=~"..."}.

    Parameters
    ----------
    catalogue : Catalogue
        What may be asked for.
    longest : int
        Characters of one expression; a single pattern may be longer.

    Returns
    -------
    tuple of str
        Unquoted, anchored by PromQL itself, each name or pattern in one of them, without repetition.

    Examples
    --------
    >>> from analysis.catalogue.catalogue import load_catalogue
    >>> any(re.fullmatch(text, "container_cpu_cfs_periods_total") for text in names_regexes(load_catalogue()))
    True
    """
    patterns = dict.fromkeys(pattern for question in catalogue.questions for pattern in question.patterns)
    found, size = [list[str]()], 0
    for pattern in patterns:
        if found[-1] and size + len(pattern) + 1 > longest:
            found.append([])
            size = 0
        found[-1].append(pattern)
        size += len(pattern) + 1
    return tuple("|".join(part) for part in found if part)


def resolve(
    catalogue: Catalogue, counts: Mapping[str, int], labels: Mapping[str, Collection[str]] | None = None
) -> tuple[Resolved, ...]:
    """Return for every question what a server has of it.

    Parameters
    ----------
    catalogue : Catalogue
        What can be asked for.
    counts : mapping of str to int
        How many series each name has over the time that is asked for; a name without series may be left out.
    labels : mapping of str to collection of str, optional
        Names of the labels that the series of a metric have, all together. Not needed for every name; without them
        a name that several dialects share stays undecided, and is taken all the same.

    Returns
    -------
    tuple of Resolved
        One a question, in the order of the catalogue. Several dialects at once are all there. A name that
        another question has is not in one that takes whole families.

    Notes
    -----
    A dialect whose labels are a part of another's cannot be seen beside that: heap metrics of client_java 1.x beside
    those of Micrometer count as Micrometer's.

    Examples
    --------
    >>> from analysis.catalogue.catalogue import load_catalogue
    >>> found = resolve(load_catalogue(), {"container_cpu_usage_seconds_total": 12})
    >>> throttling = next(r for r in found if r.question.id == "cpu_throttling")
    >>> throttling.status, throttling.missing[0][:36]
    ('part', 'no container_cpu_cfs_periods_total: ')
    """
    there = {name: n for name, n in counts.items() if n > 0}
    told = labels or {}
    found: dict[str, tuple[Found, ...]] = {}
    taken: set[str] = set()
    for question in sorted(catalogue.questions, key=lambda q: q.whole):
        names = there.keys() - taken if question.whole else there.keys()
        found[question.id] = tuple(_found(question, names, there, told))
        taken.update(f.name for f in found[question.id])
    return tuple(Resolved(q, found[q.id], tuple(_missing(q, found[q.id], there))) for q in catalogue.questions)


def _found(
    question: Question, names: Collection[str], there: Mapping[str, int], labels: Mapping[str, Collection[str]]
) -> Iterator[Found]:
    candidates: dict[str, dict[str, list[Metric]]] = {}
    for metric in question.metrics:
        for name in _names(metric, names):
            candidates.setdefault(name, {}).setdefault(metric.dialect, []).append(metric)
    for name, by_dialect in candidates.items():
        if question.whole:  # nothing depends on whose it is
            yield Found(name, (next(iter(by_dialect.values()))[0],), there[name])
        else:
            metrics, doubt = _decided(by_dialect, labels.get(name))
            yield Found(name, metrics, there[name], doubt)


def _names(metric: Metric, names: Collection[str]) -> list[str]:
    if metric.plain:
        return [metric.pattern] if metric.pattern in names else []
    fits = re.compile(metric.pattern).fullmatch
    return sorted(name for name in names if fits(name))


def _decided(by_dialect: Mapping[str, list[Metric]], labels: Collection[str] | None) -> tuple[tuple[Metric, ...], str]:
    """Return which of the dialects a name belongs to, by its labels, and why that is not sure."""
    every = tuple(metrics[0] for metrics in by_dialect.values())
    if labels is None:
        asks = {(m.has, m.lacks) for m in every}
        if len(every) == 1:
            return every, "" if not any(asks.pop()) else f"taken for {every[0].dialect} by its name, its labels unseen"
        return every, f"{_or(by_dialect)}: its labels tell, and were not seen" if len(asks) > 1 else _alike(by_dialect)
    has = frozenset(labels)
    fitting = {d: fits for d, metrics in by_dialect.items() if (fits := [m for m in metrics if _fits(m, has)])}
    if not fitting:
        seen = ", ".join(sorted(has)[:SHOWN]) or "none at all"
        return every, f"its labels are those of none of {', '.join(by_dialect)}: {seen}"
    chosen = tuple(metrics[0] for metrics in fitting.values())
    alike = len({(m.has, m.lacks) for m in chosen}) < len(chosen)
    return chosen, _alike(fitting) if alike else ""


def _fits(metric: Metric, labels: frozenset[str]) -> bool:
    return labels.issuperset(metric.has) and labels.isdisjoint(metric.lacks)


def _or(names: Collection[str]) -> str:
    return " or ".join(names)


def _alike(names: Collection[str]) -> str:
    return f"{' and '.join(names)} name and label it alike"


def _missing(question: Question, found: tuple[Found, ...], there: Mapping[str, int]) -> Iterator[str]:
    if question.whole:
        return
    explained = set[str]()
    for absence in question.absences:
        if absence.missing not in there:
            beside = not absence.beside or absence.beside in there
            explained.add(absence.missing)
            yield f"no {absence.missing}: {absence.means if beside else absence.otherwise}"
    if not found:
        yield f"metric not found in any dialect ({', '.join(question.dialects)}): {_few(question.metrics)}"
        return
    present = {name for f in found for name in f.dialects}
    for dialect in question.dialects:
        wanted = [m for m in question.metrics if m.dialect == dialect and not m.optional and not _names(m, there)]
        lost = [m for m in wanted if m.pattern not in explained]
        if dialect in present and lost:
            yield f"metric not found in {dialect}: {_few(lost)}"


def _few(metrics: Collection[Metric]) -> str:
    names = list(dict.fromkeys(m.pattern if len(m.pattern) <= WIDEST else m.pattern[:WIDEST] + "…" for m in metrics))
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown
