"""pgBadger's JSON as figures, and ours of the same file: how it counts is said where the figures are taken.

It counts as a query what has a duration and a text, and what log_statement logged without one; parse and bind apart.
Its errors are lines of ERROR, FATAL and PANIC, and of LOG that it takes for such. Connections are those authorized,
replication apart; sessions are disconnections. Locks are those acquired after a wait.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from analysis.db.document import Asked
from analysis.db.read import read_log
from analysis.sources.pglog.reader import read_postgres_log

ZONES = {  # of the times in a file, where they are local
    "anonymize.log": "Europe/Berlin", "begin_end.log": "Europe/Berlin", "postgresql_param_range.log": "Europe/Berlin",
    "stmt_type.log": "Europe/Moscow",
}  # fmt: skip
CLASSES = 40  # of statements, those that took longest


class Figure(NamedTuple):
    """One quantity: theirs and ours; None is not told."""

    file: str
    quantity: str
    theirs: Any
    ours: Any

    @property
    def equal(self) -> bool:
        if isinstance(self.theirs, float) and self.ours is not None:
            return abs(self.theirs - self.ours) <= 0.0011
        return bool(self.theirs == self.ours)


class NotCompared(NamedTuple):
    """A quantity of theirs that we do not claim to hold."""

    file: str
    quantity: str
    reason: str


def fixtures(corpus: Path) -> list[Path]:
    """Return the logs of which there is an expected file."""
    folder = corpus / "db" / "pgbadger"
    return sorted(p for p in (folder / "fixtures").iterdir() if (folder / "expected" / f"{p.name}.json").is_file())


def figures(path: Path) -> Iterator[Figure | NotCompared]:
    """Yield every figure of one log."""
    name = path.name
    theirs = json.loads((path.parent.parent / "expected" / f"{name}.json").read_text(encoding="utf-8"))
    said = _of(theirs["overall_stat"])
    zone = ZONES.get(name)
    document, _ = read_log([path], Asked(timezone=zone))
    log, _ = read_postgres_log([path], timezone=zone)
    ours = document["statements"]
    yield Figure(name, "queries", int(said["queries_number"]), ours["n"])
    yield Figure(name, "total_ms", float(said["queries_duration"]["execute"]), 1e3 * (ours["total_seconds"] or 0))
    for theirs_, kind in (("bind", "bind"), ("prepare", "parse")):
        took = document["preparations"].get(kind, {"total_seconds": 0})["total_seconds"]
        yield Figure(name, f"{kind}_ms", float(said["queries_duration"][theirs_]), 1e3 * took)
    yield Figure(name, "errors", int(said["errors_number"]), sum(e["n"] for e in document["errors"]))
    yield from _classes(name, _of(theirs["normalyzed_info"]), document)
    counted = log.connections[log.connections["database"] != ""]["result"].value_counts()  # replicas name none
    yield Figure(name, "connections", _of(theirs["connection_info"]).get("count", 0), int(counted.get("authorized", 0)))
    yield Figure(name, "sessions", _of(theirs["session_info"]).get("count", 0), int(counted.get("disconnected", 0)))
    yield from _locks(name, _of(theirs["lock_info"]), log.lock_waits)
    files = _of(theirs["tempfile_info"])
    sizes = log.temp_files["size_bytes"]
    yield Figure(name, "temp_files", files.get("count", 0), len(sizes))
    yield Figure(name, "temp_bytes", files.get("size", 0), int(sizes.sum()))
    yield from _checkpoints(name, theirs["checkpoint_info"], log.checkpoints)
    yield from _times(name, said, (log.statements[:0] if ours["untimed"] else log.statements, zone))
    yield NotCompared(name, "per_minute_info", "the same queries again, by minute")
    yield NotCompared(name, "autovacuum_info", "vacuums are no part of our frames")


def _of(section: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the server, beside those of pgBouncer."""
    found = section.get("postgres", section)
    return found if isinstance(found, dict) else {}


def _classes(name: str, theirs: dict[str, Any], document: dict[str, Any]) -> Iterator[Figure | NotCompared]:
    yield Figure(name, "fingerprints", len(theirs), sum(1 for _ in document["fingerprints"]))
    left = [(row["calls"], 1e3 * (row["total_seconds"] or 0)) for row in document["fingerprints"]]
    longest = sorted(theirs.items(), key=lambda item: (-float(item[1].get("duration") or 0), item[0]))
    for place, (_, row) in enumerate(longest[:CLASSES], 1):
        count, took = int(row["count"]), float(row.get("duration") or 0)
        same = next((one for one in left if one[0] == count and abs(one[1] - took) <= 0.0011), None)
        if same is not None:
            left.remove(same)
        yield Figure(name, f"class {place}", (count, round(took, 3)), (count, round(took, 3)) if same else None)


def _locks(name: str, theirs: dict[str, Any], locks: pd.DataFrame) -> Iterator[Figure]:
    got = locks[locks["acquired"]]
    for mode in sorted({*theirs, *map(str, got["mode"].unique())}):
        mine = got[got["mode"] == mode]["after_seconds"]
        row = theirs.get(mode, {"count": 0, "duration": 0.0})
        yield Figure(name, f"locks {mode}", int(row["count"]), len(mine))
        yield Figure(name, f"lock_ms {mode}", float(row["duration"]), 1e3 * float(mine.sum()))


def _checkpoints(name: str, theirs: dict[str, Any], ours: pd.DataFrame) -> Iterator[Figure]:
    for quantity, column in (("write", "write_seconds"), ("sync", "sync_seconds"), ("total", "total_seconds")):
        yield Figure(name, f"checkpoint_{quantity}_s", float(theirs[quantity]), float(ours[column].sum()))
    yield Figure(name, "checkpoint_buffers", int(theirs["wbuffer"]), int(ours["buffers"].sum()))


def _times(name: str, said: dict[str, Any], ours: tuple[pd.DataFrame, str | None]) -> Iterator[Figure | NotCompared]:
    frame, zone = ours
    if not len(frame) or not said.get("first_query_ts"):
        yield NotCompared(
            name, "first_query_ts", "no statement, or some without a duration, which our frames leave out"
        )
        return
    local = frame.index.tz_convert(zone or "UTC")
    for quantity, stamp in (("first_query_ts", local[0]), ("last_query_ts", local[-1])):
        yield Figure(name, quantity, said[quantity], f"{stamp:%Y-%m-%d %H:%M:%S}")
