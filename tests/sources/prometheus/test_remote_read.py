"""remote_read: bit for bit what a real Prometheus holds, stale markers too; every fault of an answer in clear words."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.protobuf import bytes_field, int_field
from analysis.sources.prometheus.remote_read import HEADERS, PATH, fetch_remote_read
from analysis.sources.prometheus.samples import STALE, stale_markers, without_stale
from analysis.sources.prometheus.selector import Selector
from tests.conftest import ROOT
from tests.oracles_xor import bits_of
from tests.servers import backfill, prometheus, victoria_metrics
from tests.sources.prometheus.remote_answers import STREAMED, Stand, chunk, cut, frame, series

T0 = 1_763_784_000
ODD = [
    0.0,
    -0.0,
    float("inf"),
    float("-inf"),
    float("nan"),
    5e-324,
    1.7976931348623157e308,
    2.0**53 + 2,
    0.1 + 0.2,
    -1.5,
]
WRITTEN = {float("inf"): "+Inf", float("-inf"): "-Inf"}
UP = Selector.parse("up")
WINDOW = (0, 10**15)


def told(value):
    return "NaN" if value != value else WRITTEN.get(value, repr(value))


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Odd values, times that jitter, a gap, and 500 samples that do not fit into one chunk."""
    rng = np.random.default_rng(5)
    lines = [f"odd {told(v)} {T0 + i * 15}" for i, v in enumerate(ODD)]
    for pod in "abc":
        times = np.round(T0 + np.cumsum(15 + rng.normal(0, 0.2, 500)), 3)
        times[250:] += 4000
        values = np.cumsum(rng.random(500)).round(9)
        lines += [
            f'jitter{{pod="{pod}"}} {told(v)} {t:.3f}' for v, t in zip(values.tolist(), times.tolist(), strict=True)
        ]
    with prometheus(backfill(tmp_path_factory.mktemp("prometheus"), lines)) as found:
        (tmp_path_factory.getbasetemp() / "jitter.txt").write_text("\n".join(lines))
        yield found


@pytest.fixture
def source(url):
    with connect(Settings(url)) as found:
        yield found


def test_every_value_is_what_was_written_bit_for_bit(source):
    found = fetch_remote_read(source, Selector.parse("odd"), T0 * 10**6, (T0 + 10**4) * 10**6)
    expected = np.array(ODD).view("u8").tolist()
    expected[4] = 0x7FF8000000000001  # how Prometheus reads NaN from text
    assert found.table.values.view("u8").tolist() == expected
    assert found.table.times.tolist() == [(T0 + i * 15) * 10**6 for i in range(len(ODD))]
    assert found.table.labels == ({"__name__": "odd"},)
    assert (found.requests, found.splits, found.partial, found.left_out) == (1, 0, (), ())
    assert found.bytes > 50
    assert found.seconds > 0


def test_many_chunks_with_jitter_are_exact(source, tmp_path_factory):
    table = fetch_remote_read(source, Selector.parse("jitter"), T0 * 10**6, (T0 + 20_000) * 10**6).table
    text = (tmp_path_factory.getbasetemp() / "jitter.txt").read_text().splitlines()
    rows = [line.split() for line in text if line.startswith("jitter")]
    assert [round(float(t) * 1000) * 1000 for _, _, t in rows] == table.times.tolist()
    assert [float(v) for _, v, _ in rows] == table.values.tolist()
    assert [labels["pod"] for labels in table.labels] == ["a", "b", "c"]


def test_windows_are_closed_and_join_to_the_whole(source):
    jitter = Selector.parse("jitter")
    whole = fetch_remote_read(source, jitter, T0 * 10**6, (T0 + 20_000) * 10**6).table
    middle = int(whole.times[200])
    first = fetch_remote_read(source, jitter, T0 * 10**6, middle).table
    second = fetch_remote_read(source, jitter, middle + 1, (T0 + 20_000) * 10**6).table
    assert len(first.times) + len(second.times) == len(whole.times)
    assert first.times.max() == middle
    alone = fetch_remote_read(source, jitter, middle, middle).table
    assert (alone.times.tolist(), len(alone.labels)) == ([middle], 1)


def test_matchers_choose_as_in_promql(source):
    def pods(text):
        table = fetch_remote_read(source, Selector.parse(text), T0 * 10**6, (T0 + 9000) * 10**6).table
        return [labels["pod"] for labels in table.labels if "pod" in labels]

    assert pods('jitter{pod=~"a|c"}') == ["a", "c"]
    assert pods('jitter{pod!="a",pod!~"x|c"}') == ["b"]
    assert pods('{__name__=~"jit.*"}') == ["a", "b", "c"]
    assert pods('jitter{pod="nobody"}') == []


def test_nothing_there_is_an_empty_table(source):
    found = fetch_remote_read(source, Selector.parse("nobody"), T0 * 10**6, (T0 + 60) * 10**6)
    assert (found.table.labels, len(found.table.times)) == ((), 0)
    assert fetch_remote_read(source, Selector.parse("odd"), 0, 10**6).table.labels == ()


PROGRAM = """
import sys
from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.remote_read import fetch_remote_read
from analysis.sources.prometheus.selector import Selector
with connect(Settings(sys.argv[1])) as source:
    table = fetch_remote_read(source, Selector.parse("jitter"), 1763784000000000, 1763804000000000).table
print(hash((table.times.tobytes(), table.values.tobytes())))
"""


def test_the_zone_of_the_machine_is_no_matter(url):
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, url], env={**os.environ, "TZ": zone, "PYTHONHASHSEED": "0"}, cwd=ROOT,
            capture_output=True, text=True, check=True,
        ).stdout
        for zone in ("UTC", "America/New_York", "Asia/Kolkata")
    }  # fmt: skip
    assert len(found) == 1


