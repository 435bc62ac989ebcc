"""Blocks of a Prometheus for benchmarks: 5,000 counters x 1,441 samples, random walks of nine decimals, ten labels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.servers import backfill

NAME = "container_cpu_usage_seconds_total"
START_SECONDS, SCRAPE_SECONDS = 1_763_784_000, 15
SERIES, POINTS = 5_000, 1_441
START_US = START_SECONDS * 1_000_000
END_US = START_US + (POINTS - 1) * SCRAPE_SECONDS * 1_000_000


def values_of(series: int, points: int = POINTS) -> np.ndarray:
    """Values of one series, shape (points,); the same on every machine."""
    random = np.random.default_rng(series)
    return np.round(random.uniform(0, 1e4) + np.cumsum(random.uniform(0, 15, points)), 9)


def labels_of(series: int) -> dict[str, str]:
    pod = f"svc-{series // 40:03d}-{series * 2_654_435_761 % 2**32:08x}"
    return {
        "namespace": f"ns{series % 25}", "pod": pod, "container": ("app", "sidecar")[series % 2], "cpu": "total",
        "node": f"node-{series % 60:02d}", "image": f"registry/app:{series // 500}", "job": "kubelet",
        "instance": f"10.0.{series % 60}.1:10250", "id": f"/kubepods/pod{series:05d}",
    }  # fmt: skip


def lines(series: int = SERIES, points: int = POINTS) -> Iterator[str]:
    yield f"# TYPE {NAME.removesuffix('_total')} counter"
    times = range(START_SECONDS, START_SECONDS + points * SCRAPE_SECONDS, SCRAPE_SECONDS)
    for i in range(series):
        head = NAME + "{" + ",".join(f'{k}="{v}"' for k, v in labels_of(i).items()) + "}"
        for at, value in zip(times, values_of(i, points).tolist(), strict=True):
            yield f"{head} {value!r} {at}"


def capture_tsdb(base: Path, series: int = SERIES) -> Path:
    """Return a folder below `base` with the blocks (folder/tsdb); made once, some two minutes for 5,000 series.

    `base` is `tmp_path_factory.getbasetemp()`, so that all benchmarks of a session share it. Prometheus changes a
    folder that it runs on, but not the samples; run one at a time on it.
    """
    folder = base / f"capture-{series}"
    if not (folder / "made").exists():
        backfill(folder, lines(series))
        (folder / "backfill.txt").unlink()
        (folder / "made").touch()
    return folder
