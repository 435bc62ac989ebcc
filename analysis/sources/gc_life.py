"""A life of the JVM while its GC log is read: what it names of itself, its lines so far, and the holes in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from analysis.sources.gc_holes import Chain
from analysis.sources.gc_lines import Decorations, decorations

__all__ = ["INIT", "READ", "Life", "collector_of", "holes_of", "take_init", "time_of"]

NAN = float("nan")
TAIL_US = 30_000_000  # last lines, as of the heap at exit, have no number: so long after the others they vouch for none
COLLECTORS = {
    b"G1": "G1", b"Serial": "Serial", b"Parallel": "Parallel", b"Concurrent Mark Sweep": "CMS",
    b"The Z Garbage Collector": "ZGC", b"Shenandoah": "Shenandoah", b"Epsilon": "Epsilon",
}  # fmt: skip
READ = frozenset({"", "G1", "Serial", "Parallel", "CMS"})
INIT = re.compile(rb"(Version|CPUs|Parallel Workers): (\S+)")


@dataclass
class Life:
    """One JVM: its first line, its last one and the one before that, and what the lines told."""

    first: Decorations
    last: bytes
    uptime_seconds: float
    collector: str = ""
    version: str = ""
    cpus: float = NAN
    workers: float = NAN
    recognised: int = 0
    unrecognised: int = 0
    previous: bytes = b""
    numbered: bytes = b""  # the last line that would show a hole before it
    chain: Chain = field(default_factory=Chain)


def collector_of(text: bytes) -> str | None:
    """Return the collector that a line "Using ..." names; None if it is not known.

    Examples
    --------
    >>> collector_of(b"Using Concurrent Mark Sweep"), collector_of(b"Using 2 workers")
    ('CMS', None)
    """
    name = text[6:].strip()
    return next((short for long, short in COLLECTORS.items() if name.startswith(long)), None)


def take_init(life: Life, name: bytes, said: bytes) -> None:
    """Take what a line of ``gc,init`` says of version, CPUs or workers."""
    if name == b"Version":
        life.version = said.decode("utf-8", "replace")
    elif name == b"CPUs":
        life.cpus = float(int(said))
    else:
        life.workers = float(int(said))


def time_of(line: bytes, life: Life) -> int:
    """Return the stamp of a line of a life [us]; its first if that is broken, or earlier."""
    try:
        return max(decorations(line).end_us, life.first.end_us)
    except ValueError:
        return life.first.end_us


def holes_of(life: Life) -> list[tuple[int, int]]:
    """Return the holes of a life; all of it where collections have neither pauses nor safepoints."""
    if life.chain.latest >= 0 and not life.chain.stops and life.collector in READ:
        return [(life.first.end_us, max(time_of(life.last, life), life.first.end_us + 1))]
    last = time_of(life.last, life)
    told = time_of(life.numbered, life) if life.numbered else last
    return life.chain.found(last) + ([(told, last)] if last - told > TAIL_US else [])
