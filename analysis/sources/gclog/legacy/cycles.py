"""Concurrent collections of CMS, G1 and Shenandoah of JDK 8 and before, from their pauses and phases."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.sources.gclog.legacy.pause_row import Pause
from analysis.sources.gclog.legacy.shenandoah import Concurrent
from analysis.sources.gclog.legacy.stamps import NO_STAMP, Stamp
from analysis.sources.gclog.rows import NO_CLOCK

__all__ = ["Cycle", "Cycles", "Phase", "between", "start_of"]

NAN = float("nan")


@dataclass(slots=True)
class Phase:
    """A row of phases."""

    line: int
    clock_us: int
    stamp_seconds: float
    duration_seconds: float
    gcid: int
    name: str


@dataclass(slots=True)
class Cycle:
    """A row of cycles; stamps at its end, `first` where it began."""

    line: int
    clock_us: int
    stamp_seconds: float
    duration_seconds: float
    gcid: int
    collector: str
    kind: str
    cause: str
    aborted: bool
    heap_before_bytes: float
    heap_after_bytes: float
    first: Stamp


def between(first: Stamp, last: Stamp) -> float:
    """Return how long it is from one stamp to another [s], by the uptime if both have one; NaN if unknown.

    Examples
    --------
    >>> between(Stamp(0, 1.5), Stamp(9_000_000, 4.0)), between(Stamp(0), Stamp(9_000_000))
    (2.5, 9.0)
    """
    took = last.uptime_seconds - first.uptime_seconds
    if took == took:
        return max(took, 0.0)
    if NO_CLOCK in (first.clock_us, last.clock_us):
        return NAN
    return max((last.clock_us - first.clock_us) / 1e6, 0.0)


@dataclass
class Cycles:
    """Puts cycles together; `done` are those that ended, in order of the line where they began."""

    done: list[Cycle] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    open: Cycle | None = None
    pauses: tuple[Pause | None, Pause | None] = (None, None)  # the first of the open cycle, the last of the last one
    begun: dict[str, Stamp] = field(default_factory=dict)
    last_cleanup: Concurrent | None = None

    def see_pause(self, pause: Pause) -> None:
        """Begin or end a cycle with a pause."""
        end = Stamp(pause.clock_us, pause.stamp_seconds, pause.gcid)
        if pause.kind == "initial_mark":
            self._begin(pause.line, "CMS", start_of(pause))
        elif pause.kind == "young_concurrent_start":
            self._begin(pause.line, "G1", end)
        elif pause.kind == "shen_init_mark":
            self._close_shenandoah()
            self._begin(pause.line, "Shenandoah", start_of(pause))
        elif pause.kind == "cleanup":
            self._end(end, after=pause.heap_after_bytes)
            return
        elif pause.kind == "full" and pause.note.startswith("concurrent"):
            self._end(end, cause=pause.note, aborted=True, after=pause.heap_after_bytes)
            return
        else:
            return
        if self.open is not None:
            self.open.cause = pause.cause
            self.pauses = (pause, self.pauses[1])

    def _begin(self, line: int, collector: str, first: Stamp) -> None:
        kind = {"CMS": "cms", "G1": "concurrent_mark"}.get(collector, "shenandoah")
        stamp = (first.clock_us, first.uptime_seconds)
        aborted = False
        self.open = Cycle(line, *stamp, NAN, first.gcid, collector, kind, "", aborted, NAN, NAN, first)
        self.pauses = (None, self.pauses[1])

    def _end(self, last: Stamp, *, cause: str = "", aborted: bool = False, after: float = NAN) -> None:
        cycle, self.open = self.open, None
        if cycle is None:
            return
        cycle.clock_us, cycle.stamp_seconds = last.clock_us, last.uptime_seconds
        cycle.duration_seconds = between(cycle.first, last)
        cycle.cause, cycle.aborted, cycle.heap_after_bytes = cause or cycle.cause, aborted, after
        cycle.gcid = max(cycle.gcid, last.gcid)
        if (first := self.pauses[0]) is not None:
            cycle.heap_before_bytes = first.heap_after_bytes
        if cycle.duration_seconds == cycle.duration_seconds:
            self.done.append(cycle)

    def see_phase(self, line: int, what: str, name: str, took: float, stamp: Stamp) -> None:
        """Note a phase of CMS or G1 that begins or ends, and what ends with it.

        Parameters
        ----------
        line : int
            Number of the line.
        what : str
            "cms" or "g1".
        name : str
            As logged after "concurrent-": "mark-start", "mark", "mark-end", "mark-abort".
        took : float
            Its length [s], NaN if not told.
        stamp : Stamp
            When it was printed.
        """
        if name.endswith("-start"):
            self.begun[name.removesuffix("-start")] = stamp
            return
        if name.endswith(("-abort", "-overflow")):
            if name == "mark-abort":
                self._end(stamp, aborted=True)
            return
        phase = name.removesuffix("-end")
        began = self.begun.pop(phase, NO_STAMP)
        if took != took:
            return
        if self.open is None and what == "cms":  # it began before the log, or was not printed
            first = began if began != NO_STAMP else _before(stamp, took)
            self._begin(line, "CMS", first)
        self.phases.append(Phase(line, stamp.clock_us, stamp.uptime_seconds, took, stamp.gcid, phase))
        if what == "cms" and phase == "reset":
            self._end(stamp)
        elif what == "g1" and phase == "cleanup" and self.done and self.open is None:
            last = self.done[-1]
            last.clock_us, last.stamp_seconds = stamp.clock_us, stamp.uptime_seconds
            last.duration_seconds = between(last.first, stamp)

    def see_shenandoah(self, phase: Concurrent) -> None:
        """Note a concurrent phase of Shenandoah; a cycle ends with the last cleanup before the next."""
        self.phases.append(Phase(phase.line, *phase.end[:2], phase.took_seconds, phase.end.gcid, phase.name))
        if self.open is not None and phase.name == "cleanup":
            self.last_cleanup = phase

    def finished(self) -> list[Cycle]:
        """Return the cycles that ended."""
        self._close_shenandoah()
        return self.done

    def _close_shenandoah(self) -> None:
        if self.last_cleanup is not None:
            self._end(self.last_cleanup.end, after=self.last_cleanup.after_bytes)
            self.last_cleanup = None


def _before(stamp: Stamp, took: float) -> Stamp:
    clock_us = stamp.clock_us if stamp.clock_us == NO_CLOCK else stamp.clock_us - round(took * 1e6)
    return Stamp(clock_us, stamp.uptime_seconds - took, stamp.gcid)


def start_of(pause: Pause) -> Stamp:
    """Return the stamp where a pause begins.

    Examples
    --------
    >>> start_of(Pause(1, NO_CLOCK, 2.5, 2.0, 0.5, -1)).uptime_seconds
    2.0
    """
    return _before(Stamp(pause.clock_us, pause.stamp_seconds, pause.gcid), pause.duration_seconds)
