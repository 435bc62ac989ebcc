"""The commonest pauses of JDK 8 and before, one line each: found in one look, read by columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from analysis.sources.gclog.legacy.pause import collector_of
from analysis.sources.gclog.legacy.stamps import STAMPS, Stamp, clock_us_of
from analysis.sources.gclog.rows import NO_CLOCK, Columns

__all__ = ["Quick", "quick_columns", "quick_look", "quick_stamp"]

K, NAN = 1024.0, float("nan")
NUMBER = rb"([0-9]{1,4}[.,][0-9]{1,9})"
CAUSE = rb"(?: \(([A-Za-z][A-Za-z0-9 .-]{2,50}(?:\(\))?)\))?"
CHANGE = rb"([0-9]{1,12})K->([0-9]{1,12})K\(([0-9]{1,12})K\)"
INNER = rb"(?:[-0-9T:+.,]{5,40}: ){0,2}"  # stamps inside
# `[GC (cause) [PSYoungGen: 3K->2K(9K)] [ParOldGen: ...] 9K->5K(20K), [Metaspace: ...], 0.1 secs] [Times: ...]`
LINE = re.compile(
    rb"%b\[(Full )?GC%b {0,2}"
    rb"(?:%b\[(PSYoungGen|ParNew|DefNew) ?: %b(?:, [0-9.,]{5,12} secs)?\] ?)?"
    rb"(?:%b\[(PSOldGen|ParOldGen|Tenured|CMS) ?: %b(?:, [0-9.,]{5,12} secs)?\] ?)? ?"
    rb"%b(?:,? \[(PSPermGen|CMS Perm |Perm |Metaspace): %b\])?(?: icms_dc=[0-9]{1,3} )?, %b secs\]"
    rb"(?: \[Times: user=%b sys=%b, real=%b secs\])?"
    % (STAMPS, CAUSE, INNER, CHANGE, INNER, CHANGE, CHANGE, CHANGE, NUMBER, NUMBER, NUMBER, NUMBER)
)
Quick = tuple[Any, ...]  # clock at the start [us], then what LINE found after the date


def quick_look(text: bytes) -> Quick | None:
    """Return what a line says that is one of the commonest forms, None if it is another.

    The general way (`legacy_records`, `legacy_pause`) reads the same from the same text, more slowly.

    Parameters
    ----------
    text : bytes
        The line without blanks at its end, or the text of a record.

    Raises
    ------
    ValueError
        If its date does not exist.

    Examples
    --------
    >>> quick_look(b"2.500: [GC remark, 0.1 secs]") is None
    True
    """
    found = LINE.fullmatch(text)
    if found is None:
        return None
    date, *rest = found.groups()
    # details without CPU times may have them on the next line, which is for the general way to see
    if rest[-1] is None and (rest[4] or rest[8]):
        return None
    return NO_CLOCK if date is None else clock_us_of(date), *rest


def quick_stamp(found: Quick) -> tuple[Stamp, float]:
    """Return the stamp of a pause as printed, at its start, and how long it was [s].

    Examples
    --------
    >>> quick_stamp(quick_look(b"2,500: [GC 9K->5K(20K), 0,25 secs]"))[1]
    0.25
    """
    uptime, took = _decimals((found[1], found[-4]))
    return Stamp(found[0], uptime), float(took)


def _floats(texts: Sequence[bytes | None], scale: float = 1.0) -> np.ndarray:
    if None in texts:
        return np.array([NAN if x is None else float(x) for x in texts]) * scale
    return np.fromiter(map(float, texts), dtype="f8", count=len(texts)) * scale  # type: ignore[arg-type]


def _decimals(texts: Sequence[bytes | None]) -> np.ndarray:
    known = [x for x in texts if x is not None] if None in texts else texts
    if b"," in b"".join(known):  # type: ignore[arg-type]
        texts = [x and x.replace(b",", b".") for x in texts]
    return _floats(texts)


@lru_cache(maxsize=256)
def _collector(*names: bytes | None) -> str:
    return collector_of(b"".join(b"[" + name for name in names if name))


def _other(heap: np.ndarray, part: np.ndarray) -> np.ndarray:
    rest: np.ndarray = np.maximum(heap - part, 0.0)
    return rest


def quick_columns(lines: Sequence[int], found: Sequence[Quick]) -> Columns:
    """Return pauses as columns of `rows.Rows.pauses`.

    Parameters
    ----------
    lines : sequence of int
        Their numbers.
    found : sequence of Quick
        What `quick_look` returned of each.

    Returns
    -------
    dict of list or ndarray, shape (n,)
        Sizes in bytes; stamps at the end of the pauses.

    Examples
    --------
    >>> text = b"2.500: [GC 2.500: [ParNew: 9K->2K(10K), 0.1234567 secs] 30K->23K(50K), 0.250 secs]"
    >>> text += b" [Times: user=0.1 sys=0.0, real=0.3 secs]"
    >>> columns = quick_columns([7], [quick_look(text)])
    >>> columns["kind"], columns["stamp_seconds"].tolist(), columns["old_before_bytes"].tolist(), columns["collector"]
    (['young'], [2.75], [21504.0], ['CMS'])
    """
    (clock, uptime, gcid, full, cause, young, yb, ya, yc, old, ob, oa, oc, hb, ha, hc, perm, mb, ma, mc, took,
     *cpu) = zip(*found, strict=True)  # fmt: skip
    duration, uptimes = _decimals(took), _decimals(uptime)
    starts = np.array(clock, dtype="i8")
    ends = np.where(starts == NO_CLOCK, NO_CLOCK, starts + np.rint(duration * 1e6).astype("i8"))
    heap, news, olds = ([_floats(x, K) for x in sizes] for sizes in ((hb, ha, hc), (yb, ya, yc), (ob, oa, oc)))
    with_new, with_old = np.isfinite(news[0]), np.isfinite(olds[0])
    rest = [_other(whole, part) for whole, part in zip(heap, olds, strict=True)]
    # what is printed of the young area is how it stood when the collection of all began, but by Parallel
    emptied = with_old & np.array([name != b"PSYoungGen" for name in young])
    olds = [np.where(with_old, printed, _other(h, n)) for printed, h, n in zip(olds, heap, news, strict=True)]
    news = [np.where(with_new, printed, r) for printed, r in zip(news, rest, strict=True)]
    news[1] = np.where(emptied, rest[1], news[1])
    of_all = with_old | np.array([x is not None for x in full])
    areas = {"heap": heap, "young": news, "old": olds, "metaspace": [_floats(x, K) for x in (mb, ma, mc)]}
    user, sys, real = map(_decimals, cpu)
    return {
        "line": np.array(lines, dtype="i8"), "clock_us": ends, "stamp_seconds": uptimes + duration,
        "uptime_seconds": uptimes, "duration_seconds": duration,
        "gcid": np.array([-1 if x is None else int(x) for x in gcid]),
        "collector": [_collector(*names) for names in zip(young, old, perm, cause, strict=True)],
        "kind": ["full" if x else "young" for x in of_all], "generation": ["all" if x else "young" for x in of_all],
        "cause": [x.decode() if x else "" for x in cause], "nested": [False] * len(found),
        "evacuation_failure": [""] * len(found),
    } | {
        f"{area}_{what}_bytes": cells
        for area, sizes in areas.items() for what, cells in zip(("before", "after", "committed"), sizes, strict=True)
    } | {
        "promoted_bytes": np.where(of_all | ~with_new, NAN, olds[1] - olds[0]),
        "user_seconds": user, "sys_seconds": sys, "real_seconds": real, "workers": np.full(len(found), NAN),
    }  # fmt: skip
