"""A real Prometheus scrapes a target that dies and one that lives: intervals, `up`, stale markers, ends."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from analysis.signals.recorded_series import recorded
from analysis.signals.sample_coverage import sample_coverage
from analysis.signals.target_coverage import target_coverage
from analysis.sources.prometheus.connection import connect
from analysis.sources.prometheus.remote_read import fetch_remote_read
from analysis.sources.prometheus.selector import Selector
from analysis.sources.prometheus.settings import Settings
from tests.servers import prometheus

S = 1_000_000
SCRAPES = 15


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"demo_total 5\ndemo_unknown NaN\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def target():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read(url):
    with connect(Settings(url)) as source:
        return fetch_remote_read(source, Selector.parse('{job=~".+"}'), 0, (int(time.time()) + 60) * S).table


def until(url, enough):
    """Read until the recording is long enough; how long that takes is the machine's matter."""
    for _ in range(240):
        table = read(url)
        if enough(table):
            return table
        time.sleep(0.25)
    raise AssertionError("the server did not scrape")


def ups(table, job):
    return [v for series in table.named("up", job=job) for v in series.values.tolist() if v == v]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    with target() as living:
        dying = target()
        jobs = {"living": (living, "200ms"), "dying": (dying.__enter__(), "400ms")}
        config = {"scrape_configs": [
            {"job_name": job, "scrape_interval": every, "scrape_timeout": every, "static_configs": [{"targets": [at]}]}
            for job, (at, every) in jobs.items()
        ]}  # fmt: skip
        try:
            with prometheus(tmp_path_factory.mktemp("real"), config=json.dumps(config)) as url:
                until(url, lambda t: sum(ups(t, "dying")) >= SCRAPES)
                dying.__exit__(None, None, None)
                dying = None
                return until(url, lambda t: ups(t, "dying").count(0) >= SCRAPES)
        finally:
            if dying is not None:
                dying.__exit__(None, None, None)


def test_what_a_real_server_recorded(table):
    data = recorded(table.labels, table.ids, table.times, table.values)
    window = {"all": (int(table.times.min()) - 1, int(table.times.max()))}
    found = sample_coverage(data, window)
    rows = {row.target.job: row for row in target_coverage(data, found, window)}
    living, dying = rows["living"], rows["dying"]
    assert living.beats.interval_us[0] == pytest.approx(200_000, rel=0.3)
    assert dying.beats.interval_us[0] == pytest.approx(400_000, rel=0.3)
    assert living.health.up_ratio > 0.8  # a machine that is busy may miss its 200 ms
    assert 0 < dying.health.up_ratio < 1
    assert living.unknown > SCRAPES  # NaN as exposed is a sample
    names = {name: row for name, row, target in zip(data.names, range(len(data.names)), data.target_of, strict=True)
             if data.targets[target].job == "dying"}  # fmt: skip
    ends = found.series.set_index("series")["ends"]
    assert ends[names["demo_total"]] == ends[names["demo_unknown"]] == "ended"
    assert ends[names["up"]] == ""
    assert (dying.ended, dying.last_seen, dying.silent) == (2, 0, 0)
    assert np.count_nonzero(data.ended >= 0) == 2
    died = data.ended[names["demo_total"]]
    assert dying.health.downs[-1, 0] == died
