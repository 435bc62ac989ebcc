"""One question at the desk: answered from what is there, or put to the server; its end is recorded either way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.asked import Asked
from analysis.errors import SpecError
from analysis.live.parts import Parts, address_of
from analysis.live.question import Question
from analysis.live.span import Span
from analysis.live.telling import Telling
from analysis.live.ways import Answer, Pace, put
from analysis.sources.prometheus.connection import Source
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.plan import plan
from analysis.sources.prometheus.preflight import Budget, count_of, count_series

__all__ = ["Desk", "asked_of", "record_of", "too_much"]


@dataclass(frozen=True)
class Desk:
    """Where questions are put: the server, the window, what is frozen already, and where answers are kept."""

    source: Source
    span: Span
    ways: tuple[str, ...]
    pace: Pace
    parts: Parts
    frozen: dict[str, Asked]


def asked_of(desk: Desk, question: Question, telling: Telling) -> Asked:
    """Ask one question, unless its answer is there already; a failure is its record, too."""
    address = _address(desk, question)
    there = desk.frozen.get(address) or _frozen_raw(desk, question) or desk.parts.find(address)
    if there is not None and there.status == "ok":
        return there
    try:
        answer = put(desk.source, question, desk.span, desk.ways, desk.pace, telling)
    except (RequestError, SpecError) as error:  # a step or window that cannot be asked for is the question's matter
        return record_of(desk, question, "failed", reason=error.what)
    asked = _answered(desk, question, answer)
    if asked.series:
        desk.parts.keep(asked, answer.fetched.table)
    return asked


def too_much(desk: Desk, question: Question, most: int) -> str:
    """Return why an answer would not fit what is left of the budget, "" if it does; its series are counted for that.

    What is there already costs nothing. Where the count fails, the question itself will tell.
    """
    address = _address(desk, question)
    if address in desk.frozen or desk.parts.find(address) or _frozen_raw(desk, question):
        return ""
    start, end = desk.span.start_us, desk.span.end_us
    step = question.step_seconds or desk.pace.step_seconds if question.mode == "range" else None
    try:
        grid = plan(start, end, step_seconds=step, scrape_seconds=desk.pace.scrape_seconds)
        if question.selector is not None:
            series = count_series(desk.source, [question.promql], start, end)[question.promql]
        else:
            series = count_of(desk.source, question.promql, start, end)
    except (RequestError, SpecError):
        return ""
    return Budget(most_series=most, most_samples=most).refusal(question.promql, series, grid)


def _frozen_raw(desk: Desk, question: Question) -> Asked | None:
    """Return the real samples of a selector that are frozen for all of the span: a grid could only repeat them."""
    if question.selector is None:
        return None
    held = (a for a in desk.frozen.values() if (a.id, a.promql, a.mode) == (question.id, question.promql, "raw"))
    return next((a for a in held if a.start <= desk.span.iso_start and a.end >= desk.span.iso_end), None)


def _answered(desk: Desk, question: Question, answer: Answer) -> Asked:
    found = answer.fetched
    held = len(found.table.times) > 0
    missing = bool(found.partial or found.left_out)
    status = ("partial" if missing else "ok") if held else "failed" if missing else "empty"
    reason = "; ".join([*found.partial, *found.left_out, *filter(None, [answer.note])])
    blank = record_of(desk, question, status, reason=reason)
    return replace(
        blank, way=answer.way, mode=answer.mode, step_seconds=answer.step_seconds,
        series=len(np.unique(found.table.ids)), samples=len(found.table.times), bytes=found.bytes,
        requests=found.requests, splits=found.splits, seconds=round(found.seconds, 3),
        warnings=found.partial, advice=found.advice, left_out=found.left_out,
    )  # fmt: skip


def record_of(desk: Desk, question: Question, status: Any, *, reason: str = "") -> Asked:
    """Return the record of a question that brought nothing, or nothing yet."""
    return Asked(
        question.id, question.question, question.dialect, question.promql, question.mode, "", status, reason,
        required=question.required, start=desk.span.iso_start, end=desk.span.iso_end, unit=question.unit,
        scope=question.scope, time_shift_seconds=question.time_shift_seconds,
        fetched_at=_now(), address=_address(desk, question), source=desk.source.name,
    )  # fmt: skip


def _now() -> str:
    return pd.Timestamp.now("UTC").isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _address(desk: Desk, question: Question) -> str:
    step = question.step_seconds or desk.pace.step_seconds
    mode = "range" if desk.ways == ("query_range",) else question.mode
    gridded = step if mode == "range" else None
    return address_of(desk.source.name, question.id, question.promql, desk.span, step_seconds=gridded, mode=mode)
