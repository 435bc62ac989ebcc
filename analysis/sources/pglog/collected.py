"""Batches of what records tell to the frames of a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.sources.pglog.events import Batch, Event, Timed
from analysis.sources.pglog.frames import (
    CHECKPOINT_COLUMNS,
    CONNECTION_COLUMNS,
    ERROR_COLUMNS,
    LOCK_WAIT_COLUMNS,
    PREPARATION_COLUMNS,
    STATEMENT_COLUMNS,
    TEMP_FILE_COLUMNS,
    TEXT_COLUMNS,
    PostgresLog,
    frame_of,
)  # fmt: skip
from analysis.sources.pglog.prefix import Who
from analysis.sources.pglog.texts import Texts
from analysis.sql.tags import tags_of

__all__ = ["Collected", "seconds_of"]

ROUTES = ("route", "http.route", "http_route", "endpoint", "action", "path")
REQUESTS = ("request_id", "requestid", "request-id", "req_id", "rid", "correlation_id", "traceparent", "trace_id")
LONGEST_MILLISECONDS = 366 * 86_400_000.0
NUMBERS = ("end", "seconds", "kind", "text", "who", "pid", "native", "route", "request", "file", "line")


def seconds_of(milliseconds: Sequence[bytes]) -> np.ndarray:
    """Return durations [s]; longer ones than a year, which no server writes, are NaN.

    Examples
    --------
    >>> seconds_of([b"1500", b"0.250"]).tolist()
    [1.5, 0.00025]
    """
    found = np.array([float(m) for m in milliseconds], dtype="f8")
    return np.where(found <= LONGEST_MILLISECONDS, found, np.nan) / 1000


class _Words:
    """Words by number, so that a column of them is small."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._rows: dict[str, int] = {}

    def row(self, word: str) -> int:
        row = self._rows.get(word)
        if row is None:
            row = self._rows[word] = len(self.all)
            self.all.append(word)
        return row


class _Column:
    """Durations of one frame as arrays of numbers, a list of arrays a column."""

    def __init__(self) -> None:
        self.parts: dict[str, list[np.ndarray]] = {name: [] for name in NUMBERS}

    def array(self, name: str) -> np.ndarray:
        empty = np.zeros(0, "f8" if name == "seconds" else "i8")
        return np.concatenate(self.parts[name]) if self.parts[name] else empty


