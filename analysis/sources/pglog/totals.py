"""What PostgreSQL logs come to, in little memory whatever their size: statements by class, connections, errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.sources.lines import ReadReport
from analysis.sources.pglog.events import Events
from analysis.sources.pglog.open import Asked, in_order, records_of
from analysis.sources.pglog.reader import notes_of
from analysis.sources.pglog.records import Counts, Writers
from analysis.sources.pglog.sums import MICRO, Sums, Window
from analysis.sources.pglog.texts import Texts

__all__ = ["FINGERPRINT_COLUMNS", "LogTotals", "Sum", "Window", "log_totals"]

FINGERPRINT_COLUMNS = {
    "text": "str", "verb": "str", "access": "str", "truncated": "bool", "calls": "int64", "total_seconds": "float64",
    "p95_seconds": "float64", "max_seconds": "float64", "untimed": "int64",
}  # fmt: skip


class Sum(NamedTuple):
    """How many, and their sum [s]."""

    n: int
    seconds: float


@dataclass(frozen=True)
class LogTotals:
    """What logs come to.

    Parameters
    ----------
    source : str
        Form of the log, one of `forms.KINDS`; of several forms the first.
    start, end : int or None
        First and last time [us since the epoch] of what is counted here; None of nothing.
    statements, parse, bind, plans : Sum
        Durations of statements (kinds statement and execute), and beside them those of parse, bind and auto_explain.
    untimed : int
        Statements that are logged without a duration: not in `statements`.
    bare : Sum
        Durations that do not say of which statement; in `statements` if `bare_used`.
    bare_used : bool
        Whether no line of the log has a text, so that these are the statements.
    fingerprints : DataFrame
        Index `fingerprint` (id); the columns of `FINGERPRINT_COLUMNS`, longest sum first. `p95_seconds` is within one
        per cent of the duration of its rank, the other figures are exact. `untimed` are those that are logged without a
        duration, beside the `calls`, which may be 0. A statement without text has the id "".
    connections : dict
        Result -> number, as in `frames.PostgresLog.connections`.
    errors : DataFrame
        severity, sqlstate, message (redacted), n; most frequent first.
    lock_waits : dict
        waiting, acquired, acquired_seconds.
    temp_files : dict
        n, bytes, max_bytes.
    checkpoints : dict
        n, requested, max_seconds, longest_sync_seconds (NaN of none).
    reports : tuple of ReadReport
        One a file, in the order of the paths.
    """

    source: str
    start: int | None
    end: int | None
    statements: Sum
    parse: Sum
    bind: Sum
    plans: Sum
    untimed: int
    bare: Sum
    bare_used: bool
    fingerprints: pd.DataFrame
    connections: dict[str, int]
    errors: pd.DataFrame
    lock_waits: dict[str, float]
    temp_files: dict[str, float]
    checkpoints: dict[str, float]
    reports: tuple[ReadReport, ...]


def log_totals(
    paths: Path | Sequence[Path],
    *,
    kind: str | None = None,
    prefix: str | None = None,
    timezone: str | None = None,
    window: Window = Window(),  # noqa: B008
) -> LogTotals:
    """Return what one server's logs come to; memory depends on the number of fingerprints, not of lines.

    Parameters
    ----------
    paths, kind, prefix, timezone
        As `reader.read_postgres_log`.
    window : Window
        What is stamped outside is left out; statements are stamped at their end.

    Raises
    ------
    EvidenceError
        As `reader.read_postgres_log`.

    Examples
    --------
    >>> import tempfile
    >>> line = "2026-11-22 18:04:30.123 UTC [7] kim@shop LOG:  duration: 12.5 ms  statement: select 1" + chr(10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "postgresql.log")).write_text(line * 3)
    ...     found = log_totals(path)
    >>> found.statements, found.fingerprints["calls"].tolist()
    (Sum(n=3, seconds=0.0375), [3])
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    asked = Asked(kind, prefix, timezone)
    texts, sums = Texts(), Sums(window)
    events, writers = Events(texts, details=False), Writers(keep=False)
    counts: dict[Path, Counts] = {}
    for path in in_order(given, asked):
        counts[path] = Counts(path.name)
        for records in records_of(path, asked, writers=writers, counts=counts[path], straight=events.straight):
            events.take(records)
            sums.add(events.drain())
    events.finish()
    sums.add(events.drain())
    sums.flush()
    return _totals(sums, events, texts, [counts[path] for path in dict.fromkeys(given)])


