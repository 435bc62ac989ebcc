"""Rows of files to one log: stretches of the same JVM joined to lives, stamps to times, tables to frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.findings import value
from analysis.sources.gclog import frames
from analysis.sources.gclog.clock import Clock, clock_of
from analysis.sources.gclog.copies import once, without_copies
from analysis.sources.gclog.files import Place
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.holes import Told, holes_in
from analysis.sources.gclog.lives import Life, collector_of, lives_of
from analysis.sources.gclog.rows import Columns, Rows
from analysis.sources.gclog.segments import TABLES, segments
from analysis.sources.times import TIME

__all__ = ["settle"]

COLUMNS = {
    "pauses": frames.PAUSE_COLUMNS, "safepoints": frames.SAFEPOINT_COLUMNS, "cycles": frames.CYCLE_COLUMNS,
    "phases": frames.PHASE_COLUMNS, "stalls": frames.STALL_COLUMNS,
}  # fmt: skip
EARLY_SECONDS = 0.5  # a log that begins with a later collection sooner was only started late
LATE_NUMBERS = 5  # the number of a concurrent collection is logged after later ones
MOST_US = 1e15  # about thirty years
ONE_EACH = frozenset(("young", "mixed", "full"))  # kinds of pauses of which a collection has one
NO_GCID, NAN = -1, float("nan")
FACTS = ("version", "cpus", "workers", "memory_bytes", "heap_max_bytes", "region_bytes", "flags")


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
    found_all = [segment for rows, places in parts for segment in segments(rows, places)]
    kept, notes = once(found_all)
    lives = lives_of(kept)
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    clocks = [_clock(life, jvm_start_us if number == 0 else None) for number, life in enumerate(lives)]
    notes += ["times are those of the log collector"] if any(_collected_us(life) for life in lives) else []
    rows, holes = [], []
    for number, life in enumerate(lives):
        clock = clocks[number]
        collector = collector_of(life)
        spread: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        for segment in life:
            for name in TABLES:
                if cells := _timed(segment.table(name), clock, segment.place):
                    spread[name].append(cells | {"life": number})
        for name in TABLES:
            for cells in _laid_out(spread[name], clock):
                if "collector" in COLUMNS[name] and "collector" not in cells:
                    cells["collector"] = collector
                if name == "pauses":
                    cells["nested"] = _nested(cells, collector)
                    cells.setdefault("promoted_bytes", _promoted(cells))
                tables[name].append(cells)
        told, edges = _told(life, clock, spread)
        holes += [] if clock.quality == "none" else [h for h in holes_in(told) if not clock.jumped(h)]
        rows.append(_life(life, clock, collector, edges))
    notes += _said(lives, clocks)
    if jvm_start_us is not None and clocks and clocks[0].quality == "exact":
        notes.append("the start that was given is not used: the log has a wall clock")
    found = {name: _frame(parts, COLUMNS[name]) for name, parts in tables.items()}
    once_each = {name: without_copies(frame, name) for name, frame in found.items()}
    several = any(len({s.place.name for s in life}) > 1 for life in lives)
    if (doubled := len(found["pauses"]) - len(once_each["pauses"])) and not several:
        notes.append(f"{doubled} pauses are told twice: counted once")
    found = once_each
    log = GcLog(**found, lives=_lives(rows), holes=_spans(holes))
    return log, tuple(notes)


def _clock(life: Life, jvm_start_us: int | None) -> Clock:
    clock, uptime = (np.concatenate([getattr(s, name) for s in life]) for name in ("clock_us", "uptime_seconds"))
    start_us = _collected_us(life) if jvm_start_us is None else jvm_start_us
    return clock_of(clock, uptime, jvm_start_us=start_us, collected=any(s.rows.collected for s in life))


def _collected_us(life: Life) -> int | None:
    """Return when a JVM began by the clock of who collected its lines [us], where the file begins with it."""
    first, began = life[0].first - life[0].place.before, life[0].place.began_us
    return int(began) if first == 1 and np.isfinite(began) else None


def _said(lives: Sequence[Life], clocks: Sequence[Clock]) -> list[str]:
    """Return what a reader of the numbers must know of clocks and of lines of several JVMs."""
    notes = []
    for life, clock in zip(lives, clocks, strict=True):
        back, first = clock.stepped_seconds < 0, life[0].gcids[0]
        size = value(abs(clock.stepped_seconds), "seconds").text
        if back and not clock.by_uptime:
            notes.append(f"its times go back by {size}, and there is no uptime: they are as logged")
        elif back:
            notes.append(f"the wall clock was set back by {size}: times follow the uptime, and the clock of most lines")
        elif clock.stepped_seconds:
            notes.append(f"the wall clock went ahead of the uptime by {size}: it was set, or the machine slept")
        if first > LATE_NUMBERS and life[0].begin_seconds > EARLY_SECONDS:
            notes.append(
                f"it begins with collection {first}, {life[0].begin_seconds:.3g} s after the JVM: no word of before"
            )
    if any(any(s.turns for s in life) or _numbers_again(life) for life in lives):
        notes.append("lines of several JVMs are mixed, or out of order: CPU times and sizes may be exchanged")
    return notes


def _numbers_again(life: Life) -> bool:
    """Return whether collections that have one pause have several, again and again: two JVMs count from zero each."""
    tables = [t for s in life if "gcid" in (t := s.table("pauses"))]
    parts = [
        np.column_stack([t[name] for name in ("gcid", "clock_us", "stamp_seconds")])[
            [number >= 0 and kind in ONE_EACH for number, kind in zip(t["gcid"].tolist(), t["kind"], strict=True)]
        ]
        for t in tables
    ]
    rows = np.concatenate(parts) if parts else np.zeros((0, 3))
    if len(rows) - len(np.unique(rows[:, 0])) <= LATE_NUMBERS:
        return False
    return len(np.unique(rows, axis=0, equal_nan=False)) - len(np.unique(rows[:, 0])) > LATE_NUMBERS


def _timed(cells: Columns, clock: Clock, place: Place) -> dict[str, Any]:
    """Return a table with `end_us` and `start_us` in place of stamps; empty without rows."""
    if not cells:
        return {}
    out = {name: column for name, column in cells.items() if name not in ("clock_us", "stamp_seconds")}
    out["end_us"] = clock.times_us(cells["clock_us"], cells["stamp_seconds"])
    length = np.asarray(cells.get("duration_seconds", cells.get("total_seconds", 0.0)), dtype="f8")
    out["start_us"] = out["end_us"] - np.round(np.nan_to_num(length) * 1e6).astype("i8")
    out.setdefault("uptime_seconds", cells["stamp_seconds"])  # as logged: JDK 8 stamps the begin
    out["file"], out["line"] = place.name, cells["line"] - place.before
    return out


def _laid_out(parts: list[dict[str, Any]], clock: Clock) -> list[dict[str, Any]]:
    """Return tables of a life; without any stamps their rows are laid one after the other."""
    if clock.quality == "none":
        last = 0
        for cells in [part for part in parts if len(part["end_us"])]:
            length = cells["end_us"] - cells["start_us"]
            cells["end_us"] = last + np.cumsum(length)
            cells["start_us"] = cells["end_us"] - length
            last = int(cells["end_us"][-1])
    return parts


def _nested(cells: dict[str, Any], collector: str) -> np.ndarray:
    """Return which pauses began and ended inside another: JDK 11 runs a full one inside a young one.

    They have a later number and were logged before it. CMS may collect the young generation inside its remark.
    """
    told = cells.get("nested")
    out = np.zeros(len(cells["end_us"]), dtype=bool) if told is None else np.asarray(told, dtype=bool).copy()
    if "gcid" not in cells or "kind" not in cells:
        return out
    start, end, gcid, kind = (cells[name].tolist() for name in ("start_us", "end_us", "gcid", "kind"))
    close = np.flatnonzero((cells["gcid"][1:] < cells["gcid"][:-1]) & (cells["gcid"][1:] >= 0)) + 1
    for outer in close.tolist():
        within = {"remark": ("young",) if collector == "CMS" else (), "young": ("full",)}.get(kind[outer], ())
        for inner in range(outer - 1, -1, -1):
            if (
                kind[inner] not in within
                or gcid[inner] <= gcid[outer]
                or (start[inner] + end[inner]) // 2 < start[outer]
            ):
                break
            out[inner] = True
    return out


def _promoted(cells: dict[str, Any]) -> np.ndarray:
    """Return what the old generation grew by in pauses of the young one [bytes]; NaN elsewhere."""
    if "old_after_bytes" not in cells or "generation" not in cells:
        return np.full(len(cells["end_us"]), NAN)
    grown = cells["old_after_bytes"].astype("f8") - cells["old_before_bytes"].astype("f8")
    return np.where(cells["generation"] == "young", grown, NAN)


def _told(life: Life, clock: Clock, spread: dict[str, list[dict[str, Any]]]) -> tuple[Told, tuple[int, int]]:
    """Return what is told of a life for `holes_in`, and its first and last time [us]."""
    numbers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    begun, edges = [np.zeros(0, dtype="i8")], [np.zeros(0, dtype="i8")]
    for segment in life:
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
    edge = np.concatenate(
        [*edges, *(c[name] for parts in spread.values() for c in parts for name in ("start_us", "end_us"))]
    )
    first, last = (int(edge.min()), int(edge.max())) if len(edge) else (0, 0)
    safe = spread["safepoints"]
    stops = [*spread["pauses"], *safe]
    gcid, start, end = (np.concatenate([n[i] for n in numbers]) if numbers else np.zeros(0, "i8") for i in range(3))
    since = [
        np.where(c["operation"] != "", np.nan_to_num(c["since_last_seconds"] * 1e6, nan=-1.0).clip(-1, MOST_US), -1.0)
        for c in safe
    ]
    told = Told(
        gcid, start, end, _all(stops, "start_us"), _all(stops, "end_us"), _all(safe, "start_us"), _all(safe, "end_us"),
        np.concatenate(since).astype("i8") if since else np.zeros(0, "i8"), np.concatenate(begun), first, last,
        len(gcid) > 0 or any(s.rows.numbered for s in life), frozenset().union(*(s.rows.vouched for s in life)),
    )  # fmt: skip
    return told, (first, last)


def _all(parts: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.concatenate([c[name] for c in parts]) if parts else np.zeros(0, dtype="i8")


def _life(life: Life, clock: Clock, collector: str, edges: tuple[int, int]) -> list[Any]:
    facts = {name: value for segment in reversed(life) for name, value in segment.facts.items()}
    if "workers" not in facts:
        used = [np.asarray(t["workers"], "f8") for s in life if "workers" in (t := s.table("pauses"))]
        known = np.concatenate(used)[np.isfinite(np.concatenate(used))] if used else np.zeros(0)
        used_most = float(known.max()) if len(known) else NAN
        facts["workers"] = 1.0 if collector == "Serial" else facts.get("most_workers", used_most)
    lines = sum(s.lines - s.count(s.rows.foreign) - s.count(s.rows.blank) for s in life)
    unread = sum(s.count(s.rows.unrecognised) for s in life)
    cells = {name: facts.get(name, "" if name in ("version", "flags") else NAN) for name in FACTS}
    return [
        *edges, clock.quality, life[0].begin[1], collector, *(cells[name] for name in FACTS), max(lines, 0),
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
