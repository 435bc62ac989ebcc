"""PrometheusConnect is the connection, the request is ours: a POST, form in the body; redirects, .netrc, proxies."""

import json
import os
import subprocess
import sys
import threading

import pytest
from prometheus_api_client import PrometheusConnect

from analysis.errors import SpecError
from analysis.sources.prometheus.connection import Settings, Source, connect
from analysis.sources.prometheus.failures import RequestError
from tests.conftest import ROOT
from tests.fake_prometheus import RESET, TIMED_OUT, UNAUTHORISED, Fault, Seen, cut, fault_proxy, ok, redirect
from tests.servers import free_port
from tests.sources.prometheus.test_secrets import said

GOOD = ok()
FORMS = ("s3cret-w0rd", "k3y-value", "dXNlcjpzM2NyZXQtdzByZA")


def answering(fault: Fault = GOOD):
    return lambda path, form, count: fault


def test_a_question_is_a_post_with_its_form_in_the_body(monkeypatch):
    monkeypatch.setenv("AN_AUTH", "user:s3cret")
    seen: list[Seen] = []
    with fault_proxy(None, answering(), seen) as url:
        with connect(
            Settings(f"{url}/prefix/", auth="env:AN_AUTH", tenant="team", parameters={"dedup": "true"})
        ) as source:
            assert json.loads(source.ask("/api/v1/query_range", {"query": "up"}))["status"] == "success"
            assert (source.name, repr(source)) == (f"{url}/prefix", f"Source({url}/prefix)")
            assert (source.requests, source.received_bytes) == (1, len(GOOD.body))
        assert seen[0].path == "/prefix/api/v1/query_range"
        assert seen[0].method == "POST"
        assert seen[0].form == {"query": "up", "dedup": "true", "timeout": "110"}
        assert seen[0].headers["Accept-Encoding"] == "identity"
        assert seen[0].headers["Authorization"].startswith("Basic ")
        assert seen[0].headers["X-Scope-OrgID"] == "team"
        assert "s3cret" not in f"{vars(source)}{source._session.headers}{source._credentials}"


def test_what_takes_no_post_is_asked_by_get():
    seen: list[Seen] = []
    with fault_proxy(None, answering(), seen) as url, connect(Settings(url)) as source:
        source.get("/api/v1/status/buildinfo", {"a": "b"})
    assert (seen[0].method, seen[0].form, seen[0].body) == ("GET", {"a": "b"}, b"")


def test_a_stream_hands_out_bytes_of_any_kind():
    seen: list[Seen] = []
    fault = Fault(200, b"\x00\x01" * 500_000, "application/x-streamed-protobuf; proto=p")
    with fault_proxy(None, answering(fault), seen) as url, connect(Settings(url)) as source:
        headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
        with source.stream("/api/v1/read", body=b"\x07", headers=headers) as reply:
            assert reply.content_type == fault.content_type
            assert b"".join(reply.chunks()) == fault.body
        with source.stream("/api/v1/export", form={"match[]": ["a", "b"]}) as reply:
            next(reply.chunks())  # not read to its end
        with source.stream("/metrics", method="GET") as reply:
            assert sum(map(len, reply.chunks())) == 1_000_000
        assert source.requests == 3
    assert seen[0].body == b"\x07"
    assert seen[0].headers["Content-Type"] == "application/x-protobuf"
    assert b"match%5B%5D=a&match%5B%5D=b" in seen[1].body


