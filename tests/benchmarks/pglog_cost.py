"""What reading one server log costs, in a process of its own: printed as JSON for the benchmark that started it."""

import json
import mmap
import re
import sys
import time
from pathlib import Path

from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.totals import log_totals
from tests.benchmarks.gclog_cost import peak_bytes

# the least that any reader of durations must do
PLAIN = re.compile(rb"duration: (\d+\.\d+) ms(?:  (statement|execute)[^:\n]*: ([^\n]*))?")


def main(what: str, path: Path) -> dict[str, float]:
    """Read the file once as `what` says; the imports are paid before."""
    imported = peak_bytes()
    began = time.process_time()
    n, seconds = 0, 0.0
    if what == "plain":
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for found in PLAIN.finditer(data):
                n += found[2] is not None
    elif what == "totals":
        n, seconds = log_totals(path).statements
    else:
        log, _ = read_postgres_log(path)
        n, seconds = len(log.statements), float(log.statements["duration_seconds"].sum())
    return {
        "cpu_seconds": time.process_time() - began,
        "peak_bytes": peak_bytes(),
        "imported_bytes": imported,
        "statements": n,
        "seconds": seconds,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
