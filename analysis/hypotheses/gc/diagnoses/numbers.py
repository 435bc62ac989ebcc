"""The numbers that say of some pauses how many they are, why, and how long they took."""

from __future__ import annotations

import pandas as pd

from analysis.findings import Value, value
from analysis.hypotheses.gc.diagnoses.diagnosis import share, tally
from analysis.hypotheses.gc.diagnoses.parts import pause_seconds
from analysis.sources.gclog.frames import GcLog

__all__ = ["numbers_of"]


def numbers_of(found: pd.DataFrame, log: GcLog) -> dict[str, Value]:
    """Return number, causes, kinds and length of some pauses, and their share of the time paused.

    Parameters
    ----------
    found : DataFrame
        Some of the pauses of the log; at least one.
    log : GcLog
        Of one JVM.

    Examples
    --------
    >>> columns = ["duration_seconds", "cause", "kind", "nested"]
    >>> row = pd.DataFrame([[0.5, "Ergonomics", "full", False]], columns=columns)
    >>> numbers_of(row, GcLog(pauses=row))["share_ratio"].text
    '100 %'
    """
    seconds = float(found["duration_seconds"].sum())
    return {
        "n": value(len(found), "count"),
        "of": value(int((~log.pauses["nested"]).sum()), "count"),
        "causes": tally(found["cause"]),
        "kinds": tally(found["kind"].str.replace("_", " ")),
        "total_seconds": value(seconds, "seconds"),
        "share_ratio": share(seconds, pause_seconds(log.pauses)),
        "max_seconds": value(float(found["duration_seconds"].max()), "seconds"),
    }
