"""Lists of two captures: nothing that was known is forgotten, nothing is doubled."""

import json

import pytest

from analysis.live.lists import joined_lists, one_list


def document(*uids, **more):
    return json.dumps({"kind": "EventList", "items": [{"metadata": {"uid": u}, **more} for u in uids]}).encode()


def uids(data):
    return [i["metadata"]["uid"] for i in json.loads(data)["items"]]


def test_what_is_new_and_what_the_api_forgot_are_both_there():
    assert uids(joined_lists(document("a", "b"), document("b", "c"))) == ["b", "c", "a"]


def test_a_document_that_has_all_of_the_earlier_stays_as_it_came():
    now = document("a", "b", "c")
    assert joined_lists(document("b"), now) is now


@pytest.mark.parametrize("before", [b"", b"[1, 2]", b'{"items": ', b"text"])
def test_what_is_no_list_is_left_alone(before):
    now = document("a")
    assert joined_lists(before, now) is now


def test_objects_without_a_uid_are_told_by_all_that_they_are():
    first, second = ({"items": [{"message": m}]} for m in ("one", "two"))
    both = joined_lists(json.dumps(first).encode(), json.dumps(second).encode())
    assert [i["message"] for i in json.loads(both)["items"]] == ["two", "one"]


def test_items_of_lists_say_what_they_are():
    lists = [json.dumps({"kind": f"{k}List", "apiVersion": "apps/v1", "items": [{"metadata": {"name": "a"}}]}).encode()
             for k in ("Deployment", "ReplicaSet")]  # fmt: skip
    found = json.loads(one_list(*lists))
    assert [i["kind"] for i in found["items"]] == ["Deployment", "ReplicaSet"]
    assert {i["apiVersion"] for i in found["items"]} == {"apps/v1"}


def test_what_a_pod_is_started_with_is_not_kept_it_may_be_a_secret():
    secret = "canary"
    applied = {"kubectl.kubernetes.io/last-applied-configuration": secret, "deployment.kubernetes.io/revision": "3"}
    container = {"name": "app", "image": "a:1", "env": [{"name": "TOKEN", "value": secret}], "args": [secret]}
    pod = {"containers": [container], "initContainers": [{"command": [secret]}]}
    item = {"metadata": {"annotations": applied}, "spec": {"template": {"spec": pod}}}
    found = one_list(json.dumps({"kind": "DeploymentList", "items": [item]}).encode())
    assert secret.encode() not in found
    kept = json.loads(found)["items"][0]
    assert kept["spec"]["template"]["spec"]["containers"] == [
        {"name": "app", "image": "a:1", "env": [{"name": "TOKEN"}]}
    ]
    assert kept["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "3"}
