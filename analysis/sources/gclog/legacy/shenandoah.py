"""Shenandoah's lines of JDK 8: `[Pause Init Mark, 0.5 ms]`, `[Concurrent marking, start]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.sources.gclog.legacy.pause_row import Pause
from analysis.sources.gclog.legacy.records import Record
from analysis.sources.gclog.legacy.sizes import read_sizes
from analysis.sources.gclog.legacy.stamps import NUMBER, STAMP, Stamp, later, read_stamp, seconds

__all__ = ["Concurrent", "Shenandoah", "is_shenandoah"]

LINE = re.compile(rb"\[(Pause|Concurrent) ([A-Za-z ]{2,40}?)(?: \(([^()]{1,60})\))?(?: \d[^][,]{0,80})?\s*[,[]")
TOOK = re.compile(rb", ?(%b) ms\]" % NUMBER)
KINDS = {
    "Init Mark": "shen_init_mark", "Final Mark": "shen_final_mark", "Init Update Refs": "shen_init_update",
    "Final Update Refs": "shen_final_update", "Final Roots": "shen_final_roots", "Full": "full",
    "Degenerated GC": "degenerated",
}  # fmt: skip


class Concurrent(NamedTuple):
    """A concurrent phase, and the stamp at its end; `after_bytes` of the heap where it is told."""

    line: int
    name: str
    took_seconds: float
    end: Stamp
    after_bytes: float


def is_shenandoah(text: bytes) -> bool:
    """Return whether a record is one of Shenandoah.

    Examples
    --------
    >>> is_shenandoah(b"1.500: [Pause Init Mark, 0.5 ms]"), is_shenandoah(b"1.500: [GC 9K->1K(9K), 0.1 secs]")
    (True, False)
    """
    return b"[Pause " in text or b"[Concurrent " in text


@dataclass
class Shenandoah:
    """Remembers what has begun: stamps are those of the end where a line told of the begin, else of the begin.

    Examples
    --------
    >>> shenandoah = Shenandoah()
    >>> shenandoah.read(Record((1,), b"1.500: [Pause Full, start]"))
    >>> shenandoah.read(Record((2,), b"1.750: [Pause Full 9M->2M(20M), 250.0 ms]")).stamp_seconds
    1.75
    """

    begun: set[bytes] = field(default_factory=set)

    def read(self, record: Record) -> Pause | Concurrent | None:
        """Return the pause or the phase that a record tells of, None if it only begins.

        Raises
        ------
        ValueError
            If it is neither, or a number in it is broken.
        """
        text = record.text
        found, stamped = LINE.search(text), STAMP.match(text)
        if found is None or stamped is None:
            raise ValueError("neither a pause nor a phase")
        name = b"%b %b" % (found[1], found[2])
        stamp = read_stamp(stamped)
        if b", start]" in text:
            self.begun.add(name)
            return None
        took = TOOK.search(text)
        if took is None:
            raise ValueError("no duration")
        duration = seconds(took[1], longest=86_400e3) / 1e3
        end = stamp if name in self.begun else later(stamp, duration)
        self.begun.discard(name)
        before, after, room = read_sizes(text).get("heap", (float("nan"),) * 3)
        if found[1] == b"Concurrent":
            return Concurrent(record.lines[0], found[2].decode(), duration, end, after)
        pause = Pause(record.lines[0], *end[:2], stamp.uptime_seconds, duration, stamp.gcid, "Shenandoah")
        pause.kind = KINDS.get(found[2].decode(), "other")
        pause.heap_before_bytes, pause.heap_after_bytes, pause.heap_committed_bytes = before, after, room
        return pause
