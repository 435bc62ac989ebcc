"""Generations, regions, metaspace and workers of a pause in unified logging: lines before its last one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from analysis.sources.gclog.unified.pause import UNIT_BYTES, floats

__all__ = [
    "AREAS", "HINTS", "OF_AREA_NAME", "OF_REGION", "REGIONS", "WHAT", "WORKERS", "Areas", "area_columns", "areas_in",
    "region_size", "together",
]  # fmt: skip

NAN = float("nan")
AREA = re.compile(
    rb"\] GC\(([0-9]{1,9}+)\) (?:(Eden|Survivor|Old|Archive|Humongous) regions: (\d++)->(\d++)(?:\((\d++)\))?+|"
    rb"(Metaspace|DefNew|ParNew|PSYoungGen|Tenured|ParOldGen|PSOldGen|CMS|Old): "
    rb"(\d++)([BKMGT])(?:\((\d++)([BKMGT])\))?+->(\d++)([BKMGT])\((\d++)([BKMGT])\)|Using (\d++) workers of (\d++))"
)
AREAS = {
    b"Metaspace": "metaspace", b"DefNew": "young", b"ParNew": "young", b"PSYoungGen": "young", b"Tenured": "old",
    b"ParOldGen": "old", b"PSOldGen": "old", b"CMS": "old", b"Old": "old",
}  # fmt: skip
HINTS = {b"DefNew": "Serial", b"Tenured": "Serial", b"PSYoungGen": "Parallel", b"ParOldGen": "Parallel",
         b"PSOldGen": "Parallel", b"ParNew": "CMS", b"CMS": "CMS"}  # fmt: skip
SIZES, REGIONS = ("young", "old", "metaspace"), ("eden", "survivor", "old", "humongous", "archive")
WHAT = (*SIZES, *(f"{name} regions" for name in REGIONS), "workers")
WORKERS = len(WHAT) - 1
OF_AREA, OF_WORKERS = 14, 16  # the last group of each
OF_AREA_NAME = {name: WHAT.index(area) for name, area in AREAS.items()}
OF_REGION = {name.capitalize().encode(): WHAT.index(f"{name} regions") for name in REGIONS}


class Areas(NamedTuple):
    """Lines of areas: number of the collection, place in the chunk, what it is, three numbers (NaN unknown).

    `what` is an index of `WHAT`: generations [bytes], regions [count], workers [count]. All arrays of shape (n,).
    `hint`: the collector that has such areas, "" unknown; `most_workers`: how many there are, NaN unknown.
    """

    gcid: np.ndarray
    place: np.ndarray
    what: np.ndarray
    before: np.ndarray
    after: np.ndarray
    committed: np.ndarray
    hint: str
    most_workers: float


def areas_in(data: bytes) -> Areas:
    """Return the lines of a chunk that tell of areas.

    Examples
    --------
    >>> found = areas_in(b"[gc,heap] GC(3) DefNew: 4096K(8192K)->0K(8192K)")
    >>> WHAT[found.what[0]], found.before.tolist(), found.after.tolist(), found.committed.tolist(), found.hint
    ('young', [4194304.0], [0.0], [8388608.0], 'Serial')
    """
    regions: list[tuple[Any, ...]] = []
    sized: list[tuple[Any, ...]] = []
    workers: list[tuple[Any, ...]] = []
    for m in AREA.finditer(data):
        last = m.lastindex
        if last == OF_WORKERS:
            workers.append((m.start(), *m.group(1, 15, 16)))
        elif last == OF_AREA:
            sized.append((m.start(), *m.group(1, 6, 7, 8, 11, 12, 13, 14)))
        else:
            regions.append((m.start(), *m.group(1, 2, 3, 4, 5)))
    parts = []
    hint, most = "", NAN
    if regions:
        place, gcid, name, before, after, capacity = zip(*regions, strict=True)
        parts.append((place, gcid, [OF_REGION[x] for x in name], floats(before), floats(after), floats(capacity)))
        hint = "G1"
    if sized:
        place, gcid, name, before, b, after, a, committed, c = zip(*sized, strict=True)
        parts.append(
            (place, gcid, [OF_AREA_NAME[x] for x in name], _bytes(before, b), _bytes(after, a), _bytes(committed, c))
        )
        hint = hint or next((HINTS[x] for x in sorted(set(name)) if x in HINTS), "")
    if workers:
        place, gcid, used, of = zip(*workers, strict=True)
        most = float(floats(of).max())
        unknown = np.full(len(workers), NAN)
        parts.append((place, gcid, [WORKERS] * len(workers), unknown, floats(used), unknown))
    if not parts:
        number, none = np.zeros(0, dtype="i8"), np.zeros(0)
        return Areas(number, number, number, none, none, none, "", NAN)
    columns = [np.concatenate([np.asarray(part[k]) for part in parts]) for k in (0, 2, 3, 4, 5)]
    number = np.fromiter((int(g) for part in parts for g in part[1]), dtype="i8", count=len(columns[0]))
    return Areas(number, columns[0], columns[1], columns[2], columns[3], columns[4], hint, most)


def together(one: Areas, two: Areas) -> Areas:
    """Return two findings of a chunk as one: regions, generations, workers, each in order of place.

    Examples
    --------
    >>> one, two = (areas_in(b"[gc,heap] GC(3) Old regions: %d->4" % n) for n in (7, 8))
    >>> together(one, two).before.tolist()
    [7.0, 8.0]
    """
    gcid, place, what, before, after, committed = (
        np.concatenate([x, y]) for x, y in zip(one[:-2], two[:-2], strict=True)
    )
    order = np.lexsort((place, np.where(what == WORKERS, 2, what < len(SIZES))))
    most = np.fmax(one.most_workers, two.most_workers)
    hint = "G1" if "G1" in (one.hint, two.hint) else one.hint or two.hint
    return Areas(
        gcid[order], place[order], what[order], before[order], after[order], committed[order], hint, float(most)
    )


def _bytes(numbers: Sequence[bytes], units: Sequence[bytes]) -> np.ndarray:
    found: np.ndarray = floats(numbers) * UNIT_BYTES[np.frombuffer(b"".join(units), dtype="u1")]
    return found


def area_columns(areas: dict[str, np.ndarray], row: np.ndarray, n: int, region_bytes: float) -> dict[str, Any]:
    """Return the areas of pauses as columns.

    Parameters
    ----------
    areas : dict of ndarray
        Columns what, before, after, committed, as in `Areas`.
    row : ndarray of int, shape (k,)
        Which pause each belongs to; -1 for none.
    n : int
        Number of pauses.
    region_bytes : float
        Size of a region of G1 [bytes]; NaN unknown.

    Examples
    --------
    >>> cells = {k: np.array([v]) for k, v in (("what", 3), ("before", 5.0), ("after", 0.0), ("committed", 6.0))}
    >>> area_columns(cells, np.array([0]), 1, 1024.0)["young_before_bytes"].tolist()
    [nan]
    """
    out: dict[str, Any] = {}
    for name in SIZES:
        out |= {f"{name}_{what}_bytes": _put(areas, row, n, name, what) for what in ("before", "after", "committed")}
    for what in ("before", "after"):
        regions = {name: _put(areas, row, n, f"{name} regions", what) for name in REGIONS}
        _fill(out, f"young_{what}_bytes", (regions["eden"] + regions["survivor"]) * region_bytes)
        _fill(out, f"old_{what}_bytes", regions["old"] * region_bytes)
        out[f"humongous_{what}_bytes"] = regions["humongous"] * region_bytes
    out["workers"] = _put(areas, row, n, "workers", "after")
    return out


def region_size(areas: dict[str, np.ndarray], row: np.ndarray, heap_after_bytes: np.ndarray) -> float:
    """Return the size of a region of G1 [bytes] that regions and heap after pauses agree on; NaN if none does.

    It is a power of two of 1 to 512 MiB; the heap is rounded to its unit.

    Examples
    --------
    >>> cells = {"what": np.array([3, 4, 5, 6]), "after": np.array([0.0, 2.0, 10.0, 0.0])}
    >>> region_size(cells, np.zeros(4, dtype=int), np.array([23.5 * 2**20])) / 2**20
    2.0
    """
    parts = {name: _put(areas, row, len(heap_after_bytes), f"{name} regions", "after") for name in REGIONS}
    total = sum(np.nan_to_num(part) if name == "archive" else part for name, part in parts.items())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = heap_after_bytes / total
    known = ratio[np.isfinite(ratio) & (ratio > 0)]
    if not len(known):
        return NAN
    size = 2.0 ** np.ceil(np.log2(float(np.median(known)) * 0.999))
    return float(size) if 2.0**20 <= size <= 2.0**29 else NAN


def _put(areas: dict[str, np.ndarray], row: np.ndarray, n: int, name: str, what: str) -> np.ndarray:
    out = np.full(n, np.nan)
    chosen = (areas["what"] == WHAT.index(name)) & (row >= 0)
    out[row[chosen]] = areas[what][chosen]
    return out


def _fill(out: dict[str, Any], name: str, cells: np.ndarray) -> None:
    out[name] = np.where(np.isnan(out[name]), cells, out[name])
