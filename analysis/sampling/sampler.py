"""Samples of pg_stat_activity: one query per interval, at a random moment in it, with bounded cost for the server."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from analysis.errors import EvidenceError, SpecError

__all__ = [
    "APPLICATION", "COLUMNS", "Clock", "Connection", "Sampled", "query_for", "sample_sessions", "settings",
]  # fmt: skip

APPLICATION = "postmortem-sampler"
TEXT_CHARACTERS = 1000
LEAST_INTERVAL, MOST_INTERVAL = 0.1, 30.0  # s; further apart nothing could be concluded
LATE = 0.1  # of an interval: a sample that would come later than that after its moment is left out
LOCK_TIMEOUT_SECONDS = 0.1
FIRST_QUERY_ID, OLDEST = 140000, 100000  # versions of the server
MOST_PAUSE_SECONDS = 30.0
COLUMNS = {
    "ts": "statement_timestamp()", "pid": "pid", "backend_type": "backend_type", "datname": "datname",
    "usename": "usename", "application_name": "application_name", "client_addr": "client_addr::text", "state": "state",
    "wait_event_type": "wait_event_type", "wait_event": "wait_event", "query_id": "query_id",
    "query": f"left(query, {TEXT_CHARACTERS})", "backend_start": "backend_start", "xact_start": "xact_start",
    "query_start": "query_start", "state_change": "state_change",
    "blocked_by": "CASE WHEN wait_event_type = 'Lock' THEN array_to_string(pg_blocking_pids(pid), ' ') END",
}  # fmt: skip
Sink = Callable[[Iterable[Sequence[Any]]], None]


class Connection(Protocol):
    """What is asked of a connection, as psycopg has it, in autocommit."""

    def execute(self, query: str) -> Any:
        """Run a query; what it returns has fetchall()."""

    def close(self) -> None:
        """End it."""


class Clock(NamedTuple):
    """Seconds of a clock that never goes back, how to wait for some, and random numbers in [0, 1)."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class Sampled(NamedTuple):
    """What a run took: samples and rows written, intervals left out because a sample took longer or failed.

    `slowest_seconds` and `mean_seconds` are of the query, NaN without a sample; `failures` names kinds of errors.
    """

    samples: int
    rows: int
    skipped: int
    failed: int
    slowest_seconds: float
    mean_seconds: float
    interrupted: bool
    failures: tuple[str, ...]


def query_for(version: int) -> str:
    """Return the query of a sample for a server's version number; query ids exist since PostgreSQL 14.

    Examples
    --------
    >>> "NULL AS query_id" in query_for(130004), "NULL AS query_id" in query_for(150000)
    (True, False)
    """
    chosen = COLUMNS | ({} if version >= FIRST_QUERY_ID else {"query_id": "NULL"})
    cells = ", ".join(f"{expression} AS {name}" for name, expression in chosen.items())
    return f"SELECT {cells} FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


def settings(interval_seconds: float) -> tuple[str, ...]:
    """Return what a session is set to before the first sample: no sample runs longer than an interval, none writes.

    Examples
    --------
    >>> settings(1.0)[0]
    'SET statement_timeout = 1000'
    """
    return (
        f"SET statement_timeout = {max(1, round(interval_seconds * 1000))}",
        f"SET lock_timeout = {round(LOCK_TIMEOUT_SECONDS * 1000)}",
        "SET default_transaction_read_only = on",
        f"SET application_name = '{APPLICATION}'",
        "SET TIME ZONE 'UTC'",
    )


