"""The wire form of protobuf: written and read back; what is cut or unknown is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.prometheus.protobuf import Malformed, bytes_field, fields, int_field, read_uvarint, uvarint

FIELDS = st.lists(
    st.tuples(st.integers(1, 2000), st.one_of(st.integers(1, 2**64 - 1), st.binary(max_size=200))), max_size=8
)


@given(st.integers(0, 2**64 - 1))
def test_a_varint_is_read_back(number):
    text = uvarint(number)
    assert read_uvarint(b"x" + text + b"y", 1, 99) == (number, 1 + len(text))
    with pytest.raises(Malformed, match="does not end"):
        read_uvarint(text, 0, len(text) - 1)


def test_negative_numbers_are_their_complement_and_zero_is_left_out():
    assert read_uvarint(uvarint(-5), 0, 10) == (2**64 - 5, 10)
    assert int_field(3, 0) == b""
    assert bytes_field(3, b"") == b"\x1a\0"


def test_more_than_ten_bytes_are_no_varint():
    with pytest.raises(Malformed, match="does not end"):
        read_uvarint(b"\xff" * 20, 0, 20)


def written(parts):
    return b"".join(int_field(n, what) if isinstance(what, int) else bytes_field(n, what) for n, what in parts)


@given(FIELDS)
def test_fields_are_read_back_in_order(parts):
    message = b"ab" + written(parts) + b"cd"
    found = [(n, message[lo:hi] if lo >= 0 else hi) for n, lo, hi in fields(message, 2, len(message) - 2)]
    assert found == parts


@given(FIELDS, st.data())
def test_a_message_that_is_cut_is_refused_or_holds_fewer_fields(parts, data):
    message = written(parts)
    cut = message[: data.draw(st.integers(0, len(message)))]
    try:
        found = [(n, cut[lo:hi] if lo >= 0 else hi) for n, lo, hi in fields(cut)]
    except Malformed:
        return
    assert found == parts[: len(found)]


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_stays_within_its_bytes(garbage):
    try:
        assert all(0 <= lo <= hi <= len(garbage) for _, lo, hi in fields(garbage) if lo >= 0)
    except Malformed as error:
        assert str(error)


def test_numbers_of_fixed_width_are_passed_over_and_groups_are_refused():
    assert list(fields(b"\x09" + bytes(8) + b"\x0d" + bytes(4) + b"\x08\x01")) == [(1, -1, 1)]
    with pytest.raises(Malformed, match="is cut"):
        list(fields(b"\x09" + bytes(7)))
    with pytest.raises(Malformed, match="wire type 3"):
        list(fields(b"\x0b"))
    with pytest.raises(Malformed, match="a field of 9 bytes where 1 are left"):
        list(fields(b"\x0a\x09x"))
