"""Sizes in GC logs of JDK 8 and before: `A->B(C)` of the heap and of its areas, and the detail line of G1."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["UNKNOWN", "G1Sizes", "Sizes", "g1_sizes", "read_sizes", "rest_of", "size_bytes"]

N = rb"([0-9]{1,15}(?:[.,][0-9]{1,3})?)([BKMGT]?)"
AFTER = re.compile(rb"->%b\(%b\)" % (N, N))
# what stands before: `[ParNew (promotion failed): 1K` is of an area, without a name of the heap
NAMED = re.compile(rb"\[([A-Z][A-Za-z]{0,24}+(?: [A-Z][a-z]{1,12})?+)[^][]*?: ?%b\Z" % N)
SIZE = re.compile(N + rb"\Z")
STEADY = re.compile(rb"\[[^][>]*\]")  # brackets in which no size changes: `[WeakReference, 12 refs, 0.1 secs]`
DEEPEST = 8  # of those, inside each other
LONGEST = 24  # of a size [bytes of text]
EDEN = re.compile(
    rb"\[Eden: %b\(%b\)->%b\(%b\) Survivors: %b->%b Heap: %b\(%b\)->%b\(%b\)\]" % ((N,) * 10)
)  # fmt: skip
SCALE = {b"": 1, b"B": 1, b"K": 1 << 10, b"M": 1 << 20, b"G": 1 << 30, b"T": 1 << 40}

Sizes = tuple[float, float, float]  # before, after, committed [bytes]
UNKNOWN: Sizes = (float("nan"), float("nan"), float("nan"))


class G1Sizes(NamedTuple):
    """What `[Eden: ... Survivors: ... Heap: ...]` says: young is eden and survivors, old is the rest."""

    heap: Sizes
    young: Sizes
    old: Sizes


def size_bytes(number: bytes, unit: bytes) -> float:
    """Return a size [bytes], K = 1024.

    Examples
    --------
    >>> size_bytes(b"1.5", b"K"), size_bytes(b"2,0", b"M")
    (1536.0, 2097152.0)
    """
    return float(number.replace(b",", b".") if b"," in number else number) * SCALE[unit]


def _area(name: bytes) -> str:
    if b"New" in name or b"Young" in name:
        return "young"
    if b"Perm" in name or b"Metaspace" in name:
        return "metaspace"
    return "heap" if not name or name.startswith((b"GC", b"Full")) else "old"


def read_sizes(text: bytes) -> dict[str, Sizes]:
    """Return the changes in size [bytes] of "heap", "young", "old" and "metaspace" that a record names.

    Of several changes of the heap the last counts, of an area the first. A size is of the area in whose brackets it
    stands, whatever was printed in brackets of its own between the name and the size.

    Examples
    --------
    >>> read_sizes(b"[GC [ParNew: 9K->2K(10K), 0.1 secs] 30K->23K(50K), 0.1 secs]")
    {'young': (9216.0, 2048.0, 10240.0), 'heap': (30720.0, 23552.0, 51200.0)}
    >>> read_sizes(b"[Tenured1.5: [WeakReference, 7 refs, 0.1 secs]: 9K->2K(10K), 0.1 secs]")
    {'old': (9216.0, 2048.0, 10240.0)}
    """
    sizes: dict[str, Sizes] = {}
    last = 0
    for _ in range(DEEPEST):
        text, steady = STEADY.subn(b"", text)
        if not steady:
            break
    for found in AFTER.finditer(text):
        at = found.start()
        bracket = max(text.rfind(b"[", last, at), last)
        named = NAMED.match(text, bracket, at)
        before = named or SIZE.search(text, max(last, at - LONGEST), at)
        last = found.end()
        area = _area(named[1]) if named else "heap"
        if before and (area == "heap" or area not in sizes):
            after, room = size_bytes(found[1], found[2]), size_bytes(found[3], found[4])
            sizes[area] = (size_bytes(*before.groups()[-2:]), after, room)
    return sizes


def rest_of(whole: Sizes, part: Sizes) -> Sizes:
    """Return the size of one area [bytes]: the heap less the other; rounding makes it no less than nothing.

    Examples
    --------
    >>> rest_of((9.0, 5.0, 20.0), (3.0, 6.0, 12.0))
    (6.0, 0.0, 8.0)
    """
    (before, after, room), (before_part, after_part, room_part) = whole, part
    return max(before - before_part, 0.0), max(after - after_part, 0.0), max(room - room_part, 0.0)


def g1_sizes(text: bytes) -> G1Sizes | None:
    """Return the sizes [bytes] of G1's detail line, None if there is none.

    Examples
    --------
    >>> line = b"[Eden: 8M(8M)->0B(6M) Survivors: 1M->2M Heap: 20M(32M)->15M(32M)]"
    >>> [size / 2**20 for size in g1_sizes(line).young + g1_sizes(line).old]
    [9.0, 2.0, 8.0, 11.0, 13.0, 24.0]
    """
    at = text.find(b"[Eden: ")
    found = EDEN.match(text, at) if at >= 0 else None
    if found is None:
        return None
    sizes = iter(found.groups())
    eden, _, eden_after, eden_room, survivors, survivors_after, heap, _, heap_after, room = map(
        size_bytes, sizes, sizes
    )
    young = (eden + survivors, eden_after + survivors_after, eden_room + survivors_after)
    # each number is rounded by itself, so that the difference can fall short of nothing
    return G1Sizes((heap, heap_after, room), young, rest_of((heap, heap_after, room), young))
