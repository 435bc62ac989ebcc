"""GC logs of HotSpot to pauses, safepoints, cycles, stalls and lives of the JVM, with what was understood of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import EvidenceError
from analysis.sources.chunks import Chunk
from analysis.sources.gclog.files import LogFile, Place, in_order, no_line, opened, whole_lines
from analysis.sources.gclog.frames import GcLog
from analysis.sources.gclog.legacy.lines import read_legacy
from analysis.sources.gclog.rows import Rows
from analysis.sources.gclog.segments import TABLES
from analysis.sources.gclog.settle import settle
from analysis.sources.gclog.unified.lines import read_unified
from analysis.sources.lines import ReadReport, Tally

__all__ = ["read_gc_log", "read_gc_logs", "read_rows"]

NAMED = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d-\d\d-\d\d)")
WHOLE = re.compile(rb"(?:\dm?s| ns| seconds| secs|\]| total| reserved \d{1,12}K)\s*\Z")  # how last lines end


def read_gc_log(path: Path, *, jvm_start: pd.Timestamp | None = None, areas: bool = True) -> tuple[GcLog, ReadReport]:
    """Read a GC log: unified logging of JDK 9 and later, or what JDK 8 and before wrote; every HotSpot collector.

    Any subset of decorations will do, behind any prefix of a log collector, mixed with lines of an application.

    Parameters
    ----------
    path : Path
        The file; plain, gzip or zstd.
    jvm_start : Timestamp, optional
        When the JVM started, with an offset: a log that has only an uptime gets times of day by it.
    areas : bool
        Whether to read generations, regions, metaspace and workers of unified logging; without it is faster.

    Returns
    -------
    log : GcLog
        Pauses, safepoints, cycles, phases, stalls, lives, holes.
    report : ReadReport
        What was understood; a last line that was cut is accepted and said.

    Raises
    ------
    EvidenceError
        If the file cannot be read or has no line of a GC log.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "gc.log")
    ...     _ = path.write_text("[2026-11-22T18:04:30.123+0000][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms")
    ...     log, report = read_gc_log(path)
    >>> log.pauses["duration_seconds"].tolist(), report.recognised
    ([0.0113], 1)
    """
    log, reports = read_gc_logs([path], jvm_start=jvm_start, areas=areas)
    return log, reports[0]


def read_gc_logs(
    paths: Sequence[Path], *, jvm_start: pd.Timestamp | None = None, areas: bool = True
) -> tuple[GcLog, tuple[ReadReport, ...]]:
    """Read GC logs as one: files of a rotated set are put in order by their stamps, and joined where a JVM goes on.

    Parameters
    ----------
    paths : sequence of Path
        Files, in any order, of one JVM or of several.
    jvm_start : Timestamp, optional
        When the first JVM started, with an offset.
    areas : bool
        As `read_gc_log`.

    Returns
    -------
    log : GcLog
        Of all files; its lives say which JVM began when.
    reports : tuple of ReadReport
        One a file, in the order given; a file that is named twice is read once.

    Raises
    ------
    EvidenceError
        If a file cannot be read or has no line of a GC log, or the start has no offset.
    """
    start_us = None
    if jvm_start is not None:
        if jvm_start.tzinfo is None:
            raise EvidenceError(
                "the start of the JVM has no offset", where=str(jvm_start), expected="such as 2026-11-22T18:04:30Z",
                next="add the offset, Z for UTC",
            )  # fmt: skip
        start_us = int(jvm_start.tz_convert("UTC").value) // 1000
    paths = list({path.resolve(): path for path in reversed(paths)}.values())[::-1]
    names = [p.name for p in paths]
    shown = names if len(set(names)) == len(names) else [str(p) for p in paths]
    groups = in_order([opened(path, name) for path, name in zip(paths, shown, strict=True)])
    read = [(group, read_rows(group, areas=areas)) for group in groups]
    log, notes = settle([(rows, tuple(f.place for f in group)) for group, rows in read], jvm_start_us=start_us)
    reports = {f.place.name: _report(log, f, rows, notes) for group, rows in read for f in group}
    return log, tuple(reports[name] for name in shown)


def read_rows(files: Sequence[LogFile], *, areas: bool = True) -> Rows:
    """Return the rows of GC logs that follow one another, as their lines give them.

    Parameters
    ----------
    files : sequence of LogFile
        Of one format, in order; their places are set.
    areas : bool
        Whether to read generations, regions, metaspace and workers of unified logging as well.

    Raises
    ------
    EvidenceError
        If one of the files has no line of a GC log.
    """
    parts = whole_lines(files)
    rows = read_unified(parts, areas=areas) if files[0].kind == "unified" else read_legacy(_lines(parts))
    if len(files) == 1:
        files[0].place.lines = rows.lines
    for file in files:
        ours = file.place.lines - file.place.count(rows.blank) - file.place.count(rows.foreign)
        if not ours or (file.kind == "unified" and not _tells(rows)):
            raise no_line(file.path, empty=False)
    return rows


def _tells(rows: Rows) -> bool:
    """Return whether anything is told of a collector: lines of others may have tags of the same name."""
    return bool(rows.numbered or rows.facts) or any(len(getattr(rows, name)["line"]) for name in TABLES)


def _lines(parts: Iterator[Chunk]) -> Iterator[bytes]:
    for part in parts:
        lines = part.data.split(b"\n")
        yield from lines[:-1] if not lines[-1] else lines


def _ends_cut(file: LogFile, rows: Rows) -> bool:
    """Return whether the last line, if it has no line end, is cut: not understood, or with an end as none has."""
    if file.cut or not file.open_end:
        return file.cut
    number = file.place.before + file.place.lines
    if rows.foreign and number in rows.foreign[-1:]:
        return file.open_end.startswith(b"[")
    return number in rows.unrecognised or WHOLE.search(file.open_end) is None


def _report(log: GcLog, file: LogFile, rows: Rows, notes: Sequence[str]) -> ReadReport:
    tally, place = Tally(file.place.name), file.place
    for line, text in rows.samples:
        if place.holds(line):
            tally.miss(f"line {line - place.before}", text)
    tally.unrecognised = place.count(rows.unrecognised)
    tally.recognised = place.lines - place.count(rows.blank) - place.count(rows.foreign) - tally.unrecognised
    told = tally.report(*_notes(log, place, rows), *notes, truncated=_ends_cut(file, rows))
    return replace(told, lines=place.lines)


def _notes(log: GcLog, place: Place, rows: Rows) -> Sequence[str]:
    """Return what a reader of the numbers of a file must know."""
    mine = log.pauses[(log.pauses["file"] == place.name).to_numpy()]
    foreign, lives = place.count(rows.foreign), log.lives
    other = int((mine["kind"] == "other").sum())
    quality = set(lives["time_quality"])
    return (
        f"{foreign} {'line is' if foreign == 1 else 'lines are'} mixed in of others" if foreign else "",
        f"events in the format of another JDK are not read ({place.other_kind}): give each format a file of its own"
        if place.other_kind
        else "",
        "only an uptime, no wall clock: say when the JVM started to get times of day" if "unknown" in quality else "",
        _named_start(place.name) if "unknown" in quality else "",
        "no stamps at all: when pauses happened is unknown" if "none" in quality else "",
        f"{len(lives)} JVMs{'' if _at_once(lives) else ' one after the other'}" if len(lives) > 1 else "",
        "times are those of the log collector" if rows.collected else "",
        f"{other} pauses of a kind that is not known: counted as pauses" if other else "",
        "no safepoints in the log: the time to reach one is not known" if not len(log.safepoints) else "",
        "no CPU times in the log" if len(mine) and np.isnan(mine["real_seconds"].to_numpy()).all() else "",
        "lines are missing from it: what happened there is unknown" if len(log.holes) else "",
        *rows.notes,
    )


def _at_once(lives: pd.DataFrame) -> bool:
    """Return whether two lives overlap."""
    return bool((lives["start"].to_numpy()[1:] < lives["end"].cummax().to_numpy()[:-1]).any())


def _named_start(name: str) -> str:
    """Return what the name of a file says of the start of its JVM: %t stands for it, in a zone that is not told."""
    found = NAMED.search(name)
    return f"by its name the JVM began at {found[1]} {found[2].replace('-', ':')}, the machine's time" if found else ""
