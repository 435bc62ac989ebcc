"""Objects of Kubernetes in JSON, whole and cut."""

import json

from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.kubernetes_objects import documents, known_times, listed, mapping, text_of
from analysis.sources.lines import Tally

ITEMS = [{"metadata": {"name": f"n{i}"}} for i in range(3)]


def of(text):
    tally = Tally("f")
    return (*documents(text if isinstance(text, bytes) else text.encode(), tally), tally.unrecognised)


def test_items_of_a_list_of_one_kind_have_that_kind():
    found, broken, missed = of(json.dumps({"kind": "ReplicaSetList", "items": [*ITEMS, {"kind": "Own"}, 1]}))
    assert [item["kind"] for item in found[:4]] == ["ReplicaSet"] * 3 + ["Own"]
    assert (found[4], broken, missed) == (1, False, 0)


def test_items_of_any_list_stay_as_they_are():
    assert of(json.dumps({"kind": "List", "items": ITEMS})) == (ITEMS, False, 0)
    assert of(json.dumps(ITEMS)) == (ITEMS, False, 0)


def test_watch_records_lines_and_pretty_objects():
    watch = "".join(json.dumps({"type": "ADDED", "object": item}) + "\n" for item in ITEMS)
    assert of(watch) == (ITEMS, False, 0)
    assert of(watch + "noise\n") == (ITEMS, False, 1)
    assert of(watch[:-5])[:2] == (ITEMS[:2], True)
    assert of("\n".join(json.dumps(item, indent=1) for item in ITEMS)) == (ITEMS, False, 0)


@given(st.integers(40, 400))
def test_a_cut_list_keeps_its_whole_items_and_their_kind(cut):
    text = json.dumps({"kind": "DeploymentList", "metadata": {}, "items": ITEMS * 4}, indent=1)
    found, broken, _ = of(text[:cut])
    assert broken or cut >= len(text)
    assert all(item == {**ITEMS[i % 3], "kind": "Deployment"} for i, item in enumerate(found))


@given(st.binary(max_size=200))
def test_garbage_is_no_error(data):
    documents(data, Tally("f"))


def test_helpers():
    assert (mapping([]), mapping({"a": 1}), listed({}), listed([1, {}])) == ({}, {"a": 1}, [], [{}])
    assert text_of(None, 1, "", "a", "b") == "a"
    assert known_times("0001-01-01T00:00:00Z", None, "", "2026-11-22T18:00:00Z") == [1795370400000000]
