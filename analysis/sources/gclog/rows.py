"""Rows of a GC log as its lines give them: stamps as logged, before lives and times of day are settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["NO_CLOCK", "Columns", "Fact", "Rows"]

NO_CLOCK = -(1 << 62)  # a line without a wall clock
Columns = dict[str, Any]  # name -> list or array
Fact = tuple[int, str, Any]  # line, name (a column of lives), value


@dataclass
class Rows:
    """What the lines of one file say.

    Each table is a dict of lists of one length, one list a column: those of `frames.*_COLUMNS` without `start`, `life`
    and `file`, and `clock_us` and `stamp_seconds`: the wall clock [us, `NO_CLOCK` for none] and the uptime [s, NaN for
    none] **at the end** of the pause, cycle, phase, stall or safepoint. Columns that are absent are unknown.

    Parameters
    ----------
    pauses, safepoints, cycles, phases, stalls : dict of list
        In order of `line` (from 1).
    stamps : dict of list
        `line`, `clock_us`, `stamp_seconds`, `begins` (bool: a JVM starts here). The first and the last stamped line of
        the file and enough between them to see where the uptime falls; rows of the other tables need not be repeated.
        `begin_lines`: the lines at which a JVM starts.
    numbers : dict of list
        `line`, stamps, `gcid` of other lines that tell of a collection: a number that never appears was lost.
    begun : dict of list
        `line`, stamps, `gcid` of pauses that begin and do not end.
    facts : list of (line, name, value)
        What is said of the JVM: a column of `lives` and its value.
    holes : list of (line, line)
        Lines between which others are known to be missing.
    lines : int
        Of the file.
    numbered : int
        Lines that tell of a collection, details too: where there are some and no stops, the stops were filtered away.
    vouched : set of int
        Numbers of collections near jumps of those of events: lines of details tell of them.
    blank, foreign, unrecognised : list of int
        Numbers of the lines that are blank, that are not of the GC log, and of those that are and were not understood.
    samples : list of (int, bytes)
        The first few that were not understood.
    collected : bool
        The wall clock is that of who collected the log.
    notes : list of str
        What a reader of the numbers must know.
    """

    pauses: Columns = field(default_factory=dict)
    safepoints: Columns = field(default_factory=dict)
    cycles: Columns = field(default_factory=dict)
    phases: Columns = field(default_factory=dict)
    stalls: Columns = field(default_factory=dict)
    stamps: Columns = field(default_factory=dict)
    numbers: Columns = field(default_factory=dict)
    begun: Columns = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)
    lines: int = 0
    numbered: int = 0
    vouched: set[int] = field(default_factory=set)
    blank: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    unrecognised: list[int] = field(default_factory=list)
    samples: list[tuple[int, bytes]] = field(default_factory=list)
    collected: bool = False
    notes: list[str] = field(default_factory=list)
