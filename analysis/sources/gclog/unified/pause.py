"""The last line of a pause in unified logging: its words to kind and cause, its numbers to bytes and seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from analysis.sources.gclog.rows import Columns

__all__ = [
    "LONGEST_SECONDS",
    "PAUSE",
    "UNITS",
    "UNIT_BYTES",
    "WITHIN",
    "WORDS",
    "PauseHead",
    "array_of",
    "floats",
    "head_columns",
    "loose_pause",
    "pause_columns",
    "pause_head",
    "size_bytes",
    "whole_numbers",
]

LONGEST_SECONDS = 86_400.0  # a stop longer than a day is a broken number
NAN = float("nan")
UNITS = {b"B": 1.0, b"K": 1024.0, b"M": 1024.0**2, b"G": 1024.0**3, b"T": 1024.0**4}
UNIT_BYTES = np.full(256, NAN)
UNIT_BYTES[[unit[0] for unit in UNITS]] = list(UNITS.values())
WORDS = rb"((?:[A-Z][A-Za-z]*+ )++(?:\([^()\n]*+(?:\([^()\n]*+\)[^()\n]*+)*+\) )*+)"
SIZES = rb"(\d++)([BKMGT])->(\d++)([BKMGT])\((\d++)([BKMGT])\)"
PAUSE = rb"Pause " + WORDS + rb"(?:" + SIZES + rb" )?+(\d++\.\d++)ms *(?=\n|\Z)"  # eight groups
LOOSE = re.compile(  # GraalVM's native image has sizes with decimals and no capacity; its first releases no word Pause
    rb"(?:Pause |(?=(?:Incremental|Full) GC \())(.{1,400}?)"
    rb"(?: (\d+(?:\.\d+)?)([BKMGT])->(\d+(?:\.\d+)?)([BKMGT])(?:\((\d+)([BKMGT])\))?)?"
    rb" (\d{1,12}(?:[.,]\d{1,9})?)ms(?: .*)?"
)
WITHIN = re.compile(rb"\((?:VM Thread|[A-Z][A-Za-z]*+#\d++)\) \d++[.,]\d++ms *\Z")  # a part names its thread
GROUP = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)")
NAMES = {
    "Young": "young", "Full": "full", "Remark": "remark", "Cleanup": "cleanup", "Initial Mark": "initial_mark",
    "Mixed": "mixed", "Mark Start": "z_mark_start", "Mark End": "z_mark_end", "Relocate Start": "z_relocate_start",
    "Init Mark": "shen_init_mark", "Final Mark": "shen_final_mark", "Init Update Refs": "shen_init_update",
    "Final Update Refs": "shen_final_update", "Final Roots": "shen_final_roots", "Final Evac": "shen_final_roots",
    "Verify Final Roots": "shen_final_roots", "Degenerated GC": "degenerated",
    "Incremental GC": "young", "Full GC": "full", "Init Traversal": "shen_init_mark",
    "Final Traversal": "shen_final_mark",
}  # fmt: skip
YOUNG_KINDS = {
    "Normal": "young", "Mixed": "mixed", "Concurrent Start": "young_concurrent_start",
    "Initial Mark": "young_concurrent_start", "Prepare Mixed": "young_prepare_mixed",
}  # fmt: skip
FAILURES = {
    "Evacuation Failure": "allocation", "Evacuation Failure: Allocation": "allocation",
    "Evacuation Failure: Pinned": "pinned", "Evacuation Failure: Allocation / Pinned": "both",
}  # fmt: skip
YOUNG = frozenset({"young", "mixed", *YOUNG_KINDS.values()})
OLD = frozenset({"remark", "cleanup", "initial_mark"})
NO_CAUSES = frozenset({"unload classes", "process weakrefs", "update refs", "Young", "Old", "Global", "Mixed", "Major"})


class PauseHead(NamedTuple):
    """What the words of a pause say: `kind`, `cause`, `generation` (young, old, all), `evacuation_failure`."""

    kind: str
    cause: str
    generation: str
    evacuation_failure: str


@lru_cache(maxsize=4096)
def pause_head(words: bytes, prefix: bytes | None = None) -> PauseHead:
    """Return what the words after ``Pause`` say.

    Parameters
    ----------
    words : bytes
        Without sizes and length.
    prefix : bytes, optional
        The letter of generational ZGC: y (minor), Y (the young part of a major collection), O (old).

    Examples
    --------
    >>> pause_head(b"Young (Mixed) (G1 Evacuation Pause) (Evacuation Failure: Pinned) ")
    PauseHead(kind='mixed', cause='G1 Evacuation Pause', generation='young', evacuation_failure='pinned')
    >>> pause_head(b"Full (System.gc())").cause, pause_head(b"Sideways").kind
    ('System.gc()', 'other')
    """
    text = words.decode("utf-8", "replace")
    kind = NAMES.get(text.split("(", 1)[0].strip(), "other")
    groups = GROUP.findall(text)
    failure = next((FAILURES[g] for g in groups if g in FAILURES), "")
    groups = [g for g in groups if not g.startswith("Evacuation Failure")]
    if kind == "young" and groups and groups[0] in YOUNG_KINDS:
        kind = YOUNG_KINDS[groups.pop(0)]
    generation = "young" if kind in YOUNG else "old" if kind in OLD else "all"
    if kind == "initial_mark" and groups:  # of G1: done in a pause of the young generation
        generation = "young"
    if prefix:
        generation = "old" if prefix[:1] == b"O" else "young"
    generation = next((g.lower() for g in groups if g in ("Young", "Old")), generation)
    return PauseHead(kind, next((g for g in groups if g not in NO_CAUSES), ""), generation, failure)


def size_bytes(number: bytes | None, unit: bytes) -> float:
    """Return a size [bytes]; NaN for none.

    Examples
    --------
    >>> size_bytes(b"2", b"K"), size_bytes(None, b"")
    (2048.0, nan)
    """
    return float(number) * UNITS[unit] if number else NAN


def floats(texts: Sequence[bytes | None]) -> np.ndarray:
    """Return numbers as an array; NaN for None.

    Examples
    --------
    >>> floats((b"1.5", None)).tolist()
    [1.5, nan]
    """
    return np.fromiter(map(_float, texts), dtype="f8", count=len(texts))


@lru_cache(maxsize=1 << 16)  # most numbers of a log come again
def _float(text: bytes | None) -> float:
    return NAN if text is None else float(text)


def whole_numbers(texts: Sequence[bytes]) -> np.ndarray:
    """Return whole numbers as an array; those that do not fit as the largest that does.

    Examples
    --------
    >>> whole_numbers((b"7", b"9" * 30)).tolist()
    [7, 9223372036854775807]
    """
    try:
        return np.fromiter(map(int, texts), dtype="i8", count=len(texts))
    except OverflowError:
        return np.array([min(int(x), np.iinfo("i8").max) for x in texts], dtype="i8")


def _sizes(numbers: Sequence[bytes | None], units: Sequence[bytes | None]) -> np.ndarray:
    found: np.ndarray = floats(numbers) * UNIT_BYTES[np.frombuffer(b"".join([u or b"?" for u in units]), dtype="u1")]
    return found


def array_of(cells: Sequence[object]) -> np.ndarray:
    """Return objects as an array (n,) of them, tuples too.

    Examples
    --------
    >>> array_of([(1, 2), (3, 4)]).shape
    (2,)
    """
    return np.fromiter(cells, dtype=object, count=len(cells))


def pause_columns(found: Sequence[tuple[Any, ...]]) -> Columns:
    """Return pauses as columns.

    Parameters
    ----------
    found : sequence of tuple
        Number of the collection, letter of generational ZGC or None, the groups of `PAUSE`, CPU times or None.

    Returns
    -------
    dict of list or ndarray
        Columns of `frames.PAUSE_COLUMNS`, and `head`, a `PauseHead` each, for those that are words;
        `duration_seconds` is NaN where it is longer than a day.

    Examples
    --------
    >>> sizes, cpu = (b"9", b"M", b"5", b"M", b"64", b"M"), (b"0.02", b"0.00", b"0.01")
    >>> row = (b"7", None, b"Full (Ergonomics) ", *sizes, b"11.3", *cpu)
    >>> columns = pause_columns([row])
    >>> columns["head"][0].kind, columns["heap_after_bytes"].tolist(), columns["duration_seconds"].tolist()
    ('full', [5242880.0], [0.0113])
    """
    gcids, letters, words, before, b, after, a, committed, c, millis, *cpu = zip(*found, strict=True)
    seconds = np.round(floats(millis) / 1e3, 9)
    return {
        "gcid": whole_numbers(gcids),
        "duration_seconds": np.where(seconds <= LONGEST_SECONDS, seconds, NAN),
        "head": array_of(list(map(pause_head, words, letters))),
        "heap_before_bytes": _sizes(before, b),
        "heap_after_bytes": _sizes(after, a),
        "heap_committed_bytes": _sizes(committed, c),
    } | {f"{name}_seconds": floats(texts) for name, texts in zip(("user", "sys", "real"), cpu, strict=True)}


def head_columns(heads: np.ndarray) -> Columns:
    """Return what the words of pauses (n,) say as columns, an array of str each.

    Examples
    --------
    >>> head_columns(array_of([pause_head(b"Remark "), pause_head(b"Full (Ergonomics) ")]))["cause"].tolist()
    ['', 'Ergonomics']
    """
    _, first, of = np.unique(np.fromiter(map(id, heads), "i8", len(heads)), return_index=True, return_inverse=True)
    return {name: array_of([getattr(head, name) for head in heads[first]])[of] for name in PauseHead._fields}


def loose_pause(text: bytes) -> tuple[bytes | None, ...] | None:
    """Return the groups of `PAUSE` of a pause that is written otherwise: decimal comma, unknown words; None if none.

    Examples
    --------
    >>> loose_pause(b"Pause Full (Allocation Failure) 9M->5M(64M) 11,3ms")[-1]
    b'11.3'
    >>> loose_pause(b"Full GC (Collect on allocation) 8.25M->4.00M 1.9ms")[:3]
    (b'Full GC (Collect on allocation)', b'8.25', b'M')
    >>> loose_pause(b"Pause for thought")
    """
    found = LOOSE.fullmatch(text)
    return None if found is None else (*found.groups()[:-1], found[8].replace(b",", b"."))