def test_progress_adds_up_to_the_whole(source):
    steps = []
    found = fetch_remote_read(
        source, Selector.parse("jitter"), T0 * 10**6, (T0 + 20_000) * 10**6, progress=steps.append
    )
    assert sum(step.samples for step in steps) == len(found.table.times)
    assert sum(step.bytes for step in steps) == found.bytes
    assert steps[-1].done_ratio == 1


class Target(BaseHTTPRequestHandler):
    gone = False

    def do_GET(self):
        body = b"" if self.gone else b"# TYPE beat gauge\nbeat 7\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_a_series_that_ends_leaves_a_stale_marker_that_is_kept(tmp_path):
    target = ThreadingHTTPServer(("127.0.0.1", 0), type("Mine", (Target,), {}))
    Thread(target=target.serve_forever, daemon=True).start()
    config = json.dumps(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [{"job_name": "t", "static_configs": [{"targets": [f"127.0.0.1:{target.server_port}"]}]}],
        }
    )
    try:
        with prometheus(tmp_path, config=config) as url, connect(Settings(url)) as source:
            beat = Selector.parse("beat")
            for _ in range(100):
                table = fetch_remote_read(source, beat, 0, 2**52).table
                target.RequestHandlerClass.gone = len(table.times) >= 2
                if stale_markers(table):
                    break
                time.sleep(0.2)
            else:
                pytest.fail("no stale marker within 20 s")
    finally:
        target.shutdown()
        target.server_close()
    assert [time for _, time in stale_markers(table)] == [table.times[-1]]
    assert table.values.view("u8")[-1] == STALE
    assert set(without_stale(table).values.tolist()) == {7.0}


def test_a_server_without_remote_read_says_so(tmp_path):
    with victoria_metrics(tmp_path) as url, connect(Settings(url)) as source, pytest.raises(RequestError) as caught:
        fetch_remote_read(source, UP, *WINDOW)
    assert caught.value.failure.kind in ("not_offered", "rejected")


GOOD = frame(series({"__name__": "up"}, [chunk([1000, 2000], [bits_of(1.0), int(STALE)])]))


def failure_of(*answers, **said):
    stand = Stand(*answers, **said)
    with pytest.raises(RequestError) as caught:
        fetch_remote_read(stand, UP, *WINDOW)
    return caught.value.failure, stand


def test_what_is_asked_is_what_the_protocol_says():
    stand = Stand(GOOD)
    found = fetch_remote_read(stand, UP, *WINDOW)
    assert [(path, said["headers"]) for path, said in stand.asked] == [(PATH, HEADERS)]
    assert stale_markers(found.table) == [({"__name__": "up"}, 2_000_000)]


def test_a_body_that_is_cut_is_asked_for_once_more_from_the_start():
    found = fetch_remote_read(Stand([GOOD, cut()], GOOD), UP, *WINDOW)
    assert (found.table.times.tolist(), found.requests) == ([1_000_000, 2_000_000], 2)
    found = fetch_remote_read(Stand(GOOD[:-3], GOOD), UP, *WINDOW)
    assert (found.table.times.tolist(), found.requests) == ([1_000_000, 2_000_000], 2)
    failure, stand = failure_of([GOOD, cut()], [cut()])
    assert (failure.kind, stand.requests) == ("truncated", 2)


def test_an_answer_that_ends_in_words_gives_the_words_and_is_not_asked_again():
    failure, stand = failure_of(GOOD + b"expanding series: context deadline exceeded\n")
    assert (failure.kind, stand.requests) == ("unavailable", 1)
    assert "context deadline exceeded" in failure.text
    failure, _ = failure_of(GOOD + b"query processing would load too many samples into memory: " + b"very " * 60)
    assert "too many samples into memory" in failure.text


@pytest.mark.parametrize(("answer", "says"), [
    (b"\xff" * 12, "does not end"),
    (b"\xff\xff\xff\xff\x7f", "a frame says that it has"),
    (frame(b"\x0b"), "wire type 3"),
    (frame(series({"a": "1"}, [chunk([1], [1], encoding=4)])), "encoding 4"),
    (frame(series({"a": "1"}, [int_field(3, 1) + bytes_field(4, b"\xff\xff\0")])), "more than its bytes hold"),
])  # fmt: skip
def test_what_is_not_the_protocol_is_said(answer, says):
    failure, stand = failure_of(GOOD + answer)
    assert (failure.kind, failure.remedy, stand.requests) == ("not_understood", "none", 1)
    assert says in failure.text


@pytest.mark.parametrize("kind_of", ["application/x-protobuf", "text/html; charset=utf-8", ""])
def test_an_answer_in_another_form_is_not_offered(kind_of):
    failure, _ = failure_of(GOOD, content_type=kind_of)
    assert failure.kind == "not_offered"
    assert (kind_of.split(";")[0] or "no content type") in failure.text
    assert STREAMED.split(";")[0] in failure.text


def test_native_histograms_are_said():
    histogram = series({"a": "1"}, [int_field(3, 2) + bytes_field(4, b"\0\1xyz")])
    found = fetch_remote_read(Stand(GOOD + frame(histogram)), UP, *WINDOW)
    assert found.left_out == ("1 series is a native histogram, not kept",)
    assert len(found.table.labels) == 1


def test_a_request_that_prometheus_does_not_understand_comes_back_in_its_words(url):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url + PATH, data=b"abc", headers=HEADERS))
    with caught.value as answer:
        assert (answer.code, b"snappy" in answer.read()) == (400, True)
