"""Times of day of a GC log: from its wall clock, or from its uptime and when the JVM started."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.sources.gclog.rows import NO_CLOCK

__all__ = ["Clock", "clock_of"]

LONG_SECONDS = 60.0  # without an uptime, stamps of long pauses and what is logged in them overlap by less
STEP_US = 1_000_000  # a clock that falls behind the uptime by more was set back


class Clock(NamedTuple):
    """How stamps become times: `quality` as in `frames.GcLog.lives`; `offset_us`: the time at uptime zero, NaN unknown.

    `by_uptime`: the wall clock was set back while the log was written; times follow the uptime, and the offset that
    most lines have. `stepped_seconds`: by how much the clock left the uptime [s], below 0 back, 0 not at all.
    """

    quality: str
    offset_us: float
    by_uptime: bool = False
    stepped_seconds: float = 0.0

    def times_us(self, clock_us: np.ndarray, uptime_seconds: np.ndarray) -> np.ndarray:
        """Return times [us], shape (n,); stamps without a clock are counted from the offset."""
        by_uptime = np.nan_to_num(np.round(uptime_seconds * 1e6) + np.nan_to_num(self.offset_us)).astype("i8")
        if self.quality in ("unknown", "none"):
            return np.asarray(by_uptime)
        known = (clock_us != NO_CLOCK) & ~(self.by_uptime & np.isfinite(uptime_seconds))
        return np.asarray(np.where(known, clock_us, by_uptime))

    def jumped(self, span: tuple[int, int]) -> bool:
        """Return whether a span (start, end) [us] is that by which the clock left the uptime: nothing is missing."""
        return self.stepped_seconds > 0 and abs(span[1] - span[0] - self.stepped_seconds * 1e6) <= STEP_US


def clock_of(
    clock_us: np.ndarray, uptime_seconds: np.ndarray, *, jvm_start_us: int | None = None, collected: bool = False
) -> Clock:
    """Return how the stamps of a JVM's lines become times.

    Parameters
    ----------
    clock_us : ndarray of int64, shape (n,)
        Wall clocks in order of line; `NO_CLOCK` for none.
    uptime_seconds : ndarray, shape (n,)
        NaN for none.
    jvm_start_us : int, optional
        When the JVM started [us], for a log without a wall clock.
    collected : bool
        The wall clock is that of who collected the log.

    Examples
    --------
    >>> none = np.array([NO_CLOCK])
    >>> clock_of(none, np.array([1.5]), jvm_start_us=9_000_000).times_us(none, np.array([1.5])).tolist()
    [10500000]
    >>> clock_of(none, np.array([1.5])).quality
    'unknown'
    """
    has_clock, has_uptime = clock_us != NO_CLOCK, np.isfinite(uptime_seconds)
    if not has_clock.any():
        if jvm_start_us is not None and has_uptime.any():
            return Clock("derived", float(jvm_start_us))
        return Clock("unknown" if has_uptime.any() else "none", 0.0)
    quality, both = "derived" if collected else "exact", has_clock & has_uptime
    if not both.any():
        clock = clock_us[has_clock]
        back = float((np.maximum.accumulate(clock) - clock).max()) / 1e6
        return Clock(quality, float("nan"), stepped_seconds=-back if back > LONG_SECONDS else 0.0)
    offsets = clock_us[both] - uptime_seconds[both] * 1e6
    back = float((np.maximum.accumulate(offsets) - offsets).max())
    if back > STEP_US:
        return Clock("derived", _most_common(offsets), by_uptime=True, stepped_seconds=-back / 1e6)
    ahead = float((offsets - np.minimum.accumulate(offsets)).max())
    return Clock(quality, float(np.round(np.median(offsets))), stepped_seconds=ahead / 1e6 if ahead > STEP_US else 0.0)


def _most_common(offsets: np.ndarray) -> float:
    """Return the offset that most stamps agree on, the later of two that as many do."""
    ordered = np.sort(offsets)
    near = STEP_US / 2
    agree = np.searchsorted(ordered, offsets + near, side="right") - np.searchsorted(ordered, offsets - near)
    best = offsets[np.flatnonzero(agree == agree.max())[-1]]
    return float(np.round(np.median(offsets[np.abs(offsets - best) <= near])))
