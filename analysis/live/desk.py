"""One question at the desk: answered from what is there, or put to the server; its end is recorded either way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.asked import Asked
from analysis.live.parts import Parts, address_of
from analysis.live.question import Question
from analysis.live.span import Span
from analysis.live.telling import Telling
from analysis.live.ways import Answer, Pace, put
from analysis.series import iso
from analysis.sources.prometheus.connection import Source
from analysis.sources.prometheus.failures import RequestError

__all__ = ["Desk", "asked_of", "record_of"]


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
    if address in desk.frozen:
        return desk.frozen[address]
    there = desk.parts.find(address)
    if there is not None and there.status == "ok":
        return there
    try:
        answer = put(desk.source, question, desk.span, desk.ways, desk.pace, telling)
    except RequestError as error:
        return record_of(desk, question, "failed", reason=error.what)
    asked = _answered(desk, question, answer)
    if asked.series:
        desk.parts.keep(asked, answer.fetched.table)
    return asked


def _answered(desk: Desk, question: Question, answer: Answer) -> Asked:
    found = answer.fetched
    held = len(found.table.times) > 0
    status = "partial" if found.partial else "ok" if held else "failed" if found.left_out else "empty"
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
        fetched_at=iso(pd.Timestamp.now("UTC").floor("s")), address=_address(desk, question),
    )  # fmt: skip


def _address(desk: Desk, question: Question) -> str:
    step = question.step_seconds or desk.pace.step_seconds
    mode = "range" if desk.ways == ("query_range",) else question.mode
    gridded = step if mode == "range" else None
    return address_of(desk.source.name, question.promql, desk.span, step_seconds=gridded, mode=mode)
