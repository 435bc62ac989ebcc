"""The call graph: read as it is, and what is odd about it."""

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.suspects.calls import find_circle, read_calls, some
from tests import oracles_suspects as oracles

NODES = st.sampled_from("abcdef")


def graph(*pairs):
    return pd.DataFrame(list(pairs), columns=["caller", "callee"])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.dictionaries(NODES, st.lists(NODES, max_size=3, unique=True)))
def test_a_circle_is_found_where_there_is_one(calls):
    circle = find_circle(calls)
    assert bool(circle) == any(oracles.reaches(calls, n, n) for n in calls)
    if circle:
        assert circle[0] == circle[-1]
        assert len(set(circle)) == len(circle) - 1
        assert all(b in calls[a] for a, b in pairwise(circle))


def test_a_long_chain_needs_no_deep_stack():
    chain = {str(i): [str(i + 1)] for i in range(3000)}
    assert find_circle(chain) == []
    assert len(find_circle(chain | {"3000": ["0"]})) == 3002


def test_nothing_given():
    assert read_calls(None, {"a"}) == ({}, [])
    assert read_calls(graph(), {"a"}) == ({}, [])


def test_each_call_counts_once_and_calls_to_oneself_do_not():
    calls, remarks = read_calls(graph(("a", "b"), ("a", "b"), ("b", "b"), ("b", "c")), set("abc"))
    assert calls == {"a": ["b"], "b": ["c"]}
    assert remarks == ["graph: calls of a node to itself take nothing off: b"]


def test_unknown_nodes_circles_and_broken_rows_are_said():
    calls, remarks = read_calls(graph(("a", "b"), ("b", "a"), ("x", "y"), (None, "a"), ("a", None)), {"a", "b"})
    assert calls == {"a": ["b"], "b": ["a"], "x": ["y"]}
    assert remarks == [
        "graph: 2 of 5 calls lack a caller or a callee: left out",
        "graph: 2 of 4 nodes have no series: x, y",
        "graph: calls run in a circle, where each takes off the other: a → b → a",
    ]


def test_other_columns_and_types_are_fine():
    calls, _ = read_calls(pd.DataFrame({"callee": [2], "caller": [1], "weight": [0.5]}), {"1", "2"})
    assert calls == {"1": ["2"]}


@pytest.mark.parametrize("lacking", ["caller", "callee"])
def test_a_missing_column_is_named(lacking):
    with pytest.raises(SpecError, match=f"no column '{lacking}'") as caught:
        read_calls(graph(("a", "b")).drop(columns=lacking), set())
    assert all(caught.value.as_dict().values())


def test_some_names():
    assert [some(list("abcde")[:k]) for k in (0, 1, 3, 4)] == ["", "a", "a, b, c", "a, b, c and 1 more"]
