"""A PostgreSQL log to the document: statements, connections, lock waits, temporary files, checkpoints, errors."""

from __future__ import annotations

from typing import Any

from analysis.db.document import Statement, as_document
from analysis.db.plain import known
from analysis.sources.pglog.totals import LogTotals

__all__ = ["log_document"]

LIKELY_SAMPLED_SECONDS = 0.001  # a log in which no statement is shorter has a threshold
NO_TEXT = "(no text)"
ATTEMPTS = ("received", "authorized", "refused", "failed")


def log_document(totals: LogTotals, coverage: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """Return the document of a log; what the log was not asked to log is null.

    Parameters
    ----------
    totals : LogTotals
        What the log comes to.
    coverage : dict
        From `coverage_of`.
    whole : bool
        Whether it is of all the time of the log: those without a duration are not told by their time.

    Returns
    -------
    dict
        `statements.n` and `calls` count what is logged with a duration or without one (`untimed`); seconds are of those
        with one. Connections are 0 only where the log shows that it would have told.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from analysis.sources.pglog.totals import log_totals
    >>> line = "2026-11-22 18:04:30.123 UTC [7] kim@shop LOG:  duration: 12.5 ms  statement: select 1" + chr(10)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (path := Path(folder, "postgresql.log")).write_text(line)
    ...     found = log_document(log_totals(path), {})
    >>> found["source"], found["statements"]["n"], found["connections"]["authorized"], found["lock_waits"]
    ('postgresql-stderr', 1, None, None)
    """
    statements = _statements(totals, whole=whole)
    n = totals.statements.n + (totals.untimed if whole else 0)
    prepared = (("bind", totals.bind), ("parse", totals.parse))
    more = {
        "statements": {
            "total_seconds": known(totals.statements.seconds), "untimed": totals.untimed if whole else None,
            "plans": totals.plans.n if whole else None,
        },
        "connections": _connections(totals),
        "preparations": {name: {"n": s.n, "total_seconds": known(s.seconds)} for name, s in prepared if s.n},
        "lock_waits": _lock_waits(totals.lock_waits),
        "temp_files": _whole(totals.temp_files, ("n", "bytes", "max_bytes")),
        "checkpoints": _checkpoints(totals.checkpoints),
        "errors": [row | {"sqlstate": row["sqlstate"] or None} for row in totals.errors.to_dict("records")],
        "not_logged": _silences(totals),
    }  # fmt: skip
    source = "postgresql-stderr" if totals.source == "stderr" else totals.source or "postgresql"
    return as_document(source, statements, coverage, window=(totals.start, totals.end), n=n, more=more)


def _statements(totals: LogTotals, *, whole: bool) -> list[Statement]:
    """Return the classes of statements; of those that have no duration at all seconds are unknown."""
    table = totals.fingerprints if whole else totals.fingerprints[totals.fingerprints["calls"] > 0].assign(untimed=0)
    seconds = table[["total_seconds", "p95_seconds", "max_seconds"]].where(table["calls"] > 0)
    return [
        Statement(str(key), str(text) or NO_TEXT, int(n) + int(bare), total, p95, most, untimed=int(bare))
        for (key, text, n, bare), (total, p95, most) in zip(
            table[["text", "calls", "untimed"]].itertuples(), seconds.to_numpy().tolist(), strict=True
        )
    ]


def _connections(totals: LogTotals) -> dict[str, int | None]:
    """Return counts of connections: 0 only where the log shows that it would have told."""
    seen = totals.connections
    failed = seen.get("refused", 0) + seen.get("failed", 0)
    accepted = seen.get("authorized", 0) > 0 or (seen.get("received", 0) > 0 and failed > 0)
    told = any(seen.get(kind, 0) for kind in ATTEMPTS) or len(totals.errors) > 0
    return {
        "received": seen.get("received") or (0 if seen.get("authorized") else None),
        "authorized": seen.get("authorized", 0) if accepted else None,
        "refused": seen.get("refused", 0) if told else None,
        "failed": seen.get("failed", 0) if told else None,
        "replication": seen.get("replication") or None,
        "disconnected": seen.get("disconnected") or None,
    }


def _whole(counts: dict[str, float], names: tuple[str, ...]) -> dict[str, Any] | None:
    return {name: known(counts[name], whole=True) for name in names} if counts["n"] else None


def _lock_waits(locks: dict[str, float]) -> dict[str, Any] | None:
    if not locks["waiting"] + locks["acquired"]:
        return None
    counts = {name: known(locks[name], whole=True) for name in ("waiting", "acquired")}
    return counts | {"acquired_seconds": known(locks["acquired_seconds"])}


def _checkpoints(done: dict[str, float]) -> dict[str, Any] | None:
    seconds = {name: known(done[name]) for name in ("max_seconds", "longest_sync_seconds")}
    counts = _whole(done, ("n", "requested"))
    return None if counts is None else counts | seconds


def _silences(totals: LogTotals) -> list[str]:
    """Return what the log does not tell, each with the setting that would."""
    table = totals.fingerprints
    timed = table["calls"] > 0
    shortest = (table["total_seconds"][timed] / table["calls"][timed]).min() if timed.any() else 0.0
    seen, locks = totals.connections, totals.lock_waits
    rows = [
        (not totals.statements.n, "durations of statements are not logged: log_min_duration_statement"),
        (
            shortest >= LIKELY_SAMPLED_SECONDS,
            "no class of statements is short: there may be a threshold (log_min_duration_statement), below which "
            "statements are not counted",
        ),
        (not any(seen.get(k) for k in ("authorized", "received")), "connections are not logged: log_connections"),
        (not locks["waiting"] + locks["acquired"], "no lock wait is logged: none was long, or log_lock_waits is off"),
        (not totals.temp_files["n"], "no temporary file is logged: none was large, or log_temp_files is off"),
        (not totals.checkpoints["n"], "no checkpoint is logged: none was complete, or log_checkpoints is off"),
    ]
    return [text for missing, text in rows if missing]
