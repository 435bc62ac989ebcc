"""Where JVMs begin in a GC log of JDK 8 and before, which may hold several, and whose header lines are repeated."""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.sources.gclog.legacy.stamps import NO_STAMP, Stamp
from analysis.sources.gclog.rows import NO_CLOCK, Columns

__all__ = ["Starts"]

DISORDER_SECONDS = 1.0  # threads write their lines a little out of order
SAME_START_SECONDS = 5.0  # wall clock less uptime of one JVM varies by so much where clocks are set


@dataclass
class Starts:
    """Watches the stamps in order of lines.

    Examples
    --------
    >>> starts = Starts()
    >>> for line, uptime in enumerate((1.5, 2.5, 0.5), 1):
    ...     starts.see(line, Stamp(uptime_seconds=uptime))
    >>> starts.columns()["line"], starts.columns()["begins"]
    ([1, 3], [False, True])
    """

    rows: list[tuple[int, Stamp, bool]] = field(default_factory=list)
    last: tuple[int, Stamp] = (0, NO_STAMP)
    rotated: bool = False
    header: int = 0

    def see_rotation(self) -> None:
        """Note that the header that follows is that of a further file of the same JVM."""
        self.rotated = True

    def see_header(self, line: int) -> None:
        """Note the first line of a header: a JVM begins unless a file was just rotated."""
        if not self.rotated and not self.header:
            self.header = line
        self.rotated = False

    def see(self, line: int, stamp: Stamp, took_seconds: float = 0.0) -> None:
        """Note a stamp as it was printed; of what took long, later stamps may stand before or in it."""
        clock_us, uptime, _ = stamp
        if clock_us == NO_CLOCK and uptime != uptime:
            return
        before = self.last[1]
        if self.header:
            self.rows.append((self.header, stamp, not self.rows or not _goes_on(before, stamp)))
            self.header = 0
        elif not self.rows:
            self.rows.append((line, stamp, False))
        elif before[1] - uptime - took_seconds > DISORDER_SECONDS and not _same_start(before, stamp):
            self.rows.append((line, stamp, True))
        self.last = (line, stamp)

    def columns(self) -> Columns:
        """Return the columns of `Rows.stamps`, with the last stamp."""
        rows = list(self.rows)
        if self.header:
            rows.append((self.header, NO_STAMP, True))
        if self.last[0] and self.last[0] != rows[-1][0]:
            rows.append((*self.last, False))
        rows.sort(key=lambda row: row[0])
        return {
            "line": [line for line, _, _ in rows],
            "clock_us": [stamp.clock_us for _, stamp, _ in rows],
            "stamp_seconds": [stamp.uptime_seconds for _, stamp, _ in rows],
            "begins": [begins for _, _, begins in rows],
            "begin_lines": [line for line, _, begins in rows if begins],
        }


def _goes_on(before: Stamp, after: Stamp) -> bool:
    """Return whether a header in the middle is of the same JVM: the clocks say so, where there are two."""
    return after.uptime_seconds >= before.uptime_seconds and _same_start(before, after)


def _same_start(before: Stamp, after: Stamp) -> bool:
    if NO_CLOCK in (before.clock_us, after.clock_us):
        return False
    clock = (after.clock_us - before.clock_us) / 1e6
    return abs(clock - (after.uptime_seconds - before.uptime_seconds)) < SAME_START_SECONDS