def _totals(sums: Sums, events: Events, texts: Texts, counts: Sequence[Counts]) -> LogTotals:
    bare = Sum(sums.kinds["bare"], sums.kind_seconds["bare"])
    timed = int(sums.calls.sum())
    used = bool(bare.n) and not timed + sums.kinds["parse"] + sums.kinds["bind"] + events.untimed.total()
    notes = notes_of(
        untimed=events.untimed.total(), plans=events.plans, plan_seconds=events.plan_milliseconds / 1000,
        bare=(bare.n, bare.seconds), used=used,
    )  # fmt: skip
    table = _fingerprints(sums, texts, bare if used else Sum(0, 0.0), events.untimed)
    return LogTotals(
        source=next((c.form for c in counts if c.form), ""),
        start=sums.first,
        end=sums.last,
        statements=bare if used else Sum(timed, float(sums.nanoseconds.sum()) / MICRO / 1000),
        parse=Sum(sums.kinds["parse"], sums.kind_seconds["parse"]),
        bind=Sum(sums.kinds["bind"], sums.kind_seconds["bind"]),
        plans=Sum(events.plans, events.plan_milliseconds / 1000),
        untimed=events.untimed.total(),
        bare=bare,
        bare_used=used,
        fingerprints=table,
        connections=dict(sums.connections),
        errors=_errors(sums.errors),
        lock_waits={
            "waiting": sums.locks["waiting"], "acquired": sums.locks["acquired"],
            "acquired_seconds": sums.locks["acquired_us"] / MICRO,
        },
        temp_files={name: sums.files[name] for name in ("n", "bytes", "max_bytes")},
        checkpoints=sums.checkpoints,
        reports=tuple(c.report(*(notes if c is counts[-1] else ())) for c in counts),
    )  # fmt: skip


def _fingerprints(sums: Sums, texts: Texts, bare: Sum, untimed: Counter[int]) -> pd.DataFrame:
    size = len(texts.ids) + 1  # the first row is of statements without text
    p95 = _padded(np.array(sums.sketches.quantile(0.95)), size, np.nan)
    most = _padded(sums.most, size, np.nan)
    calls, nanoseconds = _padded(sums.calls, size, 0), _padded(sums.nanoseconds, size, 0.0)
    without = np.zeros(size, "i8")
    for row, n in untimed.items():
        without[row + 1] = n
    if bare.n:
        p95[0], most[0] = sums.bare_sketches.quantile(0.95)[0], sums.bare_most
        calls[0], nanoseconds[0] = bare.n, bare.seconds * MICRO * 1000
    columns = texts.table()
    blank = {"text": "", "verb": "", "access": "other", "truncated": False}
    cells: dict[str, Any] = {name: [value, *columns[name]] for name, value in blank.items()}
    cells |= {
        "calls": calls, "total_seconds": nanoseconds / MICRO / 1000, "untimed": without,
        "p95_seconds": np.where(calls > 0, np.fmin(p95, most), np.nan),  # never beyond the longest, which is exact
        "max_seconds": np.where(calls > 0, most, np.nan),
    }  # fmt: skip
    frame = pd.DataFrame({n: pd.Series(cells[n]).astype(t) for n, t in FINGERPRINT_COLUMNS.items()})  # type: ignore[call-overload]
    frame.index = pd.Index(["", *texts.ids], dtype="str", name="fingerprint")
    frame = frame[(calls > 0) | (without > 0)]
    return frame.sort_values(["total_seconds", "calls", "untimed"], ascending=False, kind="stable")


def _padded(values: np.ndarray, size: int, fill: float) -> np.ndarray:
    return np.append(values, np.full(size - len(values), fill, dtype=values.dtype))


def _errors(found: Counter[tuple[str, str, str]]) -> pd.DataFrame:
    rows = [(*key, n) for key, n in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
    frame = pd.DataFrame(rows, columns=["severity", "sqlstate", "message", "n"])
    return frame.astype({"severity": "str", "sqlstate": "str", "message": "str", "n": "int64"})
