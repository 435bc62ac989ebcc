"""GC logs made on purpose, row by row: times in seconds after one fixed instant, everything else unknown."""

import pandas as pd

from analysis.sources.gclog import frames
from analysis.sources.gclog.frames import GcLog
from analysis.sources.times import TIME, timed_frame

ORIGIN_US = 1_795_369_164_000_000  # 2026-11-22T17:39:24Z
EMPTY = {"float64": float("nan"), "str": "", "int64": -1, "bool": False, TIME: None}
TABLES = {
    "pauses": frames.PAUSE_COLUMNS, "safepoints": frames.SAFEPOINT_COLUMNS, "cycles": frames.CYCLE_COLUMNS,
    "phases": frames.PHASE_COLUMNS, "stalls": frames.STALL_COLUMNS,
}  # fmt: skip


def us(seconds):
    return ORIGIN_US + round(seconds * 1e6)


def table(name, rows):
    """Return rows as a table of a log; `end` and `seconds` give the time, all that is not named is unknown."""
    columns, ends, cells = TABLES[name], [], []
    for i, row in enumerate(rows):
        row = dict(row)
        end, seconds = row.pop("end"), row.pop("seconds", 0.0)
        length = "total_seconds" if name == "safepoints" else "duration_seconds"
        known = {"start": us(end - seconds), length: seconds, "life": 0, "file": "gc.log", "line": 10 * i + 1}
        cell = {c: EMPTY[dtype] for c, dtype in columns.items()} | known | row
        ends.append(us(end))
        cells.append(tuple(cell[c] for c in columns))
    return timed_frame(ends, cells, columns).rename_axis("end")


def lives_of(*rows):
    """Return lives; each row at least `start` and `end` in seconds."""
    known = {"time_quality": "exact", "uptime_seconds": 0.0, "recognised": 100, "unrecognised": 0, "lines": 100,
             "file": "gc.log", "line": 1}  # fmt: skip
    made = []
    for row in rows:
        cell = {c: EMPTY[dtype] for c, dtype in frames.LIFE_COLUMNS.items()} | known | dict(row)
        made.append(cell | {"start": us(cell["start"]), "end": us(cell["end"])})
    ordered = [tuple(cell[c] for c in frames.LIFE_COLUMNS) for cell in made]
    return timed_frame([cell["start"] for cell in made], ordered, frames.LIFE_COLUMNS).reset_index(drop=True)


def holes_of(*spans):
    """Return stretches (start, end) [s] of which lines are missing."""
    cells = [(us(a), us(b)) for a, b in spans]
    return timed_frame([c[0] for c in cells], cells, frames.HOLE_COLUMNS).reset_index(drop=True)


def made_log(*, lives=({"start": 0, "end": 100},), holes=(), **tables) -> GcLog:
    """Return a log of some rows a table: made_log(pauses=[{"end": 1, "seconds": 0.1, "kind": "full"}])."""
    framed = {name: table(name, rows) for name, rows in tables.items()}
    return GcLog(**framed, lives=lives_of(*lives), holes=holes_of(*holes))


def at(seconds):
    return pd.Timestamp(us(seconds), unit="us", tz="UTC")


def during(window, *, unrecognised=0) -> GcLog:
    """Return a log of ZGC that tells of a window only: twenty tiny pauses, two threads that wait ten times each."""
    first = (window.start_us - ORIGIN_US) / 1e6
    step = window.duration_seconds / 21
    ends = [first + step * (i + 1) for i in range(20)]
    pauses = [{"end": e, "seconds": 1e-4, "kind": "z_mark_start", "collector": "ZGC"} for e in ends]
    stalls = [{"end": e, "seconds": step / 2, "kind": "allocation", "thread": f"worker-{i % 2}"}
              for i, e in enumerate(ends)]  # fmt: skip
    life = {"start": first, "end": first + window.duration_seconds, "collector": "ZGC", "unrecognised": unrecognised}
    return made_log(pauses=pauses, stalls=stalls, lives=[life])
