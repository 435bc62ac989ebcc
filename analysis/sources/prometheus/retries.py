"""Asking again: what may be asked again, after how long, how often; and when a sick server is left alone."""

from __future__ import annotations

import email.utils
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar

from analysis.sources.prometheus.failures import Failure, RequestError

__all__ = ["ONCE", "Breaker", "Patience", "persist", "retry_after", "wait_before_next"]

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long one question may be asked again.

    Parameters
    ----------
    tries : int
        At most so many requests.
    base_seconds, longest_seconds : float
        The wait before try n + 1 is drawn from 0 to base x 2^(n - 1), at most the longest (full jitter: Brooker,
        "Exponential Backoff And Jitter", 2015). Retry-After is waited out, at most the longest.
    budget_seconds : float
        No try begins later than this after the first began.
    read_seconds : float or None
        The longest silence; None is that of the connection.
    optional : bool
        Whether a failure says nothing about the server's health: a path that a proxy may not let through.
    """

    tries: int = 3
    base_seconds: float = 1.0
    longest_seconds: float = 30.0
    budget_seconds: float = 300.0
    read_seconds: float | None = None
    optional: bool = False


ONCE = Patience(tries=1)


def wait_before_next(
    failure: Failure, tries: int, elapsed_seconds: float, patience: Patience, *, draw: float
) -> float | None:
    """Return how many seconds to wait before the next try, None if there is none.

    Parameters
    ----------
    failure : Failure
        How the last try failed. Only the remedy "retry" is asked again: what a server worked on and did not finish
        costs the same a second time.
    tries : int
        Tries made, 1 or more.
    elapsed_seconds : float
        Since the first try began.
    patience : Patience
        Limits.
    draw : float
        A random number of [0, 1].

    Examples
    --------
    >>> queue = Failure("queue_full", "retry", 503)
    >>> wait_before_next(queue, 2, 1.0, Patience(), draw=0.5), wait_before_next(queue, 3, 1.0, Patience(), draw=0.5)
    (1.0, None)
    >>> wait_before_next(Failure("timed_out", "split", 503), 1, 1.0, Patience(), draw=0.5) is None
    True
    """
    if failure.remedy != "retry" or tries >= patience.tries:
        return None
    jitter = draw * min(patience.longest_seconds, patience.base_seconds * 2.0 ** (tries - 1))
    asked = min(failure.wait_seconds or 0.0, patience.longest_seconds)
    wait = max(asked, 0.0) + jitter if asked > 0 else jitter
    return wait if elapsed_seconds + wait <= patience.budget_seconds else None


def persist(
    attempt: Callable[[], T],
    patience: Patience,
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    draw: Callable[[], float] = random.random,
) -> T:
    """Return what an attempt returns, tried again as long as that may help.

    Parameters
    ----------
    attempt : callable
        Raises RequestError to say that it failed, and how.
    patience : Patience
        Limits.
    sleep, clock, draw : callable
        Wait so many seconds; seconds since whenever; a random number of [0, 1).

    Raises
    ------
    RequestError
        The last failure, with the number of tries.

    Examples
    --------
    >>> answers = [RequestError(Failure("unavailable", "retry", 502)), None]
    >>> def attempt():
    ...     if error := answers.pop(0):
    ...         raise error
    ...     return "ok"
    >>> persist(attempt, Patience(), sleep=lambda seconds: None)
    'ok'
    """
    begun, tries = clock(), 0
    while True:
        tries += 1
        try:
            return attempt()
        except RequestError as error:
            asked = error.tries > 0
            wait = wait_before_next(error.failure, tries, clock() - begun, patience, draw=draw())
            if wait is None:
                made = tries if asked else tries - 1
                raise RequestError(error.failure, made, where=error.where, next=error.next) from None
        sleep(wait)


def retry_after(header: str | None, now_seconds: float) -> float | None:
    """Return how long a Retry-After header (RFC 9110, 10.2.3) asks to wait, in seconds; None if it says nothing.

    Parameters
    ----------
    header : str or None
        Whole seconds, or an HTTP date.
    now_seconds : float
        Now by the clock that the date is compared with, seconds of the epoch.

    Examples
    --------
    >>> retry_after("120", 0.0), retry_after("Thu, 01 Jan 1970 00:01:40 GMT", 40.0), retry_after("soon", 0.0)
    (120.0, 60.0, None)
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = email.utils.parsedate_to_datetime(text)
        stamp = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return max(stamp - now_seconds, 0.0)


class Breaker:
    """Counts questions in a row that were given up because no server answered, and then lets none through.

    It stays open: whoever believes that the server is back connects anew. Threads may share it.

    Parameters
    ----------
    after : int
        So many questions in a row.

    Examples
    --------
    >>> breaker = Breaker(after=1)
    >>> breaker.note(Failure("unavailable", "retry", text="connection refused"))
    >>> breaker.is_open
    True
    """

    def __init__(self, after: int = 3) -> None:
        self._after, self._failed, self._last = after, 0, ""
        self._lock = threading.Lock()

    def note(self, failure: Failure | None) -> None:
        """Count a question that was given up, or begin anew with one that was answered (None, or any other failure)."""
        silent = failure is not None and (
            (failure.kind in ("unavailable", "truncated") and failure.remedy == "retry")
            or (failure.kind == "timed_out" and failure.http is None)
        )
        with self._lock:
            if self._failed >= self._after:
                return
            self._failed = self._failed + 1 if silent else 0
            self._last = failure.text if silent and failure is not None else ""

    @property
    def is_open(self) -> bool:
        """Whether nothing is let through."""
        return self._failed >= self._after

    def check(self) -> None:
        """Raise RequestError (unavailable, 0 tries) if the server is left alone."""
        with self._lock:
            failed, last = self._failed, self._last
        if failed >= self._after:
            told = f"; the last said: {last[:300]}" if last else ""
            raise RequestError(
                Failure("unavailable", "none", text=f"left alone after {failed} questions without an answer{told}"),
                tries=0, next="see whether the server is well, then capture again: what is there is kept",
            )  # fmt: skip
