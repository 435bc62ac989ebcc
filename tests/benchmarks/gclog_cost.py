"""What reading one GC log costs, in a process of its own: printed as JSON for the benchmark that started it."""

import json
import mmap
import re
import resource
import sys
import time
from pathlib import Path

from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.totals import gc_totals

# the least that any reader of pauses must do: number, words, sizes and length of each
PLAIN = re.compile(rb"\] GC\((\d+)\) Pause ([^\n]*?)(?: (\d+)([BKMG])->(\d+)([BKMG])\((\d+)([BKMG])\))? (\d+\.\d+)ms\n")


def peak_bytes() -> int:
    """Return the most memory this process had resident [bytes]."""
    status = Path("/proc/self/status")  # ru_maxrss also knows the process that started this one
    if status.is_file():
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(what: str, path: Path) -> dict[str, float]:
    """Read the file once as `what` says; the imports are paid before."""
    imported = peak_bytes()
    began = time.process_time()
    if what == "plain":
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            rows = sum(1 for _ in PLAIN.finditer(data))
    elif what == "totals":
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