class Collected:
    """Takes batches, gives frames.

    Parameters
    ----------
    texts : Texts
        Of the statements.
    whos : list of Who
        Who wrote what, by the row that records carry.
    """

    def __init__(self, texts: Texts, whos: list[Who]) -> None:
        self._texts, self._whos = texts, whos
        self._statements, self._preparations, self._bare = _Column(), _Column(), _Column()
        self._natives, self._routes, self._requests = _Words(), _Words(), _Words()
        self._tags: dict[bytes, tuple[int, int]] = {b"": (self._routes.row(""), self._requests.row(""))}
        self._events: list[Event] = []

    def add(self, batch: Batch, file: int) -> None:
        """Take what some lines of a file (by its place) told."""
        for timed, column in (
            (batch.statements, self._statements), (batch.preparations, self._preparations), (batch.bare, self._bare)
        ):  # fmt: skip
            if timed.end:
                self._add(timed, column, file)
        self._events += batch.events

    def _add(self, timed: Timed, column: _Column, file: int) -> None:
        n = len(timed.end)
        native = self._natives.row
        tags = [self._tagged(c) for c in timed.comment]
        cells: dict[str, Any] = {
            "end": timed.end, "kind": [k == b"execute" or k == b"bind" for k in timed.kind], "text": timed.text,
            "who": [m[0] for m in timed.meta], "pid": [m[1] for m in timed.meta], "line": timed.line,
            "native": [native(m[3].decode("ascii", "replace")) for m in timed.meta],
            "route": [r for r, _ in tags], "request": [q for _, q in tags], "file": np.full(n, file),
        }  # fmt: skip
        for name, values in cells.items():
            column.parts[name].append(np.array(values, dtype="i8"))
        column.parts["seconds"].append(seconds_of(timed.milliseconds))

    def _tagged(self, comment: bytes) -> tuple[int, int]:
        found = self._tags.get(comment)
        if found is None:
            tags = tags_of(comment.decode("utf-8", "replace"))
            route = next((tags[k] for k in ROUTES if tags.get(k)), "")
            request = next((tags[k] for k in REQUESTS if tags.get(k)), "")
            found = (self._routes.row(route), self._requests.row(request))
            if len(self._tags) < 100_000:
                self._tags[comment] = found
        return found

    def log(self, *, bare: bool) -> PostgresLog:
        """Return the frames; with `bare` durations without any text are statements of which no text is known."""
        if bare:
            for name, parts in self._bare.parts.items():
                self._statements.parts[name] += parts
        ids = [*self._texts.ids, ""]  # the last is row -1
        table = self._texts.table()
        texts = pd.DataFrame({n: pd.Series(table[n]).astype(t) for n, t in TEXT_COLUMNS.items()})  # type: ignore[call-overload]
        texts.index = pd.Index(self._texts.ids, dtype="str", name="fingerprint")
        return PostgresLog(
            statements=self._timed(self._statements, ids, ("statement", "execute"), STATEMENT_COLUMNS),
            preparations=self._timed(self._preparations, ids, ("parse", "bind"), PREPARATION_COLUMNS),
            texts=texts,
            connections=self._rare("connections", CONNECTION_COLUMNS, ids),
            lock_waits=self._rare("lock_waits", LOCK_WAIT_COLUMNS, ids),
            temp_files=self._rare("temp_files", TEMP_FILE_COLUMNS, ids),
            checkpoints=self._rare("checkpoints", CHECKPOINT_COLUMNS, ids),
            errors=self._rare("errors", ERROR_COLUMNS, ids),
        )

    def _timed(self, column: _Column, ids: list[str], kinds: tuple[str, str], columns: dict[str, str]) -> pd.DataFrame:
        number = {name: column.array(name) for name in NUMBERS}
        known = ~np.isnan(number["seconds"])
        number = {name: values[known] for name, values in number.items()}
        who = number["who"]
        cells = {
            "duration_seconds": number["seconds"], "kind": _words(number["kind"], kinds),
            "fingerprint": _words(np.where(number["text"] < 0, len(ids) - 1, number["text"]), ids),
            "pid": number["pid"], "file": number["file"], "line": number["line"],
            "route": _words(number["route"], self._routes.all),
            "request_id": _words(number["request"], self._requests.all),
            "native_id": _words(number["native"], self._natives.all),
        }  # fmt: skip
        for name in ("user", "database", "application", "client", "session"):
            cells[name] = _words(who, [getattr(w, name) for w in self._whos])
        return frame_of(number["end"], cells, columns, index="end")

    def _rare(self, table: str, columns: dict[str, str], ids: list[str]) -> pd.DataFrame:
        rows = [self._cells(e, ids) for e in self._events if e.table == table]
        cells: dict[str, Any] = {}
        for name, dtype in columns.items():
            values = [row[name] for row in rows]
            words = _Words()
            cells[name] = (
                _words(np.array([words.row(v) for v in values], "i8"), words.all) if dtype == "category" else values
            )
        us = np.array([e.us for e in self._events if e.table == table], dtype="i8")
        return frame_of(us, cells, columns)

    def _cells(self, event: Event, ids: list[str]) -> dict[str, Any]:
        who = self._whos[event.meta[0]]
        cells = event.cells
        named = cells.get("named", {})
        return {
            "user": named.get("user") or who.user, "database": named.get("database") or who.database,
            "application": named.get("application_name") or who.application,
            "client": named.get("host") or who.client, "pid": event.meta[1], "file": event.file, "line": event.line,
            "fingerprint": ids[cells.get("text", -1)],
        } | {k: v for k, v in cells.items() if k not in ("text", "named")}  # fmt: skip


def _words(rows: np.ndarray, words: Sequence[str]) -> pd.Categorical:
    """Return words by their number as a categorical of those that occur, in order."""
    used, codes = np.unique(rows, return_inverse=True)
    names = pd.Index([words[int(n)] for n in used], dtype="str")
    distinct, places = np.unique(names.to_numpy(dtype=object), return_inverse=True) if len(names) else (names, codes)
    return pd.Categorical.from_codes(places[codes] if len(names) else codes, categories=pd.Index(distinct, dtype="str"))
