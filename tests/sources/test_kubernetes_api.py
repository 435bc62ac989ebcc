"""Events, Deployments and ReplicaSets from an API: TLS and tokens are real, the server is ours."""

import json
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from analysis.errors import NoDataError
from analysis.sources import kubernetes_access, kubernetes_api
from analysis.sources.kubernetes import read_deployments, read_events
from analysis.sources.kubernetes_api import fetch_kubernetes
from tests.conftest import missing
from tests.sources.kubernetes_server import TOKEN, Api, certificates, event, kubeconfig, serving
from tests.sources.workload_items import deployment, replica_set


@pytest.fixture(scope="module", autouse=True)
def _client():
    if find_spec("kubernetes") is None:
        missing("the package kubernetes")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(kubernetes_api, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def api(tls):
    with serving(Api(), tls) as found:
        yield found


@pytest.fixture
def config(api, tls, tmp_path):
    return kubeconfig(tmp_path / "config", api.url, folder=tls)


def test_lists_are_kept_as_the_api_gave_them(api, config, tmp_path):
    api.lists["/apis/apps/v1/deployments"] = [deployment(2)]
    api.lists["/apis/apps/v1/replicasets"] = [replica_set(1, 0, "a:1"), replica_set(2, 300, "a:2")]
    documents, problems = fetch_kubernetes(config)
    assert problems == ()
    assert list(documents) == ["events.json", "deployments.json", "replicasets.json"]
    assert documents["events.json"] == api.answer("/api/v1/events", {}, f"Bearer {TOKEN}")[2]
    (tmp_path / "events.json").write_bytes(documents["events.json"])
    frame, report = read_events(tmp_path / "events.json")
    assert (len(frame), report.unrecognised) == (3, 0)
    (tmp_path / "deployments.json").write_bytes(documents["deployments.json"] + b"\n" + documents["replicasets.json"])
    rollouts, report = read_deployments(tmp_path / "deployments.json")
    assert rollouts["revision"].tolist() == ["1", "2"]
    assert (report.recognised, report.unrecognised) == (3, 0)


def test_pages_are_joined_and_every_item_is_kept_as_it_came(api, config):
    api.lists["/api/v1/events"] = [event(i) for i in range(7)]
    api.page = 3
    documents, problems = fetch_kubernetes(config)
    document = json.loads(documents["events.json"])
    assert problems == ()
    assert document["items"] == api.lists["/api/v1/events"]
    assert (document["kind"], document["apiVersion"], document["metadata"]) == (
        "EventList", "v1", {"resourceVersion": "77"},
    )  # fmt: skip
    assert json.dumps(event(6), ensure_ascii=False, separators=(",", ": ")).encode() in documents["events.json"]
    assert [q for p, q, _ in api.asked if p.endswith("events")] == [
        {"limit": "500"}, {"limit": "500", "continue": "3"}, {"limit": "500", "continue": "6"},
    ]  # fmt: skip


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_expired_list_is_begun_again_and_at_last_asked_for_whole(api, config, times):
    api.lists["/api/v1/events"] = [event(i) for i in range(7)]
    api.page, api.expire = 3, times
    documents, problems = fetch_kubernetes(config)
    assert problems == ()
    assert len(json.loads(documents["events.json"])["items"]) == 7


def test_a_list_that_always_expires_is_given_up(api, config):
    api.refuse["events"] = 410, {}, b"{}"
    documents, problems = fetch_kubernetes(config)
    assert list(documents) == ["deployments.json", "replicasets.json"]
    assert problems == ("events: the list expired again and again while it was read (HTTP 410)",)


def test_what_is_forbidden_is_said_and_the_others_go_on(api, config):
    api.refuse["deployments"] = 403, {}, Api.status(403, f"deployments.apps is forbidden: no {TOKEN}")
    documents, problems = fetch_kubernetes(config)
    assert list(documents) == ["events.json", "replicasets.json"]
    assert len(problems) == 1
    assert problems[0].startswith("deployments: forbidden (HTTP 403): deployments.apps is forbidden: no ***; name the")


def test_namespaces(api, config):
    for kind in ("api/v1/namespaces/{}/events", "apis/apps/v1/namespaces/{}/deployments"):
        for name in ("shop", "bank"):
            api.lists[f"/{kind.format(name)}"] = [event(1, name)]
    documents, problems = fetch_kubernetes(config, namespaces=["shop", "bank", "shop"])
    found = json.loads(documents["events.json"])["items"]
    assert [item["metadata"]["namespace"] for item in found] == ["shop", "bank"]
    assert problems == ("replicasets: not there (HTTP 404): the server could not find the requested resource",)
    fetch_kubernetes(config, namespaces=["a/../b?x"])
    assert api.asked[-1][0] == "/apis/apps/v1/namespaces/a%2F..%2Fb%3Fx/replicasets"


def test_a_redirect_is_not_followed(api, config, tls):
    with serving(Api(), tls) as elsewhere:
        api.refuse["events"] = 302, {"Location": f"{elsewhere.url}/api/v1/events"}, b""
        documents, problems = fetch_kubernetes(config)
        assert elsewhere.asked == []
    assert problems == ("events: HTTP 302, a redirect, which is not followed",)
    assert "events.json" not in documents


def flaky(*answers):
    left = list(answers)
    return lambda path, query: left.pop(0) if left else None


def test_what_may_pass_is_asked_again(api, config):
    busy = 429, {"Retry-After": "0"}, Api.status(429, "slow down")
    api.refuse["events"] = flaky(busy, (503, {}, b"<html>"))
    api.refuse["replicasets"] = flaky((200, {"Content-Length": "999"}, b'{"kind": "Repl'))
    documents, problems = fetch_kubernetes(config)
    assert (len(documents), problems) == (3, ())
    api.refuse["events"] = 503, {}, b"\xff"
    assert fetch_kubernetes(config)[1] == ("events: refused (HTTP 503)",)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>please log in</html>", "no list in JSON"), (b'{"kind": "Status"}', "no list"), (b"[]", "no list"),
        (b'{"kind": "EventList", "metadata": 1, "items": []}', "no list"), (b'{"items": [1', "no list"),
        (b"[" * 100_000, "no list"),
    ],
)  # fmt: skip
def test_what_is_no_list(api, config, body, told):
    api.refuse["events"] = 200, {}, body
    documents, problems = fetch_kubernetes(config)
    assert told in problems[0]
    assert len(documents) == 2


