"""Samples of sessions to the document: load by wait and by statement; statements are not counted by samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.db.document import Asked, Statement, as_document
from analysis.db.plain import known
from analysis.signals.block_bootstrap import block_sums, ratio_interval
from analysis.signals.database import CPU, IDLE_IN_TRANSACTION, counts, foreground, sampling, wait_classes
from analysis.sql.fingerprint import Fingerprints
from analysis.window import Window

__all__ = ["FARTHEST_SECONDS", "LEAST_SAMPLES", "load_by_wait", "samples_document"]

FARTHEST_SECONDS = 30.0  # samples further apart misread a load by several times
LEAST_SAMPLES = 30
CUT_BYTES = 1023  # of track_activity_query_size: a text that fills it was cut


def samples_document(sessions: pd.DataFrame, coverage: dict[str, Any], asked: Asked = Asked()) -> dict[str, Any]:  # noqa: B008
    """Return the document of samples of sessions.

    Parameters
    ----------
    sessions : DataFrame
        From `read_sessions`.
    coverage : dict
        From `coverage_of`.
    asked : Asked
        Its window (start, end] takes the samples inside.

    Returns
    -------
    dict
        `aas` and the load of each class of statements; their seconds are samples x interval, an estimate. With fewer
        than 30 samples, or samples further apart than 30 s, both are null, and `aas_reason` says why.

    Examples
    --------
    >>> from analysis.sources.postgres import no_sessions
    >>> found = samples_document(no_sessions(), {})
    >>> found["aas"], found["aas_reason"]
    (None, 'there are 0 samples; 30 are the least to tell a load from')
    """
    everything = sampling(sessions)
    instants = everything.instants
    rows = foreground(sessions)
    if asked.window:
        first = -np.inf if asked.start_us is None else asked.start_us
        last = np.inf if asked.end_us is None else asked.end_us
        instants = instants[(instants > first) & (instants <= last)]
        at = pd.DatetimeIndex(rows.index).as_unit("us").asi8
        rows = rows[(at > first) & (at <= last)]
    interval = everything.interval_seconds
    reason = _reason(len(instants), interval)
    classes = wait_classes(rows)
    active = (classes != "") & (classes != IDLE_IN_TRANSACTION)
    aas = None
    statements: list[Statement] = []
    if reason is None:
        aas = load_by_wait(rows[active], classes[active], len(instants))
        idle = float((classes == IDLE_IN_TRANSACTION).sum() / len(instants))
        low, high = _interval(rows[active], instants)
        aas |= {"low": known(low), "high": known(high), "samples": len(instants), "interval_seconds": known(interval)}
        aas |= {"idle_in_transaction_sessions": known(idle), "gaps": len(everything.gaps)}
        statements = _statements(rows[active]["query"], len(instants), interval)
    more = {"statements": {"estimated": True}, "aas": aas, "aas_reason": reason}
    window = (int(instants[0]), int(instants[-1])) if len(instants) else (None, None)
    return as_document("ash", statements, coverage, window=window, more=more)


def _interval(active: pd.DataFrame, instants: np.ndarray) -> tuple[float, float]:
    """Return an interval of 95 % of the mean, from blocks of ten seconds."""
    first, last = (pd.Timestamp(int(us), unit="us", tz="UTC") for us in (instants[0] - 1, instants[-1]))
    window = Window(first, last)
    load = counts(active, np.ones(len(active), dtype=bool), instants)
    return ratio_interval(block_sums(instants, np.column_stack([load, np.ones(len(load))]), window))


def _reason(samples: int, interval: float) -> str | None:
    if interval > FARTHEST_SECONDS:
        return f"samples are {interval:g} s apart: no load can be told beyond {FARTHEST_SECONDS:g} s"
    if samples < LEAST_SAMPLES:
        return f"there are {samples} samples; {LEAST_SAMPLES} are the least to tell a load from"
    return None


def load_by_wait(active: pd.DataFrame, classes: np.ndarray, samples: int) -> dict[str, Any]:
    """Return average active sessions, together and by what they waited for, the largest first.

    Parameters
    ----------
    active : DataFrame
        Rows of active sessions, with `wait_type` and `wait_event`.
    classes : ndarray of object, shape (n,)
        Their classes, from `wait_classes`.
    samples : int
        How many samples were taken, those without any active session too.

    Examples
    --------
    >>> rows = pd.DataFrame({"wait_type": ["", "IO"], "wait_event": ["", "WALSync"]})
    >>> load_by_wait(rows, np.array(["CPU", "IO"], dtype=object), 4)["by_wait"]
    [{'wait': 'CPU', 'class': 'CPU', 'sessions': 0.25}, {'wait': 'IO:WALSync', 'class': 'IO', 'sessions': 0.25}]
    """
    events = active["wait_event"].astype(str).to_numpy(dtype=object)
    names = [c if c == CPU or not e else f"{c}:{e}" for c, e in zip(classes.tolist(), events.tolist(), strict=True)]
    counts = pd.Series(names, dtype=object).value_counts(sort=False)
    rows = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return {
        "sessions": known(len(active) / samples),
        "by_wait": [
            {"wait": str(name), "class": str(name).partition(":")[0], "sessions": known(n / samples)}
            for name, n in rows
        ],
    }


def _statements(queries: pd.Series, samples: int, interval: float) -> list[Statement]:
    memo, texts, counts = Fingerprints(), dict[str, str](), dict[str, int]()
    for query, n in queries.astype(str).value_counts(sort=False).items():
        raw = str(query)
        key, text = memo.of(raw, cut=len(raw.encode()) >= CUT_BYTES) if raw else ("", "")
        texts[key], counts[key] = text, counts.get(key, 0) + int(n)
    return [
        Statement(key, texts[key] or "(text not recorded)", float("nan"), n * interval, sessions=n / samples)
        for key, n in counts.items()
    ]
