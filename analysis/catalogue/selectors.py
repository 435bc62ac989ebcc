"""Selectors that ask for what was found: one a name, narrowed to namespaces or workloads where there is too much."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Literal, NamedTuple

from analysis.catalogue.expressions import Matcher, matchers_text, quoted_regex
from analysis.catalogue.model import Metric, Way
from analysis.catalogue.resolve import Found, Resolved

__all__ = ["Ask", "Scope", "selectors_for"]

Scope = Literal["everything", "namespace", "workload"]
Labels = Mapping[str, Collection[str]]
TOGETHER_SERIES = 500  # of families: names asked for in one question
TOGETHER_CHARACTERS = 3000


class Ask(NamedTuple):
    """One plain selector to ask a server for.

    Parameters
    ----------
    question : str
        Id of the question that it belongs to; of several the first, required ones before others.
    selector : str
        PromQL: a name and matchers, or a regex of names where the name carries an index or a family is asked for.
    names : tuple of str
        Metrics that it asks for.
    series : int
        How many series they had before any narrowing.
    required : bool
        A capture that cannot ask it has failed.
    heavy : bool
        Dropped first when there is too much.
    context : bool
        Read by no test, only by the ranking: dropped second.
    note : str
        Why it was not narrowed, if it was not; "" else.
    unit : str
        Of its values as stored; "" where its names have several.
    shift_seconds : tuple of (float, float) or None
        Its stamps are late by so much, least and most.
    personal : tuple of str
        Labels of it that can hold personal data.
    """

    question: str
    selector: str
    names: tuple[str, ...]
    series: int
    required: bool = False
    heavy: bool = False
    context: bool = False
    note: str = ""
    unit: str = ""
    shift_seconds: tuple[float, float] | None = None
    personal: tuple[str, ...] = ()


class _Group(NamedTuple):
    """Names that one selector asks for, as a matcher of __name__ or a name before the braces, and who they are."""

    head: str
    names: tuple[Found, ...]


def selectors_for(
    resolved: Sequence[Resolved],
    services: Sequence[tuple[str, str]],
    scope: Scope = "everything",
    *,
    labels: Labels | None = None,
    extra: Sequence[Matcher] = (),
) -> tuple[Ask, ...]:
    """Return the selectors that ask for what was found, every name once.

    Parameters
    ----------
    resolved : sequence of Resolved
        What the server has; any of its questions.
    services : sequence of (namespace, workload)
        Whom the capture is about.
    scope : {"everything", "namespace", "workload"}
        How far it is narrowed. What is cluster-wide (targets, nodes, databases, control plane) never is.
    labels : mapping of str to collection of str, optional
        Names of the labels that the series of a metric have. Without them every label that could hold a namespace or a
        pod is tried, in selectors that exclude each other: more questions for the same answer.
    extra : sequence of (label, operator, value)
        The author's own matchers, on all.

    Returns
    -------
    tuple of Ask
        Required questions first, families last. A metric that has none of the labels is asked for whole, and that is
        said in `note`. What several selectors of a mesh find twice is the same series.

    Notes
    -----
    The pods of a workload are those whose name begins with its own and "-"; those of another whose name begins alike
    come with them.

    Raises
    ------
    ValueError
        If it is to be narrowed and no service is named.

    Examples
    --------
    >>> from analysis.catalogue import load_catalogue, resolve
    >>> found = resolve(load_catalogue(), {"up": 3, "kube_pod_info": 40})
    >>> labels = {"kube_pod_info": {"namespace", "pod", "node"}}
    >>> for ask in selectors_for(found, [("shop", "api")], "workload", labels=labels):
    ...     print(ask.question, ask.selector)
    targets up
    pods kube_pod_info{namespace="shop",pod=~"api(-.*)?"}
    """
    if scope != "everything" and not services:
        raise ValueError("no service to narrow to")
    asked, taken = list[Ask](), set[str]()
    order = sorted(resolved, key=lambda r: (r.question.whole, not r.question.required))
    for found in order:
        fresh = [f for f in found.found if f.name not in taken]
        taken.update(f.name for f in fresh)
        for group in _groups(found, fresh):
            asked += _asks(found, group, _narrowed(group, services, scope, labels), extra)
    return tuple(asked)


def _groups(resolved: Resolved, fresh: Sequence[Found]) -> Iterator[_Group]:
    """Yield one group a name; one for all names of an index; families packed by ways and weight."""
    indexed: dict[str, list[Found]] = {}
    packed: dict[tuple[tuple[Way, ...], bool], list[Found]] = {}
    for found in fresh:
        if resolved.question.whole:
            packed.setdefault((found.metrics[0].ways, found.heavy), []).append(found)
        elif found.metrics[0].indexed:
            indexed.setdefault(found.metrics[0].pattern, []).append(found)
        else:
            yield _Group(found.name, (found,))
    for pattern, names in indexed.items():
        yield _Group(matchers_text([("__name__", "=~", pattern)]), tuple(names))
    for names in packed.values():
        yield from _packed(names)


def _packed(names: Sequence[Found]) -> Iterator[_Group]:
    some, series, size = list[Found](), 0, 0
    for found in names:
        if some and (series + found.series > TOGETHER_SERIES or size + len(found.name) > TOGETHER_CHARACTERS):
            yield _joined(some)
            some, series, size = [], 0, 0
        some.append(found)
        series, size = series + found.series, size + len(found.name) + 1
    if some:
        yield _joined(some)


def _joined(names: Sequence[Found]) -> _Group:
    if len(names) == 1:
        return _Group(names[0].name, tuple(names))
    return _Group(matchers_text([("__name__", "=~", "|".join(f.name for f in names))]), tuple(names))


def _asks(
    resolved: Resolved, group: _Group, narrowed: tuple[list[tuple[Matcher, ...]], str], extra: Sequence[Matcher]
) -> Iterator[Ask]:
    question, (ways, note) = resolved.question, narrowed
    metrics = [m for f in group.names for m in f.metrics]
    units = {m.unit for m in metrics}
    shifts = [m.shift_seconds for m in metrics if m.shift_seconds]
    for matchers in ways:
        inside = matchers_text([*matchers, *extra])
        by_name = group.head.startswith("__name__")
        head = "" if by_name else group.head
        body = ",".join(filter(None, (group.head if by_name else "", inside)))
        yield Ask(
            question.id, f"{head}{{{body}}}" if body else head, tuple(f.name for f in group.names),
            sum(f.series for f in group.names), required=question.required,
            heavy=all(f.heavy for f in group.names), context=all(m.role == "context" for m in metrics), note=note,
            unit=next(iter(units)) if len(units) == 1 else "",
            shift_seconds=(min(s[0] for s in shifts), max(s[1] for s in shifts)) if shifts else None,
            personal=tuple(dict.fromkeys(label for m in metrics for label in m.personal)),
        )  # fmt: skip


def _narrowed(
    group: _Group, services: Sequence[tuple[str, str]], scope: Scope, labels: Labels | None
) -> tuple[list[tuple[Matcher, ...]], str]:
    """Return matchers of which each fits a part of the series that are wanted, and why there are none."""
    every: list[Metric] = [m for f in group.names for m in f.metrics]
    if scope == "everything" or not all(m.ways for m in every):
        return [()], ""
    seen = _labels_of(group, labels)
    found = dict.fromkeys(m for metric in every for way in metric.ways for m in _matchers(way, services, scope, seen))
    if found:
        return list(found), ""
    wanted = dict.fromkeys(label for metric in every for way in metric.ways for label in way.namespace)
    return [()], f"not narrowed: its series have none of the labels {', '.join(wanted)}"


def _labels_of(group: _Group, labels: Labels | None) -> frozenset[str] | None:
    """Return the labels of all names of a group; None where those of one are not known."""
    known = [None if labels is None else labels.get(f.name) for f in group.names]
    return None if any(k is None for k in known) else frozenset(label for k in known for label in k or ())


def _matchers(
    way: Way, services: Sequence[tuple[str, str]], scope: Scope, seen: frozenset[str] | None
) -> Iterator[tuple[Matcher, ...]]:
    places = [label for label in way.namespace if seen is None or label in seen]
    holders = [label for label in way.begins or way.equals if seen is None or label in seen]
    by_namespace: dict[str, list[str]] = {}
    for namespace, workload in services:
        by_namespace.setdefault(namespace, []).append(workload)
    if scope == "namespace" or not holders:
        for place in _either(places, list(by_namespace), ending=""):
            yield place
        return
    for namespace, workloads in by_namespace.items():
        parts = _either(places, [namespace], ending=""), _either(holders, workloads, ending="(-.*)?" * bool(way.begins))
        for place, holder in product(*map(list, parts)):
            yield (*place, *holder)


def _either(labels: Sequence[str], values: Sequence[str], *, ending: str) -> Iterator[tuple[Matcher, ...]]:
    """Yield matchers of the first label that a series has: by the second those without the first, and so on."""
    values = list(dict.fromkeys(values))
    if len(values) == 1 and not ending:
        op, value = "=", values[0]
    else:
        every = "|".join(map(quoted_regex, values))
        op, value = "=~", f"({every}){ending}" if ending and len(values) > 1 else every + ending
    for i, label in enumerate(labels):
        yield ((label, op, value), *((before, "=", "") for before in labels[:i]))
