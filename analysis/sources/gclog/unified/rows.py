"""What the lines of a unified log tell apart, put together: CPU times, areas and failures to their pauses, cycles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.sources.gclog.rows import Columns, Rows
from analysis.sources.gclog.stamps import Stamps
from analysis.sources.gclog.unified.areas import Areas, area_columns, region_size
from analysis.sources.gclog.unified.concurrent import phase_columns
from analysis.sources.gclog.unified.cycles import cycles_of
from analysis.sources.gclog.unified.pause import floats, head_columns, pause_columns, whole_numbers
from analysis.sources.gclog.unified.safepoint import safepoint_columns

__all__ = ["Gathered", "following", "joined"]

NAN = float("nan")
NAMES = {
    "stalls": ("gcid", "kind", "thread", "duration_seconds"),
    "others": ("gcid", "told", "name", "cause", "before", "after", "duration_seconds", "aborted"),
    "begun": ("gcid",), "stamps": (),
}  # fmt: skip
HEAD = ("line", "clock_us", "stamp_seconds")
EMPTY_PAUSE = (b"0", None, b"Full ", None, None, None, None, None, None, b"0", None, None, None)
EMPTY_SAFEPOINT = (b"", None, None, None, None, None, None)
LENGTHS = {"duration_seconds", "total_seconds"}
LARGEST_GCID = 999_999_999  # numbers of collections have 32 bits; a longer one is broken
CpuLine = tuple[int, tuple[Any, ...]]  # line; number of the collection, user, sys, real
CPU = ("user", "sys", "real")


@dataclass
class Gathered:
    """What was found in the chunks so far, table by table; `begins`: line and uptime of what names a collector."""

    tables: dict[str, list[Columns]] = field(default_factory=dict)
    cpu: list[Columns] = field(default_factory=list)
    areas: list[tuple[Areas, np.ndarray]] = field(default_factory=list)
    begins: list[tuple[int, float]] = field(default_factory=list)
    not_ours: set[int] = field(default_factory=set)

    def add(self, name: str, line: np.ndarray, stamps: Stamps, found: list[Any]) -> np.ndarray:
        """Add rows of a chunk; return which (n,) have a time or length that is none. Lines of others are left out."""
        if not found:
            return np.zeros(0, dtype=bool)
        columns = _columns(name, found)
        broken = stamps.broken.copy()
        for length in LENGTHS & columns.keys():
            broken |= np.isnan(np.asarray(columns[length], dtype="f8")) & (name != "others")
        if "gcid" in columns:
            broken |= np.asarray(columns["gcid"], dtype="i8") > LARGEST_GCID
        keep = ~(broken | stamps.foreign)
        columns |= {"line": line, "clock_us": stamps.clock_us, "stamp_seconds": stamps.uptime_seconds}
        if not keep.all():
            columns = {key: _chosen(cells, keep) for key, cells in columns.items()}
            self.not_ours.update(line[stamps.foreign].tolist() if name != "stamps" else [])
        self._keep(name, columns)
        return broken & ~stamps.foreign if name != "stamps" else np.zeros(len(line), dtype=bool)

    def keep(self, name: str, line: np.ndarray, stamps: Stamps, columns: Columns) -> None:
        """Add rows of a chunk that are known to be whole."""
        columns = columns | {"line": line, "clock_us": stamps.clock_us, "stamp_seconds": stamps.uptime_seconds}
        self._keep(name, columns)

    def keep_cpu(self, first: int, bulk: Columns, found: list[CpuLine]) -> None:
        """Add CPU times of a chunk whose first line is `first`."""
        parts = [bulk]
        if found:
            gcid, *times = zip(*(row for _, row in found), strict=True)
            some = dict(zip(CPU, map(floats, times), strict=True))
            parts.append({"line": np.array([i for i, _ in found]), "gcid": whole_numbers(gcid), **some})
        self.cpu += [part | {"line": part["line"] + first} for part in parts if len(part["line"])]

    def _keep(self, name: str, columns: Columns) -> None:
        if len(columns["line"]):
            self.tables.setdefault(name, []).append(columns)


def _columns(name: str, found: list[Any]) -> Columns:
    if name == "pauses":
        return pause_columns(found)
    if name == "safepoints":
        return safepoint_columns(found)
    if name == "phases":
        return phase_columns(found)
    return dict(zip(NAMES[name], map(list, zip(*found, strict=True)), strict=False))


def _chosen(cells: Any, keep: np.ndarray) -> Any:
    return cells[keep] if isinstance(cells, np.ndarray) else [x for x, k in zip(cells, keep.tolist(), strict=True) if k]


def _one(parts: list[Columns], empty: Columns) -> Columns:
    """Return the columns of all chunks as one, in order of line."""
    if not parts:
        times = {"line": np.zeros(0, dtype="i8"), "clock_us": np.zeros(0, dtype="i8"), "stamp_seconds": np.zeros(0)}
        return {name: cells[:0] for name, cells in empty.items()} | times
    out: Columns = {}
    for name in parts[0]:
        cells = [part[name] for part in parts]
        out[name] = np.concatenate(cells) if isinstance(cells[0], np.ndarray) else [x for some in cells for x in some]
    if (np.diff(out["line"]) < 0).any():
        order = np.argsort(out["line"], kind="stable")
        out = {name: c[order] if isinstance(c, np.ndarray) else [c[i] for i in order] for name, c in out.items()}
    return out


def following(gcid: np.ndarray, line: np.ndarray, of: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return for each line the first row at or after it with the same number of the collection; -1 for none.

    Parameters
    ----------
    gcid, line : ndarray of int64, shape (n,)
        Numbers and lines.
    of : (gcid, line)
        Of the rows, shape (m,) each, in any order.

    Examples
    --------
    >>> following(np.array([3, 4]), np.array([10, 10]), (np.array([3, 3, 5]), np.array([8, 12, 11]))).tolist()
    [1, -1]
    """
    if not len(of[0]) or not len(gcid):
        return np.full(len(gcid), -1)
    keys = (of[0] << 34) | of[1]
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], (gcid << 34) | line)
    row = order[np.minimum(place, len(keys) - 1)]
    return np.where((place < len(keys)) & (of[0][row] == gcid), row, -1)


