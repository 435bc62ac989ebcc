"""What the tests of range queries are asked of: a Prometheus and a VictoriaMetrics with the same samples."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from analysis.sources.prometheus.connection import Settings, Source, connect
from analysis.sources.prometheus.samples import SampleTable
from tests.conftest import ROOT
from tests.servers import backfill, import_to_victoria, prometheus, victoria_metrics

START = 1_763_784_000  # s; a multiple of 15 and 60
SCRAPE = 15
POINTS = 400
HOLE = range(150, 270)  # 121 scrapes apart: 1,815 s without a sample
DEATH = 200
SPECIAL = {
    "inf": math.inf, "minus_inf": -math.inf, "nan": math.nan, "smallest": 5e-324, "largest": 1.7976931348623157e308,
    "odd": 2.0**53 + 2, "minus_zero": -0.0, "third": 0.1 + 0.2, "pi": math.pi, "big": 1e21, "small": 1e-7,
}  # fmt: skip
NASTY = {"quote": 'a"b\\c', "value": ',"+Inf"]', "timestamp": "é\U0001f600", "le": "+Inf"}

Sample = tuple[str, dict[str, str], int, float]


def counters() -> dict[int, np.ndarray]:
    return {s: np.round(np.cumsum(np.random.default_rng(s).uniform(0, 20, POINTS)), 9) for s in range(12)}


def samples() -> Iterator[Sample]:
    """Metric by metric: name, labels, time [s], value."""
    for name, labels, there in [
        ("plain", {"s": "0"}, range(POINTS)), ("hole", {"s": "0"}, [i for i in range(POINTS) if i not in HOLE]),
        ("death", {"s": "0"}, range(DEATH)), ("twin_a", {"s": "0"}, range(60)), ("twin_b", {"s": "0"}, range(60)),
        ("nasty", NASTY, range(60)),
    ]:  # fmt: skip
        for i in there:
            yield name, labels, START + SCRAPE * i, 1.5 * i
    for kind, value in SPECIAL.items():
        for i in range(20):
            yield "special", {"kind": kind}, START + SCRAPE * i, value
    for s, values in counters().items():
        there = [i for i in range(POINTS) if not (s % 3 == 0 and i in HOLE)]
        there = [i for i in there if i >= 300] if s == 5 else [i for i in there if i < 40] if s == 7 else there
        for i in there:
            yield "walk_total", {"s": str(s), "le": str(2.0**s)}, START + SCRAPE * i + s % 4, float(values[i])


def number(value: float) -> str:
    return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else repr(value)


def line(sample: Sample, *, scale: int = 1) -> str:
    name, labels, time, value = sample
    escaped = [(k, v.replace("\\", r"\\").replace('"', r"\"")) for k, v in labels.items()]
    inner = ",".join(f'{k}="{v}"' for k, v in escaped)
    return f"{name}{{{inner}}} {number(value)} {time * scale}"


@contextmanager
def both_stores(folder: Path) -> Iterator[dict[str, Source]]:
    backfill(folder / "p", (line(s) for s in samples()))
    with prometheus(folder / "p") as first, victoria_metrics(folder / "v") as second:
        import_to_victoria(second, (line(s, scale=1000) for s in samples()))
        with connect(Settings(first)) as one, connect(Settings(second)) as two:
            yield {"prometheus": one, "victoria": two}


def same(first: SampleTable, second: SampleTable) -> bool:
    """Whether two tables are equal bit for bit."""
    return first.labels == second.labels and all(
        np.array_equal(a.view("u1"), b.view("u1"))
        for a, b in ((first.ids, second.ids), (first.times, second.times), (first.values, second.values))
    )


def in_zone(code: str, zone: str) -> str:
    """Run Python in a process of its own whose clock is in that zone; return what it prints."""
    environment = os.environ | {"TZ": zone, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error::UserWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout
