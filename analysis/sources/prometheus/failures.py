"""How a question to a server can fail, and what may be done about it; the server's own words are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.errors import AnalysisError

__all__ = ["Failure", "RequestError"]

Kind = Literal[
    "rejected",  # the question itself is wrong: syntax, many-to-many, a range vector in a range query
    "too_many_points",  # the server's limit of points per series
    "too_many_samples",  # the server's limit of samples per question
    "timed_out",  # it was worked on, and not finished: asked again it costs the same
    "queue_full",  # it never ran
    "unavailable",  # not ready, overloaded, a proxy in between, no connection
    "truncated",  # the answer ended early
    "unauthorised",  # 401, 403, or a redirect to another host
    "not_offered",  # 404, 405, 501: this server does not have it
    "not_understood",  # an answer of another kind than was asked for
    "stopped",  # our own budget of time or samples
]


@dataclass(frozen=True)
class Failure:
    """One failed request.

    Parameters
    ----------
    kind : str
        What went wrong.
    remedy : {"retry", "split", "none"}
        What may be done: ask again, ask for half of the window, nothing.
    http : int or None
        Status; None without an answer.
    error_type : str
        The server's errorType; "" without one.
    text : str
        The server's own words, at most 500 characters, without any secret.
    wait_seconds : float or None
        What Retry-After asked for.
    """

    kind: Kind
    remedy: Literal["retry", "split", "none"]
    http: int | None = None
    error_type: str = ""
    text: str = ""
    wait_seconds: float | None = None


class RequestError(AnalysisError):
    """A question that was given up: how it failed, after how many tries, where, and what to do now.

    Examples
    --------
    >>> RequestError(Failure("queue_full", "retry", 503, "timeout", "query timed out in query queue"), 3).tries
    3
    """

    exit_code = 3

    def __init__(self, failure: Failure, tries: int = 1, *, where: str = "prometheus", next: str = "") -> None:  # noqa: A002
        code = "no answer" if failure.http is None else f"HTTP {failure.http}"
        times = "not asked" if tries == 0 else "1 try" if tries == 1 else f"{tries} tries"
        told = f": {failure.text}" if failure.text else ""
        super().__init__(f"{failure.kind.replace('_', ' ')} ({code}, {times}){told}", where=where, next=next)
        self.failure, self.tries = failure, tries

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.failure, self.tries, self.where, self.next)


def _again(failure: Failure, tries: int, where: str, next: str) -> RequestError:  # noqa: A002
    """Return the same error, as a process that got it from another needs it."""
    return RequestError(failure, tries, where=where, next=next)