def joined(rows: Rows, found: Gathered) -> Rows:
    """Return the rows of a file: what was gathered, put together.

    Parameters
    ----------
    rows : Rows
        With facts, counts and notes; its tables are set.
    found : Gathered
        All that was found.

    Examples
    --------
    >>> joined(Rows(), Gathered()).pauses["line"].tolist()
    []
    """
    empty = {"pauses": pause_columns([EMPTY_PAUSE]), "safepoints": safepoint_columns([EMPTY_SAFEPOINT]),
             "phases": phase_columns([(b"0", b"", b"0")])}  # fmt: skip
    empty |= {name: {key: [] for key in keys} for name, keys in NAMES.items()}
    tables = {name: _one(found.tables.get(name, []), columns) for name, columns in empty.items()}
    pauses, others = tables["pauses"], tables["others"]
    heads = pauses.pop("head")
    pauses |= head_columns(heads)
    if any(head.kind.startswith("shen_") and head.generation != "all" for head in set(heads.tolist())):
        rows.facts.append((1, "generational", True))
    at = pauses["gcid"], pauses["line"]
    told = np.array(others["told"], dtype=object), np.array(others["gcid"], dtype="i8"), others["line"]
    _cpu_times(pauses, found.cpu, (tables["phases"]["gcid"], tables["phases"]["line"]))
    _exhausted(pauses, told, at)
    _areas(rows, pauses, found.areas, at)
    rows.pauses, rows.safepoints, rows.stalls = pauses, tables["safepoints"], tables["stalls"]
    triggers = [(line, cause) for line, name, cause in rows.facts if name == "trigger"]
    rows.cycles, rows.phases = cycles_of(others, tables["phases"], pauses, triggers)
    rows.numbers = {
        name: np.concatenate([tables["phases"][name], np.asarray(others[name])]) for name in (*HEAD, "gcid")
    }
    rows.begun = _without_end(tables["begun"], at)
    rows.stamps = tables["stamps"] | {"begin_lines": _begin_lines(found.begins, pauses)}
    rows.unrecognised = sorted(set(rows.unrecognised))
    rows.foreign = sorted({*rows.foreign, *found.not_ours}.difference(rows.unrecognised))
    return rows


