"""A large GC log made of a small one: copies in a row, with date, uptime and GC ids moved on: one life of a JVM."""

import datetime as dt
import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LINE = re.compile(r"^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000\]\[(\d+\.\d{3})s\](.*)$")
GCID = re.compile(r"GC\((\d+)\)")
BETWEEN_SECONDS = 0.05  # from the last line of a copy to the first of the next


class Made(NamedTuple):
    """What was written."""

    copies: int
    lines: int
    bytes: int


class Line(NamedTuple):
    """A line taken apart: wall clock, uptime [s], what stands before and after the GC id, and the id or None."""

    clock: dt.datetime
    uptime: float
    before: str
    after: str
    gcid: int | None


def parts(path: Path) -> list[Line]:
    """Return the lines of a log with the decorations time and uptime."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    out = []
    for found in filter(None, map(LINE.match, text.splitlines())):
        rest = found[3]
        id_ = GCID.search(rest)
        before, after = (rest[: id_.start()], rest[id_.end() :]) if id_ else (rest, "")
        out.append(Line(dt.datetime.fromisoformat(found[1]), float(found[2]), before, after, id_ and int(id_[1])))
    return out


def copy(lines: list[Line], later: float, ids: int) -> Iterator[str]:
    """Yield the lines `later` seconds later, with ids from `ids`."""
    moved = dt.timedelta(seconds=later)
    for line in lines:
        id_ = "" if line.gcid is None else f"GC({line.gcid + ids})"
        stamp = (line.clock + moved).isoformat(timespec="milliseconds")
        yield f"[{stamp}+0000][{line.uptime + later:.3f}s]{line.before}{id_}{line.after}\n"


def make(base: Path, out: Path, least: int) -> Made:
    """Write at least `least` bytes to `out`; the JVM introduces itself once, in the first copy."""
    first = parts(base)
    body = [line for line in first if "[gc,init" not in line.before]
    length = max(line.uptime for line in first) + BETWEEN_SECONDS
    ids = 1 + max(line.gcid or 0 for line in first)
    copies = written = lines = 0
    with out.open("w", encoding="ascii") as file:
        while written < least:
            text = list(copy(body if copies else first, copies * length, copies * ids))
            written += file.write("".join(text))
            lines, copies = lines + len(text), copies + 1
    return Made(copies, lines, written)


if __name__ == "__main__":
    print(make(Path(sys.argv[1]), Path(sys.argv[2]), int(float(sys.argv[3]) * 1e6)))
