"""Concurrent phases where they are written as HotSpot does, many lines at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.unified.bulk_length import seconds_before
from analysis.sources.gclog.unified.concurrent import told_by
from analysis.sources.gclog.unified.pause import array_of
from analysis.sources.gclog.words import Text, has
from analysis.sources.lines import NOT_UNDERSTOOD

__all__ = ["Phases", "ended_phases"]

NAME = re.compile(rb"Concurrent ((?:[A-Za-z-]++ )++)(?:\(\d[^)\n]*+\) )?+")


class Phases(NamedTuple):
    """Which lines (n,) are phases that ended, which tell of no event, and the columns of those that ended (m,)."""

    ended: np.ndarray
    plain: np.ndarray
    columns: Columns


def ended_phases(text: Text, at: np.ndarray, ends: np.ndarray) -> Phases:
    """Return the phases among lines that begin with ``Concurrent``.

    Parameters
    ----------
    text : Text
        A chunk.
    at, ends : ndarray of int64, shape (n,)
        Where ``Concurrent`` begins, and where the lines end.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> line = b"Concurrent Scan Root Regions 1.500ms" + bytes([10])
    >>> found = ended_phases(text_of(line), np.array([0]), np.array([36]))
    >>> found.columns["name"].tolist(), found.columns["duration_seconds"].tolist()
    (['Scan Root Regions'], [0.0015])
    """
    said = has(text, ends - 2, b"ms")
    plain, ended = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    shown, chosen = np.flatnonzero(~said), np.flatnonzero(said & (ends < len(text.data)))
    plain[shown] = [_is_plain(text.data[a:b]) for a, b in zip(at[shown].tolist(), ends[shown].tolist(), strict=True)]
    ok, seconds, first = seconds_before(text, ends[chosen])
    spans = zip(at[chosen].tolist(), first.tolist(), strict=True)
    names = array_of([_name(text.data[a:b]) for a, b in spans])
    ok &= names != None  # noqa: E711 - element by element
    ended[chosen] = ok
    return Phases(ended, plain, {"name": names[ok], "duration_seconds": seconds[ok]})


@lru_cache(maxsize=4096)
def _name(words: bytes) -> str | None:
    """Return the name of a phase; None if the words are no such name."""
    found = NAME.fullmatch(words)
    return found[1].decode("ascii").strip() if found else None


@lru_cache(maxsize=4096)
def _is_plain(words: bytes) -> bool:
    """Return whether a line tells of no event: mostly that a phase begins."""
    try:
        told = told_by(words)
    except NOT_UNDERSTOOD:
        return False
    return told is not None and told.kind == "plain"
