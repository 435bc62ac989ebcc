"""Facts of the server: what is unknown is said to be."""

import pytest

from analysis.store import Entry, Manifest
from analysis.views.server import facts_of, from_files
from tests.views.test_captured import SERVER, one


def test_what_is_known_of_a_server():
    assert facts_of(SERVER, [one("up/x"), one("up/y", "failed", way="")]) == [
        "http://prometheus:9090: prometheus 2.42.0, asked by remote_read (real samples).",
        "The time asked for: 2026-11-22T17:50:00Z to 2026-11-22T18:20:00Z; last asked at 2026-11-22T19:00:00Z.",
        "Its clock agrees with ours within a second. On a grid it repeats the last value of a series that ended for "
        "5 min. It knows nothing before 2026-11-07T00:00:00Z. It scrapes every 5 or 15 s as it says, every 15 s at the "
        "slowest as measured.",
        "Note: flags are forbidden",
    ]


def test_what_is_not_known_of_a_server():
    assert facts_of({}, [one("up/x", "failed", way="", start="", end="")]) == [
        "A server: of unknown kind, version unknown, asked by nothing that answered.",
        "Its clock could not be compared with ours. "
        "How long it repeats the last value of a series that ended is unknown.",
    ]


@pytest.mark.parametrize(("offset", "words"), [(12.0, "12 s ahead of"), (-90.0, "1 min 30 s behind")])
def test_a_clock_that_is_off(offset, words):
    assert f"Its clock is {words} ours." in facts_of({**SERVER, "clock_offset_seconds": offset}, [])[-2]


def test_files_with_and_without_samples():
    def entry(path, source, **detail):
        return Entry(path, path, source, "", 0, "", detail)

    logs = entry("gc/gc.log", "gc.log")
    assert "There are no samples of metrics among them" in from_files(Manifest((logs,)))
    samples = entry("samples.parquet", "recorded.parquet", series=5, start="a", end="b")
    text = from_files(Manifest((logs, samples, entry("series.parquet", "recorded.parquet"))))
    assert text.startswith("No server of metrics was asked: the evidence came from 2 files. The samples are those of ")
    assert "recorded.parquet: 5 series, a to b;" in text
    assert "an unknown number of series" in from_files(Manifest((entry("samples.parquet", ""),)))
