"""The text of a stop in a GC log of JDK 8 and before, to a pause: kind, cause, sizes, duration, CPU times."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.sources.gclog.legacy.pause_row import Pause, add_g1_sizes, add_times, fill
from analysis.sources.gclog.legacy.records import HEAD, TIMES, Record, close, stamped_from
from analysis.sources.gclog.legacy.sizes import Sizes, read_sizes, rest_of, size_bytes
from analysis.sources.gclog.legacy.stamps import NUMBER, STAMP, Stamp, later, read_stamp, seconds
from analysis.sources.gclog.rows import NO_CLOCK

__all__ = ["MARKS", "collector_of", "cut_pause", "read_pauses"]

NAN = float("nan")
GROUP = rb"\((?:[^()]|\([^()]*\))*\)"
# `[GC (cause) --`, `[Full GC (cause)`, `[GC pause (cause) (young) (initial-mark)`, `[GC remark`
OPENING = re.compile(rb"\[(Full )?GC(?: (pause|remark|cleanup))?(--)?((?: ?%b)*)(?: ?(--))?" % GROUP)
GROUPS = re.compile(GROUP)
NO_CAUSES = frozenset(
    (b"(young)", b"(mixed)", b"(partial)", b"(initial-mark)", b"(to-space exhausted)", b"(to-space overflow)")
)
NOTES = (b"concurrent mode failure", b"concurrent mode interrupted", b"promotion failed")
MARK = re.compile(rb"CMS-(initial-mark|remark): ([0-9]+)K\(([0-9]+)K\)\] ([0-9]+)K\(([0-9]+)K\)")
# without details neither of the two marks of CMS is named: `[GC 123K(456K), 0.1 secs]`
BARE_MARK = re.compile(rb" ([0-9]+)K\(([0-9]+)K\), ")
TOOK = re.compile(rb", (%b) secs\]" % NUMBER)
# the serial young collection tells no size without details if it fails: `[GC (cause) , 0.1 secs]`
BARE_FAILURE = re.compile(rb"\s*, %b secs\]" % NUMBER)
MARKS = {"initial_mark": "CMS Initial Mark", "remark": "CMS Final Remark"}
NESTED = 8  # pauses inside one


def _areas(sizes: dict[str, Sizes], *, parallel: bool) -> dict[str, Sizes]:
    """Return the sizes with the area that is not printed: the heap less the other one."""
    heap, young, old = (sizes.get(area) for area in ("heap", "young", "old"))
    if heap is None:
        return sizes
    if young is None and old is not None:
        return sizes | {"young": rest_of(heap, old)}
    if old is None and young is not None:
        return sizes | {"old": rest_of(heap, young)}
    if young is not None and old is not None and not parallel:
        # what is printed of the young area is how it stood when the collection of all began
        return sizes | {"young": (young[0], rest_of(heap, old)[1], young[2])}
    return sizes


def collector_of(text: bytes) -> str:
    """Return the collector whose words a record has; empty where any could have written it.

    Examples
    --------
    >>> collector_of(b"[GC [PSYoungGen: "), collector_of(b"[Full GC 9K->")
    ('Parallel', '')
    """
    if b"[GC pause" in text or b"[GC remark" in text or b"[GC cleanup" in text or b"[Eden:" in text:
        return "G1"
    if b"[PS" in text or b"[ASPS" in text or b"[ParOldGen" in text:
        return "Parallel"
    if b"ParNew" in text or b"CMS" in text:
        return "CMS"
    return "Serial" if b"[DefNew" in text or b"[Tenured" in text else ""


def _cause(groups: list[bytes]) -> str:
    return next((group[1:-1].decode("ascii", "replace") for group in groups if group not in NO_CAUSES), "")


def _note(text: bytes) -> str:
    return next((note.decode() for note in NOTES if b"(" + note in text), "")


def _kind(opening: re.Match[bytes], text: bytes, sizes: dict[str, Sizes]) -> tuple[str, str]:
    what = opening[2]
    if what == b"pause":
        if b"(initial-mark)" in text:
            return "young_concurrent_start", "young"
        return ("mixed", "young") if b"(mixed)" in text or b"(partial)" in text else ("young", "young")
    if what is not None:
        return what.decode(), "old"
    if mark := MARK.search(text):
        return mark[1].decode().replace("-", "_"), "old"
    # a young collection that went on to collect the old area is one of all
    return ("full", "all") if opening[1] or "old" in sizes else ("young", "young")


def _marks(pause: Pause, text: bytes) -> None:
    """Fill in how full the heap is at a mark of CMS: before and after are the same."""
    if found := MARK.search(text):
        old, old_room, heap, room = (size_bytes(found[i], b"K") for i in (2, 3, 4, 5))
        fill(pause, {"heap": (heap, heap, room), "old": (old, old, old_room)})
        return
    if pause.kind == "young" and b"->" not in text and (found := BARE_MARK.search(text)):
        heap, room = size_bytes(found[1], b"K"), size_bytes(found[2], b"K")
        pause.collector, pause.kind, pause.generation = "CMS", "bare_mark", "old"
        fill(pause, {"heap": (heap, heap, room)})


def _failure(opening: re.Match[bytes], text: bytes) -> str:
    dashed = opening[3] is not None or opening[5] is not None
    if b"(to-space " in text or (dashed and opening[2]):
        return "to_space_exhausted"
    bare = not opening[1] and not opening[2] and BARE_FAILURE.match(text, opening.end())
    return "promotion_failed" if dashed or bare or b"(promotion failed" in text else ""


def read_pauses(record: Record, *, inherited: Stamp | None = None) -> list[Pause]:
    """Return the pause that a record tells of, and after it those that are nested in it.

    A mark of CMS whose kind is not told (no details) has the kind "bare_mark".

    Parameters
    ----------
    record : Record
        A whole record.
    inherited : Stamp, optional
        Makes the pause one that is nested in another, whose stamp it takes where it has none.

    Raises
    ------
    ValueError
        If it is no pause, or a number in it is broken.

    Examples
    --------
    >>> text = b"2.500: [GC 2.500: [ParNew: 9K->2K(10K), 0.1 secs] 30K->23K(50K), 0.25 secs]"
    >>> (pause,) = read_pauses(Record((7,), text))
    >>> pause.kind, pause.stamp_seconds, pause.old_before_bytes / 1024, pause.collector
    ('young', 2.75, 21.0, 'CMS')
    """
    text, inner = _without_nested(record)
    stamped = STAMP.match(text)
    opening = OPENING.search(text)
    took = TOOK.findall(text)
    if stamped is None or opening is None or not took:
        raise ValueError("no pause")
    stamp, duration = read_stamp(stamped), seconds(took[-1])
    if inherited is not None and stamp.clock_us == NO_CLOCK:
        stamp = stamp._replace(clock_us=inherited.clock_us)
    sizes = read_sizes(text)
    end = later(stamp, duration)
    pause = Pause(record.lines[0], end.clock_us, end.uptime_seconds, stamp.uptime_seconds, duration, stamp.gcid)
    pause.collector = collector_of(text)
    pause.kind, pause.generation = _kind(opening, text, sizes)
    pause.note = _note(text) if b"ed)" in text or b"failure)" in text else ""
    # without PrintGCCause what went wrong is all that is told
    pause.cause = _cause(GROUPS.findall(opening[4])) or pause.note
    pause.evacuation_failure = _failure(opening, text)
    pause.nested = inherited is not None
    fill(pause, _areas(sizes, parallel=b"PSYoungGen" in text))
    _marks(pause, text)
    times = text.rfind(b"[Times: ")
    if times >= 0 and text.find(b"]", times) == len(text) - 1:  # others are those of a phase that it cut off
        add_times(pause, text[times:])
    add_g1_sizes(pause, text)
    return [pause, *(p for one in inner for p in read_pauses(one, inherited=stamp))]


def cut_pause(lines: Sequence[int], parts: Sequence[bytes]) -> Pause | None:
    """Return a pause that has no end, as long as its part that was told; None unless a collection in it ended.

    Parameters
    ----------
    lines : sequence of int
        Their numbers.
    parts : sequence of bytes
        What they say.

    Examples
    --------
    >>> pause = cut_pause([7], [b"1.500: [GC 1.500: [ParNew (promotion failed): 9K->9K(9K), 0.7 secs]2.200: [CMS"])
    >>> pause.kind, pause.duration_seconds, pause.evacuation_failure
    ('full', 0.7, 'promotion_failed')
    """
    text = b" ".join(parts)
    if "young" not in read_sizes(text):
        return None
    try:
        pause = read_pauses(Record(tuple(lines), text))[0]
    except ValueError:
        return None
    if b"[CMS" in text or b"[Tenured" in text:
        pause.kind, pause.generation = "full", "all"
    return pause


def _without_nested(record: Record) -> tuple[bytes, list[Record]]:
    """Return the text of a record without the pauses inside it, and those."""
    text = record.text
    inner: list[Record] = []
    first = HEAD.search(text)
    while first and len(inner) < NESTED and (head := HEAD.search(text, first.end())):
        end, _ = close(text, head.start(), 0)
        if end < 0:
            raise ValueError("a pause inside a pause has no end")
        times = TIMES.match(text, end)
        end = times.end() if times else end
        start = stamped_from(text, first.end(), head.start())
        inner.append(Record(record.lines, text[start:end]))
        text = text[:start] + b" " + text[end:]
    return text, inner
