"""What must hold of whatever the GC log reader makes of a file, however broken the file is."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import EvidenceError
from analysis.sources.gclog.frames import KINDS, GcLog
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.lines import ReadReport

TABLES = ("pauses", "safepoints", "cycles", "phases", "stalls")
OTHERS = re.compile(r"^(\d[\d,]*) lines? (?:is|are) mixed in of others?")
BLANK = b" \t\r\n\v\f\0"  # a file system may leave zeros where a crash cut a file
WRAPPED = re.compile(rb'\{"log":"(.*?)(?:\\r)?(?:\\n)?","stream":"stdout"\}')
PREFIX = re.compile(rb"^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (?:stdout F )?|gc-1 \| )")
PART = re.compile(rb"^\S+Z stdout P [^\n]*\n(?=\S+Z stdout [PF] )", re.MULTILINE)  # the next line goes on with it
LONGEST_SECONDS = 86_400.0
MOST_CPU_SECONDS = 20  # of one small file: more is a reader that hangs


@contextmanager
def no_hang(seconds: float = MOST_CPU_SECONDS) -> Iterator[None]:
    """Raise TimeoutError when the block has used so much CPU time."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} CPU seconds")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def foreign_lines(report: ReadReport) -> int:
    """Return how many lines the report counts as not of the GC log."""
    return sum(int(found[1].replace(",", "")) for note in report.notes if (found := OTHERS.match(note)))


def checked(path: Path) -> str:
    """Read a file, hold what comes of it to the invariants, and return "read" or "refused"."""
    with no_hang():
        try:
            log, report = read_gc_log(path)
        except EvidenceError as error:
            assert error.what
            assert error.next
            return "refused"
    check_tables(log)
    check_counts(log, report, path.read_bytes())
    return "read"


def check_tables(log: GcLog) -> None:
    """No table runs backwards, lasts longer than a day, or names a life or a kind that is not there."""
    for name in TABLES:
        table = getattr(log, name)
        if not len(table):
            continue
        took = table["total_seconds" if name == "safepoints" else "duration_seconds"].to_numpy()
        took = took[~np.isnan(took)]
        start, end = pd.DatetimeIndex(table["start"]).asi8, table.index.asi8
        assert ((took >= 0) & (took <= LONGEST_SECONDS)).all(), (name, took)
        assert (start <= end).all(), name
        assert (np.diff(end) >= 0).all(), name
        assert np.isin(table["life"].to_numpy(), np.arange(len(log.lives))).all(), name
        assert (table["line"].to_numpy() >= 1).all(), name
        sizes = [c for c in table.columns if c.endswith("_bytes") and c != "promoted_bytes"]
        assert not (table[sizes].to_numpy() < 0).any(), name
    assert set(log.pauses["kind"]) <= set(KINDS)
    lives = log.lives.iloc[log.pauses["life"].to_numpy()]
    assert (log.pauses["start"].to_numpy() >= lives["start"].to_numpy()).all(), "a pause before its life"
    assert (log.pauses.index.to_numpy() <= lives["end"].to_numpy()).all(), "a pause after its life"
    for stretch in (log.lives, log.holes):
        assert (stretch["start"].to_numpy() <= stretch["end"].to_numpy()).all()


def is_blank(line: bytes) -> bool:
    """Return whether a line has no text, also as a container's log wraps it."""
    wrapped = WRAPPED.fullmatch(line.strip(BLANK))
    return not (wrapped[1] if wrapped else line).strip(BLANK)


def check_counts(log: GcLog, report: ReadReport, data: bytes) -> None:
    """Every line that is not blank is counted once: understood, not understood, or not of the GC log."""
    assert report.records == report.recognised + report.unrecognised
    assert min(report.recognised, report.unrecognised) >= 0
    for column in ("recognised", "unrecognised"):
        assert int(log.lives[column].sum()) <= getattr(report, column), column
    if not data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff")):
        text = data.removeprefix(b"\xef\xbb\xbf")
        whole = [PREFIX.sub(b"", line) for line in PART.sub(b"", text).split(b"\n")]
        lines = text.split(b"\n"), re.split(b"[\r\n]", text), whole
        counts = [sum(not is_blank(line) for line in some) for some in lines]  # a prefix alone is none
        counted = report.records + foreign_lines(report)
        assert min(counts) <= counted <= max(counts), (counted, counts, report)  # a bare \r ends lines of JDK 8's logs