def sample_sessions(
    connect: Callable[[], Connection],
    sink: Sink,
    *,
    interval_seconds: float = 1.0,
    duration_seconds: float = float("inf"),
    clock: Clock = Clock(),  # noqa: B008
) -> Sampled:
    """Sample sessions until the time is over or the user interrupts.

    Each interval has one sample at a random moment of it, so that samples do not keep step with work that begins on
    whole seconds. One that takes longer than its interval leaves out those that it covers: the server is never asked
    faster than asked for. A sample that fails is counted; a lost connection is made anew, after pauses that double.

    Parameters
    ----------
    connect : callable
        Returns a connection in autocommit.
    sink : callable
        Takes the rows of a sample, cells in the order of `COLUMNS`.
    interval_seconds : float
        From 0.1 to 30 [s].
    duration_seconds : float
        How long [s].
    clock : Clock
        Time, waiting and chance.

    Raises
    ------
    SpecError
        If interval or duration is out of range, or the server is older than PostgreSQL 10.
    EvidenceError
        If the first connection fails; it names the kind of error only, for messages may hold the connection string.

    Examples
    --------
    >>> class Fake:
    ...     execute = lambda self, query: self
    ...     fetchall = lambda self: [(150000,)]
    ...     close = lambda self: None
    >>> clock = Clock(lambda: 0.0, lambda seconds: None, lambda: 0.5)
    >>> sample_sessions(Fake, [].append, duration_seconds=3, clock=clock).samples
    3
    """
    if not LEAST_INTERVAL <= interval_seconds <= MOST_INTERVAL:
        raise SpecError(
            "the interval is out of range", where="interval",
            expected=f"{LEAST_INTERVAL:g} to {MOST_INTERVAL:g} s", next="choose one of these",
        )  # fmt: skip
    if not duration_seconds > 0:
        raise SpecError("the duration is not positive", where="seconds", expected="above 0", next="choose another")
    return _Run(connect, sink, interval_seconds, clock).run(duration_seconds)


class _Run:
    """The state of one run."""

    def __init__(self, connect: Callable[[], Connection], sink: Sink, interval: float, clock: Clock) -> None:
        self.connect, self.sink, self.interval, self.clock = connect, sink, interval, clock
        self.took: list[float] = []
        self.rows = self.skipped = self.failed = 0
        self.samples, self.longest, self.spent = 0, float("nan"), 0.0
        self.failures: dict[str, None] = {}
        self.query = ""

    def run(self, duration: float) -> Sampled:
        interrupted = False
        connection: Connection | None = None
        try:
            connection = self._opened(first=True)
            start, number, pause = self.clock.now(), 0, 0.0
            while (number + 1) * self.interval <= duration + 1e-9:
                early = start + (number + self.clock.chance()) * self.interval - self.clock.now()
                number += 1
                if early < -LATE * self.interval:
                    self.skipped += 1
                    continue
                self.clock.wait(max(0.0, early))
                if connection is None:
                    connection = self._opened(first=False)
                    if connection is None:
                        self.failed += 1
                        pause = min(MOST_PAUSE_SECONDS, max(self.interval, 2 * pause))
                        self.clock.wait(pause)
                if connection is not None:
                    pause = 0.0
                    connection = self._sample(connection)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            _closed(connection)
        mean = self.spent / self.samples if self.samples else float("nan")
        return Sampled(
            self.samples, self.rows, self.skipped, self.failed, self.longest, mean, interrupted, tuple(self.failures)
        )

    def _opened(self, *, first: bool) -> Connection | None:
        try:
            connection = self.connect()
            for setting in settings(self.interval):
                connection.execute(setting)
            version = int(connection.execute("SELECT current_setting('server_version_num')::int").fetchall()[0][0])
        except SpecError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever the driver raises)
            if first:
                raise EvidenceError(
                    f"no connection: {_kind(error)}", where="the database", expected="a server that lets one in",
                    next="try the connection string with psql",
                ) from None  # fmt: skip
            self.failures[_kind(error)] = None
            return None
        if version < OLDEST:
            raise SpecError(
                "the server is too old", where="the database", expected="PostgreSQL 10 or later", next="use a later one"
            )
        self.query = query_for(version)
        return connection

    def _sample(self, connection: Connection) -> Connection | None:
        """Take a sample; return the connection, None where it is lost."""
        before = self.clock.now()
        try:
            rows = connection.execute(self.query).fetchall()
        except Exception as error:  # noqa: BLE001  (whatever the driver raises)
            self.failed += 1
            self.failures[_kind(error)] = None
            if _kind(error) in ("QueryCanceled", "LockNotAvailable"):
                return connection
            _closed(connection)
            return None
        took = self.clock.now() - before
        self.sink(rows)
        self.samples, self.rows, self.spent = self.samples + 1, self.rows + len(rows), self.spent + took
        self.longest = took if self.samples == 1 else max(self.longest, took)
        return connection


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _closed(connection: Connection | None) -> None:
    if connection is not None:
        try:
            connection.close()
        except Exception:  # noqa: BLE001  (it is lost already)
            return
