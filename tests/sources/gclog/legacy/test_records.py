"""Records: brackets that are closed lines later, or never."""

from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.legacy.records import MOST_BYTES, Records, close, stamped_from


def test_a_record_of_many_lines_knows_them():
    records = Records()
    assert records.feed(3, b"1.000: [GC 1.000: [ParNew") == []
    assert records.feed(5, b": 9K->1K(9K), 0.1 secs] 9K->1K(20K)") == []
    (record,) = records.feed(8, b", 0.2 secs] [Times: user=0.1 sys=0.0, real=0.2 secs]")
    assert record.lines == (3, 5, 8)
    assert record.text.endswith(b"real=0.2 secs]")


def test_a_head_ends_what_is_open():
    records = Records()
    records.feed(1, b"1.000: [GC 1.000: [ParNew")
    (record,) = records.feed(2, b"2.000: [GC 9K->1K(20K), 0.1 secs]")
    assert record.lines == (2,)
    assert records.broken == [(1, b"1.000: [GC 1.000: [ParNew")]


def test_what_stands_between_records_is_left():
    records = Records()
    found = records.feed(1, b"rubbish 1.000: [GC 9K->1K(20K), 0.1 secs] more [")
    assert [record.text for record in found] == [b"1.000: [GC 9K->1K(20K), 0.1 secs]"]
    assert [left for left in records.left if left] == [b"rubbish ", b" more ["]


def test_a_record_without_end_is_given_up():
    records = Records()
    records.feed(1, b"1.000: [GC [ParNew")
    for number in range(2, MOST_BYTES // 1000 + 5):
        records.feed(number, b": " + b"x" * 1000)
    assert records.broken
    assert records.size < MOST_BYTES + 2000


@given(st.text("[]ab", max_size=60), st.integers(0, 3))
def test_close_counts_brackets(text, depth):
    end, left = close(text.encode(), 0, depth)
    now = depth
    for at, letter in enumerate(text):
        now = max(now + {"[": 1, "]": -1}.get(letter, 0), 0)
        if letter == "]" and not now and (depth or "[" in text[:at]):
            assert (end, left) == (at + 1, 0)
            return
    assert (end, left) == (-1, now)


def test_stamps_before_a_place():
    text = b"[CMS2026-11-22T18:04:30.123+0000: 7.250: [GC"
    assert stamped_from(text, 0, len(text) - 3) == 4
    assert stamped_from(b"3.7507.250: [GC", 0, 12) >= 10  # two numbers run into each other are none
