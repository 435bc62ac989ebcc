"""Faults before a real Prometheus, and a real one that is limited, sick or killed: what is done about it."""

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from analysis.sources.prometheus.answers import warnings_of
from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.server_facts import metric
from tests.fake_prometheus import (
    BAD_GATEWAY,
    FORBIDDEN,
    GZIPPED,
    QUEUE_FULL,
    RESET,
    SLOW_DOWN,
    STARTING,
    TIMED_OUT,
    TIMED_OUT_SELECTING,
    TOO_MANY_SAMPLES,
    UNAUTHORISED,
    cut,
    fault_proxy,
    first,
    late,
    partial,
    trickle,
)
from tests.servers import START_SECONDS, backfill, free_port, import_to_victoria, prometheus, victoria_metrics

START, POINTS, SERIES = 1_763_784_000, 240, 60
FORM = {"query": "a", "start": str(START), "end": str(START + 15 * (POINTS - 1)), "step": "15"}
HEAVY = {"query": " + ".join(["sum(rate(a[4m:5s]))"] * 4_000), "start": FORM["start"], "end": FORM["end"], "step": "1"}
RANGE = "/api/v1/query_range"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    lines = ["# TYPE a gauge"]
    for series in range(SERIES):
        lines += [f'a{{n="{series}"}} {series}.{point} {START + 15 * point}' for point in range(POINTS)]
    return backfill(tmp_path_factory.mktemp("faults"), lines)


@pytest.fixture(scope="module")
def real(folder):
    with prometheus(folder) as url:
        yield url


@pytest.fixture(scope="module")
def answer(real):
    with connect(Settings(real)) as source:
        content = source.ask(RANGE, FORM)
    assert len(json.loads(content)["data"]["result"]) == SERIES
    return content


def asked(url, form=FORM, **settings):
    """Ask without waiting between the tries; return the answer, the waits and the requests made."""
    with connect(Settings(url, **settings)) as source:
        waits: list[float] = []
        source.sleep = waits.append
        return source.ask(RANGE, form), waits, source.requests


def failed(url, form=FORM, **settings):
    """The failure and the tries of a question that is given up."""
    with pytest.raises(RequestError) as caught:
        asked(url, form, **settings)
    return caught.value.failure, caught.value.tries


CUTS = [cut(how) for how in ("length", "chunk", "close", "gzip")]


@pytest.mark.parametrize("fault", [QUEUE_FULL, STARTING, BAD_GATEWAY, SLOW_DOWN, RESET, *CUTS])
def test_a_fault_that_passes_leaves_no_trace_in_the_answer(real, answer, fault):
    with fault_proxy(real, first(2, fault)) as url:
        content, waits, requests = asked(url)
    assert (content, requests, len(waits)) == (answer, 3, 2)
    if fault is SLOW_DOWN:
        assert min(waits) >= 7.0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (QUEUE_FULL, "queue_full"), (STARTING, "unavailable"), (BAD_GATEWAY, "unavailable"), (SLOW_DOWN, "unavailable"),
        (RESET, "unavailable"), *((fault, "truncated") for fault in CUTS),
    ],
)  # fmt: skip
def test_a_fault_that_stays_is_given_up_after_three_tries(real, fault, kind):
    with fault_proxy(real, first(99, fault)) as url:
        failure, tries = failed(url)
    assert (failure.kind, failure.remedy, tries) == (kind, "retry", 3)


@pytest.mark.parametrize(
    ("fault", "kind", "remedy"),
    [
        (TIMED_OUT, "timed_out", "split"), (TIMED_OUT_SELECTING, "timed_out", "split"),
        (TOO_MANY_SAMPLES, "too_many_samples", "split"), (FORBIDDEN, "unauthorised", "none"),
        (UNAUTHORISED, "unauthorised", "none"),
    ],
)  # fmt: skip
def test_what_does_not_help_is_not_asked_again(real, fault, kind, remedy):
    seen = []
    with fault_proxy(real, first(99, fault), seen) as url:
        failure, tries = failed(url)
    assert (failure.kind, failure.remedy, tries, len(seen)) == (kind, remedy, 1, 1)
    assert "<" not in failure.text


def test_gzip_is_read_though_identity_was_asked(real, answer):
    with fault_proxy(real, first(1, GZIPPED)) as url, connect(Settings(url)) as source:
        assert source.ask(RANGE, FORM) == answer
        assert source.received_bytes < len(answer) / 2


def test_gzip_that_is_asked_for_comes_from_the_real_server(real, answer):
    with connect(Settings(real, encoding="gzip")) as source:
        assert source.ask(RANGE, FORM) == answer
        assert source.received_bytes < len(answer) / 2


