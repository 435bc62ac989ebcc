"""Where JVMs begin in a log of JDK 8 and before."""

from analysis.sources.gclog.legacy.lives import Starts
from analysis.sources.gclog.legacy.stamps import Stamp
from analysis.sources.gclog.rows import NO_CLOCK


def begins(*stamps):
    starts = Starts()
    for line, stamp in enumerate(stamps, 1):
        starts.see(line, stamp)
    return [line for line, begins in zip(starts.columns()["line"], starts.columns()["begins"], strict=True) if begins]


def test_a_jvm_begins_where_the_uptime_falls():
    assert begins(Stamp(NO_CLOCK, 9.0), Stamp(NO_CLOCK, 8.5), Stamp(NO_CLOCK, 0.5)) == [3]


def test_disorder_of_one_jvm_is_no_restart():
    second = 1_000_000
    assert begins(Stamp(90 * second, 9.0), Stamp(84 * second, 3.0)) == []
    assert begins(Stamp(90 * second, 9.0), Stamp(96 * second, 3.0)) == [2]


def test_a_header_after_a_rotation_begins_no_jvm():
    starts = Starts()
    starts.see_rotation()
    starts.see_header(2)
    starts.see(3, Stamp(NO_CLOCK, 7.0))
    assert starts.columns()["begin_lines"] == []


def test_what_is_stamped_inside_a_long_pause_and_read_before_it_is_no_restart():
    starts = Starts()
    starts.see(1, Stamp(NO_CLOCK, 8.0))
    starts.see(2, Stamp(NO_CLOCK, 12.5))  # a concurrent phase that ended inside the pause that began at 9.0
    starts.see(2, Stamp(NO_CLOCK, 9.0), 5.0)
    assert starts.columns()["begin_lines"] == []
