"""Sums over batches of what records tell, while files are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.sources.pglog.collected import seconds_of
from analysis.sources.pglog.events import Batch, Event
from analysis.sources.pglog.sketch import Sketches

__all__ = ["MICRO", "Sums", "Window"]

FLUSH = 50_000  # statements that are summed at a time
MOST_ERRORS = 2_000  # classes; further ones are one
MICRO = 1_000_000


class Window(NamedTuple):
    """Which times count [us since the epoch]: after `start`, until `end`; None is open."""

    start: int | None = None
    end: int | None = None


class Sums:
    """Takes batches, keeps sums.

    Parameters
    ----------
    window : Window
        What is stamped outside is left out.

    Attributes
    ----------
    calls, nanoseconds, most : ndarray
        Number, sum [ns, whole] and longest [s] of statements by row of their text + 1; the first is of those without.
    kinds, kind_seconds : mapping
        Number and seconds of "parse", "bind" and "bare".

    Examples
    --------
    >>> sums = Sums(Window())
    >>> batch = Batch()
    >>> batch.statements.add(5, b"1.500", b"execute", 0, (0, 7, b"", b"", b""), (1, b""))
    >>> sums.add(batch)
    >>> sums.flush()
    >>> sums.calls.tolist(), sums.nanoseconds.tolist(), sums.first
    ([0, 1], [0.0, 1500000.0], 5)
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self.sketches, self.bare_sketches = Sketches(), Sketches()
        self.calls: np.ndarray = np.zeros(0, "i8")
        self.nanoseconds: np.ndarray = np.zeros(0, "f8")  # exact below 2**53
        self.most: np.ndarray = np.zeros(0, "f8")
        self.kinds: Counter[str] = Counter()
        self.kind_seconds: dict[str, float] = dict.fromkeys(("parse", "bind", "bare"), 0.0)
        self.bare_most = 0.0
        self.connections: Counter[str] = Counter()
        self.errors: Counter[tuple[str, str, str]] = Counter()
        self.locks: Counter[str] = Counter()
        self.files: Counter[str] = Counter()
        self.checkpoints = {"n": 0.0, "requested": 0.0, "max_seconds": np.nan, "longest_sync_seconds": np.nan}
        self.first: int | None = None
        self.last: int | None = None
        self._held: list[tuple[list[int], list[bytes], list[int]]] = []
        self._size = 0

    def _inside(self, us: np.ndarray) -> np.ndarray:
        low = -np.inf if self.window.start is None else self.window.start
        high = np.inf if self.window.end is None else self.window.end
        return np.asarray((us > low) & (us <= high))

    def add(self, batch: Batch) -> None:
        """Take what some lines told."""
        if batch.statements.end:
            self._held.append((batch.statements.end, batch.statements.milliseconds, batch.statements.text))
            self._size += len(batch.statements.end)
            if self._size >= FLUSH:
                self.flush()
        prepared = batch.preparations
        if prepared.end:
            seconds, seen = self._seconds(prepared.end, prepared.milliseconds)
            bind = np.array([k == b"bind" for k in prepared.kind]) & seen
            for name, mine in (("bind", bind), ("parse", ~bind & seen)):
                self.kinds[name] += int(mine.sum())
                self.kind_seconds[name] += float(seconds[mine].sum())
        if batch.bare.end:
            seconds, seen = self._seconds(batch.bare.end, batch.bare.milliseconds)
            seconds = seconds[seen]
            self.kinds["bare"] += len(seconds)
            self.kind_seconds["bare"] += float(seconds.sum())
            self.bare_most = max(self.bare_most, float(seconds.max(initial=0.0)))
            self.bare_sketches.add(np.zeros(len(seconds), "i8"), seconds)
        for event in batch.events:
            self._event(event)

    def _seconds(self, end: Sequence[int], milliseconds: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """Return seconds, and which of them are known and inside the window."""
        us = np.array(end, dtype="i8")
        seconds = seconds_of(milliseconds)
        seen = self._inside(us) & ~np.isnan(seconds)
        if seen.any():
            self._stamped(int(us[seen].min()), int(us[seen].max()))
        return seconds, seen

    def _stamped(self, first: int, last: int) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def flush(self) -> None:
        """Sum the statements that are still held."""
        if not self._held:
            return
        ends, milliseconds, texts = ([v for part in parts for v in part] for parts in zip(*self._held, strict=True))
        self._held, self._size = [], 0
        seconds, seen = self._seconds(ends, milliseconds)
        rows = np.array(texts, dtype="i8")[seen] + 1  # the first class is of statements without text
        seconds = seconds[seen]
        size = max(int(rows.max(initial=0)) + 1, len(self.calls))
        more = size - len(self.calls)
        self.calls, self.nanoseconds, self.most = (
            np.append(a, np.zeros(more, a.dtype)) for a in (self.calls, self.nanoseconds, self.most)
        )
        self.calls += np.bincount(rows, minlength=size)
        self.nanoseconds += np.bincount(rows, weights=np.rint(seconds * MICRO * 1000), minlength=size)
        np.maximum.at(self.most, rows, seconds)
        self.sketches.add(rows, seconds)

    def _event(self, event: Event) -> None:
        if not self._inside(np.array([event.us]))[0]:
            return
        self._stamped(event.us, event.us)
        cells = event.cells
        if event.table == "connections":
            self.connections[cells["result"]] += 1
        elif event.table == "errors":
            key = (cells["severity"], cells["sqlstate"], cells["message"])
            self.errors[
                key if key in self.errors or len(self.errors) < MOST_ERRORS else (key[0], key[1], "(others)")
            ] += 1
        elif event.table == "lock_waits":
            self.locks["acquired" if cells["acquired"] else "waiting"] += 1
            self.locks["acquired_us"] += round(cells["after_seconds"] * MICRO) if cells["acquired"] else 0
        elif event.table == "temp_files":
            self.files["n"] += 1
            self.files["bytes"] += int(cells["size_bytes"])
            self.files["max_bytes"] = max(self.files["max_bytes"], int(cells["size_bytes"]))
        else:
            done = self.checkpoints
            done["n"] += 1
            done["requested"] += cells["requested"]
            done["max_seconds"] = float(np.fmax(done["max_seconds"], cells["total_seconds"]))
            done["longest_sync_seconds"] = float(np.fmax(done["longest_sync_seconds"], cells["longest_sync_seconds"]))
