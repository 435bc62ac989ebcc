"""What must hold of whatever the reader makes of a server log, however broken it is."""

import re
from pathlib import Path

import numpy as np

from analysis.errors import EvidenceError
from analysis.sources.lines import ReadReport
from analysis.sources.pglog.frames import PostgresLog
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.totals import log_totals
from tests.sources.gclog.invariants import foreign_lines, no_hang

LONGEST_SECONDS = 366 * 86_400
BLANK = b" \t\r\n\v\f\0"
EMPTY_WRAPPED = re.compile(rb'\{[^\n]*"(?:log|textPayload)": ?"(?:\\[trn]| )*"[^\n]*\}|[^\n]{0,200}?(?:[FP]|\||\]|Z) *')


def checked(path: Path, *, timezone: str | None = None) -> str:
    """Read a file, hold what comes of it to the invariants, and return "read" or "refused"."""
    with no_hang():
        try:
            log, (report,) = read_postgres_log(path, timezone=timezone)
        except EvidenceError as error:
            assert error.what
            assert error.next
            check_refused(path, timezone)
            return "refused"
        sums = log_totals(path, timezone=timezone)
    check_frames(log)
    check_counts(report, path.read_bytes())
    assert sums.reports == (report,)
    assert sums.statements.n == len(log.statements)
    assert np.isclose(sums.statements.seconds, log.statements["duration_seconds"].sum(), rtol=1e-9, atol=1e-6)
    assert sums.parse.n + sums.bind.n == len(log.preparations)
    assert sums.fingerprints["calls"].sum() == sums.statements.n
    assert np.isclose(sums.fingerprints["total_seconds"].sum(), sums.statements.seconds, rtol=1e-9, atol=1e-6)
    assert sums.connections == {k: n for k, n in log.connections["result"].value_counts().items() if n}
    assert sums.errors["n"].sum() == len(log.errors)
    assert sums.temp_files["n"] == len(log.temp_files)
    assert sums.checkpoints["n"] == len(log.checkpoints)
    assert sums.lock_waits["waiting"] + sums.lock_waits["acquired"] == len(log.lock_waits)
    return "read"


def check_refused(path: Path, timezone: str | None) -> None:
    try:
        log_totals(path, timezone=timezone)
    except EvidenceError:
        return
    raise AssertionError("sums of a log that the frames refuse")


def check_frames(log: PostgresLog) -> None:
    """No duration is negative or longer than a year, no frame runs backwards, every fingerprint has a text."""
    for name in ("statements", "preparations", "connections", "lock_waits", "temp_files", "checkpoints", "errors"):
        frame = getattr(log, name)
        assert frame.index.is_monotonic_increasing, name
        assert str(frame.index.dtype) == "datetime64[us, UTC]", name
        assert (frame["line"] >= 1).all(), name
        assert (frame["file"] == 0).all(), name
        if "fingerprint" in frame:
            assert set(frame["fingerprint"]) <= {*log.texts.index, ""}, name
        for column in frame.columns:
            if column.endswith(("_seconds", "_bytes")):
                values = frame[column].dropna()
                assert (values >= 0).all(), (name, column)
                assert np.isfinite(values).all(), (name, column)
    took = log.statements["duration_seconds"]
    assert (took <= LONGEST_SECONDS).all()
    assert took.notna().all()


def check_counts(report: ReadReport, data: bytes) -> None:
    """Every line that is not blank is counted once: understood, not understood, or of others."""
    assert report.records == report.recognised + report.unrecognised
    assert min(report.recognised, report.unrecognised) >= 0
    lines = data.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").split(b"\n")
    most = sum(bool(line) for line in lines)
    least = sum(bool(line.strip(BLANK)) and EMPTY_WRAPPED.fullmatch(line.strip(BLANK)) is None for line in lines)
    counted = report.records + foreign_lines(report)
    torn = int(
        any("form: syslog" in note for note in report.notes)
    )  # a piece that two torn lines share counts with one
    assert least - torn <= counted <= most, (least, counted, most, report)
    assert report.lines == len(lines) - (not lines[-1])
    for sample in report.samples:
        assert not re.search(r"kim|4711|r7|/pay", sample), sample
