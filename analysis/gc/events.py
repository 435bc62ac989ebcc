"""One row per stop-the-world pause line, as `postmortem gc --events` prints it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.sources.gclog.frames import GcLog

__all__ = ["NO_CLOCK", "events_of"]

NO_CLOCK = ("unknown", "none")  # qualities of a life whose stamps are no times of day
NEEDED = ("heap_before_bytes", "heap_after_bytes", "heap_committed_bytes")


def events_of(log: GcLog, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the pauses in order of their end, nested ones too; times are null where the log has no wall clock.

    Parameters
    ----------
    log : GcLog
        Of any number of lives.
    names : tuple of str
        Of the lives, in their order.

    Returns
    -------
    list of dict
        start, end (ISO-8601 UTC), uptime_seconds, collector, kind, cause, duration_seconds, heap_before_bytes,
        heap_after_bytes, heap_committed_bytes, nested, file, line, jvm, gcid, generation, evacuation_failure ("none",
        or how); null is unknown. Other sizes, CPU times and workers where any pause of the log has them.

    Examples
    --------
    >>> events_of(GcLog(), ())
    []
    """
    pauses = log.pauses
    timeless = np.flatnonzero(log.lives["time_quality"].isin(NO_CLOCK).to_numpy())
    dated = ~np.isin(pauses["life"].to_numpy(), timeless)
    ends = pauses.index.to_series()
    columns: dict[str, list[Any]] = {
        "start": _times(pauses["start"], dated),
        "end": _times(ends, dated),
        "uptime_seconds": _numbers(pauses["uptime_seconds"]),
        **{name: [text or None for text in pauses[name]] for name in ("collector", "kind", "cause")},
        "duration_seconds": _numbers(pauses["duration_seconds"]),
        **{name: _numbers(pauses[name], whole=True) for name in NEEDED},
        "nested": [bool(x) for x in pauses["nested"]],
        "file": list(pauses["file"]),
        "line": [line if line > 0 else None for line in pauses["line"].tolist()],
        "jvm": [names[i] if 0 <= i < len(names) else None for i in pauses["life"].tolist()],
        "gcid": [gcid if gcid >= 0 else None for gcid in pauses["gcid"].tolist()],
        "generation": [text or None for text in pauses["generation"]],
        "evacuation_failure": [text or "none" for text in pauses["evacuation_failure"]],
    }
    more = [c for c in pauses.columns if c not in columns and pauses[c].dtype == "f8" and pauses[c].notna().any()]
    columns |= {c: _numbers(pauses[c], whole=not c.endswith("_seconds")) for c in more}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _times(times: pd.Series, dated: np.ndarray) -> list[str | None]:
    stamps = pd.DatetimeIndex(times).as_unit("us").asi8.astype("datetime64[us]")
    texts = np.datetime_as_string(stamps, unit="us").tolist()
    return [f"{text}Z" if told else None for text, told in zip(texts, dated.tolist(), strict=True)]


def _numbers(column: pd.Series, *, whole: bool = False) -> list[float | int | None]:
    """Return numbers as `plain.known` does, all at once."""
    values = column.to_numpy(dtype="f8")
    told = np.isfinite(values)
    found = np.round(np.where(told, values, 0.0), 0 if whole else 9)
    shown = found.astype("i8").tolist() if whole else found.tolist()
    return [x if known else None for x, known in zip(shown, told.tolist(), strict=True)]
