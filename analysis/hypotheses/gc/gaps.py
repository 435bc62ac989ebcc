"""Stretches that a GC log does not tell of: they are unknown, not without pauses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings import Value, sentence, value
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window

__all__ = ["ALL", "gap_caveat", "gap_reason"]

COVERED = 0.8  # of an episode; of less a log cannot say how long the JVM stood still in it
ALL = 0.995  # of a window is all of it, for a sentence


def gap_reason(jvm: Jvm, window: Window) -> str | None:
    """Return where a log has no line, if it tells of less than four fifths of a window; else None.

    Parameters
    ----------
    jvm : Jvm
        With what is known of it.
    window : Window
        An episode.
    """
    ratio = jvm.known_ratio(window)
    if ratio >= COVERED:
        return None
    first, last = _longest(jvm, window)
    line, covers = _line(jvm), value(ratio, "ratio").text
    return f"the log has {line} from {first} to {last} UTC and covers {covers} of the bad interval"


def gap_caveat(jvm: Jvm, window: Window, name: str) -> str | None:
    """Return what a log leaves unknown of a window; None where it tells of all of it.

    Parameters
    ----------
    jvm : Jvm
        With what is known of it.
    window : Window
        Baseline or episode.
    name : str
        What the window is.
    """
    if jvm.known_ratio(window) >= ALL:
        return None
    first, last = _longest(jvm, window)
    more = len(jvm.gaps(window)) - 1
    words = {"first": first, "last": last, "name": name, "line": _line(jvm)}
    values = {key: Value(text, "name", text) for key, text in words.items()} | {"more": value(more, "count")}
    text = "Of the {name} the GC log has {line} from {first} to {last} UTC"
    text += "" if not more else ", nor in one more stretch" if more == 1 else ", nor in {more} more stretches"
    return sentence(text + ": whether the JVM stood still then is not known.", values)


def _line(jvm: Jvm) -> str:
    unread = int(jvm.lives["unrecognised"].sum()) if len(jvm.lives) else 0
    return "no line that was understood" if unread else "no line"


def _longest(jvm: Jvm, window: Window) -> tuple[str, str]:
    gaps = jvm.gaps(window)
    start, end = gaps[int(np.argmax(gaps[:, 1] - gaps[:, 0]))]
    first, last = (pd.Timestamp(int(us), unit="us", tz="UTC") for us in (start, end))
    return f"{first:%H:%M:%S}", f"{last:%H:%M:%S}"
