"""What reading one GC log costs, in a process of its own: printed as JSON for the benchmark that started it."""

import json
import resource
import sys
import time
from pathlib import Path

from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.totals import gc_totals


def peak_bytes() -> int:
    """Return the most memory this process had resident [bytes]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(what: str, path: Path) -> dict[str, float]:
    """Read the file once as `what` says; the imports are paid before."""
    imported = peak_bytes()
    began = time.process_time()
    if what == "totals":
        gc_totals(path)
        rows = 0
    else:
        log, _ = read_gc_log(path, areas=what == "all")
        rows = len(log.pauses) + len(log.safepoints)
    return {
        "cpu_seconds": time.process_time() - began,
        "peak_bytes": peak_bytes(),
        "imported_bytes": imported,
        "rows": rows,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
