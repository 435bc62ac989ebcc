"""Times: zones that are told, zones that are not, the hour that comes twice, rotated files."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.pglog.stamps import Clock

FIRST, LAST = (datetime.fromisoformat(f"{year}-01-01") for year in (2001, 2199))
LINE = "{} [7] LOG:  duration: 1.000 ms  statement: select 1\n"


@given(st.datetimes(FIRST, LAST), st.integers(-14 * 60, 14 * 60))
def test_any_offset_is_understood(naive, minutes):
    stamp = naive.replace(microsecond=naive.microsecond // 1000 * 1000)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = stamp.isoformat(" ", "milliseconds") + f" {sign}{hours:02}" + (f":{rest:02}" if rest else "")
    expected = (stamp - timedelta(minutes=minutes)).replace(tzinfo=UTC).timestamp()
    assert abs(Clock()(text.encode()) / 1e6 - expected) < 1e-4


@given(
    st.datetimes(FIRST.replace(year=2020), LAST.replace(year=2030)),
    st.sampled_from(["Europe/Paris", "Asia/Seoul", "America/New_York"]),
)
def test_an_abbreviation_tells_the_hour_that_comes_twice(at, zone):
    instant = at.replace(microsecond=0, tzinfo=UTC)
    local = instant.astimezone(ZoneInfo(zone))
    clock = Clock(zone)
    assert clock(f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}".encode()) == round(instant.timestamp() * 1e6)
    assert clock.ambiguous == 0


@pytest.mark.parametrize("zone", [" CET", " IST", " MSK", ""])
def test_a_zone_that_is_not_told_is_refused_and_the_fix_named(tmp_path, zone):
    (path := tmp_path / "db.log").write_text(LINE.format(f"2026-03-04 10:00:01.500{zone}"))
    with pytest.raises(EvidenceError) as error:
        read_postgres_log(path)
    assert "IANA" in error.value.next
    assert "line 1" in error.value.where
    log, _ = read_postgres_log(path, timezone="Europe/Moscow")
    assert str(log.statements.index[0]) == "2026-03-04 07:00:01.500000+00:00"


def test_order_tells_the_hour_that_comes_twice_where_nothing_else_does(tmp_path):
    clocks = ["01:59:59", "02:00:30", "02:59:00", "02:00:10", "02:30:00", "02:59:59", "03:00:00"]
    stamps = [f"2026-10-25 {clock}" for clock in clocks]
    (path := tmp_path / "db.log").write_text("".join(LINE.format(stamp) for stamp in stamps))
    log, _ = read_postgres_log(path, timezone="Europe/Berlin")
    assert log.statements["line"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert [f"{t:%H:%M:%S}" for t in log.statements.index] == [
        "23:59:59", "00:00:30", "00:59:00", "01:00:10", "01:30:00", "01:59:59", "02:00:00",
    ]  # fmt: skip


def test_an_hour_that_nothing_tells_is_counted(tmp_path):
    (path := tmp_path / "db.log").write_text(LINE.format("2026-10-25 02:30:00"))
    _, (report,) = read_postgres_log(path, timezone="Europe/Berlin")
    assert any("comes twice" in note for note in report.notes)


def test_utc_stays_utc_whatever_zone_is_given(tmp_path):
    (path := tmp_path / "db.log").write_text(LINE.format("2026-03-04 10:00:01 UTC"))
    log, _ = read_postgres_log(path, timezone="Asia/Tokyo")
    assert str(log.statements.index[0]) == "2026-03-04 10:00:01+00:00"


def test_no_such_zone():
    with pytest.raises(EvidenceError, match="no time zone"):
        Clock("Mars/Olympus")


def test_a_syslog_without_years_is_of_the_last_twelve_months(tmp_path):
    now = datetime.now(UTC)
    text = ""
    for days in (-200, -1, 0):
        at = now + timedelta(days=days)
        text += (
            f"{at:%b} {at.day:2} {at:%H:%M:%S} db postgres[7]: [1-1] LOG:  duration: 1.000 ms  statement: select 1\n"
        )
    (path := tmp_path / "messages").write_text(text)
    log, (report,) = read_postgres_log(path, timezone="UTC")
    assert report.notes[0].startswith("form: syslog")
    assert abs((log.statements.index[-1] - now).total_seconds()) < 2
    assert abs((now - log.statements.index[0]).days - 200) <= 1


def test_rotated_files_are_read_in_the_order_of_their_stamps(tmp_path):
    later, earlier = tmp_path / "a.log", tmp_path / "b.log"
    head = "2026-03-04 {} UTC [7] LOG:  "
    earlier.write_text(
        head.format("10:00:00") + "checkpoint starting: wal\n" + head.format("10:00:01") + "statement: select 1\n"
    )
    later.write_text(head.format("10:00:02") + "duration: 3.000 ms\n")
    log, reports = read_postgres_log([later, earlier])
    assert log.statements[["duration_seconds", "file", "line"]].values.tolist() == [[0.003, 0, 1]]
    assert [r.file for r in reports] == ["a.log", "b.log"]