def test_latency_below_the_longest_silence_is_waited_for_and_above_it_is_not_asked_again(real, answer):
    with fault_proxy(real, first(1, late(1.5))) as url:
        assert asked(url, read_seconds=30.0) == (answer, [], 1)
    with fault_proxy(real, first(9, late(30.0))) as url:
        failure, tries = failed(url, read_seconds=0.3)
    assert (failure.kind, failure.remedy, failure.http, tries) == ("timed_out", "split", None, 1)


@pytest.mark.slow
def test_ten_seconds_of_latency_change_nothing(real, answer):
    with fault_proxy(real, first(1, late(10.0))) as url:
        assert asked(url) == (answer, [], 1)


def test_a_trickle_is_given_up(real):
    with fault_proxy(real, first(9, trickle(0.05))) as url:
        failure, tries = failed(url, read_seconds=0.5)
    assert (failure.kind, failure.remedy, tries) == ("timed_out", "split", 1)
    assert "bytes of the answer came" in failure.text


def test_warnings_arrive_as_partial(real):
    with fault_proxy(real, first(1, partial("store a: no answer", "PromQL info: b"))) as url:
        content, _, _ = asked(url)
    assert warnings_of(json.loads(content)) == (("store a: no answer",), ("PromQL info: b",))


def test_a_server_that_does_not_answer_is_left_alone_after_three_questions(real):
    seen = []
    with fault_proxy(real, first(99, RESET), seen) as url, connect(Settings(url)) as source:
        source.sleep = lambda seconds: None
        for _ in range(3):
            with pytest.raises(RequestError, match="closed without an answer"):
                source.ask(RANGE, FORM)
        for _ in range(5):
            with pytest.raises(RequestError, match=r"not asked.: left alone after 3 questions") as caught:
                source.ask(RANGE, FORM)
        assert (len(seen), source.requests, caught.value.tries) == (9, 9, 0)
        assert caught.value.failure.kind == "unavailable"


@pytest.mark.parametrize("how", ["length", "chunk", "gzip"])
def test_a_stream_that_breaks_is_said_and_not_asked_again(real, how):
    seen = []
    with fault_proxy(real, first(99, cut(how)), seen) as url, connect(Settings(url)) as source:
        with source.stream(RANGE, form=FORM) as reply, pytest.raises(RequestError) as caught:
            list(reply.chunks())
        assert (caught.value.failure.kind, len(seen)) == ("truncated", 1)
        assert caught.value.where == source.name


def test_a_stream_is_asked_again_until_it_opens(real, answer):
    with fault_proxy(real, first(2, STARTING)) as url, connect(Settings(url)) as source:
        source.sleep = lambda seconds: None
        with source.stream(RANGE, form=FORM) as reply:
            assert b"".join(reply.chunks()) == answer
        assert source.requests == 3


def test_a_stream_that_keeps_breaking_is_left_alone_too(real):
    with fault_proxy(real, first(99, cut("length"))) as url, connect(Settings(url)) as source:
        for _ in range(3):
            with pytest.raises(RequestError, match="truncated"), source.stream(RANGE, form=FORM) as reply:
                list(reply.chunks())
        with pytest.raises(RequestError, match="left alone"), source.stream(RANGE, form=FORM) as reply:
            pass


# A real Prometheus that is limited, sick or killed.


def test_a_real_limit_of_samples_is_to_be_split(folder):
    with prometheus(folder, "--query.max-samples=1000") as url:
        failure, tries = failed(url)
        half = {**FORM, "query": 'a{n="7"}'}
        assert asked(url, half)[0]
    assert (failure.kind, failure.remedy, failure.http, tries) == ("too_many_samples", "split", 422, 1)


def test_a_real_time_out_of_the_server_is_to_be_split(folder):
    with prometheus(folder, "--query.timeout=50ms") as url:
        failure, tries = failed(url, HEAVY)
    assert (failure.kind, failure.remedy, tries) == ("timed_out", "split", 1)
    assert failure.http in (422, 503)


def test_our_time_out_makes_the_real_server_stop_and_say_so(real):
    failure, tries = failed(real, HEAVY, read_seconds=5.0)
    assert (failure.kind, failure.remedy, tries) == ("timed_out", "split", 1)
    assert failure.http in (422, 503)


def running_queries(source):
    with source.stream("/metrics", method="GET") as reply:
        return metric(b"".join(reply.chunks()).decode(), "prometheus_engine_queries")


def test_a_real_queue_is_waited_for(folder):
    with prometheus(folder, "--query.max-concurrency=1", "--query.timeout=3s") as url, connect(Settings(url)) as source:
        source.sleep = lambda seconds: time.sleep(1.0)

        def heavy() -> None:
            with pytest.raises(RequestError, match="timed out"):
                source.ask(RANGE, HEAVY)

        busy = threading.Thread(target=heavy)
        busy.start()
        while not running_queries(source):
            time.sleep(0.05)
        before = source.requests
        content = source.ask(RANGE, {**FORM, "timeout": "1"})
        busy.join()
        assert json.loads(content)["status"] == "success"
        assert source.requests - before >= 2  # one waited in the queue in vain


