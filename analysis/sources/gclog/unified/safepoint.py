"""Safepoints in unified logging: how JDK 13 to 25 and JDK 9 to 12 write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.sources.gclog.rows import Columns
from analysis.sources.gclog.unified.pause import LONGEST_SECONDS

__all__ = ["PARTS", "SAFEPOINT", "one_safepoint", "operation_of", "safepoint_columns"]

NAN = float("nan")
PARTS = ("since_last", "reaching", "cleanup", "at", "leaving", "total")
SAFEPOINT = re.compile(
    rb'\] Safepoint "([^"\n]*+)", Time since last: (\d++) ns, Reaching safepoint: (\d++) ns(?:, Cleanup: (\d++) ns)?+'
    rb"(?:, At safepoint: (\d++) ns)?+(?:, Leaving safepoint: (\d++) ns)?+, Total: (\d++) ns"
)
NAMED = re.compile(rb'Safepoint "([^"]*)", (.*)')
PAIR = re.compile(rb"([A-Z][A-Za-z ]*): (\d{1,19}) ns")
NAMES = {b"Time since last": 0, b"Reaching safepoint": 1, b"Cleanup": 2, b"At safepoint": 3, b"Leaving safepoint": 4,
         b"Total": 5}  # fmt: skip
STOPPED = re.compile(
    rb"Total time for which application threads were stopped: (\d{1,9}[.,]\d{1,9}) seconds"
    rb"(?:, Stopping threads took: (\d{1,9}[.,]\d{1,9}) seconds)?\s*"
)


def safepoint_columns(found: Sequence[tuple[Any, ...]]) -> Columns:
    """Return safepoints as columns.

    Parameters
    ----------
    found : sequence of tuple
        Operation, then the six lengths of `PARTS` [ns, as text or number; None unknown].

    Returns
    -------
    dict of list or ndarray
        `total_seconds` is NaN where it is longer than a day.

    Examples
    --------
    >>> columns = safepoint_columns([(b"Halt", b"5000", b"2000", None, None, None, b"9000")])
    >>> columns["operation"].tolist(), columns["total_seconds"].tolist(), columns["at_seconds"].tolist()
    (['Halt'], [9e-06], [nan])
    """
    operations, *nanos = zip(*found, strict=True)
    out = {f"{name}_seconds": np.round(_floats(texts) * 1e-9, 9) for name, texts in zip(PARTS, nanos, strict=True)}
    total = out["total_seconds"]
    out["total_seconds"] = np.where(total <= LONGEST_SECONDS, total, NAN)
    return {"operation": np.array(list(map(operation_of, operations)), dtype=object), **out}


def _floats(texts: tuple[Any, ...]) -> np.ndarray:
    if None in texts or not isinstance(texts[0], bytes):
        return np.full(len(texts), NAN) if not any(texts) else np.array([NAN if x is None else float(x) for x in texts])
    return np.fromiter(map(int, texts), dtype="f8", count=len(texts))


@lru_cache(maxsize=4096)
def operation_of(operation: bytes) -> str:
    """Return the name of an operation as text.

    Examples
    --------
    >>> operation_of(b"Halt")
    'Halt'
    """
    return operation.decode("utf-8", "replace")


def one_safepoint(text: bytes, operation: bytes = b"") -> tuple[Any, ...]:
    """Return what the last line of a safepoint says, in any of its forms: operation and six lengths [ns].

    Parameters
    ----------
    text : bytes
        What follows the decorations.
    operation : bytes
        Named by an earlier line, in JDK 9 to 12.

    Raises
    ------
    ValueError
        If it is no such line.

    Examples
    --------
    >>> one_safepoint(b'Safepoint "Halt", Total: 9000 ns, Threads: 0 runnable, 10 total')[-1]
    b'9000'
    """
    if found := NAMED.match(text):
        parts: list[bytes | None] = [None] * 6
        for name, nanos in PAIR.findall(found[2]):
            if name in NAMES:
                parts[NAMES[name]] = nanos
        if parts[5] is None:
            raise ValueError("a safepoint without a total")
        return (found[1], *parts)
    if stopped := STOPPED.fullmatch(text):
        total, reaching = (None if x is None else float(x.replace(b",", b".")) * 1e9 for x in stopped.groups())
        return operation, None, reaching, None, None, None, total
    raise ValueError("no safepoint")
