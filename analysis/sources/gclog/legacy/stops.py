"""Stops of all threads in a GC log of JDK 8 and before: `Total time for which application threads were stopped`."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.sources.gclog.legacy.atoms import Atom
from analysis.sources.gclog.legacy.stamps import NO_STAMP, Stamp, later
from analysis.sources.gclog.rows import NO_CLOCK

__all__ = ["Stop", "Stops"]

NAN = float("nan")


@dataclass(slots=True)
class Stop:
    """A row of safepoints."""

    line: int
    clock_us: int
    stamp_seconds: float
    operation: str
    since_last_seconds: float
    reaching_seconds: float
    total_seconds: float


@dataclass
class Stops:
    """Puts stops where they belong; those without stamps right after what was printed before them.

    Examples
    --------
    >>> stops = Stops(now=Stamp(uptime_seconds=5.0))
    >>> stops.see_stop(7, Atom("stopped", "", 0.5, 0.25, NO_STAMP))
    >>> stops.done[0].stamp_seconds, stops.notes()
    (5.5, ['stops without a stamp (1) are placed beside the lines around them'])
    """

    done: list[Stop] = field(default_factory=list)
    now: Stamp = NO_STAMP
    ran: float = NAN
    paused: bool = False
    unstamped: int = 0

    def see_pause(self, end: Stamp) -> None:
        """Note where a pause ends."""
        if _is_stamped(end):
            self.now = end
        self.paused = True

    def placed(self, stamp: Stamp) -> Stamp:
        """Return a stamp, or the last one if it has none; it is the last one then."""
        if not _is_stamped(stamp):
            return self.now._replace(gcid=stamp.gcid)
        self.now = stamp
        return stamp

    def see_running(self, atom: Atom) -> None:
        """Note how long the application ran before the stop that follows."""
        self.ran = atom.took
        self.now = atom.stamp if _is_stamped(atom.stamp) else later(self.now, atom.took)

    def see_stop(self, line: int, atom: Atom) -> None:
        """Note a stop; it is printed when it ends."""
        if _is_stamped(atom.stamp):
            self.now = atom.stamp
        else:
            self.unstamped += 1
            # a stop for a pause ends with it
            self.now = self.now if self.paused else later(self.now, atom.took)
        self.paused = False
        self.done.append(Stop(line, self.now.clock_us, self.now.uptime_seconds, "", self.ran, atom.reaching, atom.took))
        self.ran = NAN

    def place_first(self, first: Stamp) -> None:
        """Place the stops that precede the first stamp of the file there."""
        for stop in self.done:
            if _is_stamped(Stamp(stop.clock_us, stop.stamp_seconds)):
                return
            stop.clock_us, stop.stamp_seconds = first.clock_us, first.uptime_seconds

    def notes(self) -> list[str]:
        """Return what a reader of the stops must know."""
        return (
            [f"stops without a stamp ({self.unstamped}) are placed beside the lines around them"]
            if self.unstamped
            else []
        )


def _is_stamped(stamp: Stamp) -> bool:
    return stamp.clock_us != NO_CLOCK or stamp.uptime_seconds == stamp.uptime_seconds
