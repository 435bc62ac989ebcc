"""What 5,000 series x 1,441 points cost through query_range into the store, beside prometheus-api-client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.capture_data import NAME, POINTS, SERIES, capture_tsdb
from tests.conftest import ROOT
from tests.servers import prometheus

MB = 1_000_000
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
CPU_SHARE, MEMORY_SHARE, MOST_MEMORY = 1 / 6, 1 / 10, 600 * MB
PEER_NEEDS = 9_000 * MB  # of the frame of all series
FIFTH = f'{NAME}{{namespace=~"ns[0-4]"}}'  # 5 of 25 namespaces


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with prometheus(capture_tsdb(tmp_path_factory.getbasetemp())) as url:
        yield url


def cost(*arguments: str) -> dict[str, float]:
    """Run one way in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.capture_cost", *arguments]
    environment = os.environ | ONE_THREAD
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def available_bytes() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024


def peer_cost(url: str) -> tuple[dict[str, float], str]:
    """Return the cost of the peer on all series; on a fifth of them, times five, where memory is short."""
    if available_bytes() >= PEER_NEEDS:
        return cost("peer", url, NAME), "all series"
    found = cost("peer", url, FIFTH)
    above = found["peak_bytes"] - found["imported_bytes"]
    scaled = {name: 5 * found[name] for name in ("samples", "cpu_seconds", "seconds")}
    return found | scaled | {"peak_bytes": found["imported_bytes"] + 5 * above}, "1,000 series, times five"


def told(name: str, found: dict[str, float]) -> str:
    return (
        f"{name}: {found['cpu_seconds']:.2f} CPU s, {found['seconds']:.1f} s, {found['peak_bytes'] / MB:.0f} MB peak,"
        f" {found['imported_bytes'] / MB:.0f} of them the imports"
    )


def test_a_range_query_into_the_store_beside_the_peer(server, tmp_path):
    runs = [cost("ours", server, NAME, str(tmp_path)) for _ in range(2)]
    ours = min(runs, key=lambda run: run["cpu_seconds"])
    peer, of_what = peer_cost(server)
    print(f"\n{told('ours, with both Parquet files', ours)}; {ours['requests']} requests, {ours['bytes'] / MB:.0f} MB")
    print(f"{told(f'peer ({of_what}), data frame only', peer)}")
    print(
        f"CPU 1/{peer['cpu_seconds'] / ours['cpu_seconds']:.1f} (at most 1/6),"
        f" memory 1/{peer['peak_bytes'] / ours['peak_bytes']:.1f} (at most 1/10)"
    )
    assert ours["samples"] == peer["samples"] == SERIES * POINTS
    assert max(run["peak_bytes"] for run in runs) <= MOST_MEMORY
    assert ours["cpu_seconds"] <= CPU_SHARE * peer["cpu_seconds"]
    assert ours["peak_bytes"] <= MEMORY_SHARE * peer["peak_bytes"]


def test_memory_does_not_grow_with_what_is_absent(server, tmp_path):
    """A top ten of series that change is small, whatever the number of series that were ever in it."""
    all_of, few = (cost("ours", server, promql, str(tmp_path)) for promql in (FIFTH, f"topk(10, {NAME})"))
    print(f"\n{told('1,000 series', all_of)}\n{told('top ten', few)}")
    assert few["peak_bytes"] - few["imported_bytes"] <= 0.3 * (all_of["peak_bytes"] - all_of["imported_bytes"])
