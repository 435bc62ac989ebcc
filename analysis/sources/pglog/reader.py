"""PostgreSQL server logs to frames, whatever their form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from analysis.sources.lines import ReadReport
from analysis.sources.pglog.collected import Collected
from analysis.sources.pglog.events import Events
from analysis.sources.pglog.frames import PostgresLog
from analysis.sources.pglog.open import Asked, in_order, records_of
from analysis.sources.pglog.records import Counts, Writers
from analysis.sources.pglog.texts import Texts

__all__ = ["notes_of", "read_postgres_log"]


def notes_of(*, untimed: int, plans: int, plan_seconds: float, bare: tuple[int, float], used: bool) -> list[str]:
    """Return what a reader of the numbers must know of lines that are no statements, or statements without text.

    Parameters
    ----------
    untimed : int
        Statements that are logged without a duration.
    plans, plan_seconds : int, float
        Lines of auto_explain, and their durations [s].
    bare : tuple of int and float
        Durations of which no line says what took them, and their sum [s].
    used : bool
        Whether those are counted as statements.

    Examples
    --------
    >>> notes_of(untimed=2, plans=0, plan_seconds=0.0, bare=(0, 0.0), used=False)
    ['2 statements are logged without a duration: they are not among the statements']
    """
    notes = []
    if untimed:
        notes.append(f"{untimed:,} statements are logged without a duration: they are not among the statements")
    if plans:
        notes.append(f"{plans:,} plans of auto_explain ({plan_seconds:.3f} s) are no statements and are left out")
    if bare[0]:
        what = (
            "are taken as statements, though some may be of parse and bind"
            if used
            else "are left out: they may be of parse and bind"
        )
        notes.append(f"{bare[0]:,} durations ({bare[1]:.3f} s) do not say of which statement they are; they {what}")
    return notes


def read_postgres_log(
    paths: Path | Sequence[Path],
    *,
    kind: str | None = None,
    prefix: str | None = None,
    timezone: str | None = None,
) -> tuple[PostgresLog, tuple[ReadReport, ...]]:
    """Return the frames of one server's logs, and what was read of each file.

    Statements are those with a duration, of the kinds statement and execute: parse and bind are `preparations`, plans
    of auto_explain are counted in the notes. A duration without text belongs to the statement that its process logged
    before; where no line of the log has a text, such durations are the statements.

    Parameters
    ----------
    paths : Path or sequence of Path
        Rotated files of one server in any order, plain, gzip or zstd. The same recording in two forms is not told here.
    kind : str, optional
        One of `forms.KINDS`; by default it is found out.
    prefix : str, optional
        The server's log_line_prefix; by default it is found out.
    timezone : str, optional
        IANA name of the zone of times that have only an abbreviation, or none.

    Returns
    -------
    PostgresLog
        Frames with times in UTC.
    tuple of ReadReport
        One a file, in the order of the paths; `recognised` and `unrecognised` count lines.

    Raises
    ------
    EvidenceError
        If a file cannot be read or is no log of PostgreSQL, does not have the prefix, or its zone is not known.

    Examples
    --------
    >>> import tempfile
    >>> line = "2026-11-22 18:04:30.123 UTC [7] kim@shop LOG:  duration: 12.5 ms  statement: select 1" + chr(10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "postgresql.log")).write_text(line)
    ...     log, reports = read_postgres_log(path)
    >>> log.statements[["duration_seconds", "user", "pid"]].values.tolist(), reports[0].recognised
    ([[0.0125, 'kim', 7]], 1)
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    asked = Asked(kind, prefix, timezone)
    texts, writers = Texts(), Writers()
    events, collected = Events(texts), Collected(texts, writers.all)
    counts: dict[Path, Counts] = {}
    bare_n, bare_seconds, texted = 0, 0.0, False
    for path in in_order(given, asked):
        counts[path] = Counts(path.name)
        events.file = given.index(path)
        for records in records_of(path, asked, writers=writers, counts=counts[path]):
            events.take(records)
            batch = events.drain()
            bare_n += len(batch.bare.end)
            bare_seconds += float(np.array(batch.bare.milliseconds, dtype="f8").sum()) / 1000
            texted = texted or bool(batch.statements.end or batch.preparations.end)
            collected.add(batch, events.file)
    events.finish()
    collected.add(events.drain(), len(given) - 1)
    used = bool(bare_n) and not texted and not events.untimed
    notes = notes_of(
        untimed=events.untimed.total(), plans=events.plans, plan_seconds=events.plan_milliseconds / 1000,
        bare=(bare_n, bare_seconds), used=used,
    )  # fmt: skip
    last = counts[list(counts)[-1]] if counts else None
    reports = tuple(counts[path].report(*(notes if counts[path] is last else ())) for path in dict.fromkeys(given))
    return collected.log(bare=used), reports