def test_a_ready_prometheus_connect_is_used_and_not_changed():
    seen: list[Seen] = []
    with fault_proxy(None, answering(), seen) as url:
        ready = PrometheusConnect(url, headers={"X-Key": "k3y"}, auth=("user", "s3cret"))
        ready._session.params = {"team": "a"}
        before = ready._session.get_adapter(url).max_retries.total
        with Source.of(ready) as source:
            source.ask("/api/v1/query", {"query": "1"})
            assert source.hide("k3y s3cret") == "*** ***"
            assert "s3cret" not in repr(vars(source))
        assert ready._session.get_adapter(url).max_retries.total == before == 3
        ready.close()
        assert seen[0].headers["X-Key"] == "k3y"
        assert seen[0].headers["Authorization"].startswith("Basic ")
        assert seen[0].form["team"] == "a"
        ready = PrometheusConnect(url.replace("//", "//u:s3cret@"))
        with pytest.raises(SpecError, match="user or a password") as caught:
            Source.of(ready)
        assert "s3cret" not in said(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_within_the_server_is_followed_once_by_post(status, monkeypatch):
    monkeypatch.setenv("AN_AUTH", "tok3n")
    seen: list[Seen] = []

    def script(path, form, count):
        return redirect("/new" + path, status) if not path.startswith("/new") else ok()

    with fault_proxy(None, script, seen) as url, connect(Settings(url, auth="env:AN_AUTH")) as source:
        source.ask("/api/v1/query", {"query": "up"})
    assert [(s.method, s.path, s.form["query"]) for s in seen] == [
        ("POST", "/api/v1/query", "up"), ("POST", "/new/api/v1/query", "up"),
    ]  # fmt: skip
    assert seen[1].headers["Authorization"] == "Bearer tok3n"


def test_a_redirect_in_a_circle_is_given_up():
    seen: list[Seen] = []
    with (
        fault_proxy(None, answering(redirect("/again")), seen) as url,
        connect(Settings(url)) as source,
        pytest.raises(RequestError, match="again and again"),
    ):
        source.ask("/api/v1/query", {"query": "up"})
    assert len(seen) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_do_not_follow_a_redirect_to_another_server(status, monkeypatch):
    for name, value in (("AN_AUTH", "user:s3cret"), ("A_KEY", "k3y-value")):
        monkeypatch.setenv(name, value)
    first, second = [], []
    settings = {"auth": "env:AN_AUTH", "headers": {"X-Key": "env:A_KEY"}}
    with fault_proxy(None, answering(), second) as other:
        there = other.replace("127.0.0.1", "localhost") + "/?token=t0ken-of-others"
        with (
            fault_proxy(None, answering(redirect(there, status)), first) as url,
            connect(Settings(url, **settings)) as source,
        ):
            for ask in (lambda: source.ask("/api/v1/query", {"query": "up"}), lambda: opened(source)):
                with pytest.raises(RequestError) as caught:
                    ask()
                assert (caught.value.failure.kind, caught.value.failure.http) == ("unauthorised", status)
                assert "redirected to localhost" in str(caught.value)
                for secret in ("s3cret", "k3y-value", "t0ken", "dXNlcjpzM2NyZXQ"):
                    assert secret not in said(caught.value)
    assert (len(first), second) == (2, [])
    assert first[0].headers["X-Key"] == "k3y-value"


def opened(source: Source) -> None:
    with source.stream("/api/v1/read", body=b"x"):
        pass


@pytest.mark.parametrize(
    "there",
    ["http://127.0.0.1:1/", "//elsewhere/x", "https://127.0.0.1/", "ftp://h/", "http://[bad", "", "http://u:p@h/"],
)
def test_no_other_place_is_the_same_server(there):
    with fault_proxy(None, answering(redirect(there))) as url, connect(Settings(url)) as source:
        with pytest.raises(RequestError) as caught:
            source.ask("/api/v1/query", {"query": "up"})
        assert caught.value.failure.kind == "unauthorised"
        assert "u:p" not in str(caught.value)


def test_netrc_neither_overrides_nor_leaks(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mine password n3trc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("AN_AUTH", "tok3n")
    seen: list[Seen] = []
    with fault_proxy(None, answering(), seen) as url:
        for settings in (
            Settings(url),
            Settings(url, auth="env:AN_AUTH"),
            Settings(url, headers={"Authorization": "env:AN_AUTH"}),
        ):
            with connect(settings) as source:
                source.ask("/api/v1/query", {"query": "up"})
        ready = PrometheusConnect(url, headers={"Authorization": "Bearer own"})
        with Source.of(ready) as source:
            source.ask("/api/v1/query", {"query": "up"})
        ready.close()
    assert [s.headers.get("Authorization") for s in seen] == [None, "Bearer tok3n", "tok3n", "Bearer own"]


def test_a_proxy_of_the_environment_is_used_and_its_password_masked(monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    seen: list[Seen] = []
    with fault_proxy(None, answering(), seen) as url:
        monkeypatch.setenv("http_proxy", url.replace("//", "//user:pr0xy@"))
        with connect(Settings("http://metrics.invalid:9090")) as source:
            source.ask("/api/v1/query", {"query": "up"})
            assert source.hide("pr0xy") == "***"
    assert seen[0].path == "http://metrics.invalid:9090/api/v1/query"
    assert "Proxy-Authorization" in seen[0].headers


def test_an_answer_over_the_limit_is_to_be_split():
    fault = Fault(200, b'{"a":"' + b"x" * 200_000 + b'"}', gzipped=True)
    with (
        fault_proxy(None, answering(fault)) as url,
        connect(Settings(url, answer_bytes=100_000)) as source,
        pytest.raises(RequestError, match="larger") as caught,
    ):
        source.ask("/api/v1/query_range", {"query": "up"})
    assert caught.value.failure.remedy == "split"


def test_two_threads_may_ask_at_once():
    with fault_proxy(None, answering()) as url, connect(Settings(url)) as source:
        threads = [
            threading.Thread(target=lambda: [source.ask("/api/v1/query", {"query": "up"}) for _ in range(40)])
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (source.requests, source.received_bytes) == (80, 80 * len(GOOD.body))


def test_words_of_the_server_that_repeat_a_secret_are_masked(monkeypatch):
    monkeypatch.setenv("AN_AUTH", "user:s3cr+t/word")
    texts = "user:s3cr+t/word s3cr%2Bt%2Fword dXNlcjpzM2NyK3Qvd29yZA== http://a:b@c/"
    fault = Fault(400, json.dumps({"status": "error", "errorType": "bad_data", "error": texts}).encode())
    with (
        fault_proxy(None, answering(fault)) as url,
        connect(Settings(url, auth="env:AN_AUTH")) as source,
        pytest.raises(RequestError) as caught,
    ):
        source.ask("/api/v1/query", {"query": "up"})
    assert caught.value.failure.text == "*** *** *** http://***@c/"
    for secret in ("s3cr", "dXNl", "a:b"):
        assert secret not in said(caught.value)


def test_no_log_and_no_object_holds_a_secret(monkeypatch, caplog):
    secrets = {"AN_AUTH": "user:s3cret-w0rd", "A_KEY": "k3y-value"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(0)
    faults = [UNAUTHORISED, RESET, TIMED_OUT, redirect("http://elsewhere.invalid/"), cut("length"), GOOD]
    settings = {"auth": "env:AN_AUTH", "headers": {"X-Key": "env:A_KEY"}}
    for fault in faults:
        with fault_proxy(None, answering(fault)) as url, connect(Settings(url, **settings)) as source:
            source.sleep = lambda seconds: None
            try:
                source.ask("/api/v1/query", {"query": "up"})
                source.get("/api/v1/query", {"query": "up"})
            except RequestError as error:
                assert not any(form in said(error) for form in FORMS)
            assert not any(form in f"{vars(source)}{vars(source._session)}" for form in FORMS)
    assert caplog.text
    assert not any(form in caplog.text for form in FORMS)


def test_the_library_is_imported_by_a_connection_only():
    program = (
        "import sys; import analysis.sources.prometheus.connection;"
        "print([m for m in ('prometheus_api_client', 'requests', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env=os.environ, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nobody_there_is_unavailable_after_three_tries_and_names_the_server():
    with connect(Settings(f"http://127.0.0.1:{free_port()}/p")) as source:
        waits: list[float] = []
        source.sleep = waits.append
        with pytest.raises(RequestError, match=r"unavailable \(no answer, 3 tries\): connection refused") as caught:
            source.ask("/api/v1/query", {"query": "up"})
        assert len(waits) == 2
        assert caught.value.where == source.name
