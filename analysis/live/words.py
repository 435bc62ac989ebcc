"""What a live capture says at its end: what came, what is not there, what did not come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analysis.asked import Asked, standing
from analysis.live.run import Captured

__all__ = ["outcome_lines"]

MOST_NOTES = 12


def outcome_lines(captured: Captured) -> Iterator[str]:
    """Yield what came of each kind of question, then the notes.

    Parameters
    ----------
    captured : Captured
        From `capture_live`.
    """
    asked = standing(captured.manifest.queries)
    if asked:
        server = captured.manifest.server
        version = f" {server['version']}" if server.get("version") else ""
        ways = ", ".join(sorted({a.way for a in asked if a.way})) or "nothing"
        yield f"{server.get('name', 'a server')}: {server.get('flavour', 'unknown')}{version}, asked by {ways}"
    for question in dict.fromkeys(a.question for a in asked):
        yield _line(question, [a for a in asked if a.question == question])
    absent = captured.manifest.server.get("not_there", [])
    for line in absent[:MOST_NOTES]:
        yield f"not there: {line}"
    if len(absent) > MOST_NOTES:
        yield f"not there: {len(absent) - MOST_NOTES} more, listed in raw/manifest.json"
    for note in captured.notes:
        yield f"note: {note}"


def _line(question: str, asked: list[Asked]) -> str:
    best: dict[str, Asked] = {}  # one metric may need several selectors, which mostly find nothing by themselves
    for record in asked:
        whole = record.id.partition(" #")[0] + record.start
        if whole not in best or best[whole].status == "empty":
            best[whole] = record
    counts = Counter(a.status for a in best.values())
    of_query = {a.id: 0 for a in asked}  # of two stretches of time the series are mostly the same
    for record in asked:
        of_query[record.id] = max(of_query[record.id], record.series)
    series, samples = sum(of_query.values()), sum(a.samples for a in asked)
    words = ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))
    scopes = sorted({a.scope for a in asked if a.scope not in ("own", "")})
    return f"{question}: {words}; {series:,} series, {samples:,} samples" + (
        f" ({', '.join(scopes)})" if scopes else ""
    )
