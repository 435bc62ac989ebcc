"""XOR chunks: in lockstep as one bit at a time, bit for bit; what is cut or absurd is refused, never read past."""

import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.sources.prometheus.protobuf import Malformed
from analysis.sources.prometheus.xor_chunks import decode_chunks
from tests import oracles_xor as oracle

STALE = 0x7FF0000000000002
ODD = [
    0.0, -0.0, 1.0, float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308, 2.0**53 + 2, 0.1, 0.2,
    0.30000000000000004,
]  # fmt: skip
PATTERNS = st.one_of(
    st.sampled_from(
        [oracle.bits_of(v) for v in ODD] + [STALE, 0x7FF8000000000001, 0xFFF8000000000000, 1, (1 << 64) - 1]
    ),
    st.integers(0, (1 << 64) - 1),
    st.floats(width=64).map(oracle.bits_of),
    st.integers(0, 1000).map(lambda n: oracle.bits_of(float(n))),
)
EDGES = [0, 1, -1, 8191, 8192, -8191, -8192, 65535, 65536, -65535, -65536, 524287, 524288, -524287, -524288, 10**9]
CHANGES = st.one_of(st.just(0), st.sampled_from(EDGES), st.integers(-(10**6), 10**6))


@st.composite
def chunks(draw):
    first = draw(st.one_of(st.integers(-(10**15), 10**15), st.sampled_from([0, -1, 63, 64, 1_763_784_000_000])))
    values = draw(st.lists(PATTERNS, min_size=1, max_size=draw(st.sampled_from([1, 2, 3, 12]))))
    times, delta = [first], draw(st.one_of(st.integers(0, 10**6), st.just(15_000)))
    for change in draw(st.lists(CHANGES, min_size=len(values) - 1, max_size=len(values) - 1)):
        times.append(times[-1] + delta)
        delta += change
    return times, values


def decoded(texts, *, before=b""):
    """Decode chunks that stand one behind the other, with a byte between them."""
    starts, data = [], before
    for text in texts:
        starts.append(len(data))
        data += text + b"\xff"
    return decode_chunks(data, np.array(starts, "i8"), np.array([len(t) for t in texts], "i8"))


@settings(max_examples=300)
@given(st.lists(chunks(), min_size=0, max_size=6))
@example([([0, 15_000], [STALE, oracle.bits_of(1.0)])])
def test_many_chunks_at_once_are_what_was_written_bit_for_bit(many):
    found = decoded([oracle.encode(*one) for one in many], before=b"xy")
    assert found.counts.tolist() == [len(times) for times, _ in many]
    assert found.times_us.tolist() == [t * 1000 for times, _ in many for t in times]
    assert found.values.view("u8").tolist() == [v for _, values in many for v in values]


@settings(max_examples=150)
@given(chunks())
def test_the_oracle_reads_what_it_wrote(one):
    assert oracle.decode(oracle.encode(*one)) == (list(one[0]), list(one[1]))


@pytest.mark.parametrize("change", EDGES)
def test_every_width_of_a_time_that_jitters(change):
    times = np.cumsum([1_763_784_000_000, 2_000_000, 2_000_000 + change, 2_000_000, 2_000_000 - change]).tolist()
    text = oracle.encode(times, [0] * 5)
    assert decoded([text]).times_us.tolist() == [t * 1000 for t in times]


def test_long_and_short_chunks_stand_side_by_side():
    rng = np.random.default_rng(7)
    many = []
    for n in [1, 500, 120, 2, 120, 1, 33, 241, 120]:
        times = np.cumsum(rng.integers(14_000, 16_000, n)).tolist()
        many.append((times, np.cumsum(rng.random(n).round(9)).view("u8").tolist()))
    found = decoded([oracle.encode(*one) for one in many])
    assert found.times_us.tolist() == [t * 1000 for times, _ in many for t in times]
    assert found.values.view("u8").tolist() == [v for _, values in many for v in values]


def test_a_value_that_never_changes_takes_the_short_way():
    found = decoded([oracle.encode(list(range(0, 10**6, 5000)), [STALE] * 200)])
    assert set(found.values.view("u8").tolist()) == {STALE}


def test_no_chunk_and_an_empty_chunk():
    assert [len(part) for part in decoded([])] == [0, 0, 0]
    assert decoded([b"\0\0", oracle.encode([5], [7])]).counts.tolist() == [0, 1]


@settings(max_examples=300)
@given(st.lists(chunks(), min_size=1, max_size=3), st.data())
def test_a_chunk_that_is_cut_is_refused_or_read_as_the_oracle_does(many, data):
    texts = [oracle.encode(*one) for one in many]
    which = data.draw(st.integers(0, len(texts) - 1))
    texts[which] = texts[which][: data.draw(st.integers(0, len(texts[which]) - 1))]
    assert_like_the_oracle(texts)


@settings(max_examples=400)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.integers(0, 60))
def test_garbage_is_refused_or_read_as_the_oracle_does(tails, count):
    assert_like_the_oracle([struct.pack(">H", count) + tail for tail in tails])


def assert_like_the_oracle(texts):
    try:
        found = decoded(texts)
    except Malformed as error:
        assert str(error).startswith(("a chunk ", "a varint "))
        if "time that cannot be" not in str(error):
            with pytest.raises((IndexError, ValueError, struct.error)):
                for text in texts:
                    oracle.decode(text)
        return
    expected = [oracle.decode(text) for text in texts]
    assert found.times_us.tolist() == [t * 1000 for times, _ in expected for t in times]
    assert found.values.view("u8").tolist() == [v for _, values in expected for v in values]


def test_more_samples_than_bytes_are_refused_before_any_work():
    with pytest.raises(Malformed, match="more than its bytes hold"):
        decoded([struct.pack(">H", 65535) + bytes(1000)])


def test_a_chunk_of_all_samples_there_can_be_is_read():
    text = struct.pack(">H", 65535) + b"\0" + bytes(8) + b"\x01" + bytes(65534 // 4 + 1)
    found = decoded([text])
    assert (found.counts.tolist(), found.times_us[-1]) == ([65535], 65534 * 1000)


def test_a_place_outside_of_the_buffer_is_refused():
    for start, length in [(-1, 5), (0, 11), (5, 10), (0, 1)]:
        with pytest.raises(Malformed, match="leaves the answer"):
            decode_chunks(bytes(10), np.array([start]), np.array([length]))


def test_a_time_that_microseconds_cannot_hold_is_refused():
    with pytest.raises(Malformed, match="a time that cannot be"):
        decoded([oracle.encode([1 << 62], [0])])
