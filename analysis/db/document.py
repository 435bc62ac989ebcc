"""The document of `postmortem db`: one shape for every source, null where the source cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from analysis.db.plain import known, time_text

__all__ = ["Asked", "Statement", "as_document", "statement_rows"]


class Asked(NamedTuple):
    """What was asked for: `kind`, `prefix` (log_line_prefix), `timezone`, window (start, end] in us; None is all."""

    kind: str | None = None
    prefix: str | None = None
    timezone: str | None = None
    start_us: int | None = None
    end_us: int | None = None

    @property
    def window(self) -> bool:
        """Whether a part of the time was asked for."""
        return self.start_us is not None or self.end_us is not None


class Statement(NamedTuple):
    """One class of statements: NaN is unknown.

    `calls` counts also the `untimed`, of which no duration is logged; seconds are of the others. `sessions` is its part
    of the load, where that is what was measured.
    """

    id: str
    text: str
    calls: float
    total_seconds: float
    p95_seconds: float = float("nan")
    max_seconds: float = float("nan")
    sessions: float = float("nan")
    untimed: int = 0


def statement_rows(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    """Return classes of statements as JSON holds them, those that took longest first.

    Examples
    --------
    >>> found = statement_rows([Statement("b", "select ?", 2, 0.5), Statement("a", "commit", 1, 0.75)])
    >>> [(row["id"], row["calls"], row["mean_seconds"], row["max_seconds"]) for row in found]
    [('a', 1, 0.75, None), ('b', 2, 0.25, None)]
    """

    def weight(s: Statement) -> tuple[float, float, str]:
        load = s.total_seconds if s.total_seconds == s.total_seconds else s.sessions
        return (-load if load == load else 0.0, -s.calls if s.calls == s.calls else 0.0, s.id)

    return [
        {
            "id": s.id,
            "text": s.text,
            "calls": known(s.calls, whole=True),
            "total_seconds": known(s.total_seconds),
            "mean_seconds": known(s.total_seconds / (s.calls - s.untimed)) if s.calls > s.untimed else None,
            "p95_seconds": known(s.p95_seconds),
            "max_seconds": known(s.max_seconds),
            "aas_sessions": known(s.sessions),
            "untimed": s.untimed,
        }
        for s in sorted(statements, key=weight)
    ]


def as_document(
    source: str, statements: Sequence[Statement], coverage: dict[str, Any], *, window: Sequence[int | None] = (),
    n: float = float("nan"), more: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return what `postmortem db --json` prints; what a source cannot tell is null.

    Parameters
    ----------
    source : str
        As in the architecture's shape.
    statements : sequence of Statement
        All classes.
    coverage : dict
        From `coverage.coverage_of`.
    window : sequence of int or None, length 0 or 2
        First and last instant that the source tells of [us].
    n : float
        How many statements were timed; NaN where the source does not count them.
    more : dict, optional
        What takes the place of null: connections, aas, and matters of that source alone.

    Examples
    --------
    >>> found = as_document("ash", [], {"lines": 0}, window=(0, 1_000_000))
    >>> found["statements"]["n"], found["connections"], found["window"]["duration_seconds"]
    (None, {'authorized': None, 'refused': None}, 1.0)
    """
    start, end = window if len(window) == 2 else (None, None)
    lasted = (end - start) / 1e6 if start is not None and end is not None else None
    seconds = [s.total_seconds for s in statements if s.total_seconds == s.total_seconds]
    total = sum(seconds) if seconds or n == 0 else None
    document: dict[str, Any] = {
        "source": source,
        "window": {"start": time_text(start), "end": time_text(end), "duration_seconds": known(lasted)},
        "statements": {
            "n": known(n, whole=True), "total_seconds": known(total), "rows_sent": None, "rows_examined": None,
            "lock_seconds": None,
        },
        "fingerprints": statement_rows(statements),
        "connections": {"authorized": None, "refused": None},
        "aas": None,
        "coverage": coverage,
    }  # fmt: skip
    for name, value in (more or {}).items():
        document[name] = document[name] | value if name in ("statements", "connections") else value
    return document