def _cpu_times(pauses: Columns, found: list[Columns], phases: tuple[np.ndarray, np.ndarray]) -> None:
    """Give pauses the CPU times that stand apart: the first line of their collection after them, and before a phase."""
    if not found:
        return
    cpu = {name: np.concatenate([part[name] for part in found]) for name in ("line", "gcid", *CPU)}
    at, n = (pauses["gcid"], pauses["line"]), len(cpu["line"])
    of = np.concatenate([cpu["gcid"], at[0], phases[0]]), np.concatenate([cpu["line"], at[1], phases[1]])
    row = following(at[0], at[1] + 1, of)
    has = np.isnan(pauses["real_seconds"]) & (row >= 0) & (row < n)
    for name in CPU:
        pauses[f"{name}_seconds"][has] = cpu[name][row[has]]


def _exhausted(
    pauses: Columns, told: tuple[np.ndarray, np.ndarray, np.ndarray], at: tuple[np.ndarray, np.ndarray]
) -> None:
    lines = np.flatnonzero(told[0] == "exhausted")
    for row in following(told[1][lines], told[2][lines], at).tolist():
        if row >= 0 and not pauses["evacuation_failure"][row]:
            pauses["evacuation_failure"][row] = "to_space_exhausted"


def _areas(
    rows: Rows, pauses: Columns, found: list[tuple[Areas, np.ndarray]], at: tuple[np.ndarray, np.ndarray]
) -> None:
    """Give the pauses their areas; note the collector that they tell of, and the size of a region."""
    if not found:
        return
    line = np.concatenate([lines for _, lines in found])
    cells = {
        name: np.concatenate([np.asarray(getattr(areas, name)) for areas, _ in found])
        for name in ("gcid", "what", "before", "after", "committed")
    }
    rows.facts += [(int(lines[0]), "hint", areas.hint) for areas, lines in found if areas.hint]
    rows.facts += [(int(lines[0]), "most_workers", a.most_workers) for a, lines in found if a.most_workers > 0]
    row = following(cells["gcid"], line, at)
    said = [value for _, name, value in rows.facts if name == "region_bytes"]
    size = said[0] if said else region_size(cells, row, np.array(pauses["heap_after_bytes"], dtype="f8"))
    if not said and np.isfinite(size):
        rows.facts.append((int(line[0]), "region_bytes", size))
    pauses |= area_columns(cells, row, len(at[0]), size)


def _without_end(begun: Columns, at: tuple[np.ndarray, np.ndarray]) -> Columns:
    """Return the pauses that begin and do not end in the file."""
    ended = following(np.array(begun["gcid"], dtype="i8"), np.asarray(begun["line"], dtype="i8"), at) >= 0
    return {name: _chosen(cells, ~ended) for name, cells in begun.items()}


def _begin_lines(begins: list[tuple[int, float]], pauses: Columns) -> list[int]:
    """Return the lines at which a JVM begins: those that name a collector, unless the uptime goes on there."""
    before = np.searchsorted(pauses["line"], [line for line, _ in begins]) - 1
    return sorted(
        line
        for (line, uptime), i in zip(begins, before.tolist(), strict=True)
        if i < 0 or not uptime >= pauses["stamp_seconds"][i]
    )
