"""A file of the corpus, read once; and the few helpers by which every peer's question is put to our tables."""

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from analysis.errors import EvidenceError
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.lines import ReadReport, read_bytes

BEGIN = re.compile(  # of a phase in JDK 8, of a phase or a cycle in the unified log
    rb"(?:(\d+[.,]\d{3}): ?)?\[(?:(?:AS)?CMS-|GC )concurrent-([a-z-]+)-start\b"
    rb"|^\[(?:.*?\[)?(?:(\d+[.,]\d{3})s|\d+ms)\].*\] GC\(\d+\) Concurrent ([A-Z][A-Za-z ]+?)\s*$"
)
UNIFIED = re.compile(rb"\[(?:gc|safepoint)[a-z,]* *\]|\bGC\(\d+\) |^\[\d[\d.T:+-]*(?:m?s)?\]", re.M)


class Begin(NamedTuple):
    """The line at which concurrent work begins: our tables keep a phase and a cycle by its end."""

    line: int
    name: str
    uptime: float


@dataclass(frozen=True, eq=False)
class Read:
    """A log, its report, and why it was refused (then both are empty)."""

    log: GcLog
    report: ReadReport
    refused: str = ""
    legacy: bool = False  # of JDK 8 or before: peers' events then have the stamp of their begin
    begins: tuple[Begin, ...] = ()


@functools.lru_cache(maxsize=1024)
def read(path: Path) -> Read:
    """Read a log; an EvidenceError is an answer, anything else is a crash and ends the test."""
    try:
        data, _ = read_bytes(path)
        legacy = UNIFIED.search(data[: 1 << 18]) is None
        return Read(*read_gc_log(path), legacy=legacy, begins=tuple(begins(data)))
    except EvidenceError as error:
        return Read(GcLog(), ReadReport(path.name, 0, 0, 0, (), truncated=False, notes=()), str(error))


def begins(data: bytes) -> Iterator[Begin]:
    """Yield where concurrent work begins, from the text: for peers that count begins as events."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if b"oncurrent" in line:
            for found in BEGIN.finditer(line):
                stamp, name = (found[1], found[2]) if found[2] else (found[3], found[4])
                yield Begin(number, name.decode(), float(stamp.replace(b",", b".")) if stamp else math.nan)


def uptimes(log: GcLog, times: pd.Series | pd.DatetimeIndex, lives: pd.Series) -> pd.Series:
    """Return the uptime [s] at `times` of events of `lives`: of the life's first line, and the time since then."""
    at = pd.Series(times).reset_index(drop=True)
    first = log.lives.loc[lives.to_numpy()].reset_index(drop=True)
    return first["uptime_seconds"].fillna(0.0) + (at - first["start"]).dt.total_seconds()