def test_an_empty_list_is_an_answer(api, config):
    api.refuse["events"] = 200, {}, b'{"kind":"EventList","apiVersion":"v1","metadata":{},"items":null}'
    documents, problems = fetch_kubernetes(config)
    assert problems == ()
    assert b"null" in documents["events.json"]


def test_a_server_that_gives_the_same_page_for_ever(api, config):
    api.refuse["events"] = 200, {}, b'{"kind":"EventList","metadata":{"continue":"x"},"items":[]}'
    assert "same page" in fetch_kubernetes(config)[1][0]


def test_more_than_can_be_kept(api, config, monkeypatch):
    monkeypatch.setattr(kubernetes_access, "LARGEST_BYTES", 300)
    assert "more than 300 bytes" in fetch_kubernetes(config)[1][0]
    monkeypatch.undo()
    monkeypatch.setattr(kubernetes_api, "LARGEST_BYTES", 300)
    assert "more than 300 bytes" in fetch_kubernetes(config)[1][0]


def test_wrong_credentials_are_no_answer_and_not_repeated(api, config):
    api.token = "another"
    documents, problems = fetch_kubernetes(config)
    assert documents == {}
    assert all("not authenticated (HTTP 401)" in p for p in problems) and len(problems) == 3
    assert TOKEN not in " ".join(problems)


def test_a_server_that_is_not_there_or_of_another_ca(api, config, tmp_path):
    with pytest.raises(NoDataError, match="cannot be reached") as caught:
        fetch_kubernetes(config, context="other")
    assert TOKEN not in str(caught.value) and "0x" not in str(caught.value)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    with pytest.raises(NoDataError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch_kubernetes(kubeconfig(tmp_path / "other", api.url, folder=certificates(stranger)))
    assert api.asked == []


def test_a_server_that_goes_away_meanwhile(api, config):
    api.refuse["deployments"] = api.refuse["replicasets"] = 200, {"Content-Length": "99"}, b"{"
    documents, problems = fetch_kubernetes(config)
    assert list(documents) == ["events.json"]
    assert [p.partition(":")[0] for p in problems] == ["deployments", "replicasets"]
    assert all("no answer" in p for p in problems), problems


def test_nothing_is_left_behind(api, config, monkeypatch, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    fetch_kubernetes(config)
    fetch_kubernetes(config)  # what the client remembers of its files is not used again
    assert list(Path(scratch).rglob("*")) == []
