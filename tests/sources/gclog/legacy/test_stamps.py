"""Stamps and numbers of JDK 8 and before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.legacy.stamps import STAMP, read_stamp, seconds
from analysis.sources.times import epoch_us


@given(st.datetimes(allow_imaginary=False), st.integers(-23, 23))
def test_a_stamp_is_the_time_that_it_says(moment, hours):
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}{hours:+03d}00"
    if not 2000 < moment.year < 2200:
        return
    found = read_stamp(STAMP.match(f"{text}: [GC".encode()))
    assert found.clock_us == epoch_us(text)


def test_a_date_that_does_not_exist_is_no_stamp():
    with pytest.raises(ValueError, match="day"):
        read_stamp(STAMP.match(b"2026-02-31T00:00:00.000+0000: "))


@pytest.mark.parametrize("text", [b"86400.5", b"-1", b"x"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"duration|float"):
        seconds(text)
