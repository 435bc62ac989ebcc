"""What the sentences of triggers share: times and names as values, the open question, and what a trigger is not."""

from __future__ import annotations

import pandas as pd

from analysis.findings import Test, Value

__all__ = ["TRIGGER_CAVEAT", "at", "bound", "name", "open_question"]

TRIGGER_CAVEAT = (
    "A trigger sets off; what then held the requests is a mechanism, which is tested by itself. The tests say that the "
    "two fell together in time, not that one could not have come without the other."
)


def at(time: pd.Timestamp) -> Value:
    """Return a time of day as a value.

    Examples
    --------
    >>> at(pd.Timestamp("2026-11-22T18:04:32Z")).text
    '18:04:32 UTC'
    """
    text = f"{time:%H:%M:%S} UTC"
    return Value(text, "time", text)


def bound(limit: float | None) -> float:
    """Return a bound of an interval, NaN where there is none.

    Examples
    --------
    >>> bound(None), bound(0.5)
    (nan, 0.5)
    """
    return float("nan") if limit is None else float(limit)


def name(text: str) -> Value:
    """Return a name, or a list of them, as a value.

    Examples
    --------
    >>> name("shop/api").unit
    'name'
    """
    return Value(text, "name", text)


def open_question(tests: tuple[Test, ...]) -> Value:
    """Return the first test that decides a verdict and was not passed, with its reason or words."""
    decisive = [t for t in tests if t.passed is False and t.name in ("timing", "magnitude", "specificity")]
    against = [t for t in tests if t.passed is False]
    unknown = [t for t in tests if t.passed is None and t.name in ("timing", "magnitude")]
    first = next(iter([*decisive, *unknown, *against]), None)
    if first is None:
        return name("neither dose, specificity nor reversal could confirm it")
    return name(first.words if first.passed is False else f"{first.name}: {first.reason or first.words}")
