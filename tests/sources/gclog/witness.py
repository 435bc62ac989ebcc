"""What JMX told of the collections of a JVM (`GcWitness.java`), and where a log that was read says otherwise."""

import gzip
from pathlib import Path
from typing import NamedTuple

from analysis.sources.gclog.frames import GcLog

YOUNG = ("young", "mixed", "young_concurrent_start", "young_prepare_mixed")
KINDS = {
    "Copy": YOUNG, "PS Scavenge": YOUNG, "ParNew": YOUNG, "G1 Young Generation": YOUNG, "MarkSweepCompact": ("full",),
    "PS MarkSweep": ("full",), "G1 Old Generation": ("full",), "G1 Concurrent GC": ("remark", "cleanup"),
}  # fmt: skip
ALL_PAUSES = ("ZGC Pauses", "ZGC Minor Pauses", "ZGC Major Pauses", "Shenandoah Pauses")
CYCLES = {"ZGC": "zgc", "ZGC Cycles": "zgc", "ZGC Minor Cycles": "minor", "ZGC Major Cycles": "major"}
HEAP = ("Eden", "Survivor", "Old", "Tenured")
LATE_COLLECTIONS, LATE_SAFEPOINTS = 2, 8  # after the witness closed its file


class Collection(NamedTuple):
    """A collection by JMX: who did it, its cause, the heap before and after [bytes]."""

    bean: str
    cause: str
    before: int
    after: int


class Witness(NamedTuple):
    """All that was told: `totals` are count and time [s]; `safepoints` count, time, time to reach them [s]."""

    collections: list[Collection]
    totals: dict[str, tuple[int, float]]
    safepoints: tuple[int, float, float] | None


def read_witness(path: Path) -> Witness:
    """Return what a witness wrote, plain or packed."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows, totals, safepoints = [], {}, None
    for line in text.decode().splitlines():
        kind, *cells = line.split("\t")
        if kind == "gc":
            pools = [p.split("=")[1].split("/") for p in cells[6].split(";") if any(name in p for name in HEAP)]
            before, after = (sum(int(pool[i]) for pool in pools) for i in (0, 1))
            rows.append(Collection(cells[0], cells[2], before, after))
        elif kind == "total":
            totals[cells[0]] = int(cells[1]), int(cells[2]) / 1e3
        elif kind == "safepoints" and cells[0] != "unknown":
            safepoints = int(cells[0]), int(cells[1]) / 1e3, int(cells[2]) / 1e3
    return Witness(rows, totals, safepoints)


def differences(log: GcLog, told: Witness, *, slack_seconds: float = 0.03) -> list[str]:
    """Return where a log differs from its witness, in words; lengths may by `slack_seconds` and 5 %.

    JMX cuts lengths to whole milliseconds and leaves out of a young collection the full one inside it.
    """
    out = []
    nested = bool(log.pauses["nested"].any())
    for bean, (n, seconds) in told.totals.items():
        if bean not in KINDS:
            continue
        mine = log.pauses[log.pauses["kind"].isin(KINDS[bean])]
        length = float(mine["duration_seconds"].sum())
        if not n <= len(mine) <= n + LATE_COLLECTIONS:
            out.append(f"{bean}: {len(mine)} pauses, {n} told")
        if not nested and abs(length - seconds) > 1e-3 * n + 0.05 * seconds + slack_seconds:
            out.append(f"{bean}: {length:.3f} s, {seconds:.3f} s told")
        out += _one_by_one(bean, mine, [c for c in told.collections if c.bean == bean], sized=not nested)
    whole = [told.totals[bean] for bean in ALL_PAUSES if bean in told.totals]
    if whole and not sum(n for n, _ in whole) <= len(log.pauses) <= sum(n for n, _ in whole) + 6 * LATE_COLLECTIONS:
        out.append(f"{len(log.pauses)} pauses, {sum(n for n, _ in whole)} told")
    for bean in CYCLES.keys() & told.totals.keys():
        found, n = int((log.cycles["kind"] == CYCLES[bean]).sum()), told.totals[bean][0]
        if not n <= found <= n + LATE_COLLECTIONS:
            out.append(f"{bean}: {found} cycles, {n} told")
    return out + _safepoints(log, told, slack_seconds)


def _one_by_one(bean, mine, told: list[Collection], *, sized: bool) -> list[str]:
    """Compare causes and heap of collections in their order; those after the witness closed are left."""
    if bean == "G1 Concurrent GC" or len(told) > len(mine):
        return []
    mine = mine.iloc[: len(told)]
    out = [f"{bean}: cause {a!r}, {c.cause!r} told" for a, c in zip(mine["cause"], told, strict=True) if a != c.cause]
    if sized:  # the log counts in MiB or KiB, and regions that are open as whole or in part
        for which in ("before", "after"):
            sizes = zip(mine[f"heap_{which}_bytes"], [getattr(c, which) for c in told], strict=True)
            out += [f"{bean}: {a:.0f} bytes {which}, {b} told" for a, b in sizes if not abs(a - b) <= 2.2 * 2**20]
    return out


def _safepoints(log: GcLog, told: Witness, slack_seconds: float) -> list[str]:
    if told.safepoints is None or not len(log.safepoints):
        return []
    n, seconds, _ = told.safepoints
    total = float(log.safepoints["total_seconds"].sum())
    at = total - float(log.safepoints["reaching_seconds"].sum())  # some versions tell of the time at safepoints only
    out = [] if n - 1 <= len(log.safepoints) <= n + LATE_SAFEPOINTS else [f"{len(log.safepoints)} safepoints, {n} told"]
    if min(abs(total - seconds), abs(at - seconds)) > 0.05 * seconds + slack_seconds:
        out.append(f"safepoints of {total:.3f} s, {seconds:.3f} s told")
    return out
