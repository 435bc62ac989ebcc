"""What was read, and samples without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.db.coverage import coverage_of, nothing_read, safe_sample, unread_ratio
from analysis.sources.lines import ReadReport

ONE = ReadReport("a.log", 10, 9, 1, ("line 4: [x] 'Kim'",), truncated=True, notes=("odd", "odd"), lines=12)
TWO = ReadReport("b.log", 5, 5, 0, (), truncated=False, notes=("odd", "local"))


def test_files_are_summed_and_notes_said_once():
    found = coverage_of([ONE, TWO])
    assert (found["files"], found["lines"], found["recognised"], found["unrecognised"]) == (2, 17, 14, 1)
    assert found["samples"] == ["a.log line 4: [x] ?"]
    assert (found["truncated"], found["truncated_files"]) == (True, ["a.log"])
    assert found["notes"] == ["odd", "b.log: local"]
    assert unread_ratio(found) == pytest.approx(1 / 15)


def test_nothing_read_is_unknown_and_not_0():
    assert nothing_read(1)["recognised"] is None
    assert unread_ratio(nothing_read(1)) == 0
    assert set(nothing_read(1)) == set(coverage_of([ONE]))


@given(st.integers(10**8, 10**18), st.from_regex(r"[a-z]{3,9}@[a-z]{3,9}\.org", fullmatch=True))
def test_samples_show_no_secret(number, mail):
    text = (
        f"line 7: 2026-11-22 18:00:00 odd '{number}' {mail} {number} /srv/app/{number}.log postgres://a:b@host/{number}"
    )
    found = safe_sample(text)
    assert str(number) not in found
    assert mail not in found
    assert found.startswith("line 7: ")


@given(st.text(max_size=300))
def test_any_sample_is_on_one_line(text):
    assert safe_sample(text).isprintable()
