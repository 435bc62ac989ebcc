"""Stamps of many lines together are those of each line on its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.decorations import decorations
from analysis.sources.gclog.rows import NO_CLOCK
from analysis.sources.gclog.stamps import read_stamps
from analysis.sources.gclog.words import text_of


def stamps_of(lines):
    data = b"\n".join(lines) + b"\n"
    ends = np.flatnonzero(np.frombuffer(data, dtype="u1") == 10)
    return read_stamps(text_of(data), np.concatenate([[0], ends[:-1] + 1]), ends)


def slowly(line):
    found = decorations(line)
    try:
        return (found.clock_us if found.clock else NO_CLOCK), found.uptime_seconds, False
    except ValueError:
        return NO_CLOCK, found.uptime_seconds, True


TIME = st.builds(
    "{}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}{}{:03d}{}{:04d}".format,
    st.integers(1995, 2210), st.integers(0, 13), st.integers(0, 32), st.integers(0, 25), st.integers(0, 61),
    st.integers(0, 61), st.sampled_from(".,:"), st.integers(0, 999), st.sampled_from("+-x"), st.integers(0, 1500),
)  # fmt: skip
LINES = st.lists(
    st.builds(
        "{}{}{} GC(0) Pause Full 9M->5M(64M) 1.0ms".format,
        st.one_of(TIME.map(lambda t: f"[{t}]"), st.just(""), st.just("2026-11-22T18:04:30.5Z ")),
        st.one_of(
            st.integers(0, 10**9).map(lambda n: f"[{n / 1000:.3f}s]"), st.sampled_from(["", "[1.5s]", "[x]", "[7ms]"])
        ),
        st.sampled_from(["", "[info]", "[gc   ]", "[info][gc]"]),
    ).map(str.encode),
    min_size=1, max_size=12,
)  # fmt: skip


@given(LINES)
def test_together_as_one_by_one(lines):
    found = stamps_of(lines)
    for i, line in enumerate(lines):
        clock, uptime, broken = slowly(line)
        assert found.clock_us[i] == clock, line
        assert found.uptime_seconds[i] == pytest.approx(uptime, nan_ok=True), line
        assert found.broken[i] == broken, line
        assert found.foreign[i] == (not decorations(line).is_gc), line


def test_parts_and_offsets():
    found = stamps_of([b"[2026-11-22T18:04:30.123-0330][1.500s][gc] GC(0) x", b"nothing of the kind"])
    assert found.clock_us[0] == slowly(b"[2026-11-22T21:34:30.123+0000][gc] GC(0) x")[0]
    assert found.part(np.array([1])).foreign.tolist() == [True]
