"""Times and durations as foreign files write them."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.times import TIME, NaiveTimeError, epoch_us, timed_frame, to_seconds


@given(st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_times_of_every_offset_are_the_same_instant(naive, minutes):
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    expected = pd.Timestamp(naive, tz="UTC") - pd.Timedelta(minutes=minutes)
    if expected.year >= 2000:
        assert epoch_us(naive.isoformat() + offset) == expected.value // 1000


@given(st.integers(946_684_800_000_000_000, 7_258_118_399_999_999_999))
def test_the_unit_of_an_epoch_is_seen_from_its_size(ns):
    us = ns // 1000
    assert epoch_us(ns) == epoch_us(str(ns)) == us
    assert epoch_us(us) == us
    assert epoch_us(us // 1000) == us // 1000 * 1000
    assert epoch_us(f"{us // 10**6}.{us % 10**6:06}") == us
    assert abs(epoch_us(us / 1e6) - us) <= 2


def test_digits_below_a_microsecond_are_floored():
    assert epoch_us("2026-11-22T18:04:30.123456999Z") % 1_000_000 == 123456


@pytest.mark.parametrize("value", ["2026-11-22T18:04:30", "2026-11-22 18:04:30.5", "2026-11-22"])
def test_naive_times_are_refused(value):
    with pytest.raises(NaiveTimeError):
        epoch_us(value)


@pytest.mark.parametrize(
    "value",
    ["", "-", "yesterday", "0", 0, -1, 12345, "1" * 5000, 10**400, True, None, [], {}, "0001-01-01T00:00:00Z", 1e300,
     float("nan"), float("inf"), "9999-12-31T23:59:59-23:59"],
)  # fmt: skip
def test_what_is_no_time_is_refused(value):
    with pytest.raises((ValueError, OverflowError)):
        epoch_us(value)


def test_spellings_of_utc():
    texts = ("2026-11-22T18:04:30Z", "2026-11-22 18:04:30 UTC", "2026-11-22T18:04:30z", "2026-11-23T03:04:30+0900")
    assert {epoch_us(t) for t in texts} == {int(datetime(2026, 11, 22, 18, 4, 30, tzinfo=UTC).timestamp()) * 10**6}


@pytest.mark.parametrize("value", ["-", "", None, "-1", -1, "nan", "inf", 1e12, [], "1" * 400])
def test_unusable_durations_are_unknown(value):
    assert pd.isna(to_seconds(value))


def test_a_timed_frame_is_sorted_and_keeps_what_is_unknown():
    rows = [("b", 1795370670000000), ("a", None)]
    frame = timed_frame([1795370672000000, 1795370671000000], rows, {"name": "str", "end": TIME})
    assert frame["name"].tolist() == ["a", "b"]
    assert frame["end"].isna().tolist() == [True, False]
    assert str(frame.index.dtype) == str(frame["end"].dtype) == TIME
    assert frame.index.name == "time"
    assert timed_frame([], [], {"name": "str", "end": TIME}).dtypes.equals(frame.dtypes)
