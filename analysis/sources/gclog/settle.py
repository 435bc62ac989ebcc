"""Rows of files to one log: stretches of the same JVM joined to lives, stamps to times, tables to frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.sources.gclog import frames
from analysis.sources.gclog.clock import Clock, clock_of
from analysis.sources.gclog.files import Place
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.holes import Told, holes_in
from analysis.sources.gclog.rows import Columns, Rows
from analysis.sources.gclog.segments import RESTART_SECONDS, TABLES, Segment, segments
from analysis.sources.times import TIME

__all__ = ["lives_of", "settle"]

COLUMNS = {
    "pauses": frames.PAUSE_COLUMNS, "safepoints": frames.SAFEPOINT_COLUMNS, "cycles": frames.CYCLE_COLUMNS,
    "phases": frames.PHASE_COLUMNS, "stalls": frames.STALL_COLUMNS,
}  # fmt: skip
SAME_START_US = 2e6  # stretches that say their JVM began at the same time are of one life
LATE_NUMBERS = 5  # the number of a concurrent collection is logged after later ones
NO_GCID, NAN = -1, float("nan")
GENERATIONAL = {"ZGC": "GenZGC", "Shenandoah": "GenShenandoah"}
FACTS = ("version", "cpus", "workers", "memory_bytes", "heap_max_bytes", "region_bytes", "flags")
OF_KIND = (("z_", "ZGC"), ("shen_", "Shenandoah"), ("degenerated", "Shenandoah"), ("young_concurrent", "G1"),
           ("young_prepare", "G1"), ("mixed", "G1"), ("cleanup", "G1"))  # fmt: skip
OF_CYCLE = {"zgc": "ZGC", "minor": "GenZGC", "major": "GenZGC", "concurrent_mark": "G1", "undo": "G1"}
Life = list[Segment]


def settle(
    parts: Sequence[tuple[Rows, Sequence[Place]]], *, jvm_start_us: int | None = None
) -> tuple[GcLog, tuple[str, ...]]:
    """Return what files say of the JVMs that wrote them, and what a reader of the numbers must know.

    Parameters
    ----------
    parts : sequence of (Rows, Places)
        What files say that were read as one, and where each stands among them.
    jvm_start_us : int, optional
        When the first JVM started [us since the epoch], for logs that have only an uptime.

    Examples
    --------
    >>> log, notes = settle([(Rows(), [Place("gc.log")])])
    >>> len(log.pauses), len(log.lives), notes
    (0, 1, ())
    """
    lives = lives_of([segment for rows, places in parts for segment in segments(rows, places)])
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    rows, holes, notes = [], [], []
    for number, life in enumerate(lives):
        clocks = _clocks(life, jvm_start_us if number == 0 else None)
        collector = _collector(life)
        spread: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        for segment, clock in zip(life, clocks, strict=True):
            for name in TABLES:
                if cells := _timed(segment.table(name), clock, segment.place):
                    spread[name].append(cells | {"life": number})
        for name in TABLES:
            for cells in _laid_out(spread[name], clocks[0]):
                if "collector" in COLUMNS[name] and "collector" not in cells:
                    cells["collector"] = collector
                if name == "pauses":
                    cells["nested"] = _nested(cells)
                    cells.setdefault("promoted_bytes", _promoted(cells))
                tables[name].append(cells)
        told, edges = _told(life, clocks, spread)
        holes += [] if clocks[0].quality == "none" else holes_in(told)
        rows.append(_life(life, clocks, collector, edges))
        stepped = max(c.stepped_seconds for c in clocks)
        notes += [f"the wall clock was set back by {stepped:.3g} s: times follow the uptime"] if stepped else []
    found = {name: _frame(parts, COLUMNS[name]) for name, parts in tables.items()}
    log = GcLog(**found, lives=_lives(rows), holes=_spans(holes))
    return log, tuple(notes)


def lives_of(found: Sequence[Segment]) -> list[Life]:
    """Return stretches joined to lives, both in order of time.

    Stretches of different files are of one life where the JVM started at the same time by clock and uptime; without
    both, where the uptime or clock goes on and the numbers of collections go on.

    Parameters
    ----------
    found : sequence of Segment
        Of all files.
    """
    order = sorted(found, key=_key)
    lives: list[Life] = []
    for segment in order:
        mine = next((life for life in reversed(lives) if _same_life(life[-1], segment)), None)
        if mine is None:
            lives.append([segment])
        else:
            mine.append(segment)
    return lives


def _key(segment: Segment) -> tuple[float, float, float]:
    clock, uptime = segment.begin
    started = segment.offset_us
    return (
        started if np.isfinite(started) else clock if np.isfinite(clock) else 0.0,
        clock if np.isfinite(clock) else 0.0,
        uptime if np.isfinite(uptime) and not np.isfinite(clock) and segment.first == segment.place.before + 1 else 0.0,
    )


def _same_life(before: Segment, after: Segment) -> bool:
    if before.place.name == after.place.name:
        return False  # a file was cut where one JVM ends
    ups, start = before.uptime_seconds[np.isfinite(before.uptime_seconds)], after.begin[1]
    if len(ups) and np.isfinite(start) and start < float(ups.max()) - RESTART_SECONDS:
        return False
    if np.isfinite(before.offset_us) and np.isfinite(after.offset_us):
        return abs(before.offset_us - after.offset_us) <= SAME_START_US
    if "collector" in after.facts:
        return False
    if [np.isfinite(x) for x in before.begin] != [np.isfinite(x) for x in after.begin]:
        return False  # one has a clock or an uptime, the other has not
    last, first = before.gcids[1], after.gcids[0]
    return last < 0 or first < 0 or first >= last - LATE_NUMBERS


def _clocks(life: Life, jvm_start_us: int | None) -> list[Clock]:
    found = [
        clock_of(s.clock_us, s.uptime_seconds, jvm_start_us=jvm_start_us, collected=s.rows.collected) for s in life
    ]
    stamped = [c for c in found if c.quality != "none"]
    return [c if c.quality != "none" or not stamped else stamped[0] for c in found]


def _timed(cells: Columns, clock: Clock, place: Place) -> dict[str, Any]:
    """Return a table with `end_us` and `start_us` in place of stamps; empty without rows."""
    if not cells:
        return {}
    out = {name: column for name, column in cells.items() if name not in ("clock_us", "stamp_seconds")}
    out["end_us"] = clock.times_us(cells["clock_us"], cells["stamp_seconds"])
    length = np.asarray(cells.get("duration_seconds", cells.get("total_seconds", 0.0)), dtype="f8")
    out["start_us"] = out["end_us"] - np.round(np.nan_to_num(length) * 1e6).astype("i8")
    out["uptime_seconds"] = cells["stamp_seconds"]
    out["file"], out["line"] = place.name, cells["line"] - place.before
    return out


def _laid_out(parts: list[dict[str, Any]], clock: Clock) -> list[dict[str, Any]]:
    """Return tables of a life; without any stamps their rows are laid one after the other."""
    if clock.quality == "none":
        last = 0
        for cells in parts:
            length = cells["end_us"] - cells["start_us"]
            cells["end_us"] = last + np.cumsum(length)
            cells["start_us"] = cells["end_us"] - length
            last = int(cells["end_us"][-1])
    return parts


def _nested(cells: dict[str, Any]) -> np.ndarray:
    """Return which pauses began and ended inside another: JDK 11 runs a full one inside a young one.

    They have a later number and were logged before it.
    """
    told = cells.get("nested")
    out = np.zeros(len(cells["end_us"]), dtype=bool) if told is None else np.asarray(told, dtype=bool).copy()
    if "gcid" not in cells or "kind" not in cells:
        return out
    start, end, gcid, kind = (cells[name].tolist() for name in ("start_us", "end_us", "gcid", "kind"))
    close = np.flatnonzero((cells["gcid"][1:] < cells["gcid"][:-1]) & (cells["gcid"][1:] >= 0)) + 1
    for outer in close.tolist():
        if kind[outer] in ("remark", "cleanup"):
            continue
        for inner in range(outer - 1, -1, -1):
            if gcid[inner] <= gcid[outer] or (start[inner] + end[inner]) // 2 < start[outer]:
                break
            out[inner] = True
    return out


def _promoted(cells: dict[str, Any]) -> np.ndarray:
    """Return what the old generation grew by in pauses of the young one [bytes]; NaN elsewhere."""
    if "old_after_bytes" not in cells or "generation" not in cells:
        return np.full(len(cells["end_us"]), NAN)
    grown = cells["old_after_bytes"].astype("f8") - cells["old_before_bytes"].astype("f8")
    return np.where(cells["generation"] == "young", grown, NAN)


def _told(life: Life, clocks: list[Clock], spread: dict[str, list[dict[str, Any]]]) -> tuple[Told, tuple[int, int]]:
    """Return what is told of a life for `holes_in`, and its first and last time [us]."""
    numbers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    begun, edges = [np.zeros(0, dtype="i8")], [np.zeros(0, dtype="i8")]
    for segment, clock in zip(life, clocks, strict=True):
        parts = [_timed(segment.table("numbers"), clock, segment.place)]
        parts += [c for name in ("pauses", "cycles") for c in spread[name] if c["file"] == segment.place.name]
        parts = [c for c in parts if c]
        if parts:
            cells = [np.concatenate([c[name] for c in parts]) for name in ("line", "gcid", "start_us", "end_us")]
            chosen = np.flatnonzero(cells[1] >= 0)
            chosen = chosen[np.argsort(cells[0][chosen], kind="stable")]
            numbers.append((cells[1][chosen], cells[2][chosen], cells[3][chosen]))
        cut = _timed(segment.table("begun"), clock, segment.place)
        begun += [cut["end_us"]] if cut else []
        edges.append(clock.times_us(segment.clock_us, segment.uptime_seconds))
    edge = np.concatenate([*edges, *(c["start_us"] for parts in spread.values() for c in parts)])
    first, last = (int(edge.min()), int(edge.max())) if len(edge) else (0, 0)
    safe = spread["safepoints"]
    stops = [*spread["pauses"], *safe]
    gcid, start, end = (np.concatenate([n[i] for n in numbers]) if numbers else np.zeros(0, "i8") for i in range(3))
    since = [np.where(c["operation"] != "", np.nan_to_num(c["since_last_seconds"] * 1e6, nan=-1.0), -1.0) for c in safe]
    told = Told(
        gcid, start, end, _all(stops, "start_us"), _all(stops, "end_us"), _all(safe, "start_us"), _all(safe, "end_us"),
        np.concatenate(since).astype("i8") if since else np.zeros(0, "i8"), np.concatenate(begun), first, last,
        len(gcid) > 0 or any(s.rows.numbered for s in life),
    )  # fmt: skip
    return told, (first, last)


def _all(parts: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.concatenate([c[name] for c in parts]) if parts else np.zeros(0, dtype="i8")


def _collector(life: Life) -> str:
    """Return the collector that a life names, else the one that its rows are of; "" unknown."""
    facts = {name: value for segment in reversed(life) for name, value in segment.facts.items()}
    name = facts.get("collector") or facts.get("hint") or ""
    kinds: Counter[str] = Counter()
    for segment in life if not name else []:
        pauses, cycles = segment.table("pauses"), segment.table("cycles")
        kinds.update(c for c in pauses.get("collector", ()) if c)
        for kind in pauses.get("kind", ()):
            kinds.update(c for head, c in OF_KIND if kind.startswith(head))
        kinds.update("G1" for cause in pauses.get("cause", ()) if cause.startswith("G1 "))
        kinds.update(OF_CYCLE[kind] for kind in cycles.get("kind", ()) if kind in OF_CYCLE)
    name = name or (kinds.most_common(1)[0][0] if kinds else "")
    return GENERATIONAL.get(name, name) if facts.get("generational") else name


def _life(life: Life, clocks: list[Clock], collector: str, edges: tuple[int, int]) -> list[Any]:
    facts = {name: value for segment in reversed(life) for name, value in segment.facts.items()}
    if "workers" not in facts:
        used = [np.asarray(t["workers"], "f8") for s in life if "workers" in (t := s.table("pauses"))]
        known = np.concatenate(used)[np.isfinite(np.concatenate(used))] if used else np.zeros(0)
        facts["workers"] = 1.0 if collector == "Serial" else float(known.max()) if len(known) else NAN
    lines = sum(s.last - s.first + 1 - s.count(s.rows.foreign) - s.count(s.rows.blank) for s in life)
    unread = sum(s.count(s.rows.unrecognised) for s in life)
    cells = {name: facts.get(name, "" if name in ("version", "flags") else NAN) for name in FACTS}
    return [
        *edges, clocks[0].quality, life[0].begin[1], collector, *(cells[name] for name in FACTS), max(lines, 0),
        max(lines - unread, 0), unread, life[0].place.name, life[0].first - life[0].place.before,
    ]  # fmt: skip


def _frame(parts: list[dict[str, Any]], columns: dict[str, Any]) -> pd.DataFrame:
    """Return tables as one frame, sorted by end; columns that a table lacks are unknown."""
    if not parts:
        return frames.empty_frame(columns)
    end = np.concatenate([c["end_us"] for c in parts])
    order = np.argsort(end, kind="stable")
    data = {name: _column(parts, name, dtype)[order] for name, dtype in columns.items()}
    index = pd.DatetimeIndex(end[order].astype("datetime64[us]"), name="end").tz_localize("UTC")
    out = {
        name: pd.DatetimeIndex(cells.astype("datetime64[us]")).tz_localize("UTC") if columns[name] == TIME else
        pd.array(cells, dtype="str") if columns[name] == "str" else cells.astype(columns[name])
        for name, cells in data.items()
    }  # fmt: skip
    return pd.DataFrame(out, index=index)


def _column(parts: list[dict[str, Any]], name: str, dtype: str) -> np.ndarray:
    unknown: Any = {"float64": NAN, "int64": NO_GCID, "bool": False, "str": ""}.get(dtype, 0)
    cells = []
    for part in parts:
        column = part.get("start_us" if name == "start" else name, unknown)
        if not isinstance(column, np.ndarray):
            column = np.full(len(part["end_us"]), column, dtype=object if isinstance(column, str) else None)
        cells.append(column)
    return np.concatenate(cells)


def _lives(rows: list[list[Any]]) -> pd.DataFrame:
    cells = dict(zip(frames.LIFE_COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
    if not cells:
        return frames.empty_frame(frames.LIFE_COLUMNS, indexed=False)
    out = {name: _cells(values, frames.LIFE_COLUMNS[name]) for name, values in cells.items()}
    return pd.DataFrame(out)


def _cells(values: Sequence[Any], dtype: str) -> Any:
    if dtype == TIME:
        return pd.DatetimeIndex(np.array(values, dtype="i8").astype("datetime64[us]")).tz_localize("UTC")
    return pd.array([str(v) for v in values], dtype="str") if dtype == "str" else np.array(values, dtype=dtype)


def _spans(holes: list[tuple[int, int]]) -> pd.DataFrame:
    cells = np.array(sorted(holes), dtype="i8").reshape(-1, 2)
    return pd.DataFrame({name: _cells(cells[:, i].tolist(), TIME) for i, name in enumerate(("start", "end"))})
