"""A named observation of a GC log with the line that shows it, and the words that its numbers take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.findings import Value, number, sentence, value
from analysis.sources.gclog.frames import GcLog

__all__ = ["Diagnosis", "counted", "diagnosis", "place_of", "plain_word", "share", "size", "tally", "word"]

NO_CLOCK = ("unknown", "none")  # qualities of a life whose stamps are no times of day
MOST_TALLIED = 6
LONGEST_WORD = 60


class Diagnosis(NamedTuple):
    """What was seen: `name`, the sentence with its `values`, and the line of its value `first` ("" and 0: no line)."""

    name: str
    statement: str
    values: dict[str, Value]
    file: str
    line: int


def diagnosis(name: str, template: str, values: Mapping[str, Value], log: GcLog, first: pd.DataFrame) -> Diagnosis:
    """Return a diagnosis whose evidence is the first row of a table; its place is the value `first`.

    Parameters
    ----------
    name : str
        As in report.json.
    template : str
        Sentence without a digit; may name `first`.
    values : mapping of str to Value
        What was computed.
    log : GcLog
        For the clock of the row's life.
    first : DataFrame
        The rows that show it, in order of time; at least one. Of a sentence about the worst: the worst alone.

    Examples
    --------
    >>> from analysis.sources.gclog.frames import PAUSE_COLUMNS, empty_frame
    >>> at = pd.DatetimeIndex(["2026-11-22T17:39:24.5Z"]).as_unit("us")
    >>> rows = empty_frame(PAUSE_COLUMNS).reindex(at).assign(file="gc.log", line=7, life=0)
    >>> diagnosis("x", "{n} seen, first {first}.", {"n": value(1, "count")}, GcLog(), rows).statement
    '1 seen, first at 17:39:24.500 UTC (gc.log, line 7).'
    """
    row = first.iloc[0]
    begun, ended = row.get("start"), pd.DatetimeIndex(first.index)[0]
    time = ended if pd.isna(begun) else pd.Timestamp(begun)
    place = place_of(log, time, int(row["life"]), str(row["file"]), int(row["line"]))
    told = {**values, "first": place}
    return Diagnosis(name, sentence(template, told), told, str(row["file"]), int(row["line"]))


def place_of(log: GcLog, time: pd.Timestamp, life: int, file: str, line: int) -> Value:
    """Return when something began and where it stands, in words: the uptime where the log has no wall clock.

    The date is said where the lives of the log and this time are not all of one day.

    Examples
    --------
    >>> place_of(GcLog(), pd.Timestamp("2026-11-22T17:39:24.5Z"), 0, "logs/gc.log", 1200).text
    'at 17:39:24.500 UTC (gc.log, line 1,200)'
    """
    known = life < len(log.lives) and log.lives["time_quality"].iloc[life] in NO_CLOCK
    days = {t.date() for t in (log.lives["start"].min(), log.lives["end"].max(), time) if not pd.isna(t)}
    clock = f"{'' if len(days) == 1 else f'{time:%Y-%m-%d} '}{time:%H:%M:%S}.{time.microsecond // 1000:03d} UTC"
    when = f"at {number(time.timestamp(), 6)} s" if known else f"at {clock}"
    where = f"{plain_word(PurePath(file).name)}, line {line:,}" if line > 0 else plain_word(PurePath(file).name)
    return word(f"{when} ({where})")


def plain_word(text: str) -> str:
    """Return text of a log as one printable word or few, cut to 60 characters.

    Examples
    --------
    >>> plain_word("Allocation" + chr(10) + "Failure")
    'Allocation Failure'
    """
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= LONGEST_WORD else f"{shown[: LONGEST_WORD - 1]}…"


def word(text: str) -> Value:
    """Return text that a sentence may show as it is.

    Examples
    --------
    >>> word("G1").text
    'G1'
    """
    return Value(text, "word", text)


def counted(n: float, what: str, plural: str = "") -> Value:
    """Return a number with what it counts, in the plural where it must be.

    Examples
    --------
    >>> counted(1, "full collection").text, counted(1200, "pause").text, counted(0, "entry", "entries").text
    ('1 full collection', '1,200 pauses', '0 entries')
    """
    return Value(float(n), "count", f"{number(n)} {what if n == 1 else plural or what + 's'}")


def size(x: float) -> Value:
    """Return bytes in the unit that fits: KiB, MiB or GiB.

    Examples
    --------
    >>> size(64 * 2**20).text, size(1.5 * 2**30).text, size(float("nan")).text
    ('64 MiB', '1.5 GiB', 'unknown')
    """
    if not np.isfinite(x):
        return Value(None, "bytes", "unknown")
    unit, by = next(((u, b) for u, b in (("GiB", 2**30), ("MiB", 2**20)) if abs(x) >= b), ("KiB", 2**10))
    return Value(float(x), "bytes", f"{number(x / by)} {unit}")


def share(part: float, whole: float) -> Value:
    """Return part / whole as a ratio; unknown for nothing of nothing.

    Examples
    --------
    >>> share(1, 4).text, share(0, 0).text
    ('25 %', 'unknown')
    """
    return value(part / whole if whole else float("nan"), "ratio")


def tally(names: pd.Series) -> Value:
    """Return how often each name occurs, the most frequent first, at most six.

    Examples
    --------
    >>> tally(pd.Series(["Ergonomics", "System.gc()", "Ergonomics", ""])).text
    'Ergonomics 2, System.gc() 1, without a cause 1'
    """
    found = names.value_counts(sort=False)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], str(pair[0]) == "", str(pair[0])))
    parts = [f"{plain_word(str(name)) or 'without a cause'} {number(n)}" for name, n in ordered[:MOST_TALLIED]]
    more = sum(n for _, n in ordered[MOST_TALLIED:])
    return word(", ".join([*parts, *([f"others {number(more)}"] if more else [])]))
