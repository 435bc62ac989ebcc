"""One way to ask for the data of `capture_data`, in a process of its own: CPU seconds, peak memory, samples, as JSON.

`python -m tests.benchmarks.capture_cost ours URL SELECTOR FOLDER` or `peer URL SELECTOR`.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.capture_data import END_US, SCRAPE_SECONDS, START_US


def peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def ours(url: str, selector: str, folder: str) -> dict:
    from analysis.sources.prometheus import write_samples
    from analysis.sources.prometheus.connection import Settings, connect
    from analysis.sources.prometheus.plan import plan
    from analysis.sources.prometheus.range_query import fetch_range

    with connect(Settings(url)) as source:
        imported, imported_bytes, begun = cpu_seconds(), peak_bytes(), time.monotonic()
        fetched = fetch_range(source, selector, plan(START_US, END_US, step_seconds=SCRAPE_SECONDS))
        write_samples(fetched.table, Path(folder) / "series.parquet", Path(folder) / "samples.parquet")
    took = time.monotonic() - begun
    return {
        "samples": len(fetched.table.times), "cpu_seconds": cpu_seconds() - imported, "seconds": took,
        "imported_bytes": imported_bytes, "requests": fetched.requests, "bytes": fetched.bytes,
    }  # fmt: skip


def peer(url: str, selector: str) -> dict:
    from prometheus_api_client import MetricRangeDataFrame, PrometheusConnect

    connection = PrometheusConnect(url)
    start, end = (datetime.fromtimestamp(us / 1e6, tz=UTC) for us in (START_US, END_US))
    imported, imported_bytes, begun = cpu_seconds(), peak_bytes(), time.monotonic()
    frame = MetricRangeDataFrame(connection.custom_query_range(selector, start, end, str(SCRAPE_SECONDS)))
    return {
        "samples": len(frame), "cpu_seconds": cpu_seconds() - imported, "seconds": time.monotonic() - begun,
        "imported_bytes": imported_bytes,
    }  # fmt: skip


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    result = {"ours": ours, "peer": peer}[what](*rest)
    print(json.dumps(result | {"peak_bytes": peak_bytes()}))
