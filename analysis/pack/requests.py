"""Request logs of any kind for a pack: one CSV of exactly what an analysis reads, at full precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.pack.files import CannotRedactError, csv_bytes, differences, write_as_named
from analysis.pack.scrub import Scrubber
from analysis.sources.access_log import read_access_log
from analysis.sources.lines import ReadReport
from analysis.sources.request_rows import REQUEST_COLUMNS

__all__ = ["pack_requests"]

NUMBERS = ("statements", "rows", "database_seconds", "pool_wait_seconds")


def _number(value: float) -> str:
    return "" if value != value else repr(float(value))


def _word(text: str) -> str:
    """Return a word as the reader of a CSV gives it back."""
    text = text.strip()
    return "" if text == "-" else text


def pack_requests(frame: pd.DataFrame, report: ReadReport, target: Path, scrub: Scrubber) -> tuple[str, ...]:
    """Write requests as a CSV that needs no mapping; return what was left out.

    Parameters
    ----------
    frame : DataFrame
        Of the original, from its own reader.
    report : ReadReport
        What that reader said.
    target : Path
        A .csv.gz.
    scrub : Scrubber
        Of the pack.

    Raises
    ------
    CannotRedactError
        If what our reader makes of the CSV is not what it made of the original.
    """
    texts: dict[str, Callable[[str], str]] = {
        "status": lambda t: scrub.value(_word(t)),
        "route": lambda t: _word(scrub.route(_word(t))),
        "pod": lambda t: scrub.text(_word(t)),
        "request_id": lambda t: scrub.personal(_word(t), "request id"),
    }
    columns = {name: frame[name].map({v: change(v) for v in frame[name].unique()}) for name, change in texts.items()}
    ends = pd.DatetimeIndex(frame.index).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    cells = {
        "end": ends,
        "duration_seconds": map(_number, frame["duration_seconds"].tolist()),
        "failed": np.where(frame["failed"].to_numpy(), "true", "false").tolist(),
        **{name: columns[name].tolist() for name in ("status", "route", "pod")},
        **{name: map(_number, frame[name].tolist()) for name in NUMBERS},
        "request_id": columns["request_id"].tolist(),
    }
    write_as_named(target, csv_bytes(["end", *REQUEST_COLUMNS], zip(*map(list, cells.values()), strict=True)))
    again, _ = read_access_log(target, "csv")
    if wrong := differences(frame, again, texts):
        raise CannotRedactError(f"the copy would not read the same: {', '.join(wrong)}")
    return (
        *((f"{report.unrecognised} records that were not understood",) if report.unrecognised else ()),
        *(f"what the reader noted of the original: {note}" for note in report.notes if "dropped" in note),
    )
