"""Shenandoah's lines of JDK 8."""

from analysis.sources.gclog.legacy.records import Record
from analysis.sources.gclog.legacy.shenandoah import Shenandoah


def test_shenandoah_stamps_the_end_only_where_it_told_of_the_begin():
    shenandoah = Shenandoah()
    assert shenandoah.read(Record((1,), b"4.000: [Pause Init Mark (process weakrefs), start]")) is None
    ended = shenandoah.read(Record((2,), b"4.250: [Pause Init Mark (process weakrefs), 250.000 ms]"))
    alone = shenandoah.read(Record((3,), b"5.000: [Pause Final Mark, 250.000 ms]"))
    phase = shenandoah.read(Record((4,), b"6.000: [Concurrent cleanup 9M->5M(20M), 500.0 ms]"))
    assert (ended.kind, ended.stamp_seconds, ended.duration_seconds) == ("shen_init_mark", 4.25, 0.25)
    assert (alone.kind, alone.stamp_seconds) == ("shen_final_mark", 5.25)
    assert (phase.name, phase.took_seconds, phase.after_bytes) == ("cleanup", 0.5, 5 * 2**20)
