"""Concurrent collections of JDK 8 and before from their parts."""

import numpy as np

from analysis.sources.gclog.legacy.cycles import Cycles, between
from analysis.sources.gclog.legacy.stamps import Stamp
from analysis.sources.gclog.rows import NO_CLOCK


def test_a_cycle_that_began_before_the_log():
    cycles = Cycles()
    cycles.see_phase(1, "cms", "sweep", 2.0, Stamp(NO_CLOCK, 10.0))
    cycles.see_phase(2, "cms", "reset", 0.5, Stamp(NO_CLOCK, 10.5))
    (cycle,) = cycles.finished()
    assert (cycle.stamp_seconds, cycle.duration_seconds, cycle.aborted) == (10.5, 2.5, False)


def test_a_marking_that_is_given_up():
    cycles = Cycles()
    cycles._begin(1, "G1", Stamp(NO_CLOCK, 5.0))
    cycles.see_phase(2, "g1", "mark-abort", np.nan, Stamp(NO_CLOCK, 6.0))
    (cycle,) = cycles.finished()
    assert (cycle.kind, cycle.aborted, cycle.duration_seconds) == ("concurrent_mark", True, 1.0)


def test_nothing_is_between_unknown_stamps():
    assert np.isnan(between(Stamp(), Stamp(5, 1.0)))
    assert between(Stamp(NO_CLOCK, 3.0), Stamp(NO_CLOCK, 2.0)) == 0
