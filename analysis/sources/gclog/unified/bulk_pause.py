"""Pauses and their CPU times where they are written as HotSpot does, many lines at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.unified.bulk_length import seconds_before
from analysis.sources.gclog.unified.pause import UNIT_BYTES, WORDS, PauseHead, array_of, pause_head
from analysis.sources.gclog.words import Text, has, number_at, number_before

__all__ = ["Pauses", "cpu_times", "ended_pauses"]

NAN = float("nan")
ONLY_WORDS = re.compile(WORDS)
PAUSE = len(b"Pause ")
DECIMALS, MOST_DIGITS = 2, 7  # of seconds of CPU time


class Pauses(NamedTuple):
    """Which lines (n,) are pauses that ended, which are pauses that began, and the columns of those that ended (m,)."""

    ended: np.ndarray
    began: np.ndarray
    columns: Columns


def ended_pauses(text: Text, at: np.ndarray, ends: np.ndarray, letters: np.ndarray) -> Pauses:
    """Return the pauses among lines that begin with ``Pause``.

    Parameters
    ----------
    text : Text
        A chunk.
    at, ends : ndarray of int64, shape (n,)
        Where ``Pause`` begins, and where the lines end.
    letters : ndarray of uint8, shape (n,)
        The letter of generational ZGC; 0 for none.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> line = b"Pause Young (Normal) (G1 Evacuation Pause) 6M->5M(128M) 7.846ms"
    >>> found = ended_pauses(text_of(line), np.array([0]), np.array([len(line)]), np.zeros(1, "u1"))
    >>> found.columns["heap_after_bytes"].tolist(), found.columns["duration_seconds"].tolist()
    ([5242880.0], [0.007846])
    """
    said = has(text, ends - 2, b"ms")
    shown = np.flatnonzero(~said & ~has(text, ends - 3, b"ms "))
    began = np.zeros(len(at), dtype=bool)
    began[shown] = [b">" not in text.data[a:b] for a, b in zip(at[shown].tolist(), ends[shown].tolist(), strict=True)]
    chosen = np.flatnonzero(said)
    ok, columns = _ended(text, at[chosen] + PAUSE, ends[chosen], letters[chosen])
    ended = np.zeros(len(at), dtype=bool)
    ended[chosen] = ok
    return Pauses(ended, began, columns)


def _ended(text: Text, at: np.ndarray, ends: np.ndarray, letters: np.ndarray) -> tuple[np.ndarray, Columns]:
    """Return which lines have words that are known and a length, and the columns of these."""
    ok, seconds, first = seconds_before(text, ends)
    sized, stop, sizes = _sizes(text, first - 1)
    heads = _heads(text.data, at, np.where(sized, stop, first), letters)
    ok &= heads != None  # noqa: E711 - element by element
    columns = {
        "duration_seconds": seconds[ok],
        "head": heads[ok],
        **{f"heap_{name}_bytes": np.where(sized, cells, NAN)[ok] for name, cells in sizes.items()},
        **{f"{name}_seconds": np.full(int(ok.sum()), NAN) for name in ("user", "sys", "real")},
    }
    return ok, columns


def _sizes(text: Text, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return which lines have sizes before places, where these begin, and the sizes [bytes]."""
    ok, sizes = has(text, stop - 1, b")"), {}
    at = stop - 1
    for name, mark in (("committed", b"("), ("after", b"->"), ("before", b" ")):
        unit = UNIT_BYTES[text.letters[np.maximum(at - 1, 0)]]
        number, first = number_before(text, at - 1)
        ok &= ~np.isnan(unit) & (first < at - 1) & has(text, first - len(mark), mark)
        sizes[name] = number * unit
        at = first - len(mark)
    return ok, at + 1, {name: sizes[name] for name in ("before", "after", "committed")}


def _heads(data: bytes, at: np.ndarray, stop: np.ndarray, letters: np.ndarray) -> np.ndarray:
    spans = zip(at.tolist(), stop.tolist(), letters.tolist(), strict=True)
    return array_of([_head(data[a:b], letter) for a, b, letter in spans])


@lru_cache(maxsize=4096)
def _head(words: bytes, letter: int) -> PauseHead | None:
    """Return what words say; None if they are not those of a pause that is known."""
    if ONLY_WORDS.fullmatch(words) is None:
        return None
    head = pause_head(words, bytes([letter]) if letter else None)
    return None if head.kind == "other" else head


def cpu_times(text: Text, at: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return which lines are CPU times and nothing else, and the times of all (n,) [s].

    Parameters
    ----------
    text : Text
        A chunk.
    at, ends : ndarray of int64, shape (n,)
        Where ``User=`` begins, and where the lines end.

    Examples
    --------
    >>> from analysis.sources.gclog.words import text_of
    >>> line = b"User=0.02s Sys=0.00s Real=0.01s"
    >>> ok, times = cpu_times(text_of(line), np.array([0]), np.array([len(line)]))
    >>> ok.tolist(), times["user"].tolist()
    ([True], [0.02])
    """
    ok, times = np.ones(len(at), dtype=bool), {}
    for name, mark in (("user", b"User="), ("sys", b"s Sys="), ("real", b"s Real=")):
        ok &= has(text, at, mark)
        whole, point = number_at(text, at + len(mark))
        hundredths, end = number_at(text, point + 1)
        ok &= (point > at + len(mark)) & (point <= at + len(mark) + MOST_DIGITS)
        ok &= has(text, point, b".") & (end == point + 1 + DECIMALS)
        times[name] = (whole * 100 + hundredths) / 1e2
        at = end
    return ok & has(text, at, b"s") & (at + 1 == ends), times
