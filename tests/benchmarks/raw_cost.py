"""remote_read of the data of `capture_data`, in a process of its own: seconds, CPU seconds, peak memory, as JSON.

`python -m tests.benchmarks.raw_cost URL TIMES`: asked so many times, one table at a time.
"""

import json
import sys
import time

from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.remote_read import fetch_remote_read
from analysis.sources.prometheus.selector import Selector
from tests.benchmarks.capture_cost import cpu_seconds, peak_bytes
from tests.benchmarks.capture_data import END_US, NAME, START_US


def cost(url: str, times: int) -> dict:
    seconds, cpu = [], []
    with connect(Settings(url)) as source:
        imported_bytes = peak_bytes()
        for _ in range(times):
            begun, cpu_begun = time.monotonic(), cpu_seconds()
            fetched = fetch_remote_read(source, Selector((("__name__", "=", NAME),)), START_US, END_US)
            seconds.append(time.monotonic() - begun)
            cpu.append(cpu_seconds() - cpu_begun)
            samples, received = len(fetched.table.times), fetched.bytes
            total = float(fetched.table.values.sum())
            del fetched
    return {
        "samples": samples, "bytes": received, "total": total, "seconds": min(seconds), "cpu_seconds": min(cpu),
        "imported_bytes": imported_bytes, "peak_bytes": peak_bytes(),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(cost(sys.argv[1], int(sys.argv[2]))))
