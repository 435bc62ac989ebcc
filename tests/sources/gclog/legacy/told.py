"""Logs that a JDK 8 wrote, each with what the same JVM told of its collections by JMX while it ran."""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parents[1] / "recorded" / "jdk8"
NAMES = sorted(path.name.removesuffix(".log.gz") for path in FOLDER.glob("*.log.gz"))
AREAS = {"young": ("Eden", "Survivor"), "old": ("Old", "Tenured"), "metaspace": ("Metaspace",)}
SAME_SECONDS = 0.005  # JMX tells whole milliseconds


class Told(NamedTuple):
    """A collection: uptimes [s]; used [bytes] of "young", "old", "metaspace" and "heap" before and after it."""

    collector: str
    full: bool
    cause: str
    start_seconds: float
    end_seconds: float
    before: dict[str, int]
    after: dict[str, int]


class Witness(NamedTuple):
    """What JMX told: the collections that stopped the application, and all safepoints (number, seconds)."""

    collections: list[Told]
    safepoints: int
    safepoint_seconds: float


def witness(name: str) -> Witness:
    """Read what JMX told, as GcWitness.java writes it.

    Of CMS it tells of concurrent collections too, "No GC" being their cause, and of full ones that end a concurrent one
    either nothing or nothing but zeros: those are left out.
    """
    collections, safepoints = [], (0, 0.0)
    for line in gzip.decompress((FOLDER / f"{name}.tsv.gz").read_bytes()).decode().splitlines():
        what, *cells = line.split("\t")
        if what == "safepoints":
            safepoints = int(cells[0]), int(cells[1]) / 1e3
        if what != "gc":
            continue
        collector, action, cause, _, start, end, pools = cells
        before, after = _used(pools, 0), _used(pools, 1)
        if before["heap"] and cause != "No GC":
            full = "major" in action
            collections.append(Told(collector, full, cause, int(start) / 1e3, int(end) / 1e3, before, after))
    return Witness(collections, *safepoints)


def _used(pools: str, which: int) -> dict[str, int]:
    used = dict.fromkeys((*AREAS, "heap"), 0)
    for pool in pools.rstrip(";").split(";"):
        name, cells = pool.split("=")
        area = next(area for area, words in AREAS.items() if any(word in name for word in words))
        for one in (area, "heap") if area != "metaspace" else (area,):
            used[one] += int(cells.split("/")[which])
    return used


def matched(pauses: pd.DataFrame, told: list[Told]) -> tuple[dict[int, list[Told]], list[Told]]:
    """Return the collections inside each pause, by its row, and those that are in none.

    The JVM counts its uptime from a moment of its own in both; the difference is the one at which most begin together.
    """
    start = pauses["start"].astype("int64").to_numpy() / 1e6
    end = start + pauses["duration_seconds"].to_numpy()
    begins = np.array([one.start_seconds for one in told])
    ahead = max(
        ((start[i] - begins[j]) for i in range(min(len(start), 20)) for j in range(min(len(begins), 20))),
        key=lambda by: (np.abs(start[:, None] - by - begins[None, :]).min(axis=0) < SAME_SECONDS).sum(),
    )
    inside: dict[int, list[Told]] = {}
    left = []
    for one in told:
        middle = (one.start_seconds + one.end_seconds) / 2 + ahead
        holds = np.flatnonzero((start - SAME_SECONDS <= middle) & (middle <= end + SAME_SECONDS))
        if not len(holds):
            left.append(one)
            continue
        off = np.abs(start[holds] - one.start_seconds - ahead) + np.abs(end[holds] - one.end_seconds - ahead)
        inside.setdefault(int(holds[np.argmin(off)]), []).append(one)
    return inside, left
