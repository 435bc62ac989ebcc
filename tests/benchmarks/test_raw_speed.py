"""What 5,000 series x 1,441 samples cost through remote_read into a table, beside curl that throws answers away."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from analysis.sources.prometheus.remote_read import HEADERS, PATH, read_request
from analysis.sources.prometheus.selector import Selector
from tests.benchmarks.capture_data import (
    END_US,
    NAME,
    POINTS,
    SCRAPE_SECONDS,
    SERIES,
    START_US,
    capture_tsdb,
    values_of,
)
from tests.conftest import ROOT
from tests.servers import need, prometheus

MB = 1_000_000
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
ROUNDS, MOST_RATIO, MOST_MEMORY = 4, 2.0, 600 * MB
MOST_CPU_RATIO = 6.0  # CPU seconds for a second of the fastest curl of the same remote_read: 2.5 to 4 were measured


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with prometheus(capture_tsdb(tmp_path_factory.getbasetemp())) as url:
        yield url


def curl_seconds(url: str, *said: str) -> float:
    begun = time.monotonic()
    subprocess.run([need("curl"), "-s", "-f", "-o", "/dev/null", *said, url], check=True)
    return time.monotonic() - begun


def curl_remote_read(url: str, body: str) -> float:
    said = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    return curl_seconds(url + PATH, "--data-binary", f"@{body}", *said)


def curl_query_range(url: str) -> float:
    """The same samples as JSON, four times the bytes: what a capture without remote_read would have to wait for."""
    form = {"query": NAME, "start": START_US // 10**6, "end": END_US // 10**6, "step": SCRAPE_SECONDS}
    return curl_seconds(f"{url}/api/v1/query_range", *(part for k, v in form.items() for part in ("-d", f"{k}={v}")))


def our_cost(url: str) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.raw_cost", url, "3"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=os.environ | ONE_THREAD, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_raw_samples_beside_curl_to_nowhere(server, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(read_request(Selector((("__name__", "=", NAME),)), START_US, END_US))
    curl_remote_read(server, str(body))
    same, json_form, ours = [], [], []
    for _ in range(ROUNDS):  # in turn, so that what else runs on the machine meets all
        same += [curl_remote_read(server, str(body)) for _ in range(2)]
        json_form.append(curl_query_range(server))
        ours.append(our_cost(server))
    seconds, cpu = (min(one[name] for one in ours) for name in ("seconds", "cpu_seconds"))
    peak = max(one["peak_bytes"] for one in ours)
    print(
        f"\n{ours[0]['bytes'] / MB:.0f} MB, {ours[0]['samples']:,} samples: {seconds:.2f} s, {cpu:.2f} CPU s,"
        f" {peak / MB:.0f} MB peak, {ours[0]['imported_bytes'] / MB:.0f} of them the imports"
        f"\ncurl of these samples by query_range {min(json_form):.2f} s: ours {seconds / min(json_form):.2f}x"
        f" (at most {MOST_RATIO:g}x); by the same remote_read {min(same):.2f} s: ours {seconds / min(same):.2f}x"
    )
    assert {one["samples"] for one in ours} == {SERIES * POINTS}
    assert np.isclose(ours[0]["total"], sum(values_of(i).sum() for i in range(SERIES)), rtol=1e-12)
    assert peak <= MOST_MEMORY
    assert seconds <= MOST_RATIO * min(json_form)
    assert cpu <= MOST_CPU_RATIO * min(same)
