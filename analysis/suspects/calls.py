"""The call graph: who calls whom, and what is odd about it, said and left as it is."""

from __future__ import annotations

import pandas as pd

from analysis.errors import SpecError

__all__ = ["find_circle", "read_calls", "some"]

MOST_NAMED = 3


def read_calls(graph: pd.DataFrame | None, entities: set[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the callees of each caller and remarks on nodes without series, calls to oneself and circles.

    Parameters
    ----------
    graph : DataFrame or None
        Columns caller and callee.
    entities : set of str
        Those that have series.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> read_calls(pd.DataFrame({"caller": ["a", "b"], "callee": ["b", "c"]}), {"a", "b"})
    ({'a': ['b'], 'b': ['c']}, ['graph: 1 of 3 nodes has no series: c'])
    """
    if graph is None:
        return {}, []
    lacking = [c for c in ("caller", "callee") if c not in graph.columns]
    if lacking:
        raise SpecError(
            f"the graph has no column {lacking[0]!r}", where="graph", expected="columns caller and callee",
            next="rename its columns",
        )  # fmt: skip
    calls: dict[str, list[str]] = {}
    to_itself = set()
    whole = graph[["caller", "callee"]].dropna()
    for caller, callee in whole.astype(str).drop_duplicates().itertuples(index=False):
        if caller == callee:
            to_itself.add(caller)
        else:
            calls.setdefault(caller, []).append(callee)
    nodes = sorted({*calls, *(c for callees in calls.values() for c in callees), *to_itself})
    unknown = [n for n in nodes if n not in entities]
    remarks = []
    if len(whole) < len(graph):
        remarks.append(f"graph: {len(graph) - len(whole)} of {len(graph)} calls lack a caller or a callee: left out")
    if unknown:
        verb = "has" if len(unknown) == 1 else "have"
        remarks.append(f"graph: {len(unknown)} of {len(nodes)} nodes {verb} no series: {some(unknown)}")
    if to_itself:
        remarks.append(f"graph: calls of a node to itself take nothing off: {some(sorted(to_itself))}")
    circle = find_circle(calls)
    if circle:
        remarks.append(f"graph: calls run in a circle, where each takes off the other: {' → '.join(circle)}")
    return calls, remarks


def some(names: list[str]) -> str:
    """Return the first few names, and how many more there are.

    Examples
    --------
    >>> some(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def find_circle(calls: dict[str, list[str]]) -> list[str]:
    """Return the nodes of one circle, its first node again at the end; empty where there is none.

    Parameters
    ----------
    calls : dict
        Callees of each caller.

    Examples
    --------
    >>> find_circle({"a": ["b"], "b": ["c"], "c": ["b"]})
    ['b', 'c', 'b']
    """
    done: set[str] = set()
    for start in sorted(calls):
        path: list[str] = []
        stack = [(start, iter(sorted(calls.get(start, []))))] if start not in done else []
        path = [start] if stack else []
        while stack:
            node, rest = stack[-1]
            callee = next(rest, None)
            if callee is None:
                done.add(node)
                stack.pop()
                path.pop()
            elif callee in path:
                return [*path[path.index(callee) :], callee]
            elif callee not in done:
                path.append(callee)
                stack.append((callee, iter(sorted(calls.get(callee, [])))))
    return []