def test_a_real_dead_store_is_partial(tmp_path):
    config = f"remote_read:\n- url: http://user:s3cret@127.0.0.1:{free_port()}/read\n  read_recent: true\n"
    with prometheus(tmp_path, config=config) as url:
        content, _, _ = asked(url)
        document = json.loads(content)
        partial_words, advice = warnings_of(document)
    assert (document["data"]["result"], advice) == ([], ())
    assert "connection refused" in partial_words[0]
    assert "s3cret" not in partial_words[0]


@contextmanager
def real_victoria(folder, *limits):
    lines = [f'a{{n="{n}"}} {n} {(START + 15 * point) * 1000}' for n in range(40) for point in range(POINTS)]
    with victoria_metrics(folder, *limits) as url:
        import_to_victoria(url, lines)
        yield url


def test_a_real_victoria_metrics_refuses_in_its_own_words(tmp_path):
    few = {**FORM, "query": 'a{n="7"}'}
    limits = ("-search.maxPointsPerTimeseries=500", "-search.maxSamplesPerQuery=5000")
    with real_victoria(tmp_path, *limits) as url:
        assert json.loads(asked(url, few)[0])["data"]["result"]
        found = [failed(url, {**few, "step": "1"}), failed(url), failed(url, {**few, "query": "sum("})]
        with (
            connect(Settings(url)) as source,
            pytest.raises(RequestError) as caught,
            source.stream("/api/v1/read", body=b"x"),
        ):
            pass
    assert [(failure.kind, failure.remedy, tries) for failure, tries in found] == [
        ("too_many_points", "split", 1), ("too_many_samples", "split", 1), ("rejected", "none", 1),
    ]  # fmt: skip
    assert caught.value.failure.kind == "not_offered"


def test_a_real_victoria_metrics_that_runs_out_of_time(tmp_path):
    terms = " + ".join(f"sum(rate(a[{n}s:1s]))" for n in range(300, 700))  # all different: it keeps what it worked out
    with real_victoria(tmp_path, "-search.maxQueryDuration=1ms") as url:  # its clock of deadlines ticks in seconds
        failure, tries = failed(url, {**HEAVY, "query": terms})
    assert (failure.kind, failure.remedy, tries) == ("timed_out", "split", 1)
    assert len(failure.text) <= 500  # of a megabyte: it repeats the whole question, and its parts
    assert "timeout exceeded" in failure.text


def test_a_real_victoria_metrics_that_finds_too_many_series(tmp_path):
    with real_victoria(tmp_path, "-search.maxUniqueTimeseries=30") as url:
        failure, tries = failed(url)
    assert (failure.kind, failure.remedy, tries) == ("too_many_samples", "none", 1)


def test_a_real_server_that_comes_back_between_the_tries_is_answered_by(folder, answer):
    port = free_port()
    with connect(Settings(f"http://127.0.0.1:{port}")) as source, ExitStack() as stack:
        started_now = iter([lambda: stack.enter_context(prometheus(folder, port=port))])
        source.sleep = lambda seconds: next(started_now)()
        assert source.ask(RANGE, FORM) == answer
        assert source.requests == 2


def started(folder, port):
    """A Prometheus that a test may kill."""
    command = [
        "prometheus", f"--storage.tsdb.path={folder / 'tsdb'}", "--storage.tsdb.retention.time=100y",
        f"--config.file={folder / 'prometheus.yml'}", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "killed.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def test_a_real_server_that_is_killed_during_a_question(tmp_path):
    lines = ["# TYPE a gauge", *(f"a {point} {START + 15 * point}" for point in range(POINTS))]
    folder, port = backfill(tmp_path, lines), free_port()
    (folder / "prometheus.yml").write_text("")
    server = started(folder, port)
    try:
        for _ in range(START_SECONDS * 5):
            try:
                asked(f"http://127.0.0.1:{port}")
                break
            except RequestError:  # it starts
                time.sleep(0.2)
        with connect(Settings(f"http://127.0.0.1:{port}")) as source:
            source.sleep = lambda seconds: time.sleep(0.2)
            killer = threading.Timer(0.4, lambda: os.kill(server.pid, signal.SIGKILL))
            killer.start()
            with pytest.raises(RequestError) as caught:
                while True:
                    source.ask(RANGE, {**HEAVY, "query": "sum(rate(a[1h:1s]))"})
            killer.join()
            assert (caught.value.failure.kind, caught.value.tries) == ("unavailable", 3)
    finally:
        server.kill()
        server.wait(20)
