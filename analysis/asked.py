"""`Asked`: one question to a server of metrics, exactly as it was put, and what became of it; part of the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import msgspec

__all__ = ["OWN", "STATUSES", "Asked", "standing", "told"]

OWN = ("signals", "queries")  # questions of the author
STATUSES = ("ok", "partial", "empty", "failed", "skipped")  # the better come first


@dataclass(frozen=True)
class Asked:
    """One question and its end.

    Parameters
    ----------
    id : str
        Name of the question: `question/metric` of the catalogue, or the author's own name.
    question : str
        What it is for: a question of the catalogue, "signals", or "queries".
    dialect : str
        Whose metric it is; "" of the author's own.
    promql : str
        Exactly what was asked, after substitution.
    mode : {"raw", "range"}
        Real sample times, or values on a grid of step_seconds.
    way : str
        remote_read, export, range_vector or query_range; "" if nothing was asked.
    status : {"ok", "partial", "empty", "failed", "skipped"}
        How it ended. `empty`: the server answered, there is nothing; `partial`: the server warned that data is missing.
    reason : str
        Why it is not ok, in the server's words where it has any.
    required : bool
        Whether a capture without it is incomplete.
    start, end : str
        Window [ISO-8601 UTC].
    step_seconds : float or None
        Of the grid; None of raw samples.
    unit, scope : str
        Unit of the values; how far the question was narrowed: everything, namespace, workload, own.
    time_shift_seconds : float
        How much later than the truth the values may be stamped, as known of the exporter.
    series, samples, bytes, requests, splits : int
        What came.
    seconds : float
        How long it took.
    warnings, advice, left_out : tuple of str
        See `Fetched`.
    fetched_at : str
        When [ISO-8601 UTC].
    address : str
        Of what was asked: hash of source, question, window, step and way.
    source : str
        Name of the server, without credentials.
    """

    id: str
    question: str
    dialect: str
    promql: str
    mode: Literal["raw", "range"]
    way: str
    status: Literal["ok", "partial", "empty", "failed", "skipped"]
    reason: str = ""
    required: bool = False
    start: str = ""
    end: str = ""
    step_seconds: float | None = None
    unit: str = ""
    scope: str = ""
    time_shift_seconds: float = 0.0
    series: int = 0
    samples: int = 0
    bytes: int = 0
    requests: int = 0
    splits: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    fetched_at: str = ""
    address: str = ""
    source: str = ""

    @classmethod
    def read(cls, document: dict[str, Any]) -> Asked:
        """Return the record that a manifest holds.

        Raises
        ------
        ValueError
            If a key is missing or of another type.
        """
        try:
            return msgspec.convert(document, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"a question of the capture: {error}") from None

    @property
    def unwell(self) -> bool:
        """Whether it did not come as it should: failed, partial, skipped, or required by the author and not there.

        That a metric of the catalogue is not there is an answer, except for `up`, without which nothing is sure.
        """
        if self.status == "empty":
            return self.required and (self.question in OWN or self.question == "targets")
        return self.status != "ok"

    def as_dict(self) -> dict[str, Any]:
        """Return the record as it stands in the manifest."""
        return asdict(self)


def standing(records: Iterable[Asked]) -> tuple[Asked, ...]:
    """Return what counts of each question: what no other record of it outdoes; in order of id, then time.

    A record is outdone by one of the same question whose window holds its own, and that ended better, or as well and
    later. So a failure stands until the same time was captured, and two stretches of time stand side by side. Of the
    author's own questions only those count that ask what was asked last: an answer to other words is none.

    Parameters
    ----------
    records : iterable of Asked
        Of all captures of an incident.

    Examples
    --------
    >>> failed = Asked("up", "targets", "", "up", "raw", "remote_read", "failed", "HTTP 503", fetched_at="2026-01-02")
    >>> came = Asked("up", "targets", "", "up", "raw", "remote_read", "ok", series=3, fetched_at="2026-01-01")
    >>> [a.status for a in standing((came, failed))]
    ['ok']
    """
    of_question: dict[str, list[Asked]] = {}
    for record in records:
        of_question.setdefault(record.id, []).append(record)
    of_question = {key: _as_asked_last(group) for key, group in of_question.items()}
    kept = [
        a for group in of_question.values() for i, a in enumerate(group)
        if not any(_outdoes((k, b), (i, a)) for k, b in enumerate(group))
    ]  # fmt: skip
    return tuple(sorted(kept, key=lambda a: (a.id, a.start, a.end, a.address)))


def _as_asked_last(group: list[Asked]) -> list[Asked]:
    last = sorted(group, key=lambda a: a.fetched_at)[-1]
    return [a for a in group if a.promql == last.promql] if last.question in OWN else group


def _outdoes(one: tuple[int, Asked], other: tuple[int, Asked]) -> bool:
    """Return whether one record, with its place in the list, makes another one pointless."""
    (place, better), (behind, record) = one, other
    if place == behind or better.promql != record.promql:
        return False
    if better.start > record.start or better.end < record.end:
        return False
    ranks = STATUSES.index(better.status), STATUSES.index(record.status)
    wider = (better.start, better.end) != (record.start, record.end)
    if ranks[0] == ranks[1]:
        return wider or (better.fetched_at, place) > (record.fetched_at, behind)
    return ranks[0] < ranks[1]


def told(before: Iterable[Asked], now: Iterable[Asked]) -> tuple[Asked, ...]:
    """Return the records of earlier captures and of this one, the very same question with its best end once.

    Parameters
    ----------
    before, now : iterable of Asked
        Records of the manifest; of the capture that has just ended.
    """
    return _best((*before, *now), lambda a: (a.id, a.address))


def _best(records: Iterable[Asked], key: Callable[[Asked], tuple[str, ...]]) -> tuple[Asked, ...]:
    best: dict[tuple[str, ...], Asked] = {}
    for record in sorted(records, key=lambda a: a.fetched_at):
        held = best.get(key(record))
        if held is None or STATUSES.index(record.status) <= STATUSES.index(held.status):
            best[key(record)] = record
    return tuple(best[k] for k in sorted(best))
