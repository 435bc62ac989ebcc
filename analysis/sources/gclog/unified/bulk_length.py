"""Lengths at the end of lines, as ``7.846ms``, many lines at once."""

from __future__ import annotations

import numpy as np

from analysis.sources.gclog.words import Text, has, number_before

__all__ = ["seconds_before"]

UNIT = b"ms"
DECIMALS = 3
MOST_DIGITS = 7  # of whole milliseconds, which are less than a day


def seconds_before(text: Text, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which lines end with a blank and a length in milliseconds, the lengths [s], and where these begin.

    Parameters
    ----------
    text : Text
        A chunk.
    ends : ndarray of int64, shape (n,)
        Where the lines end.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> ok, seconds, first = seconds_before(text_of(b"Pause Remark 7.846ms"), np.array([20]))
    >>> ok.tolist(), seconds.tolist(), first.tolist()
    ([True], [0.007846], [13])
    """
    decimals, point = number_before(text, ends - len(UNIT))
    whole, first = number_before(text, point - 1)
    ok = has(text, ends - len(UNIT), UNIT) & (ends - len(UNIT) - point == DECIMALS) & has(text, point - 1, b".")
    ok &= (first < point - 1) & (point - 1 - first <= MOST_DIGITS) & has(text, first - 1, b" ")
    return ok, np.round((whole * 1000 + decimals) / 1e3 / 1e3, 9), first
